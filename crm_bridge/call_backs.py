"""Call-backs that keep a place in line: durable, each with its intent written before Asterisk is asked.

Theory. ``kept``: to be put into the queue in the caller's stead; ``placed``: that was asked for, and ``tries`` says how
often; then one of the ends: ``reached`` (the customer answered), ``missed`` (two calls, nobody answered), ``given_up``
(it could not be done in time). The last two become wishes for people in the same transaction. An open one for the same
number and queue is the same wish; what changes a row names the state that it changes, so that two servers do not undo
each other. ``asked`` (seconds since 1970) and ``id`` are the order in which they are served.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Float, Index, Integer, String, Table, select, text, update

from crm_bridge.ledger import Letter, OwnLedger
from crm_bridge.schema import metadata

OPEN: Final = ("kept", "placed")
TOLD_S: Final = 24 * 3_600.0  # how long a missed one is told to the caller
_ONE_AT_A_TIME: Final = 0x1_4C14  # PostgreSQL advisory lock; SQLite's writers wait by themselves

call_backs = Table(
    "call_backs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(24), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("place", Integer, nullable=False),
    Column("language", String(12), nullable=False),
    Column("call", String(80), nullable=False),
    Column("trail", String(80), nullable=False),
    Column("business", String(60), nullable=False),
    Column("identity", String(12), nullable=False),
    Column("asked", Float(53), nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
    Column("changed", Float(53), nullable=False),
    Column("heard", Boolean, nullable=False),
    Index("call_backs_by_state", "state", "asked"),
    Index("call_backs_of_number", "number", "asked"),
)
_C: Final = call_backs.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCallBack:
    """A wish. ``call``: the caller's channel, ``trail``: the id of the call's first leg."""

    number: str
    queue: str
    place: int
    language: str
    call: str
    trail: str
    business: str
    identity: str
    asked: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackRow:
    """One as it is kept.

    ``tries``: how often it was put into a queue; ``unanswered``: how often the customer did not answer; ``changed``:
    when its state last changed.
    """

    id: int
    number: str
    queue: str
    place: int
    language: str
    call: str
    trail: str
    business: str
    identity: str
    asked: float
    state: str
    tries: int
    unanswered: int
    changed: float
    heard: bool


def put(connection: Connection, new: NewCallBack) -> CallBackRow:
    """Keep a wish; an open one of this number in this queue stays as it is, with the place it has."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    same = (_C.number == new.number) & (_C.queue == new.queue) & _C.state.in_(OPEN)
    known = connection.execute(select(call_backs).where(same)).first()
    if known is not None:
        return _row(known)
    values = {one.name: getattr(new, one.name) for one in fields(new)}
    blank = {"state": "kept", "tries": 0, "unanswered": 0, "changed": new.asked, "heard": False}
    found = connection.execute(call_backs.insert().values(**values, **blank).returning(call_backs)).one()
    return _row(found)


def open_ones(connection: Connection) -> list[CallBackRow]:
    """Those that are not at their end, in the order in which they are served."""
    rows = connection.execute(select(call_backs).where(_C.state.in_(OPEN)).order_by(_C.asked, _C.id))
    return [_row(row) for row in rows]


def place(connection: Connection, row: CallBackRow, now: float) -> bool:
    """The intent to put it into its queue once more; False when somebody else was quicker."""
    changes = {"state": "placed", "tries": row.tries + 1, "changed": now}
    return _changed(connection, row, changes)


def keep_again(connection: Connection, row: CallBackRow, now: float) -> bool:
    """Back to be placed: Asterisk does not have it any more, or never took it."""
    return _changed(connection, row, {"state": "kept", "changed": now})


def unanswered(connection: Connection, row: CallBackRow, now: float) -> bool:
    """The customer did not answer: once more, at the head of the line, or it is a wish for people."""
    if row.unanswered >= 1:
        return _ended(connection, row, ("missed", now))
    return _changed(connection, row, {"state": "kept", "unanswered": row.unanswered + 1, "place": 1, "changed": now})


def reached(connection: Connection, row: CallBackRow, now: float) -> bool:
    """The customer answered."""
    return _changed(connection, row, {"state": "reached", "changed": now})


def give_up(connection: Connection, row: CallBackRow, now: float) -> bool:
    """It could not be done: a wish for people."""
    return _ended(connection, row, ("given_up", now))


def state_of(connection: Connection, number: str, now: float) -> tuple[str, str]:
    """How the newest one of a number stands, for its next call: none, waiting or missed; and the number."""
    newest = select(call_backs).where(_C.number == number).order_by(_C.asked.desc(), _C.id.desc()).limit(1)
    found = connection.execute(newest).first()
    if found is None:
        return "none", ""
    if found.state in OPEN:
        return "waiting", number
    fresh = found.state == "missed" and not found.heard and now - found.changed < TOLD_S
    return ("missed", number) if fresh else ("none", "")


def heard(connection: Connection, number: str) -> None:
    """The caller was told of what was missed."""
    connection.execute(update(call_backs).where(_C.number == number, _C.state == "missed").values(heard=True))


def _ended(connection: Connection, row: CallBackRow, how: tuple[str, float]) -> bool:
    state, now = how
    if not _changed(connection, row, {"state": state, "unanswered": row.unanswered + 1, "changed": now}):
        return False
    wish = {"number": row.number, "queue": row.queue, "call": row.trail or row.call}
    content = json.dumps(wish, ensure_ascii=False, sort_keys=True)
    OwnLedger(connection).post(Letter(f"call_back-{row.id}", "call_back", row.number, content, now))
    return True


def _changed(connection: Connection, row: CallBackRow, changes: dict[str, Any]) -> bool:
    """Change it, if it is still as it was."""
    same = (_C.id == row.id) & (_C.state == row.state) & (_C.tries == row.tries)
    return connection.execute(update(call_backs).where(same).values(**changes)).rowcount == 1


def _row(row: Any) -> CallBackRow:
    return CallBackRow(**{one.name: getattr(row, one.name) for one in fields(CallBackRow)})
