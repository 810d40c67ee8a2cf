"""The floor's face for everybody else: the live picture, what happens, and what may be asked of Asterisk."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from ivr_server.ami.client import Ami
from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening, Listener
from ivr_server.floor.picture import Picture
from ivr_server.floor.waits import WaitRange

log = Logger()


class Floor:
    """The live floor. ``picture.live`` is false until the first resync and after a loss.

    ``ami`` None: no Asterisk is known, and the floor stays empty: ``staffed`` then says that it does not know.
    """

    def __init__(self, ami: Ami | None) -> None:
        self.picture = Picture()
        self._ami = ami
        self._listeners: list[Listener] = []

    def start(self) -> None:
        """Follow the floor from the next resync on."""

    async def stop(self) -> None:
        """Follow it no more."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every happening, in the turn of the reactor in which it is known; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- asked by others

    def staffed(self, queue: str) -> bool | None:
        """Whether somebody is signed in to it and not away; None: not known now."""
        return self.picture.staffed(queue) if self.picture.live else None

    def expected_wait(self, queue: str, place: int) -> WaitRange | None:
        """Minutes that the caller at this place will still wait; None when under 2, or when it is not known."""
        return None

    def place(self, call: str) -> int:
        """Where the call stands in its queue, 1 is next; 0: it does not wait, or that is not known."""
        found = self.picture.waiting(call)
        return found.place if found else 0

    # --- members

    async def member_add(  # noqa: PLR0913, PLR0917
        self, queue: str, interface: str, name: str, penalty: int, paused: str = ""
    ) -> None:
        """Make the device a member, paused for this reason ("": not paused); AmiFault when Asterisk did not.

        One that is there already is paused or not as asked, and gets this penalty.
        """
        ami = self._now()
        place = (("Queue", queue), ("Interface", interface))
        pausing = "true" if paused else "false"
        try:
            await ami.action("QueueAdd", place, MemberName=name, Penalty=str(penalty), Paused=pausing)
        except AmiFault as fault:
            if fault.reason != "refused" or "already there" not in fault.text.lower():
                raise
            await ami.action("QueuePenalty", place, Penalty=str(penalty))
        await ami.action("QueuePause", place, Paused=pausing, Reason=paused)

    async def member_pause(self, interface: str, paused: bool, reason: str) -> None:
        """Ring the device no more, or again, in all its queues; AmiFault when Asterisk did not."""
        words = "true" if paused else "false"
        await self._now().action("QueuePause", Interface=interface, Paused=words, Reason=reason if paused else "")

    async def member_remove(self, queue: str, interface: str) -> None:
        """Take the device out of a queue; nothing happens when it is not in it. AmiFault when Asterisk did not."""
        try:
            await self._now().action("QueueRemove", Queue=queue, Interface=interface)
        except AmiFault as fault:
            if fault.reason != "refused" or "not there" not in fault.text.lower():
                raise

    # --- within

    def _now(self) -> Ami:
        if self._ami is None:
            raise AmiFault("away", "no connection to Asterisk")
        return self._ami

    def _tell(self, what: Happening) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(what)
            except Exception:
                log.failure("a listener of the floor failed at {what}", what=what.what)
