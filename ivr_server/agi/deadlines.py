"""Deadlines for tens of thousands of connections on one timer.

A connection says when it is ``due``; moving that further away costs one assignment. Each is looked at when it may be
due, and at least every 8 s, so a deadline is kept to within 0.5 s when it is the first, and to within 8 s after it was
moved nearer: right for "the peer is dead", where the order of magnitude counts.
"""

from __future__ import annotations

from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

TICK_S: Final = 0.5
LOOK_S: Final = 8.0


class Mortal(Protocol):
    """Something with a deadline: ``due`` in the clock's seconds, 0 for none; ``watched`` belongs to Deadlines."""

    due: float
    watched: bool

    def overdue(self) -> None:
        """The deadline passed; called once."""


class Deadlines:
    """Watches any number of things; holds a timer only while there is something to watch."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._slots: dict[int, list[Mortal]] = {}
        self._timer: IDelayedCall | None = None

    def watch(self, mortal: Mortal) -> None:
        """Look after it until its ``due`` is 0."""
        mortal.watched = True
        look = min(mortal.due, self._clock.seconds() + LOOK_S)
        self._slots.setdefault(int(look / TICK_S) + 1, []).append(mortal)
        if self._timer is None:
            self._timer = self._clock.callLater(TICK_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        ripe = [slot for slot in self._slots if slot <= now / TICK_S]
        for mortal in [mortal for slot in ripe for mortal in self._slots.pop(slot)]:
            self._look(mortal, now)
        if self._slots and self._timer is None:
            self._timer = self._clock.callLater(TICK_S, self._tick)

    def _look(self, mortal: Mortal, now: float) -> None:
        mortal.watched = False
        if not mortal.due:
            return
        if mortal.due <= now:
            mortal.due = 0.0
            mortal.overdue()
        else:
            self.watch(mortal)
