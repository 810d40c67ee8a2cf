"""The blocks that every bill has, from the operator's head to how to pay, as rows over the whole width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fax.bill import BillDocument, BillLine
from fax.document import breaking
from fax.document.figures import amount, money, quantity, symbol
from fax.document.marks import LEFT, RIGHT, Mark, Row, Rule, Text, fitted, level
from fax.document.typeface import printable, width
from fax.words import WORDS, Words

FULL: Final = RIGHT - LEFT
_ITEMS: Final = 290.0  # right edges of the summary's columns
_USED: Final = 405.0
_BOX: Final = 196.0  # the width of what is to be paid
_BOX_DEEP: Final = 92.0
_SPACE: Final = Row(13)


def rows(document: BillDocument) -> list[Row]:
    """Head, customer and sum, summary, open months, how to pay."""
    words = WORDS[document.language]
    return [
        *_head(document, words),
        _customer(document, words),
        *_summary(document, words),
        *_arrears(document, words),
        *_paying(document, words),
    ]


def heading(text: str) -> Row:
    """The name of a section, with a rule below it."""
    return Row(25, (Text(0, 14, text, 13, bold=True), level(0, FULL, 20, 0.9)), keep=True)


def paragraph(text: str, size: float = 10.5, indent: float = 0) -> list[Row]:
    """Running text over the whole width."""
    found = breaking.lines(text, size, FULL - indent)
    return [
        Row(size * 1.45, (Text(indent, size * 1.1, line, size),), keep=number < len(found) - 1)
        for number, line in enumerate(found)
    ]


def _head(document: BillDocument, words: Words) -> Iterator[Row]:
    issuer = document.issuer
    month, (size, names) = words.month(document.month), _name(printable(issuer.name), FULL - 150)
    for number, line in enumerate(names):
        title = (Text(FULL, 18, words.title, 19, "right", bold=True),) if number == 0 else ()
        deep = 25 if number == len(names) - 1 else size + 6
        yield Row(deep, (Text(0, 18, line, size, bold=True), *title), keep=True)
    phone = f"{words.telephone} {issuer.phone}" if issuer.phone else ""
    lines = breaking.lines(printable("   ".join(part for part in (issuer.address, phone) if part)), 10, FULL - 130)
    for number, line in enumerate(lines):
        right = (Text(FULL, 10, month, 13, "right", bold=True),) if number == 0 else ()
        yield Row(15, (Text(0, 9, line, 10), *right), keep=True)
    yield Row(16, (level(0, FULL, 4, 1.8),), keep=True)


def _name(name: str, room: float) -> tuple[float, list[str]]:
    """The largest size in which the operator's name is one line; else several lines in a smaller one."""
    for size in (19.0, 17.0, 15.0):
        lines = breaking.lines(name, size, room)
        if len(lines) == 1:
            break
    return size, lines


def _customer(document: BillDocument, words: Words) -> Row:
    """Who and when on the left, what is to be paid in a box on the right: one row, so that they stay together."""
    pairs = [
        (words.name, document.name),
        (words.number, document.number),
        (words.account, document.account),
        (words.period, f"{words.month(document.month)}   {words.days(document.month)}"),
        (words.issued, words.date(document.issued)),
    ]
    pairs += [(words.job, document.job)] if document.job else []
    room = FULL - _BOX - 24
    label = max(width(name, 10.5) for name, _ in pairs) + 14
    marks, y = list[Mark](), 11.0
    for name, value in pairs:
        marks.append(Text(0, y, name, 10.5))
        bold = name in (words.name, words.number)
        for line in breaking.lines(printable(value), 11.5, room - label):
            marks.append(Text(label, y, line, 11.5, bold=bold))
            y += 16.5
    return Row(max(y - 10, _BOX_DEEP) + 14, (*marks, *_to_pay(document, words)))


def _to_pay(document: BillDocument, words: Words) -> Iterator[Mark]:
    left, middle, open_ = FULL - _BOX, FULL - _BOX / 2, document.open
    yield from (level(left, FULL, y, 1.2) for y in (0, _BOX_DEEP))
    yield from (Rule(x, 0, x, _BOX_DEEP, 1.2) for x in (left, FULL))
    top = 0 if open_ > 0 and document.due else 12
    said = words.pay_now if open_ > 0 else words.credit if open_ < 0 else words.nothing_due
    yield Text(middle, top + 20, said, 11.5, "centre")
    yield fitted(Text(middle, top + 51, money(abs(open_), document.currency), 27, "centre", bold=True), _BOX - 16)
    if open_ > 0 and document.due:
        yield fitted(Text(middle, top + 75, words.pay_by(document.due), 11.5, "centre"), _BOX - 12)


def _summary(document: BillDocument, words: Words) -> Iterator[Row]:
    yield heading(words.summary)
    unit = words.amount(symbol(document.currency))
    labels = ((_ITEMS, words.items), (_USED, words.quantity), (FULL, unit))
    yield Row(
        15, (Text(0, 10, words.category, 9.5), *(Text(x, 10, name, 9.5, "right") for x, name in labels)), keep=True
    )
    for category, sum_ in document.categories:
        lines = [line for line in document.lines if line.category == category]
        yield _category(words.categories.get(category, printable(category)), lines, amount(sum_, document.currency))
    yield from _sums(document, words)


def _category(name: str, lines: Sequence[BillLine], sum_: str) -> Row:
    used = quantity(lines[0].category, sum(line.quantity for line in lines)) if lines else ""
    cells = ((_ITEMS, f"{len(lines):,}" if lines else ""), (_USED, used), (FULL, sum_))
    marks = (Text(x, 12, text, 11, "right") for x, text in cells if text)
    return Row(16.5, (fitted(Text(0, 12, name, 11), 230), *marks), keep=True)


def _sums(document: BillDocument, words: Words) -> Iterator[Row]:
    """The month's total, what came on top of it and off it, and what is left, which stands between two rules."""
    yield _sum(words.month_total, money(document.total, document.currency), rule=0.6)
    if document.late_fee:
        yield _sum(words.late_fee, money(document.late_fee, document.currency))
    if document.paid:
        yield _sum(words.paid, money(-document.paid, document.currency))
    name = words.overpaid if document.open < 0 else words.still_open
    rules = (level(0, FULL, 2, 1.2), level(0, FULL, 22, 1.2))
    sum_ = money(abs(document.open), document.currency)
    yield Row(24, (*rules, Text(0, 16.5, name, 12.5, bold=True), Text(FULL, 16.5, sum_, 12.5, "right", bold=True)))
    yield _SPACE


def _sum(name: str, sum_: str, rule: float = 0) -> Row:
    rules = (level(0, FULL, 2, rule),) if rule else ()
    return Row(17.5, (*rules, Text(0, 14, name, 11), Text(FULL, 14, sum_, 11, "right")), keep=True)


def _arrears(document: BillDocument, words: Words) -> Iterator[Row]:
    if not document.arrears:
        return
    yield heading(words.arrears)
    unit = words.amount(symbol(document.currency))
    labels = (Text(0, 10, words.open_month, 9.5), Text(150, 10, words.due, 9.5), Text(FULL, 10, unit, 9.5, "right"))
    again = (heading(words.arrears + words.continued), Row(15, labels, keep=True))
    yield again[1]
    for number, month in enumerate(document.arrears):
        cells = (Text(0, 12, words.month(month.month), 11), Text(150, 12, words.date(month.due), 11))
        sum_ = Text(FULL, 12, amount(month.amount, document.currency), 11, "right")
        yield Row(16.5, (*cells, sum_), number in (0, len(document.arrears) - 1), again if number else ())
    total = money(sum(month.amount for month in document.arrears), document.currency)
    texts = (Text(0, 16, words.arrears_total, 12, bold=True), Text(FULL, 16, total, 12, "right", bold=True))
    yield Row(20, (level(0, FULL, 2, 0.6), *texts))
    yield _SPACE


def _paying(document: BillDocument, words: Words) -> Iterator[Row]:
    if not document.issuer.how_to_pay or not (document.open > 0 or document.arrears):
        return
    yield heading(words.how_to_pay)
    for number, sentence in enumerate(document.issuer.how_to_pay, 1):
        first, *rest = paragraph(printable(sentence), 10.5, 18)
        yield Row(first.height, (Text(0, 11.5, f"{number}.", 10.5), *first.marks), first.keep)
        yield from rest
    yield _SPACE
