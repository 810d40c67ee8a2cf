"""Our own phone in a queue: place, waiting rounds, a kept place, hanging up; with the shipped flows, in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from ivr_server.phone.phone import Dialling, Phone
from ivr_server.phone.queueing import QueueingPhone, Waits
from tests.calls.test_calls import ANSWERS
from tests.doubles.stage import Stage


class Waiting:
    """A caller at our phone, with so many ahead."""

    def __init__(self, folder: Path, ahead: int) -> None:
        self.stage = Stage(folder, dict(ANSWERS))
        who = {"caller": "13800138000", "uniqueid": "phone-1", "channel": "Phone/1"}
        dialling = Dialling(token="word", staffed=("service",), **who)
        self.legs: list[Phone] = []
        self.away = False
        self.phone = QueueingPhone(self.stage.clock, self.stage.ear, Waits(dialling, ahead, 45.0), self.connect)
        self.phone.call()
        self.stage.pass_s(4)
        self.phone.press("0")
        self.stage.pass_s(8)

    def connect(self, phone: Phone) -> Deferred[Any]:
        """As over a socket."""
        if self.away:
            return fail(ConnectionRefusedError())
        server = self.stage.factory.buildProtocol(None)
        assert server is not None
        phone.plug(server)
        self.legs.append(phone)
        return succeed(None)

    @property
    def heard(self) -> str:
        """Everything, a line each."""
        return self.stage.heard

    @property
    def told(self) -> dict[str, str]:
        """The call's variables at its end."""
        assert self.stage.ear.variables is not None
        return self.stage.ear.variables


@pytest.fixture
def line(tmp_path: Path) -> Waiting:
    """Two callers ahead."""
    return Waiting(tmp_path, 2)


def test_the_place_is_told_on_entry_and_the_queue_is_played(line: Waiting) -> None:
    """Then, every 45 s, the one ahead is served and the server speaks; last, an agent takes the call."""
    assert "Ahead of you in line: two callers." in line.heard
    assert line.stage.ear.heard[-1] == "♪ service (3)" and line.stage.ear.variables is None
    line.stage.pass_s(55)
    assert "To keep your place and be called back, press one." in line.heard
    assert line.stage.ear.heard[-1] == "♪ service (2)"
    line.stage.pass_s(55)
    assert "You are next in line." in line.heard
    assert line.told["IVR_RESULT"] == "queue" and line.told["IVR_TRAIL_ID"] == "phone-1"
    assert len(line.legs) == 3


def test_a_place_can_be_kept_and_nobodys_telephone_rings(line: Waiting) -> None:
    """The caller hears so and the call is over; our phone is not called back."""
    while len(line.legs) < 2:
        line.stage.pass_s(1)
    for key in "11":
        line.phone.press(key)
        line.stage.pass_s(2)
    line.stage.pass_s(8)
    assert "Your place is kept." in line.heard
    assert line.told["IVR_RESULT"] == "done"


def test_the_receiver_is_put_down_while_the_music_plays(line: Waiting) -> None:
    """Nothing more happens; keys pressed to the music were heard by nobody."""
    line.phone.press("1")
    line.phone.hang_up()
    line.phone.hang_up()
    assert line.told["AGISTATUS"] == "HANGUP" and "IVR_RESULT" not in line.told
    line.stage.pass_s(100)
    assert len(line.legs) == 1


def test_a_server_that_is_gone_leaves_the_caller_in_the_queue(line: Waiting) -> None:
    """As in Asterisk: what is left is the end of our play."""
    line.away = True
    line.stage.pass_s(46)
    assert line.phone.over and line.told["IVR_QUEUE"] == "service"


def test_without_a_line_the_call_is_as_before(tmp_path: Path) -> None:
    """Straight to the end, and no word of a place."""
    line = Waiting(tmp_path, 0)
    assert line.told["IVR_RESULT"] == "queue" and len(line.legs) == 1
    assert "in line" not in line.heard
