"""Calls as callers make them, through the real core, and as the journal keeps them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crm_bridge.journal import CallRecord
from flows.exploring.answers import HUNG_UP, answers_to
from flows.facts import Fact
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer
from flows.turns import Collect, End, Enqueue, NoInput
from ivr_server.calls.recording import as_row

BEGAN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def call(library: Library, seed: int, flow: str = "main", *, patience: float = 0.9) -> CallRecord:
    """One random call; ``patience``: how seldom they hang up where they could. A minute after the one before."""
    draw = random.Random(seed)
    facts = (("caller", Fact("digits", "13800138000")), ("dialled", Fact("digits", "10086")))
    turn = start(library, Offer(f"{seed}", flow, draw.choice(library.languages), facts[draw.random() < 0.1 :]))
    notes = list(turn.notes)
    while not isinstance(turn.command, End | Enqueue):
        events = answers_to(library, turn.command)
        event = draw.choice(events)
        while event is HUNG_UP and draw.random() < patience:
            event = draw.choice(events)
        if isinstance(event, NoInput) and isinstance(turn.command, Collect):
            event = replace(event, elapsed_ms=event.elapsed_ms + draw.randint(0, 25_000))
        turn = advance(library, turn.session, event)
        notes += turn.notes
    known = dict(turn.session.facts)
    last = dict(notes[-1].detail)
    return CallRecord(
        call=f"{seed}",
        started=BEGAN + timedelta(minutes=seed),
        ended=BEGAN + timedelta(minutes=seed, seconds=50),
        caller=str(known["caller"].value) if "caller" in known else "",
        dialled="10086",
        flow=flow,
        version=library.version,
        language=turn.session.language,
        disposition=turn.session.ended,
        queue=last.get("queue", ""),
        business=last.get("business", ""),
        notes=tuple(map(as_row, notes)),
    )
