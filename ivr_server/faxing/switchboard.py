"""What the worker asks of Asterisk: dial, what is to be seen of the dials, hang up. Over the manager interface.

Everything of weight is asked for by action and found by what nobody can guess: a dial's call is linked by its token,
and a fax session is ours by the path of its file. Notices are not believed, nor needed (FAULTS B5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fax.job import Manner
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Fields, Message, variable
from ivr_server.faxing.spool import Dial, Spool

CALLS_EACH_S = 3.0  # a busy Asterisk's list of calls is long


class Manager(Protocol):
    """What is used of ``ivr_server.ami.client.Ami``."""

    @property
    def connected(self) -> bool:
        """Whether Asterisk is there."""

    async def action(self, name: str, fields: Fields = (), **more: str) -> Message:
        """One action and its answer; AmiFault."""

    async def listed(self, name: str, fields: Fields = (), **more: str) -> list[Message]:
        """The items of a list; AmiFault."""


@dataclass(frozen=True, slots=True)
class Session:
    """A fax session under way. ``spoken``: a fax machine has answered; ``pages``: confirmed by it in this dial."""

    channel: str
    pages: int
    spoken: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A dial's call. ``answered``: somebody took it, and the fax application runs on it."""

    channels: tuple[str, ...]
    answered: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What Asterisk shows, by the calls of the dials. ``calls`` is None when they were not asked for."""

    sessions: Mapping[str, Session] = field(default_factory=dict)
    calls: Mapping[str, Call] | None = None

    def there(self, dial: Dial) -> bool | None:
        """Whether the dial's call is up; None when that is not known."""
        if dial.call in self.sessions:
            return True
        return None if self.calls is None else dial.call in self.calls

    def answered(self, dial: Dial) -> bool:
        """Whether it is known to be answered."""
        known = self.calls is not None and dial.call in self.calls and self.calls[dial.call].answered
        return known or dial.call in self.sessions


@dataclass(frozen=True, slots=True)
class Order:
    """What to dial, and how to send. ``first``: the page that the dial begins with."""

    dial: Dial
    number: str
    first: int
    manner: Manner
    ring_s: int


class Switchboard:
    """The worker's hold on Asterisk. Every method may raise AmiFault. ``allowed``: whether our user may do it all."""

    def __init__(
        self, manager: Manager, spool: Spool, clock: Callable[[], float], allowed: Callable[[], bool] = lambda: True
    ) -> None:
        self._manager = manager
        self._spool = spool
        self._clock = clock
        self._allowed = allowed
        self._calls_at = -1e9

    @property
    def up(self) -> bool:
        """Whether Asterisk can be asked."""
        return self._manager.connected and self._allowed()

    async def dial(self, order: Order) -> None:
        """Have the dialplan make the dial. AmiFault with ``unknown``: it may have been begun."""
        dial, manner = order.dial, order.manner
        told = {
            "JOB": str(dial.job),
            "TRY": str(dial.number),
            "TOKEN": dial.token,
            "FIRST": str(order.first),
            "NUMBER": order.number,
            "T38": "yes" if manner.t38 else "no",
            "RATE": str(manner.rate),
            "ECM": "yes" if manner.ecm else "no",
        }
        await self._manager.action(
            "Originate",
            (
                ("Channel", "Local/send@ivr-fax/n"),
                ("Context", "ivr-fax"),
                ("Exten", "answered"),
                ("Priority", "1"),
                ("Timeout", str((order.ring_s + 15) * 1000)),
                ("Async", "true"),
                ("ChannelId", dial.call),
                ("OtherChannelId", f"{dial.call}-2"),
                *(variable(f"__IVR_FAX_{name}", value) for name, value in told.items()),
            ),
        )

    async def look(self, dials: Sequence[Dial]) -> Sight:
        """What is to be seen of these dials. The list of calls is asked for only where a dial has no session."""
        if not dials:
            return Sight()
        sessions = await self._sessions({str(self._spool.outgoing(dial)): dial for dial in dials})
        missing = [dial for dial in dials if dial.call not in sessions]
        if not missing or self._clock() - self._calls_at < CALLS_EACH_S:
            return Sight(sessions)
        self._calls_at = self._clock()
        return Sight(sessions, await self._calls())

    async def hang_up(self, dial: Dial) -> None:
        """End the dial's call; nothing happens when it has none."""
        call = (await self._calls()).get(dial.call)
        for channel in call.channels if call is not None else ():
            try:
                await self._manager.action("Hangup", Channel=channel, Cause="16")
            except AmiFault as fault:
                if fault.reason != "refused":  # refused: it is gone by itself
                    raise

    async def _sessions(self, ours: Mapping[str, Dial]) -> dict[str, Session]:
        found = {}
        for entry in await self._manager.listed("FAXSessions"):
            dial = ours.get(entry.only("Files"))
            if dial is not None and entry.only("Operation") == "send":
                session = await self._session(entry)
                if session is not None:
                    found[dial.call] = session
        return found

    async def _session(self, entry: Message) -> Session | None:
        try:
            told = await self._manager.listed("FAXSession", SessionNumber=entry.only("SessionNumber"))
        except AmiFault as fault:
            if fault.reason == "refused":  # it has just ended
                return None
            raise
        if not told or told[0].only("FileName") != entry.only("Files"):
            return None
        pages = told[0].only("PagesTransmitted")
        spoken = told[0].only("ImageResolution") not in ("", "0x0")
        return Session(entry.only("Channel"), int(pages) if pages.isdecimal() else 0, spoken)

    async def _calls(self) -> dict[str, Call]:
        found: dict[str, Call] = {}
        for entry in await self._manager.listed("CoreShowChannels"):
            name, channel = entry.only("Linkedid"), entry.only("Channel")
            if name.startswith("fax-") and channel:
                known = found.get(name, Call((), False))
                answered = known.answered or entry.only("Application") == "SendFAX"
                found[name] = Call((*known.channels, channel), answered)
        return found
