"""Notices on their way to those who listen: a bounded queue, told out in slices, so that a flood blocks nobody.

Two rows, one for notices that somebody called critical. When the queue is full the oldest of the other row goes, and
is counted. When nothing but critical ones is left, ``put`` says so: the connection is then ended, and the resync after
the next one makes good what was lost. A slice is a few notices or a few milliseconds, whichever ends first; between
two slices the reactor turns.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ivr_server.ami.wire import Message

log = Logger()
Listener = Callable[[Message], None]
LIMIT: Final = 2_000  # notices that wait
SLICE: Final = 50  # notices told in one turn of the reactor
SLICE_S: Final = 0.005


class Notices:
    """The queue and its listeners. Nothing is told from ``hold`` to ``release`` (before the resync is done).

    ``wanted``: the names that somebody listens to, and those that are ``always`` to be read; for the wire's reader.
    """

    def __init__(self, clock: IReactorTime, counts: Counter[str], always: Iterable[str] = ()) -> None:
        self._always = frozenset(name.encode() for name in always)
        self.wanted: set[bytes] = set(self._always)
        self._clock = clock
        self._counts = counts
        self._listeners: dict[str, list[Listener]] = {}
        self._critical: set[str] = set()
        self._rows: tuple[deque[tuple[int, Message]], deque[tuple[int, Message]]] = (deque(), deque())
        self._number = 0
        self._failed: set[str] = set()
        self._held = True
        self._next: IDelayedCall | None = None

    def listen(self, name: str, listener: Listener, critical: bool = False) -> Callable[[], None]:
        """Tell ``listener`` of every notice of this name; what is given back ends that."""
        self._listeners.setdefault(name, []).append(listener)
        self.wanted.add(name.encode())
        if critical:
            self._critical.add(name)

        def end() -> None:
            self._listeners[name] = [one for one in self._listeners.get(name, ()) if one is not listener]
            if not self._listeners[name]:
                del self._listeners[name]
                self.wanted -= {name.encode()} - self._always

        return end

    def put(self, message: Message) -> bool:
        """Take one in, if anybody listens; False when the queue is full of critical ones."""
        if message.name not in self._listeners:
            return True
        ordinary, critical = self._rows
        if len(ordinary) + len(critical) >= LIMIT:
            if not ordinary:
                return False
            ordinary.popleft()
            self._counts["notices_dropped"] += 1
        self._number += 1
        self._rows[message.name in self._critical].append((self._number, message))
        self._go_on()
        return True

    def hold(self) -> None:
        """Forget what waits and tell nothing until ``release``."""
        self._held = True
        self._failed.clear()
        for row in self._rows:
            row.clear()

    def release(self) -> None:
        """Tell from here on."""
        self._held = False
        self._go_on()

    def _go_on(self) -> None:
        if not self._held and self._next is None and any(self._rows):
            self._next = self._clock.callLater(0, self._slice)

    def _slice(self) -> None:
        self._next = None
        until = self._clock.seconds() + SLICE_S
        for _ in range(SLICE):
            if self._held or not any(self._rows) or self._clock.seconds() > until:
                break
            self._tell(min((row for row in self._rows if row), key=lambda row: row[0][0]).popleft()[1])
        self._go_on()

    def _tell(self, message: Message) -> None:
        for listener in tuple(self._listeners.get(message.name, ())):
            try:
                listener(message)
            except Exception:
                self._counts["listener_failed"] += 1
                if message.name not in self._failed:  # one line, not one for each notice of a flood
                    self._failed.add(message.name)
                    log.failure("a listener failed at the notice {name}", name=message.name)
