"""Where look-ups are carried out: a desk runs a function with a ``Room``, in one hop and one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple

from sqlalchemy import Connection

from crm_bridge.database import Database
from crm_bridge.ledger import OwnLedger
from crm_bridge.own_records import OwnRecords
from crm_bridge.room import Room, Rules

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Seconds = Callable[[], float]


class Desk(Protocol):
    """Runs ``function(room, *arguments)``; LookUpFault when that cannot be done in time."""

    async def read(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """For functions that change nothing."""

    async def write(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """All of the function's changes, or none."""


class OwnDesk:
    """On our own database; ``now`` is the wall clock in seconds UTC."""

    def __init__(self, database: Database, rules: Rules, now: Seconds) -> None:
        self._database = database
        self._rules = rules
        self._now = now

    async def read(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """In a reading transaction."""
        return await self._database.run(self._within, call, function, arguments)

    async def write(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """In a writing transaction."""
        return await self._database.run(self._within, call, function, arguments, write=True)

    def _within(
        self, connection: Connection, call: str, function: Callable[..., T], arguments: tuple[object, ...]
    ) -> T:
        room = Room(OwnRecords(connection), OwnLedger(connection), self._rules, call, self._now())
        return function(room, *arguments)
