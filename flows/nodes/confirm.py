"""confirm: 1 is yes, 2 is no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from flows.flow import Exit
from flows.nodes.node import EVERYWHERE, Answer, Collecting, Go, Known, Line, Wrong, everywhere
from flows.turns import EntryRule, Event, Keyed


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Collecting):
    """Reads something back: is it right? ``effect``: yes changes something, so keys typed ahead are dropped."""

    wrong_prompt: ClassVar[str] = "wrong_key"
    kind: Literal["confirm"] = "confirm"
    yes: str
    no: str
    effect: bool = False

    def ways(self) -> tuple[Exit, ...]:
        """Yes, no and back."""
        return (Exit("yes", self.yes), Exit("no", self.no), *self.back_ways())

    def rule(self) -> EntryRule:
        """One key."""
        keys = ("1", "2", *(key for key in EVERYWHERE if key))
        return EntryRule(keys, "", 1, 1, self.first_ms, self.between_ms or 3_000)

    def drops_typed_ahead(self) -> bool:
        """Before an effect, only a key pressed now counts."""
        return self.effect or not self.typed_ahead

    def choices_spoken(self) -> tuple[Line, ...]:
        """ "If this is correct, press 1; if not, press 2"."""
        return (Line("yes_no"),)

    def answer(self, event: Event, known: Known) -> Answer:
        """Yes, no, an everywhere key, or wrong."""
        keys = event.keys if isinstance(event, Keyed) else ""
        if keys == "1":
            return Go(self.yes, notes=(("chosen", (("key", "1"), ("answer", "yes"))),))
        if keys == "2":
            return Go(self.no, notes=(("chosen", (("key", "2"), ("answer", "no"))),))
        return everywhere(keys) or Wrong(keys)
