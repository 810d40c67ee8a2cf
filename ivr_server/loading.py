"""How a start speaks to whoever started it, and how one that fails says why."""

from __future__ import annotations

import sys


def tell(words: str) -> None:
    """A line for whoever started us, past twistd, which turns standard output into log events."""
    print(words, file=sys.__stdout__, flush=True)


class CannotStart(Exception):
    """Why the service does not start, in one sentence for the operator."""


class Mistaken(CannotStart):
    """A start that will fail again until somebody mends a file: nobody should try it again by himself."""
