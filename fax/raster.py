"""PDF pages as fax pages: 1728 dots wide, black or white, 204 × 196 dots an inch, TIFF with CCITT group 4 or 3.

A4 at its true size is 1686 × 2292 dots, which lies whole on a sheet of 1728 × 2292; anything larger is made smaller to
fit, a landscape page is turned. Grey becomes black or white at a fixed level, without dithering: text stays clean and
pages small. Scripts in a PDF cannot run: this pdfium has none, and forms are never opened.

Half the lines of a page (204 × 98) for a receiver without fine resolution: of each pair of lines the lower one, and the
upper one only where it begins a stroke. Thin rules stay, and the gaps inside Chinese characters do not fill.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pypdfium2
from PIL import Image, ImageDraw, ImageFont, ImageSequence
from PIL.TiffImagePlugin import AppendingTiffWriter
from pypdfium2 import raw

from fax.words import WORDS

WIDTH: Final = 1728
HEIGHT: Final = 2292
ACROSS: Final = 204  # dots an inch
DOWN: Final = 196
_DARK: Final = 150  # of 255; what is lighter becomes white
_STRIP: Final = (141, 22, 34)  # left, top and size of the stamped line, in dots; above all that a bill prints


class Unreadable(ValueError):
    """The PDF cannot become a fax; the text says why in plain words."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a TIFF is written: lines an inch fine or standard, CCITT group 4 or 3."""

    fine: bool = True
    group: Literal[3, 4] = 4


def sheets(pdf: bytes | Path, most: int) -> Iterator[Image.Image]:
    """The pages as sheets of the fax's size; Unreadable when pdfium cannot open it or it has more than ``most``."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as wrong:
        locked = "Incorrect password" in str(wrong)
        raise Unreadable("it is locked by a password" if locked else "it is not a PDF, or it is damaged") from wrong
    if not 0 < len(document) <= most:
        raise Unreadable(f"it has {len(document)} pages, and {most} is the most")
    for number in range(len(document)):
        try:
            page = document[number]
            yield _sheet(page)
            page.close()
        except pypdfium2.PdfiumError as wrong:
            raise Unreadable(f"page {number + 1} is damaged") from wrong


def _sheet(page: pypdfium2.PdfPage) -> Image.Image:
    """One page, turned and made smaller where it must be, in the middle of the sheet's width, from its top down."""
    across, down = page.get_size()
    if not (0 < across < 1e5 and 0 < down < 1e5):
        raise Unreadable("a page is larger than any paper")
    turned = across > down * 1.1
    across, down = (down, across) if turned else (across, down)
    scale = min(1.0, WIDTH / (across / 72 * ACROSS), HEIGHT / (down / 72 * DOWN - 0.5))
    wide, high = max(1, round(across / 72 * ACROSS * scale)), max(1, round(down / 72 * DOWN * scale))
    bitmap = pypdfium2.PdfBitmap.new_native(WIDTH, HEIGHT, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, WIDTH, HEIGHT)
    flags = raw.FPDF_ANNOT | raw.FPDF_GRAYSCALE
    raw.FPDF_RenderPageBitmap(bitmap.raw, page.raw, (WIDTH - wide) // 2, 0, wide, high, int(turned), flags)
    grey: Image.Image = bitmap.to_pil()
    return grey.point([0 if level <= _DARK else 255 for level in range(256)], "1")


def tiff(pages: Iterator[Image.Image], coding: Coding) -> tuple[bytes, int]:
    """The sheets as one TIFF, and how many there are; one page at a time in memory."""
    out, count = io.BytesIO(), 0
    with AppendingTiffWriter(out, new=True) as writer:
        for page in pages:
            sheet = page if coding.fine else halved(page)
            lines = DOWN if coding.fine else DOWN // 2
            tags = {278: sheet.height, 266: 1}  # one strip a page, bits from the left
            sheet.save(writer, format="TIFF", compression=f"group{coding.group}", dpi=(ACROSS, lines), tiffinfo=tags)
            writer.newFrame()
            count += 1
    return out.getvalue(), count


def pages_of(path: Path) -> Iterator[Image.Image]:
    """The sheets of a TIFF that ``tiff`` wrote; OSError for any other file."""
    with Image.open(path, formats=("TIFF",)) as image:
        for page in ImageSequence.Iterator(image):
            yield page.convert("1").copy()


def halved(sheet: Image.Image) -> Image.Image:
    """The sheet with half as many lines; strokes stay, and so do the gaps between them."""
    row, high = sheet.width // 8, sheet.height // 2
    dots = sheet.tobytes()
    upper, lower = (
        int.from_bytes(b"".join(dots[at : at + row] for at in range(first * row, 2 * high * row, 2 * row)), "big")
        for first in (0, 1)
    )
    whole = (1 << (8 * row * high)) - 1
    upper, lower = upper ^ whole, lower ^ whole  # now 1 is black
    black = lower | (upper & ~(lower >> (8 * row)))
    return Image.frombytes("1", (sheet.width, high), (black ^ whole).to_bytes(row * high, "big"))


def stamped(sheet: Image.Image, note: str) -> Image.Image:
    """The sheet with one line written into its top margin, set smaller when it is long."""
    from fax.document.typeface import FILE, printable  # noqa: PLC0415  a PDF that is only converted needs no reportlab

    left, top, size = _STRIP
    text, room = printable(note), sheet.width - 2 * left
    font = ImageFont.truetype(str(FILE), size)
    while font.getlength(text) > room and size > 20:
        size -= 2
        font = ImageFont.truetype(str(FILE), size)
    while font.getlength(text) > room:
        text = f"{text[:-2]}…"
    copy = sheet.copy()
    draw = ImageDraw.Draw(copy)
    draw.fontmode = "1"
    draw.rectangle((0, 0, sheet.width, top + 48), fill=1)
    draw.text((left, top), text, fill=0, font=font)
    return copy


@dataclass(frozen=True, slots=True)
class Later:
    """Which pages, what is stamped on the first of them, and which page the receiver may have already."""

    first: int
    note: str
    repeated: int | None
    language: str


def later(pages: Iterator[Image.Image], wish: Later) -> Iterator[Image.Image]:
    """The pages from ``first`` on with their stamps."""
    for number, page in enumerate(pages, 1):
        if number < wish.first:
            continue
        note = wish.note if number == wish.first else ""
        if not note and number == wish.repeated:
            note = WORDS[wish.language].repeat(number)
        yield stamped(page, note) if note else page
