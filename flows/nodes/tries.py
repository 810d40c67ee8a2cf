"""tries: counts how often an entry was refused in this flow, and says when it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.flow import Exit
from flows.nodes.node import Again, Known, Move, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries(Node):
    """The first ``most`` - 1 times to ``again``, then to ``enough``; counted anew each time the flow is entered.

    For what only a look-up can refuse (a number outside the plan, too easy a password): say why in a ``say`` before it.
    """

    kind: Literal["tries"] = "tries"
    most: int = 3
    again: str
    enough: str

    def ways(self) -> tuple[Exit, ...]:
        """Again and enough."""
        return (Exit("again", self.again), Exit("enough", self.enough))

    def move(self, known: Known) -> Move:
        """The interpreter holds the count."""
        return Again(self.most, self.again, self.enough)
