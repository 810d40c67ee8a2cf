"""The fax jobs on their way: one row each, leased by the server that works on it.

Theory. Several servers share the table. A server works on a job while it holds its lease; each lease has a higher
``fence`` than the one before, and whatever is written under an older one is refused: a server that was paused cannot
undo what its successor did (FAULTS H12). A lease that ran out is taken away before its place, or its number, is given
to another job, so that a paused server cannot begin a dial beside it.

A number is taken while a job to it is leased, or dialling, sending or unknown, even when nobody holds that job: a call
may still be up (H10). ``lease``, ``take`` and ``stop`` go one after the other, over all servers. Instants are seconds
since 1970 UTC of the server that asks; the clocks of the servers must agree to within a lease's length.

What the states mean, and which follows which, is told in ``fax/job.py``; here they are words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import metadata

IDLE: Final = ("waiting", "retrying")
ACTIVE: Final = ("dialling", "sending", "unknown")
FINAL: Final = ("sent", "failed")
MOST_ROWS: Final = 500
_NUMBER: Final = re.compile(r"\+?[0-9]{3,20}\Z")
_ONE_AT_A_TIME: Final = 0x1_4C13  # PostgreSQL advisory lock; SQLite's writers wait by themselves

fax_jobs = Table(
    "fax_jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False),
    Column("account", String(60), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("month", String(7), nullable=False),
    Column("number", String(24), nullable=False),
    Column("language", String(12), nullable=False),
    Column("call", String(80), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("state", String(10), nullable=False),
    Column("cause", String(20), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("digest", String(80), nullable=False),
    Column("first", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("settled", Integer, nullable=False),
    Column("failures", String(400), nullable=False),  # words, one space between
    Column("begun", Float(53), nullable=False),
    Column("dialled", Float(53), nullable=False),
    Column("due", Float(53), nullable=False),
    Column("stop", Boolean, nullable=False),
    Column("heard", Boolean, nullable=False),
    Column("worker", String(80), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("leased_until", Float(53), nullable=False),
    UniqueConstraint("key"),
    Index("fax_jobs_by_state", "state", "due"),
    Index("fax_jobs_of_number", "number", "state"),
    Index("fax_jobs_of_customer", "customer", "id"),
    Index("fax_jobs_of_account", "account", "created"),
)
_C: Final = fax_jobs.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFax:
    """A wish for a fax. ``key``: the same one again is the same job."""

    key: str
    account: str
    customer: str
    month: str
    number: str
    language: str
    call: str
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxRow:
    """One job as it is kept; the fields are told in ``fax.job.FaxJob``, but for the lease's three."""

    id: int
    account: str
    customer: str
    month: str
    number: str
    language: str
    call: str
    created: float
    since: float
    state: str
    cause: str
    detail: str
    pages: int
    digest: str
    first: int
    delivered: int
    repeated: int
    tries: int
    settled: int
    failures: tuple[str, ...]
    begun: float
    dialled: float
    due: float
    stop: bool
    heard: bool
    worker: str
    fence: int
    leased_until: float


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants a lease, when, and for how many seconds. ``worker``: unlike that of every other process."""

    worker: str
    now: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """``at_once``: jobs in work over all servers; ``most``: how many this server takes now."""

    at_once: int = 2
    most: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which jobs to show; "" for any. ``number``: a part of it. The fields are all that can be asked for."""

    state: str = ""
    cause: str = ""
    number: str = ""
    customer: str = ""
    account: str = ""
    month: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filter:
        """From a request's words; ValueError for a field that is none."""
        if unknown := set(asked) - {field.name for field in fields(cls)}:
            raise ValueError(f"fax jobs cannot be chosen by {sorted(unknown)[0]}")
        return cls(**asked)


# --- asking --------------------------------------------------------------------------------------------------------


def put(connection: Connection, new: NewFax) -> int:
    """The job's number: a new one, or the one that has this key already. Part of the caller's transaction."""
    if not _NUMBER.match(new.number):
        raise ValueError("a fax number is 3 to 20 digits")
    row = {field.name: getattr(new, field.name) for field in fields(new)}
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(fax_jobs).values(**_BLANK, **row, since=new.created, due=new.created).on_conflict_do_nothing()
    )
    return int(connection.execute(select(_C.id).where(_C.key == new.key)).scalar_one())


def job(connection: Connection, id: int) -> FaxRow | None:
    """One job."""
    row = connection.execute(select(fax_jobs).where(_C.id == id)).first()
    return None if row is None else _row(row)


def newest_of(connection: Connection, customer: str) -> FaxRow | None:
    """The customer's last job."""
    row = connection.execute(select(fax_jobs).where(_C.customer == customer).order_by(_C.id.desc()).limit(1)).first()
    return None if row is None else _row(row)


def jobs(connection: Connection, asked: Filter, limit: int = 50, before: int = 0) -> list[FaxRow]:
    """Jobs that fit, the newest first; ``before``: only those with a smaller number than this one."""
    wanted = [
        _C[field.name].contains(value, autoescape=True) if field.name == "number" else _C[field.name] == value
        for field in fields(asked)
        if (value := getattr(asked, field.name))
    ]
    statement = select(fax_jobs).where(*wanted, *([_C.id < before] if before else []))
    found = connection.execute(statement.order_by(_C.id.desc()).limit(max(1, min(limit, MOST_ROWS))))
    return [_row(row) for row in found]


def counts(connection: Connection) -> dict[str, int]:
    """How many jobs there are in each state that has any."""
    found = connection.execute(select(_C.state, func.count()).group_by(_C.state))
    return {row[0]: row[1] for row in found}


def sent_since(connection: Connection, account: str, since: float) -> int:
    """How many of the account's jobs count for its daily cap: all since then but those that failed undialled."""
    counted = or_(_C.state != "failed", _C.tries > 0)
    asked = select(func.count()).where(_C.account == account, _C.created >= since, counted)
    return int(connection.execute(asked).scalar_one())


def newest_dial(connection: Connection) -> float:
    """The last instant at which a dial was begun: it only grows, unless a backup was put back (FAULTS J6)."""
    return float(connection.execute(select(func.coalesce(func.max(_C.dialled), 0.0))).scalar_one())


# --- leases --------------------------------------------------------------------------------------------------------


def lease(connection: Connection, claim: Claim, capacity: Capacity) -> list[FaxRow]:
    """Jobs for this worker: first those that another left under way, then those that are due.

    Never more than ``at_once`` in work over all servers, nor two to one number.
    """
    _alone(connection)
    _take_away(connection, claim.now)
    taken = _leased(connection, claim, _left(claim.now).limit(max(capacity.most, 0)))
    taken_places = select(func.count()).where(_taken(claim.now))
    free = capacity.at_once - int(connection.execute(taken_places).scalar_one())
    room = min(free, capacity.most - len(taken))
    return taken + (_leased(connection, claim, _due(claim.now).limit(room)) if room > 0 else [])


def take(connection: Connection, id: int, claim: Claim) -> FaxRow | None:
    """This job, whatever its state, unless somebody works on it or calls its number: to settle a late answer.

    Not for dialling: ``lease`` alone keeps to ``at_once``.
    """
    _alone(connection)
    _take_away(connection, claim.now)
    mine = or_(_C.state.not_in(IDLE), _C.number.not_in(_taken_numbers(claim.now)))
    found = _leased(connection, claim, select(_C.id).where(_C.id == id, _C.leased_until <= claim.now, mine))
    return found[0] if found else None


def renew(connection: Connection, id: int, fence: int, until: float) -> bool:
    """Keep the lease until then; False: it is somebody else's, let go of the job."""
    held = and_(_C.id == id, _C.fence == fence, _C.worker != "")
    return bool(connection.execute(update(fax_jobs).where(held).values(leased_until=until)).rowcount)


def save(connection: Connection, row: FaxRow, fence: int) -> bool:
    """Write the job as it is now; False, and nothing written: the fence is an older one.

    Pages delivered never go down; a state that is new has not been heard; ``stop`` is only ever set by ``stop``.
    """
    values = {name: getattr(row, name) for name in _SAVED} | {"failures": " ".join(row.failures)}
    values["detail"] = row.detail.replace("\0", " ")[:200]  # PostgreSQL keeps no NUL
    values["delivered"] = case((_C.delivered > row.delivered, _C.delivered), else_=row.delivered)
    values["heard"] = and_(_C.heard, _C.state == row.state)
    statement = update(fax_jobs).where(_C.id == row.id, _C.fence == fence).values(values)
    return bool(connection.execute(statement).rowcount)


def release(connection: Connection, id: int, fence: int) -> bool:
    """Give the lease back; False: it was somebody else's already."""
    statement = update(fax_jobs).where(_C.id == id, _C.fence == fence).values(worker="", leased_until=0.0)
    return bool(connection.execute(statement).rowcount)


def stop(connection: Connection, id: int) -> FaxRow | None:
    """A person wants it ended: noted, and the row after it; None when there is nothing to end.

    A job that no call is up for is taken from its worker too: apply ``cancel`` to it and ``save`` it with the row's
    fence in this transaction. For the others the worker finds the note (``stops``), hangs up and settles.
    """
    _alone(connection)
    idle = _C.state.in_(IDLE)
    values = {
        "stop": True,
        "fence": case((idle, _C.fence + 1), else_=_C.fence),
        "worker": case((idle, ""), else_=_C.worker),
        "leased_until": case((idle, 0.0), else_=_C.leased_until),
    }
    asked = update(fax_jobs).where(_C.id == id, _C.state.not_in(FINAL)).values(values)
    row = connection.execute(asked.returning(fax_jobs)).first()
    return None if row is None else _row(row)


def stops(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Which of these a person wants ended."""
    return set(connection.execute(select(_C.id).where(_C.id.in_(ids), _C.stop)).scalars())


def reopen(connection: Connection, row: FaxRow) -> bool:
    """Write a failed job as ``again`` made it; False: it is not failed any more, or somebody has it."""
    failed = and_(_C.id == row.id, _C.fence == row.fence, _C.state == "failed")
    statement = update(fax_jobs).where(failed).values(stop=False, fence=_C.fence + 1)
    return bool(connection.execute(statement).rowcount) and save(connection, row, row.fence + 1)


def heard(connection: Connection, id: int, state: str) -> None:
    """The caller was told this state."""
    connection.execute(update(fax_jobs).where(_C.id == id, _C.state == state).values(heard=True))


def forget(connection: Connection, before: float) -> list[int]:
    """Delete what ended and was asked for before then; the numbers, so that their files go too."""
    gone = delete(fax_jobs).where(_C.state.in_(FINAL), _C.since < before).returning(_C.id)
    return sorted(connection.execute(gone).scalars())


# --- how -----------------------------------------------------------------------------------------------------------

_FIXED: Final = ("id", "account", "customer", "month", "number", "language", "call", "created")
_INSTANTS: Final = tuple(column.name for column in fax_jobs.columns if isinstance(column.type, Float))
_LEASE: Final = ("worker", "fence", "leased_until")
_SAVED: Final = tuple(
    field.name for field in fields(FaxRow) if field.name not in (*_FIXED, *_LEASE, "stop", "heard", "failures")
)
_BLANK: Final[Mapping[str, Any]] = {
    "state": "waiting", "cause": "", "detail": "", "pages": 0, "digest": "", "first": 0, "delivered": 0,
    "repeated": 0, "tries": 0, "settled": 0, "failures": "", "begun": 0.0, "dialled": 0.0, "stop": False,
    "heard": False, "worker": "", "fence": 0, "leased_until": 0.0,
}  # fmt: skip


def _row(row: Any) -> FaxRow:
    values = {name: value for name, value in row._mapping.items() if name != "key"}
    instants = {name: float(values[name]) for name in _INSTANTS}  # SQLite's RETURNING gives 1 for 1.0
    return FaxRow(**{**values, **instants, "failures": tuple(row.failures.split())})


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})


def _taken(now: float, table: Any = fax_jobs) -> ColumnElement[bool]:
    """A place, and its number, are taken."""
    return or_(table.c.state.in_(ACTIVE), and_(table.c.state.in_(IDLE), table.c.leased_until > now))


def _taken_numbers(now: float) -> Any:
    other = fax_jobs.alias()
    return select(other.c.number).where(_taken(now, other))


def _take_away(connection: Connection, now: float) -> None:
    """Leases that ran out before a dial began: the fence shuts out who held them."""
    lapsed = and_(_C.state.in_(IDLE), _C.worker != "", _C.leased_until <= now)
    connection.execute(update(fax_jobs).where(lapsed).values(worker="", leased_until=0.0, fence=_C.fence + 1))


def _left(now: float) -> Any:
    """Jobs under way that nobody holds."""
    return select(_C.id).where(_C.state.in_(ACTIVE), _C.leased_until <= now).order_by(_C.due, _C.id)


def _due(now: float) -> Any:
    """Jobs to be dialled: the first one of each number that is not taken."""
    place = func.row_number().over(partition_by=_C.number, order_by=(_C.due, _C.id)).label("place")
    due = select(_C.id, _C.due, place).where(_C.state.in_(IDLE), _C.due <= now, _C.leased_until <= now)
    first = due.where(_C.number.not_in(_taken_numbers(now))).subquery()
    return select(first.c.id).where(first.c.place == 1).order_by(first.c.due, first.c.id)


def _leased(connection: Connection, claim: Claim, chosen: Any) -> list[FaxRow]:
    """Lease the chosen ones; what changed since they were chosen is left out."""
    lease_of = {"worker": claim.worker[:80], "fence": _C.fence + 1, "leased_until": claim.now + claim.seconds}
    ids = connection.execute(chosen).scalars().all()
    free = and_(_C.id.in_(ids), _C.leased_until <= claim.now)
    rows = connection.execute(update(fax_jobs).where(free).values(lease_of).returning(fax_jobs)).all() if ids else []
    return sorted((_row(row) for row in rows), key=lambda row: (row.due, row.id))
