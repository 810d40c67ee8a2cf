"""Runs a call's coroutine with one object per command instead of a chain of callbacks.

Twisted's own runner adds a callback to a Deferred at every ``await``; at 14 commands a call that is a fifth of the
whole cost. An ``Answer`` is a Deferred for everybody else, so ``ensureDeferred`` and ``race`` work on it unchanged;
only ``Task`` takes it without callbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

Taker = Callable[[Any, BaseException | None], None]


class Answer(Deferred[Any]):
    """What a command will answer. Fire it with ``fire`` or ``fail``, once."""

    taker: Taker | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        """Give the answer, through whichever runner asks."""
        return (yield self)

    def fire(self, value: Any) -> None:
        """The answer is here."""
        taker, self.taker = self.taker, None
        if taker is None:
            self.callback(value)
        else:
            taker(value, None)

    def fail(self, error: BaseException) -> None:
        """There will be no answer."""
        taker, self.taker = self.taker, None
        if taker is None:
            self.errback(error)
        else:
            taker(None, error)


class Task:
    """One coroutine being run; it must answer for its own errors. ``step(None, None)`` begins it."""

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def step(self, value: Any, error: BaseException | None) -> None:
        """Go on with an answer or an error, up to the next thing that has to be waited for."""
        coroutine = self._coroutine
        if coroutine.cr_running:  # type: ignore[attr-defined]
            return  # it closed the line itself, on its way out
        while True:
            try:
                waiting = coroutine.send(value) if error is None else coroutine.throw(error)
            except StopIteration:
                return
            if type(waiting) is Answer and not waiting.called:
                waiting.taker = self.step
                return
            outcome = _Outcome()
            waiting.addCallbacks(outcome.well, outcome.ill)
            if not outcome.there:
                outcome.later = self.step
                return
            value, error = outcome.value, outcome.error


class _Outcome:
    """What an ordinary Deferred gave: at once, or ``later``."""

    __slots__ = ("error", "later", "there", "value")

    def __init__(self) -> None:
        self.there = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.later: Taker | None = None

    def well(self, value: Any) -> None:
        """The Deferred fired."""
        self._come(value, None)

    def ill(self, failure: Failure) -> None:
        """The Deferred failed."""
        self._come(None, failure.value)

    def _come(self, value: Any, error: BaseException | None) -> None:
        self.there, self.value, self.error = True, value, error
        if self.later is not None:
            self.later(value, error)
