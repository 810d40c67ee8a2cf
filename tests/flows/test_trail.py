"""The trail in words."""

from __future__ import annotations

import pytest

from flows.trail import BYTES, STEPS, cut, line, words
from flows.turns import Note

NOTES = [
    Note(1, "main", "menu", "heard", (("prompts", "welcome main_menu"), ("share", "80"))),
    Note(2, "main", "menu", "chosen", (("key", "1"), ("prompt", "option_fees"))),
    Note(3, "fees", "phone", "entered", (("fact", "phone"), ("value", "13912345678"))),
    Note(4, "fees", "ok", "chosen", (("key", "1"), ("answer", "yes"))),
    Note(5, "fees", "password", "entered", (("fact", "password"), ("length", "6"))),
    Note(6, "fees", "password", "wrong", (("keys", ""), ("times", "1"))),
    Note(7, "fees", "bill", "asked", (("look_up", "bill"),)),
    Note(8, "fees", "bill", "answered", (("look_up", "bill"), ("outcome", "found"), ("sum", "86.50"))),
    Note(9, "fees", "menu", "silent", (("times", "1"),)),
    Note(10, "fees", "menu", "wrong", (("keys", "7"), ("times", "1"))),
    Note(11, "fees", "menu", "chosen", (("key", "#"),)),
    Note(12, "fees", "menu", "failed", (("fault", "deadline"),)),
    Note(13, "fees", "menu", "tagged", (("tag", "fees"),)),
    Note(14, "fees", "menu", "went", (("to", "human"),)),
    Note(15, "main", "queue", "ended", (("disposition", "enqueued"), ("queue", "service"), ("business", "fees"))),
    Note(16, "main", "queue", "hung_up"),
]


def test_every_note_has_a_sentence_in_english() -> None:
    """As an agent reads it."""
    assert words(NOTES, "en-US", {"option_fees": "your bill", "welcome": "Welcome."}) == [
        "heard: Welcome, main menu (80%)",
        "pressed 1: your bill",
        "entered phone: 13912345678",
        "pressed 1: yes",
        "entered password (6 digits, secret)",
        "wrong entry",
        "asked: bill",
        "bill: found, sum 86.50",
        "no key, time 1",
        "wrong: 7",
        "pressed # alone",
        "fault: deadline",
        "tag: fees",
        "went to: human",
        "to the queue service: fees",
        "the caller hung up",
    ]


def test_every_note_has_a_sentence_in_chinese() -> None:
    """The product's own words are Chinese, the library's come with the titles."""
    assert words(NOTES, "zh-CN", {"option_fees": "话费查询"})[1:8] == [
        "按 1：话费查询",
        "输入电话号码：13912345678",
        "按 1：是",
        "输入查询密码（6 位，保密）",
        "输入有误",
        "查询：账单",
        "账单：查到，金额 86.50",
    ]


def test_what_was_done_after_the_caller_left_is_told_as_unheard() -> None:
    """A write that was finished then: in the words of the agent's language, not as the note has it."""
    note = Note(9, "human", "record", "answered", (("look_up", "bill"), ("outcome", "found"), ("heard", "no")))
    assert words([note], "en-US") == ["bill: found, the caller did not hear it"]
    assert words([note], "zh-CN") == ["账单：查到，来电者未听到"]


def test_a_line_tells_the_newest() -> None:
    """What does not fit is left out at the old end; heard and asked are left out first."""
    whole = line(NOTES, "en-US")
    assert whole.startswith("pressed 1: option fees | entered phone") and "heard" not in whole
    assert line(NOTES, "en-US", 50) == "to the queue service: fees | the caller hung up"
    assert line([], "en-US") == ""


@pytest.mark.parametrize("limit", range(0, 60))
def test_A11_a_line_is_cut_at_whole_characters(limit: int) -> None:
    """At any limit of bytes: no more than that, and valid UTF-8."""
    told = line(NOTES, "zh-CN", limit)
    assert len(told.encode()) <= limit
    assert cut("话费查询", limit).encode() == "话费查询".encode()[: limit // 3 * 3]


def test_A10_a_line_holds_no_line_break() -> None:
    """Whatever a title or a value holds, the line is one line without control or direction signs."""
    bad = [Note(1, "f", "n", "entered", (("fact", "x"), ("value", "1\r\nHANGUP\x00\u202e")))]
    assert line(bad, "en-US") == "entered x: 1  HANGUP  "
    assert words(bad, "en-US") == ["entered x: 1  HANGUP  "]


def test_J3_a_long_trail_keeps_its_beginning_and_its_end() -> None:
    """10,000 notes: 200 sentences, 8 KiB, and how many were left out between."""
    said = words(NOTES * 625, "zh-CN")
    assert len(said) <= STEPS and len("\n".join(said).encode()) <= BYTES
    assert said[0].startswith("听到") and said[-1] == "来电者挂机"
    assert any("略去" in sentence for sentence in said)


def test_titles_are_words_within_a_sentence() -> None:
    """No full stop in the middle of a list, and not which key an option was on: the key stands before it."""
    heard = Note(1, "main", "menu", "heard", (("prompts", "lead press_month"), ("share", "50")))
    chosen = Note(1, "main", "menu", "chosen", (("key", "1"), ("prompt", "press_month")))
    titles = {"lead": "Which month?", "press_month": "For …, press …."}
    assert words([heard, chosen], "en-US", titles) == ["heard: Which month? For … (50%)", "pressed 1: For …"]
    month = Note(1, "main", "menu", "chosen", (("key", "1"), ("prompt", "press_month"), ("value", "2026-10")))
    assert words([month], "en-US", titles) == ["pressed 1: For 2026-10"]
    titles = {"lead": "请选择月份。", "press_month": "…，请按…。"}
    assert words([month], "zh-CN", titles) == ["按 1：2026-10"]
    assert words([heard], "zh-CN", titles) == ["听到：请选择月份、…（50%）"]
