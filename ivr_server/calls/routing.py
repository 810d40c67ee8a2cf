"""Station 2: which flow answers a call, by the script path of its AGI URL, then by the number dialled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Routes:
    """``numbers``: dialled number -> flow, over the script path ``main``; ``flows``: the root flows there are."""

    flows: frozenset[str]
    numbers: Mapping[str, str] = field(default_factory=dict)

    def flow(self, script: str, dialled: str) -> str | None:
        """The root flow's name; None when the call must be refused, so that the dialplan can go on."""
        name = script.strip("/").replace("-", "_")
        if name == "main":
            name = self.numbers.get(dialled, name)
        return name if name in self.flows else None
