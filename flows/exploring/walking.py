"""One walk through every state of a root flow.

The walk begins with the call's first turn and answers each state's command in every representative way (``answers``),
through the interpreter's own ``advance``: what is explored is what runs. A state (``keys``) is entered once; its
session keeps the facts that *all* paths to it have in common, so when a path arrives that knows less, the state forgets
the rest and is answered again. What is missing then is missing on a real path.

Budgets are spent in one stroke: beside an answer there is the same answer given on the last turn of the call, on the
very last (for ``#`` at each place that takes keys, and for each new set of facts), and as the tenth wrong entry. So a
path of 200 turns costs one edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from flows.exploring.answers import HUNG_UP, answers_to
from flows.exploring.keys import Key, key
from flows.exploring.limits import Limits
from flows.facts import Facts
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer, Session, Turn
from flows.turns import Command, Event, Keyed

Told = Callable[[int, int], None]
REPEAT: Final = Keyed("", 0)


class TooMany(Exception):
    """The walk has no end within its limits; the message says which."""


class Broken(Exception):
    """The interpreter itself failed: our fault, shown with the call that does it."""

    def __init__(self, source: int, event: Event, spent: str) -> None:
        super().__init__(source, event, spent)
        self.source, self.event, self.spent = source, event, spent


class Watch(Exception):
    """Facts whose presence or kind must be part of a state after all; the walk begins anew with them."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(*names)
        self.names = frozenset(names)


@dataclass(frozen=True, slots=True)
class Edge:
    """One answer to a state, and where it leads. ``spent``: the budget used up with it, or ""; ``wrong``: a miss."""

    event: Event
    to: int
    spent: str = ""
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How a state was first reached: from which state, by which edge. The first states have none."""

    source: int
    edge: Edge


@dataclass(slots=True)
class State:
    """One state of the walk, with the facts that all paths to it know."""

    session: Session
    command: Command
    edges: list[Edge] = field(default_factory=list)
    step: Step | None = None
    waiting: bool = True  # to be answered (again)
    forgot: set[str] = field(default_factory=set)  # facts that some paths to it know and others do not


@dataclass(frozen=True, slots=True)
class Seen:
    """One turn as it happened in the walk, for the properties of single turns."""

    source: int  # -1: the first turn
    event: Event | None
    spent: str
    before: Session | None
    turn: Turn
    to: int


@dataclass(frozen=True, slots=True)
class Graph:
    """All states (0 is the first turn) and what was walked to find them."""

    library: Library
    offers: tuple[Offer, ...]
    watched: frozenset[str]
    states: list[State]
    index: dict[Key, int]
    roots: list[int]
    cap_ms: int
    turns: int

    def path(self, to: int) -> list[Step]:
        """The steps that first led to a state, from the first turn on."""
        steps = []
        step = self.states[to].step
        while step is not None:
            steps.append(step)
            step = self.states[step.source].step
        return steps[::-1]


class Walk:
    """The walk itself; ``look`` sees every turn, ``told`` hears how far it has come."""

    def __init__(self, library: Library, limits: Limits, watched: frozenset[str]) -> None:
        self.library, self.limits, self.watched = library, limits, watched
        self.states: list[State] = []
        self.turns = 0
        self._index: dict[Key, int] = {}
        self._queue: deque[int] = deque()
        self._spent: set[object] = set()

    def run(self, offers: tuple[Offer, ...], look: Callable[[Seen], None], told: Told) -> Graph:
        """Everything reachable from the offers. Raises TooMany and Watch."""
        roots = []
        for offer in offers:
            turn = start(self.library, offer)
            roots.append(self._arrive(turn, None))
            look(Seen(-1, None, "", None, turn, roots[-1]))
        while self._queue:
            number = self._queue.popleft()
            self._answer(number, look)
            if number % 512 == 0:
                told(len(self.states), len(self._queue))
        found = (self.states, self._index, roots)
        return Graph(self.library, offers, self.watched, *found, self.limits.wait_ms, self.turns)

    def _answer(self, number: int, look: Callable[[Seen], None]) -> None:
        """Give one state all its answers, and take its edges anew."""
        state = self.states[number]
        state.edges, state.waiting = [], False
        for event in answers_to(self.library, state.command):
            turn = self._take(number, event, "", look)
            if event is HUNG_UP:
                continue
            if turn.session.wrong > state.session.wrong:
                self._take(number, event, "wrong", look)
            if event == REPEAT or self._is_new(turn):
                self._take(number, event, "turns", look)
                self._take(number, event, "hard_turns", look)

    def _is_new(self, turn: Turn) -> bool:
        """Whether a call with these facts has not spent its turns before: where it goes then depends on them alone."""
        told = (turn.session.frames[0].flow if turn.session.frames else "", frozenset(dict(turn.session.facts)))
        if told in self._spent:
            return False
        self._spent.add(told)
        return True

    def _take(self, number: int, event: Event, spent: str, look: Callable[[Seen], None]) -> Turn:
        """One edge: advance, arrive, and let the turn be looked at."""
        before = self._poorer(self.states[number].session, spent)
        try:
            turn = advance(self.library, before, event)
        except Exception as fault:
            raise Broken(number, event, spent) from fault
        self.turns += 1
        here = self.states[number]
        to = self._arrive(turn, (number, event, spent))
        here.edges.append(Edge(event, to, spent, turn.session.wrong > before.wrong))
        look(Seen(number, event, spent, before, turn, to))
        return turn

    def _poorer(self, session: Session, spent: str) -> Session:
        """The session with one budget at its last unit."""
        if spent == "wrong":
            return replace(session, wrong=self.limits.wrong - 1)
        if spent:
            return replace(session, steps=(self.limits.turns if spent == "turns" else self.limits.hard_turns) - 1)
        return session

    def _arrive(self, turn: Turn, origin: tuple[int, Event, str] | None) -> int:
        """The state of a turn: a new one, or a known one that may have to forget something."""
        session = turn.session
        wanted = (*key(session, self.watched, self.limits.wait_ms), type(turn.command))
        number = self._index.get(wanted)
        if number is None:
            return self._enter(wanted, turn, origin)
        if not session.ended and session.facts != self.states[number].session.facts:
            self._forget(number, turn)
        return number

    def _enter(self, wanted: Key, turn: Turn, origin: tuple[int, Event, str] | None) -> int:
        number = len(self.states)
        if number >= self.limits.states:
            raise TooMany(f"more than {self.limits.states} states, so nothing is proved")
        if len(turn.session.frames) > self.limits.depth:
            within = " > ".join(frame.flow for frame in turn.session.frames[-3:])
            raise TooMany(f"sub-flows lead into each other without end ({within}), so nothing is proved")
        silent = min(turn.session.silent_ms, self.limits.wait_ms)
        state = State(replace(turn.session, wrong=0, steps=0, silent_ms=silent), turn.command)
        if origin is not None:
            state.step = Step(origin[0], Edge(origin[1], number, origin[2]))
        self._index[wanted] = number
        self.states.append(state)
        self._queue.append(number)
        return number

    def _forget(self, number: int, turn: Turn) -> None:
        """Keep only the facts that this arrival knows too; answer the state again if that is fewer."""
        state = self.states[number]
        came, held = dict(turn.session.facts), state.session.facts
        kept: Facts = tuple(one for one in held if one[0] in came)
        clash = [name for name, fact in kept if came[name].kind != fact.kind]
        if clash:
            raise Watch(clash)
        if len(kept) < len(held):
            state.forgot |= {name for name, _ in held} - came.keys()
            state.session, state.command = replace(state.session, facts=kept), turn.command
            if not state.waiting:
                state.waiting = True
                self._queue.append(number)
