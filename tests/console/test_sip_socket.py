"""A browser's SIP socket on our port: who may, what Asterisk is asked, bytes both ways, and when it ends."""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from crm_bridge import staff
from tests.console.desk_browsing import Seat, served

KEY = base64.b64encode(b"sixteen bytes ok").decode()
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"


@dataclass
class FakeExchange:
    """Plays Asterisk's web server: answers the upgrade, then gives every byte back; what it was asked is kept."""

    server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    asked: list[bytes] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        number: int = self.server.getsockname()[1]
        return number

    def run(self) -> None:
        """One thread for each who comes."""
        while True:
            try:
                peer, _address = self.server.accept()
            except OSError:
                return
            self.open.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += peer.recv(4096)
        self.asked.append(head)
        peer.sendall(SWITCHED)
        while got := peer.recv(65_536):
            peer.sendall(got)
        peer.close()


@pytest.fixture(scope="module")
def exchange() -> Iterator[FakeExchange]:
    """Running."""
    fake = FakeExchange()
    threading.Thread(target=fake.run, daemon=True).start()
    yield fake
    fake.server.close()


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory, exchange: FakeExchange) -> Iterator[Seat]:
    """The console in front of it."""
    yield from served(tmp_path_factory.mktemp("sip"), EXCHANGE_HTTP=str(exchange.port))


def upgrade(seat: Seat, session: str, **changed: str) -> socket.socket:
    """A browser asks for the socket; headers by name with _ for -, "" leaves one out."""
    host = f"127.0.0.1:{seat.house.port}"
    headers = {"Host": host, "Origin": f"http://{host}", "Upgrade": "websocket", "Connection": "Upgrade"}
    headers |= {"Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "sip"}
    headers |= {"Cookie": f"session={session}", **{name.replace("_", "-"): value for name, value in changed.items()}}
    line = socket.create_connection(("127.0.0.1", seat.house.port), timeout=20)
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    line.sendall("\r\n".join(["GET /sip HTTP/1.1", *lines, "", ""]).encode())
    return line


def heard(line: socket.socket, many: int) -> bytes:
    """So many bytes, or what comes before the end."""
    got = b""
    while len(got) < many and (more := line.recv(65_536)):
        got += more
    return got


def test_bytes_go_both_ways_unread(seat: Seat, exchange: FakeExchange) -> None:
    """Asterisk's own answer comes back, then everything, however much; it is asked with a header of our own."""
    line = upgrade(seat, seat.session, X_Odd="1", Sec_WebSocket_Extensions="permessage-deflate")
    assert heard(line, len(SWITCHED)) == SWITCHED
    sent = os.urandom(2_000_000)
    threading.Thread(target=line.sendall, args=(sent,), daemon=True).start()
    assert heard(line, len(sent)) == sent
    line.close()
    asked = exchange.asked[-1]
    assert asked.startswith(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:")
    assert f"Sec-WebSocket-Key: {KEY}\r\n".encode() in asked
    assert all(word not in asked for word in (b"session", b"Odd", b"deflate", b"Origin"))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Cookie": ""}, b"303"),
        ({"Origin": "http://evil.example"}, b"403"),
        ({"Origin": ""}, b"403"),
        ({"Upgrade": ""}, b"400"),
        ({"Sec_WebSocket_Key": "short"}, b"400"),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, b"421"),
    ],
)
def test_who_may_not(changed: dict[str, str], status: bytes, seat: Seat, exchange: FakeExchange) -> None:
    """A stranger, another site's page, no upgrade: refused before Asterisk hears of it."""
    before = len(exchange.asked)
    with upgrade(seat, seat.session, **changed) as line:
        assert heard(line, 12).split()[1] == status
    assert len(exchange.asked) == before


def test_it_ends_with_either_end(seat: Seat, exchange: FakeExchange) -> None:
    """Asterisk gone: the browser's socket is closed, and the other way round."""
    line = upgrade(seat, seat.session)
    heard(line, len(SWITCHED))
    exchange.open[-1].shutdown(socket.SHUT_RDWR)
    assert line.recv(1) == b""
    line = upgrade(seat, seat.session)
    heard(line, len(SWITCHED))
    line.close()
    until = time.monotonic() + 10
    while exchange.open[-1].fileno() != -1 and time.monotonic() < until:
        time.sleep(0.05)
    assert exchange.open[-1].fileno() == -1


def test_it_ends_with_the_session(seat: Seat) -> None:
    """Within the time in which sessions are asked after."""
    seat.house.hire("leaver", "agent")
    client: Any = seat.house.client()
    client.sign_in("leaver")
    line = upgrade(seat, client.cookies["session"])
    assert heard(line, len(SWITCHED)) == SWITCHED
    seat.house.change(staff.set_roles, "leaver", ("agent",), time.time())
    assert line.recv(1) == b""


def test_without_an_exchange_it_says_so(seat: Seat, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No port known, or nobody listens there: 503."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    for port in ("0", str(nobody)):
        for other in served(tmp_path_factory.mktemp("none"), EXCHANGE_HTTP=port):
            with upgrade(other, other.session) as line:
                assert heard(line, 12).split()[1] == b"503"
