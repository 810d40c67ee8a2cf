"""The run: changed flows through the gate, and what passes under random callers (``make mutations``).

The gate is the one of publishing: files looked at, read, inspected, every turn walked. It must never fail itself, and
what it lets pass must hold: a call ends whatever its caller does, silence ends it, a person is two keys away at most
from wherever keys are taken, key 0 leads to one by itself, no turn needs what the call has not learnt,
no secret is noted.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from flows.explorer import explore
from flows.exploring.answers import SECRET, answers_to
from flows.exploring.limits import Limits
from flows.facts import Fact
from flows.flow import Library, World
from flows.inspecting import inspect
from flows.interpreter import BUDGET, LIMIT, advance, start
from flows.reading import read_folder
from flows.session import Offer, Turn
from flows.turns import Collect, End, Enqueue, Event, Failed, HungUp, Keyed, NoInput, Play, Played
from ivr_server.library import world_of
from ivr_server.publishing.naming import FLOWS, PROMPTS, under, unfit
from marked_yaml import Mistakes
from prompts import catalogue
from tests.mutations.changing import changed
from tests.publishing.small import GROUND, files

CALLERS: Final = 8
STATES: Final = 20_000
LOOKED_AT: Final = 4_000  # turns ahead, for a person
Verdict = str  # files | read | walked | holds


class Escaped(AssertionError):
    """A flow that the gate let pass and that does not hold."""


@dataclass(slots=True)
class Run:
    """What became of the flows so far; ``passed`` holds what was walked, so that the same is walked once."""

    world: World
    counts: Counter[Verdict] = field(default_factory=Counter)
    walked: dict[str, bool] = field(default_factory=dict)

    def one(self, seed: int) -> Verdict:
        """One flow, changed; Escaped when a bad one passed, anything else raised is the gate's own failure."""
        draw = random.Random(seed)
        whole = files()
        name = draw.choice(sorted(under(whole, FLOWS)))
        whole[name] = changed(draw, whole[name])
        verdict = self._verdict(whole, draw)
        self.counts[verdict] += 1
        return verdict

    def _verdict(self, whole: dict[str, str], draw: random.Random) -> Verdict:
        if any(unfit(whole)):
            return "files"
        try:
            library = read_folder(under(whole, FLOWS), self.world)
        except Mistakes:
            return "read"
        if any(not problem.warning for problem in inspect(library)):
            return "read"
        if not self._walk(library):
            return "walked"
        for root in (name for name, flow in library.flows.items() if flow.always):
            hold(library, root, draw)
        return "holds"

    def _walk(self, library: Library) -> bool:
        """Whether every turn holds; flows that are alike but for their notes are walked once."""
        alike = repr(sorted(library.flows.items()))
        if alike not in self.walked:
            roots = [name for name, flow in library.flows.items() if flow.always]
            limits = Limits(states=STATES)
            self.walked[alike] = bool(roots) and not any(explore(library, root, limits).findings for root in roots)
        return self.walked[alike]


def world() -> World:
    """What the flows may name."""
    return world_of(catalogue.read_all(under(files(), PROMPTS)), GROUND.queues)


def hold(library: Library, root: str, draw: random.Random) -> None:
    """Random callers, one who is silent, and one who wants a person, each from the start. Raises Escaped."""
    for _ in range(CALLERS):
        _until_the_end(library, root, lambda turn: draw.choice(answers_to(library, turn.command)), draw)
    _until_the_end(library, root, _silent, draw)
    for keys in (1, 3, 6):
        _asks_for_a_person(library, root, keys, draw)


def _offer(library: Library, root: str, draw: random.Random) -> Turn:
    facts = (("caller", Fact("digits", "13800138000")),) if draw.random() < 0.8 else ()
    return start(library, Offer("1", root, draw.choice(library.languages), facts))


def _until_the_end(library: Library, root: str, answer: object, draw: random.Random) -> None:
    turn = _offer(library, root, draw)
    for _ in range(LIMIT + 1):
        _looked_at(turn)
        if isinstance(turn.command, End | Enqueue):
            return
        turn = advance(library, turn.session, answer(turn))  # type: ignore[operator]
    raise Escaped(f"{root}: the call has no end")


def _looked_at(turn: Turn) -> None:
    for note in turn.notes:
        for name, value in note.detail:
            if SECRET in value:
                raise Escaped(f"{note.flow}.{note.node}: a secret is noted")
            if name == "fault" and (value.startswith("missing") or value in ("exit", "crash", "garbage")):
                raise Escaped(f"{note.flow}.{note.node}: {value}")


def _silent(turn: Turn) -> Event:
    """Says nothing, whatever they are asked; the world answers."""
    if isinstance(turn.command, Collect):
        return NoInput(turn.command.rule.first_ms)
    return Played() if isinstance(turn.command, Play) else HungUp()


def _asks_for_a_person(library: Library, root: str, keys: int, draw: random.Random) -> None:
    """So many keys at random; then a person is so many keys away at most, if the world answers well."""
    turn, pressed = _offer(library, root, draw), 0
    for _ in range(LIMIT + 1):
        if isinstance(turn.command, End | Enqueue):
            return
        if isinstance(turn.command, Collect):
            pressed += 1
            if pressed > keys:
                break
        events = [event for event in answers_to(library, turn.command) if not isinstance(event, HungUp)]
        turn = advance(library, turn.session, draw.choice(events))
    if not _person_near(library, turn):
        raise Escaped(f"{root}: from {turn.session.frames[-1].node} no person is near")
    if isinstance(turn.command, Collect) and not _human_key_leads(library, turn):
        raise Escaped(f"{root}: at {turn.session.frames[-1].node} key 0 leads to no queue")


def _human_key_leads(library: Library, turn: Turn) -> bool:
    """Whether key 0 leads to a queue with no other key when the world answers well; an option 0 may differ."""
    frame = turn.session.frames[-1]
    node = library.flows[frame.flow].nodes[frame.node]
    if "0" in getattr(node, "options", getattr(node, "choices", ())):
        return True
    work, seen = [advance(library, turn.session, Keyed("0", 1))], 0
    while work and seen < LOOKED_AT:
        here, seen = work.pop(), seen + 1
        if isinstance(here.command, Enqueue) or here.session.steps > BUDGET:
            return True
        if not isinstance(here.command, Collect | End):
            events = (event for event in answers_to(library, here.command) if not isinstance(event, HungUp | Failed))
            work += [advance(library, here.session, event) for event in events]
    return False


def _person_near(library: Library, turn: Turn) -> bool:
    """Whether a queue, or the end of a call that may not go on, is within the keys that are promised."""
    work, seen = [(turn, 0)], 0
    while work and seen < LOOKED_AT:
        here, keys = work.pop(0)
        for event in answers_to(library, here.command):
            cost = keys + isinstance(event, Keyed)
            if isinstance(event, HungUp | Failed) or cost > Limits().keys_to_human:
                continue
            after, seen = advance(library, here.session, event), seen + 1
            if isinstance(after.command, Enqueue) or after.session.steps > BUDGET:
                return True
            if not isinstance(event, NoInput):
                work.append((after, cost))
    return False


def main(count: int, first: int = 0) -> None:
    """So many, with progress; the figures at the end. Ends with an exception at the first that escaped."""
    run, began = Run(world()), time.perf_counter()
    for seed in range(first, first + count):
        try:
            run.one(seed)
        except Exception:
            print(f"seed {seed}", file=sys.stderr)
            raise
        if (seed + 1) % 1_000 == 0:
            print(f"{seed + 1 - first:,} of {count:,}: {dict(run.counts)}", file=sys.stderr, flush=True)
    took = time.perf_counter() - began
    print(f"{count:,} changed flows (seeds {first} to {first + count - 1}) in {took:.0f} s, none bad passed:")
    for verdict, told in TOLD.items():
        print(f"{run.counts[verdict]:>8,}  {told}")
    print(f"{len(run.walked):>8,}  different ones were walked")


TOLD: Final = {
    "files": "refused as files (names, sizes, secrets)",
    "read": "refused by reading and inspecting, with line and column",
    "walked": "refused by walking every turn",
    "holds": "passed, and held under random callers",
}

if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
