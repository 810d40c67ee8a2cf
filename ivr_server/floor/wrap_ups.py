"""How long agents write after a talk: from the pause for it to its end, as Asterisk shows both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from crm_bridge.queue_events import QueueEvent
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Picture

WRAP_UP: Final = "wrap_up"  # the pause reason
LONGEST_S: Final = 3_600.0  # beyond that nobody writes any more


@dataclass(slots=True)
class WrapUps:
    """Feed it what happens, with the picture after it; it gives the row of a wrap-up that has ended."""

    talks: dict[str, Happening] = field(default_factory=dict)  # interface -> the end of its latest talk
    began: dict[str, float] = field(default_factory=dict)

    def take(self, what: Happening, picture: Picture) -> QueueEvent | None:
        """A row, when this ends a wrap-up that followed a talk."""
        if what.what in ("ended", "transferred") and what.detail != "consult":
            self.talks[what.interface] = what
        if what.what != "member":
            return None
        interface = what.interface
        if any(one.reason == WRAP_UP for one in picture.members(interface).values()):
            self.began.setdefault(interface, what.at)
            return None
        since, talk = self.began.pop(interface, 0.0), self.talks.get(interface)
        if not since or talk is None or not 0 <= what.at - since <= LONGEST_S:
            return None
        del self.talks[interface]
        return QueueEvent(
            call=talk.call,
            what="wrapped",
            at=what.at,
            queue=talk.queue,
            interface=interface,
            agent=what.agent,
            seconds=round(what.at - since, 3),
            leg=talk.leg,
        )
