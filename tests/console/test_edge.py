"""In front of twisted.web: deadlines that no dripping byte moves, and caps on what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.resource import Resource

from ivr_server.console import channel
from ivr_server.console.channel import BoundedSite


class Echo(Resource):
    """Answers with the length of what came."""

    isLeaf = True

    def render(self, request: Any) -> bytes:
        """The body's length."""
        return str(len(request.content.read())).encode()


class Peer:
    """One connection on a clock that we turn."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.site = BoundedSite(Echo(), reactor=self.clock)
        self.protocol = self.site.buildProtocol(None)
        self.transport: Any = StringTransport()
        self.protocol.makeConnection(self.transport)

    @property
    def closed(self) -> bool:
        """Whether we let go."""
        return bool(self.transport.disconnected or self.transport.disconnecting)

    def drip(self, data: bytes, seconds: float) -> None:
        """One byte, then some time, for each byte."""
        for byte in data:
            if self.closed:
                return
            self.protocol.dataReceived(bytes([byte]))
            self.clock.advance(seconds)


def test_I8_a_header_that_drips_meets_the_total_deadline() -> None:
    """A byte each second for ever is cut after ten seconds."""
    peer = Peer()
    peer.drip(b"GET / HTTP/1.1\r\nHost: localhost\r\n", 1.0)
    assert peer.closed
    assert peer.clock.seconds() <= channel.FIRST_S + 1


def test_I8_a_body_that_drips_meets_the_same_deadline() -> None:
    """The header came at once, the body does not."""
    peer = Peer()
    peer.protocol.dataReceived(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
    peer.drip(b"x" * 1000, 0.5)
    assert peer.closed


def test_I8_an_idle_connection_is_closed() -> None:
    """Nothing sent at all; and nothing more after an answer."""
    peer = Peer()
    peer.clock.advance(channel.FIRST_S)
    assert peer.closed
    peer = Peer()
    peer.protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200 OK" in peer.transport.value()
    assert not peer.closed
    peer.clock.advance(channel.NEXT_S)
    assert peer.closed


@pytest.mark.parametrize("head", [b"Content-Length: 70000", b"Transfer-Encoding: chunked"])
def test_I8_a_body_over_the_cap_is_refused(head: bytes) -> None:
    """Said or not said, no more than the cap is kept."""
    peer = Peer()
    peer.protocol.dataReceived(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
    for _ in range(9):
        if not peer.closed:
            peer.protocol.dataReceived(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
    assert peer.transport.value().startswith(b"HTTP/1.1 413")
    assert peer.closed


def test_I8_connections_are_counted_and_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the cap a connection is closed at once; one that goes makes room."""
    monkeypatch.setattr(channel, "MOST_CONNECTIONS", 1)
    peer = Peer()
    assert peer.site.buildProtocol(None) is None
    peer.protocol.connectionLost(channel.connectionDone)
    assert peer.site.buildProtocol(None) is not None


@pytest.mark.parametrize(
    "pair",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Transfer-Encoding: xchunked",
        b"Content-Length: +3",
    ],
)
def test_I9_two_readings_of_one_body_are_refused(pair: bytes) -> None:
    """The pairs that smuggle a request past a proxy."""
    peer = Peer()
    peer.protocol.dataReceived(b"POST / HTTP/1.1\r\nHost: a\r\n" + pair + b"\r\n\r\n0\r\n\r\n")
    assert peer.transport.value().startswith(b"HTTP/1.1 400")
    assert peer.closed
