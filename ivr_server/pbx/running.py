"""Starts an Asterisk from a plan, waits until it takes calls, asks it things at its console, and stops it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ivr_server.pbx import config
from ivr_server.pbx.fetch import Installed
from ivr_server.pbx.plan import Plan

SOCKET_PATH_LIMIT = 100  # of a Unix socket's path, in bytes; Linux has 108


class DidNotStart(Exception):
    """Asterisk ended or was not ready in time; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class Asterisk:
    """A running Asterisk: ``folder`` is its configuration, ``run`` what it writes."""

    process: subprocess.Popen[bytes]
    installed: Installed
    folder: Path
    run: Path

    def cli(self, command: str) -> str:
        """What its console answers to one command."""
        asked = [*self.installed.command, "-C", str(self.folder / "asterisk.conf"), "-rx", command]
        return subprocess.run(asked, capture_output=True, text=True, errors="replace", timeout=20, check=False).stdout

    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None

    def stop(self, patience_s: float = 5.0) -> None:
        """End it and every call in it."""
        if self.alive():
            self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> Path:
        """Where its notices, warnings and errors are written."""
        return self.run / "log" / "messages"


def start(plan: Plan) -> Asterisk:
    """Write the plan's configuration and run Asterisk on it; DidNotStart when it cannot, or is not ready in time."""
    if plan.installed is None or plan.run is None:
        raise DidNotStart("a system's own Asterisk is started by the system")
    config.write(plan)
    return launch(plan.installed, plan.folder, plan.run)


def launch(installed: Installed, folder: Path, run: Path) -> Asterisk:
    """Run an Asterisk on the configuration in ``folder`` whose asterisk.conf lets it write into ``run``."""
    if len(str(run / "asterisk.ctl")) > SOCKET_PATH_LIMIT:
        raise DidNotStart(f"{run} is too long a name for Asterisk's socket; choose a shorter state folder")
    for name in ("lib/keys", "spool", "log"):
        (run / name).mkdir(parents=True, exist_ok=True)
    command = [*installed.command, "-f", "-C", str(folder / "asterisk.conf")]
    with (run / "log" / "console").open("wb") as words:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, cwd=run, start_new_session=True
        )
    started = Asterisk(process, installed, folder, run)
    _wait_until_ready(started, time.monotonic() + 30)
    return started


def _wait_until_ready(asterisk: Asterisk, until: float) -> None:
    while time.monotonic() < until:
        if not asterisk.alive():
            break
        if "fully booted" in asterisk.cli("core waitfullybooted"):
            return
        time.sleep(0.1)
    asterisk.stop()
    last = (asterisk.run / "log" / "console").read_text(errors="replace")[-600:]
    raise DidNotStart(f"Asterisk did not start: {last}")
