"""How a start speaks to whoever started it, and how one that fails says why."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def tell(words: str) -> None:
    """A line for whoever started us, past twistd, which turns standard output into log events."""
    print(words, file=sys.__stdout__, flush=True)


def first_account() -> str:
    """What to type where nobody can sign in yet."""
    settings = os.environ.get("IVR_SETTINGS", "")
    program = f"{Path(sys.executable).with_name('ivr-server')} staff" + (f" --settings {settings}" if settings else "")
    return f"Nobody can sign in to the console yet. Make the first account:\n  {program} add NAME --role admin"


class CannotStart(Exception):
    """Why the service does not start, in one sentence for the operator."""


class Mistaken(CannotStart):
    """A start that will fail again until somebody mends a file: nobody should try it again by himself."""
