"""D7: the clock on the wall jumps, and no deadline of a call moves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
wall, jump = time.time, [0.0]
time.time = lambda: wall() + jump[0]
from ivr_server.service import make_application
make_application()
from twisted.internet import reactor
began = time.monotonic()
reactor.callLater(0.4, reactor.stop)
reactor.callLater(0.1, jump.__setitem__, 0, float(sys.argv[1]))
reactor.run()
print(time.monotonic() - began)
"""


@pytest.mark.parametrize("jump", ["-3600", "3600"])
def test_D7_a_timer_fires_when_it_should_though_the_clock_jumps(tmp_path: Path, jump: str) -> None:
    """An hour back or forth in mid-wait: neither an hour's silence nor a deadline that passes at once."""
    (tmp_path / "settings.yaml").write_text(f"state: {tmp_path / 'state'}\n")
    environment = {**os.environ, "IVR_SETTINGS": str(tmp_path / "settings.yaml")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, jump], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 0.4 <= float(done.stdout) < 30
