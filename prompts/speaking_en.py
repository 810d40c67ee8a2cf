"""American English: numbers, money, dates, times and digits as words of a finite inventory.

No "and" inside a number: it is kept for the cents, where it tells the listener that the end has come.
"""

from __future__ import annotations

from typing import Final

_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
BELOW_HUNDRED: Final = tuple(
    _SMALL[n] if n < 20 else _TENS[n // 10] + (f"-{_SMALL[n % 10]}" if n % 10 else "") for n in range(100)
)
_FIRST: Final = (
    *("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh"),
    *("eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
_ODD_ORDINALS: Final = {"twenty": "twentieth", "thirty": "thirtieth"}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
KEYS: Final = {**{str(n): _SMALL[n] for n in range(10)}, "*": "star", "#": "pound key"}
YEARS: Final = range(2015, 2041)  # spoken as one piece
SCALES: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
UNITS: Final = {"USD": (("dollar", "dollars"), ("cent", "cents")), "CNY": (("yuan", "yuan"), ("fen", "fen"))}
MINUS: Final = "minus"


def _group(number: int) -> tuple[str, ...]:
    hundreds, tail = divmod(number, 100)
    words = (f"{_SMALL[hundreds]} hundred",) if hundreds else ()
    return (*words, BELOW_HUNDRED[tail]) if tail else words


def cardinal(number: int) -> tuple[str, ...]:
    """A whole number from 0 on: 12345 -> twelve thousand, three hundred, forty-five."""
    words: tuple[str, ...] = ()
    rest = number
    for size, scale in SCALES:
        high, rest = divmod(rest, size)
        if high:
            words = (*words, *_scaled(_group(high), scale))
    return (*words, *_group(rest)) or ("zero",)


def _scaled(words: tuple[str, ...], scale: str) -> tuple[str, ...]:
    if scale == "thousand" and words[-1] in BELOW_HUNDRED:
        return (*words[:-1], f"{words[-1]} {scale}")
    return (*words, scale)


def count(number: int) -> tuple[str, ...]:
    """A number of things."""
    return cardinal(number) if number >= 0 else (MINUS, *cardinal(-number))


def with_unit(words: tuple[str, ...], unit: str) -> tuple[str, ...]:
    """The unit joined to a short last word, or after it."""
    if words[-1] in BELOW_HUNDRED:
        return (*words[:-1], f"{words[-1]} {unit}")
    return (*words, unit)


def money(amount: int, currency: str) -> tuple[str, ...]:
    """Cents as dollars and cents: 12345 -> one hundred, twenty-three dollars, and forty-five cents."""
    (one, many), (one_part, many_part) = UNITS[currency]
    whole, part = divmod(abs(amount), 100)
    words: tuple[str, ...] = ()
    if whole or not part:
        words = with_unit(cardinal(whole), one if whole == 1 else many)
    if part:
        unit = one_part if part == 1 else many_part
        words = (*words, f"and {BELOW_HUNDRED[part]} {unit}") if whole else (BELOW_HUNDRED[part], unit)
    return (MINUS, *words) if amount < 0 else words


def ordinal(number: int) -> str:
    """The day of a month: 23 -> twenty-third."""
    if number < len(_FIRST):
        return _FIRST[number]
    tens, dash, _ones = BELOW_HUNDRED[number].partition("-")
    return f"{tens}-{_FIRST[number % 10]}" if dash else _ODD_ORDINALS.get(tens, tens + "th")


def year(number: int) -> tuple[str, ...]:
    """A year in pairs: twenty twenty-six; nineteen oh-five; two thousand five."""
    if number in YEARS:
        return (f"{BELOW_HUNDRED[number // 100]} {BELOW_HUNDRED[number % 100]}",)
    high, low = divmod(number, 100)
    if number < 1000 or number % 1000 < 10:
        return cardinal(number)
    if not low:
        return (BELOW_HUNDRED[high], "hundred")
    return (BELOW_HUNDRED[high], BELOW_HUNDRED[low] if low > 9 else f"oh-{_SMALL[low]}")


def month(year_number: int, month_number: int) -> tuple[str, ...]:
    """November, twenty twenty-six."""
    return (MONTHS[month_number - 1], *year(year_number))


def date(year_number: int, month_number: int, day: int) -> tuple[str, ...]:
    """November, twenty-third, twenty twenty-six."""
    return (MONTHS[month_number - 1], ordinal(day), *year(year_number))


def time(hour: int, minute: int) -> tuple[str, ...]:
    """A time of the day: nine, a.m.; six, thirty, p.m.; twelve, noon; twelve, midnight."""
    spoken = BELOW_HUNDRED[hour % 12 or 12]
    if not minute and hour % 12 == 0:
        return (spoken, "noon" if hour == 12 else "midnight")
    minutes = () if not minute else (BELOW_HUNDRED[minute] if minute > 9 else f"oh-{_SMALL[minute]}",)
    return (spoken, *minutes, "p.m." if 12 <= hour < 24 else "a.m.")


def inventory(currency: str) -> tuple[str, ...]:
    """Every word that the rules above can give, and the parts that can stand in for a lost piece."""
    (one, many), (one_part, many_part) = UNITS[currency]
    words = [*BELOW_HUNDRED, *(f"{n} hundred" for n in _SMALL[1:10])]
    words += [f"{n} thousand" for n in BELOW_HUNDRED[1:]] + [scale for _, scale in SCALES]
    words += [f"{n} {many}" for n in BELOW_HUNDRED] + [f"one {one}", one, many, one_part, many_part]
    words += [f"and {n} {many_part}" for n in BELOW_HUNDRED[1:]] + [f"and one {one_part}"]
    words += [*MONTHS, *(ordinal(n) for n in range(1, 32)), *(year(n)[0] for n in YEARS)]
    words += [f"oh-{n}" for n in _SMALL[1:10]] + ["a.m.", "p.m.", "noon", "midnight", "hundred", "and", "oh"]
    return tuple(dict.fromkeys([*words, *KEYS.values(), MINUS]))


def may_close(words: str, currency: str) -> bool:
    """Whether a sentence can end on this word often enough to keep it with a falling voice too."""
    (one, many), (one_part, many_part) = UNITS[currency]
    ends = (one, many, one_part, many_part, "a.m.", "p.m.", "noon", "midnight", *KEYS.values(), *BELOW_HUNDRED)
    return (words.rsplit(maxsplit=1)[-1] in ends and not words.startswith("oh-")) or words in {
        year(n)[0] for n in YEARS
    }
