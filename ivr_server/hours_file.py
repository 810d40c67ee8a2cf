"""The hours file: when callers are put through in a usual week, and the days that are not usual. Admins edit it.

Read as the queue file is: every mistake at once, with file, line and column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, TypeAdapter, with_config

from ivr_server.hours import WEEKDAYS, Hours, Span
from marked_yaml import Marked, Mistakes, Problem, at_path, read, shaped

SHIPPED: Final = Path(__file__).with_name("hours.yaml")
BEGUN: Final = ".begun"  # the ending of the file that holds what the settings say
LONGEST: Final = 62  # days of one entry
MOST: Final = 400  # entries
STRICT = ConfigDict(extra="forbid")
Wrong = Iterator[tuple[Marked, str]]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """Days that are not usual: ``date``, to ``until`` if there are more. No hours: closed. ``yearly``: every year."""

    date: str
    until: str = ""
    name: str = ""
    yearly: bool = False
    hours: tuple[str, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFile:
    """The whole file. A day of the week that is not there is closed."""

    weekly: dict[str, tuple[str, ...]]
    holidays: tuple[Holiday, ...] = ()

    def opening(self, zone: ZoneInfo) -> Hours:
        """The hours as something that can be asked."""
        weekly = {day: _spans(spans) for day, spans in self.weekly.items()}
        dated, yearly = dict[date, tuple[Span, ...]](), dict[tuple[int, int], tuple[Span, ...]]()
        for one in self.holidays:
            for day in days_of(one):
                if one.yearly:
                    yearly[day.month, day.day] = _spans(one.hours)
                else:
                    dated[day] = _spans(one.hours)
        return Hours(zone, weekly, dated, yearly)

    def plain(self, zone: str) -> dict[str, object]:
        """As JSON, for the child that simulates calls."""
        hours = self.opening(ZoneInfo(zone))
        yearly = hours.yearly.items()
        return {
            "zone": zone,
            "weekly": {day: list(spans) for day, spans in self.weekly.items()},
            "dated": {day.isoformat(): [span.written for span in spans] for day, spans in hours.dated.items()},
            "yearly": {f"{month:02d}-{day:02d}": [span.written for span in spans] for (month, day), spans in yearly},
        }


def days_of(holiday: Holiday) -> list[date]:
    """Every day of an entry, the last included."""
    first = date.fromisoformat(holiday.date)
    last = date.fromisoformat(holiday.until) if holiday.until else first
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _spans(spans: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(map(Span.parse, spans))


def parsed(text: str, file: str) -> HoursFile:
    """What stands in a text, told as ``file``; raises Mistakes with everything that is wrong in it."""
    marked, problems = read(text, file)
    if marked is None or problems:
        raise Mistakes(problems)
    shape = shaped(TypeAdapter(HoursFile), marked, file, WORDS)
    if wrong := [Problem(file, at.line, at.column, text) for at, text in _wrong(shape, marked)]:
        raise Mistakes(wrong)
    return shape


def read_hours_file(path: Path) -> HoursFile:
    """The hours file; raises Mistakes with everything that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Mistakes([Problem(str(path), 1, 1, f"the hours file cannot be read: {fault}")]) from None
    return parsed(text, str(path))


_KEPT: Final[dict[str, HoursFile]] = {}


def kept(path: str) -> HoursFile:
    """The same, read once in a process; then what was taken last."""
    if path not in _KEPT:
        _KEPT[path] = read_hours_file(Path(path))
    return _KEPT[path]


def take(path: str, file: HoursFile) -> None:
    """Another one from now on, for everybody in this process who asks for it."""
    _KEPT[path] = file


def written(weekly: Mapping[str, tuple[str, ...]], dated: Mapping[str, tuple[str, ...]]) -> str:
    """The text of a file that says this: where hours stand in the settings, what the page begins with."""
    lines = ["# Hours and holidays, as the settings have them.", "weekly:"]
    lines += [f"  {day}: {json.dumps(list(weekly[day]))}" for day in WEEKDAYS if day in weekly]
    lines += ["holidays:" if dated else "holidays: []"]
    lines += [f'  - {{date: "{day}", hours: {json.dumps(list(spans))}}}' for day, spans in sorted(dated.items())]
    return "\n".join(lines) + "\n"


WORDS: Final = tuple(sorted({name for one in (Holiday, HoursFile) for name in one.__slots__}))


def _wrong(file: HoursFile, marked: Marked) -> Wrong:
    """What the shape of the values does not tell."""
    for day, spans in file.weekly.items():
        if day not in WEEKDAYS:
            yield at_path(marked, "weekly", day), f'"{day}" is no day of the week; use {", ".join(WEEKDAYS)}'
        yield from _wrong_spans(spans, at_path(marked, "weekly", day))
    if len(file.holidays) > MOST:
        yield at_path(marked, "holidays", MOST), f"there are {MOST} entries of holidays at most"
    seen: dict[tuple[bool, date], str] = {}
    for index, one in enumerate(file.holidays[:MOST]):
        at = at_path(marked, "holidays", index)
        yield from _wrong_spans(one.hours, at_path(at, "hours"))
        found = list(_wrong_days(one, at))
        yield from found or _seen_before(one, at, seen)


def _wrong_spans(spans: tuple[str, ...], at: Marked) -> Wrong:
    before: Span | None = None
    for index, text in enumerate(spans):
        try:
            span = Span.parse(text)
        except ValueError as wrong:
            yield at_path(at, index), str(wrong)
            continue
        if before is not None and (before.end is None or span.start < before.end):
            yield at_path(at, index), f'"{text}" begins before the span before it has ended'
        before = span


def _wrong_days(one: Holiday, at: Marked) -> Wrong:
    dates = {}
    for key, text in (("date", one.date), ("until", one.until)):
        try:
            dates[key] = date.fromisoformat(text) if text else None
        except ValueError:
            yield at_path(at, key), f'"{text}" is no date; write it as 2026-10-01'
    if "date" in dates and dates["date"] is None:
        yield at_path(at, "date"), '"" is no date; write it as 2026-10-01'
    first, last = dates.get("date"), dates.get("until")
    if first is None or last is None:
        return
    if last < first:
        yield at_path(at, "until"), f'"{one.until}" lies before "{one.date}"'
    elif (last - first).days >= LONGEST:
        yield at_path(at, "until"), f"one entry has {LONGEST} days at most"


def _seen_before(one: Holiday, at: Marked, seen: dict[tuple[bool, date], str]) -> Wrong:
    """One day in two entries is clear only when one of them is yearly and the other of that year: that one holds."""
    for day in days_of(one):
        key = (one.yearly, day.replace(year=2000) if one.yearly else day)
        if key in seen:
            yield at_path(at, "date"), f'{day.isoformat()} stands in the entry of "{seen[key]}" already'
            return
        seen[key] = one.name or one.date
