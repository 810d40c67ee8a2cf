"""return: leaves a sub-flow by one of its exits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.nodes.node import Known, Move, Node, Out


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """``exit`` is a name of the flow's ``exits``; where it leads is the caller's business."""

    kind: Literal["return"] = "return"
    exit: str

    def move(self, known: Known) -> Move:
        """Up."""
        return Out(self.exit)
