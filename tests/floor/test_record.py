"""The record of the queues: kept once whoever tells it, through crashes, an absent database, and our own absence."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import pytest_twisted
from sqlalchemy import Connection, select
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater

from crm_bridge.database import Database, Limits, engine_for
from crm_bridge.queue_events import QueueEvent, agent_days, events_between, put_events, queue_days, queue_events
from crm_bridge.versions import prepare
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Member, Picture, QueueNow
from ivr_server.floor.queue_log import compare, events, read_line
from ivr_server.floor.record import Record, kept
from ivr_server.floor.wrap_ups import WrapUps
from tests.floor.stage import RECORDED, recorded, replay
from tests.floor.test_notices import BEGAN

LOG = (RECORDED / "afternoon.queue_log").read_text().splitlines()


def ours() -> list[QueueEvent]:
    """Our rows of the recorded afternoon."""
    _, told = replay(BEGAN, recorded("afternoon"))
    return [row for one in told if (row := kept(one)) is not None]


@pytest.fixture
def connection(tmp_path: Path):  # type: ignore[no-untyped-def]
    """An empty database of ours."""
    with engine_for(f"sqlite:///{tmp_path / 'own.db'}", Limits()).execution_options(write=True).begin() as made:
        prepare(made)
        yield made


def count(connection: Connection) -> int:
    """Rows."""
    return len(connection.execute(select(queue_events.c.key)).all())


@pytest.mark.parametrize("order", ["live first", "log first", "by halves", "again and again"])
def test_both_sides_tell_it_and_it_is_kept_once(connection: Connection, order: str) -> None:
    """In any order and as often as one likes: every event has one row; talks after a transfer are ours alone."""
    live, log = ours(), events(LOG)
    parts = {
        "live first": [live, log],
        "log first": [log, live],
        "by halves": [live[::2], log, live[1::2]],
        "again and again": [live, log, live, log, live],
    }
    for part in parts[order]:
        put_events(connection, part)
    by_transfer = [one for one in live if not one.queue]
    assert count(connection) == len(log) + len(by_transfer) == len(live)


def test_figures_of_the_afternoon(connection: Connection) -> None:
    """Answered once each, taken over and handed on counted apart, misses, the talk's average; waits from the join."""
    put_events(connection, ours())
    agents = agent_days(connection, 0, 4e9)
    one, two = agents["agent 2001"], agents["agent 2002"]
    assert (one.answered, one.taken_over, one.handed_on, one.missed) == (6, 1, 3, 0)
    assert (two.answered, two.taken_over, two.handed_on, two.missed) == (0, 3, 1, 2)
    assert two.talks == 3 and 2 < two.average_s < 3
    hall = queue_days(events_between(connection, 0, 4e9), within_s=5.5)["hall"]
    assert (hall.offered, hall.answered, hall.abandoned, hall.timed_out) == (10, 6, 3, 1)
    assert hall.within == 5 and hall.service_level == 0.5 and 5 < hall.longest_s < 7


def test_who_was_spoken_to_in_between_is_one_caller() -> None:
    """Withdrawn and back: one offered, one answered, the wait from the first join."""
    steps = (("joined", 0.0), ("withdrawn", 45.0), ("joined", 55.0), ("answered", 100.0))
    rows = [QueueEvent(call="1.1", what=what, at=at, queue="hall", agent="a") for what, at in steps]
    day = queue_days(rows)["hall"]
    assert (day.offered, day.answered, day.abandoned, day.average_wait_s) == (1, 1, 0, 100.0)


def test_a_wrap_up_is_a_row_of_its_own(connection: Connection) -> None:
    """From the pause for it to its end; another pause, or one without a talk, is none."""
    wraps, told = WrapUps(), []

    def member(at: float, reason: str) -> None:
        now = Member("PJSIP/1001", "Li Wei", paused=bool(reason), reason=reason)
        picture = Picture({name: QueueNow(name, members=(now,)) for name in ("hall", "other")})
        for queue in picture.queues:
            what = Happening(what="member", at=at, queue=queue, interface="PJSIP/1001", agent="Li Wei", detail="paused")
            told.append(wraps.take(what, picture))

    member(5.0, "wrap_up")
    member(6.0, "")
    ended = Happening(
        what="ended", at=10.0, queue="hall", call="1.1", interface="PJSIP/1001", leg="1.2", detail="caller"
    )
    assert wraps.take(ended, Picture()) is None
    for at, reason in ((10.1, "wrap_up"), (40.1, "meal"), (50.0, "")):
        member(at, reason)
    rows = [row for row in told if row]
    assert [(row.call, row.queue, row.seconds, row.leg) for row in rows] == [("1.1", "hall", 30.0, "1.2")]
    put_events(connection, rows)
    put_events(connection, rows)
    day = agent_days(connection, 0, 100)["Li Wei"]
    assert (day.wrap_ups, day.average_wrap_s, day.talks) == (1, 30.0, 0)
    assert not queue_days(rows)


def test_two_quick_attempts_are_two(connection: Connection) -> None:
    """Legs tell them apart within a second; without legs another agent does; a NUL and long words are taken."""
    base = {"call": "1.1", "what": "missed", "queue": "hall"}
    first = QueueEvent(**base, at=10.0, agent="a", leg="1.2")  # type: ignore[arg-type]
    rows = [first, QueueEvent(**base, at=10.2, agent="a", leg="1.3"), QueueEvent(**base, at=10.3, agent="b")]  # type: ignore[arg-type]
    put_events(connection, rows)
    odd = QueueEvent(call="2.1", what="joined", at=1.0, number="\0" + "9" * 200)
    assert put_events(connection, [odd]) and not put_events(connection, [odd])
    assert count(connection) == 4


def test_lines_that_are_none_are_passed_over() -> None:
    """Torn, empty, of no call, of no time; the comparison shows what only one side has."""
    assert [read_line(text) for text in ("", "1|2|3", "x|1.1|hall|NONE|ENTERQUEUE||1|1", LOG[0])] == [None] * 4
    assert events(["\x00", *LOG]) == events(LOG)
    found = compare(ours()[1:], events(LOG)[:-1])
    assert not found.agree
    assert [one.what for one in found.only_theirs] == ["joined"] and [one.what for one in found.only_ours] == ["ended"]


# --- durable


async def until_written(database: Database, rows: int) -> None:
    """Until there are so many."""
    for _ in range(200):
        found = await database.run(count)
        if found >= rows:
            return
        await deferLater(reactor, 0.05)  # type: ignore[arg-type]
    raise AssertionError(f"{found} rows, not {rows}")


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A real one, on a file."""
    made = Database(f"sqlite:///{tmp_path / 'own.db'}")
    made.start()
    pytest_twisted.blockon(ensureDeferred(made.run(prepare, write=True)))
    yield made
    pytest_twisted.blockon(ensureDeferred(made.stop()))


HAPPENED = [Happening(what="joined", at=1e9 + n, queue="hall", call=f"1.{n}") for n in range(5)]


@pytest_twisted.ensureDeferred
async def test_D1_what_is_in_the_spool_survives_us(database: Database, tmp_path: Path) -> None:
    """Appended and not drained, as after kill -9: the next start drains it, and drains it once."""
    dying = Record(tmp_path / "spool", database, reactor)
    dying.start()
    dying._pause_s = 3_600.0
    dying._later.cancel()
    for one in HAPPENED:
        dying.take(one)
    await deferLater(reactor, 0.3)  # type: ignore[arg-type]
    dying._later = None
    dying._stopped = True
    dying._spool.stop()  # its lock goes with the process
    record = Record(tmp_path / "spool", database, reactor)
    record.start()
    await until_written(database, 5)
    for one in HAPPENED:
        record.take(one)
    await record.stop()
    assert await database.run(count) == 5
    assert not list((tmp_path / "spool").glob("*"))


@pytest_twisted.ensureDeferred
async def test_what_happened_while_we_were_away_comes_from_the_queue_log(database: Database, tmp_path: Path) -> None:
    """Only what is missing, only once; without a file, or with none named, nothing happens."""
    path = tmp_path / "queue_log"
    record = Record(tmp_path / "spool", database, reactor, lambda: path)
    record.start()
    now = float(LOG[-1].split("|")[0]) + 60
    assert await record.make_good(now) == 0
    path.write_text("\n".join(LOG) + "\n")
    await database.run(put_events, ours()[:6], write=True)
    found = await record.make_good(now)
    assert found == len(events(LOG)) - 6 and await record.make_good(now) == 0
    assert (await record.queues(0, 4e9))["hall"].answered == 6
    assert (await record.agents(0, 4e9, "agent 2001"))["agent 2001"].answered == 6
    await record.stop()


@pytest_twisted.ensureDeferred
async def test_of_a_busy_week_only_the_newest_rows_are_read(database: Database, tmp_path: Path) -> None:
    """In order, so many at most, and none from before."""
    record, rows = Record(tmp_path / "spool", database, reactor), events(LOG)
    await database.run(put_events, rows, write=True)
    kept_rows = await record.events(0, 4e9)
    assert await record.newest(0, 5) == kept_rows[-5:]
    assert await record.newest(kept_rows[-2].at, 1_000) == [one for one in kept_rows if one.at >= kept_rows[-2].at]


@pytest_twisted.ensureDeferred
async def test_a_long_queue_log_is_read_beside_us(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another thread, for callers would hear nothing meanwhile; lines from long before are passed over."""
    path, seen = tmp_path / "queue_log", list[tuple[bool, int]]()
    past = [f"{int(line[:10]) - 86_400}{line[10:]}" for line in LOG]
    path.write_text("\n".join([*past, *LOG]) + "\n")

    def reading(lines: list[str]) -> list[QueueEvent]:
        seen.append((threading.current_thread() is threading.main_thread(), len(lines)))
        return events(lines)

    monkeypatch.setattr("ivr_server.floor.record.events", reading)
    record = Record(tmp_path / "spool", database, reactor, lambda: path)
    record.start()
    await database.run(put_events, ours()[:6], write=True)
    assert await record.make_good(float(LOG[-1].split("|")[0]) + 60) == len(events(LOG)) - 6
    assert seen == [(False, len(LOG))]
    await record.stop()
