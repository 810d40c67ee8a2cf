"""look_up: asks the world one named question and forks on its declared outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from flows.flow import Exit, LookUpSignature
from flows.nodes.node import Answer, Fault, Go, Known, Node
from flows.turns import Answered, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpNode(Node):
    """``with`` binds arguments to facts of other names, ``given`` to words of the flow (a queue's name)."""

    awaits: ClassVar[str] = "LookUp"
    kind: Literal["look_up"] = "look_up"
    look_up: str
    outcomes: Mapping[str, str]  # outcome -> node
    with_: Mapping[str, str] = field(default_factory=dict)  # argument -> fact
    given: Mapping[str, str] = field(default_factory=dict)  # argument -> text
    unavailable: str = ""  # where a failure leads; "": always.failed

    def ways(self) -> tuple[Exit, ...]:
        """One way for each outcome, and one for failure."""
        return (*(Exit(name, to) for name, to in self.outcomes.items()), Exit("unavailable", self.unavailable))

    def brings(self, look_ups: Mapping[str, LookUpSignature]) -> Mapping[str, Mapping[str, str]]:
        """What each outcome tells."""
        signature = look_ups.get(self.look_up)
        return signature.outcomes if signature else {}

    def answer(self, event: Event, known: Known) -> Answer:
        """The outcome's way; an outcome that nobody declared is a fault of the world."""
        if not isinstance(event, Answered) or event.outcome not in self.outcomes:
            return Fault("garbage")
        return Go(self.outcomes[event.outcome], event.facts)
