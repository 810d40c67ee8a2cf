"""Work that somebody waits for, but not for ever: its result is kept, and whoever waits is woken once it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure


class Work:
    """A coroutine that is under way. ``done``: its result, or its error, is here; an error waits to be asked for."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.done = False
        self._result: Any = None
        self._waiting: list[Deferred[None]] = []
        self._running: Deferred[Any] | None = None
        self._begin(coroutine)

    def _begin(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Up to the first thing it waits for: most look-ups in memory wait for none, and need no Deferred."""
        try:
            first = coroutine.send(None)
        except StopIteration as end:
            self.done, self._result = True, end.value
        except Exception:
            self.done, self._result = True, Failure()  # type: ignore[no-untyped-call]
        else:
            self._running = ensureDeferred(_rest(coroutine, first))
            self._running.addBoth(self._came)

    def _came(self, result: Any) -> None:
        self.done, self._result = True, result
        waiting, self._waiting = self._waiting, []
        for bell in waiting:
            if not bell.called:
                bell.callback(None)

    def result(self) -> Any:
        """What it gave; raises what it raised."""
        if isinstance(self._result, Failure):
            self._result.raiseException()
        return self._result

    def cancel(self) -> None:
        """Nobody wants it any more."""
        if self._running is not None:
            self._running.cancel()

    def bell(self) -> Deferred[None]:
        """Fires when the work is done; whoever made others ring it may do so earlier."""
        bell: Deferred[None] = Deferred()
        if self.done:
            bell.callback(None)
        else:
            self._waiting.append(bell)
        return bell


async def _rest(coroutine: Coroutine[Any, Any, Any], waiting: Any) -> Any:
    """What a coroutine gives that was begun by hand, and now waits for a Deferred."""
    while True:
        value, fault = None, None
        try:
            value = await waiting
        except Exception as met:
            fault = met
        try:
            waiting = coroutine.send(value) if fault is None else coroutine.throw(fault)
        except StopIteration as end:
            return end.value


async def first_of(work: Work, other: Deferred[None] | None, clock: IReactorTime, seconds: float) -> None:
    """Wait for the work, for another thing (which is cancelled then), or for the time: whichever is first."""
    bell = work.bell()

    def ring(_: object = None) -> None:
        if not bell.called:
            bell.callback(None)

    timer = clock.callLater(max(seconds, 0.0), ring)
    if other is not None:
        other.addCallbacks(ring, lambda _: None)
    await bell
    with contextlib.suppress(AlreadyCalled, AlreadyCancelled):
        timer.cancel()
    if other is not None:
        other.cancel()
