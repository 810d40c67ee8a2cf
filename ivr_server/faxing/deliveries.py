"""The worker: leases due fax jobs, keeps its leases, takes each job a step further each second.

Theory. Nothing is kept here that cannot be lost: the table holds the jobs, the shared folder what became of dials,
Asterisk the calls. So a start is: settle the answers that lie in the folder (also those of a commit that failed, H6, or
from after a backup, J6), then lease. Jobs that another worker left under way come first, and at any number; new dials
only while Asterisk can be asked and the disk has room (H9). A stop lets go of the leases and of nothing else: Asterisk
goes on sending, and the next worker, here or elsewhere, picks the dial up by the list of calls or by its answer.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger

from crm_bridge import fax_jobs
from crm_bridge.answers import LookUpFault
from crm_bridge.fax_attempts import forget_attempts
from crm_bridge.fax_jobs import Capacity, Claim, FaxRow
from fax import causes, job
from ivr_server.ami.faults import AmiFault
from ivr_server.faxing import rows
from ivr_server.faxing.delivery import Delivery, Fenced, Tools
from ivr_server.faxing.switchboard import Sight

log = Logger()
BEAT_S = 1.0
SWEEP_S = 60.0
FORGET_S = 3_600.0
LAST_STEPS_S = 5.0  # how long a stop waits for steps under way
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that nobody waits for: of which job, who settles it, when."""

    id: int
    claim: Claim
    moment: job.Moment


def worker_name() -> str:
    """Unlike that of every other process, here or elsewhere."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


class Deliveries:
    """All fax jobs that this server works on. ``start`` it when the database is there, ``await stop()`` it before."""

    def __init__(self, tools: Tools) -> None:
        self.held: dict[int, Delivery] = {}
        self._tools = tools
        self._seen: set[tuple[int, int]] = set()  # answers that were looked at
        self._due: dict[str, float] = {}  # what comes seldom -> when next
        self._next: IDelayedCall | None = None
        self._beating: Deferred[None] | None = None
        self._again = False
        self._stopped = True
        self._fault = ""

    @property
    def open(self) -> bool:
        """Whether a fax that is asked for now can be sent: a line is set, Asterisk is there, the disk has room."""
        return not self._stopped and self._tools.switchboard.up and self._tools.spool.room()

    @property
    def trouble(self) -> str:
        """Why it is not open, where Asterisk is not at fault; "" when nothing is wrong."""
        return self._fault or ("" if self._tools.spool.room() else "the disk has no room for faxes")

    def start(self) -> None:
        """Begin; the first beat settles what lies there."""
        self._tools.spool.prepare()
        self._stopped = False
        self._beat()

    def wake(self) -> None:
        """Look for due jobs now, not at the next beat."""
        if self._beating is not None:
            self._again = True
        elif self._next is not None and self._next.active():
            self._next.reset(0)

    async def stop(self) -> None:
        """No more steps; the leases are given back as the jobs are."""
        self._stopped = True
        if self._next is not None and self._next.active():
            self._next.cancel()
        until = self._tools.reactor.seconds() + LAST_STEPS_S
        while self._busy() and self._tools.reactor.seconds() < until:
            await deferLater(self._tools.reactor, 0.05)
        for delivery in self.held.values():
            with suppress(LookUpFault):
                await delivery.release()
        self.held.clear()

    # --- the beat

    def _busy(self) -> bool:
        return self._beating is not None or any(one.busy for one in self.held.values())

    def _beat(self) -> None:
        self._beating = Deferred.fromCoroutine(self._whole_beat())
        self._beating.addBoth(self._beat_over)

    def _beat_over(self, _: object) -> None:
        self._beating = None
        if not self._stopped:
            pause = 0.0 if self._again else BEAT_S
            self._again = False
            self._next = self._tools.reactor.callLater(pause, self._beat)

    async def _whole_beat(self) -> None:
        try:
            await self._one_beat()
            self._told("")
        except LookUpFault as fault:
            self._told(f"the fax worker waits for the database: {fault.text}")
        except Exception:
            log.failure("a beat of the fax worker failed")

    def _told(self, fault: str) -> None:
        """A trouble is logged when it begins, not each second."""
        if fault and not self._fault:
            log.warn("{fault}", fault=fault)
        self._fault = fault

    async def _one_beat(self) -> None:
        sight = await self._sight()
        for delivery in tuple(self.held.values()):
            if not delivery.busy:
                delivery.busy = True
                Deferred.fromCoroutine(self._step(delivery, sight))
        if self._is_time("sweep", SWEEP_S):
            await self._retried("sweep", self._sweep())
        await self._renew()
        await self._hear_stops()
        if "sweep" in self._due and not self._stopped:
            await self._lease()
        if self._is_time("forget", FORGET_S):
            await self._retried("forget", self._forget())

    def _is_time(self, what: str, each_s: float) -> bool:
        now = self._tools.reactor.seconds()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + each_s
        return True

    async def _retried(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """What failed is due again at the next beat."""
        try:
            await work
        except LookUpFault:
            del self._due[what]
            raise

    async def _sight(self) -> Sight | None:
        if not self._tools.switchboard.up:
            return None
        dials = [one.dial for one in self.held.values() if one.active]
        try:
            return await self._tools.switchboard.look(dials)
        except AmiFault:
            return None

    async def _step(self, delivery: Delivery, sight: Sight | None) -> None:
        keep = True
        try:
            await delivery.step(sight)
            keep = not delivery.over
            if not keep:
                await delivery.release()
                self._again = True  # another job may be due
        except AmiFault as fault:
            log.warn("fax {job}: {fault}", job=delivery.row.id, fault=fault)
        except LookUpFault as fault:
            # a dial is followed until its end is written; a job that was not dialled is left to its lease
            keep = delivery.active and not delivery.over
            self._told(f"fax {delivery.row.id} waits for the database: {fault.text}")
        except Fenced:
            keep = False
            log.info("fax {job}: it is another worker's now", job=delivery.row.id)
        except Exception:
            keep = False
            log.failure("fax {job}: a step failed; it waits for the end of its lease", job=delivery.row.id)
        finally:
            delivery.busy = False
        if not keep and self.held.get(delivery.row.id) is delivery:
            del self.held[delivery.row.id]

    # --- leases

    async def _lease(self) -> None:
        tools, fax = self._tools, self._tools.settings.fax
        capacity = Capacity(fax.at_once if self.open else 0)
        asked = tools.reactor.seconds()
        claim = Claim(tools.worker, tools.now(), fax.lease_s)
        for row in await tools.database.run(fax_jobs.lease, claim, capacity, write=True):
            self.held[row.id] = Delivery(row, tools, asked)
            self._again = True

    async def _renew(self) -> None:
        lease_s = self._tools.settings.fax.lease_s
        asked = self._tools.reactor.seconds()
        due = [one for one in self.held.values() if asked - one.leased >= lease_s / 3]
        if not due:
            return
        leases = [(one.row.id, one.row.fence) for one in due]
        kept = await self._tools.database.run(_renewed, leases, self._tools.now() + lease_s, write=True)
        for one in due:
            if one.row.id in kept:
                one.leased = asked
            else:
                self.held.pop(one.row.id, None)

    async def _hear_stops(self) -> None:
        active = [one.row.id for one in self.held.values() if one.active and not one.row.stop]
        if active:
            for found in await self._tools.database.run(fax_jobs.stops, active):
                if found in self.held:
                    self.held[found].stop()

    # --- answers that nobody waits for

    async def _sweep(self) -> None:
        """Settle the answers of dials that no delivery here follows: late ones, and those of before our start."""
        for found in self._tools.spool.answers(self._tools.now() - 2 * DAY_S):
            if found not in self._seen and found[0] not in self.held and await self._late(*found):
                self._seen.add(found)

    async def _late(self, id: int, number: int) -> bool:
        """Whether there is nothing more to be learnt from this answer."""
        tools = self._tools
        told = tools.spool.answer(id, number)
        outcome = causes.outcome(told) if told else None
        row = await tools.database.run(fax_jobs.job, id)
        if outcome is None or row is None or row.state == "sent":
            return True
        late = Late(id, Claim(tools.worker, tools.now(), tools.settings.fax.lease_s), tools.moment())
        return await tools.database.run(_settled_late, outcome, late, write=True)

    # --- what is kept too long

    async def _forget(self) -> None:
        before = self._tools.now() - self._tools.settings.fax.keep_days * DAY_S
        gone = await self._tools.database.run(_forgotten, before, write=True)
        await self._tools.in_thread(self._tools.spool.forget, gone)
        await self._tools.in_thread(self._tools.spool.forget_old, before)


def _renewed(connection: Connection, leases: Iterable[tuple[int, int]], until: float) -> set[int]:
    return {id for id, fence in leases if fax_jobs.renew(connection, id, fence, until)}


def _settled_late(connection: Connection, outcome: causes.Outcome, late: Late) -> bool:
    """False: somebody works on the job, and will find the answer or leave it to the next sweep."""
    row = fax_jobs.take(connection, late.id, late.claim)
    if row is None:
        return False
    with suppress(job.Illegal):  # not of this job, or nothing new
        after: FaxRow = rows.with_job(row, job.settle(rows.as_job(row), outcome, late.moment))
        fax_jobs.save(connection, after, row.fence)
    return fax_jobs.release(connection, late.id, row.fence)


def _forgotten(connection: Connection, before: float) -> list[int]:
    gone = fax_jobs.forget(connection, before)
    forget_attempts(connection, gone)
    return gone
