"""The phone's way to the service: a real FastAGI conversation over TCP, as Asterisk would have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

from ivr_server.console.dialling import dialler
from ivr_server.console.parts import Parts, PhoneParts
from ivr_server.console.phone_line import Ends


class TinyServer(LineReceiver):
    """Says one file, waits for a key, says what it was, and lets go."""

    delimiter = b"\n"
    factory: Any

    def __init__(self) -> None:
        self.header: list[str] = []
        self.steps = iter(self.factory_steps())

    def factory_steps(self) -> Any:
        """The commands, each after the answer to the one before."""
        answer = yield b'STREAM FILE "%s" "0123456789*#"' % self.factory.sound.encode()
        self.factory.answers.append(answer)
        answer = yield b"WAIT FOR DIGIT 5000"
        self.factory.answers.append(answer)
        yield b"SET VARIABLE IVR_RESULT done"

    def lineReceived(self, line: bytes) -> None:
        """The header's lines, then answers."""
        if line.startswith(b"agi_"):
            self.header.append(line.decode())
            return
        if not line:
            self.factory.header = self.header
        try:
            self.sendLine(next(self.steps) if not line else self.steps.send(line))
        except StopIteration:
            self.transport.loseConnection()


@dataclass
class Ear:
    """Writes down what is heard; ``first`` of each kind fires a Deferred."""

    heard: list[tuple[Any, ...]] = field(default_factory=list)
    waits: dict[str, Deferred[None]] = field(default_factory=dict)

    def _note(self, *what: Any) -> None:
        self.heard.append(what)
        if what[0] in self.waits:
            self.waits.pop(what[0]).callback(None)

    def until(self, what: str) -> Deferred[None]:
        """Fires when that is heard."""
        self.waits[what] = Deferred()
        self.waits[what].addTimeout(15, reactor)  # type: ignore[arg-type]
        return self.waits[what]

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound."""
        self._note("playing", path, ms, words)

    def silent(self) -> None:
        """No sound."""
        self._note("silent")

    def listening(self) -> None:
        """A key is waited for."""
        self._note("listening")

    def ended(self, variables: dict[str, str]) -> None:
        """The end."""
        self._note("ended", variables.get("IVR_RESULT", ""))


def parts(port: int) -> Parts:
    """Only what dialling needs."""
    nothing: Any = None
    phone = PhoneParts(port=lambda: port, token="the-token", queues=("service", "billing"))
    return Parts(
        reactor=reactor,
        staff=nothing,
        calls=nothing,
        feed=nothing,
        faxes=nothing,
        health=nothing,
        registry=nothing,
        phone=phone,
    )


@pytest_twisted.ensureDeferred
async def test_a_call_over_tcp_as_asterisk_makes_it(tmp_path: Path) -> None:
    """Header with token, number and id; the file's length and words; the key; the result variable at the end."""
    (tmp_path / "hello.wav").write_bytes(b"\0" * (44 + 16 * 50))
    (tmp_path / "hello.txt").write_text("Good day")
    server: Any = Factory.forProtocol(TinyServer)
    server.sound, server.answers, server.header = str(tmp_path / "hello"), [], []
    TinyServer.factory = server
    port: Any = reactor.listenTCP(0, server, interface="127.0.0.1")  # type: ignore[attr-defined]
    ear = Ear()
    listening, ended = ear.until("listening"), ear.until("ended")
    handset = await dialler(parts(port.getHost().port))(Ends("13800138000", "10010", "en-US", "phone-1"), ear)
    await listening
    handset.press("7")
    await ended
    await port.stopListening()
    sound = str(tmp_path / "hello")
    assert ear.heard == [("playing", sound, 50, "Good day"), ("silent",), ("listening",), ("ended", "done")]
    assert server.answers == [b"200 result=0 endpos=400", b"200 result=55"]
    assert {"agi_arg_1: the-token", "agi_callerid: 13800138000", "agi_uniqueid: phone-1"} <= set(server.header)


@pytest.mark.parametrize(("staffed", "queues"), [(True, ("service", "billing")), (False, ())])
@pytest_twisted.ensureDeferred
async def test_queues_are_staffed_when_the_page_says_so(staffed: bool, queues: tuple[str, ...]) -> None:
    """And keys leave the phone one by one, as a telephone sends them."""
    port: Any = reactor.listenTCP(0, Factory.forProtocol(LineReceiver), interface="127.0.0.1")  # type: ignore[attr-defined]
    ends = Ends("1", "10010", "en-US", "phone-3", staffed)
    handset: Any = await dialler(parts(port.getHost().port))(ends, Ear())
    assert (handset.phone.side.dialling.staffed, handset.phone.side.dialling.key_ms) == (queues, 120)
    handset.hang_up()
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_nobody_at_the_port_is_an_oserror() -> None:
    """So that the line can say so."""
    port: Any = reactor.listenTCP(0, Factory(), interface="127.0.0.1")  # type: ignore[attr-defined]
    number = port.getHost().port
    await port.stopListening()
    with pytest.raises(OSError, match="refused"):
        await dialler(parts(number))(Ends("1", "2", "en-US", "phone-2"), Ear())
