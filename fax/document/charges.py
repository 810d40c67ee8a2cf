"""Each call and charge as rows of a column: by category, with headings, subtotals, and what is not listed said so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
    """The lines of one category, in the order of time.

    ``listed`` is what they add up to, ``used`` all their seconds or kilobytes, ``billed`` what the bill says it costs.
    """

    category: str
    lines: tuple[BillLine, ...]
    listed: int
    used: str
    billed: int

    @property
    def lonely(self) -> bool:
        """One charge that is the whole group: it needs no column labels and is its own subtotal."""
        return len(self.lines) == 1 and self.billed == self.listed


def groups(document: BillDocument) -> list[Group]:
    """The categories that have lines: in the bill's order, then in ours, then any that we do not know."""
    billed = dict(document.categories)
    found: dict[str, list[BillLine]] = {category: [] for category in (*billed, *CATEGORIES)}
    for line in sorted(document.lines, key=lambda line: line.at):
        found.setdefault(line.category, []).append(line)
    return [_group(category, tuple(lines), billed.get(category)) for category, lines in found.items() if lines]


def _group(category: str, lines: tuple[BillLine, ...], billed: int | None) -> Group:
    listed = sum(line.amount for line in lines)
    used = quantity(category, sum(line.quantity for line in lines))
    return Group(category, lines, listed, used, listed if billed is None else billed)


class Charges:
    """The rows of one document's lines; the cells lie beside each other as the widest amount allows.

    Rows are made for the first ``most`` lines only: a bill may have far more than its pages can take.
    """

    def __init__(self, document: BillDocument, most: int) -> None:
        self._words: Words = WORDS[document.language]
        self._currency, self._masked = document.currency, document.masked
        self._groups = groups(document)
        self._unit = self._words.amount(symbol(document.currency))
        times = (width(self._time(line.at), _SIZE) for group in self._groups for line in group.lines[:most])
        self._at = max(width(self._words.at, 9), *times) + _SPACE
        self._used = COLUMN - self._widest() - _SPACE
        self._rows: list[list[tuple[Row, ...]]] = []
        for group in self._groups:
            self._rows.append(self._listed(group, max(0, most)))
            most -= len(group.lines)

    def _widest(self) -> float:
        sums = {amount(line.amount, self._currency) for group in self._groups for line in group.lines}
        sums |= {money(group.billed, self._currency) for group in self._groups}
        return max(width(self._unit, 9), *(width(text, _SIZE) + 1 for text in sums), 0)

    def rows(self, shown: int) -> list[Row]:
        """All groups with their headings and subtotals; of their lines the first ``shown``, in this order."""
        found: list[Row] = []
        for group, listed in zip(self._groups, self._rows, strict=True):
            found += self._group(group, listed[: max(0, shown)])
            shown -= len(group.lines)
        return found

    def _group(self, group: Group, listed: Sequence[tuple[Row, ...]]) -> Iterator[Row]:
        yield _title(self._name(group))
        if listed and not group.lonely:
            yield self._labels(group)
        yield from (row for rows in listed[:-2] for row in rows)
        for row in (row for rows in listed[-2:] for row in rows):  # a subtotal does not stand alone on a column
            yield row if group.lonely else replace(row, keep=True)
        yield from self._end(group, len(listed))

    def _name(self, group: Group) -> str:
        return self._words.categories.get(group.category, printable(group.category))

    def _labels(self, group: Group) -> Row:
        words, calls = self._words, bool(quantity(group.category, 1)) and group.category != "data"
        other = words.other_party if calls or any(line.number for line in group.lines) else ""
        used = words.volume if group.category == "data" else words.duration if calls else ""
        cells = (Text(0, 9.5, words.at, 9), Text(self._at, 9.5, other, 9))
        right = (Text(self._used, 9.5, used, 9, "right"), Text(COLUMN, 9.5, self._unit, 9, "right"))
        return Row(13, tuple(cell for cell in (*cells, *right) if cell.text), keep=True)

    def _listed(self, group: Group, most: int) -> list[tuple[Row, ...]]:
        again = (_title(self._name(group) + self._words.continued), self._labels(group))
        return [
            tuple(self._line(line, keep=number == 0, again=again if number else ()))
            for number, line in enumerate(group.lines[:most])
        ]

    def _line(self, line: BillLine, keep: bool, again: tuple[Row, ...]) -> Iterator[Row]:
        used, other = quantity(line.category, line.quantity), self._other(line)
        room = self._used - self._at - (width(used, _SIZE) + _SPACE if used else 0)
        sum_ = Text(COLUMN, 10, amount(line.amount, self._currency), _SIZE, "right")
        cells = [Text(0, 10, self._time(line.at), _SIZE), fitted(sum_, COLUMN - self._at)]
        cells += [Text(self._used, 10, used, _SIZE, "right")] if used else []
        beside = width(other, _SIZE) * 0.8 <= room
        cells += [fitted(Text(self._at, 10, other, _SIZE), room)] if other and beside else []
        yield Row(_LINE, tuple(cells), keep or not beside, again)
        if not beside:
            yield Row(_LINE, (fitted(Text(14, 10, other, _SIZE), COLUMN - 14),), keep)

    def _end(self, group: Group, shown: int) -> Iterator[Row]:
        words, count = self._words, len(group.lines)
        if group.lonely and shown:
            yield Row(8)
            return
        if shown < count:
            said = words.shown_of(shown, count) if shown else words.none_listed
            yield Row(_LINE + 1, (fitted(Text(0, 10.5, said, 9.5), COLUMN),), keep=True)
        if group.billed != group.listed:
            rest = group.billed - group.listed
            said = words.without_detail if rest > 0 else words.reduced
            sum_ = Text(COLUMN, 10.5, amount(rest, self._currency), _SIZE, "right")
            yield Row(_LINE + 1, (Text(0, 10.5, said, _SIZE), sum_), keep=True)
        cells = [Text(0, 13, words.subtotal(count), _SIZE, bold=True)]
        cells += [Text(self._used, 13, group.used, _SIZE, "right", bold=True)] if group.used else []
        sum_ = Text(COLUMN, 13, money(group.billed, self._currency), _SIZE, "right", bold=True)
        yield Row(25, (level(0, COLUMN, 2.5, 0.5), *cells, sum_))

    def _time(self, at: str) -> str:
        day, clock = self._words.short_date(at[:10]), at[11:]
        return day if clock in ("", "00:00:00") else f"{day} {clock}"

    def _other(self, line: BillLine) -> str:
        if line.number:
            return printable(masked(line.number) if self._masked else line.number)
        return self._words.given_back if line.amount < 0 else ""


def _title(name: str) -> Row:
    return Row(21, (fitted(Text(0, 13, name, 11.5, bold=True), COLUMN), level(0, COLUMN, 17.5, 0.9)), keep=True)
