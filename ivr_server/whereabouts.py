"""Where the running service listens: written by it into the state folder, read by the commands that call it."""

from __future__ import annotations

import json
import os
from pathlib import Path

NAME = "running.json"
Address = tuple[str, int]


def write(folder: Path, agi: Address, web: Address) -> None:
    """This process, and its two addresses."""
    (folder / NAME).write_text(json.dumps({"pid": os.getpid(), "agi": agi, "web": web}))


def forget(folder: Path) -> None:
    """This process listens no more; what another one wrote, which lives in the same folder, stays."""
    try:
        if json.loads((folder / NAME).read_text())["pid"] == os.getpid():
            (folder / NAME).unlink()
    except (OSError, ValueError, KeyError, TypeError):
        return


def agi_port(folder: Path) -> int | None:
    """The FastAGI port of the service that lives in this state folder; None when none does."""
    try:
        known = json.loads((folder / NAME).read_text())
        os.kill(known["pid"], 0)
        port: int = known["agi"][1]
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
    return port
