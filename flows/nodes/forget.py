"""forget: lets go of facts, so that a second round starts clean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.flow import Exit
from flows.nodes.node import Go, Known, Move, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Node):
    """Drops the named facts; one that is not there is no mistake."""

    kind: Literal["forget"] = "forget"
    facts: tuple[str, ...]
    to: str

    def ways(self) -> tuple[Exit, ...]:
        """One way: on."""
        return (Exit("to", self.to),)

    def move(self, known: Known) -> Move:
        """On, without them."""
        return Go(self.to, forget=self.facts)
