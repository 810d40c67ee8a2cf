"""A call-back that keeps the place, through the whole house: from key 1 in the queue to the customer's answer."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ivr_server.pbx import fetch, running
from tests.live.calls import Call
from tests.live.telephone_town import Desk, TelephoneTown, telephone_town

pytestmark = pytest.mark.live
TO_A_HUMAN = [(2.0, "2"), (1.0, "0")]
FIRST, SECOND = "13800138001", "13800138002"
Figure = Callable[[str, object], None]


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[TelephoneTown]:
    """The house."""
    with telephone_town(installed) as made:
        yield made


@pytest.fixture(scope="module")
def desk(town: TelephoneTown) -> Desk:
    """An agent who is there, and on a break: callers wait."""
    made = town.hire("li", "2001")
    town.register("2001", talks_s=8)
    made.sit()
    made.post("state", state="busy", reason="break")
    made.is_("busy")
    return made


def keeps_place(town: TelephoneTown, call: Call) -> None:
    """The caller is spoken to in the queue, and presses 1 for a call-back to this number."""
    channel = call.leg.channel
    town.exchange.wait_for(lambda: channel not in town.exchange.waiting("service"), "spoken to", 70)
    time.sleep(3.0)
    call.press("1")
    time.sleep(3.0)
    call.press("1")
    call.wait_over(40)


def rows(town: TelephoneTown) -> list[tuple[object, ...]]:
    """The kept places, in order."""
    return town.product.rows("select number, state, tries from call_backs order by id")


def told(desk: Desk, event: str) -> list[dict[str, Any]]:
    """What the page was told of this sort, in order."""
    return [values for _, name, values in desk.events if name == event]


def line(town: TelephoneTown) -> list[str]:
    """Who waits: callers' channels, virtual callers as "kept"."""
    return ["kept" if "ivr-call-back" in one else one for one in town.exchange.waiting("service")]


def test_the_place_is_kept_and_the_customer_is_called(town: TelephoneTown, desk: Desk, figure: Figure) -> None:
    """The virtual caller stands before who came later, also through a kill -9 of ours; an agent takes it, and talks."""
    exchange = town.exchange
    first = exchange.dial("10000", TO_A_HUMAN, caller=FIRST, stay=200)
    exchange.wait_for(lambda: len(exchange.waiting("service")) == 1, "the first waits", 30)
    second = exchange.dial("10000", TO_A_HUMAN, caller=SECOND, stay=300)
    exchange.wait_for(lambda: len(exchange.waiting("service")) == 2, "the second waits", 30)
    keeps_place(town, first)
    gone = time.monotonic()
    exchange.wait_for(lambda: line(town)[:1] == ["kept"] and len(line(town)) == 2, "the place is kept", 15)
    figure("seconds from the caller's hang-up to the virtual caller in the queue", round(time.monotonic() - gone, 1))
    assert rows(town) == [(FIRST, "placed", 1)]
    pid = town.product.signal(signal.SIGKILL)
    town.product.wait_up(but_not=pid)
    time.sleep(12.0)  # the new process has looked at Asterisk, and found it there
    assert rows(town) == [(FIRST, "placed", 1)] and line(town)[:1] == ["kept"]
    desk.wait(lambda one: one.last("bar").get("live", True), "live", 30)
    desk.post("state", state="ready")
    desk.wait(lambda one: told(one, "ringing") and told(one, "call"), "it rings", 40)
    ringing, shown = told(desk, "ringing")[0], told(desk, "call")[0]
    assert ringing["call_back"] is True and ringing["number"] == FIRST
    assert shown["handed"]["number"] == FIRST and shown["handed"]["queue"] == "service", shown
    exchange.wait_for(lambda: rows(town) == [(FIRST, "reached", 1)], "the customer was reached", 30)
    second.hang_up()
    exchange.wait_no_channels(40)


def test_B1_after_a_kill_of_asterisk_the_places_are_kept_in_their_order(
    town: TelephoneTown, desk: Desk, figure: Figure
) -> None:
    """Every call is gone; the virtual callers wait again, in the order of their wishes, before whoever calls now."""
    exchange = town.exchange
    desk.post("state", state="busy", reason="break")
    desk.is_("busy", 60)
    for number in ("13800138011", "13800138012"):
        call = exchange.dial("10000", TO_A_HUMAN, caller=number, stay=200)
        before = len(line(town))
        exchange.wait_for(lambda many=before: len(line(town)) == many + 1, "waits", 30)
        keeps_place(town, call)
        exchange.wait_for(lambda many=before: line(town).count("kept") == many + 1, "kept", 20)
    exchange.product.process.kill()
    exchange.product.process.wait()
    killed = time.monotonic()
    exchange.product = running.launch(exchange.product.installed, exchange.product.folder, exchange.product.run)
    exchange.wait_for(lambda: line(town) == ["kept", "kept"], "both wait again", 90)
    figure("seconds from a kill of Asterisk until kept places wait again", round(time.monotonic() - killed, 1))
    assert [number for number, state, _ in rows(town) if state == "placed"] == ["13800138011", "13800138012"]
    first, second = (exchange.product.cli(f"core show channel {one}") for one in exchange.waiting("service"))
    assert "13800138011" in first and "13800138012" in second
