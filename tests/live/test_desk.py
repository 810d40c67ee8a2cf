"""The agent's desk for real: Chromium with a microphone, a SIP caller, and the product's Asterisk between.

Who is heard is told by tones: the caller's, the browser's (as 2001 in ``tones``), and the desk telephone's (2002).
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from crm_bridge.demo import SHOWN
from ivr_server import sip_accounts
from ivr_server.pbx import fetch
from tests.live.desk_town import Desk, DeskTown, browser, desk_town, sit
from tests.live.hearing import RATE, samples
from tests.live.tones import pieces, talks

pytestmark = [pytest.mark.live, pytest.mark.alone]

LI, WANG, ZHAO = "li.na", "wang.fang", "zhao.min"
ME, OTHER = "2001", "2002"  # whose tones
PHONE, PASSWORD = SHOWN[0].phone, SHOWN[0].password
# English, fees, this number; the password when its sentence has begun; this month; then a person
PROVED = ((2.0, "2"), (1.0, "11"), (7.0, PASSWORD), (3.0, "1"), (6.0, "0"))


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[DeskTown]:
    """Everything, running; three agents are hired."""
    with desk_town(installed) as made:
        for name in (LI, WANG, ZHAO):
            made.hire(name)
        yield made


@pytest.fixture(scope="module")
def chromium(town: DeskTown) -> Iterator[Browser]:
    """The first agent's browser."""
    with sync_playwright() as playwright, browser(playwright, town.tones / f"{ME}.wav") as made:
        yield made


@pytest.fixture(scope="module")
def wang(town: DeskTown, chromium: Browser) -> Desk:
    """The second agent, at the desk telephone 2002, which answers by itself; not there for callers."""
    town.exchange.agent_is("2002", says=str(town.tones / OTHER))
    town.exchange.agent_signs_in("2002", talks_s=60, queues=())
    made = sit(town, chromium, WANG, telephone="2002")
    made.busy()
    return made


@pytest.fixture(scope="module")
def li(town: DeskTown, chromium: Browser) -> Desk:
    """The first agent, at the browser; a call rings here as soon as it comes."""
    return sit(town, chromium, LI)


@pytest.fixture
def free(li: Desk, town: DeskTown) -> Iterator[Desk]:
    """The first agent, ready before and after."""
    li.free()
    yield li
    for call in tuple(town.exchange.calls.values()):
        if not call.over.is_set():
            call.hang_up()
    li.free()
    town.exchange.calls.clear()


def silences(recording: Path, who: str) -> list[tuple[float, float]]:
    """When somebody was not heard between two moments in which they were: (from, for), seconds."""
    line = "".join("x" if who in piece else "." for piece in pieces(recording))
    return [(gap.start() * 0.25, len(gap[0]) * 0.25) for gap in re.finditer(r"(?<=x)\.+(?=x)", line)]


def loud(recording: Path, start: float, seconds: float) -> bool:
    """Whether there is sound in that part of it."""
    part = samples(recording)[int((start + 0.5) * RATE) : int((start + seconds - 0.5) * RATE)]
    return float(np.sqrt(np.mean(part**2))) > 30


def test_everything_stands_there_before_the_answer(
    free: Desk, town: DeskTown, figure: Callable[[str, Any], None]
) -> None:
    """Card by the number that was proved, the story, the form: within a second of the first ring."""
    rung: list[float] = []
    town.exchange.product_ami.listeners.append(
        lambda fields: rung.append(time.time()) if fields.get("Event") == "AgentCalled" else None
    )
    town.calls(PHONE, PROVED)
    free.phase("ringing", 60)
    page = free.page
    expect(page.locator("#card_facts")).to_contain_text("Package")
    expect(page.locator("#who_name")).to_have_text(SHOWN[0].name)
    expect(page.locator("#who_marks .identity.proved")).to_be_visible()
    expect(page.locator("#steps .heard").first).to_be_visible()
    expect(page.locator("#record_business")).to_have_value("fees")
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")
    words = (PASSWORD, sip_accounts.of(town.product.settings)["1001"])
    assert not [word for word in words if word in kept + page.content()]
    after = {name: at / 1000 - rung[0] for name, at in page.evaluate("stamps").items()}
    figure("seconds from ringing to card, story and form on the screen", round(max(after.values()), 2))
    assert max(after.values()) < 1.0, after


def test_a_call_that_is_not_taken_rings_elsewhere(free: Desk, town: DeskTown) -> None:
    """The agent is busy and told why; it does not ring here again."""
    call = town.calls()
    free.phase("ringing", 30)
    free.key("E")
    expect(free.page.locator("#state_words")).to_have_text("Busy")
    expect(free.page.locator("#call_why")).to_contain_text("You did not take a call")
    time.sleep(3)
    free.phase("idle")
    assert not call.over.is_set()


def test_a_script_as_a_callers_name_is_a_name(free: Desk, town: DeskTown) -> None:
    """Through the real Asterisk (FAULTS I1): shown on the desk as it is written, and not run."""
    town.calls(name="<img src=x onerror=window.taken=1>")
    free.phase("ringing", 30)
    expect(free.page.locator("#call_who")).to_have_text("<img src=x onerror=window.taken=1>")
    free.key("A")
    free.talks()
    assert free.page.evaluate("window.taken") is None
    free.key("E")
    free.phase("wrap_up")


def test_they_hear_each_other_and_hold_and_mute_do_what_they_say(free: Desk, town: DeskTown) -> None:
    """Packets and tones at both ends; music and silence in between."""
    call = town.calls()
    free.phase("ringing", 30)
    free.key("A")
    free.talks()
    assert free.hears_soon("caller".__eq__) == "caller"
    before = free.figures()
    time.sleep(1)
    expect(free.page.locator("#call_sound")).to_have_text("Sound is good")
    after = free.figures()
    assert after["received"] > before["received"] + 20
    assert after["sent"] > before["sent"] + 20
    free.key("H")
    free.title("On hold")
    time.sleep(2)
    free.key("H")
    free.title("Talking")
    assert free.hears_soon("caller".__eq__) == "caller"
    free.key("M")
    time.sleep(2)
    free.key("M")
    time.sleep(1.5)
    free.key("E")
    free.phase("wrap_up")
    call.wait_over(10)
    gaps = [gap for gap in silences(call.recording, ME) if gap[1] >= 1.5]
    assert [loud(call.recording, *gap) for gap in gaps] == [True, False], gaps  # music while held, nothing while muted


def test_a_second_agent_is_asked_joined_and_left_with_the_caller(free: Desk, wang: Desk, town: DeskTown) -> None:
    """Consult and return, consult and three-way, and the caller stays with the other; her screen has it too."""
    call = town.calls(PHONE, ((6.0, "0"),))
    free.phase("ringing", 40)
    free.key("A")
    free.talks()
    free.page.get_by_label("What was asked").fill("Why is it higher?")
    expect(free.page.locator("#record_mark")).to_contain_text("Saved")
    free.ask("wang")
    free.title("Asking first")
    assert free.hears_soon(OTHER.__eq__) == OTHER
    free.key("R")
    free.title("Talking")
    assert free.hears_soon("caller".__eq__) == "caller"
    free.ask("wang")
    free.title("Asking first")
    free.hears_soon(OTHER.__eq__)
    free.key("J")
    free.title("All three")
    time.sleep(2)
    free.key("P")
    free.phase("wrap_up")
    time.sleep(2)
    wang.title("Talking")
    expect(wang.page.locator("#notes")).to_contain_text("Why is it higher?")
    call.hang_up()
    heard = talks(call.wait_over(10).recording)
    assert [one for one in heard if one in ({ME}, {ME, OTHER}, {OTHER})][-3:] == [{ME}, {ME, OTHER}, {OTHER}], heard


def test_a_caller_is_handed_over_at_once(free: Desk, wang: Desk, town: DeskTown) -> None:
    """Blind: the one who hands over is free to write, the caller talks to the other."""
    call = town.calls()
    free.phase("ringing", 30)
    free.key("A")
    free.talks()
    time.sleep(1.5)
    free.ask("wang", "Shift+Enter")
    free.phase("wrap_up")
    wang.title("Talking")
    time.sleep(2)
    call.hang_up()
    heard = talks(call.wait_over(10).recording)
    assert [one for one in heard if one in ({ME}, {OTHER})] == [{ME}, {OTHER}], heard


def test_dialling_out_and_keys(free: Desk, town: DeskTown) -> None:
    """The agent calls the voice itself: it hears the keys that the page presses."""
    free.page.get_by_label("Number to call").fill("10000")
    free.page.keyboard.press("Enter")
    free.title("Talking")
    time.sleep(4)
    free.page.locator("#call_title").click()
    free.page.keyboard.press("2")
    time.sleep(3)
    free.key("E")
    free.phase("idle")
    record = town.product.journal("1001", 20)
    assert record["language"] == "en-US"


def test_a_reload_in_mid_call_keeps_the_caller(free: Desk, town: DeskTown, figure: Callable[[str, Any], None]) -> None:
    """The page comes back, registers, and has the caller's sound again; the words typed are there."""
    call = town.calls()
    free.phase("ringing", 30)
    free.key("A")
    free.talks()
    free.hears_soon("caller".__eq__)
    free.page.get_by_label("What was asked").fill("half a word")
    began = time.monotonic()
    free.page.reload()
    free.title("Talking", 30)
    assert free.hears_soon("caller".__eq__, 20) == "caller"
    figure("seconds without sound after a reload in mid-call, at most", round(time.monotonic() - began, 1))
    expect(free.page.get_by_label("What was asked")).to_have_value("half a word")
    time.sleep(1.5)
    free.key("E")
    free.phase("wrap_up")
    gaps = silences(call.wait_over(10).recording, ME)
    assert gaps, "the agent was not heard after the reload"
    assert max(seconds for _, seconds in gaps) < 5.0, gaps


def test_the_server_is_killed_in_mid_call(free: Desk, town: DeskTown) -> None:
    """They hear each other all along; the page says what is away; then all of it works again, words typed included."""
    call = town.calls()
    free.phase("ringing", 30)
    free.key("A")
    free.talks()
    pid = town.product.signal(signal.SIGKILL)
    expect(free.page.locator("#trouble")).to_be_visible()
    free.page.get_by_label("What was asked").fill("typed meanwhile")
    assert free.hears_soon("caller".__eq__) == "caller"
    town.product.wait_up(60, but_not=pid)
    expect(free.page.locator("#trouble")).to_be_hidden(timeout=30_000)
    expect(free.page.locator("#record_mark")).to_contain_text("Saved", timeout=30_000)
    expect(free.page.locator("#seat_words")).to_contain_text("can be reached", timeout=30_000)
    free.talks()
    assert free.hears_soon("caller".__eq__) == "caller"
    assert not call.over.is_set()
    call.hang_up()  # its goodbye may come by a socket that is no more
    free.phase("wrap_up")
    gaps = silences(call.wait_over(10).recording, ME)
    assert max([seconds for _, seconds in gaps], default=0) < 1.0, gaps


def test_the_callers_of_a_browser_that_died_reach_somebody_else(li: Desk, wang: Desk, town: DeskTown) -> None:
    """No goodbye, no beat: after a while the caller is first in the queue again, and rings where somebody is."""
    li.free()
    call = town.calls()
    li.phase("ringing", 30)
    li.key("A")
    li.talks()
    li.hears_soon("caller".__eq__)
    li.die()
    wang.ready()
    wang.title("Talking", 60)
    time.sleep(2)
    assert not call.over.is_set()
    shown = town.exchange.product.cli("queue show service")
    assert "paused" in next(line for line in shown.splitlines() if "PJSIP/1001" in line)
    call.hang_up()
    heard = talks(call.wait_over(10).recording)
    assert [one for one in heard if one in ({ME}, {OTHER})] == [{ME}, {OTHER}], heard


def test_the_caller_of_a_browser_that_died_with_the_server_reaches_somebody_else(
    chromium: Browser, wang: Desk, town: DeskTown, figure: Callable[[str, Any], None]
) -> None:
    """Nobody is left to give the caller back: the service that is started again finds the desk silent, and does."""
    wang.busy()
    zhao = sit(town, chromium, ZHAO)
    call = town.calls()
    zhao.phase("ringing", 30)
    zhao.key("A")
    zhao.talks()
    zhao.hears_soon("caller".__eq__)
    pid = town.product.signal(signal.SIGKILL)
    zhao.die()
    died = time.monotonic()
    town.product.wait_up(60, but_not=pid)
    expect(wang.page.locator("#trouble")).to_be_hidden(timeout=30_000)
    wang.ready()
    wang.title("Talking", 60)
    figure(
        "seconds until the caller of a browser that died with the server talks to somebody else",
        round(time.monotonic() - died, 1),
    )
    time.sleep(2)
    assert not call.over.is_set()
    call.hang_up()
    heard = talks(call.wait_over(10).recording)
    assert [one for one in heard if one in ({ME}, {OTHER})] == [{ME}, {OTHER}], heard
