"""Starts a server in its own process on the one measured core, and reads what it costs."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.asterisk import Asterisk
from crm_bridge.demo import Seeding, has_password, household, phone_of

HOUSE: Final = Path(__file__).resolve().parent.parent
FLOWS: Final = Path(__file__).resolve().parent / "flows"
TICKS: Final = os.sysconf("SC_CLK_TCK")


class NoServer(Exception):
    """A server did not come up; in one sentence."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it listens, and who calls it."""

    name: str
    process: subprocess.Popen[str]
    port: int
    callers: tuple[str, ...] = ("13912345678",)

    def cpu_s(self) -> float:
        """CPU seconds of all its threads until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """What it holds of the machine's memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def asterisk(self, pieces: bool = False) -> Asterisk:
        """A stand-in Asterisk that calls it."""
        return Asterisk(self.port, self.callers, pieces)


@contextlib.contextmanager
def started(name: str, *arguments: str, callers: tuple[str, ...] = ()) -> Iterator[Server]:
    """A server of ``bench`` by its module's name until the end of the block."""
    command = [sys.executable, "-m", f"bench.{arguments[0] if arguments else name}", *arguments[1:]]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(name, process, _port(process), callers or ("13912345678",))
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        if line.startswith("ready "):
            return int(line.split()[1])
        said += line
    raise NoServer(f"the server ended before it listened: {said.strip() or 'it said nothing'}")


@contextlib.contextmanager
def ours(name: str, folder: Path, **plan: Any) -> Iterator[Server]:
    """Our service in a state folder. ``numbers``: the customers who call; ``database``: a URL, "" for memory."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = plan.get("numbers", ())
    whole = {"state": str(folder), "flows": str(FLOWS), "database": "", **plan}
    with started(name, "ours", json.dumps(whole), callers=tuple(map(phone_of, numbers))) as server:
        yield server


def callers(customers: int, count: int) -> tuple[int, ...]:
    """So many customers by number, spread over all, who have bills and no password."""
    chance, found = random.Random(7), set[int]()
    while len(found) < count:
        number = chance.randrange(5, customers)
        if not has_password(number) and household(number, Seeding()).bills:
            found.add(number)
    return tuple(found)
