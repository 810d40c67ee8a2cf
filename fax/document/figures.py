"""Amounts, durations, volumes and numbers as a bill prints them: digits that line up, nothing to guess."""

from __future__ import annotations

from typing import Final

_MINUS: Final = "−"  # as wide as a digit and dark enough for a fax, unlike the hyphen
_SYMBOLS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_WHOLE: Final = ("JPY", "KRW", "VND")  # currencies without a smaller unit
_CALLS: Final = ("local", "long_distance")
_SHORT: Final = 6  # 10086, 110: service numbers, nobody's own


def amount(sum_: int, currency: str) -> str:
    """``-123456`` in CNY -> ``−1,234.56``, without the currency's sign."""
    sign, size = (_MINUS if sum_ < 0 else ""), abs(sum_)
    if currency in _WHOLE:
        return f"{sign}{size:,}"
    return f"{sign}{size // 100:,}.{size % 100:02d}"


def money(sum_: int, currency: str) -> str:
    """``-123456`` in CNY -> ``−¥1,234.56``; a currency without a sign of its own is named: ``CHF 1.20``."""
    sign = _MINUS if sum_ < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{amount(abs(sum_), currency)}"


def symbol(currency: str) -> str:
    """The sign of the currency, or its name."""
    return _SYMBOLS.get(currency, currency)


def quantity(category: str, number: int) -> str:
    """A call's seconds as h:mm:ss, data's kilobytes as KB, MB or GB; nothing for other charges or for zero of them."""
    if number <= 0:
        return ""
    if category in _CALLS:
        return f"{number // 3600}:{number // 60 % 60:02d}:{number % 60:02d}"
    return _volume(number) if category == "data" else ""


def _volume(kilobytes: int) -> str:
    if kilobytes < 1024:
        return f"{kilobytes} KB"
    if kilobytes < 1024 * 1024:
        return f"{kilobytes / 1024:,.2f} MB"
    return f"{kilobytes / 1024 / 1024:,.2f} GB"


def masked(number: str) -> str:
    """``13812348001`` -> ``138****8001``: at least the four middle digits hidden; service numbers stay as they are."""
    places = [place for place, mark in enumerate(number) if mark.isdigit()]
    if len(places) <= _SHORT:
        return number
    hidden = max(4, len(places) - 8)
    first = (len(places) - hidden) // 2
    gone = set(places[first : first + hidden])
    return "".join("*" if place in gone else mark for place, mark in enumerate(number))
