"""The single charges behind a demonstration bill: the same for the same seed, adding up to each part to the fen.

Calls and data are charged by a tariff, so that what a charge cost fits how long it was: local 15 fen a minute, long
distance 30 fen a minute, data a fen for each 100 kilobytes. About twenty lines a bill.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_bridge.schema import PARTS

Row = tuple[Any, ...]
_FROM, _UNTIL = 7 * 3_600, 23 * 3_600  # nobody calls at night
_AREAS: Final = ("010", "021", "0755", "028", "027", "0571")


@dataclass(frozen=True, slots=True)
class Habit:
    """One charge for each so many fen, ``most`` at most; so many seconds or kilobytes for a fen."""

    each: int
    most: int
    for_a_fen: int


HABITS: Final = dict(
    zip(
        PARTS,
        (Habit(1, 1, 0), Habit(120, 14, 4), Habit(150, 8, 2), Habit(400, 6, 100), Habit(300, 2, 0)),
        strict=True,
    )
)
# a company whose bill fills 40 pages of a fax
CROWDED: Final = HABITS | {
    "local": Habit(45, 2_300, 4),
    "long_distance": Habit(80, 1_400, 2),
    "data": Habit(150, 300, 100),
}


def charges_of(bill: Row, seed: int, days: int = 28, habits: Mapping[str, Habit] = HABITS) -> list[Row]:
    """Rows in the order of the table ``charges``, by time, in the first ``days`` of the bill's month."""
    customer, month = bill[:2]
    chance = random.Random((seed * 1_000_003 + customer) * 1_000_000 + int(month.replace("-", "")))
    found = sorted(
        line
        for part, total in zip(PARTS, bill[3 : 3 + len(PARTS)], strict=True)
        for line in _lines((part, habits[part]), total, chance, days)
    )
    return [
        (customer, month, number, f"{month}-{day:02d} {_clock(second)}", *rest)
        for number, (day, second, *rest) in enumerate(found, 1)
    ]


def given_back(rows: Sequence[Row]) -> list[Row]:
    """A call more, and its price back: two rows to stand after these, which change no sum."""
    customer, month, line, at = rows[-1][:4]
    call = ("local", "13912345678", 480, 120)
    return [
        (customer, month, line + 1, at, *call),
        (customer, month, line + 2, at, *call[:2], 0, -call[3]),
    ]


def _lines(kind: tuple[str, Habit], total: int, chance: random.Random, days: int) -> Iterator[Row]:
    part, habit = kind
    if part == "rental":
        if total:
            yield (1, 0, part, "", 0, total)
        return
    for amount in _split(total, min(habit.most, 1 + total // habit.each), chance):
        day, second = 1 + int(chance.random() * days), _FROM + int(chance.random() * (_UNTIL - _FROM))
        yield (day, second, part, _other(part, chance), amount * habit.for_a_fen, amount)


def _split(total: int, count: int, chance: random.Random) -> Sequence[int]:
    """So many amounts above zero (fewer when the total is too small) that add up to the total."""
    if total <= 0:
        return ()
    cuts = sorted(chance.sample(range(1, total), min(count, total) - 1))
    return [above - below for below, above in zip([0, *cuts], [*cuts, total], strict=True)]


def _other(part: str, chance: random.Random) -> str:
    if part == "local":
        return f"13{int(chance.random() * 10**9):09d}"
    if part == "long_distance":
        return f"{_AREAS[int(chance.random() * len(_AREAS))]}{2 * 10**7 + int(chance.random() * 6 * 10**7)}"
    return ""


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
