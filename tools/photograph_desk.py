"""The pictures of the agent's desk: idle, ringing, talking, wrap-up; both languages; a screen by day, a phone by night.

    .venv/bin/python -m tools.photograph_desk docs/pictures

People and calls are those of the tests' stand-in (tests/doubles/desk_people.yaml): no service is needed. The Chinese
is drawn with the typeface of the fax, so that no font must be installed.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.desk_browsing import FAKE_SIP, FLAGS, SIZES, Seat, served, sit

FONTS = Path(__file__).parents[1] / "fax/fonts"
FONT_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{folder}</dir></fontconfig>
"""
COLOURS = 224
TYPED = {"en-US": "Why is the bill of October higher?", "zh-CN": "十月话费为什么比上月高？"}
SETTLE = "for (const one of document.getAnimations()) if (one.effect.getTiming().iterations !== Infinity) one.finish()"


def main(folder: Path) -> None:
    """Four states, two languages, two sizes."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("Chromium is needed for the pictures: sh tools/system.sh")
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        fonts = Path(room) / "fonts.conf"
        fonts.write_text(FONT_CONFIGURATION.format(folder=FONTS))
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
        )
        for seat in served(Path(room)):
            for language in ("en-US", "zh-CN"):
                for size in SIZES:
                    seat.do("move", "signed_out", seat="", device="")
                    _round(_opened(browser, seat, (language, size)), seat, (folder, language, size))
        browser.close()


def _opened(browser: Browser, seat: Seat, view: tuple[str, str]) -> Page:
    """The desk, somebody seated at it."""
    language, size = view
    width, height = SIZES[size]
    shape: Any = {"width": width, "height": height}
    scheme: Any = "light" if size == "wide" else "dark"
    context = browser.new_context(locale=language, viewport=shape, color_scheme=scheme)
    context.add_cookies([{"name": "session", "value": seat.session, "url": seat.site}])
    context.route("**/jssip.js", lambda route: route.fulfill(body=FAKE_SIP, content_type="text/javascript"))
    page = context.new_page()
    page.goto(f"{seat.site}/desk")
    sit(page)
    return page


def _round(page: Page, seat: Seat, where: tuple[Path, str, str]) -> None:
    """One call, from nothing to the wrap-up."""
    phase = page.locator("#call")
    call = f"c-{where[1]}-{where[2]}"
    expect(page.locator("#missed li")).to_have_count(2)
    expect(page.locator("#seat_words")).to_contain_text("1003")
    seat.do("move", "ready")
    page.wait_for_timeout(1_200)
    _keep(page, where, "idle")
    seat.do("ring", call)
    page.evaluate(f"sip.ring({{ call: '{call}', number: '13800138000' }})")
    expect(phase).to_have_attribute("data-phase", "ringing")
    page.wait_for_timeout(2_200)
    _keep(page, where, "ringing")
    page.keyboard.press("Alt+a")
    seat.do("answer", call)
    expect(phase).to_have_attribute("data-phase", "talking")
    page.locator("#record_asked").fill(TYPED[where[1]])
    expect(page.locator("#record_mark")).to_have_class("mark-of saved")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(3_000)
    _keep(page, where, "talking")
    page.evaluate("sip.session.end('remote')")
    seat.do("wrap", call)
    expect(phase).to_have_attribute("data-phase", "wrap_up")
    page.wait_for_timeout(3_500)
    page.evaluate("scrollTo(0, 0)")
    _keep(page, where, "wrap-up")
    page.context.close()


def _keep(page: Page, where: tuple[Path, str, str], name: str) -> None:
    """A small PNG: few colours suffice for a page."""
    folder, language, size = where
    page.evaluate(SETTLE)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(folder / f"desk-{name}{'-phone' if size == 'narrow' else ''}.{language}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
