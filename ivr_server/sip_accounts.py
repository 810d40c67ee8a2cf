"""Passwords of the generated SIP accounts and of the manager user: made at the first use, kept with mode 0600.

The dialplan's writer and the desk both read them: an agent who sits down at a seat is given the seat's password.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ivr_server.settings import Settings

AMI: Final = "ami"
CALLER: Final = "caller"  # the telephone for trying things out
UNAMBIGUOUS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def of(settings: Settings) -> dict[str, str]:
    """Account -> password: the manager user, every seat, every desk telephone, and the caller's telephone."""
    floor = settings.floor
    return kept(settings.folder / "asterisk-passwords.json", (AMI, CALLER, *floor.seat_names, *floor.telephones))


def kept(path: Path, names: Iterable[str]) -> dict[str, str]:
    """The passwords in a file, after one was made for each name that had none."""
    known: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    missing = set(names) - set(known)
    if missing:
        known |= {name: "".join(secrets.choice(UNAMBIGUOUS) for _ in range(16)) for name in sorted(missing)}
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(known, file, indent=1)
        beside.replace(path)
    return known
