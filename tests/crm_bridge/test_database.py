"""The database and its faults: stopped, killed, slow, flooded, locked, full, of another version, cut at the COMMIT."""

from __future__ import annotations

import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import text, update
from sqlalchemy.engine import make_url
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater

from crm_bridge.answers import LookUpFault
from crm_bridge.breaker import Breaker, BreakerRule
from crm_bridge.database import Database, Limits
from crm_bridge.schema import schema_version
from crm_bridge.secret import Secret
from crm_bridge.versions import OtherSchema, prepare, upgrade
from tests.doubles.bridges import fact, own_bridge
from tests.doubles.postgresql import PostgreSQL

PHONE = "13800138000"


def stopped(database: Database) -> None:
    """End it, from a fixture."""
    pytest_twisted.blockon(Deferred.fromCoroutine(database.stop()))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """One with a short table, on both."""
    made = Database(url, reactor)
    made.start()
    for statement in ("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO counter VALUES (1, 0)"):
        pytest_twisted.blockon(Deferred.fromCoroutine(made.run(do, statement, write=True)))
    yield made
    stopped(made)


def do(connection: Any, statement: str) -> None:
    """One statement."""
    connection.execute(text(statement))


def one(connection: Any, statement: str = "SELECT 1") -> Any:
    """One value."""
    return connection.execute(text(statement)).scalar()


async def reason(asked: Any) -> tuple[str, float]:
    """Why it failed ("" when it did not), and after how many seconds."""
    start = time.monotonic()
    try:
        await asked
    except LookUpFault as fault:
        return fault.reason, time.monotonic() - start
    return "", time.monotonic() - start


@fact
async def test_no_update_is_lost(database: Database) -> None:
    """120 read-then-write increments, 40 at once: 120, however slow the machine."""
    database.limits = Limits(wait_ms=60_000, write_ms=60_000)

    def increment(connection: Any) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT n FROM counter FOR UPDATE"))
        n = one(connection, "SELECT n FROM counter")
        do(connection, f"UPDATE counter SET n = {n + 1}")

    for _ in range(3):
        work = [Deferred.fromCoroutine(database.run(increment, write=True)) for _ in range(40)]
        await DeferredList(work, fireOnOneErrback=True)
    assert await database.run(one, "SELECT n FROM counter") == 120


@fact
async def test_C4_nobody_waits_long_for_a_thread(url: str) -> None:
    """One connection, 50 callers on a slow query: served or told busy, none after more than a second or so."""
    database = Database(url, reactor, Limits(threads=1, queue=30))
    database.start()
    slow = (lambda _c: time.sleep(0.2),)
    done = await DeferredList([Deferred.fromCoroutine(reason(database.run(*slow))) for _ in range(50)])
    told = [result for _, result in done]
    assert {word for word, _ in told} == {"", "busy"}
    assert max(seconds for _, seconds in told) < 1.5
    assert sum(word == "busy" and seconds < 0.1 for word, seconds in told) >= 20
    await database.stop()


@fact
async def test_C1_a_stopped_database_is_answered_by_the_deadline_and_then_at_once(postgresql: PostgreSQL) -> None:
    """SIGSTOP under load: every caller has an answer within the budget; the breaker opens; SIGCONT heals."""
    limits = Limits(read_ms=800, write_ms=1_200, breaker=BreakerRule(open_s=1.0))
    database = Database(postgresql.url("stopped"), reactor, limits)
    database.start()
    await database.run(one)
    postgresql.signal_all(signal.SIGSTOP)
    try:
        done = await DeferredList([Deferred.fromCoroutine(reason(database.run(one))) for _ in range(100)])
        told = [result for _, result in done]
        assert all(word in ("deadline", "busy", "unavailable") for word, _ in told)
        assert max(seconds for _, seconds in told) < 2
        for _ in range(6):
            await reason(database.run(one))
        word, seconds = await reason(database.run(one))
        assert word == "unavailable" and seconds < 0.05
        assert database.breaker.open
    finally:
        postgresql.signal_all(signal.SIGCONT)
    await healed(database)
    await database.stop()


async def healed(database: Database) -> None:
    """Wait until it answers again."""
    for _ in range(60):
        word, _ = await reason(database.run(one))
        if not word:
            return
        await deferLater(reactor, 0.25)
    raise AssertionError("it did not come back")


@fact
async def test_C2_a_killed_database_heals_by_a_probe(postgresql: PostgreSQL) -> None:
    """kill -9 of the whole server; unavailable at once; after its start a probe finds it and callers go on."""
    database = Database(postgresql.url("killed"), reactor, Limits(breaker=BreakerRule(open_s=0.5)))
    database.start()
    await database.run(one)
    postgresql.kill()
    words = [await reason(database.run(one)) for _ in range(8)]
    assert all(word == "unavailable" and seconds < 2 for word, seconds in words)
    postgresql.start()
    await healed(database)
    await database.stop()


@fact
async def test_C3_a_slow_answer_frees_its_thread(postgresql: PostgreSQL) -> None:
    """Four queries of 30 s: the deadline answers, the connections are cut, the threads serve the next ones."""
    limits = Limits(read_ms=500, write_ms=500, breaker=BreakerRule(failures=100))
    database = Database(postgresql.url("slow"), reactor, limits)
    database.start()
    sleep = "SELECT pg_sleep(30)"
    done = await DeferredList([Deferred.fromCoroutine(reason(database.run(one, sleep))) for _ in range(4)])
    assert [word for _, (word, _) in done] == ["deadline"] * 4 or {word for _, (word, _) in done} <= {
        "deadline",
        "unavailable",
    }
    await deferLater(reactor, 0.3)
    assert await database.run(one) == 1
    await database.stop()


@fact
async def test_C8_a_locked_sqlite_file_refuses_in_time_and_still_reads(tmp_path: Path) -> None:
    """Another process holds the write lock: writes fail within the budget, reads go on."""
    path = tmp_path / "own.db"
    database = Database(f"sqlite:///{path}", reactor, Limits(read_ms=600, write_ms=600))
    database.start()
    await database.run(do, "CREATE TABLE t (n INTEGER)", write=True)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    word, seconds = await reason(database.run(do, "INSERT INTO t VALUES (1)", write=True))
    assert word in ("unavailable", "deadline") and seconds < 1
    assert await database.run(one, "SELECT count(*) FROM t") == 0
    other.execute("ROLLBACK")
    await database.run(do, "INSERT INTO t VALUES (1)", write=True)
    await database.stop()


@fact
async def test_C9_a_full_disk_refuses_writes_and_serves_reads(tmp_path: Path) -> None:
    """No page may be added: the write is a fault, reading goes on, and with room again so does writing."""
    bridge = own_bridge(f"sqlite:///{tmp_path / 'own.db'}")
    bridge.customer(PHONE)
    bridge.bill("2026-11", (100, 0, 0, 0, 0))

    def limit(connection: Any, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def limited(pages: int) -> None:
        await DeferredList([Deferred.fromCoroutine(bridge.database.run(limit, pages)) for _ in range(16)])

    await limited(1)
    faults = [await reason(bridge.ask("record_call_back", f"c{n}", phone=f"139{n:08d}")) for n in range(60)]
    assert "unavailable" in {word for word, _ in faults}
    assert bridge.database.write_breaker.open
    assert (await bridge.ask("bill", customer="7", month="2026-11")).outcome == "found"
    bridge.database.write_breaker.succeeded()  # as its probe finds, five seconds later
    await limited(1_000_000)
    assert (await bridge.ask("record_call_back", "later", phone="13712345678")).outcome == "recorded"
    await bridge.stop()


@pytest.mark.parametrize(("found", "advice"), [(99, "newer release"), (0, "bridge upgrade")])
@fact
async def test_C10_another_version_of_the_schema_is_refused_with_advice(url: str, found: int, advice: str) -> None:
    """Ahead or behind: one sentence that says which version, and what to do."""
    database = Database(url, reactor)
    database.start()
    await database.run(prepare, write=True)
    await database.run(prepare, write=True)
    await database.run(lambda c: c.execute(update(schema_version).values(version=found)), write=True)
    with pytest.raises(OtherSchema, match=advice):
        await database.run(prepare, write=True)
    with pytest.raises(OtherSchema):
        await database.run(upgrade, write=True)
    await database.stop()


@fact
async def test_D10_two_services_may_start_on_one_empty_database(url: str) -> None:
    """Both prepare at once; both succeed."""
    await _both_prepare(url)


@fact
async def test_D10_a_new_sqlite_file_may_be_opened_by_two_at_once(tmp_path: Path) -> None:
    """SQLite does not wait when both make it a WAL (one of ten such pairs met it): we do."""
    for pair in range(60):
        await _both_prepare(f"sqlite:///{tmp_path / f'{pair}.db'}")


async def _both_prepare(url: str) -> None:
    services = [Database(url, reactor) for _ in range(2)]
    for service in services:
        service.start()
    work = [Deferred.fromCoroutine(service.run(prepare, write=True)) for service in services]
    await DeferredList(work, fireOnOneErrback=True)
    for service in services:
        await service.stop()


class Cutter:
    """A TCP proxy that cuts the connection when a COMMIT has gone through, before its answer comes back."""

    def __init__(self, port: int) -> None:
        self.armed = False
        self.cuts = 0
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._to))
            cut = threading.Event()
            threading.Thread(target=self._up, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server, cut), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while content := client.recv(65536):
            if self.armed and b"COMMIT" in content:
                self.armed, self.cuts = False, self.cuts + 1
                cut.set()
            server.sendall(content)
            if cut.is_set():
                time.sleep(0.2)
                client.close()
                return

    def _down(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while content := server.recv(65536):
            if cut.is_set():
                return
            client.sendall(content)


@fact
async def test_C5_a_commit_whose_answer_is_lost_is_looked_up(postgresql: PostgreSQL) -> None:
    """The COMMIT arrived, its answer did not: the caller hears "set", and it is set, once."""
    direct = postgresql.url("cut")
    cutter = Cutter(postgresql.port)
    through = make_url(direct).set(port=cutter.port).render_as_string(hide_password=False)
    bridge = own_bridge(through)
    bridge.customer(PHONE)
    cutter.armed = True
    new = Secret("294817")
    told = await bridge.ask("set_password", customer="7", phone=PHONE, new_password=new, again=new)
    assert (told.outcome, cutter.cuts) == ("set", 1)
    assert (await bridge.ask("check_password", "c2", phone=PHONE, password=new)).outcome == "right"
    assert await bridge.database.run(one, "SELECT count(*) FROM effects") == 1
    await bridge.stop()


@fact
async def test_C5_so_is_a_call_back(postgresql: PostgreSQL) -> None:
    """The same for a wish: told as recorded, one letter."""
    cutter = Cutter(postgresql.port)
    through = make_url(postgresql.url("cut")).set(port=cutter.port).render_as_string(hide_password=False)
    bridge = own_bridge(through)
    cutter.armed = True
    told = await bridge.ask("record_call_back", phone=PHONE)
    assert (told.outcome, cutter.cuts) == ("recorded", 1)
    assert await bridge.database.run(one, "SELECT count(*) FROM outbox") == 1
    await bridge.stop()


@fact
async def test_C6_a_deadlock_is_tried_again(postgresql: PostgreSQL) -> None:
    """Two crossed transactions: both end well."""
    database = Database(postgresql.url("crossed"), reactor)
    database.start()
    await database.run(do, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)", write=True)
    await database.run(do, "INSERT INTO t VALUES (1, 0), (2, 0)", write=True)

    def cross(connection: Any, first: int, second: int) -> None:
        do(connection, f"UPDATE t SET n = n + 1 WHERE id = {first}")
        time.sleep(0.2)
        do(connection, f"UPDATE t SET n = n + 1 WHERE id = {second}")

    work = [Deferred.fromCoroutine(database.run(cross, *pair, write=True)) for pair in ((1, 2), (2, 1))]
    await DeferredList(work, fireOnOneErrback=True)
    assert await database.run(one, "SELECT sum(n) FROM t") == 4
    await database.stop()


def test_the_breaker_opens_probes_and_closes() -> None:
    """Five failures in ten seconds open it; one probe at a time; a success closes it; old failures are forgotten."""
    now = [0.0]
    breaker = Breaker(BreakerRule(), lambda: now[0])
    for _ in range(4):
        breaker.failed()
    now[0] = 11.0
    breaker.failed()
    assert breaker.admits() and not breaker.open
    for _ in range(4):
        breaker.failed()
    assert breaker.open and not breaker.admits()
    now[0] = 17.0
    assert [breaker.admits(), breaker.admits()] == [True, False]
    breaker.failed()
    assert not breaker.admits()
    now[0] = 23.0
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits() and not breaker.open


@pytest.mark.parametrize("bad", ["", "nonsense", "mysql://x/y", "sqlite"])
def test_a_wrong_url_is_refused_in_words(bad: str) -> None:
    """It says what to write instead."""
    with pytest.raises(ValueError, match="sqlite:////path"):
        Database(bad, reactor)


@fact
async def test_an_absent_database_is_unavailable(tmp_path: Path) -> None:
    """No folder, and nobody on the port."""
    for url in (f"sqlite:///{tmp_path}/none/x.db", "postgresql+psycopg://ivr@127.0.0.1:1/x"):
        database = Database(url, reactor)
        database.start()
        assert (await reason(database.run(one)))[0] == "unavailable"
        await database.stop()
