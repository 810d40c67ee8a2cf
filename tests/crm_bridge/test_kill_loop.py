"""D1: kill -9 at random instants, under load; nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from crm_bridge import demo
from tests.doubles.postgresql import PostgreSQL

HERE = Path(__file__).resolve().parent


def acknowledged(url: str, journal: Path, lives: int) -> int:
    """The loop's own judgement is "ok"; how many acts were told as done."""
    demo.seed(url, demo.Seeding(5))
    command = [sys.executable, str(HERE / "killed.py"), str(journal), url, str(lives), "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=HERE.parent.parent, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    word, lived, acts = done.stdout.split()
    assert (word, lived) == ("ok", str(lives))
    return int(acts)


def test_D1_P7_two_hundred_random_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """200 lives journal calls, record call-backs and set passwords; the ledger of what was told is compared."""
    assert acknowledged(f"sqlite:///{tmp_path / 'own.db'}", tmp_path / "journal", 200) > 400


def test_D1_P7_forty_random_kills_on_postgresql(tmp_path: Path, postgresql: PostgreSQL) -> None:
    """The same where the database outlives the killed process, and may still commit what it was sent."""
    assert acknowledged(postgresql.url("own"), tmp_path / "journal", 40) > 80
