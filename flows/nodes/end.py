"""end: the call is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.nodes.node import Known, Move, Node
from flows.turns import End


@dataclass(frozen=True, slots=True, kw_only=True)
class EndNode(Node):
    """``disposition`` is how the call ended for us. Say goodbye in a ``say`` before it."""

    kind: Literal["end"] = "end"
    disposition: Literal["served", "goodbye", "call_back", "silent", "failed", "fax_machine"]

    def move(self, known: Known) -> Move:
        """The last command."""
        return End(self.disposition)
