"""From the browser to the telephone: what an administrator words in the studio is what the next caller hears.

Edit, problem, mend, try, prove, publish, roll back: each with real calls, whose recorded sound is recognised.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ivr_server.pbx import fetch
from tests.console.conftest import PASSWORD
from tests.live.calls import Call
from tests.live.studio_town import MENU_S, Admin, StudioTown, studio_town

pytestmark = pytest.mark.live

Figure = Callable[[str, object], None]
OLD, NEW = "For overdue bills", "For what you have not paid us yet"
PUBLISHED_MS = 120_000


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[StudioTown]:
    """Everything, running; two administrators are hired."""
    with studio_town(installed) as made:
        for name in ("li", "wang"):
            made.house.hire(name, "admin")
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the studio is tested in Chromium: run sh tools/system.sh, or apt-get install chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path)
        yield made
        made.close()


@pytest.fixture
def page(chromium: Browser, town: StudioTown) -> Iterator[Page]:
    """An administrator at the main menu of the service line."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    made = context.new_page()
    made.set_default_timeout(30_000)
    made.goto(f"http://127.0.0.1:{town.house.port}/sign-in?then=/studio")
    made.locator("input[name=name]").fill("li")
    made.locator("input[name=password]").fill(PASSWORD)
    made.locator("main button.button").click()
    made.wait_for_url("**/studio*")
    made.goto(f"http://127.0.0.1:{town.house.port}/studio#main/main_menu")
    made.reload()
    expect(made.locator("#studio")).to_have_attribute("data-ready", "yes", timeout=30_000)
    yield made
    context.close()


def worded(page: Page, words: str, problems: int) -> None:
    """The main menu's second option is worded anew in its panel; so many problems are there then."""
    area = page.locator('#panel .sentence[data-prompt="option_arrears"] textarea[lang="en-US"]')
    area.fill(words)
    area.dispatch_event("change")
    expect(page.locator("#studio")).to_have_attribute("data-problems", str(problems), timeout=30_000)


def tried(page: Page) -> None:
    """A call in the browser speaks the draft's words."""
    page.locator("#tab_simulate").click()
    page.locator("#sim_begin").click()
    page.locator("#sim_key_2").click()
    expect(page.locator(".sim-tale")).to_contain_text(NEW, timeout=30_000)


def proved(page: Page) -> None:
    """Every call is walked through, and holds."""
    page.locator("#tab_proof").click()
    page.get_by_role("button", name="Prove every call").click()
    expect(page.locator("#verdict")).to_have_class("verdict good", timeout=PUBLISHED_MS)


def published(page: Page) -> float:
    """The draft goes live; the seconds that it took."""
    page.locator("#publish").click()
    page.locator("#reason").fill("warmer words")
    began = time.monotonic()
    page.locator("#go_live").click()
    expect(page.locator("#publish_box h2")).to_have_text("Version 2 is live", timeout=PUBLISHED_MS)
    seconds = time.monotonic() - began
    page.locator("#publish_box").get_by_role("button", name="Close").click()
    return seconds


def rolled_back(page: Page, number: int) -> None:
    """An older version is live again."""
    page.locator("#tab_versions").click()
    page.locator(f'[data-version="{number}"]').get_by_role("button", name="Roll back to this").click()
    page.locator("#back_reason").fill("the old words were clearer")
    page.get_by_role("button", name="Roll back now").click()
    expect(page.locator(f'[data-version="{number}"]')).to_have_class("live", timeout=PUBLISHED_MS)


def at_the_menu_again(call: Call) -> None:
    """A caller who is inside goes back to the main menu and hears its second option."""
    call.press("9")
    time.sleep(MENU_S - 2)
    call.hang_up()
    call.wait_over(10)


def test_words_go_from_the_browser_to_the_callers_ear_and_back(page: Page, town: StudioTown, figure: Figure) -> None:
    """New callers hear the new words, then the old ones again; who is inside stays on what they began with."""
    worded(page, "For {somebody}", 1)
    expect(page.locator(".problem-list button").first).to_contain_text("somebody")
    worded(page, NEW, 0)
    tried(page)
    proved(page)
    first = town.calls(stay=120).wait_answered()
    first.wait_leg(lambda leg: leg.unique)
    time.sleep(MENU_S)
    figure("seconds from Publish to live, one sentence to render", round(published(page), 1))
    second = town.calls(stay=120).wait_answered()
    time.sleep(MENU_S)
    at_the_menu_again(first)
    rolled_back(page, 1)
    at_the_menu_again(second)
    third = town.calls().wait_over()
    calls = (first, second, third)
    assert [set(town.heard(call, OLD, NEW)) for call in calls] == [{OLD}, {NEW}, {OLD}]
    assert [len(town.heard(call, OLD, NEW)) for call in calls] == [2, 2, 1]
    assert [town.version(call) for call in calls] == [1, 2, 1]


WORDS = [
    {"prompts/en-US.yaml": "For what you have yet to pay", "prompts/zh-CN.yaml": "查询未缴金额"},
    {"prompts/en-US.yaml": "For amounts that are still open", "prompts/zh-CN.yaml": "查询尚欠款项"},
]
KILLED_AFTER = (0.3, 0.6, 0.85, 1.0)  # of the time that it takes to publish


def test_kill_9_while_versions_go_live(town: StudioTown, figure: Figure) -> None:
    """Whenever it is killed: one version, whole, is published; the folder holds its words, and callers hear them."""
    admin, words = Admin.at(town, "wang"), WORDS[0]
    admin.words("option_arrears", words)
    began = time.monotonic()
    first = number = admin.publishing()()["number"]
    takes = time.monotonic() - began
    for share in KILLED_AFTER:
        wanted = other_than(words)
        admin.words("option_arrears", wanted)
        with ThreadPoolExecutor(1) as other:
            answer = other.submit(admin.publishing())
            time.sleep(share * takes)
            pid = town.product.signal(signal.SIGKILL)
        answer.result()  # a refusal is no part of this
        town.product.wait_up(60, but_not=pid)
        admin = Admin.at(town, "wang")
        shown = admin.get("versions")
        assert not any(one["damaged"] for one in shown["versions"])
        assert shown["published"] in (number, number + 1)
        words = wanted if shown["published"] > number else words
        number = shown["published"]
        assert (shown["folder"]["state"], town.folder_words("option_arrears")) == ("same", words)
        is_heard(town, number, words)
    figure("versions that went live in four publishings that were killed -9", number - first)
    admin.words("option_arrears", other_than(words))
    assert admin.publishing()()["number"] == number + 1
    is_heard(town, number + 1, other_than(words))


def other_than(words: dict[str, str]) -> dict[str, str]:
    """The other ones."""
    return next(one for one in WORDS if one != words)


def is_heard(town: StudioTown, number: int, words: dict[str, str]) -> None:
    """The next caller hears these words and no others, and the journal names the version."""
    call = town.calls().wait_over()
    assert town.heard(call, *(each["prompts/en-US.yaml"] for each in WORDS)) == [words["prompts/en-US.yaml"]]
    assert town.version(call) == number
