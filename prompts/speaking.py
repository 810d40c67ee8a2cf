"""How a fact is spoken: its kind and value become groups of words, each word a piece rendered in advance.

``speak`` gives groups of words: within a group the pieces follow each other closely, between groups the
listener gets a breath (the 3-4-4 of a phone number). Every word is in ``inventory``, which is finite, so
that no call waits for a speech engine. Values are checked here; a wrong one is ``Unspeakable``.
"""

from __future__ import annotations

import datetime
import re
from types import ModuleType
from typing import Final

from prompts import speaking_en, speaking_zh

Spoken = tuple[tuple[str, ...], ...]
KINDS: Final = frozenset({"money", "month", "date", "time", "digits", "phone", "count", "prompt", "sayings"})
CURRENCIES: Final = ("CNY", "USD")
LARGEST: Final = 10**12
_RULES: Final = {"zh": speaking_zh, "en": speaking_en}
_MARKS: Final = {"zh": ("，", "。"), "en": (",", ".")}


class Unspeakable(ValueError):
    """A value that must not be read out: out of range, or not of its kind."""


def rules(language: str) -> ModuleType:
    """The module that speaks a language tag ("zh-CN", "en-US")."""
    try:
        return _RULES[language[:2]]
    except KeyError:
        raise Unspeakable(f'no rules for the language "{language}"; there are zh-CN and en-US') from None


def speak(kind: str, value: object, language: str, currency: str = "CNY") -> Spoken:
    """The groups of words for a value of a kind (money, month, date, time, digits, phone, count)."""
    tongue = rules(language)
    if kind == "money":
        return (tongue.money(_whole(value), currency),)
    if kind == "count":
        return (tongue.count(_whole(value)),)
    if kind in ("digits", "phone"):
        return _digits(str(value), tongue, language)
    if kind == "month":
        return (tongue.month(*_calendar(f"{value}-01")[:2]),)
    if kind == "date":
        return (tongue.date(*_calendar(str(value))),)
    if kind == "time":
        return (tongue.time(*_clock(str(value))),)
    raise Unspeakable(f'a value of kind "{kind}" is not spoken by rules')


def spelled(spoken: Spoken, language: str) -> str:
    """The words as one writes them: "一百二十三元", "one hundred twenty-three dollars"."""
    if language.startswith("zh"):
        return " ".join("".join(group) for group in spoken)
    return ", ".join(" ".join(group) for group in spoken)


def inventory(language: str, currency: str) -> tuple[str, ...]:
    """Every piece to be rendered for numbers: words with the mark that gives them their tone."""
    tongue = rules(language)
    going_on, closing = marks(language)
    pieces = [words + going_on for words in tongue.inventory(currency)]
    if tongue is speaking_en:
        pieces += [words + closing for words in tongue.inventory(currency) if speaking_en.may_close(words, currency)]
    return tuple(pieces)


def marks(language: str) -> tuple[str, str]:
    """The mark of a piece that goes on, and of one that closes a sentence."""
    return _MARKS[language[:2]]


def key_word(key: str, language: str) -> str:
    """A single key of the telephone: 1 is 一 (never 幺), # is 井号键 or "pound key"."""
    return str(rules(language).KEYS[key])


def smaller(words: str, language: str) -> tuple[str, ...]:
    """The parts a lost number piece can be put together from: 三十四元 -> 三, 十, 四, 元."""
    return tuple(words) if language.startswith("zh") else tuple(re.split("[ -]", words))


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise Unspeakable(f"{value!r} is not a whole number within ±10^12")
    return value


def _digits(keys: str, tongue: ModuleType, language: str) -> Spoken:
    if not keys or len(keys) > 64 or not all(key in tongue.KEYS for key in keys):
        raise Unspeakable(f"{keys!r} is not made of keys")
    if len(keys) <= 2:
        return (tuple(key_word(key, language) for key in keys),)
    spelt = {"1": "幺"} if tongue is speaking_zh else {}
    return tuple(tuple(spelt.get(key, tongue.KEYS[key]) for key in group) for group in grouped(keys))


def grouped(keys: str) -> tuple[str, ...]:
    """A number as people say it: mobile 3-4-4, ten digits 3-3-4, area codes first, else fours from the end."""
    length = len(keys)
    if length == 11 and keys[0] == "1":
        sizes: tuple[int, ...] = (3, 4, 4)
    elif length == 10 and keys[0] != "0":
        sizes = (3, 3, 4)
    elif length in (10, 11, 12) and keys[0] == "0":
        first = 3 if keys[1] in "12" else 4
        sizes = (first, *_fours(length - first))
    else:
        sizes = _fours(length)
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    return tuple(keys[start : start + size] for start, size in zip(starts, sizes, strict=True))


def _fours(length: int) -> tuple[int, ...]:
    """Fours from the end; the first group has 2 to 5: 7 -> 3, 4; 5 -> 5; 9 -> 5, 4."""
    if length <= 5:
        return (length,)
    return (*_fours(length - 4), 4)


def _calendar(text: str) -> tuple[int, int, int]:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise Unspeakable(f"{text!r} is not a date") from None
    return day.year, day.month, day.day


def _clock(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d\d):(\d\d)", text)
    hour, minute = (int(found[1]), int(found[2])) if found else (99, 99)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise Unspeakable(f"{text!r} is not a time of the day")
    return hour, minute
