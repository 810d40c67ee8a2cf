"""Filling pages with rows: full-width ones first, then the charges in two columns beside each other.

Two columns because a fax is paid and waited for by the page. A row that keeps with its next one is never the last of a
column; a column that begins inside a group says the group's headings again; the columns of the last page are levelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fax.document.marks import LEFT, RIGHT, Mark, Row, Rule, height

TOP: Final = 42.0  # above it lies the strip for the stamped line
TOP_AGAIN: Final = 72.0  # below the running head of the second and later pages
BOTTOM: Final = 791.0
GAP: Final = 20.0
COLUMN: Final = (RIGHT - LEFT - GAP) / 2


@dataclass(slots=True)
class Place:
    """The pages so far, and where the next row goes."""

    pages: list[list[Mark]]
    y: float

    def turn(self) -> None:
        """To the top of a new page."""
        self.pages.append([])
        self.y = TOP_AGAIN

    def put(self, rows: Sequence[Row], x: float, y: float) -> None:
        """The rows one below the other, from this place on the present page."""
        for row in rows:
            self.pages[-1] += [mark.moved(x, y) for mark in row.marks]
            y += row.height


def begin() -> Place:
    """One empty page."""
    return Place([[]], TOP)


def full(place: Place, rows: Sequence[Row]) -> None:
    """Sets rows over the whole width, on as many pages as they need."""
    done = 0
    while done < len(rows):
        taken, after = _fill(rows, done, BOTTOM - place.y)
        if not taken:
            place.turn()
            taken, after = _fill(rows, done, BOTTOM - place.y)
        place.put(taken, LEFT, place.y)
        place.y += height(taken)
        done = after
        if done < len(rows):
            place.turn()


def leave(place: Place, room: float) -> None:
    """Turns the page when less room than this is left."""
    if BOTTOM - place.y < room:
        place.turn()


def columns(place: Place, rows: Sequence[Row]) -> None:
    """Sets rows in two columns from the present place on."""
    done = 0
    while done < len(rows):
        room = BOTTOM - place.y
        if _fits(rows, done, room):
            room = _levelled(rows, done, room)
        done = _pair(place, rows, done, room)
        if done < len(rows):
            place.turn()


def _pair(place: Place, rows: Sequence[Row], done: int, room: float) -> int:
    left, middle = _fill(rows, done, room, forced=True)
    right, after = _fill(rows, middle, room)
    place.put(left, LEFT, place.y)
    place.put(right, LEFT + COLUMN + GAP, place.y)
    deepest = place.y + max(height(left), height(right))
    if right:
        x = LEFT + COLUMN + GAP / 2
        place.pages[-1].append(Rule(x, place.y + 3, x, deepest, 0.4))
    place.y = deepest
    return after


def _fill(rows: Sequence[Row], start: int, room: float, forced: bool = False) -> tuple[list[Row], int]:
    """The rows that fit from ``start`` on, with the headings said again, and the number of the first one left."""
    if start >= len(rows):
        return [], start
    heads = list(rows[start].again)
    used, end = height(heads), start
    while end < len(rows) and used + rows[end].height <= room:
        used += rows[end].height
        end += 1
    end = _broken_well(rows, start, end)
    if end == start and forced:
        end = start + 1
    return (heads + list(rows[start:end]) if end > start else []), end


def _broken_well(rows: Sequence[Row], start: int, end: int) -> int:
    """The last place at or before ``end`` where a column may stop; ``end`` itself when there is none."""
    if end == len(rows):
        return end
    place = end
    while place > start and rows[place - 1].keep:
        place -= 1
    return place


def _fits(rows: Sequence[Row], start: int, room: float) -> bool:
    middle = _fill(rows, start, room)[1]
    return middle > start and _fill(rows, middle, room)[1] == len(rows)


def _levelled(rows: Sequence[Row], start: int, room: float) -> float:
    """The least room in which the rest still fits, so that both columns end at the same height."""
    low, high = height(rows[start:]) / 2 - 1, room
    while high - low > 1:
        half = (low + high) / 2
        low, high = (low, half) if _fits(rows, start, half) else (half, high)
    return high


def needed(place: Place, rows: Sequence[Row]) -> int:
    """How many pages there would be with these rows in columns, without setting them."""
    count, done, room = len(place.pages), 0, BOTTOM - place.y
    while done < len(rows):
        middle = _fill(rows, done, room, forced=True)[1]
        done = _fill(rows, middle, room)[1]
        if done < len(rows):
            count, room = count + 1, BOTTOM - TOP_AGAIN
    return count
