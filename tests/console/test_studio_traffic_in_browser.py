"""What callers do, in a real browser: live callers, counts, versions compared, and from a click to one call with sound.

With IVR_PICTURES=docs/pictures the pictures of the documents are taken on the way.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.console.conftest import House
from tests.console.test_studio_in_browser import ROOT, chromium, opened

__all__ = ["chromium", "opened"]
SERVING = Path(__file__).with_name("see_serving.py")
LOOKS = Path(__file__).with_name("looks.js").read_text("utf-8")
ENTERED = re.compile(r"entered (\d+) times")


class Line(House):
    """A console with callers; ``comes(node)``: one more is at this node of main."""

    process: Any = None

    def comes(self, node: str) -> None:
        """Now."""
        self.process.stdin.write(f"{node}\n")
        self.process.stdin.flush()


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Line]:
    """Two versions with a day of calls each; an administrator, a supervisor, an agent. ``shipped``: see_shipped."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, str(SERVING), str(tmp_path), *getattr(request, "param", ())]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=ROOT, env=environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            house = Line(int(process.stdout.readline()), tmp_path)
            house.process = process
            for name, role in (("li", "admin"), ("zhao", "supervisor"), ("sun", "agent")):
                house.hire(name, role)
            yield house
        finally:
            process.terminate()


@pytest.fixture
def seen(opened: Any, house: Line) -> Any:
    """``seen(query, ...)`` is the page, ready."""

    def see(query: str = "", **more: Any) -> Page:
        page: Page = opened(**more)
        page.goto(f"http://127.0.0.1:{house.port}/studio/see{query}")
        expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
        expect(page.locator("#studio")).to_have_attribute("data-state", "ready")
        return page

    return see


def kept(page: Page, name: str) -> None:
    """A picture for the documents, when they are asked for."""
    if folder := os.environ.get("IVR_PICTURES"):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        picture.save(Path(folder) / f"{name}.png", optimize=True)


def number(words: str) -> int:
    """The first number in words."""
    found = re.search(r"[\d,]+", words)
    assert found is not None
    return int(found[0].replace(",", ""))


def tile(page: Page, what: str) -> Any:
    """One figure of the chosen node."""
    return page.locator(f'.tile[data-what="{what}"]')


def test_who_is_on_the_line_is_seen_as_they_come(seen: Any, house: Line) -> None:
    """Callers stand on the picture, on the list of flows and in the panel, and one more appears without a click."""
    page = seen(who="zhao")
    expect(page.locator("#callers")).to_have_text("3 on the line now")
    expect(page.locator('.live[data-node="menu"] text')).to_have_text("2")
    expect(page.locator('.live[data-node="bill"] text')).to_have_text("1")
    expect(page.locator('.flow[data-flow="bill"] .badge.here')).to_have_text("1")
    expect(page.locator('.node[data-node="menu"]')).to_have_attribute("aria-label", re.compile(r"2 here now"))
    house.comes("shop")
    expect(page.locator('.live[data-node="shop"] text')).to_have_text("1")
    expect(page.locator("#callers")).to_have_text("4 on the line now")
    page.locator('.node[data-node="menu"]').click()
    page.get_by_role("button", name="Who?").click()
    now = page.locator(".call", has_text="now")
    expect(now).to_have_count(2)
    now.first.click()
    expect(page.locator(".side-panel")).to_contain_text("it is written when the call ends")


def test_counts_stand_on_nodes_and_ways_and_hours_are_chosen(seen: Any) -> None:
    """What enters a menu leaves it again in the figures; an hour narrows all of them; the table says the same."""
    page = seen("?span=week&version=2#main/menu")
    entered = number(tile(page, "entered").inner_text())
    assert entered == number(
        page.locator('.node[data-node="menu"]').get_attribute("aria-label").partition("entered")[2]
    )
    chosen = number(tile(page, "chosen").inner_text())
    ways = [number(page.locator(f'.count.way[data-node="menu"][data-row="{row}"]').text_content()) for row in (0, 1)]
    assert sum(ways) == chosen > 0
    assert number(page.locator(".count.worked-out").text_content()) == ways[0]
    assert page.locator('[data-exit="1"]').count() == 1
    widths = page.locator(".lines > path").evaluate_all("all => all.map(one => parseFloat(one.style.strokeWidth))")
    assert max(widths) == pytest.approx(10.4)
    page.get_by_role("button", name="Table").click()
    row = page.locator(".counts-table tr", has_text="menu").first
    assert str(entered) in row.inner_text()
    page.get_by_role("button", name="Table").click()
    bar = page.locator(".hour", has=page.locator("title", has_text=re.compile("entered [1-9]"))).last
    told = ENTERED.search(bar.get_attribute("aria-label"))
    assert told is not None
    bar.focus()
    page.keyboard.press("Enter")
    expect(tile(page, "entered").locator("b")).to_have_text(told[1])
    page.get_by_role("button", name="The whole span again").click()
    expect(tile(page, "entered").locator("b")).to_have_text(str(entered))


def test_two_versions_are_compared_with_what_is_really_known(seen: Any) -> None:
    """The shop is on another key: its share is different, that of the bill may be chance; both drawn with intervals."""
    page = seen("?span=week&version=2&versus=1#main/menu")
    pairs = page.locator(".compared li")
    shop = pairs.filter(has_text="3 · For our hours")
    expect(shop.locator(".pill")).to_have_text("≠ different")
    expect(shop.locator(".whisker .known.a").first).to_have_attribute("x1", re.compile(r"^\d\d\."))
    expect(shop.locator(".whisker-row").last).to_contain_text("0%")
    expect(pairs.filter(has_text="1 · For your bill").locator(".pill")).to_have_text("≈ may be chance")
    expect(page.locator('.count.differs[data-node="menu"]')).to_contain_text("▲0→")
    page.locator("#versus").select_option("0")
    expect(page.locator(".count.differs")).to_have_count(0)
    expect(page.locator(".by-version tbody tr")).to_have_count(2)


def test_from_a_way_to_the_calls_to_the_story_with_its_sound(seen: Any) -> None:
    """As many calls as were counted; one of them step by step, on the picture, with words and sound of its version."""
    page = seen("?span=week&version=1#main/menu")
    count = number(page.locator('.count.way[data-node="menu"][data-row="1"]').text_content())
    page.locator('.count.way[data-node="menu"][data-row="1"]').click()
    expect(page.get_by_role("heading", name="Calls: menu, 2 · For our hours")).to_be_focused()
    expect(page.locator(".call").first).to_be_visible()
    while page.get_by_role("button", name="Older ones").count():
        before = page.locator(".call").count()
        page.get_by_role("button", name="Older ones").click()
        expect(page.locator(".call").nth(before)).to_be_visible()
    assert page.locator(".call").count() == count
    page.locator(".call").first.click()
    expect(page.locator("#story_title")).to_be_focused()
    steps = page.locator(".story-of li")
    menu = steps.filter(has_text=re.compile("press two|请按二")).first
    menu.get_by_role("button", name="Hear it").click()
    expect(page.locator("#studio")).to_have_attribute("data-heard", re.compile(r"^\d+ [1-9]\d{3,4}$"))
    expect(menu).to_have_attribute("aria-current", "step")
    expect(page.locator('.node.now[data-node="menu"]')).to_have_count(1)
    page.get_by_role("button", name="Play the call").click()
    expect(steps.nth(1)).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Play the call")).to_be_visible()
    told = steps.count()
    page.get_by_role("link", name="As a page").click()
    expect(page.locator(".trail li").first).to_be_visible()
    page.get_by_role("link", name="Play it on the flow").click()
    expect(page.locator(".story-of li")).to_have_count(told)


def test_only_those_who_read_calls_may_look_and_hear(house: Line) -> None:
    """An agent neither sees counts nor a call; what is odd is refused in words, and what is not there is not there."""
    agent, reader = house.client(), house.client()
    agent.sign_in("sun")
    reader.sign_in("zhao")
    call = "100"
    span = "since=0&until=2000000000"
    paths = {
        "/studio/see": 200,
        "/studio/inside": 200,
        f"/studio/traffic?{span}": 200,
        f"/studio/traffic/main?{span}&version=2&versus=1": 200,
        f"/studio/traffic/main/menu?{span}": 200,
        f"/studio/traffic/main/menu/calls?{span}&what=left": 200,
        f"/studio/stories/{call}": 200,
        "/studio/stories/nobody": 404,
        f"/studio/sounds/x/{call}": 404,
        f"/studio/sounds/9999/{call}": 422,
        "/studio/traffic?since=9&until=1": 422,
        f"/studio/traffic/main/menu/calls?{span}&what=odd": 422,
        f"/studio/traffic/..%2Fmain?{span}": 404,
        "/studio/see/flows/77": 404,
    }
    for path, status in paths.items():
        assert reader.ask("GET", path).status == status, path
        assert agent.ask("GET", path).status == 403, path


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_page_is_shown_right(seen: Any, language: str, size: str) -> None:
    """Nothing is too pale, nameless or too wide, in any of its parts; the pictures were looked at."""
    page = seen("?span=day#main", language=language, size=size)
    names = [name for name in ("flow", "node", "versus", "story") if size == "wide" or name != "versus"]
    for name in names:
        if name == "node":
            page.locator('#narrow [data-part="graph"]').evaluate("one => one.click()")
            page.locator('.node[data-node="menu"]').click()
            expect(page.locator(".tiles")).to_be_visible()
        if name == "versus":
            page.locator("#span").select_option("week")
            page.locator("#versus").select_option("1")
            expect(page.locator(".compared li").first).to_be_visible()
            expect(page.locator("#studio")).to_have_attribute("data-state", "ready")
        if name == "story":
            page.locator('.tile[data-what="human"]').click()
            page.locator(".call").first.click()
            expect(page.locator(".story-of li").first).to_be_visible()
        for fault in ("pale", "nameless", "wide"):
            assert page.evaluate(f"({LOOKS}).{fault}()") == [], (name, fault)
        if (name, size) == ("story", "narrow"):
            kept(page, f"studio-see-story-narrow-{language[:2]}")


@pytest.mark.parametrize("house", [("shipped",)], indirect=True)
def test_the_shipped_flows_are_seen(seen: Any) -> None:
    """Large flows begin where most choose; each way of their main menu is counted; flows are walked from the list."""
    for language in ("en-US", "zh-CN"):
        page = seen("?span=week#main", language=language)
        expect(page.locator('.node[data-node="main_menu"]')).to_be_in_viewport()
        expect(page.locator('.count.way[data-node="main_menu"]')).to_have_count(5)
        assert page.locator('.node[data-node="main_menu"]').bounding_box()["width"] > 150  # type: ignore[index]
        page.locator('.node[data-node="main_menu"]').click()
        expect(page.locator(".tiles")).to_be_visible()
        expect(page.locator("#studio")).to_have_attribute("data-state", "ready")
        kept(page, f"studio-see-node-wide-{language[:2]}")
        page = seen("?span=month&version=2&versus=1#main/main_menu", language=language)
        expect(page.locator(".compared li").first).to_be_visible()
        kept(page, f"studio-see-versus-wide-{language[:2]}")
        page.locator('.flow[data-flow="number"]').click()
        expect(page.locator("#studio")).to_have_attribute("data-flow", "number")
        for fault in ("pale", "nameless", "wide"):
            assert page.evaluate(f"({LOOKS}).{fault}()") == [], fault
