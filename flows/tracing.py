"""Which facts a call may have learnt when it comes to a node: followed along every way, through all flows, to the end.

"May": by some way. Whether a fact is there on every way is the explorer's to say, who walks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flows.flow import Flow, Library
from flows.nodes.forget import Forget
from flows.nodes.menu import Menu
from flows.nodes.node import BUSINESS, LANGUAGE, Collecting, Node
from flows.nodes.return_node import Return
from flows.nodes.sub_flow import SubFlow

Place = tuple[str, str]  # flow, node
Kinds = frozenset[tuple[str, str]]  # of (fact, kind)
FIRST: Final[Kinds] = frozenset({("caller", "digits"), ("dialled", "digits"), (LANGUAGE, "text")})
ALWAYS: Final = ("human", "main", "silent", "tired", "too_long", "failed")


def trace(library: Library) -> dict[Place, Kinds]:
    """For each node that some root flow reaches: the facts that may be known there, with their kinds."""
    known: dict[Place, Kinds] = {}
    callers = _callers(library)
    for flow in library.flows.values():
        if flow.always is not None:
            for place, facts in _flood(library, callers, flow).items():
                known[place] = known.get(place, frozenset()) | facts
    return known


def onward(library: Library, above: Mapping[str, list[Place]], place: Place) -> Iterator[Place]:
    """Where a call may be next, by the ways that the flows draw; ``above``: as ``callers`` gives it."""
    flow = library.flows[place[0]]
    yield from (to for to, _ in _onward(library, place, frozenset()))
    if exit_ := _leaves(flow, flow.nodes[place[1]]):
        yield from _returned(library, above[flow.name], exit_)


def callers(library: Library, root: str) -> dict[str, list[Place]]:
    """For each flow that calls beginning in ``root`` may go through: the nodes that lead into it."""
    found: dict[str, list[Place]] = {root: []}
    work = [root]
    while work:
        name = work.pop()
        for at, node in library.flows[name].nodes.items():
            if isinstance(node, SubFlow) and node.flow in library.flows:
                work += [] if node.flow in found else [node.flow]
                found.setdefault(node.flow, []).append((name, at))
    return found


def _flood(library: Library, callers: Mapping[str, list[Place]], root: Flow) -> dict[Place, Kinds]:
    """The same for one root flow."""
    known: dict[Place, Kinds] = {}
    work = [((root.name, root.start), FIRST)]
    while work:
        place, more = work.pop()
        node = library.flows[place[0]].nodes.get(place[1])
        before = known.get(place)
        if node is None or (before is not None and more <= before):
            continue
        now = known[place] = more | (before or frozenset())
        work += _onward(library, place, now)
        if exit_ := _leaves(library.flows[place[0]], node):
            work += [(to, now) for to in _returned(library, callers[place[0]], exit_) if to[0]]
        if root.always is not None and node.awaits:
            work += [((root.name, getattr(root.always, where)), now) for where in ALWAYS]
    return known


def _leaves(flow: Flow, node: Node) -> str:
    """The exit by which a node leaves its flow, be it only because the caller presses ``*``; "" when it does not."""
    if isinstance(node, Return):
        return node.exit
    goes_back = isinstance(node, Collecting) and not node.back and not flow.back and "back" in flow.exits
    return "back" if goes_back else ""


def _onward(library: Library, place: Place, now: Kinds) -> Iterator[tuple[Place, Kinds]]:
    flow = library.flows[place[0]]
    node = flow.nodes[place[1]]
    if isinstance(node, SubFlow):
        if node.flow in library.flows:
            yield (node.flow, library.flows[node.flow].start), now
        return
    brings = node.brings(library.look_ups)
    for way in node.ways():
        to = way.to or (flow.back if way.name == "back" else "")
        if to:
            copied = _copied(node, way.name, now) if isinstance(node, Menu) else {}
            yield (flow.name, to), after(node, now, {**brings.get(way.name, {}), **copied})


def _copied(menu: Menu, key: str, now: Kinds) -> dict[str, str]:
    """What an option's ``set`` brings: each fact in the kind of the one it copies."""
    kinds = dict(now)
    chosen = menu.options.get(key)
    return {name: kinds[source] for name, source in (chosen.set if chosen else {}).items() if source in kinds}


def after(node: Node, now: Kinds, brings: Mapping[str, str]) -> Kinds:
    """The facts once the node is left by a way that brings these."""
    if isinstance(node, Forget):
        return frozenset(fact for fact in now if fact[0] not in node.facts)
    kept = {fact for fact in now if fact[0] not in brings or brings[fact[0]].endswith("?")}
    new = {(name, kind.rstrip("?")) for name, kind in brings.items()}
    tagged = node.tag or (isinstance(node, Menu) and any(option.tag for option in node.options.values()))
    return frozenset(kept | new | ({(BUSINESS, "text")} if tagged else set()))


def _callers(library: Library) -> dict[str, list[Place]]:
    callers: dict[str, list[Place]] = {name: [] for name in library.flows}
    for flow in library.flows.values():
        for name, node in flow.nodes.items():
            if isinstance(node, SubFlow):
                callers.setdefault(node.flow, []).append((flow.name, name))
    return callers


def _returned(library: Library, callers: list[Place], exit_: str) -> Iterator[Place]:
    for flow, name in callers:
        node = library.flows[flow].nodes[name]
        if isinstance(node, SubFlow) and exit_ in node.exits:
            yield flow, node.exits[exit_]
