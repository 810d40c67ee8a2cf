"""P10 and D13 on the real service: passwords are typed, faults are provoked, then every byte it wrote is searched."""

from __future__ import annotations

import re
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_bridge.demo import SHOWN
from tests.service.running import Run, running

WRONG, NEW, LATE = "738291", "739264", "850372"
OWNER, FRESH = SHOWN[0], SHOWN[1]  # with a password; without one


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A morning of secrets: a wrong password and the right one, a first one set and used, the tries' table lost."""
    with running(tmp_path_factory.mktemp("secrets")) as run:
        run.call(OWNER.phone, f"2 1 1 {WRONG} {OWNER.password} 1 1 hangup")
        run.call(FRESH.phone, f"2 3 1 1 {FRESH.service_code}# {NEW} {NEW} hangup")
        run.call(FRESH.phone, f"1 1 {NEW} 1 hangup")
        with sqlite3.connect(run.state / "ivr.db", timeout=10) as database:
            database.execute("alter table tries rename to lost")
        run.call(OWNER.phone, f"1 1 {LATE} hangup")
        yield run


def records(run: Run) -> list[tuple[str, str, str]]:
    """(caller, customer, notes) of every finished call, as soon as four are there."""
    return run.rows("select caller, customer, notes from calls join trail using (call)", 4)


def test_the_passwords_did_what_they_should(run: Run) -> None:
    """Right after a wrong one; set by the code on the bill; used: else there were nothing to search for."""
    known = {(caller, customer) for caller, customer, _ in records(run)}
    assert {(OWNER.phone, "1"), (FRESH.phone, "2"), (OWNER.phone, "")} <= known


def test_D13_a_fault_with_a_password_in_hand_is_logged_without_it(run: Run) -> None:
    """The table of tries is gone: the fault is in the trail and in no caller's way; a dump of memory is not made."""
    [notes] = [notes for caller, customer, notes in records(run) if (caller, customer) == (OWNER.phone, "")]
    assert "unavailable" in notes
    limits = Path(f"/proc/{run.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)


@pytest.mark.parametrize("secret", [WRONG, OWNER.password, NEW, LATE])
def test_P10_a_password_is_in_no_byte_that_was_written(run: Run, secret: str) -> None:
    """Database, journal, log, spool of sounds with their words, pages, what was heard: nowhere."""
    pages = {path: run.shown(path) for path in ("/metrics", "/health", "/phone")}
    files = [path for path in run.folder.rglob("*") if path.is_file() and "versions" not in path.parts]
    written = {str(path): path.read_bytes() for path in files}  # but for the copies of the flows that are shipped
    written |= {path: text.encode() for path, text in pages.items()} | {"heard": "\n".join(run.heard).encode()}
    if secret == OWNER.password:
        del written["/phone"]  # the keypad phone shows whom one may try, as the seed does
    assert any(path.endswith("log.jsonl") for path in written)
    pattern = re.compile(rb"(?<![\d.])%b(?!\d)" % secret.encode())
    assert [path for path, content in written.items() if pattern.search(content)] == []
    known = FRESH.service_code.encode()
    assert any(known in content for content in written.values()), "the search is blind: the seeded code is there"


def test_P10_what_it_printed_on_its_way_down_holds_no_password(run: Run) -> None:
    """SIGTERM, and the last lines of its output."""
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(20) == 0
    assert run.process.stdout is not None
    printed = run.said + run.process.stdout.read()
    assert not [secret for secret in (WRONG, OWNER.password, NEW, LATE) if secret in printed]
