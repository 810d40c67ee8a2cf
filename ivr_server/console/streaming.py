"""Server-sent events to one browser, with a bounded buffer: what its page does not take in is kept, newest first.

Theory. An event has a key: what is kept under the same key is replaced, and beyond ``MOST_KEPT`` all of it is thrown
away for one ``resync``, on which the page asks for everything again (or is told it again, where a stream can do that).
A browser that takes nothing for a minute is cut off (FAULTS I11); it comes back by itself. A stream ends with its
session, with ``bye``; it asks after the session every 15 s, and that is no use of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from crm_bridge.answers import LookUpFault
from ivr_server.console.visit import Visit

BEAT_S: Final = 15.0
PATIENCE_S: Final = 60.0
MOST_KEPT: Final = 200
RESYNC: Final = b"event: resync\ndata: {}\n\n"
_log = Logger()


@implementer(IPushProducer)
class EventStream(Resource):
    """One browser's stream. A subclass says what it joins, in ``join``, and what it leaves, in ``leave``."""

    isLeaf = True

    def __init__(self, visit: Visit) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.visit = visit
        self._kept: dict[object, bytes] = {}
        self._request: Any = None
        self._paused_at: float | None = None
        self._beats = LoopingCall(self._beat)
        self._beats.clock = visit.parts.reactor

    def join(self) -> None:
        """The stream is open: begin to tell."""

    def leave(self) -> None:
        """It is over: tell nothing more."""

    def flooded(self) -> None:
        """``resync`` was sent in place of what was thrown away; tell all of it anew, if the page does not ask."""

    def render_GET(self, request: Any) -> Any:
        """Begin; it ends with the browser, the session, or a minute in which nothing is taken."""
        self._request = request
        request.notifyFinish().addBoth(self._over)
        request.write(b"retry: 2000\n\n")
        request.registerProducer(self, True)
        self.join()
        self._beats.start(BEAT_S, now=False)
        return NOT_DONE_YET

    def resync(self) -> None:
        """The page is to fetch all of it."""
        self.tell("resync", "resync", {})

    def tell(self, key: object, event: str, values: Mapping[str, Any]) -> None:
        """One event; what is kept under the same key is replaced."""
        text = f"event: {event}\ndata: {json.dumps(values, ensure_ascii=False)}\n\n".encode()
        if self._paused_at is None:
            self._write(text)
            return
        self._kept.pop(key, None)
        self._kept[key] = text
        if len(self._kept) > MOST_KEPT:
            self._kept = {"resync": RESYNC}

    def end(self) -> None:
        """End the stream from here; the page is told that it need not come back."""
        if self._request is None:
            return
        self.tell("bye", "bye", {})
        self._request.unregisterProducer()
        self._request.finish()

    def _write(self, text: bytes) -> None:
        if self._request is not None:
            self._request.write(text)

    # the transport

    def pauseProducing(self) -> None:
        """The browser does not take in what was sent."""
        if self._paused_at is None:
            self._paused_at = self.visit.parts.reactor.seconds()

    def resumeProducing(self) -> None:
        """It does again."""
        self._paused_at = None
        while self._kept and self._paused_at is None:
            text = self._kept.pop(next(iter(self._kept)))
            self._write(text)
            if text is RESYNC:
                self.flooded()

    def stopProducing(self) -> None:
        """The connection is going."""
        self._kept.clear()

    def _over(self, _result: Any) -> None:
        self._request = None
        self._kept.clear()
        self.leave()
        if self._beats.running:
            self._beats.stop()

    # the beat

    def _beat(self) -> Deferred[None]:
        return ensureDeferred(self._live()).addErrback(lambda failure: _log.failure("a stream's beat", failure))

    async def _live(self) -> None:
        """A sign of life, or the end."""
        if self._paused_at is not None:
            if self.visit.parts.reactor.seconds() - self._paused_at >= PATIENCE_S:
                self._request.transport.abortConnection()
            return
        try:
            held = await self.visit.parts.staff.still(self.visit.token)
        except LookUpFault:
            held = True  # whoever tells of the database says so
        if self._request is None:
            return
        self._write(b": \n\n")
        if not held:
            self.end()
