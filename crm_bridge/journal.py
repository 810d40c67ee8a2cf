"""The journal of calls: nothing that was acknowledged is lost, nothing is kept twice.

``begin`` and ``finish`` return when the record is on the disk in the spool (spool.py). In the background the spool is
drained into the tables ``calls`` and ``trail``, in batches, idempotently by the call's id: a crash between the commit
and the removal of the file only repeats what is already there. While the database is away the spool keeps, and while
the disk is full ``finish`` writes straight to the database; only when both fail is it a ``JournalFault``. Even then
the record is held in memory, up to ``_HELD`` of them, and written with the next drain that succeeds.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Connection, Select, Table, desc, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.database import Database
from crm_bridge.schema import calls, trail
from crm_bridge.spool import Spool, SpoolFault, drop, take

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase
    from twisted.internet.interfaces import IDelayedCall

log = Logger()
_BATCH: Final = 500
_HELD: Final = 5_000  # about 20 MB
_SOON_S: Final = 0.5
_LATEST_S: Final = 10.0

Note = Mapping[str, Any]  # plain JSON; never a secret


class JournalFault(Exception):
    """The record is in memory only: neither the spool nor the database took it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call. Instants know their zone; ``ended`` None: under way, or cut by a crash."""

    call: str
    started: datetime
    ended: datetime | None = None
    caller: str = ""
    dialled: str = ""
    flow: str = ""
    version: str = ""
    language: str = ""
    disposition: str = ""
    fault: str = ""
    queue: str = ""
    business: str = ""
    customer: str = ""
    identity: str = ""  # how the caller was known: "" | open | password | code
    notes: tuple[Note, ...] = ()


_COLUMNS: Final = tuple(field.name for field in fields(CallRecord) if field.name != "notes")


class Journal:
    """``start`` it, then ``await recover()``; ``await stop()`` drains what it can."""

    def __init__(self, folder: Path | str, database: Database, reactor: ReactorBase | None = None) -> None:
        if reactor is None:
            from twisted.internet import reactor as installed  # noqa: PLC0415 (importing it installs one)

            reactor = cast("ReactorBase", installed)
        self._database = database
        self._reactor = reactor
        self._spool = Spool(Path(folder), reactor)
        self._later: IDelayedCall | None = None
        self._draining: Deferred[None] | None = None
        self._pause_s = _SOON_S
        self._again = False  # a record came while draining: it may lie in a file that is not looked at any more
        self._stopped = False
        self._waiting = 0
        self._held: deque[bytes] = deque(maxlen=_HELD)

    def start(self) -> None:
        """Start the spool's thread."""
        self._spool.start()

    async def stop(self) -> None:
        """Drain what can be drained now; the rest stays in the spool for the next start."""
        self._stopped = True
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._draining is not None:
            await self._draining
        try:
            await self.drain()
        except (LookUpFault, OSError) as fault:
            log.warn("The journal's spool keeps what the database could not take: {fault}", fault=fault)
        self._spool.stop()

    async def recover(self) -> int:
        """Drain what a dead process left; how many records. LookUpFault while the database is away: the spool keeps."""
        return await self._drain_files()

    @property
    def waiting(self) -> int:
        """Records that the database does not have yet."""
        return self._waiting + len(self._held)

    async def begin(  # noqa: PLR0913, PLR0917
        self, call: str, caller: str, dialled: str, flow: str, started: datetime
    ) -> None:
        """The call has come in."""
        await self._keep(CallRecord(call=call, caller=caller, dialled=dialled, flow=flow, started=started))

    async def finish(self, record: CallRecord) -> None:
        """The call is over; the whole record, notes included."""
        await self._keep(record)

    async def _keep(self, record: CallRecord) -> None:
        try:
            await self._spool.append(_written(record))
        except SpoolFault as fault:
            await self._straight(record, fault)
        else:
            self._waiting += 1
            self._wake()

    async def _straight(self, record: CallRecord, fault: SpoolFault) -> None:
        log.error("The journal's spool cannot be written: {fault}", fault=fault)
        try:
            await self._database.run(store, [record], write=True)
        except LookUpFault as other:
            self._held.append(_written(record))
            self._wake()
            raise JournalFault(f"spool: {fault}; database: {other}") from fault

    def _wake(self) -> None:
        self._again = self._draining is not None
        if self._later is None and self._draining is None and not self._stopped:
            self._later = self._reactor.callLater(self._pause_s, self._go)

    def _go(self) -> None:
        self._later = None
        self._draining = Deferred.fromCoroutine(self._go_on())

    async def _go_on(self) -> None:
        try:
            await self.drain()
            self._pause_s = _SOON_S
        except (LookUpFault, OSError) as fault:
            self._pause_s = min(_LATEST_S, self._pause_s * 2)
            log.warn("The journal waits in its spool: {fault}", fault=fault)
            self._draining = None
            self._wake()
        finally:
            self._draining = None
            if self._again:
                self._wake()

    async def drain(self) -> int:
        """Move everything from the spool into the database; how many records. LookUpFault when it is away."""
        await self._spool.turn()
        return await self._drain_memory() + await self._drain_files()

    async def _drain_memory(self) -> int:
        count = 0
        while self._held:
            batch = [self._held.popleft() for _ in range(min(_BATCH, len(self._held)))]
            try:
                await self._database.run(store, batch, write=True)
            except LookUpFault:
                self._held.extendleft(reversed(batch))
                raise
            count += len(batch)
        return count

    async def _drain_files(self) -> int:
        count = 0
        for path in self._spool.files():
            records = take(path)
            try:
                for start in range(0, len(records), _BATCH):
                    await self._database.run(store, records[start : start + _BATCH], write=True)
            except (ValueError, TypeError) as fault:
                self._set_aside(path, len(records), fault)
                continue
            drop(path)
            count += len(records)
            self._waiting = max(0, self._waiting - len(records))
        return count

    def _set_aside(self, path: Path, count: int, fault: Exception) -> None:
        """A file that cannot be understood holds up no other; it is kept for a person."""
        words = "{count} records of {path} cannot be read ({fault}); the file is set aside"
        log.error(words, count=count, path=path.name, fault=fault)
        path.rename(path.with_suffix(".unreadable"))
        self._waiting = max(0, self._waiting - count)


def _written(record: CallRecord) -> bytes:
    row = [_plain(getattr(record, name)) for name in _COLUMNS]
    return json.dumps([*row, _notes(record)], ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value


def _notes(record: CallRecord) -> str:
    return json.dumps(record.notes, ensure_ascii=False, separators=(",", ":")) if record.ended is not None else ""


def _read(line: bytes) -> dict[str, Any]:
    values = json.loads(line)
    return dict(zip((*_COLUMNS, "notes"), values, strict=True))


def store(connection: Connection, records: Iterable[CallRecord | bytes]) -> None:
    """Put them into the tables; again and again gives the same. A finished call never becomes unfinished."""
    rows = [_read(record if isinstance(record, bytes) else _written(record)) for record in records]
    ended = [row for row in rows if row["ended"] is not None]
    over = {row["call"] for row in ended}
    begun = [row for row in rows if row["ended"] is None and row["call"] not in over]
    if begun:
        connection.execute(_insert(connection, calls).on_conflict_do_nothing(), [_call(row) for row in begun])
    if ended:
        statement = _insert(connection, calls)
        newer = {name: statement.excluded[name] for name in _COLUMNS if name != "call"}
        upsert = statement.on_conflict_do_update(index_elements=["call"], set_=newer)
        connection.execute(upsert, [_call(row) for row in ended])
        notes = [{"call": row["call"], "notes": row["notes"]} for row in ended]
        connection.execute(_insert(connection, trail).on_conflict_do_nothing(), notes)


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


_WIDTHS: Final = {column.name: getattr(column.type, "length", None) for column in calls.columns}


def _call(row: dict[str, Any]) -> dict[str, Any]:
    """The row as the table takes it: hostile lengths are cut, NUL (which PostgreSQL refuses) is shown."""
    return {name: _fitting(row[name], _WIDTHS[name]) for name in _COLUMNS}


def _fitting(value: Any, width: int | None) -> Any:
    return value.replace("\0", "␀")[:width] if isinstance(value, str) else value


def read_call(connection: Connection, call: str) -> CallRecord | None:
    """One call with its notes."""
    row = connection.execute(_JOINED.where(calls.c.call == call)).first()
    return None if row is None else as_record(row)


def newest_calls(connection: Connection, limit: int, caller: str = "") -> list[CallRecord]:
    """The last calls, newest first; of one caller when given."""
    statement = _JOINED.order_by(desc(calls.c.started)).limit(limit)
    statement = statement.where(calls.c.caller == caller) if caller else statement
    return [as_record(row) for row in connection.execute(statement)]


_JOINED: Final = select(*(calls.c[name] for name in _COLUMNS), trail.c.notes).outerjoin_from(
    calls, trail, trail.c.call == calls.c.call
)

_ALONE: Final = select(*(calls.c[name] for name in _COLUMNS), literal("").label("notes"))


def joined_calls(*, notes: bool = True) -> Select[Any]:
    """The rows that ``as_record`` reads, with their notes or without."""
    return _JOINED if notes else _ALONE


def as_record(row: Any) -> CallRecord:
    """A row of ``joined_calls`` as a record."""
    values = dict(zip(_COLUMNS, row[:-1], strict=True))
    for name in ("started", "ended"):
        values[name] = None if values[name] is None else datetime.fromtimestamp(values[name], UTC)
    record = CallRecord(**values)
    return replace(record, notes=tuple(json.loads(row[-1]))) if row[-1] else record
