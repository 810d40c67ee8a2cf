"""The flow studio in a real browser, on a copy of the shipped flows: edit, problem, mend, prove, publish, roll back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.conftest import PASSWORD, House

SERVING = Path(__file__).with_name("studio_serving.py")
ROOT = Path(__file__).resolve().parents[2]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
EVIL = '<img src=x onerror=\\"document.title=1\\"><script>document.title=1</script>'
FRAMES = """async (does) => {
  const times = []; let last = performance.now(); let on = true;
  const tick = (now) => { times.push(now - last); last = now; if (on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  await eval(does)();
  on = false;
  times.sort((a, b) => a - b);
  const [frames, at] = [times.length, (share) => times[Math.floor(times.length * share)]];
  return { frames, median: at(.5), p95: at(.95), worst: times.at(-1) };
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A console of its own, with two administrators and a supervisor."""
    command = [sys.executable, str(SERVING), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=_env()) as process:
        assert process.stdout is not None
        try:
            house = House(int(process.stdout.readline()), tmp_path)
            for name, role in (("li", "admin"), ("wang", "admin"), ("zhao", "supervisor"), ("sun", "agent")):
                house.hire(name, role)
            yield house
        finally:
            process.terminate()


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def opened(chromium: Browser, house: House) -> Iterator[Any]:
    """``opened(who, size, language, at)`` is somebody at the studio; an error in the page's console fails the test."""
    errors: list[str] = []
    contexts = []

    def open_page(who: str = "li", size: str = "wide", language: str = "en-US", at: str = "") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if _bad(line) else None)
        page.goto(f"http://127.0.0.1:{house.port}/sign-in?then=/studio")
        page.locator("input[name=name]").fill(who)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button.button").click()
        page.wait_for_url("**/studio*")
        if at:
            page.goto(f"http://127.0.0.1:{house.port}/studio#{at}")
            page.reload()
        expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def _bad(line: Any) -> bool:
    """Refusals (409, 422) are part of a test; anything else that a browser complains of is not."""
    known = (
        "status of 409",
        "status of 422",
        "net::ERR_FAILED",
        "Applying inline style",
    )  # the last: Chromium's own, while text is typed
    return line.type == "error" and not any(words in line.text for words in known)


def checked(page: Page, problems: int) -> None:
    """All is kept and looked through, and so many problems are left."""
    expect(page.locator("#studio")).to_have_attribute("data-problems", str(problems))


def proved(page: Page) -> None:
    """Walk every call."""
    page.get_by_role("tab", name="Proof").click()
    page.get_by_role("button", name="Prove every call").click()
    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)


def new_sentence(page: Page, name: str, english: str, chinese: str) -> None:
    """In the dialog that chooses one."""
    page.get_by_role("button", name="New sentence").click()
    page.locator("#make_name").fill(name)
    page.locator("#make_en-US").fill(english)
    page.locator("#make_zh-CN").fill(chinese)
    page.get_by_role("button", name="Keep it").click()


def test_edit_problem_mend_prove_publish_roll_back(opened: Any, house: House) -> None:
    """A wrong goal is a problem on node, list and line; mended it is proved, goes live, is taken back."""
    page = opened(at="main/look_for_notice")
    page.get_by_role("button", name="YAML", exact=True).click()
    editor = page.locator("#yaml .cm-content")
    expect(editor).to_contain_text("look_for_notice")
    line = page.locator("#yaml .cm-line", has_text="unavailable: kept_place").first
    line.click()
    page.keyboard.press("End")
    page.keyboard.type("x")
    checked(page, 1)
    problem = page.locator(".problem-list button")
    expect(problem).to_contain_text('which does not exist; did you mean "kept_place"?')
    expect(page.locator('.node[data-node="look_for_notice"]')).to_have_class("node look_up problem chosen")
    expect(page.locator("#yaml .cm-lint-marker-error")).to_have_count(1)
    expect(page.locator('[data-flow="main"] .badge.problem')).to_have_text("1")
    page.locator('.node[data-node="which_language"]').dispatch_event("click")
    problem.click()
    expect(page.locator("#yaml .cm-activeLine")).to_contain_text("kept_placex")
    page.get_by_role("button", name="YAML", exact=True).click()
    panel = page.get_by_role("region", name="Node")
    expect(panel.get_by_role("heading", level=2)).to_have_text("look_for_notice")
    panel.get_by_text("More settings").click()
    panel.get_by_label("When no answer comes").first.select_option("main_menu")
    checked(page, 0)
    proved(page)
    expect(page.locator("#verdict")).to_have_class("verdict good")
    page.get_by_role("button", name="Publish…").click()
    expect(page.locator(".file-diff h3")).to_have_text("flows/main.yaml")
    page.get_by_label("Why is it changed?").fill("no notice without the menu")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_role("heading", name="Version 2 is live")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#saved")).to_have_text("No changes: as it is live")
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator("[data-version]")).to_have_count(2)
    page.locator('[data-version="1"]').get_by_role("button", name="Roll back to this").click()
    page.get_by_label("Why is it taken back?").fill("callers missed the notice")
    page.get_by_role("button", name="Roll back now").click()
    expect(page.locator('[data-version="3"]')).to_contain_text("callers missed the notice")
    page.locator('.node[data-node="look_for_notice"]').dispatch_event("click")
    page.get_by_role("button", name="YAML", exact=True).click()
    expect(page.locator("#yaml .cm-content")).to_contain_text("unavailable: kept_place")


def test_what_is_not_proved_is_not_published(opened: Any) -> None:
    """The dialog says what is left, and shows it; each finding is a call that is stepped through on the picture."""
    page = opened(at="main")
    page.get_by_role("button", name="YAML", exact=True).click()
    page.locator("#yaml .cm-line", has_text="# key 9").click()
    page.keyboard.press("Home")
    for _ in range(len("main: ")):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.type("say_notice")
    checked(page, 0)
    page.get_by_role("button", name="Publish…").click()
    expect(page.locator(".blocks")).to_contain_text("has not been proved")
    expect(page.get_by_role("button", name="Publish now")).to_be_disabled()
    page.get_by_role("button", name="Show me").click()
    proved(page)
    finding = page.locator(".findings li", has_text="is not known here on every way").first
    finding.get_by_role("button", name="Show the call").click()
    steps = page.get_by_role("region", name="Show the call")
    expect(steps).to_contain_text("A call comes in")
    while steps.get_by_role("button", name="Next").is_enabled():
        steps.get_by_role("button", name="Next").click()
    expect(steps.locator(".tale .now").last).to_contain_text("something went wrong on our side")
    expect(page.locator(".node.now")).to_have_count(1)
    assert page.locator(".node.on-path").count() > 1
    expect(page.locator(".roots tbody tr")).not_to_have_count(0)
    page.get_by_role("button", name="Publish…").click()
    expect(page.locator(".blocks")).to_contain_text("The proof has findings")


def test_two_admins_on_one_draft(opened: Any) -> None:
    """Different lines go together, and who came second is told; the same line is decided by a person."""
    li, wang = opened("li", at="human/say_closed"), opened("wang", at="human/opening_hours")
    for page in (li, wang):  # neither sees the other's change by looking again
        page.route("**/studio/state", lambda route: route.abort())
    li.get_by_label("Goes on to").first.select_option("say_nobody")
    checked_or_more(li)
    wang.get_by_label("When no answer comes").first.select_option("say_nobody")
    expect(wang.locator("#toast")).to_contain_text("Merged with the changes of li")
    expect(wang.locator("#saved")).to_contain_text("1 files changed")
    wang.evaluate("location.hash = '#human/say_closed'")
    expect(wang.get_by_label("Goes on to").first).to_have_value("say_nobody")
    for page, title in ((li, "Li's"), (wang, "Wang's")):
        page.get_by_role("button", name="YAML", exact=True).click()
        expect(page.locator("#yaml .cm-activeLine")).to_contain_text("say_closed")
        page.locator("#yaml .cm-line", has_text="title:").first.click()
        page.keyboard.press("Home")
        page.keyboard.press("Shift+End")
        with page.expect_response("**/studio/edit"):
            page.keyboard.insert_text(f"title: {{zh-CN: {title}, en-US: {title}}}")
    expect(wang.locator("#merge")).to_contain_text("li saved a change before you. Nothing is lost")
    expect(wang.locator("#merge .side.theirs pre")).to_contain_text("en-US: Li's")
    wang.get_by_role("radio", name="Mine").check()
    wang.get_by_role("button", name="Keep the merged text").click()
    expect(wang.locator("#merge[open]")).to_have_count(0)
    expect(wang.locator("#yaml .cm-content")).to_contain_text("en-US: Wang's")
    checked_or_more(wang)


def test_a_change_can_be_undone_and_done_again(opened: Any) -> None:
    """With buttons and keys; a sentence and the option that speaks it go together or one by one."""
    page = opened(at="arrears/after_arrears")
    page.locator('[data-option="1"] select.lead').select_option(
        "say_none" if page.locator("option[value=say_none]").count() else "who"
    )
    checked_or_more(page)
    expect(page.locator("#undo")).to_be_enabled()
    page.locator("#undo").click()
    expect(page.locator("#saved")).to_have_text("No changes: as it is live")
    page.locator("h1").click()
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator("#saved")).to_contain_text("1 files changed")


def checked_or_more(page: Page) -> None:
    """Kept and looked through, whatever came of it."""
    expect(page.locator("#studio")).not_to_have_attribute("data-problems", "")


def test_the_keyboard_walks_along_exits(opened: Any) -> None:
    """Right goes on, left back, up and down choose, Enter opens the panel; a reader of the screen is told."""
    page = opened(at="main")
    page.locator("#find").fill("main_menu")
    page.keyboard.press("Enter")
    menu = page.locator('.node[data-node="main_menu"]')
    menu.focus()
    page.keyboard.press("ArrowDown")
    expect(menu.locator(".row.chosen")).to_contain_text("2")
    expect(page.locator("#said")).to_have_text("main_menu, exit 2 For overdue bills, leads to arrears")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.node[data-node="arrears"]')).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel_title")).to_be_focused()
    expect(page.locator("#panel_title")).to_have_text("main_menu")
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.locator(".nodes-list > li")).not_to_have_count(0)
    expect(page.locator(".nodes-list .exit").first).to_contain_text("→")


def test_I1_hostile_labels_are_text(opened: Any, house: House) -> None:
    """In words, in names of nodes, in keys, in a title: nothing runs, everything is shown."""
    page = opened(at="main")
    page.get_by_role("button", name="YAML", exact=True).click()
    page.locator("#yaml .cm-line", has_text="title:").first.click()
    page.keyboard.press("Alt+l")  # the whole line, its end included
    page.keyboard.insert_text(f'title: {{zh-CN: "{EVIL}", en-US: "{EVIL}"}}\n')
    expect(page.locator("#flow_title")).to_contain_text("<script>")
    page.locator("#yaml .cm-line", has_text="welcome: {kind: say").first.click()
    page.keyboard.press("Alt+l")  # the whole line, its end included
    page.keyboard.insert_text(f'  "{EVIL}": {{kind: "{EVIL}", say: ["{EVIL}"], to: "{EVIL}"}}\n')
    expect(page.locator(".problem-list")).to_contain_text("script")
    for tab in ("Changes", "Proof", "Versions", "Problems"):
        page.get_by_role("tab", name=tab).click()
    page.get_by_role("button", name="List", exact=True).click()
    page.locator(".problem-list button").first.click()
    page.wait_for_timeout(300)
    assert page.title() == "Flow studio · Voice desk"
    assert page.evaluate("document.querySelectorAll('#studio img, #studio script').length") == 0


def test_supervisors_read_and_agents_see_nothing(opened: Any, house: House) -> None:
    """No button that changes; the panel is still; an agent meets 403."""
    page = opened("zhao", at="main/main_menu")
    expect(page.get_by_role("button", name="Publish…")).to_have_count(0)
    expect(page.locator("#add_node")).to_be_hidden()
    assert page.locator("#panel textarea").first.is_disabled()
    agent = house.client()
    agent.sign_in("sun")
    for path in ("/studio", "/studio/state", "/studio/files/flows/main.yaml", "/studio/proof", "/studio/versions"):
        assert agent.ask("GET", path).status == 403
    supervisor = house.client()
    supervisor.sign_in("zhao")
    form = {"csrf": supervisor.csrf("/calls"), "changes": "[]", "what": ""}
    for path in (
        "/studio/edit",
        "/studio/undo",
        "/studio/discard",
        "/studio/prove",
        "/studio/publish",
        "/studio/roll-back",
    ):
        assert supervisor.ask("POST", path, form).status == 403


def big_flow(count: int) -> str:
    """A flow of so many nodes: menus that lead on, each with a sentence and a look-up."""
    lines = ["flow: big", "title: {zh-CN: 大, en-US: Big}", "start: m0", "exits: [done]", "", "nodes:", ""]
    for n in range(count // 2):
        after = (n + 1) % (count // 2)
        options = f'"1": {{say: option_fees, to: m{after}}}, "2": {{say: option_fax, to: s{n}}}'
        lines += [f"  m{n}:", "    kind: menu", "    say: [main_menu]", f"    options: {{{options}}}"]
        lines += [f"  s{n}: {{kind: say, say: [welcome], to: m{(n * 7 + 3) % (count // 2)}}}"]
    return "\n".join([*lines, "  out: {kind: return, exit: done}", ""])


def test_a_flow_of_200_nodes_is_edited_without_lag(
    opened: Any, house: House, record_property: Any, capsys: Any
) -> None:
    """Frames while it is edited and moved: a figure, told; asserted only that it is no slide show."""
    (house.folder / "flows" / "big.yaml").write_text(big_flow(200), "utf-8")
    page = opened(at="main")
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Merge into the draft").click()
    page.locator('[data-flow="big"]').click()
    expect(page.locator(".node")).to_have_count(201)
    page.locator('.node[data-node="m3"]').dispatch_event("click")
    page.locator('[data-option="1"] select.lead').wait_for()
    edit = """async () => { for (let n = 0; n < 6; n += 1) {
      const field = document.querySelector('[data-option="1"] select.lead'); field.value = `m${20 + n}`;
      field.dispatchEvent(new Event('change', {bubbles: true})); await new Promise((go) => setTimeout(go, 250)); } }"""
    pan = """async () => { const canvas = document.querySelector('.canvas'); for (let n = 0; n < 90; n += 1) {
      canvas.dispatchEvent(new WheelEvent('wheel', {deltaX: 14, deltaY: 9, bubbles: true, cancelable: true}));
      await new Promise(requestAnimationFrame); } }"""
    figures = {name: page.evaluate(FRAMES, does) for name, does in (("edit", edit), ("pan", pan))}
    with capsys.disabled():
        for name, found in figures.items():
            told = ", ".join(f"{key} {value:.1f}" for key, value in found.items())
            print(f"\n200 nodes, {name}: {told} ms a frame")
            record_property(name, told)
    checked_or_more(page)
    assert figures["edit"]["frames"] > 5 and figures["pan"]["frames"] > 5


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_it_fits_a_narrow_screen(opened: Any, language: str) -> None:
    """No sideways scrolling in any of its parts; landmarks and names as on every page."""
    page = opened("li", "narrow", language, "main/main_menu")
    for part in ("flows", "graph", "panel", "foot"):
        page.locator(f'[data-part="{part}"]').click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", language)
    for one in page.locator("button:visible, a:visible, input:visible, select:visible, textarea:visible").all():
        assert one.evaluate("e => (e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || '').trim()")
