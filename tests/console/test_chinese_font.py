"""Chinese is read on every machine: a typeface comes with the pages, in slices, for browsers that have none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from ivr_server.console.drawing import STATIC, asset, assets

House = Client = Any  # the fixtures' own, in conftest.py
ROOT = Path(__file__).resolve().parents[2]
FACE = re.compile(r'@font-face {[^}]*url\("([\w.-]+)"\)[^}]*unicode-range: ([^;]+);')
SAID = ("ivr_server/console/words/zh-CN", "prompts/library", "flows/library")
# Each of these marks is drawn on a canvas in the page's own typeface: a box looks like every other box.
DRAWN = """async ([marks, family]) => {
  await Promise.allSettled(family.split(",").map((one) => document.fonts.load(`40px ${one}`, marks)));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return [...marks].map((mark) => {
    pen.clearRect(0, 0, 48, 48);
    pen.font = `40px ${family}`;
    pen.fillText(mark, 2, 40);
    return [...pen.getImageData(0, 0, 48, 48).data].filter((_, at) => at % 4 === 3).join("");
  });
}"""


def faces() -> dict[str, set[int]]:
    """The characters of each slice, by its file."""
    found = {}
    for name, ranges in FACE.findall((STATIC / "chinese.css").read_text("utf-8")):
        pairs = [part.strip().removeprefix("U+").split("-") for part in ranges.split(",")]
        found[name] = {mark for pair in pairs for mark in range(int(pair[0], 16), int(pair[-1], 16) + 1)}
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    import shutil

    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def test_each_character_lies_in_one_slice_and_what_the_pages_say_in_the_first_two() -> None:
    """Words that were added since are in the second slice at worst; otherwise: python -m tools.web_font."""
    slices = faces()
    assert sum(map(len, slices.values())) == len(set().union(*slices.values()))
    near = slices["chinese-1.woff2"] | slices["chinese-2.woff2"]
    texts = {path: path.read_text("utf-8") for part in SAID for path in (ROOT / part).rglob("*.yaml")}
    said = {mark: path.name for path, text in texts.items() for mark in text if "\u4e00" <= mark <= "\u9fff"}
    seldom = {mark: name for mark, name in said.items() if ord(mark) not in near}
    assert not {mark: name for mark, name in seldom.items() if ord(mark) not in set().union(*slices.values())}
    assert len(seldom) < 40, seldom


def test_every_slice_is_served_and_kept_by_browsers(client: Client) -> None:
    """As a font, for a year, under a name that changes with it; the first one stays small."""
    assert set(faces()) == {path.name for path in STATIC.glob("*.woff2")}
    for name in faces():
        got = client.ask("GET", asset(name))
        assert (got.status, got.headers["Content-Type"]) == (200, "font/woff2")
        assert "immutable" in got.headers["Cache-Control"]
        assert len(assets()[name][0]) < 200_000
    assert "SIL Open Font License" in (STATIC / "chinese-licence.txt").read_text("utf-8")


def test_no_page_shows_boxes_for_chinese(chromium: Browser, house: House) -> None:
    """Usual and rare characters of every slice, in the typeface that the page asks for: no two look alike."""
    marks = "".join(chr(sorted(mark for mark in each if mark >= 0x4E00)[7]) for each in faces().values())
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"http://127.0.0.1:{house.port}/sign-in")
    family = page.evaluate("getComputedStyle(document.documentElement).fontFamily")
    drawn = page.evaluate(DRAWN, ["\U0010fffd" + marks, family])
    assert len(set(drawn)) == len(marks) + 1
    assert not complaints  # the policy of the pages lets the slices in
    tools = context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    top = tools.send("DOM.getDocument")["root"]["nodeId"]
    for place in (".mark span", "nav a", "label", "footer p", "main .button"):
        node = tools.send("DOM.querySelector", {"nodeId": top, "selector": place})["nodeId"]
        used = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert all(font["isCustomFont"] for font in used), (place, used)
    context.close()
