"""Calls from their first key to their record, in memory, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from crm_bridge.answers import Answer, LookUpFault
from tests.doubles.stage import Stage

MONTHS = Answer(
    "some",
    {
        "this_month": ("month", "2026-11"),
        "last_month": ("month", "2026-10"),
        "month_before": ("month", "2026-09"),
        "first_month": ("month", "2024-12"),
    },
)
BILL = Answer(
    "found",
    {
        "sum": ("money", 12850),
        "due": ("date", "2026-11-30"),
        "parts": ("sayings", (("part_line", {"part": ("prompt", "part_rental"), "sum": ("money", 12850)}),)),
        "paid": ("prompt", "bill_unpaid"),
    },
)
ANSWERS: dict[str, Any] = {
    "caller_language": "en_us",
    "earlier_outcome": "none",
    "offered_number": Answer("offered", {"phone": ("digits", "13800138000")}),
    "find_customer": Answer("no_password", {"customer": ("text", "1")}),
    "password_state": "no_password",
    "recent_months": MONTHS,
    "bill": BILL,
    "record_call_back": Answer("recorded", {"call_back_number": ("digits", "13800138000")}),
}
TO_BILL = ["wait:3", "1", "wait:1", "1", "wait:2", "1", "wait:3"]  # fees, the offered number, this month


STAGES: list[Stage] = []


@pytest.fixture(autouse=True)
def hang_up_at_the_end() -> Iterator[None]:
    """No call outlives its test."""
    yield
    while STAGES:
        call = STAGES.pop()
        call.phone.hang_up()
        call.pass_s(6)
        assert not call.calls.current


def stage(folder: Path, answers: dict[str, Any] | None = None, **more: Any) -> Stage:
    """A call with the usual answers, some of them others."""
    STAGES.append(Stage(folder, {**ANSWERS, **(answers or {})}, **more).call())
    return STAGES[-1]


def test_a_caller_hears_what_they_owe(tmp_path: Path) -> None:
    """The main job: fees, the offered number, this month; the sum and the due date are spoken, the record says so."""
    call = stage(tmp_path)
    call.keys(TO_BILL)
    assert "one hundred twenty-eight yuan" in call.heard
    assert "November thirtieth" in call.heard
    call.phone.hang_up()
    call.pass_s(0.2)
    assert (call.record.disposition, call.record.business) == ("hung_up", "fees")
    assert call.record.caller == "13800138000"
    assert call.record.customer == "1"
    assert any(note["what"] == "heard" and "bill_sum" in note["prompts"] for note in call.record.notes)


@pytest.mark.parametrize("keys", [["wait:3"], ["wait:3", "1", "wait:1"], TO_BILL])
def test_zero_reaches_a_human_from_anywhere(tmp_path: Path, keys: list[str]) -> None:
    """The queue, the trail's id and words, and the result last: what the dialplan and the desk need."""
    call = stage(tmp_path, staffed=("service", "billing"))
    call.keys([*keys, "0", "wait:12"])
    assert call.ear.variables is not None
    assert call.ear.variables["IVR_RESULT"] == "queue"
    assert call.ear.variables["IVR_QUEUE"] in ("service", "billing")
    assert call.ear.variables["IVR_TRAIL_ID"] == "1.1"
    assert 0 < len(call.ear.variables["IVR_TRAIL"].encode()) <= 800
    assert list(call.ear.variables)[-2] == "IVR_RESULT"  # the last the server set; AGISTATUS is Asterisk's
    assert call.record.disposition == "enqueued"


@pytest.mark.parametrize(("hours", "staffed"), [("closed", ("service",)), ("holiday", ("service",)), ("open", ())])
def test_nobody_is_put_into_a_queue_that_nobody_serves(tmp_path: Path, hours: str, staffed: tuple[str, ...]) -> None:
    """After hours, on a holiday, or with nobody signed in, a call-back is offered and recorded instead."""
    call = stage(tmp_path, hours=hours, staffed=staffed)
    call.keys(["wait:3", "0", "wait:6", "1", "wait:6", "1", "wait:10"])
    assert ("record_call_back") in [name for name, _ in call.bridge.asked]
    assert call.ear.variables is not None
    assert call.ear.variables["IVR_RESULT"] == "done"


def test_C1_slow_billing_is_covered_by_sound_and_ends_at_a_human(tmp_path: Path) -> None:
    """Comfort from 1 s, the apology at 6 s, never 3 s of silence, at 15 s the flow's way for a fault."""
    call = stage(tmp_path, {"bill": Deferred()}, staffed=("service", "billing"))
    call.keys(TO_BILL[:-1])
    before = len(call.ear.heard)
    call.pass_s(4)
    assert call.ear.heard[before - 1] == "One moment, please." or call.ear.heard[before] == "One moment, please."
    call.pass_s(4)
    assert sum("longer than usual" in said for said in call.ear.heard) == 1
    call.pass_s(12)
    assert len(call.ear.heard) > before + 4


def test_the_comfort_is_cut_when_the_answer_lands(tmp_path: Path) -> None:
    """The answer is spoken at once, and the keys pressed while waiting are kept."""
    answer: Deferred[Answer] = Deferred()
    call = stage(tmp_path, {"bill": answer})
    call.keys(TO_BILL[:-1])
    call.pass_s(0.5)
    assert call.ear.heard[-1] == "One moment, please."
    answer.callback(BILL)
    call.clock.advance(0)
    assert "yuan" in call.ear.heard[-1]


@pytest.mark.parametrize("reason", ["unavailable", "garbage", "busy"])
def test_a_fault_of_billing_is_spoken_and_never_a_number(tmp_path: Path, reason: Any) -> None:
    """C7, C12: the caller hears a sentence, no amount, and goes on."""
    call = stage(tmp_path, {"bill": LookUpFault(reason)}, staffed=("service", "billing"))
    call.keys([*TO_BILL, "wait:12"])
    assert "yuan" not in call.heard
    call.phone.hang_up()
    call.pass_s(0.2)
    assert reason in [note.get("fault") for note in call.record.notes]


def test_keys_typed_ahead_are_all_used(tmp_path: Path) -> None:
    """A caller who knows the way types it in one go, during the welcome, and hears the bill."""
    call = stage(tmp_path)
    call.pass_s(0.3)
    for key in "111":
        call.phone.press(key)
        call.pass_s(0.1)
    call.pass_s(3)
    assert "one hundred twenty-eight yuan" in call.heard


def test_D1_our_own_mistake_leaves_the_result_unset(tmp_path: Path) -> None:
    """The dialplan takes an unset IVR_RESULT for a crash and goes to the queue; the record is written all the same."""
    call = stage(tmp_path, {"bill": KeyError("a mistake of ours")})
    call.bridge.answers["bill"] = 42  # not an answer at all
    call.keys(TO_BILL)
    assert call.ear.variables is not None
    assert "IVR_RESULT" not in call.ear.variables
    assert call.record.disposition == "failed"
    assert not call.calls.current


@pytest.mark.parametrize("caller", ["", "+8613800138000x", "١٢٣", "1" * 200, "<script>", "anonymous"])
def test_E10_a_strange_caller_number_is_no_number(tmp_path: Path, caller: str) -> None:
    """Withheld, forged or endless: the call goes on without a calling number, and nobody is taken for anybody."""
    call = stage(tmp_path, caller=caller)
    call.pass_s(3)
    assert "What can we do for you" in call.heard or "press" in call.heard
    assert all("caller" not in arguments for _, arguments in call.bridge.asked)


def test_a_call_back_from_a_queue_goes_on_in_its_language(tmp_path: Path) -> None:
    """The dialplan's IVR_LANGUAGE is that of the first leg; nothing else of the channel is believed."""
    call = stage(tmp_path, {"caller_language": "unknown"}, script="after-queue", variables={"IVR_LANGUAGE": "en_US"})
    call.pass_s(3)
    assert "call you back" in call.heard


def test_an_unknown_script_is_refused_loudly(tmp_path: Path) -> None:
    """AGISTATUS=FAILURE lets the dialplan play its apology; nothing of it is a call."""
    call = stage(tmp_path, script="nowhere")
    call.pass_s(0.2)
    assert call.ear.variables is not None
    assert call.ear.variables["AGISTATUS"] == "FAILURE"
    assert call.journal.records == []


def test_D3_while_draining_new_calls_are_refused_and_old_ones_go_on(tmp_path: Path) -> None:
    """A call in progress is not touched by the drain."""
    call = stage(tmp_path)
    call.pass_s(1)
    call.calls.draining = True
    call.keys(TO_BILL)
    assert "yuan" in call.heard


def test_60_seconds_without_a_key_end_the_call_with_words(tmp_path: Path) -> None:
    """Re-prompts, the operator offered, then a goodbye: silent is the reason in the record."""
    call = stage(tmp_path)
    call.pass_s(75)
    assert call.record.disposition == "silent"
    assert sum("we didn't get that" in said for said in call.ear.heard) >= 2
    assert any("speak to someone" in said for said in call.ear.heard[3:])
    assert call.ear.variables is not None
    assert call.ear.variables["IVR_RESULT"] == "done"


def test_P10_a_query_password_is_nowhere(tmp_path: Path) -> None:
    """The canary digits are in no variable, word, note, record or file of the call; the bridge alone gets them."""
    call = stage(
        tmp_path,
        {
            "find_customer": "password_needed",
            "check_password": Answer("wrong", {"tries_left": ("count", 2)}),
        },
    )
    call.keys(["wait:3", "1", "wait:1", "1", "wait:2"])
    call.keys("738291")
    call.pass_s(2)
    call.phone.hang_up()
    call.pass_s(0.2)
    [given] = [arguments["password"] for name, arguments in call.bridge.asked if name == "check_password"]
    assert given.reveal() == "738291"
    written = repr(call.record) + repr(call.phone.variables) + call.heard + repr(call.bridge.asked)
    assert "738291" not in written
    assert all(b"738291" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_write_is_finished_though_the_caller_left(tmp_path: Path) -> None:
    """The outcome of a started effect stands in the record, marked as not heard."""
    answer: Deferred[Answer] = Deferred()
    call = stage(tmp_path, {"record_call_back": answer}, hours="closed")
    call.keys(["wait:3", "0", "wait:6", "1", "wait:6", "1"])
    assert "record_call_back" in [name for name, _ in call.bridge.asked]
    call.phone.hang_up()
    call.pass_s(0.1)
    assert call.journal.records == []
    answer.callback(ANSWERS["record_call_back"])
    call.pass_s(0.2)
    last = call.record.notes[-1]
    assert (last["look_up"], last["outcome"], last["heard"]) == ("record_call_back", "recorded", "no")


@pytest.mark.parametrize("wait_s", [0.0, 0.5, 3.3])
def test_a_connection_lost_during_a_look_up_ends_the_call_at_once(tmp_path: Path, wait_s: float) -> None:
    """Asterisk died, or a drain let go: nothing waits on, for a wait that cannot sleep would stop all other calls."""
    cancelled: list[Deferred[Answer]] = []
    call = stage(tmp_path, {"bill": Deferred(cancelled.append)})
    call.keys(TO_BILL[:-1])
    call.pass_s(wait_s)
    [line] = call.calls.current
    line.close()
    assert len(cancelled) == 1
    assert call.record.disposition == "hung_up"


def test_D5_a_disk_that_hangs_makes_nobody_wait(tmp_path: Path) -> None:
    """The journal never answers: the menu is heard all the same, and the caller reaches the queue."""
    stuck: list[Deferred[None]] = []
    call = Stage(tmp_path, ANSWERS, staffed=("service", "billing"))
    call.journal.begin = call.journal.finish = lambda *_: stuck.append(Deferred()) or stuck[-1]  # type: ignore
    call.call().keys(["wait:3", "0", "wait:12"])
    assert call.ear.variables is not None
    assert call.ear.variables["IVR_RESULT"] == "queue"
    assert len(stuck) == 2
    for writing in stuck:
        writing.callback(None)
    assert not call.calls.current


def test_a_hash_after_a_full_entry_belongs_to_it(tmp_path: Path) -> None:
    """Six digits close a month: the # that many press after it does not skip the sum; a second one is a key again."""
    call = stage(tmp_path)
    call.keys(["wait:3", "1", "wait:1", "1", "wait:2", "4", "wait:1.5"])
    for key in "202610#":
        call.phone.press(key)
        call.pass_s(0.1)
    call.pass_s(0.4)
    assert "The bill for" in call.ear.heard[-1]
    call.pass_s(2)
    assert "For the details" in call.ear.heard[-1]
    told = call.heard.count("The bill for")
    call.keys("#")
    assert call.heard.count("The bill for") == told + 1


def test_a_hash_after_an_entry_typed_ahead_belongs_to_it(tmp_path: Path) -> None:
    """The month and its # in one go, while a look-up runs: the sum is heard, nothing is repeated."""
    months: Deferred[Answer] = Deferred()
    call = stage(tmp_path, {"recent_months": months})
    call.keys(["wait:3", "1", "wait:1", "1", "wait:2"])
    for key in "4202610#":
        call.phone.press(key)
        call.pass_s(0.1)
    months.callback(MONTHS)
    call.pass_s(6)
    assert call.heard.count("The bill for") == 1
    call.phone.hang_up()
    call.pass_s(0.2)
    assert not any(note.get("to") == "repeat" for note in call.record.notes)
