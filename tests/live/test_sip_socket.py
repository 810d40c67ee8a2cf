"""The browser's SIP socket through the console's own port to a real Asterisk: the upgrade, a challenge, its end."""

from __future__ import annotations

import os
import secrets
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.console.desk_browsing import Seat, served
from tests.console.test_sip_socket import upgrade
from tests.live.exchange import Exchange

pytestmark = pytest.mark.live
REGISTER = (
    "REGISTER sip:ivr.invalid SIP/2.0\r\nVia: SIP/2.0/WS 192.0.2.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
    "From: <sip:1001@ivr.invalid>;tag=1\r\nTo: <sip:1001@ivr.invalid>\r\nCall-ID: socket\r\nCSeq: 1 REGISTER\r\n"
    "Contact: <sip:1001@192.0.2.1;transport=ws>\r\nExpires: 60\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture(scope="module")
def seat(bare_exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    """The console in front of the real thing, and an agent who is signed in."""
    port = str(bare_exchange.plan.ports.http)
    yield from served(tmp_path_factory.mktemp("sip"), EXCHANGE_HTTP=port)


def frame(text: str) -> bytes:
    """A text frame of a client (RFC 6455, 5.2): masked."""
    payload, mask = text.encode(), secrets.token_bytes(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return b"\x81" + struct.pack(">BH", 0x80 | 126, len(payload)) + mask + masked


def until(line: socket.socket, wanted: bytes) -> bytes:
    """What comes, up to some bytes."""
    got = b""
    while wanted not in got:
        more = line.recv(65_536)
        assert more, got
        got += more
    return got


def test_asterisk_takes_the_upgrade_and_asks_for_the_password(seat: Seat, bare_exchange: Exchange) -> None:
    """101 with the subprotocol sip; a seat without its password is challenged, and known to nobody."""
    line = upgrade(seat, seat.session)
    head = until(line, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"sec-websocket-protocol: sip" in head.lower()
    line.sendall(frame(REGISTER))
    answer = until(line, b"WWW-Authenticate: Digest")
    assert b"SIP/2.0 401 " in answer and b"CSeq: 1 REGISTER" in answer
    line.close()
    assert "sip:1001@" not in bare_exchange.product.cli("pjsip show aor 1001")


def test_a_flood_of_half_frames_hurts_nobody(seat: Seat, bare_exchange: Exchange) -> None:
    """Bytes that are no frames: Asterisk closes that socket; the next one works, and calls go on."""
    line = upgrade(seat, seat.session)
    until(line, b"\r\n\r\n")
    line.sendall(os.urandom(100_000))
    line.settimeout(10)
    try:
        while line.recv(65_536):
            pass
    except (ConnectionError, TimeoutError):
        pass
    line.close()
    with upgrade(seat, seat.session) as again:
        assert until(again, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
    assert bare_exchange.product.alive()
