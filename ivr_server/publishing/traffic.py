"""Counts as the studio shows them, and two versions compared with honest intervals.

A share of few is hardly known: each is told with its interval by Wilson (95 %), and two versions are called different
only where the interval of their difference, made of the two (Newcombe's method 10), leaves out zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from crm_bridge.traffic import Counted
from ivr_server.publishing.asked import Shape

Z: Final = 1.959964  # of 95 %
Interval = tuple[float, float]


def wilson(count: int, of: int) -> Interval:
    """Between what and what the share lies, given so many of so many; everything when there are none."""
    if of <= 0:
        return 0.0, 1.0
    share = count / of
    middle = share + Z * Z / (2 * of)
    width = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return max(0.0, (middle - width) / whole), min(1.0, (middle + width) / whole)


def differs(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two shares, each (count, of), are different by more than chance would make them."""
    if not one[1] or not other[1]:
        return False
    (low_1, high_1), (low_2, high_2) = wilson(*one), wilson(*other)
    share_1, share_2 = one[0] / one[1], other[0] / other[1]
    low = share_1 - share_2 - math.hypot(share_1 - low_1, high_2 - share_2)
    high = share_1 - share_2 + math.hypot(high_1 - share_1, share_2 - low_2)
    return low > 0 or high < 0


def nodes(rows: Iterable[Counted]) -> Shape:
    """Node -> its counts."""
    found: dict[str, Any] = {}
    for row in rows:
        node = found.setdefault(row.node, _empty())
        if row.what == "exit":
            node["exits"][row.exit] = node["exits"].get(row.exit, 0) + row.count
        elif row.what in node:
            node[row.what] += row.count
    return found


def _empty() -> dict[str, Any]:
    return {**dict.fromkeys(("entered", "chosen", "wrong", "silent", "left", "human"), 0), "exits": {}}


def compared(one: Sequence[Counted], other: Sequence[Counted]) -> list[Shape]:
    """Each way out of each node: its share of the visits in both versions, and whether they differ."""
    first, second = nodes(one), nodes(other)
    found = []
    for node in sorted({*first, *second}):
        a, b = first.get(node, _empty()), second.get(node, _empty())
        for name in sorted({*a["exits"], *b["exits"]}):
            shares = [(side["exits"].get(name, 0), side["entered"]) for side in (a, b)]
            found.append(_pair(node, name, (shares[0], shares[1])))
        for name in ("wrong", "silent", "left"):
            if a[name] or b[name]:
                found.append(_pair(node, name, ((a[name], a["entered"]), (b[name], b["entered"]))))
    return found


def _pair(node: str, exit_: str, shares: tuple[tuple[int, int], tuple[int, int]]) -> Shape:
    """One share in both; a visit in which somebody erred twice counts as one of so many visits."""
    one, other = ((min(count, of), of) for count, of in shares)
    return {
        "node": node,
        "exit": exit_,
        "a": [*one, *wilson(*one)],
        "b": [*other, *wilson(*other)],
        "differs": differs(one, other),
    }
