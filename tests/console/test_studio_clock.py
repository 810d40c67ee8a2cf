"""One clock in the studio: the operator's, wherever the browser is, and it is named."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, expect

from tests.console.conftest import PASSWORD, House
from tests.console.test_studio_in_browser import chromium, house

__all__ = ["chromium", "house"]
ZONE = "Asia/Shanghai"


def test_a_browser_far_away_shows_the_operators_times(chromium: Browser, house: House) -> None:
    """The hour of a tried call, of a change and of a version; each list says whose clock it is."""
    context = chromium.new_context(locale="en-US", timezone_id="America/New_York")
    page: Any = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"http://127.0.0.1:{house.port}/sign-in?then=/studio")
    page.locator("input[name=name]").fill("li")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button.button").click()
    expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
    page.get_by_role("tab", name="Try a call").click()
    field = page.get_by_label(f"Date and hour ({ZONE})")
    shown = datetime.fromisoformat(field.input_value()).replace(tzinfo=ZoneInfo(ZONE))
    assert abs((datetime.now(ZoneInfo(ZONE)) - shown).total_seconds()) < 600
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator("#versions")).to_contain_text(f"All times are in {ZONE}.")
    context.close()
