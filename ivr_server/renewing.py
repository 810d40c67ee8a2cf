"""The Asterisk that "ivr-server pbx" runs takes other queues: the service asks, the command does it, by two files.

The service may not reload a dialplan: its user of the manager interface has no such right, and shall have none (FAULTS
B13). The command that started that Asterisk writes its configuration anew and asks at its console.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Final

from twisted.internet.task import deferLater

from ivr_server import whereabouts
from ivr_server.publishing import files as disk

WISH, DONE = "asterisk-wish.json", "asterisk-done.json"
LOOK_S: Final = 0.25
PATIENCE_S: Final = 20.0


def wish(folder: Path) -> str:
    """Ask that the queue file be read again; the name of this wish."""
    name = secrets.token_hex(8)
    disk.replace(folder / WISH, json.dumps({"wish": name}).encode())
    return name


def wished(folder: Path) -> str:
    """The name of the latest wish; "": none."""
    return _read(folder / WISH).get("wish", "")


def answer(folder: Path, name: str, why: str) -> None:
    """It is done; ``why`` it is not, where it is not."""
    disk.replace(folder / DONE, json.dumps({"wish": name, "why": why}).encode())


def answered(folder: Path, name: str) -> str | None:
    """Why it was not done, "" when it was; None: not yet."""
    found = _read(folder / DONE)
    return found.get("why", "") if found.get("wish") == name else None


class Renewal:
    """The service's side. ``ours`` says whether there is somebody to ask."""

    def __init__(self, folder: Path, reactor: Any) -> None:
        self._folder, self._reactor = folder, reactor

    @property
    def ours(self) -> bool:
        """Whether an Asterisk runs beside us whose configuration we may write."""
        return whereabouts.ami_port(self._folder) is not None

    async def ask(self) -> str:
        """Why Asterisk has not the queues of the file; "" when it has. It takes a second or two."""
        try:
            name = wish(self._folder)
        except OSError as fault:
            return str(fault)
        until = self._reactor.seconds() + PATIENCE_S
        while (why := answered(self._folder, name)) is None:
            if self._reactor.seconds() >= until:
                return "ivr-server pbx did not answer"
            await deferLater(self._reactor, LOOK_S)
        return why


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and all(isinstance(one, str) for one in found.values()) else {}
