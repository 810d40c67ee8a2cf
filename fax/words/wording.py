"""What a language has to say to be able to print a bill."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\d", re.ASCII)


def is_day(text: str) -> bool:
    """Whether it is a date as ISO writes it; anything else that a billing system gives is printed as it is."""
    return _DAY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Labels, and functions for what depends on a number or a date."""

    title: str
    name: str
    number: str
    account: str
    period: str
    issued: str
    job: str
    telephone: str
    pay_now: str
    nothing_due: str
    credit: str
    pay_by: Callable[[str], str]

    summary: str
    category: str
    items: str
    quantity: str
    amount: Callable[[str], str]
    categories: Mapping[str, str]
    month_total: str
    late_fee: str
    paid: str
    still_open: str
    overpaid: str

    arrears: str
    open_month: str
    due: str
    arrears_total: str
    how_to_pay: str

    details: str
    no_lines: str
    at: str
    other_party: str
    duration: str
    volume: str
    given_back: str
    continued: str
    subtotal: Callable[[int], str]
    without_detail: str
    reduced: str
    count: Callable[[int], str]
    first_lines: Callable[[int, int], str]
    none_listed: str
    shown_of: Callable[[int, int], str]

    page: Callable[[int, int], str]
    month: Callable[[str], str]
    days: Callable[[str], str]
    date: Callable[[str], str]
    short_date: Callable[[str], str]
    resumed: Callable[[int], str]
    repeat: Callable[[int], str]
    joined: str
