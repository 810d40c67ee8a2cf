"""The seam between voice and desk under faults: nobody is lost when the service dies, no password gets across."""

from __future__ import annotations

import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from crm_bridge.database import Limits, engine_for
from crm_bridge.demo import SHOWN
from crm_bridge.hashing import hashed
from crm_bridge.schema import passwords
from crm_bridge.secret import Secret
from ivr_server import sip_accounts
from ivr_server.pbx import fetch
from tests.live.calls import Call
from tests.live.telephone_town import Desk, TelephoneTown, telephone_town

pytestmark = [pytest.mark.live, pytest.mark.alone]

Figure = Callable[[str, object], None]
TELEPHONES = ("2001", "2002", "2003", "2004", "2005")
TO_A_HUMAN = [(1.5, "1"), (1.5, "0")]
WAITING = 20
WRONG, RIGHT = "738291", "850372"
# English, fees, this number; a wrong password, the right one; this month; then a person
PROVED = ((2.0, "2"), (1.0, "11"), (7.0, WRONG), (7.0, RIGHT), (4.0, "1"), (6.0, "0"))


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[TelephoneTown]:
    """The house, with five desk telephones."""
    with telephone_town(installed, telephones=TELEPHONES) as made:
        yield made


@pytest.fixture(scope="module")
def desks(town: TelephoneTown) -> list[Desk]:
    """An agent at each of them, ready."""
    made = [town.hire(f"agent{telephone}", telephone) for telephone in TELEPHONES]
    for desk in made:
        town.register(desk.telephone, talks_s=300)
        desk.sit()
        desk.post("state", state="ready")
        desk.is_("ready")
    return made


def connected(call: Call) -> bool:
    """Whether an agent has answered it."""
    return bool(call.leg.events("AgentConnect"))


def test_D1_twenty_wait_and_five_talk_when_the_service_is_killed(
    town: TelephoneTown, desks: list[Desk], figure: Figure
) -> None:
    """Kill -9: the five talk on, also through the restart; all twenty reach an agent, and nobody hears a goodbye."""
    talking = [town.exchange.dial("10000", TO_A_HUMAN, stay=400) for _ in desks]
    for call in talking:
        call.wait_leg(lambda leg: leg.events("AgentConnect"), 60)
    waiting = [town.exchange.dial("10000", TO_A_HUMAN, stay=400) for _ in range(WAITING)]
    town.exchange.wait_for(lambda: len(town.exchange.waiting("service")) == WAITING, "twenty wait", 60)
    pid = town.product.signal(signal.SIGKILL)
    town.product.wait_up(but_not=pid)
    for desk in desks:
        desk.wait(lambda one: one.last("me")["state"] == "talking" and one.last("bar").get("live"), "talking, live", 40)
    assert not [call for call in (*talking, *waiting) if call.over.is_set()]
    town.exchange.callers.cli("dialplan set global AGENT_TALKS 4")  # longer than the whisper
    for call in talking:
        call.hang_up()
    town.exchange.wait_for(lambda: all(map(connected, waiting)), "all twenty reached an agent", 240)
    lost = [call for call in (*talking, *waiting) if not connected(call)]
    figure("callers lost when the service was killed (20 waiting, 5 talking)", len(lost))
    assert lost == []
    for call in waiting:
        call.hang_up()
    town.exchange.wait_no_channels(20)


class Listener:
    """What Asterisk says to the product's own manager user, byte by byte."""

    def __init__(self, port: int, secret: str) -> None:
        self.heard = b""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=1)
        self._socket.sendall(f"Action: Login\r\nUsername: ivr\r\nSecret: {secret}\r\n\r\n".encode())
        self._open = True
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        while self._open:
            with suppress(TimeoutError):
                self.heard += self._socket.recv(65_536)

    def close(self) -> bytes:
        """Everything that was heard."""
        self._open = False
        self._reading.join()
        self._socket.close()
        return self.heard


def _another_password(connection: Connection) -> None:
    kept = hashed(Secret(RIGHT))
    assert connection.execute(update(passwords).where(passwords.c.customer == "1").values(hash=kept)).rowcount == 1


def test_P10_no_password_comes_across_with_the_caller(town: TelephoneTown, desks: list[Desk]) -> None:
    """Typed in a call that is handed over and transferred: in no byte of ours, of Asterisk's, of what the desk got."""
    first, second, *others = desks
    for desk in others:
        desk.post("state", state="busy", reason="break")
    engine = engine_for(town.product.settings.database_url(), Limits()).execution_options(write=True)
    with engine.begin() as connection:
        _another_password(connection)
    engine.dispose()
    town.exchange.callers.cli("dialplan set global AGENT_TALKS 60")
    for desk in (first, second):
        desk.is_("ready", 30)
    second.post("state", state="busy", reason="break")
    heard = Listener(town.exchange.plan.ports.ami, sip_accounts.of(town.product.settings)["ami"])
    call = town.exchange.dial("10000", PROVED, caller=SHOWN[0].phone, stay=120)
    first.is_("talking", 60)
    told = first.last("call")
    assert told["handed"]["identity"] == "password", told["handed"]
    assert told["card"]["found_by"] == "verified"
    id = first.last("me")["call"]
    assert first.post(f"call/{id}/transfer", to=second.telephone, kind="blind")[0] == 200
    second.is_("talking", 30)
    call.hang_up()
    town.exchange.wait_no_channels(20)
    written = {str(path): path.read_bytes() for path in _files(town)}
    written["AMI"] = heard.close()
    written["events"] = repr([desk.events for desk in desks]).encode()
    written["variables"] = repr(call.leg.seen).encode()
    for secret in (WRONG, RIGHT):
        pattern = re.compile(rb"(?<![\d.])%b(?!\d)" % secret.encode())
        assert [path for path, content in written.items() if pattern.search(content)] == []
    known = SHOWN[0].phone.encode()
    for place in ("AMI", "events", "variables"):
        assert known in written[place], f"the search is blind: the caller's number is not in {place}"


def _files(town: TelephoneTown) -> list[Path]:
    """All that the product and its Asterisk wrote; not what the callers' own Asterisk knows of its keys."""
    own = [path for path in town.product.folder.rglob("*") if path.is_file()]
    theirs = [town.exchange.folder / "callers", town.exchange.folder / "c"]
    asterisk = [path for path in town.exchange.folder.rglob("*") if path.is_file()]
    return own + [path for path in asterisk if not any(path.is_relative_to(folder) for folder in theirs)]
