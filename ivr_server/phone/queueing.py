"""A queue without agents behind our own phone: what a caller goes through there, leg after leg, as by the dialplan.

    phone = QueueingPhone(clock, ear, Waits(ahead=2, dialling=dialling), connect)

The first leg is the call itself. When the server puts it through, the caller waits: every so often one who was ahead is
served, and the server speaks to the caller (script ``waiting``, with IVR_PLACE as Asterisk would set it). Once nobody
is ahead an agent takes the call, and the ear is told the end with the variables of the whole call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ivr_server.phone.phone import Dialling, Ear, Phone

MUSIC: Final = "♪"
OWN: Final = ("AGISTATUS", "IVR_RESULT", "IVR_KEYS")  # of a leg, not of the call


@dataclass(frozen=True, slots=True)
class Waits:
    """``ahead``: callers before this one; ``every_s``: how long until the next of them is served; what is dialled."""

    dialling: Dialling
    ahead: int = 0
    every_s: float = 45.0


class QueueingPhone:
    """A call with its waiting rounds; the face of one ``Phone``. ``connect`` joins a phone to the server."""

    def __init__(self, clock: IReactorTime, ear: Ear, waits: Waits, connect: Callable[[Phone], Deferred[Any]]) -> None:
        self._clock, self._ear, self._waits = clock, ear, waits
        variables = {**waits.dialling.variables, **_place(waits.ahead)}
        self._dialling = replace(waits.dialling, variables=variables)
        self._connect = connect
        self._later: IDelayedCall | None = None
        self._told: dict[str, str] = {}
        self._place = waits.ahead + 1
        self.listening: Callable[[], None] = lambda: None
        self.over = False
        self.phone = self._leg(self._dialling)

    def call(self) -> Deferred[Any]:
        """Dial; fires when connected."""
        return self._connect(self.phone)

    def press(self, keys: str) -> None:
        """Keys; in the queue nobody hears them."""
        if self._later is None:
            self.phone.press(keys)

    def hang_up(self) -> None:
        """Put the receiver down, also while waiting."""
        if self._later is not None:
            self._stop_waiting()
            self._end({**self._told, "AGISTATUS": "HANGUP"})
        else:
            self.phone.hang_up()

    @property
    def hushed(self) -> bool:
        """Whether a secret is being asked for."""
        return self.phone.hushed

    # --- the ear of each leg

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound begins."""
        self._ear.playing(path, ms, words)

    def silent(self) -> None:
        """It ended."""
        self._ear.silent()

    def ended(self, variables: dict[str, str]) -> None:
        """A leg is over: the call is, or it waits on."""
        self._told |= {name: value for name, value in variables.items() if name not in OWN}
        if variables.get("IVR_RESULT") != "queue":
            self._end({**self._told, **variables})
            return
        place = variables.get("IVR_PLACE", "")
        self._place = min(self._place, int(place)) if place.isdecimal() and place else self._place
        if self._place <= 1:  # an agent takes it
            self._end({**self._told, **{name: variables[name] for name in OWN if name in variables}})
            return
        words = f"{MUSIC} {self._told.get('IVR_QUEUE', '')} ({self._place})"
        self._ear.playing("", round(self._waits.every_s * 1000), words)
        self._later = self._clock.callLater(self._waits.every_s, self._spoken_to)

    def _spoken_to(self) -> None:
        """One who was ahead has been served; the server speaks to the caller."""
        self._later = None
        self._ear.silent()
        self._place -= 1
        variables = {**self._told, "IVR_PLACE": str(self._place)}
        self.phone = self._leg(replace(self._dialling, script="waiting", variables=variables))
        self._connect(self.phone).addErrback(lambda _: self._end(dict(self._told)))

    def _leg(self, dialling: Dialling) -> Phone:
        phone = Phone(self._clock, self, dialling)
        phone.listening = self._listens
        return phone

    def _listens(self) -> None:
        self.listening()

    def _stop_waiting(self) -> None:
        later, self._later = self._later, None
        if later is not None and later.active():
            later.cancel()

    def _end(self, variables: dict[str, str]) -> None:
        if not self.over:
            self.over = True
            self._ear.ended(variables)


def _place(ahead: int) -> dict[str, str]:
    """What our own phone says of a line before it is in it."""
    return {"IVR_PLACE": str(ahead + 1)} if ahead else {}
