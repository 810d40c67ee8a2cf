"""Each call and charge as rows of a column: by category, with headings, subtotals, and what is not listed said so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fax.bill import CATEGORIES, BillDocument, BillLine
from fax.document.figures import amount, masked, money, quantity, symbol
from fax.document.flowing import COLUMN
from fax.document.marks import Row, Text, fitted, level
from fax.document.typeface import printable, width
from fax.words import WORDS, Words

_SIZE: Final = 10.0
_LINE: Final = 13.2
_SPACE: Final = 9.0  # between the cells of a line


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one category, in the order of time, and what the bill says this category costs."""

    category: str
    lines: tuple[BillLine, ...]
    billed: int | None


def groups(document: BillDocument) -> list[Group]:
    """The categories that have lines: in the bill's order, then in ours, then any that we do not know."""
    billed = dict(document.categories)
    found: dict[str, list[BillLine]] = {category: [] for category in (*billed, *CATEGORIES)}
    for line in sorted(document.lines, key=lambda line: line.at):
        found.setdefault(line.category, []).append(line)
    return [Group(category, tuple(lines), billed.get(category)) for category, lines in found.items() if lines]


def rows(document: BillDocument, grouped: Sequence[Group], shown: int) -> list[Row]:
    """All groups with their headings and subtotals; of their lines the first ``shown``."""
    columns = _Columns(document)
    found: list[Row] = []
    for group in grouped:
        found += columns.group(group, max(0, min(shown, len(group.lines))))
        shown -= len(group.lines)
    return found


class _Columns:
    """How the cells of one document's lines lie beside each other: as wide as the widest amount needs."""

    def __init__(self, document: BillDocument) -> None:
        self._words: Words = WORDS[document.language]
        self._currency, self._masked = document.currency, document.masked
        sums = {amount(line.amount, document.currency) for line in document.lines}
        self._number = max((width(self._time(line.at), _SIZE) for line in document.lines[:100]), default=0) + _SPACE
        self._used = COLUMN - max((width(text, _SIZE) for text in sums), default=0) - _SPACE

    def group(self, group: Group, shown: int) -> Iterator[Row]:
        """One category: what must stay together with what is marked on the rows."""
        name = self._words.categories.get(group.category, printable(group.category))
        labels = self._labels(group.category)
        again = (_title(name + self._words.continued), labels)
        yield _title(name, group.lines)
        if shown:
            yield labels
        for number, line in enumerate(group.lines[:shown]):
            keep = number == 0 or number == shown - 2
            yield from self._line(line, keep or number == shown - 1, again if number else ())
        yield from self._end(group, shown)

    def _labels(self, category: str) -> Row:
        words = self._words
        unit = words.amount(symbol(self._currency))
        used = words.volume if category == "data" else words.duration if quantity(category, 1) else ""
        other = words.other_party if category != "data" else ""
        cells = (Text(0, 9.5, words.at, 9), Text(self._number, 9.5, other, 9))
        right = (Text(self._used, 9.5, used, 9, "right"), fitted(Text(COLUMN, 9.5, unit, 9, "right"), 60))
        return Row(12.5, tuple(cell for cell in (*cells, *right) if cell.text), keep=True)

    def _line(self, line: BillLine, keep: bool, again: tuple[Row, ...]) -> Iterator[Row]:
        used = quantity(line.category, line.quantity)
        room = self._used - self._number - (width(used, _SIZE) + _SPACE if used else 0)
        sum_ = Text(COLUMN, 10, amount(line.amount, self._currency), _SIZE, "right")
        cells = [Text(0, 10, self._time(line.at), _SIZE), fitted(sum_, COLUMN - self._number)]
        cells += [Text(self._used, 10, used, _SIZE, "right")] if used else []
        other = self._other(line)
        if not other or width(other, _SIZE) * 0.8 <= room:
            cells += [fitted(Text(self._number, 10, other, _SIZE), room)] if other else []
            yield Row(_LINE, tuple(cells), keep, again)
            return
        yield Row(_LINE, tuple(cells), True, again)
        yield Row(_LINE, (fitted(Text(self._number, 10, other, _SIZE), COLUMN - self._number),), keep)

    def _end(self, group: Group, shown: int) -> Iterator[Row]:
        words, count = self._words, len(group.lines)
        listed = sum(line.amount for line in group.lines)
        if shown < count:
            said = words.shown_of(shown, count) if shown else words.none_listed
            yield Row(_LINE + 1, (fitted(Text(0, 10.5, said, 9.5), COLUMN),), keep=True)
        if group.billed is not None and group.billed != listed:
            rest = money(group.billed - listed, self._currency)
            yield Row(
                _LINE + 1, (Text(0, 10.5, words.without_detail, _SIZE), Text(COLUMN, 10.5, rest, _SIZE, "right")), True
            )
            listed = group.billed
        used = quantity(group.category, sum(line.quantity for line in group.lines))
        cells = [Text(0, 13, words.subtotal(count), _SIZE, bold=True)]
        cells += [Text(self._used, 13, used, _SIZE, "right", bold=True)] if used else []
        sum_ = Text(COLUMN, 13, money(listed, self._currency), _SIZE, "right", bold=True)
        yield Row(26, (level(0, COLUMN, 2.5, 0.5), *cells, sum_))

    def _time(self, at: str) -> str:
        day, clock = self._words.short_date(at[:10]), at[11:]
        return day if clock in ("", "00:00:00") else f"{day} {clock}"

    def _other(self, line: BillLine) -> str:
        if line.number:
            return printable(masked(line.number) if self._masked else line.number)
        return self._words.given_back if line.amount < 0 else ""


def _title(name: str, lines: Sequence[BillLine] = ()) -> Row:
    return Row(20, (Text(0, 13, name, 11.5, bold=True), level(0, COLUMN, 17.5, 0.9)), keep=True)
