"""speak_in: sets the language of all that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.flow import Exit
from flows.nodes.node import Go, Known, Move, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakIn(Node):
    """From here on the call is held in ``language``."""

    kind: Literal["speak_in"] = "speak_in"
    language: str
    to: str

    def ways(self) -> tuple[Exit, ...]:
        """One way: on."""
        return (Exit("to", self.to),)

    def move(self, known: Known) -> Move:
        """On, in that language."""
        return Go(self.to, language=self.language)
