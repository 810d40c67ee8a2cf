"""The client and a double of Asterisk, in memory, on a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.faults import AmiFault
from tests.doubles.asterisk_manager import AsteriskManager

SECRET = "a-secret-nobody-prints"
PATIENCE_S = 1.5  # from the connect to live: the rights' second, and a little


@dataclass
class Outcome:
    """What a coroutine gave, as far as it has."""

    value: Any = None
    fault: Any = None
    done: bool = False


@dataclass
class Stage:
    """``go(seconds)`` lets time pass in small steps; ``ami`` is not started yet."""

    clock: Clock = field(default_factory=Clock)
    manager: AsteriskManager = None  # type: ignore[assignment]
    ami: Ami = None  # type: ignore[assignment]
    chance: float = 0.5

    def __post_init__(self) -> None:
        self.manager = self.manager or AsteriskManager(self.clock, secret=SECRET)
        wish = AmiSettings(secret=Secret(SECRET), needs=("Originate", "Hangup", "CoreShowChannels"))
        self.ami = self.ami or Ami(self.clock, wish, self.manager.endpoint(), lambda: self.chance)

    def go(self, seconds: float = 0.0) -> None:
        """Let so much time pass; everything that is due happens."""
        steps = max(1, round(seconds / 0.05))
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
                self.clock.advance(0)

    def live(self) -> Ami:
        """Start the client and wait until it is live."""
        self.ami.start()
        self.go(PATIENCE_S)
        assert self.ami.connected, self.ami.condition()
        return self.ami

    def begin(self, work: Awaitable[Any]) -> Outcome:
        """Start a coroutine; its outcome fills in as the clock moves."""
        outcome = Outcome()

        def well(value: Any) -> None:
            outcome.value, outcome.done = value, True

        def ill(failure: Failure) -> None:
            outcome.fault, outcome.done = failure.value, True

        deferred: Deferred[Any] = ensureDeferred(work)  # type: ignore[arg-type]
        deferred.addCallbacks(well, ill)
        self.go()
        return outcome

    def fault(self, work: Awaitable[Any]) -> AmiFault:
        """How a coroutine fails at once."""
        outcome = self.begin(work)
        assert isinstance(outcome.fault, AmiFault), outcome
        return outcome.fault
