"""Opening hours, at instants that matter: the edges, the holidays, summer time, the other side of midnight."""

from datetime import UTC, datetime

import pytest

from ivr_server.hours import Span
from ivr_server.settings import Operator


def at(operator: Operator, instant: str) -> str:
    """The openness at an instant written as UTC."""
    return operator.opening().at(datetime.fromisoformat(instant).replace(tzinfo=UTC))


WORKDAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:00-12:00", "13:00-18:30"))
OFFICE = Operator(hours=WORKDAYS, holidays={"2026-10-01": (), "2026-10-02": ("09:00-10:00",)})


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-23T00:00", "open"),  # Monday 08:00 in Shanghai
        ("2026-11-22T23:59", "closed"),  # a minute before
        ("2026-11-23T04:00", "closed"),  # the lunch break begins at 12:00
        ("2026-11-23T05:00", "open"),  # and ends at 13:00
        ("2026-11-23T10:30", "closed"),  # 18:30 is not inside
        ("2026-11-21T04:00", "closed"),  # Saturday
        ("2026-10-01T02:00", "holiday"),
        ("2026-10-02T01:30", "open"),  # a holiday with hours of its own
        ("2026-10-02T02:30", "holiday"),
    ],
)
def test_hours_are_those_of_the_operators_zone(instant: str, expected: str) -> None:
    """Weekly spans and dated overrides are judged by the wall clock of the zone, not of the server."""
    assert at(OFFICE, instant) == expected


def test_D7_summer_time_moves_the_opening_with_the_wall_clock() -> None:
    """09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer."""
    berlin = Operator(zone="Europe/Berlin", hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",)))
    assert at(berlin, "2026-01-05T07:59") == "closed"
    assert at(berlin, "2026-01-05T08:00") == "open"
    assert at(berlin, "2026-07-06T07:00") == "open"


def test_open_to_the_last_second_of_the_day() -> None:
    """24:00 means the end of the day, and the default operator never closes."""
    assert at(Operator(), "2026-11-23T15:59:59") == "open"


@pytest.mark.parametrize("text", ["8-18", "08:00", "18:00-08:00", "08:00-25:00", ""])
def test_a_span_that_is_none_says_how_to_write_it(text: str) -> None:
    """The message repeats the text and shows the right form."""
    with pytest.raises(ValueError, match=r"08:00-18:30|two spans"):
        Span.parse(text)


def test_settings_name_the_wrong_word() -> None:
    """A zone, a weekday or a date that does not exist is named."""
    with pytest.raises(ValueError, match="Asia/Shangai"):
        Operator(zone="Asia/Shangai").opening()
    with pytest.raises(ValueError, match="monday"):
        Operator(hours={"monday": ("08:00-18:30",)}).opening()
    with pytest.raises(ValueError, match="2026-13-01"):
        Operator(holidays={"2026-13-01": ()}).opening()
