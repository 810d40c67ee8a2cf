"""The states of a fax job as SVG, every way of them from the machine's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fax.job import FINAL, IDLE, STATES, TABLE
from tools.pages.machine import Machine
from tools.pages.pictures import COLOURS

PLACES: Final[Mapping[str, tuple[int, int]]] = {
    "waiting": (20, 150),
    "dialling": (290, 70),
    "sending": (560, 70),
    "sent": (830, 150),
    "retrying": (290, 270),
    "unknown": (560, 270),
    "failed": (830, 350),
}
WORDS: Final = {
    "waiting": "asked for",
    "dialling": "the intent is saved",
    "sending": "pages are confirmed",
    "sent": "all confirmed",
    "retrying": "has a time",
    "unknown": "nothing is dialled",
    "failed": "or asked for again",
}
GROUPS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    # what the way is about -> its events, colour
    "dial and pages": (("begin", "progress"), "#1f2933"),
    "the answer that the dialplan wrote": (("settle",), "#2b6cb0"),
    "nothing known; the list of calls": (("lost", "look"), "#c05621"),
    "a person, our own trouble, or too old": (("again", "cancel", "drop", "trouble", "pressed"), "#2f855a"),
}


def fax_states() -> str:
    """Seven states, and an arrow for each way that an event may take."""
    colours = {state: _colour(state) for state in STATES}
    return Machine(
        "States of a fax job", TABLE, {state: PLACES[state] for state in STATES}, WORDS, colours, GROUPS
    ).drawn()


def _colour(state: str) -> str:
    return COLOURS["note"] if state in FINAL else COLOURS["leaf"] if state in IDLE else COLOURS["hub"]
