"""The floor wired: one connection, its record in the database, what health and metrics say of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from prometheus_client import generate_latest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater

from crm_bridge.database import Database
from crm_bridge.queue_events import QueueEvent, put_events
from crm_bridge.versions import prepare
from ivr_server import whereabouts
from ivr_server.floor_wiring import FloorRoom, queue_log
from ivr_server.hours import utc_now
from ivr_server.manager_wiring import the_manager
from ivr_server.metrics import Metrics
from ivr_server.settings import Ami, Fax, Settings
from tests.ami.stage import SECRET
from tests.doubles.asterisk_manager import AsteriskManager
from tests.doubles.hall import QUEUE, Hall


async def until(test, what: str) -> None:  # type: ignore[no-untyped-def]
    """Wait for it."""
    for _ in range(400):
        if test():
            return
        await deferLater(reactor, 0.02)  # type: ignore[arg-type]
    raise AssertionError(what)


class Town:
    """A double of Asterisk on loopback, a database, and the room on both."""

    def __init__(self, folder: Path) -> None:
        self.manager = AsteriskManager(reactor, secret=SECRET, write="call,reporting,originate,agent")
        self.hall = Hall(self.manager, epoch=0.0, stamps=False)
        self.hall.now = lambda: utc_now().timestamp()  # type: ignore[method-assign]
        self.port = self.manager.listen(reactor)
        self.settings = Settings(state=str(folder), ami=Ami(port=self.port.getHost().port))
        folder.mkdir(exist_ok=True)
        self.database = Database(f"sqlite:///{folder / 'own.db'}")
        self.database.start()
        pytest_twisted.blockon(ensureDeferred(self.database.run(prepare, write=True)))
        self.metrics = Metrics()

    def open(self) -> FloorRoom:
        room = FloorRoom(self.settings, self.database, reactor, self.metrics)
        room.start()
        room.connect()
        return room


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """With the double's secret in the environment."""
    monkeypatch.setenv("IVR_AMI_SECRET", SECRET)
    made = Town(tmp_path / "state")
    yield made
    pytest_twisted.blockon(ensureDeferred(made.database.stop()))
    pytest_twisted.blockon(made.port.stopListening())


@pytest_twisted.ensureDeferred
async def test_a_call_is_in_health_metrics_and_record(town: Town) -> None:
    """Live: how many wait and talk; gauges by queue and state; each step a row, and the wait a bucket."""
    room = town.open()
    assert room.health().state == "unknown"
    await until(lambda: room.floor.picture.live, "live")
    seat = town.hall.sign_in("PJSIP/1001", "Li Wei")
    town.hall.arrive()
    caller = town.hall.arrive()
    await until(lambda: room.floor.place(caller.call) == 2, "waits")
    assert room.health() == type(room.health())("floor", "ok", "2 wait, 0 talk", "2 人等待，0 人通话")
    text = generate_latest(town.metrics.registry).decode()
    assert f'ivr_queue_waiting{{queue="{QUEUE}"}} 2.0' in text and "ivr_floor_live 1.0" in text
    town.hall.ring(caller, seat)
    town.hall.answer(caller)
    await until(lambda: caller.call in room.floor.picture.talks, "talks")
    states = lambda: [one.state for one in room.floor.picture.queue(QUEUE).members]  # noqa: E731
    await until(lambda: states() == ["in_use"], "in use")
    text = generate_latest(town.metrics.registry).decode()
    assert f'ivr_queue_agents{{queue="{QUEUE}",state="in_use"}} 1.0' in text and "ivr_talks 1.0" in text
    assert f'ivr_queue_wait_seconds_count{{end="answered",queue="{QUEUE}"}} 1.0' in text
    town.hall.complete(caller)
    await until(lambda: not room.floor.picture.talks, "over")
    await room.stop()
    now = utc_now().timestamp()
    assert (await room.record.agents(now - 60, now + 60))["Li Wei"].answered == 1
    assert (await room.record.queues(now - 60, now + 60))[QUEUE].offered == 2


@pytest_twisted.ensureDeferred
async def test_what_our_user_may_not_do_is_switched_off_and_said(town: Town) -> None:
    """Without the class agent nobody signs in, and health says so; without QueueWithdrawCaller it only adds a word."""
    town.manager.write = "call,reporting,originate"
    town.manager.booting.add("QueueWithdrawCaller")
    room = town.open()
    await until(lambda: room.floor.picture.live, "live")
    health = room.health()
    assert health.state == "bad" and health.words.startswith(
        "Agents cannot sign in to queues: Asterisk has no QueueAdd"
    )
    await room.stop()
    town.manager.write += ",agent"
    room = FloorRoom(town.settings, town.database, reactor, Metrics())
    room.start()
    room.connect()
    await until(lambda: room.floor.picture.live, "live again")
    health = room.health()
    assert health.state == "ok" and "Callers are not spoken to while they wait: Asterisk has no Queue" in health.words
    await room.stop()


@pytest_twisted.ensureDeferred
async def test_the_past_is_known_at_the_start_and_the_absence_made_good(town: Town) -> None:
    """Last week's waits teach the expected wait; what the queue log alone has is taken over at the connect."""
    now = utc_now().timestamp()
    past = [
        QueueEvent(call=f"1.{number}", what=what, at=now - 40_000 + number * 60 + later, queue=QUEUE, seconds=later)
        for number in range(300)
        for what, later in (("joined", 0.0), ("answered", 240.0))
    ]
    await town.database.run(put_events, past, write=True)
    log = town.settings.folder / "queue_log"
    log.write_text(
        f"{int(now) - 30}|7.7|{QUEUE}|NONE|ENTERQUEUE||1|1\n{int(now) - 20}|7.7|{QUEUE}|NONE|ABANDON|1|1|10\n"
    )
    settings = Settings(state=town.settings.state, ami=Ami(port=town.settings.ami.port, queue_log=str(log)))
    room = FloorRoom(settings, town.database, reactor, Metrics())
    room.start()
    room.connect()
    await until(lambda: room.record.made_good == 2, "made good")
    await until(lambda: QUEUE in room.floor.waits.queues, "remembered")
    assert room.floor.waits.queues[QUEUE].pools and not room.floor.waits.queues[QUEUE].waiting
    await room.stop()


def test_the_connection_is_wanted_where_an_asterisk_is_known(tmp_path: Path) -> None:
    """A port, a line for faxes, or one beside us; else there is none, and health says what to do."""
    bare = Settings(state=str(tmp_path))
    assert the_manager(bare, reactor) is None
    assert the_manager(Settings(state=str(tmp_path), ami=Ami(port=5038)), reactor) is not None
    assert the_manager(Settings(state=str(tmp_path), fax=Fax(channel="PJSIP/{number}@line")), reactor) is not None
    room = FloorRoom(bare, None, reactor, Metrics())  # type: ignore[arg-type]
    assert room.ami is None and room.health().state == "unknown" and "ami.port" in room.health().words
    assert room.health().chinese.startswith("没有连接 Asterisk")
    assert room.floor.staffed(QUEUE) is None and queue_log(bare) is None
    whereabouts.write_asterisk(tmp_path, 5038, 8088, True, logs=tmp_path / "log")
    assert the_manager(bare, reactor) is not None and queue_log(bare) is None
    (tmp_path / "log").mkdir()
    (tmp_path / "log/queue_log").touch()
    assert queue_log(bare) == tmp_path / "log/queue_log"
