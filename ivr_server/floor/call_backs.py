"""Call-backs that keep a place: for each one a virtual caller waits in the queue, in the caller's stead.

Theory. A wish is a row (``crm_bridge.call_backs``); this worker makes Asterisk agree with the rows. Each second, in the
order of the wishes: a *kept* one whose caller has hung up is written down as placed, then originated at its place; a
*placed* one that Asterisk does not have any more (asked by action, not by notices) was lost with a restart, or its end
was not told: it is placed again, unless an agent had taken it, which counts as a call that nobody answered. The
customer's answer, or that there was none, is told by the dialplan through FastAGI.

Ids are of equal length, since Asterisk refuses an id that another begins with. A second Originate of the same try is
refused by Asterisk as well, so that not even two servers call anybody twice (FAULTS B3, D10).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.call_backs import CallBackRow, NewCallBack
from ivr_server.again import again
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Fields, Message, variable
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Picture
from ivr_server.floor.queue_file import Queue

log = Logger()
TICK_S: Final = 1.0
UNTOLD_S: Final = 20.0  # a caller whose hang-up we did not hear of is gone by then
SETTLES_S: Final = 10.0  # an Originate has shown itself by then
REST_S: Final = 120.0  # between two calls that nobody answers
READ_S: Final = 10.0  # how often an empty table is looked at, and how long a fault is left alone
LONGEST_S: Final = 4 * 3_600.0  # then people see to it
OFTEST: Final = 30  # times put into a queue
_VIRTUAL: Final = re.compile(r"callback-([0-9]{6})-([0-9]{2})[ab]\Z", re.ASCII)


class Manager(Protocol):
    """What is used of ``ivr_server.ami.client.Ami``."""

    @property
    def connected(self) -> bool:
        """Whether Asterisk is there."""

    async def action(self, name: str, fields: Fields = (), **more: str) -> Message:
        """One action and its answer; AmiFault."""

    async def listed(self, name: str, fields: Fields = (), **more: str) -> list[Message]:
        """The items of a list; AmiFault."""


class Floor(Protocol):
    """What is used of ``ivr_server.floor.floor.Floor``."""

    @property
    def picture(self) -> Picture:
        """The queues as they are."""


class Store(Protocol):
    """The rows; each may raise LookUpFault."""

    async def put(self, new: NewCallBack) -> CallBackRow:
        """Keep a wish."""

    async def open_ones(self) -> Sequence[CallBackRow]:
        """Those not at their end, in order."""

    async def change(self, what: str, row: CallBackRow) -> bool:
        """place, keep_again, unanswered, reached or give_up; False when it was not as the row says."""

    async def state_of(self, number: str) -> tuple[str, str]:
        """none, waiting or missed, and the number."""

    async def heard(self, number: str) -> None:
        """The caller was told."""


@dataclass(frozen=True, slots=True)
class Queues:
    """Of the queue file, by name: how long a caller waits at most (seconds), and with which priority."""

    waits: Mapping[str, int]
    priorities: Mapping[str, int]

    @classmethod
    def of(cls, queues: Sequence[Queue]) -> Queues:
        """Of these queues."""
        return cls({one.name: one.wait_s for one in queues}, {one.name: one.priority for one in queues})


@dataclass(slots=True)
class Memory:
    """What a row does not hold: who was ahead, whether an agent took it, and when to go on with it."""

    ahead: frozenset[str] | None = None
    taken: bool = False
    due: float = 0.0


def virtual(row: CallBackRow, side: str = "b") -> str:
    """The unique id of the virtual caller (side b waits in the queue, side a rings the customer)."""
    return f"callback-{row.id:06d}-{row.tries:02d}{side}"


def of_virtual(call: str) -> int:
    """The id of the call-back behind a unique id; 0 when it is none."""
    found = _VIRTUAL.match(call)
    return int(found[1]) if found else 0


@dataclass
class CallBacks:
    """The worker. ``now``: seconds since 1970; ``stood_in`` is told (call, virtual call): that one stands in for it."""

    store: Store
    ami: Manager | None
    floor: Floor
    queues: Queues
    clock: IReactorTime
    now: Callable[[], float]
    national: Callable[[str], str]
    stood_in: Callable[[str, str], None] = lambda call, other: None
    rows: dict[int, CallBackRow] = field(default_factory=dict)
    _memory: dict[int, Memory] = field(default_factory=dict)
    _ticking: LoopingCall | None = None
    _busy: Deferred[None] | None = None
    _read_at: float = -1e9
    _rest_until: float = -1e9

    def start(self) -> None:
        """Begin to look after them; rows of an earlier process are read with the first tick."""
        self._ticking = again(self.clock, self._tick)
        self._ticking.start(TICK_S, now=False)

    async def stop(self) -> None:
        """Let go; virtual callers wait on in Asterisk."""
        if self._ticking is not None and self._ticking.running:
            self._ticking.stop()
        if self._busy is not None:
            await self._busy

    # --- the caller's side

    async def keep(self, wish: Any) -> str:
        """Keep the place of ``calls.lining_up.Wish``; the number that will be called, "" when it cannot be."""
        number = self.national(wish.number)
        if not number:
            return ""
        told = {name: getattr(wish, name) for name in ("queue", "place", "language", "call", "business", "identity")}
        row = await self.store.put(NewCallBack(number=number, trail=wish.trail, asked=self.now(), **told))
        self.rows[row.id] = row
        if row.call == wish.call:  # else it had been kept before
            self._memory[row.id] = Memory(wish.ahead, due=self.now() + UNTOLD_S)
        return number

    async def state(self, number: str) -> tuple[str, str]:
        """How the newest one of a number stands: none, waiting or missed."""
        known = self.national(number)
        return await self.store.state_of(known) if known else ("none", "")

    async def heard(self, number: str) -> None:
        """The caller was told of what was missed."""
        if known := self.national(number):
            await self.store.heard(known)

    def line_free(self, call: str) -> None:
        """The caller who asked in this call has hung up."""
        for row in self.rows.values():
            if row.call == call:
                self._of(row).due = 0.0

    # --- what Asterisk tells

    def heard_of(self, what: Happening) -> None:
        """An agent took one: from here on the customer is rung, without us."""
        if what.what == "answered" and (row := self.rows.get(of_virtual(what.call))) is not None:
            self._of(row).taken = True

    async def outcome(self, id: int, word: str) -> None:
        """The dialplan's word: the customer was reached, or was not. LookUpFault: the next look at Asterisk decides."""
        row = self.rows.get(id)
        if row is None or row.state != "placed" or word not in ("reached", "unreached"):
            return
        await self._change("reached" if word == "reached" else "unanswered", row)
        if id in self.rows:
            self._of(row).due = self.now() + REST_S

    def trail(self, call: str) -> str:
        """The trail's id behind a virtual caller; the call itself when it is none."""
        row = self.rows.get(of_virtual(call))
        return (row.trail or row.call) if row else call

    # --- the work

    def _tick(self) -> None:
        at = self.clock.seconds()
        if at < self._rest_until or (not self.rows and at - self._read_at < READ_S):
            return
        if self._busy is None and self.ami is not None and self.ami.connected and self.floor.picture.live:
            self._busy = Deferred.fromCoroutine(self._round())
            self._busy.addErrback(lambda failure: log.failure("call-backs", failure))
            self._busy.addBoth(self._done)

    def _done(self, _: object) -> None:
        self._busy = None

    async def _round(self) -> None:
        try:
            self._read_at = self.clock.seconds()
            found = await self.store.open_ones()
            self.rows = {row.id: row for row in found}
            self._memory = {id: one for id, one in self._memory.items() if id in self.rows}
            there = await self._there() if any(self._doubtful(row) for row in found) else None
            for row in found:
                await self._see_to(row, there)
        except (LookUpFault, AmiFault) as fault:
            self._rest_until = self.clock.seconds() + READ_S
            log.warn("Call-backs wait: {fault}", fault=fault)

    async def _see_to(self, row: CallBackRow, there: frozenset[str] | None) -> None:
        memory = self._of(row)
        if row.state == "kept" and (self.now() - row.asked > LONGEST_S or row.tries >= OFTEST):
            await self._change("give_up", row)
        elif row.state == "kept" and self.now() >= memory.due:
            await self._place(row)
        elif there is not None and self._doubtful(row) and virtual(row) not in there:
            await self._change("unanswered" if memory.taken else "keep_again", row)
            memory.due = self.now() + REST_S if memory.taken else 0.0
            memory.taken = False

    def _doubtful(self, row: CallBackRow) -> bool:
        """Whether it should wait in a queue, and is not seen there."""
        if row.state != "placed" or self.now() - row.changed < SETTLES_S:
            return False
        call, picture = virtual(row), self.floor.picture
        return picture.waiting(call) is None and call not in picture.talks

    async def _there(self) -> frozenset[str]:
        """The unique ids of all channels, asked for now."""
        assert self.ami is not None
        return frozenset(entry.only("Uniqueid") for entry in await self.ami.listed("CoreShowChannels"))

    async def _place(self, row: CallBackRow) -> None:
        """Intent, then effect: the virtual caller."""
        assert self.ami is not None
        if not await self._change("place", row):
            return
        placed = self.rows[row.id]
        try:
            await self.ami.action("Originate", self._order(placed))
        except AmiFault as fault:
            log.warn("call-back {id} could not be placed: {fault}", id=row.id, fault=fault)
            if not fault.unknown:
                await self._change("keep_again", placed)
                self._of(row).due = self.now() + SETTLES_S
        else:
            self.stood_in(row.call, virtual(placed))

    def _order(self, row: CallBackRow) -> Fields:
        told = {
            "CALL_BACK_ID": str(row.id),
            "CALL_BACK_NUMBER": row.number,
            "QUEUE": row.queue,
            "PLACE": str(self._stands(row)),
            "LANGUAGE": row.language.replace("-", "_"),
            "BUSINESS": row.business,
            "IDENTITY": row.identity,
            "PRIORITY": str(self.queues.priorities.get(row.queue, 0)),
            "TRAIL_ID": row.trail or row.call,
        }
        patience = (self.queues.waits.get(row.queue, 1_800) + 60) * 1000
        return (
            ("Channel", "Local/wait@ivr-call-back/n"),
            ("Context", "ivr-call-back"),
            ("Exten", "customer"),
            ("Priority", "1"),
            ("Timeout", str(patience)),
            ("Async", "true"),
            ("Codecs", "ulaw,alaw"),  # as the lines: translated, half of the talks were dumb (agents.conf)
            ("ChannelId", virtual(row, "a")),
            ("OtherChannelId", virtual(row)),
            *(variable(f"__IVR_{name}", value) for name, value in told.items()),
        )

    def _stands(self, row: CallBackRow) -> int:
        """The place now: behind those who were ahead and wait, and the call-backs asked for before it; never worse."""
        if row.unanswered:  # it was at the head of the line before
            return 1
        picture, ahead = self.floor.picture, self._of(row).ahead
        callers = [one for one in picture.queue(row.queue).waiting if not one.call_back]
        before = sum(one.call in ahead if ahead is not None else one.since < row.asked for one in callers)
        earlier = sum(self._waits_before(other, row) for other in self.rows.values())
        return 1 + min(before + earlier, max(row.place - 1, earlier))

    def _waits_before(self, other: CallBackRow, row: CallBackRow) -> bool:
        """Whether another call-back waits in the same queue, asked for earlier; one just placed is not seen yet."""
        earlier = (other.asked, other.id) < (row.asked, row.id)
        placed = other.state == "placed" and virtual(other) not in self.floor.picture.talks
        return earlier and placed and other.queue == row.queue

    async def _change(self, what: str, row: CallBackRow) -> bool:
        """Change the row in the store and here; one at its end is forgotten."""
        done = await self.store.change(what, row)
        found = await self.store.open_ones()
        self.rows = {one.id: one for one in found}
        return done

    def _of(self, row: CallBackRow) -> Memory:
        return self._memory.setdefault(row.id, Memory(due=row.asked + UNTOLD_S))
