"""The words of the pages: the same keys in both languages, each used, and the language a visitor gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.trail import named
from flows.turns import DISPOSITIONS
from ivr_server.console import words
from ivr_server.console.drawing import HERE, STATIC
from ivr_server.console.story import titles
from ivr_server.console.words import preferred, read_words
from ivr_server.library import look_ups

SLOT = re.compile(r"{(\w+)}")


def test_both_languages_have_the_same_words_with_the_same_slots() -> None:
    """Nothing is missing in one of them."""
    chinese, english = (read_words()[tag].table for tag in words.LANGUAGES)
    assert {key: set(SLOT.findall(text)) for key, text in chinese.items()} == {
        key: set(SLOT.findall(text)) for key, text in english.items()
    }
    assert all(text.strip() for table in (chinese, english) for text in table.values())


def test_every_word_that_a_template_names_is_there() -> None:
    """A misspelt key is found here, not by a visitor."""
    table = read_words()["en-US"].table
    templates = [path.read_text("utf-8") for path in (HERE / "templates").iterdir()]
    named = {key for text in templates for key in re.findall(r"""\bw\(["'](\w+)["'][,)]""", text)}
    scripts = [path.read_text("utf-8") for path in STATIC.glob("*.js")]
    named |= {key for text in scripts for key in re.findall(r"words\.((?:phone|fax|desk)_\w+)", text)}
    assert named <= set(table)
    assert {f"disposition_{word}" for word in DISPOSITIONS} <= set(table)


def test_no_look_up_is_told_by_its_identifier_in_chinese() -> None:
    """Each that a flow may name, its outcomes and their facts: in a Chinese trail stand Chinese words."""
    known = titles(read_words()["zh-CN"], {})
    for look_up, signature in look_ups().items():
        for name in (look_up, *signature.outcomes, *(fact for facts in signature.outcomes.values() for fact in facts)):
            assert named(name, "zh-CN", known) != name, (look_up, name)


@pytest.mark.parametrize(
    ("cookie", "accept", "wanted"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.9", "en-US"),
        ("", "de,zh;q=0.4,en;q=0.6", "en-US"),
        ("", "zh-TW", "zh-CN"),
        ("zh-CN", "en", "zh-CN"),
        ("xx", "en", "en-US"),
        ("", "en;q=nonsense,zh", "zh-CN"),
        ("", "," * 5000, "zh-CN"),
    ],
)
def test_the_language_is_what_was_chosen_else_what_the_browser_asks_for(cookie: str, accept: str, wanted: str) -> None:
    """A choice made before goes first."""
    assert preferred(cookie, accept) == wanted


def test_tables_that_differ_or_say_a_key_twice_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the key that is missing, or stands twice."""
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    for tag, text in (("zh-CN", "a: 1\nb: 2\n"), ("en-US", "a: 1\n")):
        (tmp_path / tag).mkdir()
        (tmp_path / tag / "some.yaml").write_text(text)
    with pytest.raises(ValueError, match="differ in: b"):
        read_words()
    (tmp_path / "en-US" / "more.yaml").write_text("a: 2\n")
    with pytest.raises(ValueError, match="more than one file has a"):
        read_words()
