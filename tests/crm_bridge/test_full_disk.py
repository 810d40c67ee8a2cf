"""D5: files that really cannot grow (RLIMIT_FSIZE in a process of its own) under the journal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.doubles.postgresql import PostgreSQL

HERE = Path(__file__).resolve().parent


def told(folder: Path, url: str) -> dict[str, Any]:
    """What the process says at its end."""
    command = [sys.executable, str(HERE / "limited.py"), str(folder), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=HERE.parent.parent, check=False)
    assert done.stdout, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_D5_a_journal_on_a_full_disk_writes_to_a_database_elsewhere(tmp_path: Path, postgresql: PostgreSQL) -> None:
    """The spool cannot take 120 kB: all 40 calls are acknowledged by PostgreSQL; with room again the spool is back."""
    found = told(tmp_path / "journal", postgresql.url("own"))
    assert found == {"during": 40, "refused": 0, "after": 10, "stored": 50, "lost": [], "words": [], "left": []}


def test_D5_when_the_database_is_on_the_same_full_disk_it_is_said(tmp_path: Path) -> None:
    """Spool and SQLite both full: no call is acknowledged that is not there, the fault names both; then all is well."""
    found = told(tmp_path / "journal", f"sqlite:///{tmp_path / 'own.db'}")
    assert found["during"] + found["refused"] == 40 and found["refused"] > 20
    assert (found["after"], found["lost"], found["left"]) == (10, [], [])
    assert found["stored"] >= found["during"] + 10
    assert all(words.startswith("spool: ") for words in found["words"])
