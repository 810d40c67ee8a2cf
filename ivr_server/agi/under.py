"""What a line stands on: the connection's face, what is known of the Asterisk at its end, and how a line is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from ivr_server.agi.tasks import Answer


class LineGone(Exception):
    """The caller hung up. ``ms``: how long the sound had played."""

    def __init__(self, ms: int = 0) -> None:
        super().__init__("the caller hung up")
        self.ms = ms


class LineBroken(Exception):
    """The connection was lost, a deadline passed, or the peer broke the protocol: nothing more can be said here."""


class Wire(Protocol):
    """What a line needs of the connection under it."""

    hung_up: bool
    alive: bool

    def ask(self, command: bytes, limit_s: float) -> Answer:
        """Send a command now or after those before it; the Reply. Fails with LineGone or LineBroken."""

    def cut(self, command: bytes, nonce: str, limit_s: float) -> Answer:
        """Stop the running sound with a command whose value is the nonce; the sound's late Reply, or None."""

    def violated(self, reason: str) -> LineBroken:
        """Close for a broken protocol; the error to raise."""

    def pause(self, seconds: float) -> Deferred[None]:
        """Fires after so many seconds."""

    def seconds(self) -> float:
        """The clock."""

    def let_go(self, last_words: bytes) -> None:
        """Send the last words and close."""


@dataclass(slots=True)
class Asterisk:
    """What is learnt once of the Asterisk at an address. ``keeps_keys``: None until StoreDTMF was tried."""

    keeps_keys: bool | None = None
    encodes: bool = True  # has URIENCODE
    learnt: Callable[[str], None] = lambda what: None
