"""Devices in queues: what is asked of Asterisk to put them there, pause them and take them out."""

from __future__ import annotations

from ivr_server.ami.client import Ami
from ivr_server.ami.faults import AmiFault

NEEDS = ("QueueAdd", "QueuePause", "QueuePenalty", "QueueRemove")


class Members:
    """The actions on members; AmiFault when Asterisk did not do what was asked."""

    def __init__(self, ami: Ami | None) -> None:
        self._ami = ami

    async def add(self, queue: str, interface: str, seat: tuple[str, int, str]) -> None:
        """Make the device a member: the agent's name, the penalty, the reason of its pause ("": not paused)."""
        ami = self._there()
        name, penalty, reason = seat
        place = (("Queue", queue), ("Interface", interface))
        paused = "true" if reason else "false"
        try:
            await ami.action("QueueAdd", place, MemberName=name, Penalty=str(penalty), Paused=paused)
        except AmiFault as fault:
            if fault.reason != "refused" or "already there" not in fault.text.lower():
                raise
            await ami.action("QueuePenalty", place, Penalty=str(penalty))
        await ami.action("QueuePause", place, Paused=paused, Reason=reason)

    async def pause(self, interface: str, paused: bool, reason: str) -> None:
        """In all its queues. Asterisk refuses a device that is in none: then there is nothing to pause."""
        words = "true" if paused else "false"
        try:
            fields = {"Interface": interface, "Paused": words, "Reason": reason if paused else ""}
            await self._there().action("QueuePause", tuple(fields.items()))
        except AmiFault as fault:
            if fault.reason != "refused" or "not found" not in fault.text.lower():
                raise

    async def remove(self, queue: str, interface: str) -> None:
        """Take the device out of the queue, if it is in it."""
        try:
            await self._there().action("QueueRemove", Queue=queue, Interface=interface)
        except AmiFault as fault:
            if fault.reason != "refused" or "not there" not in fault.text.lower():
                raise

    def _there(self) -> Ami:
        if self._ami is None:
            raise AmiFault("away", "no connection to Asterisk")
        return self._ami
