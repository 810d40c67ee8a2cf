"""A call tried in the studio, in a real browser and by hand-made requests: what it shows, who may, what is kept."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import House
from tests.console.test_studio_in_browser import chromium, house, opened  # noqa: F401

KINDS = ("/studio/simulate", "/studio/simulate/sound", "/studio/say", "/studio/simulate/record")
SETUP = json.dumps({"flow": "main", "at": "2026-11-25T10:00", "caller": "13800138000"})


def test_supervisors_try_calls_admins_keep_them_agents_neither(house: House) -> None:  # noqa: F811
    """The role matrix of both routes; a forged form is refused; what is no call is 422 with words."""
    statuses: dict[tuple[str, str], int] = {}
    for who in ("li", "zhao", "sun"):
        client = house.client()
        client.sign_in(who)
        form = {"csrf": client.csrf("/wishes"), "setup": SETUP, "moves": "[]", "title": "tried", "line": "1"}
        form |= {"prompt": "welcome", "language": "en-US"}
        for path in KINDS:
            statuses[who, path] = client.ask("POST", path, form).status
            assert client.ask("POST", path, {**form, "csrf": "no"}).status == 403
        if who == "li":
            for odd in (
                {"moves": "[1]"},
                {"moves": "["},
                {"setup": "{}"},
                {"setup": '{"flow": "fees", "at": "2026-11-25"}'},
            ):
                assert client.ask("POST", "/studio/simulate", {**form, **odd}).status == 422
            assert client.ask("POST", "/studio/simulate/record", {**form, "title": " "}).status == 422
    assert [[statuses[who, path] for path in KINDS] for who in ("li", "zhao", "sun")] == [
        [200, 200, 200, 200],
        [200, 200, 200, 403],
        [403, 403, 403, 403],
    ]


def story(page: Page) -> Any:
    """The lines of the call."""
    return page.locator(".sim-tale li")


def test_a_call_is_tried_stepped_back_and_kept(opened: Any) -> None:  # noqa: F811
    """Keypad and keyboard, the path on the picture, time that passes, a fault, and a dialogue that proves."""
    page = opened(at="main")
    page.get_by_role("tab", name="Try a call").click()
    page.get_by_role("button", name="Call", exact=True).click()
    expect(story(page).last).to_contain_text("查询话费，请按一")
    expect(story(page).last).to_contain_text("For your bill, press one")
    expect(page.locator('.node.now[data-node="main_menu"]')).to_have_count(1)
    story(page).last.get_by_role("button", name="Hear it").click()
    expect(page.locator("#studio")).to_have_attribute("data-said", re.compile(r"[1-9]\d{3,5}$"))
    page.get_by_role("group", name="Keypad").get_by_role("button", name="1", exact=True).click()
    expect(story(page).last).to_contain_text("For yes, press 1")
    page.locator("#sim_call").focus()
    page.keyboard.press("1")
    expect(page.locator("#studio")).to_have_attribute("data-flow", "fees")
    page.keyboard.press("1")
    expect(page.locator(".sim-facts")).to_contain_text("128.50")
    assert page.locator(".node.on-path").count() > 1
    page.keyboard.press("Backspace")
    expect(page.locator(".sim-facts")).not_to_contain_text("128.50")
    page.get_by_label("Billing fails").check()
    expect(page.locator(".sim-tale li.failed")).to_contain_text("recent months: no answer (unavailable)")
    page.get_by_label("Billing fails").uncheck()
    expect(page.locator(".sim-tale li.failed")).to_have_count(0)
    page.get_by_role("button", name="60 s pass").click()
    expect(page.locator("#sim_typed")).to_have_text("The call is over.")
    page.get_by_role("button", name="Keep as a dialogue").click()
    page.get_by_label("What does it show?").fill('silence at "the months" ends the call')
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#toast")).to_contain_text("Kept in flows/dialogues/recorded.yaml")
    page.get_by_role("tab", name="Proof").click()
    page.get_by_role("button", name="Prove every call").click()
    expect(page.locator("#verdict")).to_have_class("verdict good", timeout=120_000)


def test_answers_by_hand_and_a_change_that_is_heard_at_once(opened: Any) -> None:  # noqa: F811
    """Declared outcomes are buttons, facts can be changed; the draft's new words are in the call that is under way."""
    page = opened(at="main/main_menu")
    page.get_by_role("tab", name="Try a call").click()
    page.get_by_label("I answer every look-up by hand").check()
    page.get_by_role("button", name="Call", exact=True).click()
    form = page.locator("#sim_look_up")
    expect(form).to_contain_text("The flow asks: caller language")
    form.get_by_role("button", name="English", exact=True).click()
    form.get_by_role("button", name="Answer: English").click()
    expect(form).to_contain_text("The flow asks: notice")
    form.get_by_role("button", name="It fails").click()
    form.get_by_role("button", name="Answer: none").click()
    expect(story(page).last).to_contain_text("For your bill, press one")
    page.locator("#panel textarea").first.fill("How may we help today?")
    page.locator("#panel textarea").first.blur()
    expect(story(page).last).to_contain_text("How may we help today?")


def test_words_are_heard_in_both_languages_as_they_are_reworded(opened: Any) -> None:  # noqa: F811
    """Longer words take longer to say, as soon as they are kept."""
    page = opened(at="main/welcome")
    studio, said = page.locator("#studio"), {}
    for language in ("English", "Chinese"):
        page.evaluate("delete document.getElementById('studio').dataset.said")
        page.get_by_role("button", name=re.compile(f"Hear welcome, {language}")).click()
        expect(studio).to_have_attribute("data-said", re.compile("[1-9]"))
        said[language] = int(studio.get_attribute("data-said") or 0)
    page.locator('#panel textarea[lang="en-US"]').first.fill("Welcome, and thank you very much for calling us today.")
    page.locator('#panel textarea[lang="en-US"]').first.blur()
    page.get_by_role("button", name=re.compile("Hear welcome, English")).click()
    expect(studio).not_to_have_attribute("data-said", str(said["Chinese"]))
    assert int(studio.get_attribute("data-said") or 0) > said["English"]


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_it_fits_a_narrow_screen(opened: Any, language: str) -> None:  # noqa: F811
    """One column, nothing sideways, every control named."""
    page = opened("zhao", "narrow", language, "main")
    page.locator('[data-part="foot"]').click()
    page.locator("#tab_simulate").click()
    page.locator("#sim_begin").click()
    expect(story(page)).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#sim_record")).to_have_count(0)
    for one in page.locator("#simulate button:visible, #simulate input:visible, #simulate select:visible").all():
        assert one.evaluate("e => (e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || '').trim()")
