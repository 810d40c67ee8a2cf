"""What the console reads of the database: the journal of calls, and the customers of a demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from crm_bridge.answers import LookUpFault
from crm_bridge.demo import SHOWN
from crm_bridge.journal import CallRecord, newest_calls, read_call
from crm_bridge.schema import customers
from crm_bridge.wishes import CallersWish, newest_wishes
from ivr_server.console.drawing import read_all
from ivr_server.console.parts import DemoCustomer

if TYPE_CHECKING:
    from crm_bridge.database import Database


@dataclass(frozen=True, slots=True)
class JournalCalls:
    """Calls out of the journal's tables."""

    database: Database

    async def recent(self, limit: int) -> Sequence[CallRecord]:
        """The latest calls, newest first."""
        return await self.database.run(newest_calls, limit)

    async def find(self, call: str) -> CallRecord | None:
        """One call with its notes."""
        return await self.database.run(read_call, call)

    async def wishes(self, limit: int) -> Sequence[CallersWish]:
        """What callers asked for, newest first."""
        return await self.database.run(newest_wishes, limit)


@dataclass(frozen=True, slots=True)
class DemoCustomers:
    """The fixed customers of the demonstration that are in our database; none when it holds an operator's own."""

    database: Database

    async def __call__(self) -> Sequence[DemoCustomer]:
        """Those to be shown beside the keypad phone; none while the database is away."""
        try:
            there = await self.database.run(_there)
        except LookUpFault:
            return ()
        return tuple(
            DemoCustomer(one.phone, _about(one.phone, one.what), one.password, "" if one.password else one.service_code)
            for one in SHOWN
            if (one.phone, one.name) in there
        )


def _there(connection: Connection) -> frozenset[tuple[str, str]]:
    phones = [one.phone for one in SHOWN]
    found = connection.execute(select(customers.c.phone, customers.c.name).where(customers.c.phone.in_(phones)))
    return frozenset((row.phone, row.name) for row in found)


def _about(phone: str, otherwise: str) -> dict[str, str]:
    return {tag: words.table.get(f"demo_{phone}", otherwise) for tag, words in read_all().items()}
