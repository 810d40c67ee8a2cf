"""sub_flow: goes through another flow and comes out by one of its exits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flows.flow import Exit
from flows.nodes.node import Into, Known, Move, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class SubFlow(Node):
    """``exits`` says where each exit of the flow leads here. Facts are the call's: both flows see the same."""

    kind: Literal["sub_flow"] = "sub_flow"
    flow: str
    exits: Mapping[str, str]

    def ways(self) -> tuple[Exit, ...]:
        """One way for each exit."""
        return tuple(Exit(name, to) for name, to in self.exits.items())

    def move(self, known: Known) -> Move:
        """Down."""
        return Into(self.flow)
