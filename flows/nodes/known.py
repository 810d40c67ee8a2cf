"""known: forks on whether a fact is there, never on what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.flow import Exit
from flows.nodes.node import Go, Known, Move, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNode(Node):
    """Yes when the call has learnt the fact, else no."""

    kind: Literal["known"] = "known"
    fact: str
    yes: str
    no: str

    def ways(self) -> tuple[Exit, ...]:
        """Yes and no."""
        return (Exit("yes", self.yes), Exit("no", self.no))

    def move(self, known: Known) -> Move:
        """By presence."""
        return Go(self.yes if self.fact in known else self.no)
