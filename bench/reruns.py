"""What it costs to feed recorded calls to flows, beside a plain replay of the same turns: ``make bench-flows``.

The calls are random ones through the real core, kept and read as the journal keeps them. The plain replay only answers
each turn with the event that was recorded: no notes read back, no comparison. Figures are processor time, and a ratio.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm_bridge.database import Limits, engine_for
from crm_bridge.journal import store
from crm_bridge.versions import prepare
from flows.exploring.answers import HUNG_UP, answers_to
from flows.facts import Fact
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer
from flows.turns import End, Enqueue, Event
from ivr_server import library as libraries
from ivr_server.publishing import reruns
from tests.publishing.calling import BEGAN, call

COUNT, ROUNDS = 10_000, 3
SPAN = {"since": BEGAN.timestamp(), "until": BEGAN.timestamp() + 1e7, "flow": "", "most": COUNT}
Story = tuple[Offer, list[Event]]


def stories(library: Library, count: int) -> list[Story]:
    """Random calls as their events."""
    found = []
    for seed in range(count):
        draw = random.Random(seed)
        offer = Offer(str(seed), "main", draw.choice(library.languages), (("caller", Fact("digits", "13800138000")),))
        turn, events = start(library, offer), list[Event]()
        while not isinstance(turn.command, End | Enqueue):
            answers = answers_to(library, turn.command)
            event = draw.choice(answers)
            while event is HUNG_UP and draw.random() < 0.9:
                event = draw.choice(answers)
            turn = advance(library, turn.session, event)
            events.append(event)
        found.append((offer, events))
    return found


def replay(library: Library, told: list[Story]) -> int:
    """Every turn once more; how many."""
    turns = 0
    for offer, events in told:
        turn = start(library, offer)
        for event in events:
            turn = advance(library, turn.session, event)
        turns += len(events)
    return turns


def cost(work: Callable[[], Any]) -> float:
    """Its processor time, in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """The figures, a line each."""
    library = libraries.load_library(libraries.Sources())
    told = stories(library, COUNT)
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_for(f"sqlite:///{Path(folder) / 'ivr.db'}", Limits()).execution_options(write=True)
        with engine.connect() as connection:
            prepare(connection)
            store(connection, [call(library, seed) for seed in range(COUNT)])
            connection.commit()
            reading = cost(lambda: reruns.records(connection, SPAN))
            found = reruns.records(connection, SPAN)
        engine.dispose()
    turns, taken = replay(library, told), sum(int(record.notes[-1]["step"]) for record in found)
    ratios, costs = [], []
    for _ in range(ROUNDS):
        plain = cost(lambda: replay(library, told)) / turns
        costs.append(cost(lambda: reruns.grouped(library, found)))
        ratios.append(costs[-1] / taken / plain)
    result = reruns.grouped(library, found)
    spread = f"{statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f}, {ROUNDS} rounds)"
    print(f"{COUNT:,} calls of {taken:,} turns re-run in {statistics.median(costs):.1f} s of the processor,")
    print(f"read from the journal in {reading:.1f} s; {result['groups']['same']['count']:,} go the same way.")
    print(f"A turn costs {spread} that of a plain replay.")


if __name__ == "__main__":
    main()
