"""The journal of calls: durable when told, drained once, through crashes, a full disk and an absent database."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest import mock

import pytest
import pytest_twisted
from sqlalchemy import text
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater

from crm_bridge.answers import LookUpFault
from crm_bridge.breaker import BreakerRule
from crm_bridge.database import Database, Limits
from crm_bridge.journal import CallRecord, Journal, JournalFault, newest_calls, read_call, store
from crm_bridge.spool import Spool, SpoolFault, framed, unframed
from crm_bridge.versions import prepare
from tests.doubles.bridges import fact

START = datetime(2026, 11, 23, 4, 0, 0, 125000, tzinfo=UTC)
NOTES = ({"step": 1, "what": "heard", "prompt": "welcome", "share": "80"}, {"step": 2, "what": "chosen", "key": "1"})


def record(call: str, **more: object) -> CallRecord:
    """A finished call."""
    known = {"caller": "13800138000", "dialled": "10000", "flow": "main", "disposition": "served", **more}
    return CallRecord(call=call, started=START, ended=START, notes=NOTES, **known)


class Bench:
    """A journal on a database, both stopped at the end."""

    def __init__(self, folder: Path, url: str) -> None:
        limits = Limits(breaker=BreakerRule(failures=1_000_000))
        self.folder = folder
        self.database = Database(url, reactor, limits)
        self.database.start()
        pytest_twisted.blockon(Deferred.fromCoroutine(self.database.run(prepare, write=True)))
        self.journal = Journal(folder, self.database, reactor)
        self.journal.start()

    async def read(self, call: str) -> CallRecord | None:
        """From the database."""
        return await self.database.run(read_call, call)

    async def stop(self) -> None:
        """Both."""
        await self.journal.stop()
        await self.database.stop()


@pytest.fixture
def bench(url: str, tmp_path: Path) -> Iterator[Bench]:
    """A fresh one, on SQLite and on PostgreSQL."""
    made = Bench(tmp_path / "journal", url)
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.stop()))


@fact
async def test_a_call_is_read_back_as_it_was_written(bench: Bench) -> None:
    """Begun, finished, drained: every field and every note; the spool is empty then."""
    whole = record("c1", language="zh-CN", queue="billing", customer="7", identity="password", fault="没有")
    await bench.journal.begin("c1", "13800138000", "10000", "main", START)
    assert bench.journal.waiting == 1
    await bench.journal.drain()
    begun = await bench.read("c1")
    assert begun is not None and begun.ended is None and begun.started == START
    await bench.journal.finish(whole)
    await bench.journal.drain()
    assert await bench.read("c1") == whole
    assert (list(bench.folder.iterdir()), bench.journal.waiting) == ([], 0)
    assert await bench.database.run(newest_calls, 5, "13800138000") == [whole]
    assert await bench.database.run(newest_calls, 5, "1") == []


@fact
async def test_it_drains_by_itself(bench: Bench) -> None:
    """Within seconds, in the background."""
    await bench.journal.finish(record("c1"))
    for _ in range(50):
        if await bench.read("c1"):
            return
        await deferLater(reactor, 0.1)
    raise AssertionError("not drained")


@fact
async def test_a_record_stored_twice_is_there_once(bench: Bench) -> None:
    """And a late "begun" does not undo "finished"."""
    begun = CallRecord(call="c1", started=START)
    for records in ([record("c1")], [record("c1"), begun], [begun]):
        await bench.database.run(store, records, write=True)
    assert await bench.read("c1") == record("c1")


@fact
async def test_many_calls_share_an_fsync(bench: Bench) -> None:
    """500 calls at once: all durable, with far fewer fsyncs than calls."""
    with mock.patch("crm_bridge.spool.os.fdatasync", wraps=os.fdatasync) as synced:
        await DeferredList([Deferred.fromCoroutine(bench.journal.finish(record(f"c{n}"))) for n in range(500)])
    assert synced.call_count < 50
    await bench.journal.drain()
    assert len(await bench.database.run(newest_calls, 1000)) == 500


@fact
async def test_a_file_of_another_release_holds_up_no_other(bench: Bench) -> None:
    """Whole lines with other columns are set aside under another name, for a person; the next file is taken."""
    good = framed(b'["after",1.0,2.0,"","","","","","","","","","","","[]"]')
    (bench.folder / "1-000001.spool").write_bytes(framed(b'["strange",1.0]'))
    (bench.folder / "1-000002.spool").write_bytes(good)
    assert await bench.journal.recover() == 1
    assert [path.name for path in bench.folder.iterdir()] == ["1-000001.unreadable"]
    assert await bench.read("after") is not None


@fact
async def test_D1_what_a_dead_process_left_is_recovered(bench: Bench) -> None:
    """Whole lines are taken, a torn or damaged one is passed over; a file of a living process is left alone."""
    lines = [framed(b'["dead%d",1.0,2.0,"","","","","","","","","","","","[]"]' % n) for n in range(3)]
    (bench.folder / "1-000001.spool").write_bytes(b"".join(lines) + lines[0][:25])
    (bench.folder / "1-000002.spool").write_bytes(lines[0][:40] + b"\n" + b"\xff\xfe\n")
    (bench.folder / "2-000001.spool").write_bytes(lines[0].replace(b"dead0", b"alive"))
    with (bench.folder / "2-000001.spool").open() as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        assert await bench.journal.recover() == 3
        assert [path.name for path in bench.folder.iterdir()] == ["2-000001.spool"]
    assert await bench.read("dead2") is not None
    (bench.folder / "2-000001.spool").unlink()


def test_a_spool_cut_at_every_byte_gives_a_whole_beginning() -> None:
    """No cut gives a wrong record: always the first so many."""
    records = [b"one", b'["two"]', "三".encode(), b"x" * 300]
    content = b"".join(map(framed, records))
    for cut in range(len(content) + 1):
        found = list(unframed(content[:cut]))
        assert found == records[: len(found)]
    assert list(unframed(content)) == records


@fact
async def test_the_spool_keeps_while_the_database_is_away(bench: Bench) -> None:
    """Calls are still acknowledged; when it is back, all are there."""
    with mock.patch.object(bench.database, "run", side_effect=LookUpFault("unavailable", "gone")):
        for n in range(20):
            await bench.journal.finish(record(f"c{n}"))
        with pytest.raises(LookUpFault):
            await bench.journal.drain()
        await bench.journal.finish(record("c20"))
    await bench.journal.drain()
    assert len(await bench.database.run(newest_calls, 100)) == 21


@fact
async def test_D5_a_full_disk_goes_straight_to_the_database_and_recovers(bench: Bench) -> None:
    """Half a record written, then no space: nothing torn is kept, the call is in the database, the next one spools."""
    await bench.journal.finish(record("before"))
    real = os.write

    def full(handle: int, content: bytes) -> int:
        if len(content) > 20 and handle > 2:
            real(handle, content[:20])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, content)

    with mock.patch("crm_bridge.spool.os.write", full):
        await bench.journal.finish(record("during"))
        assert await bench.read("during") == record("during")
        with (
            mock.patch.object(bench.database, "run", side_effect=LookUpFault("unavailable")),
            pytest.raises(JournalFault, match="No space"),
        ):
            await bench.journal.finish(record("in memory and told so"))
            with pytest.raises(LookUpFault):
                await bench.journal.drain()
    assert bench.journal.waiting >= 1
    await bench.journal.finish(record("after"))
    await bench.journal.drain()
    calls = {one.call for one in await bench.database.run(newest_calls, 10)}
    assert calls == {"before", "during", "in memory and told so", "after"}
    assert bench.journal.waiting == 0


@fact
async def test_hostile_fields_are_stored_cut_and_shown(bench: Bench) -> None:
    """Line feeds, NUL and 10,000 characters in a caller's number stop nobody's journal."""
    await bench.journal.finish(record("c1", caller="1\n\0" + "9" * 10_000))
    await bench.journal.drain()
    found = await bench.read("c1")
    assert found is not None and found.caller.startswith("1\n␀99") and len(found.caller) == 80


@fact
async def test_D10_two_journals_on_one_folder(bench: Bench) -> None:
    """Each writes its own file and neither takes the other's; all arrive once."""
    other = Journal(bench.folder, bench.database, reactor)
    other.start()
    for n in range(10):
        await bench.journal.finish(record(f"a{n}"))
        await other.finish(record(f"b{n}"))
    await bench.journal.drain()
    await other.drain()
    await other.stop()
    count = await bench.database.run(lambda c: c.execute(text("SELECT count(*) FROM trail")).scalar())
    assert count == 20


def test_a_spool_file_is_locked_before_anybody_can_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the drain, in another thread, might take the new file for a dead process's, and remove it under the call."""
    seen: list[list[Path]] = []

    def flock(handle: int, how: int) -> None:
        seen.append(list(tmp_path.glob("*.spool")))

    monkeypatch.setattr("crm_bridge.spool.fcntl.flock", flock)
    (tmp_path / f"{os.getpid()}-000001.spool").write_bytes(b"of a dead process\n")
    spool = Spool(tmp_path, cast("Any", None))
    spool._write(framed(b"1"))
    assert [[path.name for path in paths] for paths in seen] == [[f"{os.getpid()}-000001.spool"]]
    assert sorted(path.name[-12:] for path in tmp_path.iterdir()) == ["000001.spool", "000002.spool"]


@fact
async def test_D5_a_torn_line_that_stays_takes_no_later_record_with_it(tmp_path: Path) -> None:
    """The disk fails in the middle of a line and then refuses to cut it off: what is told as kept is read back."""
    spool = Spool(tmp_path, reactor)
    spool.start()
    await spool.append(b"one")
    real = os.write

    def half(handle: int, content: Any) -> int:
        written = real(handle, bytes(content)[:5])
        if len(content) == written:  # the reactor's own, which wakes it
            return written
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    refused = mock.Mock(side_effect=OSError(errno.EIO, os.strerror(errno.EIO)))
    with mock.patch("os.write", half), mock.patch("os.ftruncate", refused), pytest.raises(SpoolFault):
        await spool.append(b"two")
    await spool.append(b"three")
    spool.stop()
    assert [record for path in spool.files() for record in unframed(path.read_bytes())] == [b"one", b"three"]
