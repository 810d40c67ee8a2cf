"""One leased job in this worker's hands, taken one step further at a time.

Theory. The intent is saved before the dial, under the lease's fence; from there on the job is only *followed*: by its
fax session (pages that the receiver confirmed are saved as they come), by the list of calls, and by its answer file,
which decides. Each step looks at the state anew, so that a step that failed (the database is away) is simply taken
again; nothing but the answer ends a dial that may have begun. What a dead or paused worker left is taken up likewise:
its leave to dial is withdrawn first, then the job is *unknown* until Asterisk shows it or its answer is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Connection
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from crm_bridge.database import Database
from crm_bridge.fax_attempts import Attempt, put_attempt
from crm_bridge.fax_jobs import FaxRow, release, save
from fax import causes, job
from fax.causes import Outcome
from fax.job import FaxJob, Moment
from fax.press import Limits, PressFault, Rest, bound, press, rest
from ivr_server.ami.faults import AmiFault
from ivr_server.faxing import rows
from ivr_server.faxing.documents import Billing, Wish, collect, note
from ivr_server.faxing.spool import Dial, Spool
from ivr_server.faxing.switchboard import Order, Sight, Switchboard
from ivr_server.settings import Settings

log = Logger()
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
ABSENT_S = 3.0  # a call that Asterisk has just been asked for may not be in its list yet
Counted = Callable[[str, int], None]


class Fenced(Exception):
    """The job is somebody else's now: let go of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every delivery works with. ``now``: seconds since 1970; ``reactor`` has the clock that never jumps."""

    database: Database
    switchboard: Switchboard
    spool: Spool
    billing: Billing
    settings: Settings
    reactor: Any
    pool: Any
    worker: str
    now: Callable[[], float]
    chance: Callable[[], float] = random.random
    counted: Counted = lambda cause, pages: None

    def moment(self) -> Moment:
        """Now, as the job's machine wants it."""
        return Moment(self.now(), self.chance(), rows.rules(self.settings.fax))

    async def in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What blocks (the press, the disk), away from the reactor."""
        result: T = await deferToThreadPool(self.reactor, self.pool, function, *arguments)
        return result


class Delivery:
    """The job, its lease, and what was seen of its dial. ``over``: this worker is done with it."""

    def __init__(self, row: FaxRow, tools: Tools, leased: float) -> None:
        self.row = row
        self.over = False
        self.busy = False
        self.leased = leased  # when the lease was last asked for, on the clock that never jumps
        self._tools = tools
        self._foreign = row.state in job.ACTIVE  # another worker's dial, not taken over yet
        self._seen: dict[str, float] = {}  # "dialled", "answered", "absent" -> when first

    @property
    def job(self) -> FaxJob:
        """The job as it is saved."""
        return rows.as_job(self.row)

    @property
    def dial(self) -> Dial:
        """The job's last dial."""
        now = self.job
        return Dial(now.id, now.tries, job.token(now))

    @property
    def active(self) -> bool:
        """Whether a call may be up."""
        return self.row.state in job.ACTIVE

    def stop(self) -> None:
        """A person wants it ended: the next step hangs up."""
        self.row = replace(self.row, stop=True)

    async def step(self, sight: Sight | None) -> None:
        """Take it as far as it goes now. ``sight`` is None when Asterisk cannot be asked.

        Raises Fenced; LookUpFault when the database is away, and the step is to be taken again.
        """
        if not self.active:
            await self._set_out()
        elif not await self._answered():
            await self._follow(sight)

    async def release(self) -> None:
        """Give the lease back."""
        await self._tools.database.run(release, self.row.id, self.row.fence, write=True)

    # --- before the dial

    async def _set_out(self) -> None:
        now = self.job
        duty = job.duty(now, self._tools.moment())
        if duty == "press":
            await self._press()
        elif duty == "dial":
            if self._tools.switchboard.up:
                await self._dial()
        elif duty == "cancel":
            await self._end(job.cancel(now, self._tools.moment()))
        elif duty == "drop":
            await self._end(job.drop(now, self._tools.moment()))
        else:
            self.over = True

    async def _press(self) -> None:
        """Draw the bill and make its pages."""
        now, settings = self.job, self._tools.settings
        wish = Wish(customer=now.customer, month=now.month, language=now.language, asked=now.created, job=now.id)
        document = await collect(self._tools.billing, settings, wish)
        if document is None or document.account != now.account:
            await self._end(job.trouble(now, f"there is no bill of {now.month} for this account", self._tools.moment()))
            return
        limits = Limits(pages=max(Limits().pages, settings.fax.most_pages + 20))
        try:
            made = await self._tools.in_thread(press, document, self._tools.spool.document(now.id), limits)
        except PressFault as fault:
            await self._end(job.trouble(self.job, fault.text, self._tools.moment()))
            return
        if made.lacking:
            log.warn("fax {job}: the typeface lacks {what}", job=now.id, what=made.lacking)
        await self._save(job.pressed(self.job, made.pages, made.digest))
        self.over = self.row.state in job.FINAL

    async def _dial(self) -> None:
        now = self.job
        number = self._tools.settings.fax_numbers().national(now.number)
        if number != now.number:
            refused = replace(now, detail="this number may not be faxed to")
            await self._end(job.cancel(refused, self._tools.moment()))
        elif not await self._tools.in_thread(self._is_ours):
            await self._press()  # the pages are gone, or are not this account's (H13): never dialled
        else:
            await self._begin()

    def _is_ours(self) -> bool:
        """In a thread: whether the pages are the ones that were pressed for this account."""
        try:
            return bound(self.row.account, self._tools.spool.document(self.row.id)) == self.row.digest
        except OSError:
            return False

    async def _begin(self) -> None:
        """Ticket, intent, dial, in this order (see spool.py)."""
        now, tools = self.job, self._tools
        order, pages = await self._order(now)
        began = job.begin(now, tools.moment())
        order = replace(order, dial=Dial(began.id, began.tries, job.token(began)), first=began.first)
        left = self._left_s()
        if left <= 0:
            raise Fenced
        await tools.in_thread(tools.spool.ready, order.dial, pages, tools.now() + left)
        await self._save(began, self._attempt(began, order))
        if self._left_s() <= 0:
            raise Fenced  # the leave has run out with the lease; whoever has the job finds that nothing was dialled
        self._seen = {"dialled": tools.reactor.seconds()}
        try:
            await tools.switchboard.dial(order)
        except AmiFault as fault:
            await self._not_dialled(fault)

    async def _order(self, now: FaxJob) -> tuple[Order, Any]:
        """What will be dialled, and the file of its pages, made if it is another than the bill's own."""
        tools, manner, first, repeated = self._tools, job.how(now), job.first_page(now), job.repeat(now)
        wish = Rest(
            first=first,
            note=note(now.language, first, repeated),
            fine=manner.ecm,
            repeated=repeated,
            language=now.language,
        )
        pages = await tools.in_thread(rest, tools.spool.document(now.id), wish)
        return Order(self.dial, now.number, first, manner, tools.settings.fax.ring_s), pages

    async def _not_dialled(self, fault: AmiFault) -> None:
        if fault.unknown:  # B3: from here on the list of calls and the answer speak
            log.warn("fax {job}: the dial may have begun: {fault}", job=self.row.id, fault=fault)
            await self._lose()
        else:
            await self._settle(Outcome(cause="fault", detail=f"Asterisk: {fault.text}"))

    def _left_s(self) -> float:
        """How long the lease holds, less a second for what is on its way."""
        until: float = self.leased + self._tools.settings.fax.lease_s - 1.0
        return until - float(self._tools.reactor.seconds())

    # --- while a call may be up

    async def _follow(self, sight: Sight | None) -> None:
        if self._foreign:
            await self._lose()
            self._foreign = False
        elif sight is not None:
            there = sight.there(self.dial)
            if there:
                await self._up(sight)
            elif there is not None:
                await self._gone()

    async def _lose(self) -> None:
        """Nothing is known of the dial; if it has not begun, it does not any more."""
        self._tools.spool.withdraw(self.dial)
        await self._save(job.lost(self.job, self._tools.moment()))

    async def _up(self, sight: Sight) -> None:
        """The dial's call is there."""
        self._seen.pop("absent", None)
        now, moment, session = self.job, self._tools.moment(), sight.sessions.get(self.dial.call)
        if session is not None and session.spoken:
            if now.state != "sending" or now.first - 1 + session.pages > now.delivered:
                await self._save(job.progress(now, session.pages, moment))
        elif now.state == "unknown":
            await self._save(job.look(now, True, moment))
        mute = sight.answered(self.dial) and not (session is not None and session.spoken)
        if self.row.stop or (mute and self._too_long()):
            await self._tools.switchboard.hang_up(self.dial)

    def _too_long(self) -> bool:
        """Whether a call was answered long ago and no fax machine has spoken: a person need not hear more tones."""
        waited: float = self._tools.reactor.seconds() - self._first("answered")
        return waited > self._tools.settings.fax.mute_s

    async def _gone(self) -> None:
        """No call, and no answer."""
        now, moment = self.job, self._tools.moment()
        since = self._first("absent")
        if now.state == "unknown":
            if moment.now >= now.due:
                await self._ended(job.look(now, False, moment), Outcome(cause="lost", partial=True))
        elif self._tools.reactor.seconds() - max(since, self._seen.get("dialled", since)) >= ABSENT_S:
            await self._lose()

    def _first(self, what: str) -> float:
        return self._seen.setdefault(what, self._tools.reactor.seconds())

    # --- how it ends

    async def _answered(self) -> bool:
        """Whether the dialplan has written the answer, and it is settled."""
        told = self._tools.spool.answer(self.row.id, self.row.tries)
        outcome = causes.outcome(told) if told else None
        if outcome is None:
            return False
        return await self._settle(outcome)

    async def _settle(self, outcome: Outcome) -> bool:
        try:
            after = job.settle(self.job, outcome, self._tools.moment())
        except job.Illegal as wrong:
            if "odd" not in self._seen:
                log.error("fax {job}: an answer that is not this dial's: {wrong}", job=self.row.id, wrong=wrong)
            self._first("odd")
            return False
        await self._ended(after, outcome)
        return True

    async def _ended(self, after: FaxJob, outcome: Outcome) -> None:
        """Write the end of a dial down; the database is asked until it has taken it (H6)."""
        dial = self.dial
        await self._save(after, self._attempt(after, outcome))
        self._tools.counted(outcome.cause, outcome.pages)
        self._tools.spool.done(dial)
        self.over = not self.active

    async def _end(self, after: FaxJob) -> None:
        await self._save(after)
        self.over = True

    def _attempt(self, now: FaxJob, told: Order | Outcome) -> Attempt:
        """The dial for people: as it begins, or as it ended."""
        begun = Attempt(job=now.id, dial=now.tries, began=now.dialled, first=now.first, worker=self._tools.worker)
        manner = job.how(self.job)
        begun = replace(begun, manner="T.38" if manner.t38 else "audio", rate=manner.rate, ecm=manner.ecm)
        if isinstance(told, Order):
            return begun
        if told.mode:
            begun = replace(begun, manner="T.38" if told.mode == "T38" else "audio")
        ended = replace(begun, ended=self._tools.now(), cause=told.cause, detail=told.detail, remote=told.remote)
        ecm = told.ecm if told.mode else manner.ecm
        return replace(ended, pages=told.pages, rate=told.rate or manner.rate, ecm=ecm)

    async def _save(self, after: FaxJob, attempt: Attempt | None = None) -> None:
        row = rows.with_job(self.row, after)
        if not await self._tools.database.run(write_down, row, attempt, write=True):
            raise Fenced
        if row.state != self.row.state:
            log.info("fax {job}: {state} {cause}", job=row.id, state=row.state, cause=row.cause)
        self.row = row


def write_down(connection: Connection, row: FaxRow, attempt: Attempt | None) -> bool:
    """The job and its dial in one transaction; False: fenced out."""
    if not save(connection, row, row.fence):
        return False
    if attempt is not None:
        put_attempt(connection, attempt)
    return True
