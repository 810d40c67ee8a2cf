"""How long a caller will wait, as a range that is honest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitRange:
    """Minutes, ``low`` to ``high``, both at least 1; four of five callers wait no shorter and no longer."""

    low: int
    high: int
