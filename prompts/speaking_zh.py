"""Mandarin: numbers, money, dates, times and digits as words of a finite inventory.

零 fills one gap, however many places it spans; 十 opens a number, 一十 stands inside one; 两 comes before 千, 万,
亿, before 百 at the head, and before 元, 点 and things counted; 幺 is the 1 of numbers read digit by digit.
"""

from __future__ import annotations

from typing import Final

DIGITS: Final = "零一二三四五六七八九"
SPELT: Final = "零幺二三四五六七八九"
KEYS: Final = {**dict(zip("0123456789", DIGITS, strict=True)), "*": "星号键", "#": "井号键"}
YEARS: Final = range(2015, 2041)  # spoken as one piece
UNITS: Final = {"CNY": "元", "USD": "美元"}
MINUS: Final = "负"


def _below_hundred(number: int, inside: bool) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    head = "" if tens == 1 and not inside else DIGITS[tens]
    return f"{head}十{DIGITS[ones] if ones else ''}"


def _group(number: int, inside: bool) -> list[str]:
    """1 to 9999 as words; ``inside``: a higher group was spoken before."""
    thousands, rest = divmod(number, 1000)
    hundreds, tail = divmod(rest, 100)
    words = [("两" if thousands == 2 else DIGITS[thousands]) + "千"] if thousands else []
    if hundreds:
        words.append(("两" if hundreds == 2 and not words and not inside else DIGITS[hundreds]) + "百")
    opened = bool(words) or inside
    if words and tail and (not hundreds or tail < 10):
        words.append(f"零{_below_hundred(tail, True)}" if tail < 10 else "零")
        tail = 0 if tail < 10 else tail
    return words + ([_below_hundred(tail, opened)] if tail else [])


def cardinal(number: int) -> tuple[str, ...]:
    """A whole number from 0 on: 12345 -> 一万, 两千, 三百, 四十五."""
    if number < 10_000:
        return tuple(_group(number, False)) or ("零",)
    size, unit = (100_000_000, "亿") if number >= 100_000_000 else (10_000, "万")
    high, low = divmod(number, size)
    words = ["两"] if high == 2 else list(cardinal(high))
    words = [*words[:-1], words[-1] + unit] if unit == "万" else [*words, unit]
    if not low:
        return tuple(words)
    return (*words, *_after_gap(low, size))


def _after_gap(low: int, size: int) -> tuple[str, ...]:
    """What follows 万 or 亿: 零 first when the next place is empty."""
    if low >= 10_000:
        high, rest = divmod(low, 10_000)
        words = ["两"] if high == 2 else _group(high, True)
        words = _zero_first([*words[:-1], words[-1] + "万"]) if high < 1000 else [*words[:-1], words[-1] + "万"]
        return (*words, *(_after_gap(rest, 10_000) if rest else ()))
    words = _group(low, True)
    return tuple(_zero_first(words)) if low < 1000 or size > 10_000 else tuple(words)


def _zero_first(words: list[str]) -> list[str]:
    """零 in front; joined to a single digit, so that 零五 is one piece."""
    return ["零" + words[0], *words[1:]] if words[0] in DIGITS else ["零", *words]


def count(number: int) -> tuple[str, ...]:
    """A number of things before its measure word: 2 is 两."""
    sign, number = ((MINUS,), -number) if number < 0 else ((), number)
    return (*sign, *(("两",) if number == 2 else cardinal(number)))


def with_unit(words: tuple[str, ...], unit: str) -> tuple[str, ...]:
    """The unit joined to the last word, or after it where the last word is long already (万, 亿)."""
    if words[-1][-1] in "万亿":
        return (*words, unit)
    return (*words[:-1], words[-1] + unit)


def money(amount: int, currency: str) -> tuple[str, ...]:
    """Fen (or US cents) as 元角分: 1205 -> 十二元, 零五分; 20 -> 两角."""
    whole, part = divmod(abs(amount), 100)
    words: tuple[str, ...] = ()
    if whole or not part:
        words = with_unit(count(whole), UNITS[currency])
    if part:
        words = (*words, *_small_money(part, currency, bool(whole)))
    return (MINUS, *words) if amount < 0 else words


def _small_money(part: int, currency: str, after: bool) -> tuple[str, ...]:
    if currency != "CNY":
        bare = "两" if part == 2 and not after else _below_hundred(part, after)
        return (("零" if after and part < 10 else "") + bare + "美分",)
    jiao, fen = divmod(part, 10)
    words = [("两" if jiao == 2 and not after else DIGITS[jiao]) + "角"] if jiao else []
    if fen:
        gap = "零" if after and not jiao else ""
        words.append(gap + ("两" if fen == 2 and not after and not jiao else DIGITS[fen]) + "分")
    return tuple(words)


def year(number: int) -> tuple[str, ...]:
    """A year digit by digit: 二零二六年, one piece for the years of our time."""
    words = [DIGITS[int(digit)] for digit in str(number)]
    return ("".join(words) + "年",) if number in YEARS else (*words, "年")


def month(year_number: int, month_number: int) -> tuple[str, ...]:
    """二零二六年, 十一月."""
    return (*year(year_number), _below_hundred(month_number, False) + "月")


def date(year_number: int, month_number: int, day: int) -> tuple[str, ...]:
    """二零二六年, 十一月, 二十三日."""
    return (*month(year_number, month_number), _below_hundred(day, False) + "日")


def time(hour: int, minute: int) -> tuple[str, ...]:
    """A time of the day: 上午, 九点; 晚上, 六点, 三十分; 凌晨, 零点."""
    part = next(name for first, name in PARTS_OF_DAY if hour >= first)
    spoken = hour - 12 if 12 < hour < 24 else hour
    words = (part, ("两" if spoken == 2 else _below_hundred(spoken, False)) + "点")
    return words if not minute else (*words, ("零" if minute < 10 else "") + _below_hundred(minute, False) + "分")


PARTS_OF_DAY: Final = ((24, "夜里"), (18, "晚上"), (13, "下午"), (12, "中午"), (6, "上午"), (0, "凌晨"))


def inventory(currency: str) -> tuple[str, ...]:
    """Every word that the rules above can give, and the single characters that can stand in for a lost piece."""
    tails = [_below_hundred(n, False) for n in range(100)] + [_below_hundred(n, True) for n in range(10, 20)]
    tails += ["零" + digit for digit in DIGITS[1:]]
    rounds = [digit + unit for unit in "百千" for digit in DIGITS[1:] + "两"]
    numbers = [*tails, *rounds, "两"]
    words = [*numbers, *(n + UNITS[currency] for n in numbers), *(n + "万" for n in numbers)]
    words += _small_units(tails, currency)
    words += [_below_hundred(n, False) + "月" for n in range(1, 13)] + [
        _below_hundred(n, False) + "日" for n in range(1, 32)
    ]
    words += ["".join(DIGITS[int(d)] for d in str(n)) + "年" for n in YEARS]
    words += [_below_hundred(n, False) + "点" for n in range(25)] + ["两点", *(name for _, name in PARTS_OF_DAY)]
    words += [*SPELT, *KEYS.values(), *"零十百千万亿元角分年月日点", UNITS[currency], MINUS]
    return tuple(dict.fromkeys(words))


def _small_units(tails: list[str], currency: str) -> list[str]:
    minutes = [tail + "分" for tail in tails[1:60] + tails[-9:]] + ["两分"]
    if currency != "CNY":
        return minutes + [tail + "美分" for tail in [*tails[1:], "两"]] + ["美分"]
    return minutes + [digit + "角" for digit in DIGITS[1:] + "两"]
