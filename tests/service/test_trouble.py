"""The real service while nothing can be written: callers are served what can be read, and it heals by itself."""

from __future__ import annotations

import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from crm_bridge.demo import SHOWN
from tests.service.running import Run, running

READER = SHOWN[1]  # has no password: a bill costs no write
BILL = "1 1 1 hangup"  # fees, the calling number, this month; the language is known
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A service that knows the caller's language."""
    with running(tmp_path_factory.mktemp("trouble")) as run:
        run.call(READER.phone, f"2 {BILL}")
        yield run


def test_D5_on_a_full_disk_bills_are_read_and_wishes_are_refused_in_words(run: Run) -> None:
    """No file may grow: journal, database, log, sounds. The bill is spoken; a call-back is not promised."""
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        assert "yuan" in run.call(READER.phone, BILL)
        booking = run.call(READER.phone, "0 1 hangup")
        assert "cannot note a call-back" in booking
        assert "ivr_faults_total" in run.shown("/metrics")
    finally:
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
    assert run.process.poll() is None


def test_D5_with_room_again_it_needs_no_restart(run: Run) -> None:
    """The calls of the meantime were held in memory, and are kept now; so is the next one."""
    assert "yuan" in run.call(READER.phone, BILL)
    assert run.rows("select call from calls where ended is not null", 4)


def test_C8_a_locked_database_is_still_read(run: Run) -> None:
    """Another process holds the write lock: bills are spoken, calls wait in the spool, and arrive afterwards."""
    before = len(run.rows("select call from calls", 1))
    other = sqlite3.connect(run.state / "ivr.db", isolation_level=None, timeout=10)
    other.execute("begin immediate")
    for _ in range(2):
        assert "yuan" in run.call(READER.phone, BILL)
    other.execute("rollback")
    assert run.rows("select call from calls where ended is not null", before + 2)


def test_D4_without_descriptors_the_old_call_goes_on_and_new_ones_come_back(run: Run) -> None:
    """A hundred connections where ten are left: the call in progress hears its bill; with room, so do new ones."""
    old = run.dial(READER.phone, "1 wait:4 1 1 hangup")
    while "ivr_calls_in_progress 1.0" not in run.shown("/metrics"):
        time.sleep(0.1)
    pid = run.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{pid}/fd").iterdir())) + 10, before[1]))
    with ExitStack() as crowd:
        for _ in range(100):
            crowd.enter_context(socket.create_connection(run.agi(), timeout=5))
        assert "yuan" in run.listen(old)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert "yuan" in run.call(READER.phone, BILL)
    assert run.process.poll() is None


def test_no_file_of_the_state_is_for_others(run: Run) -> None:
    """Numbers, hashes, the token, the calls of the day: the owner's alone; sounds are for Asterisk too."""
    private = [path for name in ("ivr.db*", "agi-token", "journal/*") for path in run.state.glob(name)]
    assert private
    assert [path.name for path in private if Path(path).stat().st_mode & 0o007] == []
