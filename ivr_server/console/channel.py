"""The site's edge: total deadlines and caps in front of twisted.web, whose own idle timer starts again at every byte.

A request must have come whole, header and body, 10 s after the connection (or 30 s after the answer before it), however
slowly its bytes drip. A body is 64 KiB at most; there are 2,000 connections at most. FAULTS I8.

A few routes take more (``Route.largest``), from somebody who was recognised lately and may use that route, and a few
at a time; what they send must be here in two minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request, Site

FIRST_S: Final = 10.0
NEXT_S: Final = 30.0
LARGEST_BODY: Final = 65_536
LARGE_S: Final = 120.0
MOST_LARGE: Final = 6  # bodies over the cap on their way
MOST_CONNECTIONS: Final = 2_000
Larger = Callable[[str, str, bytes], int]
TOO_LARGE: Final = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedRequest(Request):
    """A request whose body is not read beyond the cap."""

    received = 0
    most = LARGEST_BODY

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that says it is too large before a byte of it is kept."""
        if length is not None and length > LARGEST_BODY and self.channel:
            channel: Any = self.channel
            self.most = channel.allowance(self)
        super().gotLength(min(length or 0, self.most))  # type: ignore[no-untyped-call]
        if length is not None and length > self.most:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, as long as the whole stays under the cap."""
        self.received += len(data)
        if self.received > self.most:
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
    _large = False

    def connectionMade(self) -> None:
        """The first request must be here in time."""
        super().connectionMade()  # type: ignore[no-untyped-call]
        self._await_request(FIRST_S)

    def allContentReceived(self) -> None:
        """It is here."""
        self._cancel()
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def allowance(self, request: Request) -> int:
        """How long the body of this request may be; one over the usual cap is counted and given more time."""
        site: Any = self.site  # type: ignore[attr-defined]
        command, path = self._command, self._path.partition(b"?")[0]
        token: bytes = request.getCookie(b"session") or b""  # type: ignore[no-untyped-call]
        most: int = site.larger(command.decode("latin-1"), path.decode("latin-1"), token)
        if most <= LARGEST_BODY or self._large or site.open_large >= MOST_LARGE:
            return LARGEST_BODY
        self._large = True
        site.open_large += 1
        self._await_request(LARGE_S)
        return most

    def _counted(self) -> None:
        site: Any = self.site  # type: ignore[attr-defined]
        site.open_large -= self._large
        self._large = False

    def requestDone(self, request: Request) -> None:
        """It is answered; another may follow."""
        self._counted()
        self._await_request(NEXT_S)
        super().requestDone(request)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        self._counted()
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
    """A Site of bounded connections. ``larger``: (method, path, session's token) -> bytes that this body may have."""

    displayTracebacks = False

    def __init__(self, resource: Any, larger: Larger = lambda method, path, token: 0, **options: Any) -> None:
        super().__init__(resource, requestFactory=BoundedRequest, **options)  # type: ignore[no-untyped-call]
        self.protocol = DeadlineChannel  # type: ignore[assignment]
        self.open_connections = self.open_large = 0
        self.larger = larger

    def log(self, request: Any) -> None:
        """No line for every request: addresses of people are nobody's business, and counts are in the metrics."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A channel; None (the connection is closed at once) when there are too many."""
        if self.open_connections >= MOST_CONNECTIONS:
            return None
        self.open_connections += 1
        return super().buildProtocol(addr)  # type: ignore[no-untyped-call]
