"""Holidays out of an iCalendar file (RFC 5545), as rows that are shown before anything is taken.

A day that returns each year on the same date stays one yearly row; what else returns is written out by dates, for as
long as calendars are usually made. Pure: text in, JSON out; it is done in a child, for the text is a stranger's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import icalendar
import recurring_ical_events

Shape = dict[str, Any]
AHEAD: Final = timedelta(days=3 * 366)
MOST: Final = 400  # rows
LONGEST: Final = 62  # days of one row
NAME: Final = 80  # letters
RETURNS: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
WORKED: Final = re.compile(r"补班|上班|[(（]班[)）]")  # Chinese calendars: a weekend that is worked for a holiday
HARMLESS: Final = {"FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "WKST"}
ONE_DAY: Final = timedelta(days=1)


def rows(text: str, today: date) -> Shape:
    """{rows: [{date, until, name, yearly, works}], passed: {why: n}}, or {refused}: a key of the words.

    ``works``: the calendar says that this day is worked, against its weekday. ``passed``: what was left out, as
    ``timed``, ``past``, ``cancelled``, ``odd`` or ``many``.
    """
    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = list(calendar.walk("VEVENT"))
    except (ValueError, IndexError, KeyError, TypeError):
        return {"refused": "studio_hours_no_calendar"}
    passed: Counter[str] = Counter()
    found = {(row["date"], row["until"], row["name"]): row for row in _rows(calendar, events, today, passed)}
    ordered = sorted(found.values(), key=lambda row: (row["date"], row["name"]))
    passed["many"] += max(0, len(ordered) - MOST)
    return {"rows": ordered[:MOST], "passed": {why: n for why, n in passed.items() if n}}


def _rows(calendar: Any, events: list[Any], today: date, passed: Counter[str]) -> Iterator[Shape]:
    for event in events:
        if why := _unfit(event):
            passed[why] += 1
        elif "RRULE" not in event:
            yield from _row(event, today, passed)
        elif _same_each_year(event):
            yield from _row(event, date.min, passed, yearly=True)
        else:
            yield from _written_out(calendar, event, today, passed)


def _unfit(event: Any) -> str:
    """Why an event is no holiday; "" when it may be one."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return "cancelled"
    start = getattr(event.get("DTSTART"), "dt", None)
    if type(start) is not date:
        return "odd" if start is None else "timed"
    rules = event.get("RRULE", [])
    several = isinstance(rules, list) and len(rules) > 1
    return "odd" if several or (rules and str(rules.get("FREQ", [""])[0]).upper() not in RETURNS) else ""


def _same_each_year(event: Any) -> bool:
    rule, start = event["RRULE"], event["DTSTART"].dt
    return (
        set(rule) <= HARMLESS
        and rule["FREQ"] == ["YEARLY"]
        and rule.get("INTERVAL", [1]) == [1]
        and [int(n) for n in rule.get("BYMONTH", [start.month])] == [start.month]
        and [int(n) for n in rule.get("BYMONTHDAY", [start.day])] == [start.day]
        and not {"EXDATE", "RDATE", "RECURRENCE-ID"} & set(event)
    )


def _written_out(calendar: Any, event: Any, today: date, passed: Counter[str]) -> Iterator[Shape]:
    alone = icalendar.Calendar()
    for each in calendar.walk("VEVENT"):
        if each is event or ("RECURRENCE-ID" in each and each.get("UID") == event.get("UID")):
            alone.add_component(each)
    try:
        days = recurring_ical_events.of(alone).between(today, today + AHEAD)
    except (ValueError, TypeError, KeyError, OverflowError):
        passed["odd"] += 1
        return
    for count, one in enumerate(days):
        if count == MOST:
            passed["many"] += len(days) - MOST
            return
        yield from _row(one, today, passed)


def _row(event: Any, today: date, passed: Counter[str], yearly: bool = False) -> Iterator[Shape]:
    first, last = event["DTSTART"].dt, _last(event)
    if type(first) is not date or type(last) is not date or not 0 <= (last - first).days < LONGEST:
        passed["odd"] += 1
        return
    if last < today:
        passed["past"] += 1
        return
    name = " ".join(str(event.get("SUMMARY", "")).split())
    name = "".join(letter for letter in name if letter.isprintable())[:NAME]
    until = last.isoformat() if last > first else ""
    works = bool(WORKED.search(name))
    yield {"date": first.isoformat(), "until": until, "name": name, "yearly": yearly, "works": works}


def _last(event: Any) -> Any:
    """The last day; DTEND is the day after it, and a duration is counted from the first."""
    first = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
        return end - ONE_DAY if type(end) is date and end > first else first if type(end) is date else end
    if "DURATION" in event:
        return first + max(event["DURATION"].dt, ONE_DAY) - ONE_DAY
    return first
