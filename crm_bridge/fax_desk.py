"""The fax jobs as people look at them: what may change, whose they are, and one that is not to wait any longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, select

from crm_bridge.fax_jobs import ACTIVE, IDLE, MOST_ROWS, FaxRow, Filter, job, jobs, save
from crm_bridge.schema import customers

NEWEST: Final = 200


def moving(connection: Connection) -> list[FaxRow]:
    """Every job that is not at its end (500 of each state at most), and the newest ones; the newest first."""
    under_way = [row for state in (*IDLE, *ACTIVE) for row in jobs(connection, Filter(state=state), MOST_ROWS)]
    found = {row.id: row for row in (*jobs(connection, Filter(), NEWEST), *under_way)}
    return [found[id] for id in sorted(found, reverse=True)]


def phones(connection: Connection, named: Iterable[str]) -> dict[str, str]:
    """The numbers of those customers that are in our tables, by id."""
    ids = {int(name) for name in named if name.isascii() and name.isdigit() and len(name) <= 9}
    found = connection.execute(select(customers.c.id, customers.c.phone).where(customers.c.id.in_(ids)))
    return {str(row.id): row.phone for row in found}


def customer_of(connection: Connection, phone: str) -> str:
    """The id of the customer with this number in our tables, "" when there is none."""
    found = connection.execute(select(customers.c.id).where(customers.c.phone == phone)).scalar()
    return "" if found is None else str(found)


def hurry(connection: Connection, id: int, now: float) -> bool:
    """A waiting job is due at once; False: it does not wait, or somebody works on it."""
    row = job(connection, id)
    if row is None or row.state not in IDLE or row.leased_until > now:
        return False
    return save(connection, replace(row, due=now), row.fence)
