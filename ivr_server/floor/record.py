"""The record of the queues: every happening that counts, on the disk at once, in the database soon, kept once.

A happening is appended to a spool (synced by its own thread) and drained into ``queue_events`` in batches. A crash
between the two repeats what is there already, which changes nothing; while the database is away the spool keeps. What
happened while we were not there, or before it reached the disk, is in Asterisk's queue log, which ``make_good`` reads
from shortly before the newest row that we have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.database import Database
from crm_bridge.queue_events import (
    AgentDay,
    QueueDay,
    QueueEvent,
    agent_days,
    events_between,
    latest_event,
    newest_events,
    put_events,
    queue_days,
)
from crm_bridge.spool import Spool, SpoolFault, drop, take
from ivr_server.floor.happenings import LOGGED, Happening
from ivr_server.floor.queue_log import events

log = Logger()
SOON_S: Final = 0.5
LATEST_S: Final = 10.0
BATCH: Final = 500
MOST_HELD: Final = 20_000  # in memory, while the disk is full
MARGIN_S: Final = 900.0  # before the newest row: what is longer under way has been told already
MOST_BACK_S: Final = 7 * 86_400.0
MOST_LOG: Final = 64_000_000  # bytes of the queue log's end that are read at once
LONGEST_CALL_S: Final = 6 * 3_600.0  # an event's call began no earlier than so long before it
_FIELDS: Final = frozenset(field.name for field in fields(QueueEvent))


def kept(what: Happening) -> QueueEvent | None:
    """The row of a happening; None for what no statistic needs: an agent who is only asked by another one."""
    if what.what not in LOGGED or what.detail == "consult" or not what.call:
        return None
    return QueueEvent(
        call=what.call,
        what=what.what,
        at=what.at,
        queue=what.queue,
        interface=what.interface,
        agent=what.agent,
        number=what.number,
        detail=what.detail,
        seconds=round(what.seconds, 3),
        leg=what.leg,
    )


def happening(event: QueueEvent) -> Happening:
    """What the row tells of."""
    values = asdict(event)
    del values["source"]
    return Happening(**values)


class Record:
    """``start`` it; ``take`` is a listener of the floor; ``await stop()`` drains what it can.

    ``queue_log`` gives Asterisk's file, None where it is not known. ``made_good``: rows that came from it; ``lost``:
    what neither disk nor database took in time.
    """

    def __init__(
        self, folder: Path, database: Database, reactor: Any, queue_log: Callable[[], Path | None] = lambda: None
    ) -> None:
        self.queue_log = queue_log
        self.made_good = 0
        self.lost = 0
        self._spool = Spool(folder, reactor)
        self._database = database
        self._reactor = reactor
        self._held: list[bytes] = []
        self._keeping: set[Deferred[None]] = set()
        self._later: Any = None
        self._draining: Deferred[None] | None = None
        self._pause_s = SOON_S
        self._stopped = True

    def start(self) -> None:
        """Begin; what a dead process left is drained first."""
        self._spool.start()
        self._stopped = False
        self._wake()

    async def stop(self) -> None:
        """Drain what can be drained now; the rest stays in the spool for the next start."""
        self._stopped = True
        if self._later is not None:
            self._later.cancel()
            self._later = None
        for under_way in (*self._keeping, *filter(None, (self._draining,))):
            await under_way
        try:
            await self.drain()
        except (LookUpFault, OSError) as fault:
            log.warn("The record of the queues stays in its spool: {fault}", fault=fault)
        self._spool.stop()

    def take(self, what: Happening) -> None:
        """Keep it, if it counts."""
        self.put(kept(what))

    def put(self, event: QueueEvent | None) -> None:
        """Keep this row."""
        if event is not None and not self._stopped:
            keeping = Deferred.fromCoroutine(self._keep(_written(event)))
            self._keeping.add(keeping)
            keeping.addBoth(lambda _: self._keeping.discard(keeping))

    async def _keep(self, line: bytes) -> None:
        try:
            await self._spool.append(line)
        except SpoolFault as fault:
            if not self._held:
                log.error("The record of the queues cannot be written: {fault}", fault=fault)
            self._held.append(line)
            self.lost += len(self._held) > MOST_HELD
            del self._held[:-MOST_HELD]
        self._wake()

    def _wake(self) -> None:
        if self._later is None and self._draining is None and not self._stopped:
            self._later = self._reactor.callLater(self._pause_s, self._go)

    def _go(self) -> None:
        self._later = None
        self._draining = Deferred.fromCoroutine(self._go_on())

    async def _go_on(self) -> None:
        again = False
        try:
            again = await self.drain() > 0
            self._pause_s = SOON_S
        except (LookUpFault, OSError) as fault:
            self._pause_s, again = min(LATEST_S, self._pause_s * 2), True
            log.warn("The record of the queues waits in its spool: {fault}", fault=fault)
        finally:
            self._draining = None
            if again:
                self._wake()

    async def drain(self) -> int:
        """Move everything into the database; how many. LookUpFault when it is away."""
        await self._spool.turn()
        held, count = self._held[:], len(self._held)
        await self._put(held)
        del self._held[:count]
        for path in self._spool.files():
            lines = take(path)
            await self._put(lines)
            drop(path)
            count += len(lines)
        return count

    async def _put(self, lines: Sequence[bytes]) -> None:
        read = [event for line in lines if (event := _read(line)) is not None]
        for start in range(0, len(read), BATCH):
            await self._database.run(put_events, read[start : start + BATCH], write=True)

    async def make_good(self, now: float) -> int:
        """Take from Asterisk's queue log what we were not told; how many rows. LookUpFault: no database."""
        path = self.queue_log()
        if path is None or not path.is_file():
            return 0
        await self.drain()
        newest = await self._database.run(latest_event)
        since = max(newest - MARGIN_S, now - MOST_BACK_S)
        pool = self._reactor.getThreadPool()  # a month's log takes longer to read than we may stand still
        missing = await deferToThreadPool(self._reactor, pool, _missing, path, since)
        found = 0
        for start in range(0, len(missing), BATCH):
            found += len(await self._database.run(put_events, missing[start : start + BATCH], write=True))
        self.made_good += found
        if found:
            log.info("{count} events of the queues were made good from Asterisk's queue log", count=found)
        return found

    # --- read

    async def agents(self, since: float, until: float, agent: str = "") -> dict[str, AgentDay]:
        """Every agent's figures of a time, or one agent's; LookUpFault when the database is away."""
        return await self._database.run(agent_days, since, until, agent)

    async def queues(self, since: float, until: float, within_s: float = 20.0) -> dict[str, QueueDay]:
        """Every queue's figures of a time; LookUpFault when the database is away."""
        return queue_days(await self.events(since, until), within_s)

    async def newest(self, since: float, most: int) -> list[QueueEvent]:
        """The newest rows since then, so many at most, in order; LookUpFault when the database is away."""
        return await self._database.run(newest_events, since, most)

    async def events(self, since: float, until: float) -> list[QueueEvent]:
        """The rows of a time; LookUpFault when the database is away."""
        return await self._database.run(events_between, since, until)


def _missing(path: Path, since: float) -> list[QueueEvent]:
    """In a thread: what the log tells of since then; lines from long before are not even taken apart."""
    early = f"{max(0.0, since - LONGEST_CALL_S):010.0f}"
    lines = [line for line in _tail(path) if line[:10] >= early]
    return [event for event in events(lines) if event.at >= since]


def _tail(path: Path) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MOST_LOG))
        return file.read().decode("utf-8", "replace").split("\n")


def _written(event: QueueEvent) -> bytes:
    return json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _read(line: bytes) -> QueueEvent | None:
    """A record of the spool; None when it is none (of another release, say)."""
    try:
        values = json.loads(line)
        return QueueEvent(**{name: value for name, value in values.items() if name in _FIELDS})
    except (ValueError, TypeError, AttributeError):
        log.error("a record of the queues cannot be read: {line}", line=line[:200])
        return None
