"""A queue behind a double of Asterisk's manager interface: it does what Asterisk does, and tells it as Asterisk does.

``Hall(manager)`` holds the truth: who waits, who is a member, who talks. What happens there is told to whoever is
signed in at that moment; whoever asks is told the truth. Fields and their order in time are those of recorded notices
(tests/floor/recorded).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from tests.doubles.asterisk_manager import Asked, AsteriskManager, Pairs

QUEUE = "hall"


@dataclass
class Seat:
    """A member of the queue. ``status`` is Asterisk's number: 1 idle, 2 in use, 5 away, 6 rings."""

    interface: str
    name: str
    status: int = 1
    paused: str = ""
    calls: int = 0


@dataclass
class Caller:
    """A channel; ``leg`` is the agent's, ``bridge`` where both stand."""

    call: str
    since: float
    seat: Seat | None = None
    leg: str = ""
    bridge: str = ""

    @property
    def channel(self) -> str:
        return f"PJSIP/line-{self.call}"

    @property
    def agent_channel(self) -> str:
        return f"{self.seat.interface}-{self.leg}" if self.seat else ""


@dataclass
class Hall:
    """One queue. ``stamps``: whether notices carry Asterisk's own time, as ``timestampevents`` makes it."""

    manager: AsteriskManager
    epoch: float = 1_800_000_000.0
    stamps: bool = True
    waiting: list[Caller] = field(default_factory=list)
    talking: list[Caller] = field(default_factory=list)
    ringing: list[Caller] = field(default_factory=list)  # of those who wait
    seats: list[Seat] = field(default_factory=list)
    told: list[tuple[str, Pairs]] = field(default_factory=list)  # every notice, heard or not
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.manager.stamp = (lambda: f"{self.now():.6f}") if self.stamps else None
        does = {
            "QueueStatus": self._status,
            "CoreShowChannels": self._channels,
            "Getvar": self._variable,
            "Ping": self._ping,
        }
        does |= {"QueueAdd": self._add, "QueueRemove": self._remove, "QueuePause": self._pause}
        for action, answer in {**does, "QueuePenalty": self._fine, "QueueWithdrawCaller": self._withdraw}.items():
            self.manager.answers[action] = answer

    # --- what happens there

    def now(self) -> float:
        return self.epoch + float(self.manager.clock.seconds())

    def arrive(self, number: str = "13800138000", call: str = "") -> Caller:
        caller = Caller(call or f"{int(self.epoch)}.{next(self._numbers)}", self.now())
        self.waiting.append(caller)
        count = str(len(self.waiting))
        self._tell("QueueCallerJoin", *self._caller(caller, number), ("Position", count), ("Count", count))
        return caller

    def give_up(self, caller: Caller) -> None:
        """The caller hangs up, waiting."""
        self._stop_ringing(caller)
        self._tell("QueueCallerAbandon", *self._caller(caller), ("HoldTime", str(int(self.now() - caller.since))))
        self._leave(caller)
        self._hang_up(caller.call)

    def time_out(self, caller: Caller) -> None:
        """As Asterisk tells it: as if the caller had given up, but the channel goes on."""
        self._stop_ringing(caller)
        self._tell("QueueCallerAbandon", *self._caller(caller), ("HoldTime", str(int(self.now() - caller.since))))
        self._leave(caller)

    def ring(self, caller: Caller, seat: Seat) -> None:
        caller.seat, caller.leg = seat, f"{int(self.epoch)}.{next(self._numbers)}"
        self.ringing.append(caller)
        seat.status = 6
        self._tell("AgentCalled", *self._caller(caller), *self._agent(caller))
        self._member("QueueMemberStatus", seat)

    def miss(self, caller: Caller) -> None:
        assert caller.seat is not None
        self.ringing.remove(caller)
        self._tell("AgentRingNoAnswer", *self._caller(caller), *self._agent(caller), ("RingTime", "4000"))
        self._end_leg(caller)

    def answer(self, caller: Caller) -> None:
        assert caller.seat is not None
        self.ringing.remove(caller)
        self._leave(caller)
        self._tell("AgentConnect", *self._caller(caller), *self._agent(caller), ("HoldTime", "1"), ("RingTime", "1"))
        self.talking.append(caller)
        caller.seat.status, caller.seat.calls = 2, caller.seat.calls + 1
        self._member("QueueMemberStatus", caller.seat)
        caller.bridge = f"bridge-{next(self._numbers)}"
        for unique, channel in ((caller.leg, caller.agent_channel), (caller.call, caller.channel)):
            self._tell("BridgeEnter", ("BridgeUniqueid", caller.bridge), ("Channel", channel), ("Uniqueid", unique))

    def complete(self, caller: Caller, reason: str = "agent") -> None:
        assert caller.seat is not None
        self.talking.remove(caller)
        more = (("HoldTime", "1"), ("TalkTime", "1"), ("Reason", reason))
        self._tell("AgentComplete", *self._caller(caller), *self._agent(caller), *more)
        self._hang_up(caller.call)
        self._end_leg(caller)

    def sign_in(self, interface: str, name: str = "") -> Seat:
        seat = Seat(interface, name or f"agent {interface}")
        self.seats.append(seat)
        self._member("QueueMemberAdded", seat)
        return seat

    def sign_out(self, seat: Seat) -> None:
        self.seats.remove(seat)
        self._member("QueueMemberRemoved", seat)

    def pause(self, seat: Seat, reason: str) -> None:
        seat.paused = reason
        self._member("QueueMemberPause", seat)

    def be(self, seat: Seat, status: int) -> None:
        seat.status = status
        self._member("QueueMemberStatus", seat)

    # --- how it is told

    def _tell(self, event: str, *pairs: tuple[str, str]) -> None:
        stamp = (("Timestamp", f"{self.now() + 1e-6 * len(self.told):.6f}"),) if self.stamps else ()
        self.told.append((event, (*stamp, *pairs)))
        self.manager.notice(event, (*stamp, *pairs))

    def _caller(self, caller: Caller, number: str = "13800138000") -> Pairs:
        about = (("Channel", caller.channel), ("CallerIDNum", number), ("Uniqueid", caller.call))
        return (*about, ("Linkedid", caller.call), ("Queue", QUEUE))

    @staticmethod
    def _agent(caller: Caller) -> Pairs:
        assert caller.seat is not None
        about = (("DestChannel", caller.agent_channel), ("DestUniqueid", caller.leg))
        return (*about, ("Interface", caller.seat.interface), ("MemberName", caller.seat.name))

    def _stop_ringing(self, caller: Caller) -> None:
        if caller in self.ringing:
            self.ringing.remove(caller)
            self._end_leg(caller)

    def _leave(self, caller: Caller) -> None:
        self.waiting.remove(caller)
        self._tell("QueueCallerLeave", *self._caller(caller), ("Count", str(len(self.waiting))))

    def _end_leg(self, caller: Caller) -> None:
        assert caller.seat is not None
        self._hang_up(caller.leg)
        caller.seat.status = 1
        self._member("QueueMemberStatus", caller.seat)
        caller.seat, caller.leg, caller.bridge = None, "", ""

    def _hang_up(self, unique: str) -> None:
        self._tell("Hangup", ("Uniqueid", unique), ("Cause", "16"))

    def _member(self, event: str, seat: Seat) -> None:
        self._tell(event, ("Queue", QUEUE), ("MemberName", seat.name), ("Interface", seat.interface), *self._how(seat))

    @staticmethod
    def _how(seat: Seat) -> Pairs:
        about = (("Penalty", "0"), ("CallsTaken", str(seat.calls)), ("LastCall", "0"), ("Status", str(seat.status)))
        return (*about, ("Paused", str(int(bool(seat.paused)))), ("PausedReason", seat.paused))

    # --- what is asked of it

    def _list(self, asked: Asked, event: str, items: list[tuple[str, Pairs]]) -> None:
        session = next(one for one in self.manager.sessions if one.signed_in)
        session.answer(asked, "Success", ("EventList", "start"))
        for name, pairs in items:
            session.item(asked, name, *pairs)
        session.item(asked, f"{event}Complete", ("EventList", "Complete"), ("ListItems", str(len(items))))

    def _status(self, asked: Asked) -> None:
        items: list[tuple[str, Pairs]] = []
        if asked.get("Queue") in ("", QUEUE):
            items.append(("QueueParams", (("Queue", QUEUE), ("Calls", str(len(self.waiting))))))
            for seat in self.seats:
                about = (("Queue", QUEUE), ("Name", seat.name), ("Location", seat.interface))
                items.append(("QueueMember", (*about, *self._how(seat))))
            for place, one in enumerate(self.waiting, 1):
                wait = str(int(self.now() - one.since))
                about = (("Queue", QUEUE), ("Position", str(place)), ("Channel", one.channel), ("Uniqueid", one.call))
                items.append(
                    ("QueueEntry", (*about, ("CallerIDNum", "13800138000"), ("Wait", wait), ("Priority", "0")))
                )
        self._list(asked, "QueueStatus", items)

    def _channels(self, asked: Asked) -> None:
        items: list[tuple[str, Pairs]] = []
        for one in (*self.waiting, *self.talking):
            queue = (("Application", "Queue"), ("ApplicationData", f"{QUEUE},t"), ("Duration", "00:00:01"))
            about = (("Channel", one.channel), ("Uniqueid", one.call), ("Linkedid", one.call), ("BridgeId", one.bridge))
            items.append(("CoreShowChannel", (*about, *queue)))
            if one.leg:
                leg = (("Channel", one.agent_channel), ("Uniqueid", one.leg), ("Linkedid", one.call))
                items.append(("CoreShowChannel", (*leg, ("BridgeId", one.bridge), ("Application", "AppQueue"))))
        self._list(asked, "CoreShowChannels", items)

    def _variable(self, asked: Asked) -> Pairs:
        if any(asked.get("Channel") == one.call for one in (*self.waiting, *self.talking)):
            return (("Response", "Success"), ("Variable", asked.get("Variable")), ("Value", asked.get("Channel")))
        return (("Response", "Error"), ("Message", "No such channel"))

    def _ping(self, asked: Asked) -> Pairs:
        return (("Response", "Success"), ("Ping", "Pong"), ("Timestamp", f"{self.now():.6f}"))

    def _add(self, asked: Asked) -> Pairs:
        if any(seat.interface == asked.get("Interface") for seat in self.seats):
            return (("Response", "Error"), ("Message", "Unable to add interface: Already there"))
        self.manager.clock.callLater(0, self.sign_in, asked.get("Interface"), asked.get("MemberName"))
        return (("Response", "Success"), ("Message", "Added interface to queue"))

    def _remove(self, asked: Asked) -> Pairs:
        for seat in self.seats:
            if seat.interface == asked.get("Interface"):
                self.manager.clock.callLater(0, self.sign_out, seat)
                return (("Response", "Success"), ("Message", "Removed interface from queue"))
        return (("Response", "Error"), ("Message", "Unable to remove interface: Not there"))

    def _pause(self, asked: Asked) -> Pairs:
        paused = asked.get("Reason") if asked.get("Paused") == "true" else ""
        self.manager.clock.callLater(0, self._paused, asked.get("Interface"), paused)
        return (("Response", "Success"), ("Message", "Interface paused successfully"))

    def _paused(self, interface: str, reason: str) -> None:
        for seat in self.seats:
            if seat.interface == interface:
                self.pause(seat, reason)

    def _withdraw(self, asked: Asked) -> Pairs:
        for caller in self.waiting:
            if caller.channel == asked.get("Caller") and caller not in self.ringing:
                self.manager.clock.callLater(0, self._leave, caller)
                return (("Response", "Success"), ("Message", "Withdraw requested successfully"))
        return (("Response", "Error"), ("Message", "Unable to request withdraw from queue: No such caller"))

    @staticmethod
    def _fine(asked: Asked) -> Pairs:
        return (("Response", "Success"),)
