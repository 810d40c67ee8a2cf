"""TLS to the manager interface, on loopback, with an authority made for the test (FAULTS B11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.protocol import Pace
from tests.ami.certificates import NOW, Authority, authority
from tests.ami.stage import SECRET
from tests.doubles.asterisk_manager import AsteriskManager


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """The authority that the settings name."""
    return authority(tmp_path, "ours")


Meeting = Callable[..., Awaitable[Ami]]


@pytest.fixture
def meet(ours: Authority) -> Iterator[Meeting]:
    """Starts a double under a certificate (None: without TLS) and a client; gives the client when settled."""
    ports: list[Any] = []
    clients: list[Ami] = []

    async def meeting(certificate: Any, **wish: Any) -> Ami:
        factory = AsteriskManager(reactor, secret=SECRET).factory()
        listen: Any = reactor
        if certificate is None:
            port = listen.listenTCP(0, factory, interface="127.0.0.1")
        else:
            port = listen.listenSSL(0, factory, certificate, interface="127.0.0.1")
        ports.append(port)
        wish = {"tls": "yes", "ca": str(ours.pem), "needs": (), "pace": Pace(rights_s=0.05)} | wish
        ami = Ami(reactor, AmiSettings(port=port.getHost().port, secret=Secret(SECRET), **wish))
        clients.append(ami)
        ami.start()
        for _ in range(100):
            await deferLater(reactor, 0.05)  # type: ignore[arg-type]
            if ami.state in ("live", "refused", "away"):
                return ami
        raise AssertionError(ami.condition())

    yield meeting
    for ami in clients:
        pytest_twisted.blockon(ensureDeferred(ami.stop()))
    for port in ports:
        pytest_twisted.blockon(port.stopListening())


@pytest_twisted.ensureDeferred
async def test_B11_a_good_certificate_is_believed_and_its_end_is_known(ours: Authority, meet: Meeting) -> None:
    """By address and by name; no alert; actions go through."""
    for names, name in ((("127.0.0.1",), ""), (("pbx.example",), "pbx.example")):
        ami = await meet(ours.certificate(365, names), server_name=name)
        assert ami.connected, ami.condition()
        until = ami.condition().certificate_ends
        assert until is not None and abs(until - NOW - timedelta(days=365)) < timedelta(minutes=1)
        assert ami.condition().alerts == ()
        assert (await ami.action("Ping")).get("Ping") == "Pong"


@pytest_twisted.ensureDeferred
async def test_B11_a_certificate_that_ends_within_30_days_is_an_alert(ours: Authority, meet: Meeting) -> None:
    """It works, and the health page says when it will not."""
    for days, codes in ((29, ["ends_soon"]), (31, [])):
        ami = await meet(ours.certificate(days))
        assert ami.connected
        assert [alert.code for alert in ami.condition().alerts] == codes


@pytest_twisted.ensureDeferred
async def test_B11_what_is_not_to_be_believed_is_refused(ours: Authority, tmp_path: Path, meet: Meeting) -> None:
    """Expired, another authority, another name, no TLS at all: no sign-in, and a sentence that says what to look at."""
    other = authority(tmp_path, "other")
    cases = (
        (ours.certificate(-1), "it has expired, or its authority"),
        (other.certificate(), "its authority is not the one in ami.ca"),
        (ours.certificate(365, ("pbx.example",)), "it is for another name"),
        (None, "no TLS is spoken there"),
    )
    for certificate, words in cases:
        ami = await meet(certificate)
        assert ami.state == "refused" and ami.condition().trouble == "certificate", (words, ami.condition())
        assert words in ami.condition().text


@pytest_twisted.ensureDeferred
async def test_B11_a_file_of_the_authority_that_is_not_there_is_told(tmp_path: Path, meet: Meeting) -> None:
    """No fallback to the system's authorities, no connection."""
    for path in (tmp_path / "none.pem", Path(__file__)):
        ami = await meet(None, ca=str(path))
        assert ami.condition().trouble == "certificate" and path.name in ami.condition().text


@pytest_twisted.ensureDeferred
async def test_B11_without_tls_a_peer_that_speaks_tls_is_no_asterisk(ours: Authority, meet: Meeting) -> None:
    """It waits for us, we wait for its greeting: given up as silent, nothing sent."""
    ami = await meet(ours.certificate(), tls="no", pace=Pace(dead_s=1))
    assert ami.condition().trouble == "silent"
