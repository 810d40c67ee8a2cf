"""The states of an agent as SVG, every way of them from the machine's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivr_server.agents.state import STATES, TABLE
from tools.pages.machine import Machine
from tools.pages.pictures import COLOURS

PLACES: Final[Mapping[str, tuple[int, int]]] = {
    "signed_out": (20, 60),
    "ready": (290, 60),
    "ringing": (560, 60),
    "talking": (830, 60),
    "busy": (290, 290),
    "wrap_up": (830, 290),
}
WORDS: Final = {
    "signed_out": "in no queue",
    "ready": "calls may ring",
    "ringing": "the screen is there",
    "talking": "alone, asking, or three",
    "busy": "for a reason",
    "wrap_up": "time to write",
}
GROUPS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "the agent says so": (("sit", "rise", "ready", "busy", "done"), "#1f2933"),
    "a call rings, is answered, is over": (("ring", "answer", "over"), "#2b6cb0"),
    "it rang out, or was not wanted": (("miss", "reject"), "#c05621"),
    "the caller gave up, or somebody else answered": (("gone",), "#2f855a"),
}


def agent_states() -> str:
    """Six states, and an arrow for each way that an event may take."""
    colours = dict.fromkeys(STATES, COLOURS["hub"])
    colours |= {"signed_out": COLOURS["note"], "ready": COLOURS["leaf"], "busy": COLOURS["note"]}
    return Machine("States of an agent", TABLE, PLACES, WORDS, colours, GROUPS).drawn()
