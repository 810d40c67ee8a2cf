"""enqueue: hands the call to a queue of agents; the last thing we do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.nodes.node import BUSINESS, Known, Move, Node
from flows.turns import Enqueue


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueNode(Node):
    """``business`` tells the agent what it is about; the last ``tag`` of the call where it is not written here."""

    kind: Literal["enqueue"] = "enqueue"
    queue: str
    business: str = ""

    def move(self, known: Known) -> Move:
        """The last command."""
        tagged = known.get(BUSINESS)
        return Enqueue(self.queue, self.business or (str(tagged.value) if tagged else ""))
