"""Every reachable turn of a root flow, and what holds in all of them.

A conversation is a pure function of session and event, a flow forks only on closed sets of exits, and facts never
choose an exit; so the turns of a flow are a finite graph once facts are reduced to which of them are known
(``exploring.keys``). The explorer walks that graph through the interpreter itself (``exploring.walking``), looks at
each turn (``exploring.spoken``) and then at the whole (``exploring.proving``). It proves that

- from every state the call can end, and a hang-up ends it anywhere;
- no path goes on for ever without a key, the call's budget of turns counts every turn and ends every call;
- silence between two keys adds up to the limit at most;
- a human is at most so many keys away wherever keys are taken;
- no secret is noted or spoken; every prompt exists in every language, with every slot known and of its kind.

What does not hold comes with a counter-example: the shortest call to that place, told as a dialogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from flows.exploring.answers import sample
from flows.exploring.covering import cover
from flows.exploring.keys import tested
from flows.exploring.limits import Limits
from flows.exploring.proving import Refuted, dead_ends, humans, silent_loops
from flows.exploring.spoken import Fault, faults
from flows.exploring.telling import replayed, story
from flows.exploring.walking import Broken, Edge, Graph, Seen, Step, TooMany, Walk, Watch
from flows.facts import plus
from flows.flow import Library, Problem
from flows.session import Offer, Turn
from flows.turns import Command, Event

__all__ = ["Finding", "Limits", "Report", "dialogues", "explore"]

Told = Callable[[int, int], None]
Turns = tuple[tuple[Edge | None, Turn], ...]  # of a call, each with the edge that led to it


@dataclass(frozen=True, slots=True)
class Finding:
    """A property that does not hold: the problem, and a call that shows it, line by line and as turns."""

    problem: Problem
    story: tuple[str, ...]
    turns: Turns = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return "\n".join((str(self.problem), *(f"    {line}" for line in self.story)))


@dataclass(frozen=True, slots=True)
class Report:
    """What a walk found. ``turns`` counts edges; ``farthest`` and ``longest`` tell a call to the worst places."""

    root: str
    states: int
    turns: int
    findings: tuple[Finding, ...]
    keys_to_human: int
    farthest: tuple[str, ...]
    wait_ms: int
    longest: tuple[str, ...]
    graph: Graph | None
    far_turns: Turns = field(default=(), compare=False, repr=False)
    long_turns: Turns = field(default=(), compare=False, repr=False)

    @property
    def problems(self) -> list[Problem]:
        """The findings' problems, without their stories."""
        return [finding.problem for finding in self.findings]


def explore(
    library: Library, root: str, limits: Limits | None = None, told: Told = lambda states, ahead: None
) -> Report:
    """Walk a root flow and prove or refute. ``told(states, still ahead)`` is called now and then."""
    return _Exploration(library, root, limits or Limits(), told).report()


def dialogues(report: Report, *, per_node: bool = False) -> Iterator[tuple[Offer, list[tuple[Command, Event]]]]:
    """Calls that together take every edge of the walk, to be replayed through other drivers.

    Each is an offer and the commands a driver must be given in turn, each with the event it must answer; after them
    the call has ended. ``per_node``: one edge for each node and answer is enough, whatever else is known at that time.
    """
    return cover(report.graph, per_node=per_node) if report.graph is not None else iter(())


class _Exploration:
    def __init__(self, library: Library, root: str, limits: Limits, told: Told) -> None:
        self.library, self.root, self.limits, self.told = library, root, limits, told
        self.offers = _offers(library, root)
        self.seen: dict[Fault, Seen] = {}

    def report(self) -> Report:
        """Walk, look at each turn, then at the whole."""
        watched = tested(self.library)
        try:
            graph = self._walk(watched)
            findings = self._of_turns(graph)
        except TooMany as limit:
            return self._given_up(str(limit))
        except Broken as broken:
            return self._given_up(f"the interpreter failed at {broken.event}: {broken.__cause__!r}")
        return self._of_graph(graph, findings)

    def _walk(self, watched: frozenset[str]) -> Graph:
        """The walk, begun anew with more facts in a state whenever it finds that they matter."""
        self.seen.clear()
        try:
            return Walk(self.library, self.limits, watched).run(self.offers, self._look, self.told)
        except Watch as more:
            return self._walk(watched | more.names)

    def _look(self, seen: Seen) -> None:
        for fault in faults(self.library, self.limits, seen):
            self.seen.setdefault(fault, seen)

    def _of_turns(self, graph: Graph) -> list[Finding]:
        """Findings of single turns. Where a fact must be missing, a walk that keeps it apart finds the call."""
        found = []
        for wanted, seen in list(self.seen.items()):
            steps = _edges(graph, seen)
            turns = self._shown(steps, wanted)
            if turns is None:
                turns = self._shown(self._apart(graph, seen, wanted), wanted) or self._replayed(steps)
            found.append(Finding(self._problem(wanted), story(turns), tuple(turns)))
        return found

    def _apart(self, graph: Graph, seen: Seen, wanted: Fault) -> list[Edge]:
        """The way to the same finding where the facts that were forgotten on the way are part of each state."""
        at, forgot = seen.source, set()
        while at >= 0:
            forgot |= graph.states[at].forgot
            step = graph.states[at].step
            at = step.source if step else -1
        before = dict(self.seen)
        finer = self._walk(graph.watched | forgot)
        again = self.seen.get(wanted)
        self.seen = before
        return _edges(finer, again) if again else []

    def _shown(self, edges: list[Edge], wanted: Fault) -> list[tuple[Edge | None, Turn]] | None:
        """The replay of these edges by the first offer whose last turn has this very fault."""
        for offer in self.offers:
            turns = replayed(self.library, offer, self.limits, edges)
            if wanted in _faults_of(self.library, self.limits, turns):
                return turns
        return None

    def _replayed(self, edges: Iterable[Edge]) -> list[tuple[Edge | None, Turn]]:
        """The replay by the offer that goes along with it the farthest."""
        return max((replayed(self.library, offer, self.limits, edges) for offer in self.offers), key=len)

    def _of_graph(self, graph: Graph, findings: list[Finding]) -> Report:
        loops, waiting = silent_loops(graph)
        lost, far = humans(graph, self.limits.keys_to_human)
        refuted = [*dead_ends(graph), *loops, *lost]
        if waiting.worst_ms > self.limits.wait_ms:
            text = f"a caller may wait {waiting.worst_ms // 1000} s without a key"
            refuted.append(Refuted(text, waiting.at, waiting.path))
        findings += [self._finding(graph, one) for one in refuted]
        tales = (self._tale(far.path), self._tale(waiting.path))
        figures = (far.worst_keys, story(tales[0]), waiting.worst_ms, story(tales[1]))
        return Report(self.root, len(graph.states), graph.turns, tuple(findings), *figures, graph, *tales)

    def _finding(self, graph: Graph, refuted: Refuted) -> Finding:
        frames = graph.states[refuted.at].session.frames
        place = (frames[-1].flow, frames[-1].node) if frames else (self.root, "")
        turns = self._tale(refuted.path)
        return Finding(self._problem(Fault(*place, refuted.text)), story(turns), turns)

    def _tale(self, path: Iterable[Step]) -> Turns:
        return tuple(self._replayed([step.edge for step in path]))

    def _given_up(self, text: str) -> Report:
        return Report(self.root, 0, 0, (Finding(self._problem(Fault(self.root, "", text)), ()),), 0, (), 0, (), None)

    def _problem(self, fault: Fault) -> Problem:
        flow = self.library.flows[fault.flow]
        place = flow.marks.key(("nodes", fault.node) if fault.node else ("flow",))
        return Problem(flow.file, *place, fault.text, node=fault.node)


def _offers(library: Library, root: str) -> tuple[Offer, ...]:
    """A call with its number, and one that withholds it."""
    dialled = ("dialled", sample(library, "digits"))
    language = library.languages[0] if library.languages else ""
    known = plus((), (dialled, ("caller", sample(library, "digits"))))
    return tuple(Offer("explored", root, language, facts) for facts in (known, (dialled,)))


def _edges(graph: Graph, seen: Seen) -> list[Edge]:
    """The edges to a turn that was seen, its own the last."""
    if seen.source < 0 or seen.event is None:
        return []
    return [*(step.edge for step in graph.path(seen.source)), Edge(seen.event, seen.to, seen.spent)]


def _faults_of(library: Library, limits: Limits, turns: list[tuple[Edge | None, Turn]]) -> set[Fault]:
    """The faults of the last of these turns."""
    edge, turn = turns[-1]
    before = turns[-2][1].session if len(turns) > 1 else None
    event, spent = (edge.event, edge.spent) if edge else (None, "")
    return set(faults(library, limits, Seen(0, event, spent, before, turn, 0)))
