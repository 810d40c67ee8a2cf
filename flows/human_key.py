"""The human key: it leads to a queue without another key, and callers are told of it by the second menu at the latest.

Whether it leads there is a problem, whether it is told in time a warning. A queue counts that one way reaches when
look-ups answer: where nobody is there, or at night, what it leads to instead is the flow's own affair.

Which prompts say so cannot be read out of their words; it is known by their names, or by an option with the key itself.
What is only said to a silent caller (``short``, ``help``, ``offer``) does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flows.flow import Library, Problem
from flows.nodes.enqueue import EnqueueNode
from flows.nodes.look_up import LookUpNode
from flows.nodes.menu import Menu
from flows.nodes.node import Collecting, Node
from flows.tracing import Place, callers, onward

SAY_SO: Final = frozenset({"human_key", "operator_offer"})
MENUS: Final = 2  # by then it must have been said


def unled(library: Library) -> Iterator[Problem]:
    """A problem for each flow that calls begin with, that takes keys, and whose ``always.human`` reaches no queue."""
    for name, flow in library.flows.items():
        if flow.always is None or flow.always.human not in flow.nodes:
            continue
        above = callers(library, name)
        takes_keys = any(isinstance(node, Collecting) for one in above for node in library.flows[one].nodes.values())
        if takes_keys and not _reaches_a_queue(library, above, (name, flow.always.human)):
            text = (
                f'key 0 leads to "{flow.always.human}", from where no queue is reached without another key; '
                'let "always.human" begin with a node that leads to a queue'
            )
            yield Problem(flow.file, *flow.marks.value(("always", "human")), text, flow.always.human)


def _reaches_a_queue(library: Library, above: Mapping[str, list[Place]], begin: Place) -> bool:
    """Whether a call may come from here to a queue with no key pressed and no look-up failed."""
    work, seen = [begin], set[Place]()
    while work:
        place = work.pop()
        node = library.flows[place[0]].nodes.get(place[1])
        if isinstance(node, EnqueueNode):
            return True
        if node is None or place in seen or isinstance(node, Collecting):
            continue
        seen.add(place)
        if isinstance(node, LookUpNode):
            work += [(place[0], to) for to in node.outcomes.values()]
        else:
            work += onward(library, above, place)
    return False


def untold(library: Library) -> Iterator[Problem]:
    """A warning for each menu that is some call's third, without a word of key 0 on the way there."""
    late = {place for name, flow in library.flows.items() if flow.always for place in _late(library, name)}
    for name, at in sorted(late):
        flow = library.flows[name]
        text = f'the menu "{at}" may be a caller\'s third before any prompt names key 0 ({", ".join(sorted(SAY_SO))})'
        yield Problem(flow.file, *flow.marks.value(("nodes", at)), text, at, warning=True)


def _late(library: Library, root: str) -> set[Place]:
    """The menus that come third on a way from the root's start on which nothing names the key."""
    above = callers(library, root)
    late: set[Place] = set()
    seen: set[tuple[Place, frozenset[Place]]] = set()
    work: list[tuple[Place, frozenset[Place]]] = [((root, library.flows[root].start), frozenset())]
    while work:
        place, met = work.pop()
        node = library.flows[place[0]].nodes.get(place[1])
        if node is None or (place, met) in seen or _says_so(node):
            continue
        seen.add((place, met))
        if isinstance(node, Menu) and place not in met:
            met |= {place}
        if len(met) > MENUS:
            late.add(place)
        else:
            work += [(to, met) for to in onward(library, above, place)]
    return late


def _says_so(node: Node) -> bool:
    if isinstance(node, Menu) and "0" in node.options:
        return True
    return any(line.prompt in SAY_SO for line in node.lines("whole"))
