"""The product itself, as a person starts it: ``ivr-server run`` in a process of its own, with its supervisor.

Sounds are rendered once (half a minute) into the cache beside the fetched Asterisk; later runs find them there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crm_bridge import demo
from ivr_server.pbx.plan import port_or_free
from ivr_server.settings import Settings, read_settings, token
from tests.doubles.sounds import rendered

CUSTOMERS = 400
PATIENCE_S = 2.0  # a hang longer than this is killed by the supervisor
PROGRAM = str(Path(sys.executable).with_name("ivr-server"))


@dataclass(slots=True)
class Product:
    """One installation: its folder, settings and, while it runs, its supervisor's process."""

    folder: Path
    settings: Settings
    supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes calls."""
        with (self.folder / "output").open("ab") as output:
            environment = {**os.environ, "IVR_SETTINGS": str(self.folder / "settings.yaml")}
            self.supervisor = subprocess.Popen([PROGRAM, "run"], env=environment, stdout=output, stderr=output)
        self.wait_up()

    def wait_up(self, seconds: float = 60.0, but_not: int = 0) -> None:
        """Until a service (another process than ``but_not``) answers its health page."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                where = self.running()
                with urllib.request.urlopen(f"http://127.0.0.1:{where['web'][1]}/health", timeout=5) as page:
                    if page.status == 200 and where["pid"] != but_not:
                        return
            except (OSError, ValueError):
                pass
            assert self.supervisor is not None and self.supervisor.poll() is None, self.said()
            time.sleep(0.05)
        raise AssertionError(f"not up within {seconds} s: {self.said()}")

    def running(self) -> dict[str, Any]:
        """What the service wrote down about itself: pid, agi, web."""
        found: dict[str, Any] = json.loads((self.settings.folder / "running.json").read_text())
        return found

    @property
    def pid(self) -> int:
        """The process of the service itself, not of its supervisor."""
        number: int = self.running()["pid"]
        return number

    def signal(self, number: int) -> int:
        """Send the service a signal and give its process number."""
        pid = self.pid
        os.kill(pid, number)
        return pid

    def stop(self) -> int:
        """End it as Ctrl-C or systemd would; its exit status."""
        if self.supervisor is None:
            return 0
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
        try:
            return self.supervisor.wait(30)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.supervisor.kill()
            return self.supervisor.wait()

    def said(self) -> str:
        """The end of what it printed."""
        return (self.folder / "output").read_text(errors="replace")[-1500:]

    def log(self) -> str:
        """Its log, whole."""
        return (self.settings.folder / "log.jsonl").read_text(errors="replace")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of its database."""
        with closing(self._open()) as connection:
            return list(connection.execute(query, values))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.settings.folder / 'ivr.db'}?mode=ro", uri=True, timeout=10)

    def journal(self, caller: str, seconds: float = 5.0) -> dict[str, Any]:
        """The latest finished record of a caller's call, its notes parsed; waits until it is there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with closing(self._open()) as connection:
                connection.row_factory = sqlite3.Row
                found = connection.execute(
                    "select * from calls where caller = ? and ended is not null order by started desc", (caller,)
                ).fetchone()
            if found is not None:
                return dict(found)
            time.sleep(0.1)
        raise AssertionError(f"no record of the call from {caller} within {seconds} s")

    def trail(self, call: str) -> list[dict[str, Any]]:
        """The notes of a call in order."""
        (found,) = self.rows("select notes from trail where call = ?", call)
        notes: list[dict[str, Any]] = json.loads(found[0])
        return notes

    def sounds(self, *words: str) -> dict[str, Path]:
        """Words -> sound file, of everything that was joined for a call; only with all of some words, if given."""
        found = {}
        for text in (self.settings.folder / "spool").rglob("*.txt"):
            spoken = text.read_text(encoding="utf-8").strip()
            if all(word in spoken for word in words):
                found[spoken] = text.with_suffix(".wav")
        return found

    def piece(self, words: str) -> dict[str, Path]:
        """Words -> sound file, of the rendered pieces whose words begin so."""
        folder = self.settings.folder / "sounds"
        pieces = json.loads((folder / "index.json").read_text())["pieces"]
        names = {key.partition(" ")[2]: entry[0] for key, entry in pieces.items()}
        return {spoken: folder / f"{path}.wav" for spoken, path in names.items() if spoken.startswith(words)}


@contextmanager
def installation(patience_s: float = PATIENCE_S) -> Iterator[Product]:
    """A fresh installation, stopped and removed at the end; a hang longer than ``patience_s`` is killed."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-product-"))
    made = install(folder, patience_s)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def install(folder: Path, patience_s: float) -> Product:
    """A fresh installation with its own database and spool."""
    state = folder / "state"
    text = f"state: {state}\nagi: {{port: {port_or_free(0)}}}\nweb: {{port: {port_or_free(0)}}}\n"
    text += f"patience_s: {patience_s}\n"
    (folder / "settings.yaml").write_text(text)
    settings = read_settings(folder / "settings.yaml")
    rendered(state)
    newest = datetime.now(ZoneInfo(settings.operator.zone)).strftime("%Y-%m")
    demo.seed(settings.database_url(), demo.Seeding(CUSTOMERS, newest=newest))
    token(settings)
    return Product(folder, settings)
