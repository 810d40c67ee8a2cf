"""The live picture of the floor as values. Pure: no clock, no connection.

Instants are seconds since 1970 UTC, as Asterisk's own stamps are where it sends them. A *call* is the unique id of the
caller's channel; a *leg* is the unique id of the channel that rings at an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MemberState = Literal["idle", "ringing", "in_use", "away"]
AWAY = "away"  # the pause reason of a desk that sleeps; the state of a device that is not there


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue. ``place``: 1 is next; ``since``: when this wait began; ``call_back``: its id, 0 for none.

    ``number`` and ``name`` are the caller's and hostile: shown as text, never a reason for anything.
    """

    call: str
    channel: str
    number: str
    place: int
    since: float
    priority: int = 0
    call_back: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A device in a queue. ``name`` is the agent's; ``calls`` as this queue counted them, ``last_call`` an instant."""

    interface: str
    name: str
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    state: MemberState = "idle"
    calls: int = 0
    last_call: float = 0.0

    @property
    def away(self) -> bool:
        """Whether nobody is there: the device is gone, or the desk sleeps."""
        return self.state == AWAY or (self.paused and self.reason == AWAY)

    @property
    def free(self) -> bool:
        """Whether the next caller may ring here."""
        return self.state == "idle" and not self.paused


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One queue: callers in order, members in the order of their interfaces."""

    name: str
    waiting: tuple[Waiting, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Ring:
    """A call rings at a device: ``leg`` is the unique id of that attempt, ``began`` an instant.

    ``consult``: another agent talks with the caller, and asks this one first.
    """

    call: str
    queue: str
    interface: str
    agent: str
    leg: str
    began: float
    number: str = ""
    consult: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A caller bridged with an agent. ``queue`` is "" for a talk that no queue brought (a transfer to a seat)."""

    call: str
    queue: str
    interface: str
    channel: str
    agent_channel: str
    began: float
    agent: str = ""
    leg: str = ""
    number: str = ""
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, at one instant. ``live``: false until the first resync, and from a loss to the next one.

    ``queues`` by name, ``talks`` by call, ``rings`` by leg. ``known`` is what tells a repeated or late notice from a
    new one (``notices``): it is no part of the picture that people see, and is left out of comparisons.
    """

    queues: Mapping[str, QueueNow] = field(default_factory=dict)
    talks: Mapping[str, Talk] = field(default_factory=dict)
    rings: Mapping[str, Ring] = field(default_factory=dict)
    at: float = 0.0
    live: bool = False
    known: Known = field(default_factory=lambda: Known(), compare=False, repr=False)  # noqa: PLW0108

    def queue(self, name: str) -> QueueNow:
        """The queue, empty when Asterisk has none of this name."""
        return self.queues.get(name) or QueueNow(name)

    def waiting(self, call: str) -> Waiting | None:
        """The call as it waits, in whichever queue."""
        return next((one for queue in self.queues.values() for one in queue.waiting if one.call == call), None)

    def queue_of(self, call: str) -> str:
        """The queue in which the call waits; "" when it does not."""
        return next((q.name for q in self.queues.values() if any(one.call == call for one in q.waiting)), "")

    def members(self, interface: str) -> dict[str, Member]:
        """What this device is, by queue."""
        return {q.name: one for q in self.queues.values() for one in q.members if one.interface == interface}

    def staffed(self, queue: str) -> bool:
        """Whether somebody is signed in and not away; who is on a break counts, for they come back."""
        return any(not one.away for one in self.queue(queue).members)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A caller who left a queue, and why is not known yet: the notice that tells follows within milliseconds.

    ``what``: "abandoned" (or timed out: Asterisk announces both alike) or "left" (answered, withdrawn, sent away).
    """

    queue: str
    what: Literal["abandoned", "left"]
    at: float
    waited: float
    number: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """How far each thing has come. Each mapping is bounded, oldest out first.

    ``legs``: leg -> its step (1 rings, 2 answered, 3 over). ``dials``: leg -> how its dial ended. ``gone``: channels
    that hung up -> when. ``moved``: call -> stamp of its latest join or leave; "queue interface" -> stamp of the
    member's latest notice. ``entries``: call -> its latest wait, and ``came_from`` its queue, until the channel is
    gone, ``links``: linked id -> call. ``consults``: legs at which an agent is asked by another one. ``unsettled``: by
    call. ``withdrawn``: calls that we asked out -> when. ``bridges``: bridge -> unique id ->
    channel. ``aside``: legs of talks that left the caller's bridge, to ask somebody -> when.
    """

    legs: Mapping[str, int] = field(default_factory=dict)
    dials: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, float] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)
    entries: Mapping[str, Waiting] = field(default_factory=dict)
    came_from: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    consults: Mapping[str, Ring] = field(default_factory=dict)
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    withdrawn: Mapping[str, float] = field(default_factory=dict)
    bridges: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aside: Mapping[str, float] = field(default_factory=dict)
