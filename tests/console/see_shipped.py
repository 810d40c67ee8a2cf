"""A fortnight of likely calls on the shipped flows, in two versions: what the pictures of the documents are taken of.

Callers mostly choose what stands first, rarely err, and hang up less often since the welcome became shorter.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crm_bridge.journal import CallRecord
from flows.exploring.answers import answers_to
from flows.facts import Fact
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Frame, Offer, Session, Turn
from flows.turns import Answered, Collect, End, Enqueue, Event, Failed, HungUp, Keyed, NoInput
from ivr_server.calls.recording import as_row, business
from ivr_server.drafting import naming
from ivr_server.library import HOUSE
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.opening import house, opened
from ivr_server.publishing.versions import Version
from ivr_server.settings import Settings, Speech

CALLS = 900  # of each version
PATIENCE = (1.0, 0.4)  # how readily callers of each version hang up
INSIDE = (("main", "main_menu"),) * 4 + (("main", "ask_fees"), ("main", "welcome"))
GOOD = ("found", "right", "zh_cn", "none", "open", "free", "ok", "done", "proved", "no_password", "bill", "owed")


def shipped() -> dict[str, str]:
    """The files that are shipped."""
    return naming.in_folders(HOUSE / "flows" / "library", HOUSE / "prompts" / "library")


def second(settings: Settings) -> None:
    """Version 2 beside the first: some words are other."""
    opened(settings, lambda line: None)
    files = {**shipped()}
    files["prompts/en-US.yaml"] += "# the welcome became shorter\n"
    version = Version(author="lin", reason="A shorter welcome", at=datetime.now(UTC).timestamp(), source="studio")
    house(settings).versions.publish(files, version, 1, Deed(0, version.at, "lin", "publish", 0, version.reason))


def likely(library: Library, seed: int, leaves: float) -> CallRecord:
    """One call of somebody who knows more or less what they want."""
    draw = random.Random(seed)
    facts = (("caller", Fact("digits", f"138{draw.randrange(10**8):08d}")), ("dialled", Fact("digits", "10010")))
    turn = start(library, Offer(f"17000{seed:05d}.1", "main", library.languages[0], facts))
    notes, turns = list(turn.notes), 0
    while not isinstance(turn.command, End | Enqueue):
        events = answers_to(library, turn.command)
        weights = [weight(event, n, turn, leaves) for n, event in enumerate(events)]
        turn = advance(library, turn.session, draw.choices(events, weights)[0])
        notes, turns = notes + list(turn.notes), turns + 1
    seconds = 9 + 6 * turns + draw.randrange(12)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    rows = tuple(as_row(note) for note in notes)
    queue = turn.command.queue if isinstance(turn.command, Enqueue) else ""
    return CallRecord(
        call=f"17000{seed:05d}.1",
        started=began,
        ended=began + timedelta(seconds=seconds),
        caller=str(facts[0][1].value),
        dialled="10010",
        flow="main",
        version=library.version,
        language=turn.session.language,
        disposition=turn.session.ended,
        queue=queue,
        business=business(notes),
        notes=rows,
    )


def weight(event: Event, n: int, turn: Turn, leaves: float) -> float:
    """How likely this is next to the others that could happen."""
    if isinstance(event, HungUp):
        return leaves if isinstance(turn.command, Collect) else leaves / 3
    if isinstance(event, Failed):
        return 0.02
    if isinstance(event, NoInput):
        return 0.9
    if isinstance(event, Answered):
        return 20.0 if event.outcome in GOOD else 2.0
    if isinstance(event, Keyed):
        return 14.0 if len(event.keys) > 5 else 12.0 / (n + 1) if event.keys else 0.3
    return 30.0


def days(library: Library, tag: str, number: int) -> list[Any]:
    """A week of them, busiest before noon and in the afternoon; version 2 is this week's."""
    draw = random.Random(number)
    end = datetime.now(UTC) - timedelta(days=7 * (2 - number))
    made = []
    for seed in range(CALLS * number, CALLS * number + CALLS):
        busy = draw.choice((draw.gauss(10, 1.6), draw.gauss(15.5, 2.2), draw.uniform(7, 22)))  # in Shanghai
        day = (end - timedelta(days=draw.randrange(7))).replace(hour=0, minute=0, second=0)
        at = day + timedelta(hours=busy - 8)
        at = at if at < end else at - timedelta(days=1)
        one = likely(library, seed, PATIENCE[number - 1])
        lasted = (one.ended or one.started) - one.started
        made.append(replace(one, version=tag, started=at, ended=at + lasted))
    return made


def inside(tag: str) -> list[Session]:
    """Who is on the line."""
    return [Session(f"now-{n}", tag, (Frame(*place),), "zh-CN") for n, place in enumerate(INSIDE)]


def laid_out(folder: Path) -> Settings:
    """Settings over a copy of the shipped files, with both versions."""
    for name, text in shipped().items():
        path = folder / "git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    speech = Speech(library=str(folder / "git" / "prompts"))
    settings = Settings(state=str(folder / "state"), flows=str(folder / "git" / "flows"), speech=speech)
    second(settings)
    return settings
