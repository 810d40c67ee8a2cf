"""What the bench needs and keeps outside the checkout: sounds, and databases of many customers made once."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.servers import FLOWS
from bench.sounds import make_sounds
from crm_bridge import demo

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Customers:
    """A database in the cache: its URL, how many customers, its size, and how long it took to make."""

    url: str
    count: int
    mb: float
    seconds: float


def cache() -> Path:
    """The folder that is kept from run to run."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(root) / "ivr-server" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sounds() -> Path:
    """The folder of sounds, filled."""
    folder = cache() / "sounds"
    make_sounds(folder)
    return folder


def customers(count: int, say: Say) -> Customers:
    """The database with so many customers; made at the first asking, and without calls from earlier runs."""
    path = cache() / f"customers-{count}.db"
    made = path.with_suffix(".json")
    if not (path.exists() and made.exists()):
        _seeded(path, count, say)
    with sqlite3.connect(path) as connection:
        for table in ("trail", "calls"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()
    return Customers(f"sqlite:///{path}", count, path.stat().st_size / 1e6, json.loads(made.read_text())["seconds"])


def _seeded(path: Path, count: int, say: Say) -> None:
    new = path.with_suffix(".new")
    for old in path.parent.glob(f"{new.name}*"):
        old.unlink()
    began = time.monotonic()

    def progress(done: int, of: int) -> None:
        if done * 10 // of != (done - 2_000) * 10 // of:
            say(f"  customers: {done:,} of {of:,}")

    demo.seed(f"sqlite:///{new}", demo.Seeding(count), progress)
    path.with_suffix(".json").write_text(json.dumps({"seconds": round(time.monotonic() - began)}))
    new.rename(path)


def many_flows(folder: Path, count: int) -> Path:
    """A folder with the bench's flow and copies of it under other names, ``count`` in all."""
    folder.mkdir()
    whole = (FLOWS / "main.yaml").read_text(encoding="utf-8")
    (folder / "main.yaml").write_text(whole, encoding="utf-8")
    for number in range(1, count):
        name = f"other_{number}"
        (folder / f"{name}.yaml").write_text(whole.replace("flow: main\n", f"flow: {name}\n", 1), encoding="utf-8")
    return folder
