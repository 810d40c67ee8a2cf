"""What belongs to a change, in a real browser over real versions and recorded calls: compare, re-run, publish, audit.

With IVR_PICTURES=docs/pictures the pictures of the documents are taken on the way.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.console.conftest import House
from tests.console.test_studio_in_browser import ROOT, checked, chromium, opened, proved
from tests.publishing.small import files

__all__ = ["chromium", "opened"]
SERVING = Path(__file__).with_name("change_serving.py")
LANGUAGES = ("en-US", "zh-CN")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A console over version 1 of the small flows, with a day of calls; two administrators and a supervisor."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
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


def kept(page: Page, name: str) -> None:
    """A picture for the documents, when they are asked for."""
    if folder := os.environ.get("IVR_PICTURES"):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        picture.save(Path(folder) / f"{name}.png", optimize=True)


def typed(page: Page, file: str, old: str, new: str) -> None:
    """The file of the draft, with other text, as the studio would send it."""
    page.evaluate(
        """async ([file, old, value]) => {
      const script = document.querySelector('script[type=module]').src;
      const { load_state, open, change } = await import(script.replace('studio.js', 'studio_model.js'));
      await load_state();
      const one = await open(file);
      if (!one.text.includes(old)) throw new Error(`not in ${file}: ${old}`);
      const last = one.text.split('\\n').length - 1;
      await change([{ file, edits: [{ do: 'lines', first: 0, last, value: one.text.replace(old, value) }] }], 'typed');
    }""",
        [file, old, new],
    )


MOVED = (
    ('      "2": {say: option_shop, to: shop}\n', '      "3": {say: option_shop, to: hours}\n'),
    ("  shop: {kind: say, say: [shop_hours], to: goodbye}\n", "  hours: {kind: say, say: [shop_hours], to: goodbye}\n"),
)


def moved(page: Page) -> None:
    """The shop's hours are on another key, and said by another node, after another welcome."""
    for old, new in MOVED:
        typed(page, "flows/main.yaml", old, new)
    typed(page, "prompts/en-US.yaml", '"Welcome."', '"Good day."')
    typed(page, "prompts/zh-CN.yaml", '"欢迎。"', '"您好。"')
    page.reload()
    expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")


def to(page: Page, house: House, path: str, state: str = "") -> None:
    """Another page, ready."""
    page.goto(f"http://127.0.0.1:{house.port}{path}")
    if state:
        expect(page.locator("#studio")).to_have_attribute("data-state", state)


def test_a_change_is_drawn_marked_by_sign_and_line(opened: Any, house: House) -> None:
    """New, gone and other nodes and ways; words and YAML beside; what hangs on it below; any two versions."""
    page = opened("li")
    moved(page)
    to(page, house, "/studio/compare", "ready")
    signs = {"hours": "+", "shop": "−", "menu": "≠", "welcome": "≠"}
    for node, sign in signs.items():
        expect(page.locator(f'.node[data-node="{node}"] > .glyph')).to_have_text(sign)
    expect(page.locator('.node[data-node="goodbye"] > .glyph')).to_have_count(0)
    assert page.locator('.node[data-node="hours"]').get_attribute("aria-label").endswith(", added")  # type: ignore[union-attr]
    expect(page.locator('.node[data-node="menu"] .row.added')).to_contain_text("3For our hours")
    expect(page.locator('.node[data-node="menu"] .row.removed')).to_contain_text("2For our hours")
    styles = {
        kind: page.locator(f".line.{kind}").first.evaluate("e => getComputedStyle(e).strokeDasharray")
        for kind in ("added", "removed")
    }
    assert styles["added"] == "none" != styles["removed"]
    expect(page.get_by_role("region", name="In words")).to_contain_text("key 3 is new: say: “For our hours”, to: hours")
    expect(page.get_by_role("region", name="In words")).to_contain_text("Welcome. Good day.")
    expect(page.get_by_role("region", name="YAML, line by line")).to_contain_text("+  hours: {kind: say")
    weighs = page.locator("#weighs")
    expect(weighs).to_contain_text("1 inside just now")
    expect(weighs.locator("tr", has_text="key 2").locator("td.figure")).not_to_have_text("0")
    expect(weighs.locator("tr", has_text="key 3").locator("td.figure")).to_have_text("0")
    page.locator("#words button", has_text="hours").click()
    expect(page.locator('.node[data-node="hours"]')).to_have_class("node say added chosen")
    page.get_by_role("button", name="Only changes").click()
    expect(page.locator('.node[data-node="silent"]')).to_have_count(0)
    expect(page.locator('.node[data-node="hours"]')).to_have_count(1)
    page.get_by_label("New", exact=True).select_option("1")
    expect(page.locator("#same")).to_be_visible()
    expect(page.locator("#weighs")).to_be_hidden()


def test_a_draft_that_cannot_be_read_is_compared_as_text(opened: Any, house: House) -> None:
    """No picture that lies; the lines are there."""
    page = opened("li")
    typed(page, "flows/main.yaml", "nodes:\n", "nodes: [\n")
    to(page, house, "/studio/compare", "ready")
    expect(page.locator("#unread")).to_be_visible()
    expect(page.locator("#graph")).to_be_hidden()
    expect(page.locator("#lines")).to_contain_text("+nodes: [")


def test_recorded_calls_are_re_run_and_one_is_looked_at_side_by_side(opened: Any, house: House) -> None:
    """A span, groups with reasons, an example with what differs marked by a sign; stale when the draft goes on."""
    page = opened("li")
    moved(page)
    to(page, house, "/studio/re-run", "none")
    page.get_by_role("button", name="Last 24 hours").click()
    page.get_by_role("button", name="Re-run", exact=True).click()
    expect(page.locator("#studio")).to_have_attribute("data-state", "done")
    expect(page.locator(".sum")).to_contain_text("calls were fed to the draft")
    menu = page.get_by_role("tab", name="meet another menu")
    menu.click()
    expect(menu).to_have_attribute("aria-selected", "true")
    expect(page.locator(".reasons")).to_contain_text("another way from Line › menu on")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("tab", name="go the same way")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.locator(".example").first.click()
    beside = page.get_by_role("region", name="Side by side")
    expect(beside.locator("td.differs.would").first).to_contain_text("pressed 3")
    expect(beside.locator("td.differs .sign").first).to_have_text("≠")
    story = beside.get_by_role("link", name="The whole story of this call")
    expect(story).to_have_attribute("href", f"/calls/{page.locator('.example').first.get_attribute('data-call')}")
    other = opened("wang")
    typed(other, "prompts/en-US.yaml", '"Good day."', '"Good evening."')
    page.reload()
    expect(page.locator(".stale")).to_be_visible()
    to(page, house, "/studio/re-run?fed=1", "done")
    expect(page.get_by_label("Fed to")).to_have_value("1")
    page.get_by_label("Until").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Re-run", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("a later one to end with")
    page.get_by_label("From").fill("2019-01-01T00:00")
    page.get_by_role("button", name="Re-run", exact=True).click()
    expect(page.locator("#state")).to_contain_text("No finished call lies in this span")


def test_publishing_tells_its_steps_and_the_audit_who_did_it(opened: Any, house: House) -> None:
    """The impact in the dialog, a bar while it lasts; roll back asks why; the chain is whole until a row is altered."""
    page = opened("li")
    typed(page, "flows/dialogues/shop.yaml", 'presses: "2"', 'presses: "3"')
    moved(page)
    checked(page, 0)
    proved(page)
    page.get_by_role("button", name="Publish…").click()
    expect(page.locator("#publish_box .impact")).to_contain_text("1 inside just now")
    page.get_by_label("Why is it changed?").fill("the hours move")
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator("#publish_box progress")).to_be_visible()
    expect(page.get_by_role("heading", name="Version 2 is live")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("tab", name="Versions").click()
    page.locator('[data-version="1"]').get_by_role("button", name="Roll back to this").click()
    page.get_by_role("button", name="Roll back now").click()
    expect(page.locator("#publish_box[open]")).to_have_count(1)  # no reason, no way back
    page.get_by_label("Why is it taken back?").fill("callers missed it")
    page.get_by_role("button", name="Roll back now").click()
    expect(page.locator('[data-version="1"]')).to_have_class("live")
    to(page, house, "/studio/deeds")
    expect(page.locator(".chain")).to_contain_text("The chain is whole")
    rows = page.locator(".deeds tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("callers missed it")
    expect(rows.nth(1)).to_contain_text("the hours move")
    rows.nth(1).get_by_role("link", name="Version 2").click()
    expect(page.locator("#studio")).to_have_attribute("data-state", "ready")
    expect(page.locator('.node[data-node="hours"]')).to_have_class("node say added")
    house.change(_altered)
    to(page, house, "/studio/deeds")
    expect(page.get_by_role("alert")).to_contain_text("The chain is broken at row 2")


def _altered(connection: Any) -> None:
    from sqlalchemy import text

    connection.execute(text("update flow_audit set about = 'nothing' where number = 2"))


def test_a_draft_begins_from_an_old_version_or_from_a_file(opened: Any, house: House, tmp_path: Path) -> None:
    """What was not published gives way only when that is wanted; what is no archive is refused in words."""
    page = opened("li")
    moved(page)
    page.get_by_role("tab", name="Versions").click()
    with page.expect_download() as download:
        page.locator('[data-version="1"]').get_by_role("link", name="Export").click()
    archive = tmp_path / "one.zip"
    download.value.save_as(archive)
    assert zipfile.ZipFile(archive).read("flows/main.yaml").decode() == files()["flows/main.yaml"]
    page.locator('[data-version="1"]').get_by_role("button", name="Begin the draft from this").click()
    page.locator("#sure").get_by_role("button", name="Cancel").click()
    expect(page.locator("#saved")).to_contain_text("3 files changed")
    page.locator('[data-version="1"]').get_by_role("button", name="Begin the draft from this").click()
    page.locator("#sure").get_by_role("button", name="Go on").click()
    expect(page.locator("#saved")).to_have_text("No changes: as it is live")
    page.locator("#import_file").set_input_files(_other_archive(archive))
    expect(page.locator("#toast")).to_contain_text("Imported: 1 files")
    expect(page.locator("#saved")).to_contain_text("1 files changed")
    page.locator("#import_file").set_input_files({"name": "x.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    page.locator("#sure").get_by_role("button", name="Go on").click()
    expect(page.locator("#toast")).to_contain_text("This is no file of exported flows.")
    expect(page.locator("#saved")).to_contain_text("1 files changed")


def _other_archive(archive: Path) -> Path:
    """The same with another welcome, and with so much that no reader shortens it."""
    other = archive.with_name("other.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace("Welcome.", "Hello.") if name == "prompts/en-US.yaml" else text)
    return other


def test_supervisors_read_what_administrators_decide(opened: Any, house: House) -> None:
    """They compare and read the audit; they begin nothing."""
    page = opened("zhao")
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator("[data-version]")).to_have_count(1)
    for name in ("Import a file…", "Begin the draft from this", "Roll back to this"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    to(page, house, "/studio/re-run", "none")
    expect(page.locator("#ask")).to_be_hidden()
    to(page, house, "/studio/compare", "ready")
    to(page, house, "/studio/deeds")
    expect(page.locator(".deeds tbody tr")).to_have_count(1)


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_change_fit_the_screen(opened: Any, house: House, language: str, size: str) -> None:
    """In both languages, by day on a desk's screen and on a phone's; every control has a name."""
    page = opened("li", size, language)
    moved(page)
    end = f".{language}" if size == "wide" else f"-phone.{language}"
    to(page, house, "/studio/compare", "ready")
    expect(page.locator('.node[data-node="hours"]')).to_be_visible()
    fits(page, f"studio-compare{end}")
    to(page, house, "/studio/re-run", "none")
    page.locator("#go").click()
    expect(page.locator("#studio")).to_have_attribute("data-state", "done")
    page.locator('[data-kind="menu"]').click()
    fits(page, f"studio-rerun{end}")
    page.locator(".example").first.click()
    expect(page.locator("#beside")).to_be_visible()
    fits(page, f"studio-beside{end}")
    to(page, house, "/studio/deeds")
    fits(page, f"studio-deeds{end}")
    to(page, house, "/studio")
    expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
    page.locator("#publish").click()
    expect(page.locator("#publish_box .impact")).to_be_visible()
    page.locator("#publish_box .impact").scroll_into_view_if_needed()
    fits(page, f"studio-impact{end}")
    page.keyboard.press("Escape")
    if size == "narrow":
        page.locator('[data-part="foot"]').click()
    page.locator("#tab_versions").click()
    expect(page.locator("[data-version]")).to_be_visible()
    fits(page, f"studio-versions{end}")


def fits(page: Page, name: str) -> None:
    """No sideways scrolling, one heading, a name for every control; and its picture."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    expect(page.locator("h1")).to_have_count(1)
    for one in page.locator("main button:visible, main a:visible, main input:visible, main select:visible").all():
        assert one.evaluate("e => (e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || '').trim()"), name
    kept(page, name)
