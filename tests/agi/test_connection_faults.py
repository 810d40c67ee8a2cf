"""The connection under attack, on real sockets: silent peers, drips, strangers, peers that do not read, resets."""

from __future__ import annotations

import gc
import random
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.internet.threads import deferToThread

from ivr_server.agi.line import Line, LineBroken, LineGone
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from ivr_server.phone.cable import Cable
from tests.agi.test_wire import LINES, header

GOOD = header() + b"agi_arg_1: t0ken\n\n"


class Service:
    """A factory listening on loopback, with a call that plays until the line is gone."""

    def __init__(self, **settings: object) -> None:
        self.ends: list[str] = []
        wanted = FastAgiSettings(**{"token": "t0ken", "max_calls": 20_000, **settings})  # type: ignore[arg-type]
        self.factory = FastAgiFactory(wanted, self.talk, reactor)  # type: ignore[arg-type]
        self.listening = reactor.listenTCP(0, self.factory, backlog=5_000, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.port = self.listening.getHost().port

    async def talk(self, line: Line) -> None:
        """Plays for ever; notes how it ended."""
        try:
            while True:
                await line.play("/sound", "0123456789*#")
        except (LineGone, LineBroken) as error:
            self.ends.append(type(error).__name__)
            raise

    def dial(self, first: bytes = b"") -> socket.socket:
        """A peer."""
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        peer.sendall(first)
        return peer


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for 10,000 connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard > 11_000, "this test needs 11,000 open files; raise ulimit -n"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def service() -> Iterator[Callable[..., Service]]:
    """Makes services, and stops them."""
    made: list[Service] = []

    def make(**settings: object) -> Service:
        made.append(Service(**settings))
        return made[-1]

    yield make
    for each in made:
        pytest_twisted.blockon(each.listening.stopListening())
        for line in tuple(each.factory.lines):
            line.let_go(b"")


def answered(peer: socket.socket) -> str:
    """Play Asterisk's part in the opening; gives the first command after it, "" when the connection was closed."""
    file = peer.makefile("rb")
    for line in iter(file.readline, b""):
        if line.startswith(b"GET FULL VARIABLE"):
            nonce = line[19:].split(b" ")[0]
            peer.sendall(b"200 result=1 (" + nonce + b" a%20b 13800138000 )\n")
        elif line.startswith(b"EXEC StoreDTMF"):
            peer.sendall(b"200 result=0\n")
        else:
            return line.decode()
    return ""


def closed_after(peer: socket.socket) -> tuple[float, bytes]:
    """Seconds until the service closes, and what it said."""
    began, said = time.monotonic(), b""
    try:
        while data := peer.recv(4096):
            said += data
    except ConnectionError:
        pass
    return time.monotonic() - began, said


@pytest_twisted.ensureDeferred
async def test_A12_ten_thousand_silent_peers_do_not_stop_fifty_calls(
    service: Callable[..., Service], many_files: None
) -> None:
    """10,000 half-open connections; 50 real calls are talked to within 2 s; the silent ones are closed and counted."""
    made = service(header_s=5.0)
    with crowd(made, "silent") as silent:
        await deferToThread(silent.stdout.readline)
        took = await deferToThread(_fifty, made)
        assert max(took) < 2.0
        await deferLater(reactor, 6.0, lambda: None)  # type: ignore[arg-type]
        assert made.factory.counts == {"header_deadline": 10_000}
        silent.kill()


def _fifty(made: Service) -> list[float]:
    took = []
    for _ in range(50):
        began = time.monotonic()
        with made.dial(GOOD) as peer:
            assert answered(peer).startswith("STREAM FILE")
        took.append(time.monotonic() - began)
    return took


@pytest_twisted.ensureDeferred
async def test_A13_a_drip_does_not_move_the_deadline(service: Callable[..., Service]) -> None:
    """A byte every 50 ms: closed at the header's total deadline all the same."""
    made = service(header_s=1.0)

    def drip() -> float:
        peer, began = made.dial(), time.monotonic()
        try:
            for byte in GOOD:
                peer.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        return time.monotonic() - began

    assert 0.9 < await deferToThread(drip) < 2.5
    assert made.factory.counts == {"header_deadline": 1}


@pytest_twisted.ensureDeferred
async def test_A14_strangers_are_closed_before_anything_is_made_for_them(service: Callable[..., Service]) -> None:
    """An address that is not on the list: closed at once, counted, no connection object; no token: refused."""
    made = service(allow=("10.0.0.0/8",))
    _, said = await deferToThread(lambda: closed_after(made.dial(GOOD)))
    assert said == b"" and made.factory.counts == {"not_allowed": 1}
    assert made.factory.buildProtocol(None) is not None  # in memory there is no address
    other = service()
    for block in (header() + b"\n", header() + b"agi_arg_1: wrong\n\n"):
        _, said = await deferToThread(lambda block=block: closed_after(other.dial(block)))
        assert said == b"failure\n"
    assert other.factory.counts == {"token": 2} and other.ends == []


@pytest_twisted.ensureDeferred
async def test_A15_a_peer_that_does_not_read_is_closed(service: Callable[..., Service]) -> None:
    """It answers and never reads: our buffer stays below 64 KiB and a little, then the connection is closed."""
    made = service()

    def flood() -> None:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        peer.connect(("127.0.0.1", made.port))
        peer.settimeout(10)
        peer.sendall(GOOD)
        assert answered(peer)
        try:
            while True:
                peer.sendall(b"200 result=0 endpos=1\n" * 500)
        except OSError:
            peer.close()

    await deferToThread(flood)
    assert sum(made.factory.counts.values()) == 1
    assert set(made.factory.counts) <= {"not_reading", "extra_line"}
    assert made.ends == ["LineBroken"]


@pytest_twisted.ensureDeferred
async def test_A16_a_reset_in_every_state_leaves_nothing_behind(service: Callable[..., Service]) -> None:
    """RST before, in and after the header, in the opening, in a sound: every call ends, no line stays."""
    made = service()

    def reset(bytes_sent: int, talk: bool) -> None:
        peer = made.dial(GOOD[:bytes_sent])
        if talk:
            answered(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    for bytes_sent in (*range(0, len(GOOD), 40), len(GOOD)):
        await deferToThread(reset, bytes_sent, False)
    await deferToThread(reset, len(GOOD), True)
    await deferLater(reactor, 0.3, lambda: None)  # type: ignore[arg-type]
    assert not made.factory.lines
    assert not made.factory.counts["crash"]
    assert made.ends == ["LineBroken"]


@pytest_twisted.ensureDeferred
async def test_ten_thousand_hang_ups_at_once_are_closed_within_a_second(
    service: Callable[..., Service], many_files: None
) -> None:
    """10,000 calls in a sound, at most 100 MB for them; all hang up together; the service's own time is below 1 s."""
    made = service()
    gc.collect()
    before = _memory()
    with crowd(made, "calls") as calls:
        await deferToThread(calls.stdout.readline)
        assert len(made.factory.lines) == 10_000
        assert _memory() - before < 100 * 1024
        began = time.process_time()
        calls.stdin.write(b"\n")
        calls.stdin.flush()
        while made.factory.lines:
            await deferLater(reactor, 0.02, lambda: None)  # type: ignore[arg-type]
        assert made.ends == ["LineGone"] * 10_000
        assert time.process_time() - began < 1.0
        calls.kill()


def _memory() -> int:
    """Resident KiB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4


@contextmanager
def crowd(made: Service, kind: str) -> Iterator[Any]:
    """10,000 peers in a process of their own."""
    command = [sys.executable, str(Path(__file__).with_name("crowd.py")), str(made.port), "10000", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


class Hostile:
    """The far end of a cable that says whatever it likes."""

    def makeConnection(self, transport: object) -> None:
        """The cable's end."""
        self.transport = transport
        self.said = b""

    def dataReceived(self, data: bytes) -> None:
        """A command."""
        self.said += data

    def connectionLost(self, reason: object) -> None:
        """Closed."""


def hostile(first: bytes) -> tuple[FastAgiFactory, Hostile, list[str]]:
    """A call in memory whose far end sent these bytes first; ``ends`` says how it ended."""
    ends: list[str] = []

    async def on_call(line: Line) -> None:
        try:
            while True:
                await line.variable("X")
        except (LineGone, LineBroken) as error:
            ends.append(str(error))
            raise

    factory = FastAgiFactory(FastAgiSettings(), on_call, Clock())
    far, server = Hostile(), factory.buildProtocol(None)
    assert server is not None
    Cable().join(server, far)  # type: ignore[arg-type]
    far.transport.write(first)  # type: ignore[attr-defined]
    return factory, far, ends


def test_A7_lines_before_any_command_close_the_call() -> None:
    """An early end of the header leaves Asterisk's own lines behind: refused with failure, counted, no call."""
    factory, far, ends = hostile(header() + b"\n200 result=1 (forged)\n")
    assert far.said == b"failure\n" and factory.counts == {"early_line": 1} and ends == []


def test_A7_a_second_reply_to_one_command_closes_the_call() -> None:
    """A line while nothing is in flight would shift every later reply by one."""
    factory, far, ends = hostile(header() + b"\n")
    far.transport.write(b"200 result=0\n")  # type: ignore[attr-defined]
    assert factory.counts == {"nonce": 1}
    factory, far, ends = hostile(header() + b"\n")
    nonce = far.said[19:].split(b" ")[0]
    far.transport.write(b"200 result=1 (" + nonce + b" a%20b 1 )\n200 result=0\n" + b"200 result=0\n" * 40)  # type: ignore[attr-defined]
    far.transport.write(b"what\n")  # type: ignore[attr-defined]
    assert factory.counts == {"no_reply": 1} and ends == ["no_reply"]


def test_A8_a_forged_reply_does_not_know_the_nonce() -> None:
    """The opening asks for a random word; anything else in its place closes the call before it is talked to."""
    for forged in (b"200 result=1 (abc)\n", b"200 result=1 (0123456789abcdef a%20b 1 )\n", b"200 result=0\n"):
        factory, _, ends = hostile(header() + b"\n" + b"")
        factory2, far, ends2 = hostile(header() + b"\n")
        far.transport.write(forged)  # type: ignore[attr-defined]
        assert factory2.counts == {"nonce": 1} and ends2 == [] and ends == [] and not factory.counts


def test_A19_the_connection_survives_any_answers() -> None:
    """100,000 lines of nonsense at the connection in 4,000 calls: no crash, every call ended, none leaked."""
    chance = random.Random(7)
    crashes = 0
    for _ in range(4_000):
        factory, far, _ = hostile(header() + b"\n")
        nonce = far.said[19:].split(b" ")[0]
        far.transport.write(b"200 result=1 (" + nonce + b" a%20b 1 )\n")  # type: ignore[attr-defined]
        far.transport.write(b"".join(chance.choices(LINES, k=25)))  # type: ignore[attr-defined]
        far.transport.loseConnection()  # type: ignore[attr-defined]
        crashes += factory.counts["crash"]
        assert not factory.lines
    assert crashes == 0
