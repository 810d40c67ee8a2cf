"""The site's edge: total deadlines and caps in front of twisted.web, whose own idle timer starts again at every byte.

A request must have come whole, header and body, 10 s after the connection (or 30 s after the answer before it), however
slowly its bytes drip. A body is 64 KiB at most; there are 2,000 connections at most. FAULTS I8.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request, Site

FIRST_S: Final = 10.0
NEXT_S: Final = 30.0
LARGEST_BODY: Final = 65_536
MOST_CONNECTIONS: Final = 2_000
TOO_LARGE: Final = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedRequest(Request):
    """A request whose body is not read beyond the cap."""

    received = 0

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that says it is too large before a byte of it is kept."""
        super().gotLength(min(length or 0, LARGEST_BODY))  # type: ignore[no-untyped-call]
        if length is not None and length > LARGEST_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, as long as the whole stays under the cap."""
        self.received += len(data)
        if self.received > LARGEST_BODY:
            self._refuse()
        else:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def _refuse(self) -> None:
        transport: Any = self.channel.transport if self.channel else None
        if transport is not None and not transport.disconnecting:
            transport.write(TOO_LARGE)
            transport.loseConnection()


class DeadlineChannel(HTTPChannel):
    """One connection. The deadline stands still only while we are the ones who work."""

    maxHeaders = 64
    totalHeadersSize = 16_384
    _deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """The first request must be here in time."""
        super().connectionMade()  # type: ignore[no-untyped-call]
        self._await_request(FIRST_S)

    def allContentReceived(self) -> None:
        """It is here."""
        self._cancel()
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def requestDone(self, request: Request) -> None:
        """It is answered; another may follow."""
        self._await_request(NEXT_S)
        super().requestDone(request)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        self._cancel()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        site: Any = self.site  # type: ignore[attr-defined]
        site.open_connections -= 1

    def _await_request(self, seconds: float) -> None:
        self._cancel()
        self._deadline = self.callLater(seconds, self._too_late)  # type: ignore[no-untyped-call]

    def _cancel(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _too_late(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()


class BoundedSite(Site):
    """A Site of bounded connections."""

    displayTracebacks = False

    def __init__(self, resource: Any, **options: Any) -> None:
        super().__init__(resource, requestFactory=BoundedRequest, **options)  # type: ignore[no-untyped-call]
        self.protocol = DeadlineChannel  # type: ignore[assignment]
        self.open_connections = 0

    def log(self, request: Any) -> None:
        """No line for every request: addresses of people are nobody's business, and counts are in the metrics."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A channel; None (the connection is closed at once) when there are too many."""
        if self.open_connections >= MOST_CONNECTIONS:
            return None
        self.open_connections += 1
        return super().buildProtocol(addr)  # type: ignore[no-untyped-call]
