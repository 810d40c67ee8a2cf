"""menu: names up to seven things and the key for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from flows.facts import Fact
from flows.flow import Exit, Path
from flows.forms import shown
from flows.nodes.node import EVERYWHERE, Answer, Collecting, Go, Known, Line, Wrong, everywhere
from flows.turns import EntryRule, Event, Keyed

TWO_DIGITS_MS = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing on the menu: the prompt that names it, where it leads, the word it leaves in the trail.

    ``slots``: the prompt speaks these facts and the key by itself, outside of "…, press 1". ``set``: facts that take
    the values of others when this is chosen. ``language``: it is spoken in this one whatever the call's; "others":
    once in each language that is not the call's.
    """

    say: str
    to: str
    tag: str = ""
    language: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    set: Mapping[str, str] = field(default_factory=dict)

    def line(self, key: str) -> Line:
        """ "For your bill, press 1"."""
        pressed = ("key", Fact("digits", key))
        if self.slots:
            return Line(self.say, self.slots, (pressed,), self.language)
        return Line("press", {}, (pressed, ("task", Fact("prompt", self.say))), self.language)

    def told(self, known: Known) -> tuple[tuple[str, str], ...]:
        """What its prompt spoke of, for the trail: which month it was."""
        values = tuple(shown(known[fact]) for fact in self.slots.values() if fact in known)
        return (("value", " ".join(values)),) if any(values) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Collecting):
    """Speaks a lead-in and its options, task first and key last, and goes where the key says."""

    wrong_prompt: ClassVar[str] = "wrong_key"
    kind: Literal["menu"] = "menu"
    options: Mapping[str, Option]

    def ways(self) -> tuple[Exit, ...]:
        """One way for each key, and back."""
        return (*(Exit(key, option.to) for key, option in self.options.items()), *self.back_ways())

    def rule(self) -> EntryRule:
        """A key closes at once, unless a longer option begins with it."""
        keys = tuple(dict.fromkeys((*self.options, *(key for key in EVERYWHERE if key))))
        longest = max(map(len, keys))
        return EntryRule(keys, "", 1, longest, self.first_ms, self.between_ms or TWO_DIGITS_MS)

    def choices_spoken(self) -> tuple[Line, ...]:
        """ "For your bill, press 1", and so on."""
        return tuple(option.line(key) for key, option in self.options.items())

    def spoken(self) -> tuple[tuple[Path, Line], ...]:
        """Its texts, and the name of each option."""
        options = tuple(
            (("options", key, "say"), option.line(key) if option.slots else Line(option.say, {}, (), option.language))
            for key, option in self.options.items()
        )
        return Collecting.spoken(self) + options

    def answer(self, event: Event, known: Known) -> Answer:
        """The option's way, an everywhere key's, or wrong."""
        keys = event.keys if isinstance(event, Keyed) else ""
        option = self.options.get(keys)
        if option is None:
            return everywhere(keys) or Wrong(keys)
        chosen = ("chosen", (("key", keys), ("prompt", option.say), *option.told(known)))
        copied = tuple((name, known[source]) for name, source in option.set.items() if source in known)
        return Go(option.to, copied, notes=(chosen, ("tagged", (("tag", option.tag),))) if option.tag else (chosen,))
