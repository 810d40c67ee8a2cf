"""Cutting a prompt at its slots into what is rendered in advance. Pure; done once for each prompt.

*Fixed* steps are stretches of a sentence, rendered whole; *spots* are places for values. A stretch in another
writing ("For English") is a piece of that language, so that each language can be named in itself. Short words
directly before a key ("请按" + 1) are its lead-in and are rendered with each key, because that is what callers
hear most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prompts import speaking
from prompts.catalogue import Prompt, Slot
from prompts.speaking import Unspeakable

GAPS: Final = {"closing": 320, "going_on": 170, "joined": 45, "number": 25, "group": 240, "saying": 350}  # ms
_CLOSING: Final = "。.!?！？…"
_GOING_ON: Final = "，,、；;：:"
_MARKS: Final = re.escape(_CLOSING + _GOING_ON)
_LEAD: Final = re.compile(rf"^[\s{_MARKS}”’）)」』]+")
_LAST_CLAUSE: Final = re.compile(rf"^(.*[{_MARKS}])\s*([^{_MARKS}]+)$", re.DOTALL)
_CHINESE: Final = r"\u3400-\u9fff"
_OTHER: Final = {
    "zh": re.compile(r"[A-Za-zÀ-ÿ](?:[A-Za-zÀ-ÿ0-9 ,.'?!-]*[A-Za-zÀ-ÿ?!])?\.?"),
    "en": re.compile(rf"[{_CHINESE}][{_CHINESE}，。！？、；：“”]*"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing rendered in advance: its text with the mark that gives its tone, and the silence after it in ms.

    ``recording``: the file that says it; where that is missing, the voice does.
    """

    language: str
    text: str
    gap: int = GAPS["joined"]
    number: bool = False
    recording: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a value: whether a sentence closes with it, the silence after it, the words rendered with a key."""

    slot: Slot
    closes: bool
    gap: int
    lead_in: str = ""


def cut(prompt: Prompt, language: str) -> tuple[Piece | Spot, ...]:
    """The steps of one prompt in order."""
    if prompt.recording:
        text = whole(prompt)
        return (Piece(language, text, _gap_after(text), recording=prompt.recording),)
    steps: list[Piece | Spot] = []
    lead_in = ""
    for place, part in enumerate(prompt.parts):
        if isinstance(part, Slot):
            steps.append(Spot(part, *_ending(prompt, place), lead_in))
            lead_in = ""
            continue
        body, lead_in = _lead_in(prompt, place, language)
        steps += _stretches(body, language)
    return tuple(steps)


def whole(prompt: Prompt) -> str:
    """The text of a prompt without slots."""
    return "".join(part for part in prompt.parts if isinstance(part, str))


def rendered(step: Piece | Spot, language: str) -> Iterator[tuple[str, str]]:
    """Every (language, text) that a step may need, beside the number inventory."""
    if isinstance(step, Piece):
        yield step.language, step.text
        return
    for unit in filter(None, dict.fromkeys(step.slot.units)):
        yield language, toned(unit, language, step.closes)
    if step.lead_in:
        yield language, toned(step.lead_in, language, False)
        for key in "0123456789*#":
            yield language, toned(with_key(step.lead_in, key, language), language, step.closes)


def toned(words: str, language: str, closes: bool) -> str:
    """The words with the mark that gives their tone: falling where a sentence closes."""
    return words + speaking.marks(language)[closes]


def with_key(lead_in: str, key: str, language: str) -> str:
    """请按一; "press one"."""
    if key not in speaking.rules(language).KEYS:
        raise Unspeakable(f"{key!r} is not a key")
    return lead_in + ("" if language.startswith("zh") else " ") + speaking.key_word(key, language)


def _stretches(text: str, language: str) -> list[Piece]:
    """A text's pieces: cut where the writing changes, without the marks that belong to what came before."""
    bodies = ((tongue, _LEAD.sub("", run).strip()) for tongue, run in _runs(text, language))
    return [_went_on(body, tongue) for tongue, body in bodies if body]


def _runs(text: str, language: str) -> Iterator[tuple[str, str]]:
    other = "en-US" if language.startswith("zh") else "zh-CN"
    end = 0
    for found in _OTHER[language[:2]].finditer(text):
        yield language, text[end : found.start()]
        yield other, found[0]
        end = found.end()
    yield language, text[end:]


def _went_on(body: str, language: str) -> Piece:
    """A stretch as it is rendered: with a mark that keeps the voice up where the sentence goes on."""
    marked = body if body[-1] in _CLOSING + _GOING_ON else toned(body, language, False)
    return Piece(language, marked, _gap_after(body))


def _gap_after(body: str) -> int:
    return GAPS["closing" if body[-1] in _CLOSING else "going_on" if body[-1] in _GOING_ON else "joined"]


def _ending(prompt: Prompt, place: int) -> tuple[bool, int]:
    """Whether a sentence closes after the slot at ``place``, and the silence there."""
    following = prompt.parts[place + 1] if place + 1 < len(prompt.parts) else "."
    lead = "" if isinstance(following, Slot) else following.strip()[:1]
    if lead and lead in _CLOSING:
        return True, GAPS["closing"]
    return False, GAPS["going_on" if lead and lead in _GOING_ON else "joined"]


def _lead_in(prompt: Prompt, place: int, language: str) -> tuple[str, str]:
    """A text as (what stands for itself, short words to be rendered with the key after it, or "")."""
    text, following = str(prompt.parts[place]), prompt.parts[place + 1 : place + 2]
    if not any(isinstance(slot, Slot) and slot.kind == "digits" for slot in following):
        return text, ""
    clause = _LAST_CLAUSE.match(text)
    before, last = (clause[1], clause[2]) if clause else ("", text)
    short = 0 < len(last.strip()) <= (8 if language.startswith("zh") else 24)
    one_writing = [tongue for tongue, run in _runs(last, language) if run.strip()] == [language]
    return (before, last.strip()) if short and one_writing else (text, "")
