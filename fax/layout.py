"""An itemised bill as a PDF: laid out as marks on pages, then drawn with the embedded typeface.

The same document gives the same bytes. Above each page a strip stays empty, so that a line can be stamped there when a
fax is continued. A page limit cuts the single lines only, never the summary or a subtotal, and the page says so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from reportlab.pdfgen.canvas import Canvas

from fax.bill import BillDocument
from fax.document import first_page, flowing, typeface
from fax.document.charges import Charges
from fax.document.flowing import Place
from fax.document.marks import HEIGHT, LEFT, RIGHT, WIDTH, Mark, Row, Text, fitted, height, level
from fax.words import WORDS, Words

_BOLD = 0.04  # the outline that makes a text bold, as a share of its size
_DENSEST = 120  # lines on a page, at the very most
_ROOM = 160.0  # less than this at the foot of the first page, and the charges begin on the next


def draw(document: BillDocument) -> bytes:
    """The document as PDF; a character that the typeface lacks is printed as □ (see ``lacking``)."""
    typeface.marks()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, lang=document.language)
    canvas.setTitle(f"{WORDS[document.language].title} {document.month}")
    canvas.setAuthor(document.issuer.name)
    for page in pages(document):
        for mark in page:
            _put(canvas, mark)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lacking(document: BillDocument) -> str:
    """The characters of this document that its pages show as □, each once."""
    issuer = document.issuer
    said = (issuer.name, issuer.address, issuer.phone, *issuer.how_to_pay, document.name, document.number)
    return typeface.unknown((*said, document.account, document.job, *(line.number for line in document.lines)))


def pages(document: BillDocument) -> list[list[Mark]]:
    """The marks of each page."""
    place = flowing.begin()
    flowing.full(place, first_page.rows(document))
    _details(place, document)
    for number, page in enumerate(place.pages, 1):
        page.extend(_edges(document, number, len(place.pages)))
    return place.pages


def _details(place: Place, document: BillDocument) -> None:
    words, count = WORDS[document.language], len(document.lines)
    if not count:
        flowing.full(place, [first_page.heading(words.details), *first_page.paragraph(words.no_lines, 11)])
        return
    flowing.leave(place, _ROOM)
    charged = Charges(document, document.most_pages * _DENSEST)
    shown = _most_lines(place, document, charged)
    flowing.full(place, _opening(words, shown, count))
    flowing.columns(place, charged.rows(shown))


def _opening(words: Words, shown: int, count: int) -> list[Row]:
    said = [*first_page.paragraph(words.first_lines(shown, count)), Row(6)] if shown < count else []
    return [first_page.heading(words.details), *said]


def _most_lines(place: Place, document: BillDocument, charged: Charges) -> int:
    """How many lines fit into the page limit, in the order of printing."""

    words, count = WORDS[document.language], len(document.lines)

    def fits(shown: int) -> bool:
        trial = Place(list(place.pages), place.y + height(_opening(words, shown, count)))
        return flowing.needed(trial, charged.rows(shown)) <= document.most_pages

    few, many = 0, count
    if many <= document.most_pages * _DENSEST and fits(many):
        return many
    many = min(many, document.most_pages * _DENSEST)
    while many - few > 1:
        half = (few + many) // 2
        few, many = (half, many) if fits(half) else (few, half)
    return few


def _edges(document: BillDocument, number: int, count: int) -> Iterator[Mark]:
    """The running head of all pages but the first, and the foot of every page."""
    words = WORDS[document.language]
    if number > 1:
        right = f"{words.title}   {typeface.printable(document.number)}   {words.month(document.month)}"
        name = Text(LEFT, 53, typeface.printable(document.issuer.name), 10.5, bold=True)
        yield fitted(name, RIGHT - LEFT - typeface.width(right, 10.5) - 20, end=0)
        yield Text(RIGHT, 53, right, 10.5, "right")
        yield level(LEFT, RIGHT, 60, 0.9)
    yield level(LEFT, RIGHT, 802, 0.6)
    if document.job:
        yield Text(LEFT, 815, f"{words.job} {typeface.printable(document.job)}", 10)
    yield Text(RIGHT, 815, words.page(number, count), 10, "right")


def _put(canvas: Canvas, mark: Mark) -> None:
    if not isinstance(mark, Text):
        canvas.setLineWidth(mark.weight)
        canvas.line(mark.x, HEIGHT - mark.y, mark.to_x, HEIGHT - mark.to_y)
        return
    text = canvas.beginText()
    text.setFont(typeface.FACE, mark.size)
    text.setHorizScale(mark.narrow * 100)
    text.setTextRenderMode(2 if mark.bold else 0)
    share = {"left": 0.0, "centre": 0.5, "right": 1.0}[mark.side]
    text.setTextOrigin(mark.x - typeface.width(mark.text, mark.size) * mark.narrow * share, HEIGHT - mark.y)
    text.textOut(mark.text)
    canvas.setLineWidth(mark.size * _BOLD)
    canvas.drawText(text)
