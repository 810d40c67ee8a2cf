"""The agent's desk in a real browser, with a stand-in for the agents' room and a double of SIP: what is seen and done.

Real audio through the real Asterisk is in tests/live/test_desk.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.console.desk_browsing import FAKE_SIP, FLAGS, SIZES, Seat, looks, served, sit

EVIL = '<img src=x onerror="window.taken=1"><script>window.taken=1</script>"\'>'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium with a microphone that beeps."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    """The console with the stand-in behind it."""
    yield from served(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def opened(chromium: Browser, seat: Seat) -> Iterator[Any]:
    """``opened(size, language)``: the desk, nobody seated; an error in its console fails the test."""
    errors: list[str] = []
    contexts: list[BrowserContext] = []
    seat.do("afresh")
    seat.do("hostile", "")
    seat.do("move", "signed_out", seat="", device="", call="")
    seat.do("talk", "over")

    def open_page(size: str = "wide", language: str = "en-US", scheme: Any = "light") -> Page:
        width, height = SIZES[size]
        shape = {"width": width, "height": height}
        context = chromium.new_context(viewport=shape, locale=language, color_scheme=scheme)
        context.add_cookies([{"name": "session", "value": seat.session, "url": seat.site}])
        context.route("**/jssip.js", lambda route: route.fulfill(body=FAKE_SIP, content_type="text/javascript"))
        contexts.append(context)
        return another(context)

    def wrong(line: ConsoleMessage) -> bool:
        return line.type == "error" and "status of 4" not in line.text  # a refusal is no error of the page

    def another(context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if wrong(line) else None)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{seat.site}/desk")
        expect(page.locator("#seat_words")).not_to_have_class("seat-now bad")
        return page

    open_page.another = another  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def ready(opened: Any, seat: Seat) -> Page:
    """Somebody at the browser, ready for calls."""
    page: Page = opened()
    sit(page)
    seat.do("move", "ready")
    expect(page.locator("#state_words")).to_have_text("Ready")
    expect(page.locator("#seat_words")).to_have_text("Seat 1003 · can be reached")
    return page


def rings(page: Page, seat: Seat, call: str = "c-1", **more: Any) -> None:
    """The server and the telephone say so, in the order of the real ones."""
    seat.do("ring", call, **more)
    page.evaluate(f"sip.ring({json.dumps({'call': call, 'number': '13800138000'})})")
    expect(page.locator("#call_title")).to_have_text("Incoming call")


def talks(page: Page, seat: Seat, call: str = "c-1") -> None:
    """Rung and answered."""
    rings(page, seat, call)
    page.keyboard.press("a")
    seat.do("answer", call)
    expect(page.locator("#call_title")).to_have_text("Talking")


# --- sitting down and states ---------------------------------------------------------------------------------------


def test_somebody_sits_down_with_the_keyboard_alone(opened: Any, seat: Seat) -> None:
    """Enter sits down; the menu of states opens, moves and closes by keys; each state is said once."""
    page = opened()
    expect(page.locator("#work")).to_be_hidden()
    page.get_by_label("In this browser").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#sit_go")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#state_words")).to_have_text("Ready")
    expect(page.locator("#said")).to_have_text("Ready")
    seat.was_asked(["sit", "browser", ""])
    page.keyboard.press("s")
    expect(page.get_by_role("menuitem", name="Ready")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#state_words")).to_have_text("Meal")
    expect(page.locator("#said")).to_have_text("Busy: Meal")
    expect(page.locator("#state_menu")).to_be_hidden()
    page.keyboard.press("s")
    expect(page.locator("#state_words")).to_have_text("Ready")
    seat.was_asked(["state", "busy", "meal"], ["state", "ready", ""])


def test_a_desk_telephone_needs_no_sound_here(opened: Any, seat: Seat) -> None:
    """It rings there: the screen shows who calls, and offers what the server can do."""
    page = opened()
    page.get_by_label("At a desk telephone").check()
    page.get_by_label("Which telephone").select_option("2002")
    page.locator("#sit_go").click()
    expect(page.locator("#seat_words")).to_have_text("Telephone 2002")
    seat.do("move", "ready")
    seat.do("ring", "c-2")
    expect(page.locator("#call_who")).to_have_text("Li Wei")
    expect(page.get_by_role("button", name="Answer")).to_have_count(0)
    seat.do("answer", "c-2")
    expect(page.locator("#call_title")).to_have_text("Talking")
    expect(page.get_by_role("button", name="Mute")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator("#call_title")).to_have_text("Wrap-up")
    seat.was_asked(["hang-up", "c-2"])
    seat.do("move", "ready", call="")
    page.get_by_label("Number to call").fill("13600136000")
    page.keyboard.press("Enter")
    expect(page.locator("#who_number")).to_have_text("13600136000")
    seat.was_asked(["dial", "13600136000"])


def test_the_devices_are_tried(ready: Page) -> None:
    """The level of the microphone moves; the choices stay with the browser; no choice is sent anywhere."""
    ready.get_by_role("button", name="Devices").click()
    ready.get_by_role("button", name="Try the microphone").click()
    expect(ready.locator("#level_words")).to_have_text("You are heard.")
    assert float(ready.locator("#level").evaluate("one => one.value")) >= 0
    expect(ready.get_by_label("Microphone", exact=True).locator("option")).not_to_have_count(1)
    ready.get_by_role("button", name="Play a sound").click()
    ready.get_by_label("Rings through").select_option(index=1)
    ready.get_by_label("Single letters are short-cuts, outside fields").uncheck()
    ready.get_by_role("button", name="Close").click()
    ready.keyboard.press("s")
    expect(ready.locator("#state_menu")).to_be_hidden()
    kept = json.loads(ready.evaluate("localStorage.getItem('desk.devices')"))
    assert kept["ringer"] and kept["keys"] is False


# --- a call --------------------------------------------------------------------------------------------------------


def test_who_it_is_and_what_they_asked_stand_there_before_the_answer(ready: Page, seat: Seat) -> None:
    """Name, line, card, story with how much was heard, the form of the business; said at once; one key answers."""
    rings(ready, seat)
    expect(ready.locator("#who_name")).to_have_text("Li Wei")
    expect(ready.locator("#line")).to_contain_text("Asked for the bill of October")
    expect(ready.locator("#who_marks")).to_contain_text("Password proved")
    expect(ready.locator("#card_facts")).to_contain_text("¥318.60")
    expect(ready.get_by_role("img", name="45 % heard")).to_be_visible()
    expect(ready.locator("#steps li")).to_have_count(7)
    expect(ready.get_by_label("What is it about")).to_be_visible()
    expect(ready.locator("#before")).to_contain_text("Broadband drops in the evening")
    expect(ready.locator("#alarm")).to_contain_text("Call from Li Wei")
    expect(ready).to_have_title("☎ Li Wei, Fees, Bills")
    assert "answer" not in ready.evaluate("sip.did")
    ready.keyboard.press("Enter")
    seat.do("answer")
    expect(ready.locator("#call_title")).to_have_text("Talking")
    assert ready.evaluate("sip.did")[-1] == "answer"


def test_somebody_unknown_is_shown_as_such(ready: Page, seat: Seat) -> None:
    """Without a card: the number, and that nobody has it."""
    rings(ready, seat, "c-3", who="new")
    expect(ready.locator("#who_name")).to_have_text("Not a known customer")
    expect(ready.locator("#who_number")).to_have_text("02155550123")
    expect(ready.locator("#card_none")).to_be_visible()
    expect(ready.locator("#steps_none")).to_be_visible()


def test_every_control_has_its_key(ready: Page, seat: Seat) -> None:
    """Hold and resume, mute and not, the keypad, digits, the hang-up."""
    talks(ready, seat)
    for key, title in (("h", "On hold"), ("h", "Talking")):
        ready.keyboard.press(key)
        expect(ready.locator("#call_title")).to_have_text(title)
    ready.keyboard.press("m")
    expect(ready.get_by_role("button", name="Unmute")).to_have_attribute("aria-pressed", "true")
    expect(ready.locator("#said")).to_have_text("Talking. You are muted")
    ready.keyboard.press("m")
    ready.keyboard.press("k")
    expect(ready.locator("#pad button").first).to_be_focused()
    for key in "41#":
        ready.keyboard.press(key)
    expect(ready.locator("#pad_typed")).to_have_text("41#")
    ready.keyboard.press("e")
    seat.do("wrap")
    expect(ready.locator("#call_title")).to_have_text("Wrap-up")
    did = ready.evaluate("sip.did")
    assert did[-8:] == ["hold", "resume", "mute", "unmute", "key 4", "key 1", "key #", "hang up"]


def test_letters_that_are_typed_are_letters(ready: Page, seat: Seat) -> None:
    """In a field a letter does nothing else; with Alt it does, and the field keeps its words."""
    talks(ready, seat)
    ready.keyboard.press("n")
    asked = ready.get_by_label("What was asked")
    expect(asked).to_be_focused()
    ready.keyboard.type("he met him 40")
    expect(ready.locator("#call_title")).to_have_text("Talking")
    ready.keyboard.press("Alt+h")
    expect(ready.locator("#call_title")).to_have_text("On hold")
    expect(asked).to_have_value("he met him 40")
    expect(asked).to_be_focused()


def test_asking_somebody_first_and_coming_back(ready: Page, seat: Seat) -> None:
    """Typed for, chosen by arrow; back, all three, and handed over, each by its key."""
    talks(ready, seat)
    ready.keyboard.press("t")
    expect(ready.locator("#places_list li")).to_have_count(5)
    ready.keyboard.type("wang")
    expect(ready.locator("#places_list li")).to_have_count(1)
    ready.keyboard.press("Enter")
    expect(ready.locator("#other_party")).to_have_text("You speak with 王芳 Wang Fang")
    ready.keyboard.press("r")
    expect(ready.locator("#call_title")).to_have_text("Talking")
    ready.keyboard.press("t")
    expect(ready.locator("#places_list li")).to_have_count(5)
    ready.keyboard.press("ArrowDown")
    ready.keyboard.press("Enter")
    expect(ready.locator("#call_title")).to_have_text("Asking first")
    ready.keyboard.press("j")
    expect(ready.locator("#call_title")).to_have_text("All three")
    ready.keyboard.press("p")
    expect(ready.locator("#other_party")).to_be_hidden()
    seat.was_asked(["transfer", "c-1", "1002", "consult"], ["return", "c-1"])
    seat.was_asked(["transfer", "c-1", "1005", "consult"], ["join", "c-1"], ["complete", "c-1"])


def test_a_queue_or_a_number_is_handed_over_to_at_once(ready: Page, seat: Seat) -> None:
    """A queue cannot be asked first; an outside number is offered when one is typed."""
    talks(ready, seat)
    ready.get_by_role("button", name="Transfer").click()
    ready.keyboard.type("faults")
    ready.locator("#places_list li", has_text="Faults").click()
    expect(ready.get_by_role("button", name="Ask first")).to_be_disabled()
    ready.locator("#places_input").fill("02588880000")
    expect(ready.locator("#places_list li")).to_have_text(["02588880000outside number"])
    ready.locator("#places_input").focus()
    ready.keyboard.press("Shift+Enter")
    expect(ready.locator("#places")).to_be_hidden()
    seat.was_asked(["transfer", "c-1", "02588880000", "blind"])


def test_auto_answer_waits_for_its_sound(opened: Any, seat: Seat) -> None:
    """When it is chosen, and only then."""
    page = opened()
    page.evaluate("localStorage.setItem('desk.devices', '{\"auto\": true}')")
    page.reload()
    sit(page)
    expect(page.locator("#seat_words")).to_contain_text("can be reached")
    rings(page, seat)
    expect(page.locator("#call_title")).to_have_text("Talking")
    assert "answer" in page.evaluate("sip.did")


def test_a_declined_call_is_refused_and_said(ready: Page, seat: Seat) -> None:
    """To the telephone system and to the server, and the agent reads why they are busy."""
    rings(ready, seat)
    ready.get_by_role("button", name="Decline").click()
    expect(ready.locator("#call_why")).to_contain_text("You did not take a call")
    seat.was_asked(["reject", "c-1"])
    assert "refuse 486" in ready.evaluate("sip.did")


def test_a_missed_call_is_called_back_with_one_press(ready: Page, seat: Seat) -> None:
    """Dialled, with a card; the record begins with its first key."""
    ready.get_by_role("button", name="Call Sun Li back").click()
    expect(ready.locator("#call_title")).to_have_text("Talking")
    expect(ready.locator("#who_number")).to_have_text("13600136000")
    assert ready.evaluate("sip.did")[-1] == "call 13600136000"
    assert not [one for one in seat.did if one[0] == "begin" and one[2] == "13600136000"]
    ready.get_by_label("What was done").fill("told")
    expect(ready.locator("#record_mark")).to_contain_text("Saved")
    seat.was_asked(["begin", "fees", "13600136000"])
    ready.evaluate("sip.session.end('remote')")
    expect(ready.locator("#call_title")).to_have_text("Ready")


def test_a_number_that_is_not_reached_says_why(ready: Page) -> None:
    """And the screen is clear again."""
    ready.evaluate("sip.answers = false")
    ready.keyboard.press("o")
    ready.keyboard.type("13600136000")
    ready.keyboard.press("Enter")
    expect(ready.locator("#call_title")).to_have_text("Calling")
    ready.evaluate("sip.session.emit('failed', { originator: 'remote', cause: 'Busy' })")
    expect(ready.locator("#toast")).to_have_text("Not reached: busy.")
    expect(ready.locator("#call_title")).to_have_text("Ready")


# --- the record ----------------------------------------------------------------------------------------------------


def test_what_is_typed_is_saved_as_it_is_typed(ready: Page, seat: Seat) -> None:
    """Every kind of field, with its mark; nothing of it stays in the browser then."""
    talks(ready, seat, "c-10")
    ready.get_by_label("What was asked").fill("Why so high?")
    ready.get_by_label("What is it about").select_option("roaming")
    ready.get_by_label("Yes").check()
    ready.get_by_role("checkbox", name="To follow up").check()
    ready.locator("#record_follow_up_on").fill("2026-12-01")
    expect(ready.locator("#record_mark")).to_have_class("mark-of saved")
    expect(ready.locator("#record_mark")).to_contain_text("Saved")
    values = seat.do()["records"]["r-c-10"]["values"]
    assert values == {
        "asked": "Why so high?",
        "what": "roaming",
        "explained": "yes",
        "follow_up": "yes",
        "follow_up_on": "2026-12-01",
    }
    assert ready.evaluate("sessionStorage.getItem('desk.unsent')") in (None, "{}")


def test_the_business_decides_the_form(ready: Page, seat: Seat) -> None:
    """Another business, another form; what was asked stays."""
    talks(ready, seat, "c-11")
    ready.get_by_label("What was asked").fill("No line")
    ready.get_by_label("Business").select_option("fault")
    expect(ready.get_by_label("What does the customer see")).to_be_visible()
    expect(ready.get_by_label("What is it about")).to_have_count(0)
    expect(ready.get_by_label("What was asked")).to_have_value("No line")
    expect(ready.locator("#record_mark")).to_contain_text("Saved")
    assert seat.do()["records"]["r-c-11"]["values"]["business"] == "fault"


def test_nothing_typed_is_lost_when_the_server_refuses_or_the_page_goes(ready: Page, seat: Seat) -> None:
    """Marked, kept in this window over a reload, and saved when the server takes it again."""
    talks(ready, seat, "c-12")
    seat.do("refuse", "save")
    ready.get_by_label("What was asked").fill("Half a sen")
    expect(ready.locator("#record_mark")).to_have_text("Not saved yet, kept in this window")
    ready.reload()
    expect(ready.get_by_label("What was asked")).to_have_value("Half a sen")
    seat.do("refuse")
    expect(ready.locator("#record_mark")).to_contain_text("Saved")
    assert seat.do()["records"]["r-c-12"]["values"]["asked"] == "Half a sen"


def test_edits_of_a_call_that_is_no_more_on_the_screen_are_sent(opened: Any, seat: Seat) -> None:
    """The window went down with them: the next page in it sends them."""
    page = opened()
    page.evaluate("sessionStorage.setItem('desk.unsent', JSON.stringify({'r-old': {done: 'closed'}}))")
    page.reload()
    expect(page.locator("#toast")).to_have_text("What you typed before was saved.")
    assert seat.do()["records"]["r-old"]["values"] == {"done": "closed"}


def test_a_record_that_changed_elsewhere_keeps_both(ready: Page, seat: Seat) -> None:
    """What was typed here stands; what was not touched is taken over."""
    talks(ready, seat, "c-13")
    seat.do("elsewhere", "r-c-13", done="by a supervisor", asked="theirs")
    ready.get_by_label("What was asked").fill("mine")
    expect(ready.locator("#record_mark")).to_contain_text("Saved")
    expect(ready.get_by_label("What was done")).to_have_value("by a supervisor")
    assert seat.do()["records"]["r-c-13"]["values"] == {"done": "by a supervisor", "asked": "mine"}


def test_the_wrap_up_points_at_what_is_empty(ready: Page, seat: Seat) -> None:
    """Once; a second press leaves it so; the screen is clear for the next."""
    talks(ready, seat, "c-14")
    ready.evaluate("sip.session.end('remote')")
    seat.do("wrap", "c-14")
    expect(ready.locator("#call_title")).to_have_text("Wrap-up")
    expect(ready.locator("#said")).to_have_text("The call has ended. Wrap-up.")
    expect(ready.get_by_label("What is it about")).to_be_focused()
    expect(ready.locator("#wrap_left")).to_contain_text("s left, then ready")
    ready.keyboard.press("Alt+s")
    expect(ready.locator("#toast")).to_contain_text("Still empty: What is it about")
    ready.keyboard.press("Alt+s")
    expect(ready.locator("#call_title")).to_have_text("Ready")
    expect(ready.locator("#story")).to_be_hidden()
    seat.was_asked(["done", "c-14"])


def test_a_caller_who_was_cut_off_is_called_back_out_of_the_wrap_up(ready: Page, seat: Seat) -> None:
    """One key: the wrap-up is done, the number is dialled, the card is there."""
    talks(ready, seat, "c-16")
    ready.evaluate("sip.session.end('remote')")
    seat.do("wrap", "c-16")
    expect(ready.locator("#call_title")).to_have_text("Wrap-up")
    ready.keyboard.press("Alt+o")
    expect(ready.locator("#call_title")).to_have_text("Talking")
    seat.was_asked(["done", "c-16"])
    assert ready.evaluate("sip.did").count("call 13800138000") == 1
    expect(ready.locator("#line")).to_have_text("You called this number.")


def test_signing_out_leaves_nothing_in_the_browser(ready: Page, seat: Seat) -> None:
    """Up from the seat first; no word of a customer, and no password of a seat, in any storage."""
    talks(ready, seat, "c-15")
    seat.do("refuse", "save")
    ready.get_by_label("What was asked").fill("secret")
    stored = "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
    assert "not-a-secret" not in ready.evaluate(stored)
    ready.evaluate("sip.session.end('remote')")
    ready.get_by_role("button", name="Sign out").click()
    ready.wait_for_url("**/")
    assert "secret" not in ready.evaluate(stored)
    seat.was_asked(["rise"])
    client = seat.house.client()
    client.sign_in("agent")
    seat.session = client.cookies["session"]


# --- reload, windows, losses ---------------------------------------------------------------------------------------


def test_a_reload_in_mid_call_fetches_the_call_back(ready: Page, seat: Seat) -> None:
    """Registered anew, asked for, and answered by itself when it comes; card and story are there at once."""
    talks(ready, seat, "c-20")
    ready.reload()
    expect(ready.locator("#call_title")).to_have_text("Fetching your call back")
    expect(ready.locator("#who_name")).to_have_text("Li Wei")
    expect(ready.locator("#said")).to_have_text("Fetching your call back")
    seat.was_asked(["rejoin", "c-20"])
    ready.evaluate("sip.ring({ call: 'c-20', number: '13800138000' })")
    expect(ready.locator("#call_title")).to_have_text("Talking")
    assert ready.evaluate("sip.did") == ["register", "answer"]


def test_two_windows_do_not_fight(ready: Page, opened: Any, seat: Seat) -> None:
    """The newest has the telephone; the older one says so and may take it."""
    other = opened.another(ready.context)
    expect(ready.locator("#elsewhere")).to_be_visible()
    expect(other.locator("#elsewhere")).to_be_hidden()
    expect(other.locator("#seat_words")).to_contain_text("can be reached")
    assert ready.evaluate("sip.did")[-1] == "unregister"
    ready.get_by_role("button", name="Use it here").click()
    expect(ready.locator("#elsewhere")).to_be_hidden()
    expect(other.locator("#elsewhere")).to_be_visible()
    other.close()
    expect(ready.locator("#seat_words")).to_contain_text("can be reached")


def test_what_is_away_is_said(ready: Page, seat: Seat) -> None:
    """The exchange from the server, the telephone from this window, the server from here; and when it is back."""
    seat.do("away")
    expect(ready.locator("#trouble")).to_contain_text("The telephone system does not answer the server")
    seat.do("move", "ready")
    expect(ready.locator("#trouble")).to_be_hidden()
    ready.evaluate("sip.agent.emit('disconnected')")
    expect(ready.locator("#trouble")).to_contain_text("This window has lost the telephone system")
    ready.evaluate("sip.agent.emit('registered')")
    expect(ready.locator("#trouble")).to_be_hidden()


def test_a_hidden_page_goes_on_beating(ready: Page, seat: Seat) -> None:
    """In a worker, whose timers browsers do not slow down."""
    assert any("desk_beat.js" in worker.url for worker in ready.workers)


def test_a_second_call_finds_the_line_busy(ready: Page, seat: Seat) -> None:
    """The one that is up is not disturbed."""
    talks(ready, seat)
    ready.evaluate("window.first = sip.session; sip.ring({ call: 'c-99', number: '1' })")
    ready.wait_for_function("sip.did.at(-1) === 'refuse 486'")
    expect(ready.locator("#call_who")).to_have_text("Li Wei")


# --- beside the call -----------------------------------------------------------------------------------------------


def test_fees_are_asked_for_with_a_reason(ready: Page, seat: Seat) -> None:
    """None without; months are one press away; a refusal is shown in its words."""
    ready.keyboard.press("f")
    expect(ready.get_by_label("Telephone number")).to_be_focused()
    ready.keyboard.type("13800138000")
    ready.keyboard.press("Enter")
    expect(ready.locator("#fees_fault")).to_have_text("Please give a reason.")
    expect(ready.get_by_label("Reason")).to_be_focused()
    ready.keyboard.type("asked by the customer")
    ready.keyboard.press("Enter")
    expect(ready.locator("#fees_total")).to_have_text("¥186.20")
    ready.get_by_role("button", name="2026-09").click()
    expect(ready.get_by_role("button", name="2026-09")).to_have_attribute("aria-pressed", "true")
    seat.was_asked(["fees", "13800138000", "2026-09", "asked by the customer"])
    ready.get_by_label("Telephone number").fill("000")
    ready.keyboard.press("Enter")
    expect(ready.locator("#fees_fault")).to_have_text("Nobody has this number.")


def test_other_pages_open_beside_the_desk(ready: Page) -> None:
    """The desk stays where it is; the menu leads to it, and so does the first page."""
    with ready.context.expect_page() as beside:
        ready.get_by_role("link", name="Home").click()
    expect(beside.value.get_by_role("link", name="Sit down")).to_be_visible()
    expect(beside.value.get_by_role("link", name="Desk", exact=True)).to_have_attribute("href", "/desk")
    expect(ready.locator("#state_words")).to_have_text("Ready")


def test_the_help_lists_the_keys(ready: Page) -> None:
    """Opened and closed by its own."""
    ready.keyboard.press("?")
    expect(ready.get_by_role("dialog", name="Short-cuts")).to_be_visible()
    expect(ready.locator("#help_list")).to_contain_text("Hold and resume")
    ready.keyboard.press("Escape")
    expect(ready.get_by_role("dialog", name="Short-cuts")).to_have_count(0)


# --- what comes from outside; how it looks -------------------------------------------------------------------------


def test_scripts_in_every_field_are_text(opened: Any, seat: Seat) -> None:
    """Names, story, card, contacts, colleagues, receptions (FAULTS I1): shown, not run."""
    seat.do("hostile", EVIL)
    page = opened()
    sit(page)
    seat.do("move", "ready", state_words=EVIL)
    expect(page.locator("#seat_words")).to_contain_text("can be reached")
    expect(page.locator("#missed")).to_contain_text("<img src=x")
    notes = [dict.fromkeys(("agent", "business_words", "asked", "done"), EVIL)]
    seat.do("ring", "c-30", transferred_from=EVIL, notes=notes)
    page.evaluate(f"sip.ring({json.dumps({'call': 'c-30', 'number': EVIL, 'name': EVIL})})")
    for place in ("who_name", "line", "steps", "card_facts", "contracts", "before", "notes", "who_marks", "faults"):
        expect(page.locator(f"#{place}")).to_contain_text("<script>window.taken")
    page.keyboard.press("Enter")
    seat.do("answer", "c-30")
    expect(page.locator("#call_title")).to_have_text("Talking")
    page.keyboard.press("t")
    expect(page.locator("#places_list")).to_contain_text("<script>window.taken")
    page.keyboard.press("Escape")
    page.locator("#tab_latest").click()
    expect(page.locator("#latest")).to_contain_text("<script>window.taken")
    assert page.evaluate("window.taken") is None
    assert page.evaluate("document.querySelectorAll('#seat img, #seat script').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


VIEWS = [(size, scheme, language) for size in SIZES for scheme in ("light", "dark") for language in ("en-US", "zh-CN")]


@pytest.mark.parametrize("view", VIEWS, ids="-".join)
def test_every_state_fits_can_be_read_and_has_names(view: tuple[str, str, str], opened: Any, seat: Seat) -> None:
    """Idle, ringing, talking, consulting, wrap-up, every tab and dialog: nothing sticks out, AA contrast, names."""
    size, scheme, language = view
    page = opened(size, language, scheme)
    expect(page.locator("html")).to_have_attribute("lang", language)
    wrong = {"sit": looks(page)}
    sit(page)
    seat.do("move", "ready")
    phase = page.locator("#call")
    expect(phase).to_have_attribute("data-phase", "idle")
    wrong["idle"] = looks(page)
    seat.do("ring")
    page.evaluate("sip.ring({ call: 'c-1', number: '13800138000' })")
    expect(phase).to_have_attribute("data-phase", "ringing")
    wrong["ringing"] = looks(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    seat.do("answer")
    expect(phase).to_have_attribute("data-phase", "talking")
    page.keyboard.press("k")
    wrong["talking"] = looks(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("t")
    expect(page.locator("#places_list li")).to_have_count(5)
    wrong["places"] = looks(page)
    page.keyboard.press("Escape")
    seat.do("talk", "consulting", **{"with": "王芳"})
    expect(page.locator("#other_party")).to_be_visible()
    wrong["consulting"] = looks(page)
    page.evaluate("sip.session.end('remote')")
    seat.do("wrap")
    expect(phase).to_have_attribute("data-phase", "wrap_up")
    wrong["wrap-up"] = looks(page)
    for tab in ("latest", "fees"):
        page.locator(f"#tab_{tab}").click()
        wrong[tab] = looks(page)
    page.locator("#settings_button").click()
    wrong["devices"] = looks(page)
    assert {where: found for where, found in wrong.items() if found} == {}


# --- what is served ------------------------------------------------------------------------------------------------


def test_the_library_is_served_with_version_and_licence(seat: Seat) -> None:
    """MIT asks for its text; the version is the one that was tried."""
    client = seat.house.client()
    client.cookies["session"] = seat.session
    page = client.ask("GET", "/desk")
    version = page.text.split("/static/")[1].split("/")[0]
    text = client.ask("GET", f"/static/{version}/jssip.js").text
    head = text[: text.index("*/")]
    assert "jssip 3.13.8, MIT" in head
    assert head.count("Permission is hereby granted, free of charge") >= 4
    assert "sdp-transform 2.15.0, MIT" in head


def test_the_microphone_is_allowed_at_the_desk_only(seat: Seat) -> None:
    """By the page's own policy; the content policy stays as strict as everywhere."""
    client = seat.house.client()
    client.cookies["session"] = seat.session
    desk, home = client.ask("GET", "/desk"), client.ask("GET", "/")
    assert "microphone=(self)" in desk.headers["Permissions-Policy"]
    assert "microphone=()" in home.headers["Permissions-Policy"]
    assert desk.headers["Content-Security-Policy"] == home.headers["Content-Security-Policy"]
    assert "unsafe" not in desk.headers["Content-Security-Policy"]
