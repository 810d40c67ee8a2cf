"""Holidays out of iCalendar files: what is taken, what is left out and told, and texts that are none."""

from __future__ import annotations

from datetime import date

import pytest

from ivr_server.drafting.calendars import MOST, rows

TODAY = date(2026, 9, 1)
WEEK = "DTSTART;VALUE=DATE:20261001\nDTEND;VALUE=DATE:20261008\nSUMMARY:国庆节"
YEARLY = "DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY"


def calendar(*events: str) -> str:
    """A calendar with events, each a few lines."""
    inside = "".join(f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\n{inside}END:VCALENDAR\n".replace("\n", "\r\n")


def row(first: str, until: str = "", name: str = "", **more: bool) -> dict[str, object]:
    """As the page gets one."""
    return {"date": first, "until": until, "name": name, "yearly": False, "works": False, **more}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (WEEK, row("2026-10-01", "2026-10-07", "国庆节")),
        ("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas", row("2026-12-25", "", "Christmas")),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", row("2026-12-25")),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P2D", row("2026-12-25", "2026-12-26")),
        ("DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY\nSUMMARY:元旦", row("1970-01-01", "", "元旦", yearly=True)),
        (
            "DTSTART;VALUE=DATE:20200501\nRRULE:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1",
            row("2020-05-01", yearly=True),
        ),
        ("DTSTART;VALUE=DATE:20261010\nSUMMARY:国庆节（班）", row("2026-10-10", "", "国庆节（班）", works=True)),
        ("DTSTART;VALUE=DATE:20261010\nSUMMARY:a\\, b\\n c\x07", row("2026-10-10", "", "a, b c")),
    ],
)
def test_whole_days_become_rows(event: str, expected: dict[str, object]) -> None:
    """One day, several (the end of iCalendar is the day after), a yearly one; a weekend that is worked is marked."""
    assert rows(calendar(event), TODAY) == {"rows": [expected], "passed": {}}


def test_what_returns_on_other_dates_is_written_out() -> None:
    """The fourth Thursday of November, for three years; a year that was taken out stays out."""
    rule = "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEXDATE;VALUE=DATE:20271125"
    event = f"DTSTART;VALUE=DATE:20201126\n{rule}\nSUMMARY:Thanks"
    found = rows(calendar(event), TODAY)
    assert [one["date"] for one in found["rows"]] == ["2026-11-26", "2028-11-23"]
    assert not any(one["yearly"] for one in found["rows"])


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART:20261001T080000Z\nDTEND:20261001T090000Z", "timed"),
        ("DTSTART;VALUE=DATE:20250101", "past"),
        ("DTSTART;VALUE=DATE:20261001\nSTATUS:CANCELLED", "cancelled"),
        ("SUMMARY:no day", "odd"),
        ("DTSTART;VALUE=DATE:20261001\nDTEND;VALUE=DATE:20280101", "odd"),
        ("DTSTART;VALUE=DATE:20261001\nRRULE:FREQ=SECONDLY", "odd"),
        ("DTSTART;VALUE=DATE:20261001\nDTEND:20261001T090000Z", "odd"),
    ],
)
def test_what_is_no_holiday_is_left_out_and_counted(event: str, why: str) -> None:
    """Appointments, the past, what was cancelled, what is odd: nothing is lost without a word."""
    assert rows(calendar(event), TODAY) == {"rows": [], "passed": {why: 1}}


def test_a_rule_that_returns_for_ever_is_bounded() -> None:
    """Each day of three years would be more than the file may hold."""
    found = rows(calendar("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY"), TODAY)
    assert len(found["rows"]) == MOST and found["passed"]["many"] > 0


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR", "\x00\x01", "BEGIN:VEVENT\n", "PK\x03\x04"])
def test_a_text_that_is_no_calendar_is_refused(text: str) -> None:
    """With a sentence, never with a stack trace."""
    assert rows(text, TODAY) == {"refused": "studio_hours_no_calendar"}


def test_a_text_that_is_cut_anywhere_never_fails() -> None:
    """Each prefix of a calendar is read or refused."""
    whole = calendar(WEEK, YEARLY)
    for end in range(len(whole)):
        assert set(rows(whole[:end], TODAY)) in ({"refused"}, {"rows", "passed"})
