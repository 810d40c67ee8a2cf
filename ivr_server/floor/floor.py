"""The floor's face for everybody else: the live picture, what happens, and what may be asked of Asterisk.

Theory. A notice moves the picture at once; a list moves it for good. Every connect asks for the whole picture before it
counts as live, and so does every ``RESYNC_S``; a queue in which something happened is asked about once more within
``CONFIRM_S``. So a notice that was lost, came twice or was forged is put right by what Asterisk itself says.

A caller can forge notices whole, and Asterisk repeats them with every true one about that caller, lists included
(measured; FAULTS B5). So a call that is new to us is told of only when Asterisk has answered that it has this channel:
the answer carries our ActionID, which no caller can guess. And where Asterisk stamps its notices, one without a fresh
stamp is no notice; where it does not, what is said of members is only a reason to ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ivr_server.again import again
from ivr_server.ami.client import Ami
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Message
from ivr_server.floor.bridges import gone
from ivr_server.floor.callers import settle_all, withdrawing
from ivr_server.floor.happenings import Happening, Listener
from ivr_server.floor.members import Members
from ivr_server.floor.notices import CRITICAL, STEPS, after
from ivr_server.floor.picture import Picture
from ivr_server.floor.reading import instant, stamp
from ivr_server.floor.resync import listed_channels, listed_queues
from ivr_server.floor.speaking import Spoken, due
from ivr_server.floor.waits import WaitRange, Waits

log = Logger()
TICK_S: Final = 0.25
CONFIRM_S: Final = 1.0
ASK_S: Final = 0.2  # where the notice itself is not believed
OLDEST_S, NEWEST_S = 60.0, 5.0  # a stamp is fresh so long before and after now; notices wait while we are busy
MOST_QUEUES: Final = 500
RESYNC_S: Final = 30.0
SOON_S: Final = 3.0  # the first one after a connect
MOST_SURE: Final = 5_000  # calls that are known to be true
MOST_HELD: Final = 500  # calls that are asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRules:
    """``announce_s``: queue -> how often a waiting caller is spoken to; a queue that is not in it is left alone."""

    announce_s: Mapping[str, float] = field(default_factory=dict)


class Floor:
    """The live floor. ``picture.live`` is false until the first resync and after a loss.

    ``ami`` None: no Asterisk is known, and the floor stays empty: ``staffed`` then says that it does not know.
    ``reactor`` is for deadlines, ``now`` gives seconds since 1970. ``counts``: resyncs, confirms, forged, failed.
    """

    def __init__(
        self, ami: Ami | None, reactor: Any, now: Callable[[], float], rules: FloorRules | None = None
    ) -> None:
        self.picture = Picture()
        self.counts: Counter[str] = Counter()
        self.waits = Waits()
        self.members = Members(ami)
        self._ami = ami
        self._reactor = reactor
        self._now = now
        self._rules = rules or FloorRules()
        self._spoken: dict[str, Spoken] = {}
        self._listeners: list[Listener] = []
        self._ends: list[Callable[[], None]] = []
        self._ticking: LoopingCall | None = None
        self._to_confirm: dict[str, float] = {}  # queue -> when
        self._asking = False
        self._resynced = 0.0
        self._skew = 0.0  # of Asterisk's clock to ours
        self._untold: tuple[Happening, ...] | None = None  # of a resync, until the connection counts as live
        self._sure: dict[str, None] = {}
        self._held: dict[str, list[Happening]] = {}

    def start(self) -> None:
        """Follow the floor from the next resync on. Call it before the connection's own start."""
        if self._ami is None or self._ticking is not None:
            return
        self._ami.on_up(self._resync)
        self._ami.on_down(self._lost)
        for name in STEPS:
            self._ends.append(self._ami.listen(name, self._heard, critical=name in CRITICAL))
        self._ticking = again(self._reactor, self._tick)
        self._ticking.start(TICK_S, now=False)

    async def stop(self) -> None:
        """Follow it no more."""
        for end in self._ends:
            end()
        self._ends.clear()
        if self._ticking is not None and self._ticking.running:
            self._ticking.stop()
        self._set_live(False)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every happening, in the turn of the reactor in which it is known; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def announce(self, announce_s: Mapping[str, float]) -> None:
        """From now on waiting callers of these queues are spoken to so often."""
        self._rules = replace(self._rules, announce_s=announce_s)

    # --- asked by others

    def staffed(self, queue: str) -> bool | None:
        """Whether somebody is signed in to it and not away; None: not known now."""
        return self.picture.staffed(queue) if self.picture.live else None

    def expected_wait(self, queue: str, place: int) -> WaitRange | None:
        """Minutes that the caller at this place will still wait; None when under 2, or when it is not known."""
        if not self.picture.live or not self.picture.staffed(queue):
            return None
        return self.waits.expected(queue, place, self._now())

    def place(self, call: str) -> int:
        """Where the call stands in its queue, 1 is next; 0: it does not wait, or that is not known."""
        found = self.picture.waiting(call)
        return found.place if found and self.picture.live else 0

    async def member_add(  # noqa: PLR0913, PLR0917
        self, queue: str, interface: str, name: str, penalty: int, paused: str = ""
    ) -> None:
        """Make the device a member, paused for this reason ("": not paused); AmiFault when Asterisk did not.

        One that is there already is paused or not as asked, and gets this penalty.
        """
        await self.members.add(queue, interface, (name, penalty, paused))

    async def member_pause(self, interface: str, paused: bool, reason: str) -> None:
        """Ring the device no more, or again, in all its queues; AmiFault when Asterisk did not."""
        await self.members.pause(interface, paused, reason)

    async def member_remove(self, queue: str, interface: str) -> None:
        """Take the device out of a queue; nothing happens when it is not in it. AmiFault when Asterisk did not."""
        await self.members.remove(queue, interface)

    def remember(self, past: Iterable[Happening]) -> None:
        """What the queues were like before we came: the expected wait is known at once then."""
        waits = Waits()
        for what in past:
            waits.take(what)
        waits.only(_calls(self.picture), self._now())
        self.waits = waits

    # --- from Asterisk

    def _heard(self, notice: Message) -> None:
        self._announce()
        queue = notice.only("Queue") if notice.name.startswith("Queue") else ""
        if not self._credible(notice):
            self._ask_about(queue, ASK_S)
            return
        picture, told = after(self.picture, notice, self._now())
        if picture is self.picture:
            return
        self.picture = picture
        self._ask_about(queue, CONFIRM_S)
        self._tell_all(told)

    def _credible(self, notice: Message) -> bool:
        """Whether it may move the picture by itself."""
        if self._ami is None or not self._ami.stamps:
            return not notice.name.startswith("QueueMember")
        at, now = stamp(notice), self._now() + self._skew
        fresh = at is not None and now - OLDEST_S < at < now + NEWEST_S
        if not fresh:  # forged; or a clock has jumped, which the next question shows (FAULTS D7)
            self.counts["stale"] += 1
            if self._reactor.seconds() - self._resynced > SOON_S:
                self._resynced = self._reactor.seconds() - RESYNC_S
        return fresh

    def _ask_about(self, queue: str, within_s: float) -> None:
        if queue and (queue in self.picture.queues or len(self._to_confirm) < MOST_QUEUES):
            when = self._reactor.seconds() + within_s
            self._to_confirm[queue] = min(when, self._to_confirm.get(queue, when))

    async def _resync(self) -> None:
        """Ask for everything. AmiFault when Asterisk does not tell: the connection is then tried again."""
        assert self._ami is not None
        self._set_live(False)
        await self._ask_all()
        self._resynced -= RESYNC_S - SOON_S  # an Asterisk that starts may not have read its members yet
        self.counts["resyncs"] += 1
        self._reactor.callLater(0, self._announce)

    async def _ask_all(self) -> None:
        assert self._ami is not None
        self._skew = instant(await self._ami.action("Ping"), self._now()) - self._now()
        queues = await self._ami.listed("QueueStatus")
        picture, told = listed_queues(self.picture, queues, self._now())
        self._keep(picture, told)
        asked = tuple(self._held)
        channels = await self._ami.listed("CoreShowChannels")
        self._be_sure(item.only("Uniqueid") for item in channels)
        for call in asked:  # not among them: over, or never was
            self._held.pop(call, None)
        picture, told = listed_channels(self.picture, channels, self._now())
        self._keep(picture, told)
        self.waits.only(_calls(self.picture), self._now())
        self._resynced = self._reactor.seconds()
        self._to_confirm.clear()

    def _keep(self, picture: Picture, told: tuple[Happening, ...]) -> None:
        """Take it; what happened is told once the connection counts as live."""
        self.picture = picture
        if picture.live:
            self._tell_all(told)
        else:
            self._untold = (*(self._untold or ()), *told)

    def _announce(self) -> None:
        """Tell what a resync after a connect has shown, as soon as the connection counts as live."""
        if self._untold is None or self._ami is None or not self._ami.connected:
            return
        told, self._untold = self._untold, None
        self._set_live(True)
        self._tell(Happening(what="resync", at=self._now()))
        self._tell_all(told)

    def _set_live(self, live: bool) -> None:
        if self.picture.live != live:
            self.picture = replace(self.picture, live=live)

    def _lost(self) -> None:
        if self.picture.live:
            self._set_live(False)
            self._tell(Happening(what="resync", at=self._now(), detail="lost"))

    # --- as time passes

    def _tick(self) -> None:
        ami = self._ami
        if ami is None or not ami.connected:
            return
        self._announce()
        picture, told = settle_all(self.picture, self._now())
        self.picture = picture
        self._tell_all(told)
        if not self._asking and self.picture.live:
            Deferred.fromCoroutine(self._look_again())

    async def _look_again(self) -> None:
        """Ask about whatever is due; then speak to whom it is time to speak to."""
        self._asking = True
        try:
            if self._reactor.seconds() - self._resynced >= RESYNC_S:
                await self._ask_all()
            for queue in [name for name, when in self._to_confirm.items() if when <= self._reactor.seconds()]:
                await self._confirm(queue)
            await self._speak()
        except AmiFault:
            self.counts["failed"] += 1
        except Exception:
            log.failure("a fault of ours on the floor")
        finally:
            self._asking = False

    async def _confirm(self, queue: str) -> None:
        assert self._ami is not None
        del self._to_confirm[queue]
        items = await self._ami.listed("QueueStatus", Queue=queue)
        self._be_sure(item.only("Uniqueid") for item in items)
        before = self.picture
        picture, told = listed_queues(self.picture, items, self._now(), queue)
        self.counts["confirms"] += 1
        self.counts["corrected"] += _shape(before, queue) != _shape(picture, queue)
        self._keep(picture, told)

    async def _speak(self) -> None:
        assert self._ami is not None
        if not self._ami.may("QueueWithdrawCaller"):
            return
        now = self._now()
        self._spoken, calls = due(self.picture, self._spoken, self._rules.announce_s, now)
        for queue, call, place in calls:
            self.picture = withdrawing(self.picture, call, now)
            fields = (("Queue", queue), ("Caller", self._channel(call)), ("WithdrawInfo", str(place)))
            try:
                await self._ami.action("QueueWithdrawCaller", fields)
            except AmiFault as fault:
                if fault.reason != "refused":  # who left meanwhile is no caller any more
                    raise

    def _channel(self, call: str) -> str:
        one = self.picture.waiting(call)
        return one.channel if one else call

    # --- telling

    def _tell_all(self, told: tuple[Happening, ...]) -> None:
        for what in told:
            if not what.call or what.call in self._sure:
                self._tell(what)
            elif what.call in self._held:
                self._held[what.call].append(what)
            elif len(self._held) < MOST_HELD:
                self._held[what.call] = [what]
                Deferred.fromCoroutine(self._ask_whether(what.call))
            else:
                self.counts["dropped"] += 1

    async def _ask_whether(self, call: str) -> None:
        """Ask Asterisk whether it has such a channel; what is held is told, or was never true."""
        assert self._ami is not None
        try:
            answer = await self._ami.action("Getvar", Channel=call, Variable="UNIQUEID")
        except AmiFault as fault:
            if fault.reason == "refused" and "denied" not in fault.text.lower():
                self._forged(call)
                return
            if fault.reason == "refused":
                self._be_sure([call])
            return  # the next resync lists it, or it never was
        except ValueError:
            self._forged(call)
            return
        if answer.only("Value") == call:
            self._be_sure([call])
        else:
            self._forged(call)

    def _forged(self, call: str) -> None:
        """Nobody has this channel: it was made up, or is gone already; Asterisk's queue log tells of the latter."""
        self.counts["forged"] += 1
        self._held.pop(call, None)
        self.picture, _ = gone(self.picture, call, self._now())

    def _be_sure(self, calls: Any) -> None:
        for call in calls:
            self._sure[call] = None
            for what in self._held.pop(call, ()):
                self._tell(what)
        if len(self._sure) > 2 * MOST_SURE:
            self._sure = dict(islice(self._sure.items(), len(self._sure) - MOST_SURE, None))

    def _tell(self, what: Happening) -> None:
        self.waits.take(what)
        for listener in tuple(self._listeners):
            try:
                listener(what)
            except Exception:
                log.failure("a listener of the floor failed at {what}", what=what.what)


def _calls(picture: Picture) -> dict[str, list[str]]:
    """Who waits, by queue, in order."""
    return {name: [one.call for one in queue.waiting] for name, queue in picture.queues.items()}


def _shape(picture: Picture, queue: str) -> Any:
    """Of a queue, what a list could correct."""
    now = picture.queue(queue)
    return [one.call for one in now.waiting], [(one.interface, one.paused, one.state) for one in now.members]
