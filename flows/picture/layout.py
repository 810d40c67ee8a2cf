"""Where the cards stand: in columns by how far they are from the start, ordered so that few lines cross.

Lines are drawn only from a column to one of the next three; every other way (back, far ahead, or to a node that half
the flow leads to) becomes a small sign with the node's name in its row, so the picture stays readable. A line that
passes a column gets a narrow lane there, so it never runs under a card. A long flow is broken into bands, one below the
other, as a text is into lines; from band to band there are signs only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import Final

from flows.picture.cards import HEADER, WIDTH, Card, Row

GAP_X: Final = 96
GAP_Y: Final = 26
LANE: Final = 14
MARGIN: Final = 40
_REACH: Final = 3  # columns that a line may cross
_BUSY: Final = 4  # lines into one node; further ways become signs
_SWEEPS: Final = 12
_BAND: Final = 8  # columns side by side at most
_GAP_BAND: Final = 64

Place = str | tuple[str, int, int]  # a node, or the lane of (node, row) in a column


@dataclass(frozen=True, slots=True)
class Line:
    """A way out that is drawn as a line: from a row, through the points, to a card."""

    node: str
    row: int
    to: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Cards' left upper corners, drawn lines, the size of the whole."""

    corners: Mapping[str, tuple[float, float]]
    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Grid:
    cards: Mapping[str, Card]
    column: dict[str, int]
    across: int = _BAND  # columns in a band
    columns: list[list[Place]] = field(default_factory=list)
    drawn: list[tuple[str, int, str]] = field(default_factory=list)
    y: dict[Place, float] = field(default_factory=dict)

    def size(self, place: Place) -> int:
        return self.cards[place].height if isinstance(place, str) else LANE


def lay_out(cards: Mapping[str, Card], start: str) -> Layout:
    """A layout of all cards; those that cannot be reached stand in the first column."""
    grid = _Grid(cards, _columns(cards, start))
    count = max(grid.column.values(), default=0) + 1
    grid.across = ceil(count / ceil(count / _BAND))
    grid.drawn = list(_drawn(grid))
    grid.columns = [[] for _ in range(count)]
    for node in cards:
        grid.columns[grid.column[node]].append(node)
    for node, row, to in grid.drawn:
        for between in range(grid.column[node] + 1, grid.column[to]):
            grid.columns[between].append((node, row, between))
    _order(grid)
    _settle(grid)
    return _finished(grid)


def _columns(cards: Mapping[str, Card], start: str) -> dict[str, int]:
    """Node -> column: one more than the farthest node before it, along ways that do not lead back."""
    descent = _Descent(cards)
    for first in (start, *cards):
        descent.go(first)
    column = dict.fromkeys(cards, 0)
    for node in reversed(descent.order):
        for to in descent.forward[node]:
            column[to] = max(column[to], column[node] + 1)
    return column


class _Descent:
    """Depth first: each node's ways that do not lead back, and the order in which nodes are left."""

    def __init__(self, cards: Mapping[str, Card]) -> None:
        self.cards = cards
        self.forward: dict[str, list[str]] = {}
        self.order: list[str] = []
        self.open: dict[str, bool] = {}

    def go(self, first: str) -> None:
        """Everything below a node that was not met before."""
        stack = [self._enter(first)] if first in self.cards and first not in self.open else []
        while stack:
            node, rows = stack[-1]
            row = next(rows, None)
            if row is None:
                self.open[node] = False
                self.order.append(stack.pop()[0])
            elif row.to in self.cards and not self.open.get(row.to, False):
                self.forward[node].append(row.to)
                if row.to not in self.open:
                    stack.append(self._enter(row.to))

    def _enter(self, node: str) -> tuple[str, Iterator[Row]]:
        self.open[node], self.forward[node] = True, []
        return node, iter(self.cards[node].rows)


def _drawn(grid: _Grid) -> Iterator[tuple[str, int, str]]:
    """The ways that become lines: near, forward, in one band, and not too many into one card."""
    into: Counter[str] = Counter()
    column, band = grid.column, {name: at // grid.across for name, at in grid.column.items()}
    for node in sorted(grid.cards, key=lambda name: column[name]):
        for number, row in enumerate(grid.cards[node].rows):
            near = row.to in column and band[node] == band[row.to] and 0 < column[row.to] - column[node] <= _REACH
            if near and into[row.to] < _BUSY:
                into[row.to] += 1
                yield node, number, row.to


def _chains(grid: _Grid) -> Iterator[tuple[Place, float, Place]]:
    """Each piece of each line between neighbouring columns, with the height at which it leaves its place."""
    for node, row, to in grid.drawn:
        places: list[Place] = [node, *((node, row, at) for at in range(grid.column[node] + 1, grid.column[to])), to]
        for source, target in pairwise(places):
            yield source, grid.cards[node].row_y(row) if isinstance(source, str) else LANE / 2, target


def _order(grid: _Grid) -> None:
    """Sort each column by where its neighbours stand, to and fro."""
    pieces = list(_chains(grid))
    for sweep in range(_SWEEPS):
        _stack(grid)
        wishes: dict[Place, list[float]] = {}
        for source, leaves, target in pieces:
            if sweep % 2:
                wishes.setdefault(source, []).append(grid.y[target] - leaves)
            else:
                wishes.setdefault(target, []).append(grid.y[source] + leaves)
        for column in grid.columns:
            column.sort(key=lambda place: _mean(wishes.get(place), grid.y[place]))


def _stack(grid: _Grid) -> None:
    for column in grid.columns:
        at = 0.0
        for place in column:
            grid.y[place] = at
            at += grid.size(place) + GAP_Y


def _mean(numbers: list[float] | None, otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _settle(grid: _Grid) -> None:
    """Let every place drift to where its lines are straight, without passing its neighbours."""
    _stack(grid)
    pieces = list(_chains(grid))
    for sweep in range(_SWEEPS * 2):
        wishes: dict[Place, list[float]] = {}
        for source, leaves, target in pieces:
            enters = HEADER / 2 if isinstance(target, str) else LANE / 2
            wishes.setdefault(target, []).append(grid.y[source] + leaves - enters)
            if sweep % 2:
                wishes.setdefault(source, []).append(grid.y[target] + enters - leaves)
        for column in grid.columns:
            _pull(grid, column, {place: _mean(wishes.get(place), grid.y[place]) for place in column})
    _below_each_other(grid)


def _below_each_other(grid: _Grid) -> None:
    """The first band begins at 0, each further one under the lowest place of that before it."""
    begin = 0.0
    for first in range(0, len(grid.columns), grid.across):
        band = [place for column in grid.columns[first : first + grid.across] for place in column]
        top = min(grid.y[place] for place in band)
        for place in band:
            grid.y[place] += begin - top
        begin = max(grid.y[place] + grid.size(place) for place in band) + _GAP_BAND


def _pull(grid: _Grid, column: list[Place], wish: Mapping[Place, float]) -> None:
    """Nearest to the wishes in this order: blocks that would overlap are merged and share their mean."""
    blocks: list[tuple[float, float, list[Place]]] = []  # top, height, places
    for place in column:
        block = (wish[place], float(grid.size(place) + GAP_Y), [place])
        while blocks and blocks[-1][0] + blocks[-1][1] > block[0]:
            above = blocks.pop()
            count = len(above[2]) + len(block[2])
            top = (above[0] * len(above[2]) + (block[0] - above[1]) * len(block[2])) / count
            block = (top, above[1] + block[1], above[2] + block[2])
        blocks.append(block)
    for top, _, places in blocks:
        below = top
        for place in places:
            grid.y[place] = below
            below += grid.size(place) + GAP_Y


def _finished(grid: _Grid) -> Layout:
    left = [MARGIN + at % grid.across * (WIDTH + GAP_X) for at in range(len(grid.columns))]
    corners = {node: (float(left[grid.column[node]]), grid.y[node] + MARGIN) for node in grid.cards}
    lines = tuple(
        Line(node, row, to, tuple(_points(grid, left, corners, (node, row, to)))) for node, row, to in grid.drawn
    )
    bottom = max((y + grid.size(place) for place, y in grid.y.items()), default=0)
    return Layout(corners, lines, max(left) + WIDTH + MARGIN, bottom + 2 * MARGIN)


def _points(
    grid: _Grid, left: list[int], corners: Mapping[str, tuple[float, float]], line: tuple[str, int, str]
) -> Iterator[tuple[float, float]]:
    node, row, to = line
    yield corners[node][0] + WIDTH, corners[node][1] + grid.cards[node].row_y(row)
    for between in range(grid.column[node] + 1, grid.column[to]):
        y = grid.y[(node, row, between)] + MARGIN + LANE / 2
        yield left[between], y
        yield left[between] + WIDTH, y
    yield corners[to][0], corners[to][1] + HEADER / 2
