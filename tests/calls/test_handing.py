"""What an agent is handed: words and detail of a call with its legs, in both languages, bounded, hostile or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_bridge.fax_jobs import FaxRow
from crm_bridge.journal import CallRecord
from crm_bridge.trails import Found
from ivr_server.calls.handing import Handed, Telling, clean, handed

BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOTES: tuple[dict[str, Any], ...] = (
    {"step": 2, "flow": "main", "node": "w", "what": "heard", "at_s": 2.4, "prompts": "welcome", "share": "80"},
    {"step": 3, "flow": "main", "node": "m", "what": "chosen", "at_s": 3.0, "key": "1", "prompt": "option_fees"},
    {"step": 3, "flow": "main", "node": "main_menu", "what": "tagged", "at_s": 3.0, "tag": "fees"},
    {"step": 4, "flow": "number", "node": "offered", "what": "asked", "at_s": 3.1, "look_up": "offered_number"},
    {
        **{"step": 5, "flow": "number", "node": "offered", "what": "answered", "at_s": 3.2},
        **{"look_up": "offered_number", "outcome": "offered", "phone": "13800138000"},
    },
    {"step": 9, "flow": "c", "node": "ask", "what": "entered", "at_s": 9.9, "fact": "password", "length": "6"},
    {"step": 10, "flow": "fees", "node": "bill", "what": "asked", "at_s": 12.0, "look_up": "bill"},
    {"step": 11, "flow": "fees", "node": "bill", "what": "failed", "at_s": 27.0, "fault": "deadline"},
    {
        **{"step": 12, "flow": "human", "node": "queue", "what": "ended", "at_s": 61.0},
        **{"disposition": "enqueued", "queue": "billing", "business": "fees"},
    },
)


def record(call: str = "17.1", **more: Any) -> CallRecord:
    """A call that went to a queue after 125 s."""
    known: dict[str, Any] = {
        "started": BEGAN,
        "ended": BEGAN + timedelta(seconds=125),
        "caller": "13800138000",
        "language": "zh-CN",
        "disposition": "enqueued",
        "queue": "billing",
        "business": "fees",
        "customer": "1",
        "identity": "password",
        "notes": NOTES,
    }
    return CallRecord(call=call, **{**known, **more})


def telling(language: str, seconds: float = 200) -> Telling:
    """The words of a reader so many seconds after the call began."""
    return Telling(language, {}, ZoneInfo("Asia/Shanghai"), BEGAN + timedelta(seconds=seconds))


def of(*legs: CallRecord, language: str = "en-US", **more: Any) -> Handed:
    """What is handed of these legs."""
    return handed(Found(legs, **more), telling(language))


@pytest.mark.parametrize(
    ("language", "line", "fault", "identity", "business"),
    [
        ("en-US", "bill: deadline", "deadline", "checked by query password", "Bills"),
        ("zh-CN", "账单：超时", "超时", "已用查询密码核实", "话费"),
    ],
)
def test_the_trail_is_told_in_both_languages(  # noqa: PLR0917
    language: str, line: str, fault: str, identity: str, business: str
) -> None:
    """One line with the newest last; level of identity, faults, business, minutes with the voice, seconds since."""
    told = of(record(), language=language)
    assert told.line.endswith(line)
    assert told.faults == (fault,)
    assert (told.identity, told.identity_words) == ("password", identity)
    assert (told.business, told.business_words, told.queue) == ("fees", business, "billing")
    assert (told.minutes, told.waited_s, told.tags) == (2, 75, ("fees",))


def test_each_step_says_when_and_how_much_was_heard() -> None:
    """A question is told by its answer, or by the fault that came instead; a password only by its length."""
    told = of(record())
    assert [(step.at_s, step.what, step.heard) for step in told.steps][:3] == [
        (2, "heard", 0.8),
        (3, "chosen", None),
        (3, "tagged", None),
    ]
    assert not any(step.what == "asked" for step in told.steps)
    assert "entered password (6 digits, secret)" in [step.words for step in told.steps]
    assert told.steps[0].words == "heard: welcome"
    assert [(asked.words, asked.outcome) for asked in told.look_ups] == [("bill", "deadline")]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "en-US",
            "pressed 1: option fees · entered password (6 digits, secret) · check password: right · "
            "bill: found, sum 128.50 · the bill's sum, heard to the end · "
            "comparison with the month before, 40% heard · asked for a person",
        ),
        (
            "zh-CN",
            "按 1：option_fees · 输入查询密码（6 位，保密） · 核对密码：正确 · 账单：查到，金额 128.50 · "
            "账单金额（听完） · 与上月比较（听到 40%） · 要求人工",
        ),
    ],
)
def test_the_line_is_what_an_agent_reads_in_one_glance(language: str, line: str) -> None:
    """Chosen, entered, proved, found, heard and how much; nothing of what only steered the call."""

    def note(what: str, **detail: str) -> dict[str, Any]:
        return {"step": 1, "flow": "f", "node": "n", "what": what, **detail}

    notes = (
        note("answered", look_up="caller_language", outcome="unknown"),
        note("chosen", key="2", prompt="this_language"),
        *NOTES[:3],
        NOTES[5],
        note("answered", look_up="check_password", outcome="right"),
        note("answered", look_up="bill", outcome="found", sum="128.50"),
        note("heard", prompts="bill_sum bill_due", share="100"),
        note("heard", prompts="press option_parts press option_why", share="30"),
        note("heard", prompts="bill_higher", share="40"),
        note("went", to="human"),
        note("answered", look_up="hours", outcome="open"),
        note("heard", prompts="transferring", share="100"),
        NOTES[-1],
    )
    told = of(record(notes=notes), language=language)
    assert told.line == line
    menu = next(step for step in told.steps if step.heard == 0.3)
    assert menu.words.endswith(" …") and "%" not in menu.words


@pytest.mark.parametrize(
    ("known", "level"),
    [("", "none"), ("open", "number"), ("password", "password"), ("code", "password"), ("x", "none")],
)
def test_the_level_of_identity(known: str, level: str) -> None:
    """None, number or password; a word that nobody knows is none."""
    assert of(record(identity=known)).identity == level


def test_what_happened_in_the_queue_goes_on_in_the_same_trail() -> None:
    """The leg of the waiting caller follows: seconds count from the call's begin, the first leg's facts stay."""
    waiting = record(
        "17.1.waiting",
        started=BEGAN + timedelta(seconds=170),
        ended=BEGAN + timedelta(seconds=180),
        identity="",
        customer="",
        business="",
        notes=({"step": 2, "flow": "waiting", "node": "offer", "what": "chosen", "at_s": 4.0, "key": "2"},),
    )
    told = of(record(), waiting)
    assert told.steps[-1].at_s == 174 and told.steps[-1].words == "pressed 2 alone"
    assert (told.identity, told.customer, told.business) == ("password", "1", "fees")
    assert (told.minutes, told.waited_s) == (2, 75)


def test_earlier_calls_and_open_faxes_are_lines_to_be_shown() -> None:
    """By the operator's clock, with what it was about and how it ended."""
    before = record("16.1", disposition="goodbye", business="arrears", notes=())
    fax: dict[str, Any] = dict.fromkeys(FaxRow.__dataclass_fields__, "")
    job = FaxRow(**{**fax, "id": 12, "month": "2026-10", "number": "02066668888", "state": "retrying"})
    told = of(record(), earlier=(before,), faxes=(job,), language="zh-CN")
    assert [(one.call, one.at, one.words) for one in told.earlier] == [("16.1", "2026-11-23 10:00", "欠费，道别")]
    without = record("16.1", disposition="hung_up", business="", notes=())
    assert of(record(), earlier=(without,)).earlier[0].words == "The caller hung up"
    assert told.faxes[0].words == "任务 12：2026-10 账单传真到 02066668888，等待重试"


def test_A9_hostile_text_is_shown_as_text() -> None:
    """Markup stays as it is (pages show it as text); signs that cannot be seen are replaced; lengths are bounded."""
    bad = "<script>alert(1)</script>\u202e\x00\r\n" + "x" * 10_000
    hostile = {"step": 1, "flow": "m", "node": "n", "what": "tagged", "tag": bad}
    told = of(record(caller=bad, business=bad, queue=bad, customer=bad, notes=(*NOTES, hostile)))
    whole = json.dumps(told.plain(), ensure_ascii=False)
    assert "<script>alert(1)</script>" in told.number and len(told.number) == 200
    assert not any(sign in whole for sign in ("\u202e", "\x00", "\r", "\n"))
    assert clean("a\u2066b") == "a\ufffdb"


def test_J3_a_trail_without_end_stays_small() -> None:
    """5,000 notes: 200 steps, 8 KiB of words, 800 bytes in the line, and how many are missing."""
    told = of(record(notes=NOTES * 600), language="zh-CN")
    assert len(told.steps) <= 200 and sum(len(step.words.encode()) for step in told.steps) <= 8 << 10
    assert len(told.line.encode()) <= 800
    assert any(step.what == "left_out" for step in told.steps)


def test_a_call_without_a_record_of_its_times_can_be_told() -> None:
    """A journal of an earlier release holds no seconds."""
    old = tuple({key: value for key, value in note.items() if key != "at_s"} for note in NOTES)
    assert {step.at_s for step in of(record(notes=old)).steps} == {-1}


def test_of_nothing_nothing_can_be_told() -> None:
    """No legs: no such call."""
    with pytest.raises(ValueError, match="no such call"):
        handed(Found(), telling("en-US"))
