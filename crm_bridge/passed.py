"""Which calls took a way: found in the journal, newest first, by the very rule that counts them (``traffic``).

Notes are text to the database, so it can only leave out calls that surely did not come by. A question looks at so many
calls and no more; where it stopped is told, and asking again from there goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from crm_bridge.journal import CallRecord, as_record, joined_calls
from crm_bridge.schema import calls, trail
from crm_bridge.traffic import Span, count_notes

MOST: Final = 30  # calls in one answer
STRIDE: Final = 1_000  # calls that are looked at together
MOST_STRIDES: Final = 20
Cursor = tuple[float, str]  # started, call


@dataclass(frozen=True, slots=True)
class Way:
    """A place of a flow, and what was done there: a word of ``traffic.WHATS``, with the name of an ``exit``."""

    flow: str
    node: str
    what: str = "entered"
    exit: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """Calls, newest first; ``before``: from where to go on, None when nothing is left."""

    records: tuple[CallRecord, ...]
    before: Cursor | None


def passed(connection: Connection, span: Span, way: Way, before: Cursor | None = None) -> Passed:
    """The finished calls of a span that took the way; ``span.version`` by its beginning, "" for all."""
    found: list[CallRecord] = []
    for _ in range(MOST_STRIDES):
        marks = _stride(connection, span, before)
        if not marks:
            return Passed(tuple(found), None)
        for record in _likely(connection, way, (marks[0], marks[-1])):
            if count_notes(record.notes)[way.flow, way.node, way.what, way.exit]:
                found.append(record)
                if len(found) == MOST:
                    return Passed(tuple(found), (record.started.timestamp(), record.call))
        if len(marks) < STRIDE:
            return Passed(tuple(found), None)
        before = marks[-1]
    return Passed(tuple(found), before)


def _stride(connection: Connection, span: Span, before: Cursor | None) -> list[Cursor]:
    """The next calls to look at, without their notes."""
    wanted = [calls.c.started >= span.since, calls.c.started <= span.until, calls.c.ended.is_not(None)]
    if span.version:
        wanted.append(calls.c.version.startswith(span.version, autoescape=True))
    if before is not None:
        wanted.append(or_(calls.c.started < before[0], and_(calls.c.started == before[0], calls.c.call < before[1])))
    statement = select(calls.c.started, calls.c.call).where(*wanted)
    rows = connection.execute(statement.order_by(calls.c.started.desc(), calls.c.call.desc()).limit(STRIDE))
    return [(float(started), str(call)) for started, call in rows]


def _likely(connection: Connection, way: Way, ends: tuple[Cursor, Cursor]) -> list[CallRecord]:
    """Those between two marks whose notes name the place at all."""
    (newest, first), (oldest, last) = ends
    place = f'"flow":"{way.flow}","node":"{way.node}"'
    wanted = (
        calls.c.started.between(oldest, newest),
        or_(calls.c.started < newest, calls.c.call <= first),
        or_(calls.c.started > oldest, calls.c.call >= last),
        trail.c.notes.contains(place, autoescape=True),
    )
    statement = joined_calls().where(*wanted).order_by(calls.c.started.desc(), calls.c.call.desc())
    return [as_record(row) for row in connection.execute(statement)]


def begun(connection: Connection, ids: Sequence[str]) -> list[CallRecord]:
    """What is known of calls that are under way, newest first."""
    wanted: Any = calls.c.call.in_(ids[:STRIDE])
    statement = joined_calls(notes=False).where(wanted).order_by(calls.c.started.desc()).limit(MOST)
    return [as_record(row) for row in connection.execute(statement)]
