"""The keypad phone against the whole service: a customer hears what they owe, in a browser, over the real port."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.doubles.sounds import rendered

COMMAND = str(Path(sys.executable).with_name("ivr-server"))
PASSWORD = "294817"  # of the demonstration's first customer
STAFF_PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Service:
    """The running product."""

    settings: Path
    web: str

    def say(self, *words: str, typed: str = "") -> None:
        """Run ``ivr-server`` with the same settings."""
        command = [COMMAND, words[0], "--settings", str(self.settings), *words[1:]]
        subprocess.run(command, input=typed, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """``ivr-server run`` in a folder of its own; only the rendered sounds are kept between runs of the tests."""
    folder = tmp_path_factory.mktemp("service")
    state, settings = folder / "state", folder / "settings.yaml"
    settings.write_text(f"state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n")
    rendered(state)
    subprocess.run([COMMAND, "run", "--settings", str(settings), "--prepare-only"], check=True)
    with subprocess.Popen([COMMAND, "run", "--settings", str(settings)]) as process:
        try:
            running = state / "running.json"
            end = time.monotonic() + 60
            while not running.exists() and time.monotonic() < end:
                time.sleep(0.1)
            host, port = json.loads(running.read_text())["web"]
            yield Service(settings, f"http://{host}:{port}")
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def page(service: Service) -> Iterator[Page]:
    """The phone's page, in Chinese."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the pages are tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--autoplay-policy=no-user-gesture-required"])
        page = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800}).new_page()
        expect.set_options(timeout=20_000)
        page.goto(service.web + "/phone")
        yield page
        browser.close()


def hears(page: Page, words: str) -> None:
    """Wait until the caption says so."""
    expect(page.locator("#caption")).to_contain_text(words)


def test_a_customer_hears_what_they_owe(page: Page, service: Service) -> None:
    """Language, main menu, the calling number offered, the query password, this month's sum; then a person."""
    sounds: list[int] = []
    page.on("response", lambda got: sounds.append(got.status) if "/phone/sound/" in got.url else None)
    page.get_by_role("button", name="13800138000").click()
    page.get_by_role("button", name="呼叫", exact=True).click()
    hears(page, "中文服务")
    page.keyboard.press("1")
    hears(page, "查询话费")
    page.keyboard.press("1")
    hears(page, "幺三八 零零幺三 八零零零")
    page.keyboard.press("1")
    hears(page, "六位查询密码")
    page.keyboard.type(PASSWORD)  # in one burst; the phone sends it key by key
    hears(page, "请选择月份")
    expect(page.locator("#pressed")).to_have_text("111••••••")  # no screen shows a password
    page.keyboard.press("1")
    hears(page, "元")
    trail = page.locator("#trail")
    expect(trail).to_contain_text("核对密码：正确")
    assert PASSWORD not in trail.inner_text()
    page.get_by_role("button", name="挂机").click()
    expect(page.locator("#state")).to_have_text("通话结束")
    assert sounds
    assert set(sounds) == {200}


def test_the_call_is_read_as_a_story_afterwards(page: Page, service: Service) -> None:
    """A supervisor made at the command line signs in, opens the newest call, and reads what happened."""
    service.say("staff", "add", "Li Hua", "--role", "supervisor", "--password-stdin", typed=STAFF_PASSWORD + "\n")
    page.goto(service.web + "/sign-in")
    page.get_by_label("姓名").fill("li hua")
    page.get_by_label("密码").fill(STAFF_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    row = page.get_by_role("row").filter(has_text="13800138000").first
    expect(row).to_contain_text("来电者挂机")
    row.get_by_role("link").click()
    expect(page.locator("ol.trail")).to_contain_text("核对密码：正确")
    assert PASSWORD not in page.content()


def test_health_is_well(page: Page, service: Service) -> None:
    """Every part in words."""
    page.goto(service.web + "/health")
    expect(page.get_by_role("status")).to_contain_text("一切正常")
