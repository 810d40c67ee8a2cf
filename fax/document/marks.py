"""What stands on a page, as values: texts, rules and boxes, in points from the page's upper left corner.

Laying out gives marks and nothing else; a fax prints black or white, so there is no colour and no shading here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from fax.document import typeface

WIDTH: Final = 595.28  # A4
HEIGHT: Final = 841.89
LEFT: Final = 42.5
RIGHT: Final = WIDTH - LEFT
NARROWEST: Final = 0.72  # text set narrower than this share of its width is hard to read


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; ``y`` is its base line; ``narrow`` is the share of its natural width that it gets."""

    x: float
    y: float
    text: str
    size: float
    side: Literal["left", "right", "centre"] = "left"
    bold: bool = False
    narrow: float = 1.0

    def moved(self, x: float, y: float) -> Text:
        """The same, so far to the right and down."""
        return replace(self, x=self.x + x, y=self.y + y)


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line between two points; ``weight`` is its thickness in points."""

    x: float
    y: float
    to_x: float
    to_y: float
    weight: float = 0.6

    def moved(self, x: float, y: float) -> Rule:
        """The same, so far to the right and down."""
        return replace(self, x=self.x + x, y=self.y + y, to_x=self.to_x + x, to_y=self.to_y + y)


Mark = Text | Rule


@dataclass(frozen=True, slots=True)
class Row:
    """A strip of the page that is never cut. ``keep``: it stays with the row after it.

    ``again``: the headings that are said once more when a column begins with this row.
    """

    height: float
    marks: tuple[Mark, ...] = ()
    keep: bool = False
    again: tuple[Row, ...] = ()


def level(x: float, to_x: float, y: float, weight: float = 0.6) -> Rule:
    """A horizontal rule."""
    return Rule(x, y, to_x, y, weight)


def fitted(mark: Text, width: float, end: int = 4) -> Text:
    """The text no wider than this: set narrower as far as it stays legible, then cut with a … before its end."""
    natural = typeface.width(mark.text, mark.size)
    if natural <= width:
        return mark
    if natural * NARROWEST <= width:
        return replace(mark, narrow=width / natural)
    first, last = mark.text[: len(mark.text) - end], mark.text[len(mark.text) - end :]
    while len(first) > 1 and typeface.width(f"{first}…{last}", mark.size) * NARROWEST > width:
        first = first[:-1]
    return replace(mark, text=f"{first}…{last}", narrow=NARROWEST)


def height(rows: Sequence[Row]) -> float:
    """How much of a column these rows take."""
    return sum(row.height for row in rows)
