"""The picture of the README: the keypad phone in the middle of a call, photographed from a running service.

    .venv/bin/python -m tools.photograph http://127.0.0.1:8080 docs/pictures

The service must be freshly seeded: it remembers the language of a number, and then does not ask for it.
Not part of ``make docs``: a photograph differs from day to day (the demonstration's months), so no test compares it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

CUSTOMERS = {"en-US": ("13800138000", "294817"), "zh-CN": ("13800138002", "730152")}  # of the demonstration
SIZE = {"width": 1280, "height": 860}
WORDS = {
    "en-US": ("Call", "2", "For your bill", "Are you calling about", "query password", "Which month", "yuan"),
    "zh-CN": ("呼叫", "1", "查询话费", "您要查询的号码", "六位查询密码", "请选择月份", "元"),
}


def main(web: str, folder: Path) -> None:
    """Two pictures, one in each language."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("Chromium is needed for the pictures: sh tools/system.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        for language, name in (("en-US", "keypad-phone.png"), ("zh-CN", "keypad-phone.zh.png")):
            context = browser.new_context(locale=language, viewport=SIZE, device_scale_factor=1.5)
            page = context.new_page()
            page.goto(web + "/phone")
            _hear_a_bill(page, language)
            page.screenshot(path=folder / name)
            context.close()
        browser.close()


def _hear_a_bill(page: Page, spoken: str) -> None:
    """From the first ring to the amount, as a customer would."""
    call, language, fees, number, password, month, money = WORDS[spoken]
    caller, secret = CUSTOMERS[spoken]
    expect.set_options(timeout=30_000)
    page.get_by_role("button", name=caller).click()
    page.get_by_role("button", name=call, exact=True).click()
    for key, heard in ((language, None), ("1", fees), ("1", number)):
        if heard:
            expect(page.locator("#caption")).to_contain_text(heard)
        else:
            expect(page.locator("#caption")).not_to_be_empty()
            page.wait_for_timeout(1_500)
        page.keyboard.press(key)
    expect(page.locator("#caption")).to_contain_text(password)
    page.wait_for_timeout(1_000)
    page.keyboard.type(secret, delay=250)
    expect(page.locator("#caption")).to_contain_text(month)
    page.keyboard.press("1")
    expect(page.locator("#caption")).to_contain_text(money)
    page.wait_for_timeout(1_000)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
