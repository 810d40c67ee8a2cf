"""Calls that together take every edge of a walk.

Each call goes the shortest way to a state with an edge not yet taken, takes it, and goes on greedily as long as it
meets such edges; then the short way home. They are played through the interpreter with all that a call really knows
and counts, so they can be replayed word for word through any driver.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from flows.exploring.keys import key
from flows.exploring.proving import in_good_order
from flows.exploring.walking import Edge, Graph
from flows.interpreter import advance, start
from flows.session import Offer, Turn
from flows.turns import Command, End, Enqueue, Event

Dialogue = tuple[Offer, list[tuple[Command, Event]]]
_LONGEST = 120  # turns of one call: well inside every budget
_MISSES = 7  # wrong entries of one call, likewise


def cover(graph: Graph, *, per_node: bool) -> Iterator[Dialogue]:
    """Dialogues for all edges, or for one edge of each node and answer."""
    return _Cover(graph, per_node).run()


class _Cover:
    def __init__(self, graph: Graph, per_node: bool) -> None:
        self.graph, self.per_node = graph, per_node
        self.taken: set[object] = set()
        self.ahead = [[edge for edge in state.edges if not edge.spent][::-1] for state in graph.states]
        self.home = _home(graph)

    def run(self) -> Iterator[Dialogue]:
        """One dialogue after the other, until nothing is left."""
        for at in range(len(self.graph.states)):
            while self._next(at) is not None:
                steps = [step.edge for step in self.graph.path(at)]
                if any(edge.spent for edge in steps):
                    break  # only a call with a spent budget comes here
                yield self._call(self._offer(at), steps)

    def _offer(self, at: int) -> Offer:
        path = self.graph.path(at)
        return self.graph.offers[self.graph.roots.index(path[0].source if path else at)]

    def _label(self, at: int, edge: Edge) -> object:
        """What must be taken once."""
        if not self.per_node:
            return (at, edge.event)
        top = self.graph.states[at].session.frames[-1]
        return (top.flow, top.node, edge.event)

    def _next(self, at: int) -> Edge | None:
        """An edge of this state that is still to be taken; those that end the call come last."""
        ahead = self.ahead[at]
        while ahead and self._label(at, ahead[0]) in self.taken:
            ahead.pop(0)
        for edge in reversed(ahead):
            if self._label(at, edge) not in self.taken:
                return edge
        return None

    def _call(self, offer: Offer, way: list[Edge]) -> Dialogue:
        """One call: the given way, then edges still to be taken, then home."""
        turn, turns = start(self.graph.library, offer), list[tuple[Command, Event]]()
        ways = deque(way)
        while not isinstance(turn.command, (End, Enqueue)):
            at = self._at(turn)
            edge = ways.popleft() if ways else self._choose(at, turn, len(turns))
            self.taken.add(self._label(at, edge))
            turns.append((turn.command, edge.event))
            turn = advance(self.graph.library, turn.session, edge.event)
        return offer, turns

    def _choose(self, at: int, turn: Turn, length: int) -> Edge:
        tired = length >= _LONGEST or turn.session.wrong >= _MISSES
        return (None if tired else self._next(at)) or self.home.get(at) or self.graph.states[at].edges[-1]

    def _at(self, turn: Turn) -> int:
        """The state of a turn; a KeyError would mean that the walk has missed one."""
        wanted = key(turn.session, self.graph.watched, self.graph.cap_ms)
        return self.graph.index[(*wanted, type(turn.command))]


def _home(graph: Graph) -> dict[int, Edge]:
    """For each state the first edge of a shortest way to the end of a call."""
    sources: list[list[tuple[int, Edge]]] = [[] for _ in graph.states]
    for at, state in enumerate(graph.states):
        for edge in state.edges:
            if in_good_order(edge):
                sources[edge.to].append((at, edge))
    home: dict[int, Edge] = {}
    queue = deque(at for at, state in enumerate(graph.states) if isinstance(state.command, (End, Enqueue)))
    while queue:
        for source, edge in sources[queue.popleft()]:
            if source not in home:
                home[source] = edge
                queue.append(source)
    return home
