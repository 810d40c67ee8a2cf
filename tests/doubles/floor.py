"""A floor that does as it is told: the face of ``ivr_server.floor.floor.Floor`` without Asterisk.

Tell it with ``picture``, ``waits`` (place -> range, or one for all under 0) and ``happen``; look at ``asked`` for the
member actions that were asked for. What it is asked to do to members it does at once in its picture, and tells of.
tests/floor/test_face.py holds it to the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening, Listener
from ivr_server.floor.picture import Member, Picture, QueueNow, Waiting
from ivr_server.floor.waits import WaitRange


def standing(name: str, *calls: str, members: tuple[Member, ...] = (), since: float = 0.0) -> QueueNow:
    """A queue in which these calls wait, in this order."""
    waiting = [Waiting(call, f"PJSIP/line-{call}", "", place, since) for place, call in enumerate(calls, 1)]
    return QueueNow(name, tuple(waiting), members)


@dataclass
class FloorDouble:
    """``fault``: what every member action raises from now on."""

    picture: Picture = field(default_factory=lambda: Picture(live=True))
    waits: dict[int, WaitRange] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    fault: AmiFault | None = None
    started: bool = False
    _listeners: list[Listener] = field(default_factory=list)

    def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.started = False

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def happen(self, what: Happening) -> None:
        """Tell everybody who listens."""
        for listener in tuple(self._listeners):
            listener(what)

    def set_queue(self, queue: QueueNow) -> None:
        """Put a queue into the picture, in place of the one of this name."""
        self.picture = replace(self.picture, queues={**self.picture.queues, queue.name: queue})

    def staffed(self, queue: str) -> bool | None:
        return self.picture.staffed(queue) if self.picture.live else None

    def expected_wait(self, queue: str, place: int) -> WaitRange | None:
        return self.waits.get(place, self.waits.get(0)) if self.picture.live else None

    def place(self, call: str) -> int:
        found = self.picture.waiting(call)
        return found.place if found else 0

    async def member_add(  # noqa: PLR0917
        self, queue: str, interface: str, name: str, penalty: int, paused: str = ""
    ) -> None:
        self._ask("add", queue, interface, name, str(penalty), paused)
        others = tuple(one for one in self.picture.queue(queue).members if one.interface != interface)
        member = Member(interface, name, penalty, bool(paused), paused)
        self._members(queue, (*others, member))
        self._tell(queue, member, "added")

    async def member_pause(self, interface: str, paused: bool, reason: str) -> None:
        self._ask("pause", interface, str(paused), reason)
        for queue, member in self.picture.members(interface).items():
            changed = replace(member, paused=paused, reason=reason if paused else "")
            members = self.picture.queue(queue).members
            self._members(queue, tuple(changed if one == member else one for one in members))
            self._tell(queue, changed, "paused" if paused else "ready")

    async def member_remove(self, queue: str, interface: str) -> None:
        self._ask("remove", queue, interface)
        member = self.picture.members(interface).get(queue)
        if member is not None:
            self._members(queue, tuple(one for one in self.picture.queue(queue).members if one != member))
            self._tell(queue, member, "removed")

    def _ask(self, *words: str) -> None:
        if self.fault is not None:
            raise self.fault
        if not self.picture.live:
            raise AmiFault("away", "no connection to Asterisk")
        self.asked.append(words)

    def _members(self, queue: str, members: tuple[Member, ...]) -> None:
        self.set_queue(replace(self.picture.queue(queue), members=tuple(sorted(members, key=lambda m: m.interface))))

    def _tell(self, queue: str, member: Member, detail: str) -> None:
        self.happen(
            Happening(
                what="member",
                at=self.picture.at,
                queue=queue,
                interface=member.interface,
                agent=member.name,
                detail=detail,
            )
        )
