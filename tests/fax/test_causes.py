"""What an answer file means: the values that a real Asterisk was seen to write, and hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fax.causes import (
    CAUSES,
    DIALS,
    ERRORS,
    HANG_UPS,
    KEYS,
    ORIGINATED,
    TEXTS,
    Outcome,
    originated,
    outcome,
    read_answer,
)

DROPPED = "The call dropped prematurely"


def told(**values: object) -> bytes:
    """An answer file of dial 2 of job 7."""
    lines = [f"{key}={value}" for key, value in ({"job": 7, "try": 2} | values).items()]
    return "\n".join([*lines, "end=yes", ""]).encode()


def cause(**values: object) -> str:
    """The cause of such an answer."""
    found = outcome(told(**values))
    assert found is not None
    return found.cause


def test_a_success_as_measured() -> None:
    """FAXERROR says HANGUP on a success too."""
    measured = told(
        token="0123456789abcdef", first=3, dial="ANSWER", hangup_cause=16, status="SUCCESS", error="HANGUP", text="OK",
        pages=4, rate=14400, resolution="8031x7700", ecm="yes", mode="T38", remote="%2B86 10 1234",
    )  # fmt: skip
    assert outcome(measured) == Outcome(
        cause="sent", pages=4, dial=2, token="0123456789abcdef", first=3, rate=14_400, ecm=True,
        resolution="8031x7700", mode="T38", remote="+86 10 1234", detail="OK",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "values"),
    [
        ("no_carrier", {"error": DROPPED, "text": DROPPED, "resolution": "0x0", "rate": 14400, "hangup_cause": 58}),
        ("cut", {"error": DROPPED, "text": DROPPED, "resolution": "8031x7700", "rate": 14400, "hangup_cause": 16}),
        ("no_carrier", {"error": "T38_NEG_ERROR", "text": "error negotiating T.38", "hangup_cause": 16}),
        ("fault", {"error": "FILE_ERROR", "text": "error reading file"}),
        ("no_carrier", {"error": "x", "text": "Timed out waiting for the first message"}),
        ("cut", {"error": "x", "text": "Failed to train with any of the compatible modems"}),
        ("cut", {"text": "Failed to train with any of the compatible modems", "resolution": "0x0"}),
        ("cut", {"text": "Received a DCN from remote after sending a page", "resolution": "8031x7700", "pages": 1}),
        ("fault", {"text": "TIFF/F file cannot be opened"}),
        ("cut", {"error": "something new", "text": "something new", "resolution": "8031x7700"}),
        ("no_carrier", {"error": "something new", "text": "something new"}),
        ("cut", {"text": "Timed out waiting for the first message", "pages": 1}),
        ("cut", {"text": DROPPED, "remote": "ACME"}),
        ("fault", {"error": "INIT_ERROR", "text": "error starting fax session"}),
    ],
)
def test_what_ended_an_answered_call(wanted: str, values: dict[str, object]) -> None:
    """The first four as measured on Asterisk 22.10.1; then spandsp's sentences, and ones that nobody knows."""
    assert cause(dial="ANSWER", **({"status": "FAILED", "pages": 0} | values)) == wanted


@pytest.mark.parametrize(
    ("wanted", "dial", "hangup"),
    [
        ("busy", "BUSY", 17),
        ("refused", "CONGESTION", 34),
        ("refused", "CHANUNAVAIL", 1),
        ("refused", "CHANUNAVAIL", 20),
        ("no_answer", "NOANSWER", 0),
        ("no_answer", "CANCEL", 19),
        ("busy", "CONGESTION", 17),
        ("no_answer", "CHANUNAVAIL", 19),
        ("fault", "INVALIDARGS", 17),
        ("refused", "SOMETHING NEW", 0),
    ],
)
def test_why_nobody_answered(wanted: str, dial: str, hangup: int) -> None:
    """DIALSTATUS, made more exact by the hang-up cause; pages are not believed."""
    found = outcome(told(dial=dial, hangup_cause=hangup, status="SUCCESS", pages=9))
    assert found is not None
    assert (found.cause, found.pages, found.partial) == (wanted, 0, False)


@pytest.mark.parametrize(
    "status", ["FAILED", "FAILURE", "failed", "ERROR", "success", "Success", "SUCCESSFUL", "SUCCESS!", "OK", "1", ""]
)
def test_H11_no_other_spelling_is_success(status: str) -> None:
    """With every page counted and the sentence of a success."""
    assert cause(dial="ANSWER", status=status, text="OK", pages=5) != "sent"


def test_a_session_that_never_ran_is_our_fault() -> None:
    """No SendFAX, no FAXSTATUS: a module is missing."""
    assert cause(dial="ANSWER") == "fault"


def test_only_what_may_have_carried_a_page_is_partial() -> None:
    """It decides whether the next dial marks a page as a possible repeat."""
    torn = outcome(told(dial="ANSWER", status="FAILED", text=DROPPED, resolution="8031x7700"))
    untrained = outcome(told(dial="ANSWER", status="FAILED", text="Received no response to DCS or TCF"))
    silent = outcome(told(dial="ANSWER", status="FAILED", text=DROPPED))
    assert [one and one.partial for one in (torn, untrained, silent)] == [True, False, False]


def test_the_tables_use_the_words_of_causes_only() -> None:
    """And sentences are written as they are looked up."""
    used = {*DIALS.values(), *HANG_UPS.values(), *ORIGINATED.values(), *ERRORS.values()}
    assert used | {reading.cause for reading in TEXTS.values()} <= set(CAUSES) - {
        "sent",
        "lost",
        "cancelled",
        "too_old",
    }
    assert all(text == text.casefold() for text in TEXTS)
    assert all(word == word.upper() for word in (*DIALS, *ERRORS))


def test_an_originate_that_was_not_answered() -> None:
    """The reasons of OriginateResponse; one that is new is a refusal."""
    assert [originated(reason).cause for reason in (1, 5, 8, 0, 77)] == [
        "no_answer",
        "busy",
        "refused",
        "refused",
        "refused",
    ]


# --- hostile -------------------------------------------------------------------------------------------------------

WHOLE = told(dial="ANSWER", status="SUCCESS", pages=2)


def test_an_answer_cut_anywhere_is_no_answer() -> None:
    """A crash while it was written, at any byte; only the line breaks at its very end may be missing."""
    assert all(read_answer(WHOLE[:cut]) is None for cut in range(len(WHOLE) - 1))
    assert read_answer(WHOLE) is not None
    assert read_answer(WHOLE + b"job=8") is None


def test_a_stranger_cannot_say_what_the_dialplan_said_before_him() -> None:
    """Line breaks in his name: the first line of a key counts, and an early end is none."""
    forged = told(dial="ANSWER", status="FAILED", pages=0, remote="A\nstatus=SUCCESS\npages=40\njob=8\nend=yes")
    found = read_answer(forged)
    assert found is not None
    assert (found.job, found.get("status"), found.number("pages"), found.get("remote")) == (7, "FAILED", 0, "A")


def test_what_a_stranger_calls_himself_is_plain_text_and_short() -> None:
    """Encoded line breaks, escapes, other alphabets and NUL become spaces; 40 characters of it."""
    found = outcome(told(dial="ANSWER", status="SUCCESS", pages=1, remote="%0aA%1b[31m%00%E4%BD%A0" + "x" * 90))
    assert found is not None
    assert found.remote == "A [31m " + "x" * 33


def test_too_long_or_too_many_lines_is_no_answer() -> None:
    """4,096 bytes, 40 lines."""
    assert read_answer(told(remote="x" * 4_200)) is None
    assert read_answer(b"a=b\n" * 50 + WHOLE) is None


@pytest.mark.parametrize("values", [{"job": ""}, {"job": "-1"}, {"job": "1e3"}, {"try": "x"}, {"try": "9" * 10}])
def test_an_answer_that_does_not_say_whose_it_is_is_no_answer(values: dict[str, str]) -> None:
    """Job and dial are counts."""
    assert read_answer(told(**values)) is None


def test_unknown_keys_are_left_out_and_odd_counts_are_nothing() -> None:
    """Pages "-3" or "many" are none."""
    found = read_answer(told(pages="-3", rate="many", shell="rm"))
    assert found is not None
    assert (found.number("pages"), found.number("rate"), set(found.values) <= set(KEYS)) == (0, 0, True)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_give_a_known_cause_or_nothing(noise: bytes, place: int) -> None:
    """Noise alone, and noise inside a whole answer."""
    for one in (noise, WHOLE[:place] + noise + WHOLE[place:]):
        found = outcome(one)
        assert found is None or (found.cause in CAUSES and found.pages >= 0 and found.remote.isprintable())
