"""The pages of queues and forms in a real browser: form and YAML change each other, problems stand at their place.

With IVR_PICTURES=docs/pictures the pictures of the documents are taken on the way.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import PASSWORD, House
from tests.console.desk_browsing import LOOKS
from tests.console.test_studio_change_in_browser import kept
from tests.console.test_studio_in_browser import EVIL, ROOT, SIZES, _bad, chromium

__all__ = ["chromium"]
SERVING = Path(__file__).with_name("sheets_serving.py")
Open = Callable[..., Page]
VIEWS = [(name, size, language) for name in ("queues", "forms") for size in SIZES for language in ("en-US", "zh-CN")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A console of its own, with two administrators and a supervisor."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SERVING), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        try:
            house = House(int(process.stdout.readline()), tmp_path)
            for name, role in (("li", "admin"), ("wang", "admin"), ("zhao", "supervisor")):
                house.hire(name, role)
            yield house
        finally:
            process.terminate()


@pytest.fixture
def at(chromium: Any, house: House) -> Any:
    """``at(sheet, who, size, language)`` is somebody at a page; an error in the page's console fails the test."""
    errors: list[str] = []
    contexts = []

    def open_page(sheet: str, who: str = "li", size: str = "wide", language: str = "en-US") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if _bad(line) else None)
        page.goto(f"http://127.0.0.1:{house.port}/sign-in?then=/studio/{sheet}")
        page.locator("input[name=name]").fill(who)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button.button").click()
        expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def problems(page: Page, count: int) -> None:
    """So many are left."""
    expect(page.locator("#studio")).to_have_attribute("data-problems", str(count))


def in_force(page: Page, why: str) -> None:
    """What stands there is kept, with a reason."""
    page.get_by_role("button", name="Put into force…").click()
    page.get_by_label("Why is it changed?").fill(why)
    page.locator("#keep_box").get_by_role("button", name="Put into force").click()
    expect(page.locator("#saved")).to_have_text("No changes: as it is in force")


def yaml(page: Page) -> Any:
    """The editor beside the form."""
    page.get_by_role("tab", name="YAML").click()
    return page.locator("#yaml .cm-content")


def test_a_queue_is_changed_by_its_form_and_put_into_force(at: Open) -> None:
    """One line of the YAML changes, its comment stays; the reason is asked for; who did it why stands in the past."""
    page = at("queues")
    page.locator('[data-queue="service"] summary').click()
    page.locator("#at_queues_0_ring_s").fill("30")
    page.locator("#at_queues_0_ring_s").press("Tab")
    expect(page.locator("#saved")).to_have_text("Changed, not yet in force")
    expect(yaml(page)).to_contain_text("ring_s: 30                  # how long a call rings at one agent")
    page.get_by_role("button", name="Put into force…").click()
    box = page.locator("#keep_box")
    expect(box).to_contain_text("It holds at once")
    expect(box.locator(".lines .plus")).to_have_count(1)
    page.get_by_label("Why is it changed?").fill("agents asked for it")
    box.get_by_role("button", name="Put into force").click()
    expect(page.locator("#done")).to_contain_text("Asterisk has the new queues.")
    page.get_by_role("tab", name="Earlier").click()
    rows = page.locator("#copies li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("agents asked for it")
    rows.last.get_by_role("button", name="Begin from this").click()
    expect(yaml(page)).to_contain_text("ring_s: 20                  # how long a call rings at one agent")
    in_force(page, "back again")


def test_a_problem_stands_in_the_list_at_its_control_and_at_its_line(at: Open) -> None:
    """It leads to the control; nothing is put into force before it is mended; undo and redo go back and forth."""
    page = at("queues")
    page.locator('[data-queue="billing"] summary').click()
    ring = page.locator("#at_queues_1_ring_s")
    ring.fill("500")
    ring.press("Enter")
    problems(page, 1)
    problem = page.locator("#problem_list button")
    expect(problem).to_contain_text("ring_s must lie between 5 and 120, not 500")
    expect(problem).to_contain_text("line 29, column 13")
    expect(ring).to_have_attribute("aria-invalid", "true")
    expect(page.locator('[data-key="ring_s"].faulty')).to_contain_text("must lie between 5 and 120")
    expect(page.locator("#yaml .cm-lint-marker-error")).to_have_count(1)
    expect(page.get_by_role("button", name="Put into force…")).to_be_disabled()
    page.locator("h1").click()
    problem.click()
    expect(ring).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    problems(page, 0)
    expect(ring).to_have_value("20")
    page.get_by_role("button", name="Redo").click()
    problems(page, 1)
    ring.fill("25")
    ring.press("Tab")
    problems(page, 0)
    expect(page.locator("#at_queues_1_wrap_up_s")).to_be_focused()


def test_what_is_typed_into_the_yaml_is_in_the_form(at: Open) -> None:
    """A mistake that cannot be read takes the form away until it is mended."""
    page = at("queues")
    line = yaml(page).locator(".cm-line", has_text="en-US: Billing").first
    line.click()
    page.keyboard.press("End")
    page.keyboard.type("]")
    problems(page, 1)
    expect(page.locator("#unreadable")).to_be_visible()
    expect(page.locator("#form")).to_be_hidden()
    page.keyboard.press("Backspace")
    problems(page, 0)
    for _ in range(len("ing}")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.type("!")
    expect(page.locator('[data-queue="billing"] summary')).to_contain_text("Bill!ing")


def test_what_is_typed_while_the_service_is_away_is_not_lost(at: Open) -> None:
    """No answer: the words stay in the editor, and are taken when the service is back."""
    page = at("queues")
    page.route("**/studio/queues/check", lambda route: route.abort())
    yaml(page).locator(".cm-line").first.click()
    page.keyboard.press("Home")
    page.keyboard.type("# by Li")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("did not answer")
    expect(yaml(page)).to_contain_text("# by Li")
    page.unroute("**/studio/queues/check")
    expect(page.locator("#saved")).to_have_attribute("data-state", "changed")
    expect(yaml(page)).to_contain_text("# by Li")


def test_a_business_goes_to_another_queue_and_a_person_gets_a_skill(at: Open) -> None:
    """Taken from the one that had it, in the same change; a queue of one's own hours; a reason to be busy."""
    page = at("queues")
    page.get_by_label("Fault goes to Billing").check()
    expect(page.get_by_label("Fault goes to Service")).not_to_be_checked()
    expect(yaml(page)).to_contain_text("businesses: [fees, arrears, fault]")
    expect(page.locator("#yaml .cm-content")).to_contain_text(
        "businesses: [consultation, suggestion, complaint, password]"
    )
    page.get_by_label("Bills goes to Billing", exact=True).uncheck()
    expect(page.locator(".where tr", has_text="Bills").first).to_contain_text("by itself")
    page.get_by_role("button", name="Name somebody").click()
    name = page.get_by_label("Signs in as")
    expect(name).to_be_focused()
    name.fill("li.wei")
    name.press("Tab")
    page.get_by_label("Billing, level of li.wei").select_option("2")
    expect(page.locator("#yaml .cm-content")).to_contain_text("{name: li.wei, skills: {service: 1, billing: 2}}")
    page.locator('[data-queue="billing"] summary').click()
    page.locator("#at_queues_1_hours").select_option("own")
    page.get_by_label("Saturday").fill("10:00-12:00, 13:00-15:00")
    page.get_by_label("Saturday").press("Tab")
    expect(page.locator("#yaml .cm-content")).to_contain_text('sat: ["10:00-12:00", "13:00-15:00"]')
    page.get_by_label("Sunday").fill("late")
    page.get_by_label("Sunday").press("Tab")
    expect(page.locator(".day.faulty")).to_contain_text('"late" is no span of hours')
    page.get_by_label("Sunday").fill("")
    page.get_by_label("Sunday").press("Tab")
    problems(page, 0)
    page.locator('[data-reason="training"]').get_by_role("button", name="Up: Training").click()
    page.locator('[data-reason="meal"]').get_by_role("button", name="Take away: Meal").click()
    expect(page.locator("[data-reason]")).to_have_count(3)
    in_force(page, "a new shift plan")


def test_a_queue_that_a_flow_names_does_not_go_away(at: Open) -> None:
    """The dialog names the flow, its node and the queue, and cannot be gone on with."""
    page = at("queues")
    page.locator('[data-queue="billing"] summary').click()
    page.locator('[data-queue="billing"]').get_by_role("button", name="Take away").click()
    expect(page.locator("[data-queue]")).to_have_count(1)
    page.get_by_role("button", name="Put into force…").click()
    box = page.locator("#keep_box")
    expect(box.locator(".trouble").first).to_contain_text("The flow human names the queue billing (node queue)")
    expect(box.get_by_role("button", name="Put into force")).to_be_disabled()


def test_a_form_is_seen_as_the_agent_sees_it_while_it_is_made(at: Open) -> None:
    """A field with choices, in both languages, by the desk's own script and styles."""
    page = at("forms")
    page.locator('[data-form="complaint"]').click()
    seen = page.locator("#seen")
    expect(seen.get_by_label("Against")).to_be_visible()
    page.get_by_role("button", name="Add a field").click()
    label = page.locator("#at_forms_2_fields_4_label_en-US")
    expect(label).to_be_focused()
    problems(page, 2)
    label.fill("How they reached us")
    label.press("Tab")
    page.locator("#at_forms_2_fields_4_label_zh-CN").fill("投诉渠道")
    page.locator("#at_forms_2_fields_4_label_zh-CN").press("Tab")
    problems(page, 0)
    page.locator("#at_forms_2_fields_4_kind").select_option("choice")
    expect(seen.get_by_label("How they reached us").locator("option")).to_have_text(["Choose", "First choice"])
    page.locator('[data-field="field_5"]').get_by_label("Must be filled in").check()
    expect(seen.locator("label", has_text="How they reached us").locator(".must")).to_have_count(1)
    page.locator("[data-seen-in='zh-CN']").click()
    expect(seen.get_by_label("投诉渠道")).to_be_visible()
    page.locator("#at_forms_2_title_en-US").fill("Grievance")
    page.locator("#at_forms_2_title_en-US").press("Tab")
    expect(page.locator('[data-form="complaint"]')).to_contain_text("Grievance")
    page.locator("#at_forms_2_businesses_fault").check()
    page.locator('[data-form="fault"]').click()
    expect(page.get_by_label(re.compile(r"^Fault \(now: Grievance\)"))).not_to_be_checked()
    in_force(page, "complaints by channel")


def test_two_admins_put_their_changes_together(at: Open) -> None:
    """Different lines go together by themselves; the same line is decided by a person; nobody is overwritten."""
    li, wang = at("queues", "li"), at("queues", "wang")
    for page, queue, value in ((li, 0, "30"), (wang, 1, "40")):
        page.locator("details.item summary").nth(queue).click()
        page.locator(f"#at_queues_{queue}_ring_s").fill(value)
        page.locator(f"#at_queues_{queue}_ring_s").press("Tab")
    in_force(li, "mine first")
    wang.get_by_role("button", name="Put into force…").click()
    wang.get_by_label("Why is it changed?").fill("and mine")
    wang.locator("#keep_box").get_by_role("button", name="Put into force").click()
    expect(wang.locator("#toast")).to_contain_text("Merged with the changes of li")
    expect(wang.locator("#at_queues_0_ring_s")).to_have_value("30")
    in_force(wang, "and mine")
    li.locator("#at_queues_0_wait_s").fill("600")
    li.locator("#at_queues_0_wait_s").press("Tab")
    wang.locator("details.item summary").first.click()
    wang.locator("#at_queues_0_wait_s").fill("700")
    wang.locator("#at_queues_0_wait_s").press("Tab")
    in_force(wang, "seven hundred")
    li.get_by_role("button", name="Put into force…").click()
    li.get_by_label("Why is it changed?").fill("six hundred")
    li.locator("#keep_box").get_by_role("button", name="Put into force").click()
    merge = li.locator("#merge")
    expect(merge).to_contain_text("wait_s: 700")
    merge.get_by_text("Theirs", exact=True).first.click()
    merge.get_by_role("button", name="Keep the merged text").click()
    expect(li.locator("#at_queues_0_wait_s")).to_have_value("700")
    expect(li.locator("#at_queues_1_ring_s")).to_have_value("40")


def test_a_supervisor_reads_and_changes_nothing(at: Open) -> None:
    """Every control is shut, and there is no button that would keep anything."""
    page = at("queues", "zhao")
    expect(page.get_by_text("You can read this page")).to_be_visible()
    page.locator('[data-queue="service"] summary').click()
    assert page.locator("#form :is(input, select):not(:disabled)").count() == 0
    assert page.locator("#form button").count() == 0
    expect(page.locator("#keep")).to_have_count(0)
    yaml(page)
    assert page.locator("#yaml .cm-content").get_attribute("aria-readonly") == "true"


def test_markup_in_a_title_stays_text(at: Open) -> None:
    """On the form, in the preview, in the list of differences."""
    page = at("forms")
    title = page.locator("#at_forms_0_title_en-US")
    title.fill(EVIL.replace('\\"', '"'))
    title.press("Tab")
    expect(page.locator("#form_title")).to_contain_text("<script>")
    expect(page.locator("#seen h2")).to_contain_text("<script>")
    page.get_by_role("button", name="Put into force…").click()
    expect(page.locator("#keep_box .lines")).to_contain_text("onerror")
    assert page.title() != "1"
    assert page.locator("#studio img").count() == 0


@pytest.mark.parametrize("view", VIEWS, ids="-".join)
def test_each_page_fits_can_be_read_and_has_names(view: tuple[str, str, str], at: Open) -> None:
    """Nothing sticks out, AA contrast, names for whoever hears the page; with all of one item open, and a problem."""
    sheet, size, language = view
    page = at(sheet, "li", size, language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    if sheet == "forms":
        page.locator('[data-form="complaint"]').click()
    page.locator("details.item summary").first.click()
    page.evaluate("scrollTo(0, 0)")
    if size == "wide":
        kept(page, f"{sheet}.{language}")
    looks = page.evaluate(f"(() => {{ const looks = {LOOKS}; return [looks.pale(), looks.nameless()]; }})()")
    assert looks == [[], []]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first = page.locator("details.item input[type=text]").first
    first.fill("")
    first.press("Tab")
    expect(page.locator("#problem_list button")).not_to_have_count(0)
    words = page.locator("#problem_list button").first.inner_text()
    assert bool(re.search("[一-鿿]", words)) == (language == "zh-CN")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
