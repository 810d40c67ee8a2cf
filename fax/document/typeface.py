"""The one typeface of a bill: it comes with the package and is embedded in the document.

A font without digits prints a bill without amounts and no error at all (Debian's Droid fallback does), so the face is
checked when it is loaded. A mark that it lacks is printed as a square, knowingly, and reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FACE: Final = "bill"
FILE: Final = Path(__file__).resolve().parent.parent / "fonts" / "NotoSansSC-Regular.ttf"
SQUARE: Final = "□"
_CHINESE: Final = re.compile("[⺀-鿿]")
_STRAIGHT: Final = str.maketrans("“”‘’", "\"\"''")  # the face draws curly ones as wide as a Chinese character
_NEEDED: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ¥元−" + SQUARE


@cache
def marks() -> frozenset[int]:
    """The code points that the face can draw, after loading it; RuntimeError when amounts could not be printed."""
    font = TTFont(FACE, str(FILE))
    known = frozenset(font.face.charToGlyph)
    lacking = "".join(mark for mark in _NEEDED if ord(mark) not in known)
    if lacking:
        raise RuntimeError(f"the bill's typeface {FILE.name} has no {lacking}")
    pdfmetrics.registerFont(font)
    return known


def printable(text: str) -> str:
    """The text as one line of marks that the face has: a square for others, a space for control characters."""
    known = marks()
    if not _CHINESE.search(text):
        text = text.translate(_STRAIGHT)
    if all(ord(mark) in known for mark in text):
        return text
    return "".join(mark if ord(mark) in known else " " if _blank(mark) else SQUARE for mark in text)


def unknown(texts: Iterable[str]) -> str:
    """The marks of these texts that will be printed as squares, each once, in order."""
    known = marks()
    found = (mark for text in texts for mark in text if ord(mark) not in known and not _blank(mark))
    return "".join(dict.fromkeys(found))


def width(text: str, size: float) -> float:
    """How wide the text is in points at this size."""
    marks()
    return float(pdfmetrics.stringWidth(text, FACE, size))


def _blank(mark: str) -> bool:
    return mark.isspace() or not mark.isprintable()
