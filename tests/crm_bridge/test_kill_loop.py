"""D1: kill -9 at random instants, under load; nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from crm_bridge import demo

HERE = Path(__file__).resolve().parent


def test_D1_P7_two_hundred_random_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """200 lives journal calls, record call-backs and set passwords; the ledger of what was told is compared."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    demo.seed(url, demo.Seeding(5))
    command = [sys.executable, str(HERE / "killed.py"), str(tmp_path / "journal"), url, "200", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=HERE.parent.parent, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    word, lives, acknowledged = done.stdout.split()
    assert (word, lives) == ("ok", "200")
    assert int(acknowledged) > 400
