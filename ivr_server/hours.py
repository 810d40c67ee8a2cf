"""Opening hours: weekly spans in a time zone, dated overrides with spans of their own.

Pure: the instant is handed in, so that a test (and the simulator) may stand at any moment of any year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Openness = Literal["open", "closed", "holiday"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """From and until, by the clock on the wall; ``until`` is not inside; 24:00 is the end of the day."""

    start: time
    end: time | None  # None: to the end of the day

    def holds(self, moment: time) -> bool:
        """Whether the moment lies in the span."""
        return self.start <= moment and (self.end is None or moment < self.end)

    @property
    def written(self) -> str:
        """As ``parse`` reads it."""
        return f"{self.start:%H:%M}-{'24:00' if self.end is None else format(self.end, '%H:%M')}"

    @classmethod
    def parse(cls, text: str) -> Span:
        """ "08:00-18:30" -> Span; ValueError that names the fault."""
        start, dash, end = text.replace(" ", "").partition("-")
        if not dash:
            raise ValueError(f'"{text}" is no span of hours; write it as 08:00-18:30')
        try:
            first = time.fromisoformat(start)
            last = None if end == "24:00" else time.fromisoformat(end)
        except ValueError:
            raise ValueError(f'"{text}" is no span of hours; write it as 08:00-18:30') from None
        if last is not None and last <= first:
            raise ValueError(f'"{text}" ends before it begins; give two spans for hours over midnight')
        return cls(first, last)


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly spans by weekday, and overrides: without spans a holiday, with spans a day of its own.

    ``yearly`` are those of a month and a day; one with a date goes before.
    """

    zone: ZoneInfo
    weekly: dict[str, tuple[Span, ...]]
    dated: dict[date, tuple[Span, ...]] = field(default_factory=dict)
    yearly: dict[tuple[int, int], tuple[Span, ...]] = field(default_factory=dict)

    def at(self, instant: datetime) -> Openness:
        """Open, closed, or a holiday, at an instant with a time zone (UTC in this product)."""
        local = instant.astimezone(self.zone)
        dated = self.dated.get(local.date(), self.yearly.get((local.month, local.day)))
        spans = self.weekly.get(WEEKDAYS[local.weekday()], ()) if dated is None else dated
        if any(span.holds(local.time()) for span in spans):
            return "open"
        return "closed" if dated is None else "holiday"


def utc_now() -> datetime:
    """The wall clock; the one place of the hub that reads it."""
    return datetime.now(UTC)
