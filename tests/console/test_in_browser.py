"""The console in a real browser: the phone makes calls, scripts in fields stay text, narrow screens hold it all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

House = Any  # the fixture's own, in conftest.py
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--autoplay-policy=no-user-gesture-required"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, house: House) -> Iterator[Any]:
    """``opened(path, size, language)`` is a page; any error in its console fails the test."""
    errors: list[str] = []
    contexts = []

    def open_page(path: str, size: str = "wide", language: str = "en-US") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def sign_in(page: Page, name: str) -> None:
    """Through the form."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def test_a_call_with_the_mouse(opened: Any) -> None:
    """Call, hear the words, press a key, see the trail, go to the queue."""
    page = opened("/phone")
    fetched: list[str] = []
    page.on("response", lambda got: fetched.append(got.url) if "/phone/sound/" in got.url and got.ok else None)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#caption")).to_contain_text("press 1")
    expect(page.locator("#trail li")).to_have_count(1)
    page.get_by_role("button", name="1", exact=True).click()
    expect(page.locator("#caption")).to_contain_text("eighty-six yuan")
    expect(page.locator("#pressed")).to_have_text("1")
    expect(page.locator("#node")).to_have_text("main › say_bill")
    page.get_by_role("button", name="0", exact=True).click()
    expect(page.locator("#state")).to_have_text("Call ended")
    expect(page.locator("#caption")).to_have_text("The call now goes to the queue: Billing")
    expect(page.locator("#how")).to_have_text("Handed to a person")
    card = page.get_by_role("region", name="Handed to a person")
    expect(card).to_be_in_viewport()
    expect(card).to_contain_text("Billing")
    expect(card.get_by_role("listitem")).to_have_text(["pressed 1: For your bill", "went to: human"])
    assert [url.rsplit("/", 1)[1] for url in fetched] == ["sound.wav", "sound1.wav"]


def test_somebody_at_the_queues(opened: Any) -> None:
    """A switch with a name: found by the keyboard, kept still during a call, and keys beside it press the phone's."""
    page = opened("/phone")
    switch = page.get_by_role("switch", name="Somebody is signed in to the queues")
    expect(switch).not_to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#caption")).to_contain_text("press 1")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    page.keyboard.press("0")
    expect(page.locator("#handed_steps")).to_contain_text("queue staffed: staffed")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#handed")).to_be_hidden()
    expect(page.locator("#how")).to_be_hidden()


def test_a_call_with_the_keyboard_alone(opened: Any) -> None:
    """Enter calls, digits press, arrows move over the keypad, and the button hangs up."""
    page = opened("/phone")
    page.keyboard.press("Enter")
    expect(page.locator("#caption")).to_contain_text("press 1")
    page.keyboard.press("2")
    expect(page.locator("#caption")).to_contain_text("You owe nothing")
    page.locator('[data-key="5"]').focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(page.locator('[data-key="1"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#caption")).to_contain_text("eighty-six yuan")
    page.keyboard.press("#")
    expect(page.locator("#pressed")).to_have_text("21#")
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#state")).to_have_text("Call ended")
    expect(page.get_by_text("Said before")).to_be_visible()


def test_typing_a_number_presses_no_key(opened: Any) -> None:
    """The fields are for numbers; a customer of the list fills them."""
    page = opened("/phone")
    page.get_by_role("button", name="13900139000").click()
    expect(page.get_by_label("Calling from")).to_have_value("13900139000")
    page.get_by_label("Number dialled").fill("000")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("The service did not answer. Is it running?")
    expect(page.locator("#pressed")).to_have_text("")
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_enabled()


def test_leaving_the_page_puts_the_receiver_down(opened: Any) -> None:
    """A new page calls again without trouble."""
    page = opened("/phone")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#state")).to_have_text("In a call")
    page.reload()
    expect(page.locator("#state")).to_have_text("Ready")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#state")).to_have_text("In a call")


def test_the_language_switch_is_kept(opened: Any) -> None:
    """Chosen once, on any page; the page stays the same."""
    page = opened("/phone")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("按键电话")
    page.reload()
    expect(page.get_by_role("button", name="呼叫", exact=True)).to_be_visible()


def test_I1_a_script_in_a_field_does_not_run(opened: Any) -> None:
    """In the table of calls, in the story, in the trail."""
    page = opened("/sign-in")
    sign_in(page, "supervisor")
    for path in ("/", "/calls", "/calls/1700000002.1"):
        page.goto(urljoin(page.url, path))
        expect(page.get_by_text("<script>document").first).to_be_visible()
        assert page.title() != "taken"


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("path", ["/", "/sign-in", "/phone", "/health", "/nothing"])
def test_pages_fit_a_narrow_screen_and_have_their_landmarks(
    path: str, language: str, chromium: Browser, house: House
) -> None:
    """No sideways scrolling; one h1, banner, main, footer; a skip link first; every button and field has a name."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale=language)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{house.port}{path}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for role in ("banner", "main", "contentinfo", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.keyboard.press("Tab")
    if path != "/sign-in":
        expect(page.locator(".skip")).to_be_focused()
    for one in page.locator("button, a, input:not([type=hidden])").all():
        assert one.evaluate("e => (e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || '').trim()")
    context.close()


def test_the_call_button_is_in_sight_on_a_narrow_screen(opened: Any) -> None:
    """Caption, keypad and button together, without scrolling."""
    page = opened("/phone", "narrow")
    box = page.locator("#act").bounding_box()
    assert box["y"] + box["height"] <= 844


@pytest.mark.parametrize("path", ["/", "/calls", "/calls/1700000002.1", "/wishes"])
def test_staff_pages_fit_a_narrow_screen(path: str, opened: Any) -> None:
    """Hostile fields included."""
    page = opened("/sign-in", "narrow")
    sign_in(page, "admin")
    page.goto(urljoin(page.url, path))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
