"""Who published which version of the flows, row by row, each with a digest of itself and of the row before (FAULTS J4).

A row that is altered or deleted breaks the chain for everybody to see; rows that were cut off at the end, or a chain
that was made anew, are found by comparing with the file that the rows came from (``publishing.deeds``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Column, Connection, Float, Integer, String, Table, Text, desc, insert, select

from crm_bridge.schema import metadata

flow_audit = Table(
    "flow_audit",
    metadata,
    Column("place", String(32), primary_key=True),  # which folder of versions
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("who", String(80), nullable=False),
    Column("what", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("about", Text, nullable=False),
    Column("address", String(60), nullable=False),
    Column("chain", String(64), nullable=False),
)
FIRST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row, without its place in the chain."""

    number: int
    at: float
    who: str
    what: str
    version: int
    about: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain holds: ``broken`` is the first row that does not fit, 0 when all do."""

    rows: int
    broken: int = 0
    why: str = ""


_COLUMNS: Final = tuple(flow_audit.c[name] for name in AuditRow.__slots__)


def fitting(row: AuditRow) -> AuditRow:
    """The row as the table takes it: no NUL, nothing longer than its column."""
    who, what, about, address = (word.replace("\0", "␀") for word in (row.who, row.what, row.about, row.address))
    return replace(row, who=who[:80], what=what[:20], about=about, address=address[:60])


def add_rows(connection: Connection, place: str, rows: Sequence[AuditRow]) -> int:
    """Chain the rows that are not there yet, in order; how many. Again and again gives the same."""
    last = connection.execute(
        select(flow_audit.c.number, flow_audit.c.chain)
        .where(flow_audit.c.place == place)
        .order_by(desc(flow_audit.c.number))
        .limit(1)
    ).first()
    number, chain = (last.number, last.chain) if last else (0, FIRST)
    new = [fitting(row) for row in rows if row.number > number]
    for row in new:
        chain = link(chain, row)
        connection.execute(insert(flow_audit).values(place=place, chain=chain, **asdict(row)))
    return len(new)


def link(before: str, row: AuditRow) -> str:
    """The digest that a row stands there with."""
    told = json.dumps(asdict(row), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{told}".encode()).hexdigest()


def newest_rows(connection: Connection, place: str, limit: int) -> list[AuditRow]:
    """The latest rows, newest first."""
    order = select(*_COLUMNS).where(flow_audit.c.place == place).order_by(desc(flow_audit.c.number)).limit(limit)
    return [AuditRow(*row) for row in connection.execute(order)]


def verify(connection: Connection, place: str, source: Sequence[AuditRow] = ()) -> Verdict:
    """Walk the chain from its first row; ``source``: what was written in the file, where that is at hand."""
    chain, count = FIRST, 0
    kept = {row.number: fitting(row) for row in source}
    columns = (*_COLUMNS, flow_audit.c.chain)
    for found in connection.execute(
        select(*columns).where(flow_audit.c.place == place).order_by(flow_audit.c.number)
    ).all():
        count += 1
        row = AuditRow(*found[:-1])
        if row.number != count:
            return Verdict(count - 1, count, f"row {count} is not there")
        chain = link(chain, row)
        if chain != found[-1]:
            return Verdict(count - 1, count, f"row {count} is not what was written")
        if kept and kept.get(count) != row:
            return Verdict(count - 1, count, f"row {count} differs from the file of deeds")
    if missing := max(kept, default=count) - count:
        return Verdict(count, count + 1, f"the last {missing} rows are not there")
    return Verdict(count)


def as_row(deed: Any) -> AuditRow:
    """A deed of the file as a row."""
    return AuditRow(*(getattr(deed, name) for name in AuditRow.__slots__))
