"""Agents at desk telephones on a real Asterisk: the screen before the answer, each act of a call, restarts."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from crm_bridge.demo import SHOWN
from ivr_server.pbx import fetch, running
from tests.live.calls import Call
from tests.live.telephone_town import RINGS_S, Desk, TelephoneTown, telephone_town

pytestmark = pytest.mark.live
TO_A_HUMAN = [(1.5, "1"), (1.5, "0")]


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[TelephoneTown]:
    """The house."""
    with telephone_town(installed) as made:
        yield made


@pytest.fixture(scope="module")
def li(town: TelephoneTown) -> Desk:
    """An agent at 2001."""
    town.register("2001")
    return town.hire("li", "2001")


@pytest.fixture(scope="module")
def wang(town: TelephoneTown) -> Desk:
    """Another one at 2002."""
    town.register("2002")
    return town.hire("wang", "2002")


@pytest.fixture
def call(town: TelephoneTown, li: Desk, wang: Desk) -> Iterator[Call]:
    """A customer talks with Li; Wang sits, and is busy."""
    wang.sit()
    wang.post("state", state="busy", reason="paperwork")
    li.sit()
    li.post("state", state="ready")
    li.is_("ready")
    made = town.exchange.dial("10000", TO_A_HUMAN, caller=SHOWN[0].phone, stay=90)
    li.is_("talking", 40)
    yield made
    made.hang_up()
    for desk in (li, wang):
        desk.wait(lambda one: one.last("me").get("state") in ("ready", "busy", "wrap_up", "signed_out"), "at rest")
    town.exchange.wait_no_channels()
    for desk in (li, wang):
        desk.wait(lambda one: one.last("me").get("state") in ("ready", "busy", "signed_out"), "at rest")


def now(desk: Desk) -> str:
    """The call in hand."""
    return str(desk.last("me")["call"])


def test_the_screen_has_card_and_trail_before_the_answer(
    town: TelephoneTown, li: Desk, call: Call, figure: Callable[[str, object], None]
) -> None:
    """Within a second of the ring; the agent's device is a member by name; a reception stands from the answer on."""
    told = next(values for _, name, values in reversed(li.events) if name == "call")
    assert told["card"]["name"] == SHOWN[0].name and told["card"]["found_by"] == "caller"
    assert told["handed"]["steps"] and told["form"]["fields"]
    id = now(li)
    rang = li.at("ringing", id)
    answered = next(
        at for at, name, values in li.events if name == "me" and values["state"] == "talking" and values["call"] == id
    )
    assert li.at("call", id) - rang < 1.0 and li.at("call", id) < answered
    figure("seconds from ringing to the whole screen", round(li.at("call", id) - rang, 3))
    assert "li (PJSIP/2001)" in town.members()
    assert li.get("receptions")[1]["receptions"][0]["call"] == id
    li.wait(lambda desk: desk.last("bar")["answered_today"] >= 1, "counted")


def test_a_blind_transfer_takes_the_notes_along(town: TelephoneTown, li: Desk, wang: Desk, call: Call) -> None:
    """Wang's screen shows what Li wrote while it rings; the caller is never without company."""
    id = now(li)
    reception = li.last("call")["reception"]
    status, saved = li.post(f"reception/{reception['id']}", version="0", asked="话费偏高", matter="higher")
    assert (status, saved) == (200, {"version": 1})
    status, told = li.post(f"call/{id}/transfer", to="2002", kind="blind")
    assert status == 200, told
    wang.is_("talking")
    told = wang.last("call")
    assert (told["call"], told["reception"]["asked"], told["notes"][0]["asked"]) == (id, "话费偏高", "话费偏高")
    assert wang.last("ringing")["transferred_from"] == "li"
    li.wait(lambda desk: desk.last("me")["state"] in ("wrap_up", "ready"), "li is out")
    assert not call.over.is_set()


def test_asking_a_colleague_and_returning(town: TelephoneTown, li: Desk, wang: Desk, call: Call) -> None:
    """Wang hears of whom it is, then Li has the caller again."""
    id = now(li)
    assert li.post(f"call/{id}/transfer", to="2002", kind="consult")[0] == 200
    assert li.last("talk")["state"] == "consulting"
    wang.is_("talking")
    assert wang.last("call")["card"]["name"] == SHOWN[0].name
    status, told = li.post(f"call/{id}/return")
    assert status == 200, told
    li.wait(lambda desk: desk.last("talk")["state"] == "talking", "with the caller again")
    wang.is_("busy")
    assert not call.over.is_set() and li.last("me")["state"] == "talking"


def test_a_colleague_asked_takes_over(town: TelephoneTown, li: Desk, wang: Desk, call: Call) -> None:
    """Completing lets Li go, and leaves Wang with the caller."""
    id = now(li)
    assert li.post(f"call/{id}/transfer", to="2002", kind="consult")[0] == 200
    wang.is_("talking")
    time.sleep(1.5)
    assert li.post(f"call/{id}/complete")[0] == 200
    li.wait(lambda desk: desk.last("me")["state"] in ("wrap_up", "ready"), "li is out")
    time.sleep(1.0)
    assert wang.last("me")["state"] == "talking" and not call.over.is_set()


def test_asking_a_number_outside_that_does_not_answer_ends_by_itself(
    town: TelephoneTown, li: Desk, wang: Desk, call: Call
) -> None:
    """It rings for as long as it may, then Li has the caller again: on the line and on the screen."""
    id = now(li)
    town.exchange.agent_is("13912345670", rings_s=120)
    assert li.post(f"call/{id}/transfer", to="13912345670", kind="consult")[0] == 200
    li.wait(lambda desk: desk.last("talk")["state"] == "consulting", "asking")
    li.wait(lambda desk: desk.last("talk")["state"] == "talking", "with the caller again", 25)
    town.exchange.wait_for(lambda: _largest_bridge(town) == 2, "they talk")
    assert not call.over.is_set() and li.last("me")["state"] == "talking"


def test_three_talk_together(town: TelephoneTown, li: Desk, wang: Desk, call: Call) -> None:
    """All in one bridge; when Li leaves, the other two go on."""
    id = now(li)
    assert li.post(f"call/{id}/transfer", to="2002", kind="consult")[0] == 200
    wang.is_("talking")
    time.sleep(1.5)
    assert li.post(f"call/{id}/join")[0] == 200
    town.exchange.wait_for(lambda: _largest_bridge(town) == 3, "three in one bridge")
    assert li.last("talk")["state"] == "joined"
    assert li.post(f"call/{id}/complete")[0] == 200
    li.wait(lambda desk: desk.last("me")["state"] in ("wrap_up", "ready"), "li is out")
    time.sleep(1.0)
    assert wang.last("me")["state"] == "talking" and not call.over.is_set()


def _largest_bridge(town: TelephoneTown) -> int:
    shown = town.exchange.product.cli("bridge show all")
    return max(map(int, re.findall(r" (\d+) +basic", shown)), default=0)


def test_D1_a_killed_service_ends_no_talk_and_knows_its_people_again(  # noqa: PLR0917
    town: TelephoneTown, li: Desk, wang: Desk, call: Call, figure: Callable[[str, object], None]
) -> None:
    """Kill -9 in mid-talk: the talk goes on, and after the restart Li talks, Wang is busy; the end is noticed."""
    id, before = now(li), len(li.events)
    killed = time.monotonic()
    pid = town.product.signal(signal.SIGKILL)
    town.product.wait_up(but_not=pid)
    li.wait(lambda desk: any(name == "me" for _, name, _values in desk.events[before:]), "back on the screen", 30)
    figure("seconds from kill -9 of the service to the agent's screen", round(time.monotonic() - killed, 1))
    assert not call.over.is_set()
    li.wait(lambda desk: desk.last("me")["state"] == "talking" and desk.last("bar").get("live"), "talking, live", 30)
    assert now(li) == id
    assert (wang.last("me")["state"], wang.last("me")["reason"]) == ("busy", "paperwork")
    assert li.post(f"call/{id}/hang-up")[0] == 200
    li.wait(lambda desk: desk.last("me")["state"] in ("wrap_up", "ready"), "over")
    call.wait_over(20)


def test_a_desk_that_sleeps_is_never_rung(town: TelephoneTown, li: Desk, wang: Desk) -> None:
    """No beat for 15 s: paused in Asterisk; the next beat brings it back."""
    li.sit()
    li.post("state", state="ready")
    li.beating = False
    town.exchange.wait_for(lambda: "away" in town.members() or li.last("me")["away"], "asleep", 30)
    town.exchange.wait_for(lambda: "paused:away" in town.members().replace(" ", ""), "paused in Asterisk", 5)
    li.beating = True
    li.wait(lambda desk: not desk.last("me")["away"], "awake")
    town.exchange.wait_for(lambda: "paused:away" not in town.members().replace(" ", ""), "rings again", 5)


def test_a_call_that_rings_out_makes_busy_and_then_signs_out(town: TelephoneTown, li: Desk, wang: Desk) -> None:
    """Twice without an answer: never a third time; the caller waits on."""
    wang.post("state", state="busy", reason="meal")
    town.exchange.agent_is("2001", 100)
    li.sit()
    li.post("state", state="ready")
    caller = town.exchange.dial("10000", TO_A_HUMAN, stay=90)
    li.is_("ringing", 40)
    li.is_("busy", RINGS_S + 10)
    assert li.last("me")["reason"] == "missed" and li.last("missed")["why"] == "missed"
    li.post("state", state="ready")
    li.is_("ringing", 20)
    li.is_("signed_out", RINGS_S + 10)
    assert "PJSIP/2001" not in town.members()
    assert not caller.over.is_set()
    town.exchange.agent_is("2001", 1)
    wang.post("state", state="ready")
    wang.is_("talking", 20)
    caller.hang_up()
    wang.wait(lambda desk: desk.last("me")["state"] in ("wrap_up", "ready"), "over")


def test_an_agent_dials_out(town: TelephoneTown, li: Desk) -> None:
    """The telephone rings, then the number; a talk of the agent's own, and afterwards as before."""
    town.exchange.wait_no_channels(10)
    li.sit()
    li.post("state", state="ready")
    li.is_("ready")
    status, told = li.post("dial", number="13900139000")
    if status == 422:
        pytest.fail(f"no outside line: {told}")
    li.is_("talking", 20)
    assert (li.last("talk")["direction"], li.last("talk")["number"]) == ("out", "13900139000")
    assert li.post(f"call/{now(li)}/hang-up")[0] == 200
    li.is_("ready", 20)


def test_B1_a_killed_asterisk_has_its_agents_again(
    town: TelephoneTown, li: Desk, wang: Desk, figure: Callable[[str, object], None]
) -> None:
    """Both desks are told that it is away and that it is back; members and pauses are those of their states."""
    li.sit()
    li.post("state", state="ready")
    wang.sit()
    wang.post("state", state="busy", reason="meal")
    town.exchange.wait_for(lambda: "paused:meal" in town.members().replace(" ", ""), "as it should be")
    asterisk, began = town.exchange.product, time.monotonic()
    asterisk.process.kill()
    asterisk.process.wait()
    li.wait(lambda desk: desk.events and "away" in [name for at, name, _ in desk.events if at > began], "told")
    li.post("state", state="busy", reason="break")
    restarted = time.monotonic()
    town.exchange.product = running.launch(asterisk.installed, asterisk.folder, asterisk.run)
    li.wait(lambda desk: desk.last("bar").get("live"), "back", 40)
    figure("seconds from Asterisk's start to live desks", round(time.monotonic() - restarted, 1))
    for desk, reason in ((li, "break"), (wang, "meal")):
        seen = f"{desk.name} (PJSIP/{desk.telephone})"
        town.exchange.wait_for(lambda seen=seen, reason=reason: _paused(town, seen) == {reason}, f"{seen}: {reason}")  # type: ignore[misc]
    li.post("state", state="ready")
    town.exchange.wait_for(lambda: _paused(town, "li (PJSIP/2001)") == {""}, "rings again")


def _paused(town: TelephoneTown, seen: str) -> set[str]:
    """Why Asterisk's queues ring a member no more."""
    lines = [line for line in town.members().splitlines() if seen in line]
    return {found[1] if (found := re.search(r"paused:(\w+)", line)) else "" for line in lines}
