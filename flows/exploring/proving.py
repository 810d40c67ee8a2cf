"""Properties of the whole walk, each proved on the graph of states, or refuted with the shortest path to the place.

- *Silent loops.* Take away every edge on which the caller presses a key; what is left must have no cycle. Silence is
  part of a state, so the windows of a silence are no cycle, unless they never lead anywhere else.
- *Waiting.* Without cycles there is a longest path, with each window as its length: the worst wait between two keys.
- *Dead ends.* Backwards from the last commands, without hang-ups, failures and spent budgets, every state is met.
- *A human.* Backwards from the queues, counting keys: each state that takes keys has its smallest number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.exploring.walking import Edge, Graph, State, Step
from flows.turns import Collect, End, Enqueue, Failed, HungUp, Keyed, NoInput


@dataclass(frozen=True, slots=True)
class Refuted:
    """A property that does not hold: in words, at which state, and how a call gets there."""

    text: str
    at: int
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The longest silence between two keys, and where it begins."""

    worst_ms: int
    at: int
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Humans:
    """The most keys that a human is away, and from where."""

    worst_keys: int
    path: tuple[Step, ...]


def dead_ends(graph: Graph) -> Iterator[Refuted]:
    """States from which no last command can be reached by keys, silence and answers: the first of each node."""
    ends = [at for at, state in enumerate(graph.states) if isinstance(state.command, (End, Enqueue))]
    reached = _backwards(graph, ends, in_good_order)
    yield from _firsts(graph, lambda at: at not in reached, "no end of the call can be reached from here")


def silent_loops(graph: Graph) -> tuple[list[Refuted], Waiting]:
    """Cycles without a key, and the worst wait where there are none."""
    order, left = _peel(graph)
    if left:
        loop = _loop(graph, left)
        text = "the call can go round here for ever without a key of the caller"
        return [Refuted(text, loop[0].source, (*graph.path(loop[0].source), *loop))], Waiting(0, 0, ())
    return [], _longest(graph, order)


def humans(graph: Graph, limit: int) -> tuple[list[Refuted], Humans]:
    """States that take keys and are more than ``limit`` keys from a queue; and the farthest of all."""
    away = _keys_to_queue(graph)
    asking = [at for at, state in enumerate(graph.states) if isinstance(state.command, Collect)]
    lost = {at for at in asking if at not in away}
    none = _firsts(graph, lost.__contains__, "no human can be reached from here")
    near = [at for at in asking if at in away]
    beyond = {at for at in near if away[at] > limit}
    far = _firsts(graph, beyond.__contains__, f"a human is more than {limit} keys away from here")
    worst = max(near, key=lambda at: away[at], default=None)
    found = Humans(0, ()) if worst is None else Humans(away[worst], tuple(graph.path(worst)))
    return [*none, *far], found


def in_good_order(edge: Edge) -> bool:
    """An edge that the caller or the flow takes: no hang-up, no failure, no spent budget."""
    return not edge.spent and not isinstance(edge.event, (HungUp, Failed))


def _to_a_human(edge: Edge) -> bool:
    """An edge on the way of a caller who wants a human: no waiting, no keys that are wrong."""
    return in_good_order(edge) and not isinstance(edge.event, NoInput) and not edge.wrong


def _without_key(edge: Edge) -> bool:
    """An edge that takes no key; a budget is spent once in a call, so that no way goes round by it."""
    return not isinstance(edge.event, (Keyed, HungUp)) and not edge.spent


def _sources(graph: Graph, wanted: Callable[[Edge], bool]) -> list[list[tuple[int, Edge]]]:
    """For each state, the states and edges that lead to it."""
    sources: list[list[tuple[int, Edge]]] = [[] for _ in graph.states]
    for at, state in enumerate(graph.states):
        for edge in state.edges:
            if wanted(edge):
                sources[edge.to].append((at, edge))
    return sources


def _backwards(graph: Graph, ends: list[int], wanted: Callable[[Edge], bool]) -> set[int]:
    sources, reached, queue = _sources(graph, wanted), set(ends), deque(ends)
    while queue:
        for source, _ in sources[queue.popleft()]:
            if source not in reached:
                reached.add(source)
                queue.append(source)
    return reached


def _keys_to_queue(graph: Graph) -> dict[int, int]:
    """The fewest keys from each state to a queue; states that reach none are left out. A 0-1 search backwards."""
    sources = _sources(graph, _to_a_human)
    away = {at: 0 for at, state in enumerate(graph.states) if isinstance(state.command, Enqueue)}
    queue = deque(away)
    while queue:
        at = queue.popleft()
        for source, edge in sources[at]:
            keys = max(1, edge.event.length) if isinstance(edge.event, Keyed) else 0
            if away[at] + keys < away.get(source, 1_000_000):
                away[source] = away[at] + keys
                (queue.append if keys else queue.appendleft)(source)
    return away


def _peel(graph: Graph) -> tuple[list[int], set[int]]:
    """States in an order in which every keyless edge leads to an earlier one; and the rest, which hold cycles."""
    sources = _sources(graph, _without_key)
    ahead = [sum(map(_without_key, state.edges)) for state in graph.states]
    order = [at for at, count in enumerate(ahead) if not count]
    for at in order:  # grows while it is walked
        for source, _ in sources[at]:
            ahead[source] -= 1
            if not ahead[source]:
                order.append(source)
    return order, set(range(len(graph.states))) - set(order)


def _loop(graph: Graph, left: set[int]) -> list[Step]:
    """One cycle among the states left over, beginning at the one of them that a call meets first."""
    at, steps, met = min(left), list[Step](), dict[int, int]()
    while at not in met:
        met[at] = len(steps)
        edge = next(edge for edge in graph.states[at].edges if _without_key(edge) and edge.to in left)
        steps.append(Step(at, edge))
        at = edge.to
    return steps[met[at] :]


def _longest(graph: Graph, order: list[int]) -> Waiting:
    """The longest keyless path, each silence counting its window."""
    wait, onward = [0] * len(graph.states), dict[int, Edge]()
    for at in order:
        state = graph.states[at]
        for edge in filter(_without_key, state.edges):
            total = wait[edge.to] + _window(state, edge)
            if total > wait[at]:
                wait[at], onward[at] = total, edge
    worst = max(range(len(wait)), key=wait.__getitem__)
    return Waiting(wait[worst], worst, (*graph.path(worst), *_onward(worst, onward)))


def _onward(at: int, onward: dict[int, Edge]) -> Iterator[Step]:
    while at in onward:
        yield Step(at, onward[at])
        at = onward[at].to


def _window(state: State, edge: Edge) -> int:
    return state.command.rule.first_ms if isinstance(edge.event, NoInput) and isinstance(state.command, Collect) else 0


def _firsts(graph: Graph, wrong: Callable[[int], bool], text: str) -> Iterator[Refuted]:
    """One finding for each node that has a wrong state: the first that the walk met."""
    told = set()
    for at, state in enumerate(graph.states):
        if wrong(at) and (place := _node(state)) not in told:
            told.add(place)
            yield Refuted(text, at, tuple(graph.path(at)))


def _node(state: State) -> tuple[str, str]:
    frame = state.session.frames[-1] if state.session.frames else None
    return (frame.flow, frame.node) if frame else ("", "")
