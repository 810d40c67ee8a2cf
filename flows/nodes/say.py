"""say: speaks, then goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from flows.flow import Exit, Path
from flows.nodes.node import Answer, Go, Known, Line, Node, Spoken, as_lines
from flows.turns import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Node):
    """Speaks its prompts; a key cuts them short and is kept, unless ``interruptible`` is false."""

    awaits: ClassVar[str] = "Play"
    kind: Literal["say"] = "say"
    say: tuple[Spoken, ...]
    to: str
    interruptible: bool = True

    def ways(self) -> tuple[Exit, ...]:
        """One way: on."""
        return (Exit("to", self.to),)

    def lines(self, stage: str) -> tuple[Line, ...]:
        """Its prompts."""
        return as_lines(self.say)

    def spoken(self) -> tuple[tuple[Path, Line], ...]:
        """Its prompts, by path."""
        return tuple((("say", n), line) for n, line in enumerate(as_lines(self.say)))

    def answer(self, event: Event, known: Known) -> Answer:
        """On, when all is said."""
        return Go(self.to)
