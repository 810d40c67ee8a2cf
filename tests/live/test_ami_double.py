"""The double of the manager interface and the real Asterisk, asked the same: what the double says must be true."""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ivr_server.pbx import fetch
from tests.doubles.asterisk_manager import CLASSES, FREE, AsteriskManager, Session
from tests.live.manager_pbx import OWN, SECRET, Pbx, manager_pbx


@pytest.fixture(scope="module")
def pbx(installed: fetch.Installed) -> Iterator[Pbx]:
    """Asterisk, for this file."""
    with manager_pbx(installed) as made:
        yield made


ASKED = (
    "Action: Ping\r\nActionID: 1",
    "Action: Nope\r\nActionID: 2",
    "Action: Challenge\r\nAuthType: MD5\r\nActionID: 3",
    "Action: Challenge\r\nActionID: 4",
    "Action: CoreShowChannels\r\nActionID: 5",
    "Action: FAXSessions\r\nActionID: 6",
    "Action: FAXSession\r\nSessionNumber: 77\r\nActionID: 7",
    "Action: FAXStats\r\nActionID: 14",
    "Action: Hangup\r\nChannel: PJSIP/none-1\r\nActionID: 8",
    "Action: Originate\r\nApplication: Wait\r\nActionID: 9",
    "Action: Setvar\r\nVariable: A\r\nValue: 1\r\nActionID: 10",
    "Action: Setvar\r\nChannel: none-1\r\nVariable: A\r\nValue: 1\r\nActionID: 11",
    "Action: Command\r\nCommand: core show uptime\r\nActionID: 12",
    "Action: Logoff\r\nActionID: 13",
)
CHANNELS = "Action: CoreShowChannels\r\nActionID: 20"


class Teller:
    """A socket to the real one, or the double's session, asked one thing at a time."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port)) if port else None
        self.session, self.transport = Session(AsteriskManager(Clock(), secret=SECRET)), StringTransport()
        self.session.makeConnection(self.transport)
        self.greeting = self.tell("")

    def tell(self, action: str) -> bytes:
        """Send an action and give what comes of it."""
        data = f"{action}\r\n\r\n".encode() if action else b""
        if self.socket is None:
            self.transport.clear()
            self.session.dataReceived(data)
            return self.transport.value() if data else self.session.manager.greeting
        self.socket.sendall(data)
        return self._heard(self.socket)

    @staticmethod
    def _heard(connection: socket.socket) -> bytes:
        heard = b""
        connection.settimeout(1.5)
        try:
            while data := connection.recv(65_536):
                heard += data
                connection.settimeout(0.2)
        except TimeoutError:
            pass
        return heard

    def sign_in(self, name: str, secret: str) -> bytes:
        """With a challenge."""
        challenge = re.search(rb"Challenge: (\d+)", self.tell("Action: Challenge\r\nAuthType: MD5"))
        assert challenge is not None
        key = hashlib.md5(challenge[1] + secret.encode()).hexdigest()
        return self.tell(f"Action: Login\r\nAuthType: MD5\r\nUsername: {name}\r\nKey: {key}\r\nActionID: in")


def shape(heard: bytes) -> list[tuple[str, ...]]:
    """Messages with what differs from run to run taken out: times, challenges. VarSet goes to no user here."""
    text = re.sub(r"(Timestamp|Challenge): [\d.]+", r"\1: #", heard.decode())
    return [tuple(block.split("\r\n")) for block in text.split("\r\n\r\n") if block.strip()]


@pytest.mark.live
def test_the_double_answers_as_the_real_asterisk_does(pbx: Pbx) -> None:
    """Fourteen actions, good and bad, before and after the sign-in: the same answers, word for word."""
    real, double = Teller(pbx.port), Teller()
    assert real.greeting == double.greeting
    for ask in (lambda teller: teller.tell("Action: Ping\r\nActionID: 0"), lambda teller: _in(teller, real)):
        assert shape(ask(real)) == shape(ask(double))
    for action in ASKED:
        assert shape(real.tell(action)) == shape(double.tell(action)), action
    wrong, refused = Teller(pbx.port), Teller()
    assert shape(wrong.sign_in("ivr", "no")) == shape(refused.sign_in("ivr", "no"))


def _in(teller: Teller, real: Teller) -> bytes:
    return teller.sign_in("ivr", "ivr-secret" if teller is real else SECRET)


@pytest.mark.live
def test_the_double_lists_rights_as_the_real_asterisk_does(pbx: Pbx) -> None:
    """ListCommands: what the double knows of has the classes that the real one gives it, for [ivr] and for all."""
    for name, secret in (("ivr", "ivr-secret"), ("write-all", SECRET)):
        real, double = Teller(pbx.port), Teller()
        double.session.manager.user = name
        if name == "write-all":
            double.session.manager.write = "all"
        else:
            double.session.manager.write = OWN["write"]
        real.sign_in(name, secret)
        double.sign_in(name, SECRET)
        found = [
            dict(re.findall(r"^(\w+): .*\(Priv: (\S+)\)\r?$", one.tell("Action: ListCommands").decode(), re.M))
            for one in (real, double)
        ]
        assert found[1].items() <= found[0].items()
        assert set(found[1]) == set(found[0]) & {*CLASSES, *FREE}


@pytest.mark.live
def test_the_double_lists_channels_and_originates_as_the_real_asterisk_does(pbx: Pbx) -> None:
    """The answer to Originate; the keys of OriginateResponse; a list with items in it."""
    real, double = Teller(pbx.port), Teller()
    for teller in (real, double):
        _in(teller, real)
    ask = "Action: Originate\r\nChannel: Local/waits@tests/n\r\nChannelId: c-1\r\nOtherChannelId: c-2\r\n"
    ask += "Application: Wait\r\nData: 5\r\nAsync: true\r\nActionID: 30"
    said = shape(real.tell(ask))
    assert said[0] == shape(double.tell(ask))[0]
    time.sleep(0.3)
    items = [dict(line.split(": ", 1) for line in one if ": " in line) for one in shape(real.tell(CHANNELS))[1:-1]]
    own = [{key: value for key, value in one.items() if key not in ("Event", "ActionID")} for one in items]
    double.session.manager.channels = own
    assert shape(real.tell(CHANNELS))[0] == shape(double.tell(CHANNELS))[0]
    listed = shape(double.tell(CHANNELS))
    assert [line.split(":")[0] for line in listed[1]] == list(items[0])
    assert len(listed) == len(own) + 2 and listed[-1][-1] == f"ListItems: {len(own)}"
    hang_up = "Action: Hangup\r\nChannel: c-1\r\nActionID: 31"
    assert shape(double.tell(hang_up))[0] == next(
        one for one in shape(real.tell(hang_up)) if one[0] == "Response: Success"
    )
