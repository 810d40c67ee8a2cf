"""Who sits where, in which state: kept so that a server that comes back knows its people; and what they did, as a log.

The value of a shift is the agents' room's own, as JSON; this file only keeps the newest one of each name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Connection, Float, Index, Integer, String, Table, Text, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import metadata

KEPT_S: Final = 400 * 86_400.0

shifts = Table(
    "shifts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("value", Text, nullable=False),  # JSON
)
shift_log = Table(
    "shift_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(80), nullable=False),
    Index("shift_log_of_name", "name", "at"),
)


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's place: ``at`` is seconds since 1970 UTC, ``value`` plain JSON."""

    name: str
    state: str
    at: float
    reason: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)


def keep(connection: Connection, shift: Shift) -> None:
    """The newest of this name; a state that is another one than before goes into the log."""
    before = connection.execute(select(shifts.c.state, shifts.c.value).where(shifts.c.name == shift.name)).first()
    row = {"state": shift.state, "at": shift.at, "value": json.dumps(dict(shift.value), ensure_ascii=False)}
    own = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = own(shifts).values(name=shift.name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
    old = (before.state, json.loads(before.value).get("reason", "")) if before else ("signed_out", "")
    if old != (shift.state, shift.reason):
        connection.execute(
            insert(shift_log).values(name=shift.name, at=shift.at, state=shift.state, reason=shift.reason[:80])
        )


def everybody(connection: Connection) -> tuple[Shift, ...]:
    """The newest of each who is signed in."""
    found = connection.execute(select(shifts).where(shifts.c.state != "signed_out").order_by(shifts.c.name))
    return tuple(Shift(row.name, row.state, row.at, value=json.loads(row.value)) for row in found)


def log_of(connection: Connection, name: str, since: float) -> tuple[tuple[float, str, str], ...]:
    """(at, state, reason) since then, in order."""
    columns = (shift_log.c.at, shift_log.c.state, shift_log.c.reason)
    mine = select(*columns).where(shift_log.c.name == name, shift_log.c.at >= since)
    return tuple((row.at, row.state, row.reason) for row in connection.execute(mine.order_by(shift_log.c.id)))


def forget(connection: Connection, now: float) -> None:
    """The log beyond its keep time."""
    connection.execute(delete(shift_log).where(shift_log.c.at < now - KEPT_S))
