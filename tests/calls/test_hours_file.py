"""The hours file: what it means at an instant, what is wrong in it and where, and which of several places holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from twisted.internet.task import Clock

from ivr_server import hours_file, notice
from ivr_server.floor.queue_file import Queue
from ivr_server.hours import WEEKDAYS
from ivr_server.hours_file import HoursFile, parsed
from ivr_server.hours_wiring import HoursKind, add
from ivr_server.notice import Notice, NoticeText, write_notice
from ivr_server.publishing.asked import Author
from ivr_server.settings import Operator, Settings
from ivr_server.sheets.asked import Said, Weight
from ivr_server.sheets.room import SheetRoom
from ivr_server.simulating.child import _hours
from marked_yaml import Mistakes
from tests.doubles.agents import StraightStore, done

OFFICE = """
weekly: {mon: ["08:00-12:00", "13:00-18:30"], thu: ["08:00-18:30"]}
holidays:
  - {date: "2026-10-01", until: "2026-10-07", name: 国庆节}
  - {date: "2020-12-24", yearly: true, hours: ["08:00-10:00"]}
  - {date: "2026-12-24", hours: ["08:00-16:00"]}
"""


def at(file: HoursFile, instant: str) -> str:
    """By Shanghai's clock."""
    zone = ZoneInfo("Asia/Shanghai")
    return file.opening(zone).at(datetime.fromisoformat(instant).replace(tzinfo=zone))


CASES = [
    ("2026-11-23T12:00", "closed"),
    ("2026-11-23T13:00", "open"),
    ("2026-11-24T13:00", "closed"),
    ("2026-10-01T09:00", "holiday"),
    ("2026-10-07T09:00", "holiday"),
    ("2026-10-08T09:00", "open"),
    ("2026-12-24T15:00", "open"),
    ("2027-12-24T09:00", "open"),
    ("2027-12-24T15:00", "holiday"),
]


@pytest.mark.parametrize(("instant", "expected"), CASES)
def test_a_day_of_its_own_goes_before_a_yearly_one_and_that_before_the_week(instant: str, expected: str) -> None:
    """A holiday of a week holds on each of its days; a yearly one each year, but where that year has its own entry."""
    assert at(parsed(OFFICE, "hours.yaml"), instant) == expected


@pytest.mark.parametrize(("instant", "expected"), CASES)
def test_a_simulated_call_is_told_the_same(instant: str, expected: str) -> None:
    """What goes to the child as JSON comes back as the same hours."""
    hours = _hours(parsed(OFFICE, "hours.yaml").plain("Asia/Shanghai"))
    assert hours is not None and hours.at(datetime.fromisoformat(instant).replace(tzinfo=hours.zone)) == expected


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('weekly: {mo: ["08:00-12:00"]}', '["08', '"mo" is no day of the week'),
        ('weekly: {mon: ["8-12"]}', '8-12"', '"8-12" is no span of hours'),
        ('weekly: {mon: ["08:00-12:00", "11:00-13:00"]}', '11', "before the span before it has ended"),
        ('weekly: {mon: ["08:00-24:00", "11:00-13:00"]}', '11', "before the span before it has ended"),
        ('weekly: {}\nholidays: [{date: "2026-02-29"}]', '2026', '"2026-02-29" is no date'),
        ('weekly: {}\nholidays: [{date: ""}]', '"', "is no date"),
        ('weekly: {}\nholidays: [{date: "2026-10-02", until: "2026-10-01"}]', '2026-10-01"', 'before "2026-10-02"'),
        ('weekly: {}\nholidays: [{date: "2026-01-01", until: "2026-12-31"}]', '2026-12', "62 days at most"),
        ('weekly: {}\nholidays: [{date: "2026-01-01", hours: ["x"]}]', 'x"', "no span of hours"),
        (
            'weekly: {}\nholidays:\n- {date: "2026-10-01", until: "2026-10-07", name: A}\n- {date: "2026-10-03"}',
            '2026-10-03"}',
            '2026-10-03 stands in the entry of "A" already',
        ),
        (
            'weekly: {}\nholidays:\n- {date: "2020-02-29", yearly: true}\n- {date: "2024-02-29", yearly: true}',
            "2024",
            'stands in the entry of "2020-02-29" already',
        ),
        ("weekly: {}\nholiday: []", "holiday:", 'unknown key "holiday"; did you mean "holidays"?'),
        ("holidays: []", "holidays", '"weekly" is missing'),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, why: str) -> None:
    """Line and column of the value, and a sentence that names it."""
    with pytest.raises(Mistakes) as wrong:
        parsed(text, "hours.yaml")
    (problem,) = wrong.value.problems
    assert text.splitlines()[problem.line - 1][problem.column - 1 :].startswith(place) and why in problem.text


def test_what_the_settings_say_holds_until_there_is_a_file(tmp_path: Path) -> None:
    """operator.hours are what the page begins with; a file that admins kept, or one that is named, goes before."""
    operator = Operator(hours={"mon": ("08:00-12:00",)}, holidays={"2026-10-01": (), "2026-10-02": ("09:00-10:00",)})
    settings = Settings(state=str(tmp_path), operator=operator)
    begun = parsed(hours_file.written(operator.hours, operator.holidays), "begun")
    assert begun == settings.hours_file()
    assert settings.opening() == operator.opening()
    own = settings.sheet("hours").target
    own.parent.mkdir(parents=True)
    own.write_text('weekly: {tue: ["08:00-12:00"]}')
    assert settings.hours_file().weekly == {"tue": ("08:00-12:00",)}
    named = tmp_path / "mine.yaml"
    named.write_text('weekly: {wed: ["08:00-12:00"]}')
    assert Settings(state=str(tmp_path), operator=operator, hours=str(named)).hours_file().weekly == {
        "wed": ("08:00-12:00",)
    }


def test_shipped_hours_never_close(tmp_path: Path) -> None:
    """As before there was a file."""
    settings = Settings(state=str(tmp_path))
    assert settings.opening().at(datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)) == "open"


def test_new_hours_hold_for_the_next_who_asks_and_what_changes_now_is_told(tmp_path: Path) -> None:
    """No restart: the settings' hours are those that were taken; a change of this very moment is a sentence."""
    settings = Settings(state=str(tmp_path))
    kind = HoursKind(settings, lambda: datetime(2026, 11, 23, 4, tzinfo=UTC))
    old, new = settings.hours_file(), parsed("weekly: {}", "hours.yaml")
    weight = asyncio.run(_weighed(kind, old, new))
    assert [said.key for said in weight.effects] == ["hours_now_closed", "hours_live_at_once"] and not weight.refused
    asyncio.run(_taken(kind, old, new))
    assert settings.opening().at(datetime(2026, 11, 23, 4, tzinfo=UTC)) == "closed"
    hours_file.take(str(settings.sheet("hours").file), old)


@pytest.mark.parametrize(("instant", "expected"), [("2027-12-24T15:00", "holiday"), ("2026-10-07T09:00", "holiday")])
def test_holidays_hold_for_queues_with_hours_of_their_own(instant: str, expected: str) -> None:
    """Yearly ones and those of one year alike; one that is always open knows none."""
    zone = ZoneInfo("Asia/Shanghai")
    operator, title = parsed(OFFICE, "hours.yaml").opening(zone), {"zh-CN": "夜间", "en-US": "Night"}
    moment = datetime.fromisoformat(instant).replace(tzinfo=zone)
    own: dict[str, tuple[str, ...]] = dict.fromkeys(WEEKDAYS, ("00:00-24:00",))
    assert Queue(name="night", title=title, hours=own).opening(operator).at(moment) == expected
    assert Queue(name="night", title=title, hours="always").opening(operator).at(moment) == "open"


def test_the_page_begins_with_the_hours_of_the_settings(tmp_path: Path) -> None:
    """Kept once, they lie in a file of their own, and are found again at the next start."""
    settings = Settings(state=str(tmp_path), operator=Operator(hours={"mon": ("08:00-12:00",)}))
    room = SheetRoom(straight, StraightStore(f"sqlite:///{tmp_path / 'ivr.db'}"), Clock())
    add(room, settings)
    held = done(room.held("hours"))
    assert parsed(held.text, "hours") == settings.hours_file()
    by = (Author("ann", "en-US", "10.0.0.9"), "a longer day")
    done(room.keep("hours", held.text.replace("12:00", "18:00"), held.digest, by))
    assert settings.hours_file().weekly == {"mon": ("08:00-18:00",)}
    assert Settings(state=str(tmp_path), operator=settings.operator).hours_file().weekly == {"mon": ("08:00-18:00",)}
    assert [one.reason for one in done(room.copies("hours"))] == ["a longer day", ""]


def test_a_notice_set_by_the_command_stands_on_the_page(tmp_path: Path) -> None:
    """As changed by hand; and one from the page is what calls look at."""
    settings = Settings(state=str(tmp_path))
    room = SheetRoom(straight, StraightStore(f"sqlite:///{tmp_path / 'ivr.db'}"), Clock())
    add(room, settings)
    assert notice.parsed(done(room.held("notice")).text) == NoticeText()
    now = datetime(2026, 11, 25, tzinfo=UTC)
    write_notice(tmp_path / notice.FILE, NoticeText("notice_outage", datetime(2026, 11, 26, tzinfo=UTC)))
    held = done(room.held("notice"))
    assert notice.parsed(held.text).prompt == "notice_outage" and held.who == ""
    new = NoticeText("notice_upgrade", datetime(2026, 11, 27, tzinfo=UTC))
    done(room.keep("notice", new.text, held.digest, (Author("ann"), "new software")))
    assert Notice(tmp_path / notice.FILE, lambda: now).prompt() == "notice_upgrade"
    (tmp_path / notice.FILE).unlink()
    assert notice.parsed(done(room.held("notice")).text) == NoticeText()


async def straight(work: Callable[..., Any], *arguments: Any) -> Any:
    """What blocks, done at once."""
    return work(*arguments)


async def _weighed(kind: HoursKind, old: HoursFile, new: HoursFile) -> Weight:
    return await kind.weigh(old, new)


async def _taken(kind: HoursKind, old: HoursFile, new: HoursFile) -> Sequence[Said]:
    return await kind.take(old, new)
