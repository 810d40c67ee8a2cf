"""What agents write down of the people they spoke to: receptions, saved as typed, and the calls they missed.

A reception's id is drawn from the call and the agent (or the page's own key and the agent), so that beginning it twice
gives one row (FAULTS I15). Each save names the version on which it was typed. The same save once more, whose answer was
lost, is told the version it made; one that comes upon somebody else's newer words is refused with what stands there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from sqlalchemy import Column, Connection, Float, Index, Integer, Row, String, Table, Text, desc, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import metadata

PLAIN: Final = ("business", "asked", "done", "follow_up", "follow_up_on", "form")  # fields that have columns
MOST_VALUES: Final = 60
LONGEST: Final = 4_000

receptions = Table(
    "receptions",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("call", String(80), nullable=False),  # "" when there was none
    Column("trail", String(80), nullable=False),  # the call in which it was asked for: another one for a call-back
    Column("agent", String(80), nullable=False),
    Column("shown", String(80), nullable=False),  # the agent's name as it is written
    Column("number", String(40), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("name", String(80), nullable=False),  # the customer's
    Column("queue", String(80), nullable=False),
    Column("at", Float(53), nullable=False),  # when it began
    Column("talk_s", Float(53), nullable=False),
    Column("version", Integer, nullable=False),
    Column("business", String(60), nullable=False),
    Column("form", String(40), nullable=False),
    Column("asked", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("follow_up", String(10), nullable=False),
    Column("follow_up_on", String(10), nullable=False),
    Column("values", Text, nullable=False),  # JSON: the form's own fields
    Column("given", String(80), nullable=False),  # the agent from whom the call came
    Index("receptions_by_time", "at"),
    Index("receptions_of_agent", "agent", "at"),
    Index("receptions_of_call", "call"),
    Index("receptions_of_trail", "trail"),
    Index("receptions_of_customer", "customer", "at"),
    Index("receptions_of_number", "number", "at"),
)
missed_calls = Table(
    "missed_calls",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("call", String(80), nullable=False),
    Column("agent", String(80), nullable=False),
    Column("number", String(40), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("business", String(60), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("why", String(20), nullable=False),  # missed | rejected | dropped
    Index("missed_calls_of_agent", "agent", "at"),
    Index("missed_calls_by_time", "at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One contact as its agent tells it. ``at``: seconds since 1970 UTC; ``values``: the fields of its form.

    ``trail``: the call whose trail it has, and whose name its recording bears; that of a call-back is an earlier one.
    """

    id: str
    agent: str
    call: str = ""
    trail: str = ""
    shown: str = ""
    number: str = ""
    customer: str = ""
    name: str = ""
    queue: str = ""
    at: float = 0.0
    talk_s: float = 0.0
    version: int = 0
    business: str = ""
    form: str = ""
    asked: str = ""
    done: str = ""
    follow_up: str = ""
    follow_up_on: str = ""
    given: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A call that its agent did not take, or that broke off."""

    call: str
    agent: str
    number: str = ""
    queue: str = ""
    business: str = ""
    at: float = 0.0
    why: str = "missed"


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a save: the version it made; or, where ``other``, what stands there instead."""

    version: int
    other: Reception | None = None


class NoReception(Exception):
    """There is none of this id."""


_COLUMNS: Final = tuple(one.name for one in fields(Reception))
_WIDTHS: Final = {one.name: getattr(one.type, "length", None) for one in receptions.columns}


def id_of(agent: str, call: str) -> str:
    """The id of this agent's reception of this call; it tells neither."""
    return hashlib.sha256(f"reception\n{agent}\n{call}".encode()).hexdigest()[:24]


def begin(connection: Connection, new: Reception) -> Reception:
    """The reception, made if there is none of this id."""
    statement = _insert(connection, receptions).on_conflict_do_nothing()
    connection.execute(statement.values(**_row(new)))
    found = one(connection, new.id)
    assert found is not None
    return found


def save(connection: Connection, new: Reception, version: int, typed: Mapping[str, str]) -> Saved:
    """Put what was typed on this version into the reception ``new.id``, which is begun first if need be."""
    kept = begin(connection, new)
    if kept.agent != new.agent:
        raise NoReception(new.id)
    wanted = written(kept, typed)
    if version != kept.version:
        again = wanted == kept and version < kept.version
        return Saved(kept.version, None if again else kept)
    if wanted == kept:
        return Saved(version)
    row = _row(replace(wanted, version=version + 1))
    this = (receptions.c.id == new.id) & (receptions.c.version == version)  # another one may have come in between
    if not connection.execute(update(receptions).where(this).values(**row)).rowcount:
        return save(connection, new, version, typed)
    return Saved(version + 1)


def written(kept: Reception, typed: Mapping[str, str]) -> Reception:
    """The reception with these fields; one that has no column goes among its form's own."""
    plain: dict[str, Any] = {name: _fit(text) for name, text in typed.items() if name in PLAIN}
    own = {**kept.values, **{name: _fit(text) for name, text in typed.items() if name not in PLAIN}}
    return replace(kept, **plain, values=dict(list(own.items())[:MOST_VALUES]))


def know(connection: Connection, new: Reception) -> None:
    """Begin it if need be, and write down whom it is about; no version of its own: nothing was typed."""
    kept = begin(connection, new)
    known = {name: getattr(new, name) for name in ("number", "customer", "name", "queue") if getattr(new, name)}
    if known and kept.agent == new.agent:
        cut = {name: _cut(name, text) for name, text in known.items()}
        connection.execute(update(receptions).where(receptions.c.id == new.id).values(**cut))


def talked(connection: Connection, id: str, talk_s: float) -> None:
    """How long the talk was."""
    connection.execute(update(receptions).where(receptions.c.id == id).values(talk_s=talk_s))


def one(connection: Connection, id: str) -> Reception | None:
    """The reception of this id."""
    row = connection.execute(_SELECT.where(receptions.c.id == id)).first()
    return None if row is None else _read(row)


def of_call(connection: Connection, call: str) -> tuple[Reception, ...]:
    """What everybody wrote about this call, in order."""
    if not call:
        return ()
    return tuple(map(_read, connection.execute(_SELECT.where(receptions.c.call == call).order_by(receptions.c.at))))


def of_calls(connection: Connection, calls: Sequence[str]) -> tuple[Reception, ...]:
    """What was written about these calls."""
    if not calls:
        return ()
    these = receptions.c.call.in_(tuple(calls)) | receptions.c.trail.in_(tuple(calls))
    found = connection.execute(_SELECT.where(these).order_by(receptions.c.at))
    return tuple(map(_read, found))


def newest(connection: Connection, agent: str = "", limit: int = 50) -> tuple[Reception, ...]:
    """The latest ones, of one agent or of all."""
    statement = _SELECT.order_by(desc(receptions.c.at), receptions.c.id).limit(limit)
    return tuple(map(_read, connection.execute(statement.where(receptions.c.agent == agent) if agent else statement)))


def about(connection: Connection, customer: str, number: str, limit: int = 5) -> tuple[Reception, ...]:
    """The latest contacts with this customer, or from this number; those of which nothing was written are left out."""
    found: dict[str, Reception] = {}
    for column, value in ((receptions.c.customer, customer), (receptions.c.number, number)):
        if value:
            told = (receptions.c.asked != "") | (receptions.c.done != "") | (receptions.c.version > 0)
            statement = _SELECT.where(column == value, told).order_by(desc(receptions.c.at)).limit(limit)
            found |= {each.id: each for each in map(_read, connection.execute(statement))}
    return tuple(sorted(found.values(), key=lambda each: -each.at)[:limit])


def may_see(connection: Connection, agent: str, call: str) -> bool:
    """Whether the agent had this call: there is a reception of theirs. One that they missed is not theirs."""
    this = (receptions.c.call == call) | (receptions.c.trail == call)
    had = select(receptions.c.id).where(this, receptions.c.agent == agent)
    return bool(call) and connection.execute(had.limit(1)).first() is not None


def calls_of(connection: Connection, agent: str, limit: int) -> tuple[str, ...]:
    """The calls that this agent had, the latest first, by both their names."""
    statement = select(receptions.c.call, receptions.c.trail).where(receptions.c.agent == agent)
    rows = connection.execute(statement.order_by(desc(receptions.c.at)).limit(limit))
    return tuple(dict.fromkeys(name for row in rows for name in row if name))


def miss(connection: Connection, missed: Missed) -> None:
    """Note a call that was not taken; the same ring once."""
    key = hashlib.sha256(f"{missed.agent}\n{missed.call}\n{missed.at:.3f}\n{missed.why}".encode()).hexdigest()[:24]
    row = {name: getattr(missed, name) for name in missed.__slots__}
    cut = {name: _plain(value)[:80] if isinstance(value, str) else value for name, value in row.items()}
    cut |= {"number": cut["number"][:40], "business": cut["business"][:60]}
    connection.execute(_insert(connection, missed_calls).values(id=key, **cut).on_conflict_do_nothing())


def newest_missed(connection: Connection, agent: str = "", limit: int = 30) -> tuple[Missed, ...]:
    """The latest calls that were not taken, by one agent or by all."""
    columns = [missed_calls.c[name] for name in Missed.__slots__]
    statement = select(*columns).order_by(desc(missed_calls.c.at), missed_calls.c.id).limit(limit)
    statement = statement.where(missed_calls.c.agent == agent) if agent else statement
    return tuple(Missed(**row._mapping) for row in connection.execute(statement))


_SELECT: Final = select(*(receptions.c[name] for name in _COLUMNS))


def _read(row: Row[Any]) -> Reception:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Reception(**{**values, "values": json.loads(values["values"])})


def _row(reception: Reception) -> dict[str, Any]:
    row = {name: getattr(reception, name) for name in _COLUMNS}
    row["values"] = json.dumps(dict(reception.values), ensure_ascii=False)
    return {name: _cut(name, value) if isinstance(value, str) else value for name, value in row.items()}


def _cut(name: str, text: str) -> str:
    return _plain(text)[: _WIDTHS[name]]


def _fit(text: str) -> str:
    return _plain(text)[:LONGEST]


def _plain(text: str) -> str:
    """PostgreSQL refuses NUL."""
    return text.replace("\0", "␀")


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
