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
from ivr_server.phone.phone import Phone
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
