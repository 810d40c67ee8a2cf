"""A state machine as SVG: boxes for its states, and an arrow for each way that its own table allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tools.pages.pictures import ARROW, Box, box, svg, text

WIDTH, HEIGHT = 140, 52
Place = tuple[float, float]
Groups = Mapping[str, tuple[tuple[str, ...], str]]  # what a way is about -> its events, colour


@dataclass(frozen=True, slots=True)
class Machine:
    """``table``: (state, event) -> where it leads; places, words and colours by state; ``legend``: its y."""

    title: str
    table: Mapping[tuple[str, str], tuple[str, ...]]
    places: Mapping[str, tuple[int, int]]
    words: Mapping[str, str]
    colours: Mapping[str, str]
    groups: Groups
    size: tuple[int, int] = (1000, 520)
    legend: int = 396

    def drawn(self) -> str:
        """The picture."""
        states = tuple(self.places)
        ways = [
            self._way(source, target, event)
            for source in states
            for target in states
            if source != target and (event := self._first(source, target))
        ]
        boxes = [
            box(Box(*self.places[one], one, (self.words[one],), self.colours[one], WIDTH, HEIGHT)) for one in states
        ]
        legend = [self._line(place, words, colour) for place, (words, (_, colour)) in enumerate(self.groups.items())]
        heads = [
            ARROW.replace('id="a"', f'id="{_head(colour)}"').replace("#7b8794", colour)
            for _, colour in self.groups.values()
        ]
        return svg(*self.size, [*heads, *ways, *boxes, *legend], self.title)

    def _first(self, source: str, target: str) -> str:
        """The event of the first group that leads there, or ""."""
        able = {event for (state, event), targets in self.table.items() if state == source and target in targets}
        return next((event for events, _ in self.groups.values() for event in events if event in able), "")

    def _way(self, source: str, target: str, event: str) -> str:
        """A bent arrow from box to box; the way back bends to the other side."""
        colour = next(colour for events, colour in self.groups.values() if event in events)
        (x, y), (u, v) = (_middle(self.places[source]), _middle(self.places[target]))
        length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
        bend = 26 if length < 300 else 60
        over, down = (x + u) / 2 + (v - y) / length * bend, (y + v) / 2 - (u - x) / length * bend
        (a, b), (c, d) = _edge((x, y), (over, down)), _edge((u, v), (over, down))
        path = f"M{a:.0f} {b:.0f}Q{over:.0f} {down:.0f} {c:.0f} {d:.0f}"
        return f'<path fill="none" stroke="{colour}" stroke-width="1.5" d="{path}" marker-end="url(#{_head(colour)})"/>'

    def _line(self, place: int, words: str, colour: str) -> str:
        y = self.legend + place * 22
        return f'<path stroke="{colour}" stroke-width="3" d="M20 {y}L60 {y}"/>' + text(70, y + 5, words)


def _head(colour: str) -> str:
    return "to" + colour[1:]


def _middle(place: tuple[int, int]) -> Place:
    return place[0] + WIDTH / 2, place[1] + HEIGHT / 2


def _edge(middle: Place, towards: Place) -> Place:
    """Where the line from a box's middle leaves the box."""
    across, down = towards[0] - middle[0], towards[1] - middle[1]
    share = min((WIDTH / 2 + 3) / abs(across) if across else 9.0, (HEIGHT / 2 + 3) / abs(down) if down else 9.0)
    return middle[0] + across * share, middle[1] + down * share
