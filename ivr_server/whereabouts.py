"""Where the running service listens, and the Asterisk that "ivr-server pbx" runs: told through the state folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

NAME = "running.json"
BESIDE = "asterisk.json"
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
    found = _listens(folder, "agi")
    return found and found[1]


def web(folder: Path) -> Address | None:
    """Where its console is."""
    return _listens(folder, "web")


def _listens(folder: Path, what: str) -> Address | None:
    try:
        known = json.loads((folder / NAME).read_text())
        os.kill(known["pid"], 0)
        host, port = known[what]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(host), int(port)


def write_asterisk(  # noqa: PLR0913
    folder: Path, ami: int, http: int, box: bool, *, logs: Path | None = None
) -> None:
    """The Asterisk of this process: its two ports, whether faxes go to the box, and the folder of its own records."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"pid": os.getpid(), "ami": ami, "http": http, "box": box, "logs": str(logs or "")}
    (folder / BESIDE).write_text(json.dumps(known))


def forget_asterisk(folder: Path) -> None:
    """It runs no more."""
    if _beside(folder).get("pid") == os.getpid():
        (folder / BESIDE).unlink(missing_ok=True)


def ami_port(folder: Path) -> int | None:
    """Its manager port; None when it does not run."""
    port = _beside(folder).get("ami")
    return port if isinstance(port, int) else None


def http_port(folder: Path) -> int | None:
    """The port of its web server, which carries the SIP of browsers; None when it does not run."""
    port = _beside(folder).get("http")
    return port if isinstance(port, int) else None


def queue_log(folder: Path) -> Path | None:
    """Its own record of its queues; None when it does not run, or wrote none yet."""
    logs = _beside(folder).get("logs")
    path = Path(logs) / "queue_log" if isinstance(logs, str) and logs else None
    return path if path is not None and path.is_file() else None


def box(folder: Path) -> bool:
    """Whether it runs, and faxes go to the fax machine in a box."""
    return _beside(folder).get("box") is True


def _beside(folder: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((folder / BESIDE).read_text())
        os.kill(known["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return known
