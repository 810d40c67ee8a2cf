"""From a script (prompts with their facts) to the pieces to be played and the words they say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from prompts import cutting, speaking
from prompts.catalogue import Catalogue, Prompt, Slot
from prompts.cutting import GAPS, Piece, Spot
from prompts.speaking import Unspeakable

DEEPEST: Final = 8  # prompts inside prompts
MOST_PIECES: Final = 2000


class Valued(Protocol):
    """A fact: its kind and its value."""

    @property
    def kind(self) -> str:
        """A word such as money or digits."""

    @property
    def value(self) -> Any:
        """The value, in the shape of its kind."""


class Said(Protocol):
    """One entry of a script."""

    @property
    def prompt(self) -> str:
        """The prompt's name."""

    @property
    def slots(self) -> Iterable[tuple[str, Valued]]:
        """The facts for its slots, as (name, fact)."""

    @property
    def language(self) -> str:
        """The language tag, or "" for the language of the call."""


Script = Iterable[Said]


@dataclass(frozen=True, slots=True)
class Speech:
    """Pieces in order; ``words`` as one reads them; ``marks``: (prompt, index of its first piece)."""

    pieces: tuple[Piece, ...]
    words: str
    marks: tuple[tuple[str, int], ...]


class Wording:
    """The catalogues of all languages, spoken in one country's money."""

    def __init__(self, catalogues: Mapping[str, Catalogue], currency: str = "CNY") -> None:
        if currency not in speaking.CURRENCIES:
            raise Unspeakable(f'no words for the currency "{currency}"; there are {", ".join(speaking.CURRENCIES)}')
        self.catalogues, self.currency = catalogues, currency
        self._steps = {
            (language, prompt.name): cutting.cut(prompt, language)
            for language, catalogue in catalogues.items()
            for prompt in catalogue.prompts.values()
        }
        self._numbers = {language: frozenset(speaking.inventory(language, currency)) for language in catalogues}

    def words(self, script: Script, language: str) -> str:
        """What a script says, as text; raises Unspeakable for a value that must not be read out."""
        return " ".join(_Telling(self, said.language or language).text(said) for said in script)

    def speech(self, script: Script, language: str) -> Speech:
        """The pieces of a script with the gaps after them; raises Unspeakable as ``words`` does."""
        pieces: list[Piece] = []
        marks = []
        script = tuple(script)
        for said in script:
            marks.append((said.prompt, len(pieces)))
            pieces += _with_last_gap(_Telling(self, said.language or language).pieces(said), GAPS["saying"])
            if len(pieces) > MOST_PIECES:
                raise Unspeakable(f"more than {MOST_PIECES} pieces")
        return Speech(tuple(pieces), self.words(script, language), tuple(marks))

    def fixed_pieces(self) -> tuple[tuple[str, str], ...]:
        """Every (language, text) to be rendered for the catalogues' own words."""
        found = (
            each
            for (language, _), steps in self._steps.items()
            for step in steps
            for each in cutting.rendered(step, language)
        )
        return tuple(dict.fromkeys(found))

    def recorded(self) -> tuple[tuple[str, str, str], ...]:
        """Every (language, text, recording) of the catalogues."""
        found = (
            (step.language, step.text, step.recording)
            for steps in self._steps.values()
            for step in steps
            if isinstance(step, Piece) and step.recording
        )
        return tuple(dict.fromkeys(found))

    def inventory(self) -> tuple[tuple[str, str], ...]:
        """Every (language, text) to be rendered for numbers."""
        return tuple(
            (language, text)
            for language in sorted(self.catalogues)
            for text in speaking.inventory(language, self.currency)
        )

    def prompt(self, name: str, language: str) -> Prompt:
        """A prompt by name; Unspeakable when there is none."""
        try:
            return self.catalogues[language].prompts[name]
        except KeyError:
            raise Unspeakable(f'the prompt "{name}" has no words in {language}') from None

    def steps(self, name: str, language: str) -> tuple[Piece | Spot, ...]:
        """How a prompt is cut; Unspeakable when there is none."""
        self.prompt(name, language)
        return self._steps[language, name]

    def is_number(self, text: str, language: str) -> bool:
        """Whether a piece's text belongs to the number inventory."""
        return text in self._numbers[language]


@dataclass(frozen=True, slots=True)
class _Named:
    """A prompt without slots, said inside another."""

    prompt: str
    slots: tuple[tuple[str, Valued], ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Telling:
    """One walk through a saying; ``depth`` counts prompts inside prompts."""

    wording: Wording
    language: str
    depth: int = 0

    def text(self, said: Said) -> str:
        facts = dict(said.slots)
        parts = self.wording.prompt(said.prompt, self.language).parts
        return "".join(part if isinstance(part, str) else self._slot_text(part, facts) for part in parts)

    def pieces(self, said: Said) -> list[Piece]:
        facts = dict(said.slots)
        pieces: list[Piece] = []
        for step in self.wording.steps(said.prompt, self.language):
            if isinstance(step, Piece):
                pieces.append(step)
            else:
                found = list(self._spot_pieces(step, _fact(step.slot, facts)))
                pieces += _with_last_gap(found, step.gap)
        return pieces

    def _inside(self, slot: Slot, fact: Valued) -> Iterator[tuple[_Telling, Said]]:
        if self.depth >= DEEPEST:
            raise Unspeakable(f"prompts inside prompts, more than {DEEPEST} deep")
        sayings: Iterable[Said] = (_Named(str(fact.value)),) if slot.kind == "prompt" else fact.value
        for said in sayings:
            yield _Telling(self.wording, said.language or self.language, self.depth + 1), said

    def _slot_text(self, slot: Slot, facts: Mapping[str, Valued]) -> str:
        fact = _fact(slot, facts)
        if slot.kind in ("prompt", "sayings"):
            return " ".join(telling.text(said) for telling, said in self._inside(slot, fact))
        words = speaking.spelled(self._spoken(slot, fact), self.language)
        unit = _unit(slot, fact)
        return words + (" " if unit and self.language.startswith("en") else "") + unit

    def _spoken(self, slot: Slot, fact: Valued) -> speaking.Spoken:
        return speaking.speak(slot.kind, fact.value, self.language, self.wording.currency)

    def _spot_pieces(self, spot: Spot, fact: Valued) -> Iterator[Piece]:
        slot = spot.slot
        if slot.kind in ("prompt", "sayings"):
            for telling, said in self._inside(slot, fact):
                yield from telling.pieces(said)
        elif spot.lead_in and len(str(fact.value)) == 1:
            words = cutting.with_key(spot.lead_in, str(fact.value), self.language)
            yield Piece(self.language, cutting.toned(words, self.language, spot.closes))
        else:
            if spot.lead_in:
                yield Piece(self.language, cutting.toned(spot.lead_in, self.language, False))
            unit = _unit(slot, fact)
            yield from self._numbers(self._spoken(slot, fact), spot.closes and not unit)
            if unit:
                yield Piece(self.language, cutting.toned(unit, self.language, spot.closes))

    def _numbers(self, groups: speaking.Spoken, closes: bool) -> Iterator[Piece]:
        for group in groups:
            for place, word in enumerate(group):
                last = place == len(group) - 1
                text = cutting.toned(word, self.language, closes and last and group is groups[-1])
                if not self.wording.is_number(text, self.language):
                    text = cutting.toned(word, self.language, False)
                breath = last and group is not groups[-1]
                yield Piece(self.language, text, GAPS["group" if breath else "number"], number=True)


def _with_last_gap(pieces: list[Piece], gap: int) -> list[Piece]:
    return [*pieces[:-1], replace(pieces[-1], gap=max(pieces[-1].gap, gap))] if pieces else []


def _fact(slot: Slot, facts: Mapping[str, Valued]) -> Valued:
    try:
        return facts[slot.name]
    except KeyError:
        raise Unspeakable(f'nothing is known for the slot "{slot.name}"') from None


def _unit(slot: Slot, fact: Valued) -> str:
    return slot.units[0 if fact.value in (1, -1) else 1]
