"""How callers use the flows: counts by hour, version, flow, node and exit, added up from the journal's notes.

Each finished call is counted once, whatever happens: what was counted stands in ``flow_tallied`` beside the counts, in
one transaction. Counting again gives nothing, so it is done in batches whenever there is time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Float, Integer, String, Table, and_, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import calls, metadata, trail

HOUR_S: Final = 3_600
BATCH: Final = 500
KEPT_S: Final = 400 * 86_400.0  # counts
TALLIED_S: Final = 35 * 86_400.0  # which calls were counted; older ones are not looked at any more
LONGEST: Final = {"version": 80, "flow": 64, "node": 64, "exit": 64}

flow_traffic = Table(
    "flow_traffic",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),  # seconds since 1970 of its beginning
    Column("version", String(80), primary_key=True),  # as the journal has it
    Column("flow", String(64), primary_key=True),
    Column("node", String(64), primary_key=True),
    Column("what", String(10), primary_key=True),  # a word of WHATS
    Column("exit", String(64), primary_key=True),  # of "exit": its name; else ""
    Column("count", Integer, nullable=False),
)
flow_tallied = Table(
    "flow_tallied",
    metadata,
    Column("call", String(80), primary_key=True),
    Column("started", Float(53), nullable=False, index=True),
)
WHATS: Final = ("entered", "chosen", "wrong", "silent", "left", "human", "exit")
Key = tuple[str, str, str, str]  # flow, node, what, exit


@dataclass(frozen=True, slots=True)
class Counted:
    """So many at one place."""

    flow: str
    node: str
    what: str
    exit: str
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """Which counts: from an hour to another; versions by their beginning ("7-"); flow; node; "" for all."""

    since: float
    until: float
    version: str = ""
    flow: str = ""
    node: str = ""


def count_notes(notes: Sequence[Mapping[str, Any]]) -> Counter[Key]:
    """What one call did. A visit is an unbroken row of notes at one node."""
    found: Counter[Key] = Counter()
    here = ("", "")
    for note in notes:
        if note.get("what") == "answered" and note.get("heard") == "no":
            continue  # a write that was finished after they had left
        place = (str(note.get("flow", "")), str(note.get("node", "")))
        if place != here:
            found[*place, "entered", ""] += 1
            here = place
        for what, exit_ in _counts(note):
            found[*place, what, exit_] += 1
    return found


def _counts(note: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What a note adds to its node."""
    what = note.get("what")
    if what == "chosen":
        key = str(note.get("answer") or note.get("key", ""))
        return ("chosen", ""), ("exit", key)
    if what == "entered":
        return ("chosen", ""), ("exit", "to")
    if what == "answered":
        return (("exit", str(note.get("outcome", ""))),)
    if what in ("wrong", "silent"):
        return ((str(what), ""),)
    if what == "hung_up":
        return (("left", ""),)
    if what == "failed":
        return (("exit", "failed"),)
    if what == "went":
        to = str(note.get("to", ""))
        return (("exit", to), ("human", "")) if to in ("human", "tired") else (("exit", to),)
    return (("human", ""),) if what == "ended" and "queue" in note else ()


def tally(connection: Connection, since: float, now: float) -> int:
    """Count finished calls that were not counted yet, BATCH at most, oldest first; how many. Run it as a write."""
    not_yet = ~exists().where(flow_tallied.c.call == calls.c.call)
    columns = (calls.c.call, calls.c.started, calls.c.version, trail.c.notes)
    rows = connection.execute(
        select(*columns)
        .join(trail, trail.c.call == calls.c.call)
        .where(calls.c.started >= max(since, now - TALLIED_S), calls.c.ended.is_not(None), not_yet)
        .order_by(calls.c.started)
        .limit(BATCH)
    ).all()
    fresh = [row for row in rows if _mark(connection, row.call, row.started)]
    sums: Counter[tuple[int, str, str, str, str, str]] = Counter()
    for row in fresh:
        hour = int(row.started) // HOUR_S * HOUR_S
        for key, count in count_notes(json.loads(row.notes)).items():
            sums[hour, row.version[: LONGEST["version"]], *(word[:64] for word in key)] += count
    _add(connection, sums)
    return len(rows)


def _mark(connection: Connection, call: str, started: float) -> bool:
    """Whether it is ours to count: another server may count at the same time."""
    statement = _insert(connection, flow_tallied).on_conflict_do_nothing().values(call=call, started=started)
    return bool(connection.execute(statement).rowcount)


def _add(connection: Connection, sums: Mapping[tuple[int, str, str, str, str, str], int]) -> None:
    if not sums:
        return
    statement = _insert(connection, flow_traffic)
    names = ("hour", "version", "flow", "node", "what", "exit")
    more = {"count": flow_traffic.c.count + statement.excluded["count"]}
    upsert = statement.on_conflict_do_update(index_elements=names, set_=more)
    connection.execute(upsert, [{**dict(zip(names, key, strict=True)), "count": n} for key, n in sorted(sums.items())])


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


def forget_old(connection: Connection, now: float) -> None:
    """Counts past their keep time, and what says that long past calls were counted."""
    connection.execute(delete(flow_traffic).where(flow_traffic.c.hour < now - KEPT_S))
    connection.execute(delete(flow_tallied).where(flow_tallied.c.started < now - TALLIED_S - 86_400))


def counts(connection: Connection, span: Span) -> list[Counted]:
    """Sums over a span."""
    table = flow_traffic.c
    columns = (table.flow, table.node, table.what, table.exit)
    statement = select(*columns, func.sum(table.count)).where(_within(span)).group_by(*columns)
    return [Counted(*row[:4], int(row[4])) for row in connection.execute(statement)]


def hours(connection: Connection, span: Span) -> list[tuple[int, int]]:
    """Hour by hour, how often the flow was entered at its nodes."""
    table = flow_traffic.c
    entered = select(table.hour, func.sum(table.count)).where(_within(span), table.what == "entered")
    return [
        (int(hour), int(count)) for hour, count in connection.execute(entered.group_by(table.hour).order_by(table.hour))
    ]


def versions(connection: Connection, span: Span) -> list[str]:
    """The versions that have counts, as the journal names them."""
    table = flow_traffic.c
    return [row[0] for row in connection.execute(select(table.version).where(_within(span)).distinct())]


def course(connection: Connection, span: Span) -> list[tuple[int, str, str, int]]:
    """(hour, version, what, count) of a node, or of all; exits are not told apart, and left out."""
    table = flow_traffic.c
    columns = (table.hour, table.version, table.what)
    wanted = (_within(span), table.what != "exit")
    statement = select(*columns, func.sum(table.count)).where(*wanted).group_by(*columns).order_by(table.hour)
    return [(int(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in connection.execute(statement)]


def _within(span: Span) -> Any:
    table = flow_traffic.c
    first = int(span.since) // HOUR_S * HOUR_S
    wanted = [table.hour >= first, table.hour <= span.until]
    if span.version:
        wanted.append(table.version.startswith(span.version, autoescape=True))
    if span.flow:
        wanted.append(table.flow == span.flow)
    if span.node:
        wanted.append(table.node == span.node)
    return and_(*wanted)
