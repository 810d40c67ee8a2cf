"""The real service for a test to call: seeded, on free ports, in a folder of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_bridge.demo import Seeding, seed
from tests.doubles.sounds import rendered
from tests.service.test_start import said, service

COMMAND = str(Path(sys.executable).with_name("ivr-server"))


@dataclass
class Run:
    """One life of the service; ``heard``: what every caller heard, without the keys."""

    folder: Path
    process: subprocess.Popen[str]
    said: str = ""
    heard: list[str] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    def call(self, caller: str, keys: str) -> str:
        """Call from a number and press keys as the service waits for them; the words heard, a line each."""
        return self.listen(self.dial(caller, keys))

    def dial(self, caller: str, keys: str) -> subprocess.Popen[str]:
        """Begin such a call."""
        command = [COMMAND, "call", "--settings", str(self.folder / "settings.yaml"), "--fast", "--caller", caller]
        return subprocess.Popen([*command, "--keys", keys], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def listen(self, call: subprocess.Popen[str]) -> str:
        """The words heard in a call that was begun, when it is over."""
        told, wrong = call.communicate(timeout=60)
        assert "nobody answered" not in told, wrong
        heard = "\n".join(line for line in told.splitlines() if not line.startswith("> "))
        self.heard.append(heard)
        return heard

    def agi(self) -> tuple[str, int]:
        """Where Asterisk calls in."""
        host, port = json.loads((self.state / "running.json").read_text())["agi"]
        return host, port

    def shown(self, path: str) -> str:
        """A page of the console, as a stranger on this machine sees it."""
        _, port = json.loads((self.state / "running.json").read_text())["web"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def rows(self, statement: str, count: int) -> list[Any]:
        """Rows of the database, as soon as there are so many."""
        found: list[Any] = []
        with sqlite3.connect(self.state / "ivr.db", timeout=10) as database:
            for _ in range(300):  # the journal asks a database that failed every ten seconds
                found = database.execute(statement).fetchall()
                if len(found) >= count:
                    return found
                time.sleep(0.05)
            everything = database.execute("select call, started, ended, disposition from calls").fetchall()
        spool = [(path.name, path.stat().st_size) for path in (self.state / "journal").iterdir()]
        raise AssertionError(f"{len(found)} rows of {count}: {everything}; in the spool: {spool}")


@contextmanager
def running(folder: Path) -> Iterator[Run]:
    """The service with the first five customers of the demonstration, and its sounds."""
    state = folder / "state"
    rendered(state)
    seed(f"sqlite:///{state / 'ivr.db'}", Seeding(5))
    with service(folder, "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n") as process:
        yield Run(folder, process, said(process, "Console:"))
