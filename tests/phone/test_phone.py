"""The phone by itself: sounds and their words, the header whole or in pieces, a call over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.task import Clock

from ivr_server.agi.line import Line
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from ivr_server.agi.wire import Header, Reader
from ivr_server.phone.asterisk_side import AsteriskSide, Dialling, Told
from ivr_server.phone.dialplan import filled, split
from ivr_server.phone.phone import TELEPHONE_MS, Phone
from ivr_server.phone.sounds import Sound, find


class Ear:
    """Notes what it hears; ``over`` fires with the variables."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.over: Deferred[dict[str, str]] = Deferred()

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound."""
        self.heard.append((ms, words))

    def silent(self) -> None:
        """Silence."""

    def ended(self, variables: dict[str, str]) -> None:
        """The end."""
        self.over.callback(variables)


class Pieces:
    """A transport that keeps each write."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        """One write."""
        self.written.append(data)


def test_the_length_of_a_sound_is_read_from_its_size(tmp_path: Path) -> None:
    """ulaw before wav; the words from the text beside it; nothing for no file."""
    assert find(str(tmp_path / "a")) is None
    (tmp_path / "a.wav").write_bytes(b"x" * (44 + 16_000))
    assert find(str(tmp_path / "a")) == Sound(str(tmp_path / "a.wav"), 1_000, "")
    (tmp_path / "a.ulaw").write_bytes(b"x" * 4_000)
    (tmp_path / "a.txt").write_text("您好\n")
    assert find(str(tmp_path / "a")) == Sound(str(tmp_path / "a.ulaw"), 500, "您好")


def test_the_header_is_the_same_whole_and_in_pieces() -> None:
    """24 writes or one; our own strict reader takes it."""
    written = []
    for pieces in (True, False):
        transport = Pieces()
        dialling = Dialling(caller="13800138000", token="t", pieces=pieces)
        AsteriskSide(Clock(), dialling, Told()).makeConnection(transport)  # type: ignore[arg-type]
        written.append(transport.written)
    assert len(written[0]) == 24 and len(written[1]) == 1
    assert b"".join(written[0]) == written[1][0]
    [header] = Reader().feed(written[1][0])
    assert isinstance(header, Header) and header.caller == "13800138000" and header.arguments == ("t",)


def test_values_are_not_looked_into_again() -> None:
    """Inner references first; a value with ${ in it stays as it is."""
    values = {"A": "${B}", "B": "b", "A b": "x"}
    assert filled("<${A}|${A ${B}}|${NO}|${B", lambda name: values.get(name, "")) == "<${B}|x||b"


def test_words_are_split_as_asterisk_does() -> None:
    """Quotes toggle, also inside a word; empty ones count; a backslash takes the next character."""
    assert split('SET "a b"c "" d\\ e \\"f') == ["SET", "a bc", "", "d e", '"f']


@pytest_twisted.ensureDeferred
async def test_a_call_over_a_real_socket(tmp_path: Path) -> None:
    """Dial, hear, press, and be told the result."""
    (tmp_path / "menu.ulaw").write_bytes(b"x" * 4_000)
    (tmp_path / "menu.txt").write_text("press one")

    async def on_call(line: Line) -> None:
        heard = await line.play(str(tmp_path / "menu"), "1")
        await line.set_variable("IVR_RESULT", heard.key or await line.wait_for_key(5_000))

    factory = FastAgiFactory(FastAgiSettings(token="t"), on_call, reactor)  # type: ignore[arg-type]
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
    ear = Ear()
    phone = Phone(reactor, ear, Dialling(token="t"))  # type: ignore[arg-type]
    phone.listening = lambda: phone.press("1")
    await phone.connect(HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port))
    ear.over.addTimeout(10, reactor)  # type: ignore[arg-type]
    assert (await ear.over)["IVR_RESULT"] == "1"
    assert ear.heard == [(500, "press one")]
    await port.stopListening()


class Keys:
    """Where keys arrive, and when; stands in for the side of Asterisk."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.came: list[tuple[float, str]] = []

    def press(self, key: str) -> None:
        """One key."""
        self.came.append((round(self.clock.seconds(), 2), key))

    def hang_up(self) -> None:
        """The end."""
        self.came.append((round(self.clock.seconds(), 2), "end"))


def keypad(key_ms: int) -> tuple[Clock, Phone, Keys]:
    """A phone whose keys are written down."""
    clock = Clock()
    phone, keys = Phone(clock, Ear(), Dialling(key_ms=key_ms)), Keys(clock)  # type: ignore[arg-type]
    phone.side = keys  # type: ignore[assignment]
    return clock, phone, keys


def test_a_bunch_of_keys_is_sent_as_a_telephone_sends_it() -> None:
    """One every 120 ms, the first at once, a late one after the others; without a distance all at once."""
    clock, phone, keys = keypad(TELEPHONE_MS)
    phone.press("29x4")
    clock.pump([0.06] * 3)
    phone.press("8")
    clock.pump([0.06] * 10)
    phone.press("#")
    assert keys.came == [(0, "2"), (0.12, "9"), (0.24, "4"), (0.36, "8"), (0.78, "#")]
    _, phone, keys = keypad(0)
    phone.press("294")
    assert keys.came == [(0, "2"), (0, "9"), (0, "4")]


def test_keys_not_sent_yet_are_dropped_with_the_receiver() -> None:
    """And a keypad held down by a script keeps no more than 64 of them."""
    clock, phone, keys = keypad(TELEPHONE_MS)
    phone.press("12345")
    clock.advance(0.12)
    phone.hang_up()
    clock.advance(5)
    assert [key for _, key in keys.came] == ["1", "2", "end"]
    assert not clock.getDelayedCalls()
    phone.press("7" * 1_000)
    clock.pump([0.12] * 200)
    assert len(keys.came) == 3 + 64


@pytest_twisted.ensureDeferred
async def test_a_password_typed_in_one_burst_arrives_whole() -> None:
    """Six keys in one packet from a browser; nothing keeps keys between commands here, as around every secret."""

    async def on_call(line: Line) -> None:
        await line.typed_off()
        keys = [await line.wait_for_key(5_000) for _ in range(6)]
        await line.set_variable("IVR_RESULT", "".join(keys))

    factory = FastAgiFactory(FastAgiSettings(token="t"), on_call, reactor)  # type: ignore[arg-type]
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
    ear = Ear()
    phone = Phone(reactor, ear, Dialling(token="t", key_ms=TELEPHONE_MS))  # type: ignore[arg-type]
    waits = iter(["294817"])
    phone.listening = lambda: phone.press(next(waits, ""))
    await phone.connect(HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port))
    ear.over.addTimeout(20, reactor)  # type: ignore[arg-type]
    assert (await ear.over)["IVR_RESULT"] == "294817"
    await port.stopListening()
