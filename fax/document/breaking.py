"""Breaking text into lines: between Chinese characters, between Latin words, and never before a closing mark.

The rule for closing and opening marks (kinsoku) is the one that Chinese printing has: a line begins with no 。，）and
ends with no （《. A word that is wider than the line is cut where it must be.
"""

from __future__ import annotations

import re
from typing import Final

from fax.document import typeface

_NOT_FIRST: Final = "，。、；：？！）》〉」』】〕…—·,.;:?!)]}%℃元"
_NOT_LAST: Final = "（《〈「『【〔([{¥$€£"
_PIECES: Final = re.compile(r"\s+|[⺀-鿿＀-￯　-〿]|[^\s⺀-鿿＀-￯　-〿]+")


def lines(text: str, size: float, width: float) -> list[str]:
    """The text in lines that are at most so wide (points) at this size; at least one line."""
    found, line = [], ""
    for piece in _pieces(text):
        if typeface.width((line + piece).rstrip(), size) <= width:
            line = line + piece if line else piece.lstrip()
            continue
        if line.strip():
            found.append(line.rstrip())
        *full, line = _cut(piece.lstrip(), size, width)
        found += full
    return [*found, line.rstrip()] if line.strip() or not found else found


def _pieces(text: str) -> list[str]:
    """What must stay together: a word or a character, with the closing marks after it and the opening ones before."""
    found: list[str] = []
    for piece in _PIECES.findall(text):
        if found and (piece[0] in _NOT_FIRST or found[-1][-1] in _NOT_LAST):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def _cut(piece: str, size: float, width: float) -> list[str]:
    parts = [""]
    for mark in piece:
        if parts[-1] and typeface.width(parts[-1] + mark, size) > width:
            parts.append("")
        parts[-1] += mark
    return parts
