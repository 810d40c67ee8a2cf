"""The dials of the fax jobs, one row each: written before the dial, then how it ended. For people and the audit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Boolean, Column, Connection, Float, Index, Integer, String, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge.schema import metadata

fax_attempts = Table(
    "fax_attempts",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("dial", Integer, primary_key=True, autoincrement=False),  # FaxRow.tries of the job
    Column("began", Float(53), nullable=False),
    Column("ended", Float(53), nullable=False),  # 0: under way, or never known
    Column("first", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("manner", String(40), nullable=False),
    Column("rate", Integer, nullable=False),
    Column("ecm", Boolean, nullable=False),
    Column("remote", String(40), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("worker", String(80), nullable=False),
    Index("fax_attempts_by_start", "began"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One dial. ``first``: the page it began with; ``pages``: how many it brought over; ``rate`` in bit/s.

    ``manner``: how it was to send, in words; ``remote``: what the receiver calls itself, cleaned text of a stranger.
    """

    job: int
    dial: int
    began: float
    ended: float = 0.0
    first: int = 1
    pages: int = 0
    cause: str = ""
    manner: str = ""
    rate: int = 0
    ecm: bool = False
    remote: str = ""
    detail: str = ""
    worker: str = ""


_WIDTHS: Final = {"remote": 40, "detail": 200, "worker": 80, "manner": 40}
_ONCE: Final = ("job", "dial", "began", "first", "worker")


def put_attempt(connection: Connection, attempt: Attempt) -> None:
    """Write it, or how it ended: when it began, with which page and by whom stays as it was first written."""
    row = {field.name: getattr(attempt, field.name) for field in fields(Attempt)}
    row |= {name: row[name][:width] for name, width in _WIDTHS.items()}
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    ended = {name: value for name, value in row.items() if name not in _ONCE}
    statement = make(fax_attempts).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["job", "dial"], set_=ended))


def attempts(connection: Connection, job: int) -> list[Attempt]:
    """The dials of a job, in order."""
    asked = select(fax_attempts).where(fax_attempts.c.job == job).order_by(fax_attempts.c.dial)
    return [Attempt(**row._mapping) for row in connection.execute(asked)]


def forget_attempts(connection: Connection, jobs: list[int]) -> None:
    """Delete the dials of these jobs."""
    connection.execute(delete(fax_attempts).where(fax_attempts.c.job.in_(jobs)))
