"""A telephone with a keypad: dials our own FastAGI server as Asterisk would, and tells an ear what is to be heard.

    phone = Phone(reactor, ear, Dialling(caller="13800138000", token=token))
    await phone.connect(HostnameEndpoint(reactor, "127.0.0.1", 4573))
    phone.press("1")

The call ends when the server lets go, or with ``hang_up``; the ear is then told the channel's variables.

Keys may come bunched: out of a browser's buffer, from a line typed at a terminal. A real telephone sends a tone for
each and a gap after it, and the server counts on that where nothing keeps keys between its commands, as around secrets.
With ``Dialling.key_ms`` the phone does so too; without it, keys arrive at once (tests in memory, ``call --fast``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime, IStreamClientEndpoint

from ivr_server.phone.asterisk_side import AsteriskSide, Dialling, Told
from ivr_server.phone.cable import Cable
from ivr_server.phone.sounds import Sound

__all__ = ["KEYS", "TELEPHONE_MS", "Dialling", "Ear", "Phone"]
KEYS = "0123456789*#ABCD"
TELEPHONE_MS: Final = 120  # a tone of 80 ms and a gap of 40 ms
MOST_WAITING: Final = 64  # keys not yet sent; more are not taken


class Ear(Protocol):
    """Who listens."""

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound begins: its path without extension, its length, the words in it ("" when not known)."""

    def silent(self) -> None:
        """The sound ended or was cut."""

    def ended(self, variables: dict[str, str]) -> None:
        """The call is over for the server: IVR_RESULT, IVR_QUEUE, IVR_TRAIL ..., AGISTATUS."""


class Phone:
    """One call. Set ``listening`` to be called each time the server waits for a key."""

    def __init__(self, clock: IReactorTime, ear: Ear, dialling: Dialling) -> None:
        self._ear = ear
        self._clock = clock
        self._apart_s = dialling.key_ms / 1000
        self._waiting: deque[str] = deque()
        self._tone: IDelayedCall | None = None
        self.listening: Callable[[], None] = lambda: None
        told = Told(self._playing, ear.silent, self._listens, self._ended)
        self.side = AsteriskSide(clock, dialling, told)

    def connect(self, endpoint: IStreamClientEndpoint) -> Deferred[Any]:
        """Call over a real socket; fires when connected, fails when nobody answers."""
        connecting: Deferred[Any] = connectProtocol(endpoint, self.side)  # type: ignore[no-untyped-call]
        return connecting

    def plug(self, server: IProtocol) -> None:
        """Call a server protocol in memory: everything happens at once, on the phone's clock."""
        Cable().join(server, self.side)

    def press(self, keys: str) -> None:
        """Press the keys, one after the other; anything that is no key is ignored."""
        for key in keys:
            if key in KEYS and not self._apart_s:
                self.side.press(key)
            elif key in KEYS and len(self._waiting) < MOST_WAITING:
                self._waiting.append(key)
        if self._tone is None:
            self._next_key()

    def hang_up(self) -> None:
        """Put the receiver down; keys that were not sent yet are not sent any more."""
        self._stop_keys()
        self.side.hang_up()

    @property
    def hushed(self) -> bool:
        """Whether a secret is being asked for: its keys are shown nowhere."""
        return self.side.hushed

    @property
    def over(self) -> bool:
        """Whether the call is over."""
        return self.side.over

    @property
    def variables(self) -> dict[str, str]:
        """The channel's variables as they are now."""
        return dict(self.side.variables)

    def _next_key(self) -> None:
        self._tone = None
        if self._waiting:
            self._tone = self._clock.callLater(self._apart_s, self._next_key)
            self.side.press(self._waiting.popleft())

    def _stop_keys(self) -> None:
        self._waiting.clear()
        if self._tone is not None:
            self._tone.cancel()
            self._tone = None

    def _ended(self, variables: dict[str, str]) -> None:
        self._stop_keys()
        self._ear.ended(variables)

    def _listens(self) -> None:
        self.listening()

    def _playing(self, sound: Sound, path: str) -> None:
        self._ear.playing(path, sound.ms, sound.words)
