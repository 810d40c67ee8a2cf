"""The fax jobs in a real browser: they move without a reload, and are sent again and ended by the keyboard alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crm_bridge import fax_jobs, staff
from tests.console.conftest import serve
from tests.console.test_in_browser import chromium
from tests.doubles.fax_rows import JOBS, change, fill, put

__all__ = ["chromium"]
House = Any  # the fixture's own
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The console with a fax job in every state."""
    for served in serve(tmp_path_factory.mktemp("faxes")):
        for role in staff.ROLES:
            served.hire(role, role)
        served.change(fill, served.folder / "faxes")
        yield served


@pytest.fixture(scope="module")
def sessions(house: House) -> dict[str, str]:
    """The cookie of each who signed in: once, not for every test."""
    clients = {name: house.client() for name in ("supervisor", "agent")}
    for name, client in clients.items():
        client.sign_in(name)
    return {name: client.cookies["session"] for name, client in clients.items()}


@pytest.fixture
def opened(chromium: Browser, house: House, sessions: dict[str, str]) -> Iterator[Any]:
    """``opened(path, name, size)``: the page, live, for somebody who signed in; any error in it fails the test."""
    errors: list[str] = []
    contexts = []

    def open_page(path: str, name: str = "supervisor", size: str = "wide", language: str = "en-US") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        site = f"http://127.0.0.1:{house.port}"
        context.add_cookies([{"name": "session", "value": sessions[name], "url": site}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(site + path)
        expect(page.locator("#live")).to_have_class("pill live on")
        page.evaluate("window.stayed = true")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def new_job(house: House, **values: Any) -> int:
    """One more."""
    made: int = house.change(put, {"created": time.time(), **values}, house.folder / "faxes" / "new")
    return made


def move(house: House, id: int, **values: Any) -> None:
    """As a worker would."""
    house.change(lambda connection: change(connection, id, **values))


def test_a_job_moves_before_the_readers_eyes(opened: Any, house: House) -> None:
    """New on top, dialling, page after page, sent: without a reload; the focus stays; the state alone is said aloud."""
    page = opened("/faxes")
    id = new_job(house)
    row = page.locator(f"#fax-{id}")
    expect(row).to_contain_text("Waiting")
    assert page.locator("#jobs tr").first.get_attribute("id") == f"fax-{id}"
    row.get_by_role("link").focus()
    move(house, id, state="dialling", pages=4, tries=1)
    expect(row).to_contain_text("Dialling")
    expect(row.get_by_role("link")).to_be_focused()
    expect(page.locator("#said")).to_have_text(f"Fax no. {id}: Dialling.")
    move(house, id, state="sending", pages=4, delivered=2)
    expect(row.get_by_role("img", name="2 of 4 pages confirmed by the receiver")).to_be_visible()
    expect(row.locator("rect.done")).to_have_count(2)
    expect(row.locator("rect.now")).to_have_count(1)
    expect(page.locator("#said")).to_have_text(f"Fax no. {id}: Sending.")
    move(house, id, state="sending", delivered=3)
    expect(row.locator("rect.done")).to_have_count(3)
    expect(page.locator("#said")).to_have_text(f"Fax no. {id}: Sending.")
    move(house, id, state="sent", cause="sent", delivered=4)
    expect(row).to_contain_text("4 / 4")
    expect(page.locator("#said")).to_have_text(f"Fax no. {id}: Sent.")
    expect(page.locator('#chips [data-state="sent"] .many')).to_have_text("2")
    assert page.evaluate("window.stayed")


def test_a_filtered_page_shows_what_fits_and_lets_go_of_what_does_not(opened: Any, house: House) -> None:
    """The filter holds for what is told as for what was fetched."""
    id = new_job(house, state="retrying", cause="busy", due=100.0, number="0571777")
    page = opened("/faxes?state=retrying&number=0571777")
    expect(page.locator("#jobs tr")).to_have_count(1)
    new_job(house, number="0571778")
    move(house, id, state="dialling")
    expect(page.locator("#jobs tr")).to_have_count(0)
    expect(page.locator("#none")).to_be_visible()
    move(house, id, state="retrying")
    expect(page.locator(f"#fax-{id}")).to_be_visible()
    assert page.evaluate("window.stayed")


def test_the_wait_for_the_next_try_runs_down(opened: Any, house: House) -> None:
    """In words, each second."""
    id = new_job(house, state="retrying", cause="busy", due=65.0)
    page = opened("/faxes")
    due = page.locator(f"#fax-{id} .due")
    expect(due).to_contain_text("to be dialled in 1 min")
    expect(due).to_have_text("to be dialled in 59 s")


def test_a_fax_is_ended_and_sent_again_by_the_keyboard(opened: Any, house: House) -> None:
    """Each act asks for a reason and a second word; the page moves on by itself when the worker does."""
    id = new_job(house, state="retrying", cause="cut", pages=2, delivered=1, due=500.0)
    page = opened(f"/faxes/{id}")
    page.locator("#cancel summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#cancel_reason")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # no reason yet: the browser keeps it
    assert page.evaluate("window.stayed")
    page.locator("#cancel_reason").focus()
    page.keyboard.type("wrong number")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is cancelled.")).to_be_visible()
    expect(page.locator("#standing")).to_contain_text("Cancelled by somebody here")
    expect(page.locator("#live")).to_have_class("pill live on")
    page.locator("#retry summary").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("the right one after all")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is sent now.")).to_be_visible()
    expect(page.locator("#standing")).to_contain_text("Waiting")
    row: Any = house.change(fax_jobs.job, id)
    assert (row.state, row.delivered) == ("waiting", 1)
    move(house, id, state="sending", tries=2)
    expect(page.locator("#standing")).to_contain_text("Sending")
    expect(page.locator("#said")).to_have_text(f"Fax no. {id}: Sending.")
    expect(page.locator("#retry")).to_have_count(0)


def test_a_reason_being_typed_is_not_lost_when_the_job_moves(opened: Any, house: House) -> None:
    """What can be done stays open as long as it can be done."""
    id = new_job(house, state="dialling", pages=2)
    page = opened(f"/faxes/{id}")
    page.locator("#cancel summary").click()
    page.locator("#cancel_reason").fill("half a rea")
    move(house, id, state="sending", delivered=1)
    expect(page.locator("#standing")).to_contain_text("Sending")
    expect(page.locator("#cancel_reason")).to_have_value("half a rea")


def test_the_pages_of_the_document_are_pictures(opened: Any) -> None:
    """Each with its number for who cannot see it; a script in a receiver's name does not run."""
    page = opened("/faxes/1")
    sheets = page.locator(".sheets img")
    expect(sheets).to_have_count(3)
    sheets.last.scroll_into_view_if_needed()
    expect(sheets.last).to_have_js_property("complete", True)
    assert sheets.last.evaluate("picture => picture.naturalWidth") == 864
    expect(page.get_by_role("img", name="Page 3 of 3 of the bill, as it is faxed")).to_be_visible()
    page = opened("/faxes/10")
    expect(page.get_by_text("<script>document").first).to_be_visible()
    assert page.title() != "taken"


def test_a_page_whose_session_ended_says_that_it_is_not_live(opened: Any, house: House) -> None:
    """It does not go on telling."""
    page = opened("/faxes", "agent")
    house.change(staff.set_roles, "agent", ("agent",), time.time())
    expect(page.locator("#live")).to_have_class("pill live off")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/faxes", *(f"/faxes/{id}" for id in (2, 4, 6, 10))])
def test_nothing_sticks_out_and_everything_has_a_name(path: str, size: str, language: str, opened: Any) -> None:
    """On a desk and on a phone, in both languages, hostile fields included."""
    assert len(JOBS) == 10
    page = opened(path, "supervisor", size, language)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_count(1)
    named = "e => (e.ariaLabel || e.innerText || e.alt || e.labels?.[0]?.innerText || '').trim()"
    for one in page.locator("button, a, summary, img, input:not([type=hidden])").all():
        if not one.evaluate("e => !!e.closest('header') || !!e.closest('details:not([open])')"):
            assert one.evaluate(named)
