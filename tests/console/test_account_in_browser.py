"""The second factor in a real browser, by keyboard alone: the square can be read, and nothing is too pale or too wide.

With IVR_PICTURES=docs/pictures the picture of the documents is taken on the way.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.conftest import PASSWORD
from tests.console.desk_browsing import looks

House = Any  # the fixture's own, in conftest.py
VISITS = [
    pytest.param(("anna", "en-US", (1280, 800), "light"), id="en wide light"),
    pytest.param(("mei", "zh-CN", (390, 844), "light"), id="zh narrow light"),
    pytest.param(("clara", "en-US", (390, 844), "dark"), id="en narrow dark"),
    pytest.param(("lan", "zh-CN", (1280, 800), "dark"), id="zh wide dark"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


turns = itertools.count(1)  # each time somebody new: what was set up cannot be set up again


def typed(page: Page, words: str) -> None:
    """Into the one field that has the focus, and Enter."""
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def dark_square(page: Page) -> bool:
    """Whether the square is dark on white as cameras need it, and large enough: three pixels for each of its parts."""
    shot = Image.open(io.BytesIO(page.locator(".square svg").screenshot())).convert("L")
    dark = sum(shot.histogram()[:64]) / (shot.width * shot.height)
    return shot.width >= 3 * 41 and shot.getpixel((1, 1)) > 250 and 0.25 < dark < 0.6


@pytest.mark.parametrize("visit", VISITS)
def test_by_keyboard_alone_it_is_set_up_and_used(visit: Any, chromium: Browser, house: House) -> None:
    """Password, square, code, recovery codes; out and in again. Each page looks right on the way."""
    first, language, size, scheme = visit
    name = house.hire(f"{first}-{next(turns)}", "admin")
    viewport: Any = {"width": size[0], "height": size[1]}
    context = chromium.new_context(viewport=viewport, locale=language, color_scheme=scheme)
    page, wrong = context.new_page(), {}
    here = f"http://127.0.0.1:{house.port}"
    page.goto(f"{here}/sign-in?then=/account")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    typed(page, PASSWORD)
    page.wait_for_url(f"{here}/account")
    wrong["begin"] = looks(page)
    page.locator("#password").focus()
    typed(page, PASSWORD)
    secret = page.locator(".steps code").inner_text().replace(" ", "")
    assert dark_square(page)
    wrong["square"] = looks(page)
    if (folder := os.environ.get("IVR_PICTURES")) and language == "en-US" and scheme == "light":
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(64, dither=Image.Dither.NONE)
        picture.save(Path(folder) / f"account.{language}.png", optimize=True)
    step = int(time.time()) // 30
    page.locator("#code").focus()
    typed(page, "000000")
    expect(page.get_by_role("alert")).to_be_visible()
    wrong["wrong"] = looks(page)
    page.locator("#code").focus()
    typed(page, pyotp.TOTP(secret).generate_otp(step))
    expect(page.locator(".codes li")).to_have_count(10)
    wrong["codes"] = looks(page)
    page.goto(f"{here}/account")
    wrong["on"] = looks(page)
    page.locator('header form[action="/sign-out"] button').focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{here}/")
    page.goto(f"{here}/sign-in")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    typed(page, PASSWORD)
    expect(page.locator("#code")).to_be_focused()
    wrong["code"] = looks(page)
    typed(page, pyotp.TOTP(secret).generate_otp(step + 1))
    page.wait_for_url(f"{here}/")
    context.close()
    assert not {place: found for place, found in wrong.items() if found}
