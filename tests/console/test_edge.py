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

    def __init__(self, larger: channel.Larger = lambda method, path, token: 0) -> None:
        self.clock = Clock()
        self.site = BoundedSite(Echo(), larger, reactor=self.clock)
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


def allowed(method: str, path: str, token: bytes) -> int:
    """200,000 bytes from one session, for one route."""
    return 200_000 if (method, path, token) == ("POST", "/long", b"known") else 0


def head(length: int, path: str = "/long?a=b", token: str = "known", method: str = "POST") -> bytes:
    """The head of a request with a body."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: a\r\nCookie: session={token}\r\nContent-Length: {length}\r\n\r\n".encode()
    )


def test_I8_a_route_that_takes_more_takes_so_much_and_no_more() -> None:
    """Whole from somebody known; the connection serves on, and the next long one is taken as well."""
    peer = Peer(allowed)
    for _ in range(2):
        peer.transport.clear()
        peer.protocol.dataReceived(head(150_000))
        peer.clock.advance(channel.FIRST_S + channel.NEXT_S)
        assert not peer.closed, "a long one has more time"
        for _ in range(15):
            peer.protocol.dataReceived(b"x" * 10_000)
        assert peer.transport.value().endswith(b"150000")
    assert peer.site.open_large == 0
    peer.protocol.dataReceived(head(200_001))
    assert peer.closed and peer.site.open_large == 1
    peer.protocol.connectionLost(channel.connectionDone)
    assert peer.site.open_large == 0


@pytest.mark.parametrize(
    "wrong",
    [{"path": "/other"}, {"path": "/long/er"}, {"token": "forged"}, {"token": ""}, {"method": "PUT"}],
)
def test_I8_nobody_else_sends_more(wrong: dict[str, str]) -> None:
    """Another route, another session, none at all: refused before a byte of the body is kept."""
    peer = Peer(allowed)
    peer.protocol.dataReceived(head(150_000, **wrong))
    assert peer.transport.value().startswith(b"HTTP/1.1 413") and peer.closed and peer.site.open_large == 0


def test_I8_a_long_body_without_a_length_is_refused() -> None:
    """In chunks nobody knows how long it will be."""
    peer = Peer(allowed)
    cookie = b"Cookie: session=known\r\nTransfer-Encoding: chunked\r\n\r\n"
    peer.protocol.dataReceived(b"POST /long HTTP/1.1\r\nHost: a\r\n" + cookie)
    for _ in range(9):
        if not peer.closed:
            peer.protocol.dataReceived(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
    assert peer.transport.value().startswith(b"HTTP/1.1 413")


def test_I8_long_bodies_are_few_and_end() -> None:
    """One more than may be is refused; one that drips is cut after two minutes, and makes room."""
    peer = Peer(allowed)
    others = [peer.site.buildProtocol(None) for _ in range(channel.MOST_LARGE)]
    for one in (*others, peer.protocol):
        if one is not peer.protocol:
            one.makeConnection(StringTransport())
        one.dataReceived(head(150_000))
    assert peer.transport.value().startswith(b"HTTP/1.1 413")
    peer.clock.advance(channel.LARGE_S)
    for one in others:
        assert one.transport.disconnected
        one.connectionLost(channel.connectionDone)
    assert peer.site.open_large == 0


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
