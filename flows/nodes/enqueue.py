"""enqueue: hands the call to a queue of agents; the last thing we do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.nodes.node import BUSINESS, Known, Move, Node
from flows.turns import Enqueue


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueNode(Node):
    """``business`` tells the agent what it is about; the last ``tag`` of the call where it is not written here.

    ``queue_from``: a fact that names the queue, in place of ``queue``; where the call has not learnt it, the command's
    queue is "", which means the operator's first.
    """

    kind: Literal["enqueue"] = "enqueue"
    queue: str = ""
    queue_from: str = ""
    business: str = ""

    def move(self, known: Known) -> Move:
        """The last command."""
        tagged = known.get(BUSINESS)
        chosen = known.get(self.queue_from) if self.queue_from else None
        queue = str(chosen.value) if chosen else self.queue
        return Enqueue(queue, self.business or (str(tagged.value) if tagged else ""))
