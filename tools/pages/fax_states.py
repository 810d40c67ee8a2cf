"""The states of a fax job as SVG, every way of them from the machine's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fax.job import FINAL, IDLE, STATES, TABLE
from tools.pages.pictures import ARROW, COLOURS, Box, box, svg, text

WIDTH, HEIGHT = 140, 52
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
    ways = [
        _way(source, target, event)
        for source in STATES
        for target in STATES
        if source != target and (event := _first(source, target))
    ]
    boxes = [box(Box(*PLACES[state], state, (WORDS[state],), _colour(state), WIDTH, HEIGHT)) for state in STATES]
    legend = [_legend(place, words, colour) for place, (words, (_, colour)) in enumerate(GROUPS.items())]
    heads = [
        ARROW.replace('id="a"', f'id="{_head(colour)}"').replace("#7b8794", colour) for _, colour in GROUPS.values()
    ]
    return svg(1000, 520, [*heads, *ways, *boxes, *legend], "States of a fax job")


def _first(source: str, target: str) -> str:
    """The event of the first group that leads there, or ""."""
    able = {event for (state, event), targets in TABLE.items() if state == source and target in targets}
    return next((event for events, _ in GROUPS.values() for event in events if event in able), "")


def _colour(state: str) -> str:
    return COLOURS["note"] if state in FINAL else COLOURS["leaf"] if state in IDLE else COLOURS["hub"]


def _arrow_head(colour: str) -> str:
    return ARROW.replace('id="a"', f'id="{_head(colour)}"').replace("#7b8794", colour)


def _head(colour: str) -> str:
    return "to" + colour[1:]


def _way(source: str, target: str, event: str) -> str:
    """A bent arrow from box to box; the way back bends to the other side."""
    colour = next(colour for events, colour in GROUPS.values() if event in events)
    (x, y), (u, v) = (_middle(PLACES[source]), _middle(PLACES[target]))
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    bend = 26 if length < 300 else 60
    over, down = (x + u) / 2 + (v - y) / length * bend, (y + v) / 2 - (u - x) / length * bend
    (a, b), (c, d) = _edge((x, y), (over, down)), _edge((u, v), (over, down))
    path = f"M{a:.0f} {b:.0f}Q{over:.0f} {down:.0f} {c:.0f} {d:.0f}"
    return f'<path fill="none" stroke="{colour}" stroke-width="1.5" d="{path}" marker-end="url(#{_head(colour)})"/>'


def _middle(place: tuple[int, int]) -> tuple[float, float]:
    return place[0] + WIDTH / 2, place[1] + HEIGHT / 2


def _edge(middle: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from a box's middle leaves the box."""
    across, down = towards[0] - middle[0], towards[1] - middle[1]
    share = min((WIDTH / 2 + 3) / abs(across) if across else 9.0, (HEIGHT / 2 + 3) / abs(down) if down else 9.0)
    return middle[0] + across * share, middle[1] + down * share


def _legend(place: int, words: str, colour: str) -> str:
    y = 396 + place * 22
    return f'<path stroke="{colour}" stroke-width="3" d="M20 {y}L60 {y}"/>' + text(70, y + 5, words)
