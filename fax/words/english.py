"""The bill in English."""

from __future__ import annotations

from calendar import month_abbr, month_name, monthrange
from typing import Final

from fax.words.wording import Words, is_day


def _month(month: str) -> str:
    year, number = month.split("-")
    return f"{month_name[int(number)]} {year}"


def _days(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"1 to {monthrange(year, number)[1]} {month_name[number]}"


def _date(day: str) -> str:
    if not is_day(day):
        return day
    year, month, number = day.split("-")
    return f"{int(number)} {month_name[int(month)]} {year}"


def _count(count: int) -> str:
    return f"{count:,} item" if count == 1 else f"{count:,} items"


ENGLISH: Final = Words(
    title="Itemised bill",
    name="Customer",
    number="Number",
    account="Account",
    period="Period",
    issued="Issued",
    job="Fax job",
    telephone="Telephone",
    pay_now="Amount due",
    nothing_due="Nothing to pay",
    credit="Paid too much",
    pay_by=lambda day: f"Please pay by {_date(day)}",
    summary="Summary",
    category="Category",
    items="Items",
    quantity="Used",
    amount=lambda mark: f"Amount ({mark})",
    categories={
        "rental": "Line rental",
        "local": "Local calls",
        "long_distance": "Long-distance calls",
        "data": "Mobile data",
        "value_added": "Value-added services",
    },
    month_total="Total of this month",
    late_fee="Late fee",
    paid="Paid",
    still_open="To be paid for this month",
    overpaid="Paid too much this month",
    arrears="Months not yet paid",
    open_month="Month",
    due="Due",
    arrears_total="Total not yet paid",
    how_to_pay="How to pay",
    details="Calls and charges",
    no_lines="There are no calls or other charges in this period.",
    at="Date and time",
    other_party="Number",
    duration="Time",
    volume="Volume",
    given_back="Refund",
    continued=" (continued)",
    subtotal=lambda count: f"Subtotal, {_count(count)}",
    without_detail="Charged without detail",
    reduced="Discount or adjustment",
    count=_count,
    first_lines=lambda shown, count: (
        f"This fax lists the first {shown:,} of {count:,} items in this order; please ask a branch or customer service "
        "for the rest. The summary and the subtotals are of all items."
    ),
    none_listed="The items are not listed in this fax.",
    shown_of=lambda shown, count: f"The first {shown:,} of {count:,} items are listed.",
    page=lambda number, count: f"Page {number} of {count}",
    month=_month,
    days=_days,
    date=_date,
    short_date=lambda day: f"{day[8:]} {month_abbr[int(day[5:7])]}" if is_day(day) else day,
    resumed=lambda first: f"Continued from page {first}",
    repeat=lambda page: f"page {page} may be a repeat",
    joined="; ",
)
