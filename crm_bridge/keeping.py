"""What is about people is kept for a time, then deleted: one table of what is kept how long (FAULTS J5).

A call that stands in the journal, what was heard in it and what queues did with it go together. Counts of the flows
hold no people (``traffic``); the chain of what was published is never cut (``flow_audit``); faxes have times of their
own (``fax_jobs.forget``), and so have passwords' tries, which this only sweeps up after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Connection, delete, select

from crm_bridge import schema
from crm_bridge.call_backs import call_backs
from crm_bridge.queue_events import queue_events
from crm_bridge.receptions import missed_calls, receptions
from crm_bridge.shifts import shift_log
from crm_bridge.staff import staff_audit

BATCH: Final = 500  # rows deleted in one transaction: nobody waits long for it


@dataclass(frozen=True, slots=True)
class Before:
    """Older than these instants, seconds since 1970, is deleted: calls, records of reception, who looked at what."""

    calls: float
    receptions: float
    audits: float


AGED: Final[tuple[tuple[Column[float], str], ...]] = (
    (queue_events.c.at, "calls"),
    (missed_calls.c.at, "calls"),
    (call_backs.c.asked, "calls"),
    (schema.languages.c.at, "calls"),
    (schema.effects.c.at, "calls"),
    (schema.outbox.c.created, "calls"),
    (schema.tries.c.at, "calls"),
    (receptions.c.at, "receptions"),
    (shift_log.c.at, "audits"),
    (staff_audit.c.at, "audits"),
)


def forget(connection: Connection, before: Before, most: int = BATCH) -> Mapping[str, int]:
    """Delete the oldest of what is too old, at most ``most`` rows of a table; table -> how many, where any were.

    Once more when a table gave ``most``. Run it as a write.
    """
    gone = {"calls": _calls(connection, before.calls, most)}
    for at, kept in AGED:
        gone[at.table.name] = _rows(connection, at, getattr(before, kept), most)
    return {name: count for name, count in gone.items() if count}


def _calls(connection: Connection, before: float, most: int) -> int:
    own = schema.calls.c
    old = list(connection.scalars(select(own.call).where(own.started < before).order_by(own.started).limit(most)))
    connection.execute(delete(schema.trail).where(schema.trail.c.call.in_(old)))
    connection.execute(delete(schema.calls).where(own.call.in_(old)))
    return len(old)


def _rows(connection: Connection, at: Column[float], before: float, most: int) -> int:
    (key,) = at.table.primary_key.columns
    old = list(connection.scalars(select(key).where(at < before).order_by(at).limit(most)))
    connection.execute(delete(at.table).where(key.in_(old)))
    return len(old)
