"""The pages of the hours and of the notice in a browser: a week, holidays, a calendar; a notice said and taken away.

With IVR_PICTURES=docs/pictures the pictures of the documents are taken on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.console.desk_browsing import LOOKS
from tests.console.test_studio_change_in_browser import kept
from tests.console.test_studio_in_browser import EVIL, SIZES, chromium
from tests.console.test_studio_sheets_in_browser import at, house, in_force, problems, yaml
from tests.drafting.test_calendars import calendar

__all__ = ["at", "chromium", "house"]
Open = Callable[..., Page]
VIEWS = [(name, size, language) for name in ("hours", "notice") for size in SIZES for language in ("en-US", "zh-CN")]
NEXT = datetime.now(UTC).year + 1
WEEK = f"DTSTART;VALUE=DATE:{NEXT}1001\nDTEND;VALUE=DATE:{NEXT}1008\nSUMMARY:国庆节"
WORKED = f"DTSTART;VALUE=DATE:{NEXT}1010\nSUMMARY:国庆节（班）"
YEARLY = "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nSUMMARY:元旦"
MEETING = f"DTSTART:{NEXT}1001T080000Z\nSUMMARY:meeting"


def calendar_file(page: Page, *events: str) -> None:
    """A calendar is chosen."""
    page.locator("#calendar").set_input_files(
        {"name": "holidays.ics", "mimeType": "text/calendar", "buffer": calendar(*events).encode()}
    )


def test_a_week_is_changed_and_put_into_force(at: Open) -> None:
    """Spans are typed as people write them; an empty day is closed; four days become as Monday; comments stay."""
    page = at("hours")
    monday = page.get_by_label("Monday")
    monday.fill("08:00–12:00，13:00-18:30")
    monday.press("Tab")
    page.get_by_label("Saturday").fill("")
    page.get_by_label("Saturday").press("Tab")
    page.get_by_role("button", name="Tuesday to Friday as Monday").click()
    expect(page.get_by_label("Friday")).to_have_value("08:00-12:00, 13:00-18:30")
    expect(yaml(page)).to_contain_text("# A day of the week without spans is closed.")
    problems(page, 0)
    in_force(page, "office hours")
    page.reload()
    expect(page.get_by_label("Wednesday")).to_have_value("08:00-12:00, 13:00-18:30")
    expect(page.get_by_label("Saturday")).to_have_value("")
    page.get_by_role("tab", name="Earlier").click()
    expect(page.locator("#copies li").first).to_contain_text("office hours")


def test_a_wrong_span_stands_at_its_day_with_its_line(at: Open) -> None:
    """Nothing is put into force before it is mended."""
    page = at("hours")
    page.get_by_label("Monday").fill("18:00-08:00")
    page.get_by_label("Monday").press("Tab")
    problems(page, 1)
    expect(page.locator("#problem_list")).to_contain_text("ends before it begins; give two spans for hours")
    expect(page.get_by_label("Monday")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Put into force…")).to_be_disabled()
    page.get_by_label("Monday").fill("18:00-24:00")
    page.get_by_label("Monday").press("Tab")
    problems(page, 0)


def test_a_holiday_is_added_by_hand(at: Open) -> None:
    """Its day, its name, hours of its own, every year; two entries of one day are a problem."""
    page = at("hours")
    for which, name in enumerate(("Christmas Eve", "again")):
        page.get_by_role("button", name="Add a day").click()
        item = page.locator(f'details[open][data-holiday="{which}"]')  # the other stays open until this one comes
        item.get_by_label("Day", exact=True).fill(f"{NEXT}-12-24")
        item.get_by_label("Name").fill(name)
        item.get_by_label("Name").press("Tab")
        expect(page.locator("#form")).to_contain_text(name)
    problems(page, 1)
    expect(page.locator("#problem_list")).to_contain_text('stands in the entry of "Christmas Eve" already')
    page.get_by_role("button", name="Take away: again").click()
    problems(page, 0)
    page.locator("summary", has_text="Christmas Eve").click()
    item = page.locator("details[open]")
    item.get_by_label("Hours").fill("08:00-12:00")
    item.get_by_label("Hours").press("Tab")
    expect(page.locator("summary", has_text="Christmas Eve")).to_contain_text("08:00-12:00")
    item.get_by_label("Every year on the same date").check()
    expect(page.locator("summary", has_text="Christmas Eve")).to_contain_text("every year, December 24")
    expect(yaml(page)).to_contain_text("yearly: true")


def test_a_calendar_is_looked_at_before_anything_is_taken(at: Open) -> None:
    """What it holds, what was left out and why; a second time the same days are there already."""
    page = at("hours")
    calendar_file(page, WEEK, WORKED, YEARLY, MEETING)
    box = page.locator("#keep_box")
    expect(box).to_contain_text("3 days in holidays.ics")
    expect(box).to_contain_text("Left out, because they do not last whole days: 1")
    expect(box.locator("tr", has_text="国庆节（班）")).to_contain_text("worked: 00:00-24:00")
    expect(page.locator("#saved")).to_have_text("No changes: as it is in force")
    kept(page, "hours-calendar.en-US")
    box.get_by_label("元旦").uncheck()
    box.get_by_role("button", name="Take in 2").click()
    problems(page, 0)
    expect(page.locator("[data-holiday]")).to_have_count(2)
    expect(yaml(page)).to_contain_text(f"{NEXT}-10-07")
    in_force(page, "next year's holidays")
    calendar_file(page, WEEK, WORKED, YEARLY)
    expect(box.locator("tr.known")).to_have_count(2)
    expect(box.get_by_role("button", name="Take in 1")).to_be_enabled()


def test_a_file_that_is_no_calendar_is_refused_with_a_sentence(at: Open) -> None:
    """And a name in it does nothing to the page."""
    page = at("hours")
    page.locator("#calendar").set_input_files({"name": "a.ics", "mimeType": "text/calendar", "buffer": b"PK\x03\x04"})
    expect(page.locator("#toast")).to_contain_text("This is no iCalendar file.")
    calendar_file(page, f"DTSTART;VALUE=DATE:{NEXT}1001\nSUMMARY:{EVIL}")
    expect(page.locator("#keep_box")).to_contain_text("<img")


def test_a_notice_is_said_until_its_end_and_taken_away(at: Open) -> None:
    """By a prompt and an end, with a reason; who said it why stands there; a second admin who was slower is told."""
    page, other = at("notice"), at("notice", "wang")
    expect(page.locator("#now")).to_contain_text("No notice is said")
    page.get_by_role("button", name="Say it from now on").click()
    expect(page.locator("#wrong")).to_be_hidden()  # the browser asks for the end first
    page.get_by_label("Service is disrupted").check()
    page.get_by_role("button", name="for 4 h").click()
    page.get_by_label("Why?").fill("a cable was cut")
    page.get_by_role("button", name="Say it from now on").click()
    expect(page.locator("#now")).to_contain_text("Said to every caller until")
    expect(page.locator("#now")).to_contain_text("部分地区的通信服务受到影响")
    expect(page.locator("#now")).to_contain_text("a cable was cut")
    other.get_by_label("We are upgrading").check()
    other.get_by_role("button", name="for 1 h").click()
    other.get_by_label("Why?").fill("new software")
    other.get_by_role("button", name="Say it from now on").click()
    expect(other.locator("#wrong")).to_contain_text("li changed it meanwhile.")
    expect(other.locator("#now")).to_contain_text("a cable was cut")
    page.get_by_role("button", name="Say no notice…").click()
    page.locator("#box").get_by_label("Why?").fill("mended")
    page.locator("#box").get_by_role("button", name="Say no notice").click()
    expect(page.locator("#now")).to_contain_text("No notice is said")
    expect(page.locator("#rows li")).to_have_count(3)
    expect(page.locator("#rows li").first).to_contain_text("mended")


def test_a_supervisor_reads_and_changes_nothing(at: Open) -> None:
    """No button of either page changes anything."""
    for sheet in ("hours", "notice"):
        page = at(sheet, "zhao")
        expect(page.locator(".sheet-bar")).to_contain_text("You can read this page; administrators change it.")
        expect(page.locator("#keep, #set, #add_holiday, #open_calendar, #as_monday")).to_have_count(0)


@pytest.mark.parametrize(("sheet", "size", "language"), VIEWS)
def test_the_pages_are_whole_in_both_languages_and_on_a_telephone(
    at: Open, sheet: str, size: str, language: str
) -> None:
    """Nothing is wider than the screen, no word is missing, nothing that is pressed is without a name."""
    page = at(sheet, size=size, language=language)
    if sheet == "hours":
        calendar_file(page, WEEK, WORKED, YEARLY)
        page.locator("#keep_box .button").first.click()
        expect(page.locator("[data-holiday]")).to_have_count(3)
        problems(page, 0)
    else:
        page.locator("[name=prompt]").first.check()
        page.locator("#quick button").nth(1).click()
        page.locator("#reason").fill("光缆中断" if language == "zh-CN" else "a cable was cut")
        page.locator("#set").click()
        expect(page.locator("#now.said")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "studio_" not in page.locator("main").inner_text()
    looks = page.evaluate(f"(() => {{ const looks = {LOOKS}; return [looks.pale(), looks.nameless()]; }})()")
    assert looks == [[], []]
    kept(page, f"{sheet}{'-phone' if size == 'narrow' else ''}.{language}")
