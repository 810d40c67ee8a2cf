"""From scripts to pieces and words."""

from __future__ import annotations

import pytest

from flows.facts import Fact, Saying
from prompts.speaking import Unspeakable
from prompts.wording import Wording

ZH, EN = "zh-CN", "en-US"


def option(key: str, language: str = "") -> Saying:
    """ "For your bill, press 1"."""
    return Saying("press", (("key", Fact("digits", key)), ("task", Fact("prompt", "option_fees"))), language)


def texts(wording: Wording, script: tuple[Saying, ...], language: str) -> list[str]:
    """The pieces' texts."""
    return [piece.text for piece in wording.speech(script, language).pieces]


def test_a_script_is_words_in_either_language(wording: Wording, owed: tuple[Saying, ...]) -> None:
    """The words are what one would write down."""
    assert wording.words(owed, ZH) == "您二零二六年十月的话费是一百二十三元四角五分。"
    said = "Your bill for October twenty twenty-six is one hundred twenty-three yuan and forty-five fen."
    assert wording.words(owed, EN) == said
    assert wording.words((option("1"), option("0", EN)), ZH) == "查询话费，请按一。 For your bill, press zero."


def test_a_key_is_spoken_in_one_breath_with_its_lead_in(wording: Wording) -> None:
    """ "press one" is rendered whole, and 1 on a keypad is 一, never 幺."""
    assert texts(wording, (option("1"),), ZH) == ["查询话费，", "请按一。"]
    assert texts(wording, (option("#"),), EN) == ["For your bill,", "press pound key."]
    assert texts(wording, (option("12"),), ZH) == ["查询话费，", "请按，", "一，", "二，"]


def test_things_counted_are_singular_and_plural(wording: Wording) -> None:
    """One try, two tries; 两次."""
    assert wording.words((Saying("tries", (("tries_left", Fact("count", 1)),)),), EN) == "You have one try left."
    assert wording.words((Saying("tries", (("tries_left", Fact("count", 2)),)),), EN) == "You have two tries left."
    assert wording.words((Saying("tries", (("tries_left", Fact("count", 2)),)),), ZH) == "还可以再试两次。"


def test_lists_are_spoken_in_order(wording: Wording) -> None:
    """Sayings inside a prompt, each with its own facts."""
    parts = tuple(
        Saying("part", (("part", Fact("prompt", "option_fees")), ("sum", Fact("money", sum)))) for sum in (100, 20)
    )
    script = (Saying("parts", (("parts", Fact("sayings", parts)),)),)
    assert wording.words(script, ZH) == "其中，查询话费，一元。 查询话费，两角。"
    assert texts(wording, script, ZH) == ["其中，", "查询话费，", "一元，", "查询话费，", "两角，"]


def test_another_language_inside_a_sentence_is_its_own_piece(wording: Wording) -> None:
    """English inside Mandarin is spoken by the English voice, and the other way round."""
    pieces = wording.speech((Saying("bilingual"),), ZH).pieces
    assert [(piece.language, piece.text) for piece in pieces] == [(ZH, "中文请按一。"), (EN, "For English, press two.")]
    pieces = wording.speech((Saying("bilingual"),), EN).pieces
    assert [(piece.language, piece.text) for piece in pieces] == [(EN, "For English, press two."), (ZH, "中文请按一。")]


def test_numbers_are_close_and_groups_have_a_breath(wording: Wording) -> None:
    """25 ms inside a number, a quarter of a second between the groups of a telephone number."""
    pieces = wording.speech((Saying("confirm_phone", (("phone", Fact("digits", "13800138000")),)),), ZH).pieces
    gaps = [piece.gap for piece in pieces if piece.number]
    assert gaps == [25, 25, 240, 25, 25, 25, 240, 25, 25, 25, 170]


def test_a_sentence_ends_with_a_falling_voice(wording: Wording, owed: tuple[Saying, ...]) -> None:
    """In English the last word of an amount is the one rendered with a full stop."""
    assert texts(wording, owed, EN)[-1] == "and forty-five fen."


def test_everything_fixed_is_on_the_list_to_be_rendered(wording: Wording) -> None:
    """Each piece of each script is in the fixed pieces or in the inventory."""
    there = {*wording.fixed_pieces(), *Wording(wording.catalogues, "CNY").inventory()}
    months = (("month", Fact("month", "2026-10")), ("sum", Fact("money", 990)))
    scripts = [option(key) for key in "0123456789*#"] + [Saying(name) for name in ("welcome", "greeting", "bilingual")]
    scripts += [Saying("sum_owed", months), Saying("tries", (("tries_left", Fact("count", 1)),))]
    for language in (ZH, EN):
        for piece in wording.speech(scripts, language).pieces:
            assert (piece.language, piece.text) in there


def test_what_cannot_be_said_is_refused(wording: Wording) -> None:
    """Unknown prompt, missing fact, endless nesting, wrong value, unknown currency."""
    endless: tuple[Saying, ...] = ()
    for _ in range(12):
        endless = (Saying("parts", (("parts", Fact("sayings", endless)),)),)
    for script in ((Saying("nothing"),), (Saying("sum_owed"),), endless, (option("x"),)):
        with pytest.raises(Unspeakable):
            wording.speech(script, ZH)
        with pytest.raises(Unspeakable):
            wording.words(script, ZH)
    with pytest.raises(Unspeakable):
        Wording(wording.catalogues, "EUR")
