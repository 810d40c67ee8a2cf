"""P10 and D13 on the real service: passwords are typed, faults are provoked, then every byte it wrote is searched."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crm_bridge.demo import SHOWN, Seeding, seed
from tests.console.test_real_call import SOUNDS
from tests.service.test_start import said, service

COMMAND = str(Path(sys.executable).with_name("ivr-server"))
WRONG, NEW, LATE = "738291", "739264", "850372"
OWNER, FRESH = SHOWN[0], SHOWN[1]  # with a password; without one


@dataclass
class Run:
    """One life of the service, and what was typed at it."""

    folder: Path
    process: subprocess.Popen[str]
    said: str = ""
    heard: list[str] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    def call(self, caller: str, keys: str) -> str:
        """Call from a number and press keys as the service waits for them; what the caller heard, without the keys."""
        command = [COMMAND, "call", "--settings", str(self.folder / "settings.yaml"), "--fast", "--caller", caller]
        told = subprocess.run([*command, "--keys", keys], capture_output=True, text=True, timeout=60, check=False)
        assert "nobody answered" not in told.stdout, told.stderr
        heard = "\n".join(line for line in told.stdout.splitlines() if not line.startswith("> "))
        self.heard.append(heard)
        return heard

    def shown(self, path: str) -> str:
        """A page of the console, as a stranger on this machine sees it."""
        _, port = json.loads((self.state / "running.json").read_text())["web"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A morning of secrets: a wrong password and the right one, a first one set and used, the tries' table lost."""
    folder = tmp_path_factory.mktemp("secrets")
    state = folder / "state"
    state.mkdir()
    SOUNDS.mkdir(parents=True, exist_ok=True)
    (state / "sounds").symlink_to(SOUNDS)
    seed(f"sqlite:///{state / 'ivr.db'}", Seeding(5))
    with service(folder, "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n") as process:
        run = Run(folder, process, said(process, "Console:"))
        run.call(OWNER.phone, f"2 1 1 {WRONG} {OWNER.password} 1 1 hangup")
        run.call(FRESH.phone, f"2 3 1 {FRESH.service_code}# {NEW} {NEW} hangup")
        run.call(FRESH.phone, f"1 1 {NEW} 1 hangup")
        with sqlite3.connect(state / "ivr.db", timeout=10) as database:
            database.execute("alter table tries rename to lost")
        run.call(OWNER.phone, f"1 1 {LATE} hangup")
        yield run


def records(run: Run) -> list[tuple[str, str, str]]:
    """(caller, customer, notes) of every finished call, as soon as four are there."""
    with sqlite3.connect(run.state / "ivr.db", timeout=10) as database:
        for _ in range(100):
            found = database.execute("select caller, customer, notes from calls join trail using (call)").fetchall()
            if len(found) >= 4:
                return found
            time.sleep(0.05)
    raise AssertionError(found)


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
    written = {str(path): path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
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
