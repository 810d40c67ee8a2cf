"""The ways through a flow as a graph: what leads where, what goes in circles, how many menus deep a node is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flows.flow import Flow, Library, Problem
from flows.nodes.menu import Menu
from flows.nodes.node import Collecting
from flows.nodes.sub_flow import SubFlow


def circles(library: Library) -> Iterator[Problem]:
    """Sub-flows that go through themselves, and ways that go round without ever waiting for the caller."""
    goes = {name: _subs(flow) for name, flow in library.flows.items()}
    for name, flow in library.flows.items():
        for node, to in goes[name].items():
            if _leads(to, name, {one: set(subs.values()) for one, subs in goes.items()}):
                mark = flow.marks.value(("nodes", node, "flow"))
                yield Problem(
                    flow.file, *mark, f'"{to}" leads back into "{name}"; flows cannot go through themselves', node
                )
        hasty = {
            one: {way.to for way in node.ways() if way.to}
            for one, node in flow.nodes.items()
            if not isinstance(node, Collecting | SubFlow)
        }
        for one, onward in hasty.items():
            if any(_leads(to, one, hasty) for to in onward):
                mark = flow.marks.value(("nodes", one))
                yield Problem(flow.file, *mark, f'"{one}" leads back to itself without waiting for the caller', one)


def _subs(flow: Flow) -> dict[str, str]:
    return {name: node.flow for name, node in flow.nodes.items() if isinstance(node, SubFlow)}


def _leads(begin: str, goal: str, ways: Mapping[str, Collection[str]]) -> bool:
    """Whether one can come from ``begin`` to ``goal``."""
    seen, work = {begin}, [begin]
    while work:
        if (place := work.pop()) == goal:
            return True
        more = set(ways.get(place, ())) - seen
        seen |= more
        work += more
    return False


def within(flow: Flow) -> set[str]:
    """The nodes that the flow itself leads to, whatever the others do."""
    seen: set[str] = set()
    work = [flow.start, flow.back]
    while work:
        name = work.pop()
        if name in flow.nodes and name not in seen:
            seen.add(name)
            work += [way.to for way in flow.nodes[name].ways()]
    return seen


def depths(flow: Flow) -> dict[str, int]:
    """For each node, the fewest menus one passes on the way from the start, its own included."""
    deep: dict[str, int] = {}
    level, depth = {flow.start}, 0
    while level:
        ring, depth = _ring(flow, level, deep), depth + 1
        following = set()
        for name in ring:
            deep[name] = depth if isinstance(flow.nodes[name], Menu) else depth - 1
            if isinstance(flow.nodes[name], Menu):
                following |= {way.to for way in flow.nodes[name].ways()}
        level = {name for name in following if name in flow.nodes and name not in deep}
    return deep


def _ring(flow: Flow, level: set[str], deep: Mapping[str, int]) -> set[str]:
    """The nodes reached from ``level`` without going past another menu."""
    ring: set[str] = set()
    work = list(level)
    while work:
        name = work.pop()
        if name in flow.nodes and name not in ring and name not in deep:
            ring.add(name)
            if not isinstance(flow.nodes[name], Menu):
                work += [way.to for way in flow.nodes[name].ways()]
    return ring
