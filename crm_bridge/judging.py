"""Which new query passwords are too easy to guess, and why: pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

SHORTEST: Final = 6
LONGEST: Final = 8
_KEYPAD: Final = (
    "147258369",
    "258369147",
    "741852963",
    "963852741",
    "159357",
    "159753",
    "357159",
    "753951",
    "951753",
    "357951",
    "123654789",
    "321456987",
    "789456123",
    "987654321",
    "147852369",
    "369852147",
    "1478963",
    "3698741",
    "7896321",
    "9874123",
    "12369874",
    "14789632",
    "1470",
    "2580",
    "0852",
    "3690",
)
# Often met in leaked lists, and not caught by any rule below.
_COMMON: Final = frozenset(
    """
    112233 123321 332211 223344 334455 445566 556677 667788 778899 998877 887766 776655 665544 554433 443322 112211
    221122 123654 456123 123789 789123 321654 654123 456321 147147 258258 369369 520520 521521 131420 520131 520134
    131452 201314 521131 134520 520530 530520 584520 584521 920920 201414 314159 141592 271828 161803 142536 415263
    102030 203040 304050 405060 506070 607080 708090 908070 101112 111213 121314 131415 141516 151617 161718 171819
    181920 192021 202122 212223 010203 020304 030405 040506 050607 060708 070809 123987 987123 246810 108642 135790
    135791 097531 024680 086420 975310 246824 135246 246135 147369 369147 258147 147963 741963 963741 159951 951159
    357753 753357 456852 852456 456654 654456 789987 987789 147741 741147 258852 852258 369963 963369 123698 321478
    147896 147895 123580 125800 258000 110110 119119 120120 114114 112112 911911 100861 100100 100000 200000 100001
    110011 001100 168168 188188 518518 518888 168888 188888 668866 886688 666888 888666 668899 998866 886699 669988
    696969 969696 420420 007007 700700 123000 000123 112358 235711 192837 918273 829130 564738 102938 473829 135795
    975318 112244 224466 446688 113355 335577 557799 115599 123450 543210 098765 678900 123455 122333 333221 111222
    222333 333444 444555 555666 777888 888999 999888 888777 777666 555444 444333 222111 111333 333111 666999 999666
    111000 000111 222000 888000 000888 666000 000666 999000 147852 258963 369258 12344321 43211234 11223344 44332211
    12131415 52013140 13145200 52013144 14725836 36925814 12345687 87654312 10203040 20131400 55667788 66778899
    1314520 5201314 1314521 5211314 7758521 7758258 1230123 3214321 1472580 1122334 1020304 5845201 7418529 1236987
    """.split()  # noqa: SIM905
)
_RUN_UP: Final = "01234567890"
_RUN_DOWN: Final = _RUN_UP[::-1]


def judge(password: str, number: str) -> str:
    """ "fine", or the reason: wrong_length, repeated, sequence, part_of_number, year, too_common.

    ``number`` is the customer's own telephone number.
    """
    if not (password.isascii() and password.isdigit() and SHORTEST <= len(password) <= LONGEST):
        return "wrong_length"
    for reason, holds in (
        ("repeated", _repeated(password)),
        ("sequence", _sequence(password)),
        ("part_of_number", _of_number(password, number)),
        ("year", _year(password)),
        ("too_common", password in _COMMON or password[::-1] in _COMMON),
    ):
        if holds:
            return reason
    return "fine"


def _repeated(password: str) -> bool:
    """Two different digits at most, or one short piece again and again."""
    again = any(password == (password[:size] * len(password))[: len(password)] for size in (1, 2, 3))
    return again or len(set(password)) <= 2


def _sequence(password: str) -> bool:
    """Up, down, or along lines of the keypad; also two runs of three."""
    lines = (_RUN_UP, _RUN_DOWN, *_KEYPAD, *(line[::-1] for line in _KEYPAD))
    if any(password in line or (len(line) >= SHORTEST and password.startswith(line)) for line in lines):
        return True
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(password)}
    halves = (password[:3], password[3:6])
    return len(steps) == 1 or (len(password) == 6 and all(_straight(half) for half in halves))


def _straight(half: str) -> bool:
    return half in _RUN_UP or half in _RUN_DOWN


def _of_number(password: str, number: str) -> bool:
    """The number holds it (either way round), or it holds the number's last five digits or more."""
    if len(number) < 5:
        return False
    return password in number or password[::-1] in number or number[-5:] in password


_BIRTHDAY: Final = re.compile(r"(?:(?:19|20)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\Z")


def _year(password: str) -> bool:
    """A year of a living memory at either end, or a day written year month day, with or without the century."""
    years = (password[:4], password[-4:])
    return any("1920" <= year <= "2039" for year in years) or _BIRTHDAY.match(password) is not None
