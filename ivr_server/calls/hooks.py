"""Web-hooks: what happens to calls in the queues, told to another system as it happens, signed.

Theory. One letter at a time leaves, in order; each has three tries, a second and five apart, and ten seconds in all for
each try, however slowly the other side drips (FAULTS C7). Nothing waits for it: letters beyond the bound push out the
oldest, and both those and the ones given up are counted. A letter names the call; whoever wants more asks the API.

X-IVR-Signature is HMAC-SHA256 of the moment, a full stop and the body, in hexadecimal, by the shared secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from crm_bridge.secret import Secret
from ivr_server.calls.handing import clean
from ivr_server.floor.happenings import Happening

log = Logger()
EVENTS: Final = ("enqueued", "ringing", "answered", "ended")
MOST_WAITING: Final = 1_000
PAUSES_S: Final = (1.0, 5.0)  # between the tries
_HAPPENINGS: Final = frozenset({"ringing", "answered", "ended"})


class Post(Protocol):
    """Sends one letter; gives the status of the answer, raises OSError when there was none in time."""

    async def __call__(self, body: bytes, headers: tuple[tuple[str, str], ...]) -> int:
        """One try."""


@dataclass(frozen=True, slots=True)
class HookRules:
    """Which events are told (words of EVENTS), and the secret that signs them."""

    events: frozenset[str]
    secret: Secret


@dataclass(frozen=True, slots=True)
class Known:
    """What of a call goes with each letter."""

    language: str = ""
    business: str = ""
    identity: str = ""
    line: str = ""


@dataclass
class Hooks:
    """``call_of``: the first leg's id behind a unique id; ``known``: what there is to say of a call.

    ``counts``: sent, failed (after the last try), dropped (pushed out).
    """

    rules: HookRules
    post: Post
    clock: IReactorTime
    now: Callable[[], datetime]
    call_of: Callable[[str], str] = lambda call: call
    known: Callable[[str], Known] = lambda call: Known()
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: deque[dict[str, Any]] = field(default_factory=deque)
    _busy: Deferred[None] | None = None
    _stopped: bool = False

    def enqueued(self, call: str, queue: str, number: str) -> None:
        """The voice has put a call through to a queue."""
        self._tell("enqueued", call, {"queue": queue, "number": number})

    def heard_of(self, what: Happening) -> None:
        """What the floor tells: a call rings at a desk, is answered, is over. Consultations are no calls of ours."""
        if what.what in _HAPPENINGS and what.detail != "consult":
            agent = {"agent": what.agent, "seconds": round(what.seconds)}
            self._tell(what.what, self.call_of(what.call), {"queue": what.queue, "number": what.number, **agent})

    async def stop(self) -> None:
        """Nothing more is sent; what waits is dropped, and counted."""
        self._stopped = True
        self.counts["dropped"] += len(self._waiting)
        self._waiting.clear()
        if self._busy is not None:
            self._busy.cancel()

    def _tell(self, event: str, call: str, more: dict[str, Any]) -> None:
        if event not in self.rules.events or self._stopped:
            return
        known = self.known(call)
        about = {"call": call, "language": known.language, "business": known.business, "identity": known.identity}
        shown = {key: clean(value) if isinstance(value, str) else value for key, value in {**about, **more}.items()}
        at = self.now().astimezone(UTC).isoformat(timespec="seconds")
        self._waiting.append({"id": secrets.token_hex(8), "event": event, "at": at, **shown, "line": known.line})
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.counts["dropped"] += 1
        if self._busy is None:
            self._busy = Deferred.fromCoroutine(self._send_all())
            self._busy.addErrback(lambda failure: None if self._stopped else log.failure("web-hook", failure))
            self._busy.addBoth(self._idle)

    async def _send_all(self) -> None:
        while self._waiting and not self._stopped:
            letter = self._waiting.popleft()
            self.counts["sent" if await self._sent(letter) else "failed"] += 1

    def _idle(self, _: object) -> None:
        self._busy = None

    async def _sent(self, letter: dict[str, Any]) -> bool:
        body = json.dumps(letter, ensure_ascii=False).encode()
        for pause in (*PAUSES_S, None):
            try:
                status = await self.post(body, signed(body, self.rules.secret, self.now()))
            except OSError as fault:
                status = 0
                log.warn("web-hook {event}: {fault}", event=letter["event"], fault=fault)
            if 200 <= status < 300:
                return True
            if pause is None or 400 <= status < 500:  # it was understood, and is not wanted
                log.error("web-hook {event} given up, status {status}", event=letter["event"], status=status)
                return False
            await deferLater(self.clock, pause)
        return False


def signed(body: bytes, secret: Secret, now: datetime) -> tuple[tuple[str, str], ...]:
    """The headers of a letter."""
    moment = str(int(now.timestamp()))
    made = hmac.new(secret.reveal().encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return (("Content-Type", "application/json"), ("X-IVR-Time", moment), ("X-IVR-Signature", made))
