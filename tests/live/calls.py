"""One caller's call, and the product's end of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.live.ami import Ami, Fields


class Switchboard(Protocol):
    """What a call needs of the exchange."""

    callers_ami: Ami
    legs: dict[str, Leg]


@dataclass(slots=True)
class Leg:
    """The product's end of one call: what its channel did, gathered from events."""

    channel: str = ""
    unique: str = ""
    variables: dict[str, list[str]] = field(default_factory=dict)
    seen: list[tuple[float, Fields]] = field(default_factory=list)
    ended: float = 0.0

    def last(self, name: str) -> str | None:
        """The last value a channel variable was set to; None when it never was."""
        values = self.variables.get(name)
        return values[-1] if values else None

    def wait(self, test: Callable[[Leg], object], seconds: float = 10.0) -> Leg:
        """Until something is true of it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if test(self):
                return self
            time.sleep(0.05)
        raise AssertionError(f"did not happen within {seconds} s; the channel had {self.variables}")

    def events(self, name: str) -> list[tuple[float, Fields]]:
        """When (monotonic) and what, of one kind of event."""
        return [(at, fields) for at, fields in self.seen if fields.get("Event") == name]


@dataclass(slots=True)
class Call:
    """One caller's call. Times are monotonic seconds; ``recording`` is what the caller heard (8 kHz wav)."""

    exchange: Switchboard
    number: str
    caller: str
    unique: str
    recording: Path
    dialled: float
    channel: str = ""
    answered: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    answered_at: float = 0.0
    ended_at: float = 0.0
    cause: str = ""
    refused: bool = False

    def press(self, keys: str, gap_ms: int = 60, tone_ms: int = 80) -> None:
        """Press keys now, one after the other, while the call goes on."""
        for key in keys:
            fields = {"Channel": self.channel, "Digit": key, "Duration": str(tone_ms)}
            self.exchange.callers_ami.action("PlayDTMF", **fields)
            time.sleep((tone_ms + gap_ms) / 1000)

    def hang_up(self) -> None:
        """The caller puts the receiver down; a call that is over stays so."""
        self.exchange.callers_ami.action("Hangup", Channel=self.channel or self.unique)

    def wait_answered(self, seconds: float = 10.0) -> Call:
        """Until the product has answered."""
        assert self.answered.wait(seconds) and not self.refused, f"not answered within {seconds} s"
        return self

    def wait_over(self, seconds: float = 60.0) -> Call:
        """Until either side has hung up, and what the product's channel did last has been told, too."""
        assert self.over.wait(seconds), f"the call to {self.number} was not over after {seconds} s"
        until = time.monotonic() + 2.0
        while self.leg.unique and not self.leg.ended and time.monotonic() < until:
            time.sleep(0.02)
        return self

    @property
    def seconds(self) -> float:
        """How long it was up."""
        return self.ended_at - self.answered_at

    @property
    def leg(self) -> Leg:
        """The product's end of this call, found by the caller's number (each call has its own)."""
        return self.exchange.legs.get(self.caller) or Leg()

    def wait_leg(self, test: Callable[[Leg], object], seconds: float = 10.0) -> Leg:
        """Until something is true of the product's end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if test(self.leg):
                return self.leg
            time.sleep(0.05)
        raise AssertionError(f"did not happen within {seconds} s; the product's channel had {self.leg.variables}")
