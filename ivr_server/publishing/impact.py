"""What hangs on a change: how often each thing that changes was used, and which flows link to those that change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from crm_bridge.traffic import Counted
from flows.flow import Library
from flows.nodes.sub_flow import SubFlow
from ivr_server.publishing.differing import Change

Thing = tuple[str, str, str]  # flow, node, key of an option or ""


def uses(found: Iterable[Change], rows: Sequence[Counted]) -> dict[Thing, int]:
    """Each option or node that changes -> how often it was chosen or entered; in order."""
    exits = Counter({(row.flow, row.node, row.exit): row.count for row in rows if row.what == "exit"})
    entered = Counter({(row.flow, row.node): row.count for row in rows if row.what == "entered"})
    told: dict[Thing, int] = {}
    for one in found:
        if one.node and one.path[:1] == ("options",) and len(one.path) > 1:
            told[one.flow, one.node, one.path[1]] = exits[one.flow, one.node, one.path[1]]
        elif one.node:
            told[one.flow, one.node, ""] = entered[one.flow, one.node]
    return dict(sorted(told.items()))


def links(library: Library, flow: str) -> list[tuple[str, str]]:
    """The nodes that lead into a flow."""
    return [
        (name, node)
        for name, each in library.flows.items()
        for node, one in each.nodes.items()
        if isinstance(one, SubFlow) and one.flow == flow
    ]
