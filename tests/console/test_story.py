"""A call as a story: notes of the journal and of the feed become steps in words."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_server.console.story import as_note, shown, tell, titles
from ivr_server.console.words import Words

House = Any  # the fixture's own, in conftest.py


def test_a_note_of_the_feed_and_one_of_the_journal_are_the_same_note() -> None:
    """The feed keeps the detail apart, the journal lays it beside the place."""
    place = {"step": 3, "flow": "main", "node": "menu", "what": "chosen"}
    assert as_note({**place, "detail": {"key": "1"}}) == as_note({**place, "key": "1"})


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["caller language: Chinese", "heard: What can we do for you? (80%)", "pressed 1: For your bill of …"]),
        ("zh", ["来电语言：中文", "听到：What can we do for you?（80%）", "按 1：For your bill of …"]),
    ],
)
def test_the_story_is_told_in_the_readers_language(house: House, language: str, wanted: list[str]) -> None:
    """Prompts by their words, slots as gaps, a question only by its answer."""
    client = house.client()
    client.sign_in("supervisor")
    text = client.ask("GET", "/calls/1700000001.1", Accept_Language=language).text
    for words in wanted:
        assert f"<p>{words}</p>" in text
    assert "asked:" not in text
    assert "查询：" not in text


def test_the_key_for_the_other_language_is_not_told_as_the_readers_own() -> None:
    """A caller who pressed 5 "For English" did not ask for Chinese, whatever the prompt says in Chinese."""
    note = as_note(
        {"flow": "main", "node": "main_menu", "what": "chosen", "detail": {"key": "5", "prompt": "this_language"}}
    )
    words = Words("zh-CN", {"told_this_language": "选择语言"})
    step = tell(note, "zh-CN", titles(words, {"this_language": "中文服务"}))
    assert step is not None
    assert step.words == "按 5：选择语言"


@pytest.mark.parametrize("text", ["a\u202eb", "a\x1b[2Jb", "a\nb", "a\0b", "a\u2066b", "a\u00adb"])
def test_A9_what_cannot_be_seen_is_made_visible(text: str) -> None:
    """No control reaches the page."""
    assert shown(text).isprintable()
    assert shown(text)[0] == "a"
    assert shown(text) != text
