"""The agents' room on a clock: what each page is told, what Asterisk is asked, what survives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_bridge import receptions, shifts
from crm_bridge.answers import LookUpFault
from ivr_server.agents.asked import Hidden, NotNow, Saving, Sitting
from ivr_server.agents.pages import ASLEEP_S
from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Member, QueueNow
from tests.agents.conftest import CHIEF, LI, WANG
from tests.doubles.agents import NOON, Office, done

SEAT, OTHER, PHONE = "PJSIP/1001", "PJSIP/1002", "PJSIP/2001"
BROWSER = Sitting("browser", tab="tab-1")


def sit(office: Office, who: Any = LI, where: Sitting = BROWSER) -> Any:
    """Somebody sits, with a page open."""
    page = office.open(who, where.tab or "tab-1")
    done(office.room.sit(who, where))
    return page


def refused(work: Any) -> NotNow:
    """Why it is refused."""
    with pytest.raises(NotNow) as raised:
        done(work)
    return raised.value


def beat(office: Office, seconds: float, *people: Any) -> None:
    """Time goes by, and these people's pages live."""
    for _ in range(round(seconds)):
        office.clock.advance(1)
        for who in people:
            office.room.beat(who, "tab-1")


def test_sitting_down_makes_a_member_of_every_queue_of_ones_skills(office: Office) -> None:
    """Seat, credentials for the soft phone, members in Asterisk; again is the same; rising takes them out."""
    page = sit(office)
    seated = done(office.room.sit(LI, BROWSER))
    assert seated["seat"] == "1001"
    assert seated["sip"]["user"] == "1001" and seated["sip"]["password"] == "secret-of-1001"
    assert [one for one in office.floor.asked if one[0] == "add"] == [
        ("add", "service", SEAT, "li", "0", ""),
        ("add", "billing", SEAT, "li", "0", ""),
    ]
    assert (page.last("me")["state"], page.last("me")["seat"], page.last("me")["holds"]) == ("ready", "1001", True)
    done(office.room.rise(LI))
    assert page.last("me")["state"] == "signed_out"
    assert office.pause_of(SEAT) == set()


def test_one_device_one_person(office: Office) -> None:
    """A taken seat, one that is none, none free any more; a telephone likewise."""
    sit(office)
    assert done(office.room.sit(WANG, BROWSER))["seat"] == "1002"
    assert refused(office.room.sit(CHIEF, Sitting("browser", seat="1001"))).why == "seat_taken"
    assert refused(office.room.sit(CHIEF, Sitting("browser", seat="9"))).why == "seat"
    assert refused(office.room.sit(CHIEF, Sitting("telephone", telephone="9"))).why == "telephone"
    done(office.room.sit(CHIEF, Sitting("telephone", telephone="2001")))
    assert refused(office.room.sit(WANG, Sitting("telephone", telephone="2001"))).why == "seat_taken"


def test_busy_is_a_pause_with_its_reason(office: Office) -> None:
    """Only reasons of the file; ready again; nothing without a seat."""
    assert refused(office.room.turn(LI, "ready", "")).why == "seated"
    page = sit(office)
    done(office.room.turn(LI, "busy", "meal"))
    assert (office.pause_of(SEAT), page.last("me")["state_words"]) == ({"meal"}, "用餐")
    assert refused(office.room.turn(LI, "busy", "idling")).why == "busy_reason"
    assert refused(office.room.turn(LI, "busy", "away")).why == "busy_reason"
    done(office.room.turn(LI, "ready", ""))
    assert office.pause_of(SEAT) == {""}


def test_when_it_rings_the_screen_has_everything_within_a_second(office: Office) -> None:
    """In the same turn: ringing; behind it trail, card and the form of the business, before any answer."""
    page = sit(office)
    call = office.call(customer="1", identity="password")
    before = office.clock.seconds()
    office.ring(SEAT, call)
    told = page.last("call")
    assert page.at[page.names.index("ringing")] - before == page.at[page.names.index("call")] - before == 0
    assert page.names.index("ringing") < page.names.index("call")
    ringing = page.last("ringing")
    assert (ringing["number"], ringing["queue_title"], ringing["business_words"]) == ("13800138000", "话费账单", "话费")
    card = told["card"]
    assert (card["name"], card["found_by"], card["arrears"]["count"]) == ("王小明", "verified", 2)
    assert card["address"] and card["package"] and card["contracts"] and card["balance"].startswith("-¥")
    assert told["handed"]["identity"] == "password" and len(told["handed"]["steps"]) == 2
    assert (told["form"]["name"], told["reception"]["version"], told["notes"], told["whole"]) == ("fees", 0, [], True)


def test_the_card_is_of_the_verified_number_then_of_the_callers(office: Office) -> None:
    """A caller from another number who proved theirs; one who proved nothing; a stranger."""
    page = sit(office)
    cases = [({"customer": "2", "identity": "open"}, "李静", "entered"), ({}, "王小明", "caller")]
    for leg, name, found_by in cases:
        call = office.call(f"c-{found_by}", **leg)
        office.ring(SEAT, call)
        assert (page.last("call")["card"]["name"], page.last("call")["card"]["found_by"]) == (name, found_by)
        office.give_up(SEAT)
    office.ring(SEAT, office.call("c-stranger", number="02100000000"), number="02100000000")
    assert page.last("call")["card"] is None


def test_C1_a_database_that_is_away_takes_nothing_from_the_trail(office: Office) -> None:
    """Ringing and the trail from memory; the card is missing, and the page is told that more may come."""
    page = sit(office)
    office.store.away = True
    office.ring(SEAT, office.call())
    told = page.last("call")
    assert (told["card"], told["whole"], told["handed"]["business"]) == (None, False, "fees")
    office.answer(SEAT)
    assert office.state("li") == ("talking", "")
    office.end("1795406400.1")
    assert office.state("li") == ("wrap_up", "")
    office.store.away = False
    beat(office, 2, LI)
    assert office.store.engine and [one.state for one in done(office.store.run(shifts.everybody))] == ["wrap_up"]


def test_C1_a_hung_database_is_waited_for_less_than_a_second(office: Office) -> None:
    """What the database never answers is left out in time."""
    from twisted.internet.defer import Deferred

    page = sit(office)

    async def hang(*_arguments: Any, **_more: Any) -> Any:
        await Deferred()

    office.room._contacts.billing.card = hang  # type: ignore[method-assign]
    office.ring(SEAT, office.call())
    assert page.names[-1] == "ringing" or "call" not in page.names
    office.clock.advance(0.9)
    assert (page.last("call")["card"], page.at[-1] - page.at[page.names.index("ringing")] < 1.0) == (None, True)


def test_a_call_through_to_wrap_up(office: Office) -> None:
    """Talk, end, time to write that ends by itself; the device rests; a reception stands from the answer."""
    page = sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    assert page.last("talk") == {
        "call": call, "state": "talking", "began": NOON, "with": "", "direction": "in", "number": "13800138000",
    }  # fmt: skip
    kept = done(office.store.run(receptions.of_call, call))
    assert [(one.agent, one.business, one.form, one.name, one.customer) for one in kept] == [
        ("li", "fees", "fees", "王小明", "1")
    ]
    beat(office, 30, LI)
    office.end(call)
    assert (page.last("talk")["state"], office.pause_of(SEAT)) == ("over", {"wrap_up"})
    assert page.last("me")["wrap_until"] == NOON + 50
    [written] = done(office.store.run(receptions.of_call, call))
    assert written.talk_s == 30
    beat(office, 21, LI)
    assert (office.state("li"), office.pause_of(SEAT)) == (("ready", ""), {""})


def test_C1_a_call_answered_while_billing_is_away_is_its_agents_all_the_same(office: Office) -> None:
    """Its reception stands from the answer, without a name; its agent finds the call afterwards, nobody else does."""

    async def away(*_arguments: Any, **_more: Any) -> Any:
        raise LookUpFault("unavailable", "billing is away")

    sit(office)
    office.room._contacts.billing.card = away  # type: ignore[method-assign]
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    beat(office, 30, LI)
    office.end(call)
    done(office.room.act(LI, call, "done"))
    [kept] = done(office.store.run(receptions.of_call, call))
    assert (kept.agent, kept.number, kept.name, kept.talk_s) == ("li", "13800138000", "", 30)
    assert done(office.room.call(LI, call))["written"]
    with pytest.raises(Hidden):
        done(office.room.call(WANG, call))


def test_C1_what_was_typed_while_the_database_was_away_is_taken_after_the_call(office: Office) -> None:
    """It comes back when the wrap-up is over long since: the page's save is kept, and nobody else's is."""
    page = sit(office)
    office.store.away = True
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    id = page.last("call")["reception"]["id"]
    with pytest.raises(LookUpFault):
        done(office.room.save(LI, Saving(id, 0, {"asked": "a bill"})))
    office.end(call)
    done(office.room.act(LI, call, "done"))
    office.store.away = False
    with pytest.raises(Hidden):
        done(office.room.save(WANG, Saving(id, 0, {"asked": "not mine"})))
    assert done(office.room.save(LI, Saving(id, 0, {"asked": "a bill"}))) == 1
    [kept] = done(office.store.run(receptions.of_call, call))
    assert (kept.agent, kept.asked, kept.number) == ("li", "a bill", "13800138000")


def test_a_queue_that_asterisk_does_not_have_keeps_nobody_out_of_the_others(office: Office) -> None:
    """The file names one more than Asterisk has read: the rest have their member, and a pause is a pause."""
    add = office.floor.member_add

    async def but_one(queue: str, *more: Any) -> None:
        if queue == "service":
            raise AmiFault("refused", "Unable to add interface to queue: No such queue")
        await add(queue, *more)

    office.floor.member_add = but_one  # type: ignore[assignment,method-assign]
    sit(office)
    assert set(office.floor.picture.members(SEAT)) == {"billing"}
    done(office.room.turn(LI, "busy", "meal"))
    assert office.pause_of(SEAT) == {"meal"}


def test_done_ends_the_wrap_up(office: Office) -> None:
    """By the agent's own word; once only."""
    sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    office.end(call)
    done(office.room.act(LI, call, "done"))
    assert office.state("li") == ("ready", "")
    assert refused(office.room.act(LI, call, "done")).why == "call"


def test_a_miss_makes_busy_and_the_second_signs_out(office: Office) -> None:
    """Told on the screen and kept; never a third ring."""
    page = sit(office)
    for number in (1, 2):
        office.ring(SEAT, office.call(f"c-{number}"))
        office.miss(SEAT)
        assert page.last("missed")["call"] == f"c-{number}"
        if number == 1:
            assert (office.state("li"), office.pause_of(SEAT)) == (("busy", "missed"), {"missed"})
            assert "没有接听" in page.last("me")["state_words"]
            done(office.room.turn(LI, "ready", ""))
    assert (office.state("li"), office.pause_of(SEAT)) == (("signed_out", "missed"), set())
    assert "签出" in page.last("me")["state_words"]
    assert [one["why"] for one in done(office.room.receptions(LI))["missed"]] == ["missed", "missed"]


def test_a_rejected_call_goes_on_and_its_agent_is_busy(office: Office) -> None:
    """And a ring that was cut short by the caller's own time is no miss."""
    page = sit(office)
    office.ring(SEAT, office.call())
    office.miss(SEAT, rejected=True, seconds=2)
    assert (office.state("li"), page.last("missed")["why"]) == (("busy", "rejected"), "rejected")
    done(office.room.turn(LI, "ready", ""))
    office.ring(SEAT, office.call("c-2"))
    office.miss(SEAT, seconds=2)
    assert office.state("li") == ("ready", "")


def test_a_caller_who_gives_up_or_is_answered_elsewhere(office: Office) -> None:
    """Both agents are as before; the screen is told that it rings no more."""
    page = sit(office)
    sit(office, WANG)
    office.ring(SEAT, office.call())
    office.give_up(SEAT)
    assert (office.state("li"), page.last("talk")["state"]) == (("ready", ""), "over")
    call = office.call("c-2")
    office.ring(SEAT, call)
    office.ring(OTHER, call)
    office.answer(OTHER)
    assert (office.state("li"), office.state("wang")) == (("ready", ""), ("talking", ""))


def test_a_desk_that_sleeps_is_never_rung_and_wakes_as_it_was(office: Office) -> None:
    """No beat for 15 s: paused; the next one brings it back; beyond a minute it is no member at all."""
    page = sit(office)
    beat(office, ASLEEP_S - 1, LI)
    assert office.pause_of(SEAT) == {""}
    beat(office, ASLEEP_S + 1)
    assert (office.pause_of(SEAT), page.last("me")["away"]) == ({"away"}, True)
    assert office.room.beat(LI, "tab-1")
    assert (office.pause_of(SEAT), page.last("me")["away"]) == ({""}, False)
    beat(office, ASLEEP_S + 62)
    assert office.pause_of(SEAT) == set()
    assert office.room.beat(LI, "tab-1")
    assert office.pause_of(SEAT) == {""}
    assert office.state("li") == ("ready", "")


def test_B8_no_desk_is_blamed_for_a_process_that_stood_still(office: Office) -> None:
    """A reactor that was blocked for half a minute finds nobody asleep."""
    sit(office)
    office.clock.advance(30)
    assert office.pause_of(SEAT) == {""}
    beat(office, ASLEEP_S + 1)
    assert office.pause_of(SEAT) == {"away"}


def test_desks_that_fall_silent_together_are_given_more_time_once(office: Office) -> None:
    """Most of them at once: the fault lies between them and us, and no talk is broken for it; then they are asleep."""
    people = [LI, WANG, CHIEF]
    for who in people:
        sit(office, who)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    beat(office, 5, *people)
    beat(office, ASLEEP_S + 3)
    assert office.manager.asked == [] and office.pause_of(OTHER) == {""}
    beat(office, 2, *people)
    beat(office, 2 * ASLEEP_S + 4)
    assert [name for name, _ in office.manager.asked] == ["Redirect"]
    assert office.pause_of(OTHER) == {"away"}


def test_the_recording_of_a_call_back_bears_the_name_of_the_call_that_asked(office: Office, tmp_path: Path) -> None:
    """Its agent finds and hears it; trail and card are those of that call."""
    office.trails.first = lambda call: "c-asked" if call.startswith("callback-") else call
    page = sit(office)
    office.call("c-asked", number="13800138001")
    office.ring(SEAT, "callback-000001-1b", number="13800138001")
    assert (page.last("ringing")["call_back"], page.last("call")["card"]["name"]) == (True, "李静")
    office.answer(SEAT)
    (tmp_path / "recordings" / f"c-asked-{NOON:.0f}.wav").write_bytes(b"RIFF" + bytes(16_040))
    id = f"c-asked-{NOON:.0f}"
    assert done(office.room.recording(LI, id)).id == id
    office.end("callback-000001-1b")
    done(office.room.act(LI, "callback-000001-1b", "done"))
    assert done(office.room.recording(LI, id)).id == id
    [shown] = done(office.room.recordings(LI))["recordings"]
    assert (shown["id"], shown["number"], shown["length_s"]) == (id, "13800138001", 1)
    assert done(office.room.receptions(LI))["receptions"][0]["recording"] == id
    with pytest.raises(Hidden):
        done(office.room.recording(WANG, id))


def test_two_tabs_do_not_fight(office: Office) -> None:
    """The newest holds the soft phone; a reload takes nothing; who holds and falls silent loses it to who lives."""
    first = sit(office)
    second = office.open(LI, "tab-2")
    assert (second.last("me")["holds"], office.room.beat(LI, "tab-1"), office.room.beat(LI, "tab-2")) == (
        True,
        False,
        True,
    )
    assert first.last("me")["holds"] is False
    office.open(LI, "tab-1")
    assert office.room.beat(LI, "tab-2") is True
    for _ in range(16):
        office.clock.advance(1)
        office.room.beat(LI, "tab-1")
    assert office.room.beat(LI, "tab-1") is True
    assert (office.pause_of(SEAT), first.last("me")["holds"]) == ({""}, True)


def test_a_reload_in_mid_call_brings_the_call_back_to_the_screen(office: Office) -> None:
    """Talk, trail, card and the record as it was saved."""
    sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    page = office.open(LI, "tab-1")
    assert page.names[:2] == ["me", "bar"]
    assert (page.last("me")["state"], page.last("talk")["state"], page.last("call")["call"]) == (
        "talking",
        "talking",
        call,
    )
    done(office.room.act(LI, call, "rejoin"))
    assert office.manager.asked[-1] == (
        "Redirect",
        {"Channel": f"PJSIP/line-{call}", "Context": "ivr-transfer", "Exten": "1001", "Priority": "1"},
    )
    office.end(call, who="agent")  # the old leg falls away
    assert office.state("li") == ("talking", "")
    office.ring(SEAT, call, queue="")
    office.answer(SEAT)
    beat(office, 30, LI)
    assert office.state("li") == ("talking", "")
    office.end(call)
    assert office.state("li") == ("wrap_up", "")


def test_a_caller_is_given_back_as_soon_as_asterisk_can_be_asked(office: Office) -> None:
    """The browser dies while the manager connection is away: it is tried again, and the caller is not forgotten."""
    sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    office.manager.fault = AmiFault("away", "no connection to Asterisk")
    beat(office, ASLEEP_S + 10)
    assert office.manager.asked == []
    office.manager.fault = None
    beat(office, 5)
    assert [name for name, _ in office.manager.asked].count("Redirect") == 1


def test_a_rejoin_that_comes_to_nothing_ends_the_talk(office: Office) -> None:
    """The leg fell away and no new one came."""
    sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    done(office.room.act(LI, call, "rejoin"))
    office.end(call, who="agent")
    beat(office, 29, LI)
    assert office.state("li") == ("wrap_up", "")


def test_a_browser_that_dies_in_mid_call_gives_the_caller_back(office: Office) -> None:
    """No beat for 15 s in a talk: the caller is first in the queue again, and nothing rings at the empty desk."""
    page = sit(office)
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    beat(office, ASLEEP_S + 1)
    assert office.manager.asked == [
        ("Redirect", {"Channel": f"PJSIP/line-{call}", "Context": "ivr-transfer", "Exten": "billing", "Priority": "1"})
    ]
    office.end(call, who="agent")
    assert (office.pause_of(SEAT), page.last("me")["away"]) == ({"away"}, True)
    assert done(office.room.receptions(LI))["missed"][0]["why"] == "dropped"


def test_D1_everything_survives_a_restart_of_the_server(office: Office) -> None:
    """Ready, busy, talking and in wrap-up: each goes on where it was, and Asterisk is asked for nothing twice."""
    sit(office)
    sit(office, WANG)
    done(office.room.turn(WANG, "busy", "meal"))
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    office.floor.asked.clear()
    office.restart()
    assert (office.state("li"), office.state("wang")) == (("talking", ""), ("busy", "meal"))
    assert office.floor.asked == []
    page = office.open(LI, "tab-1")
    assert (page.last("me")["holds"], page.last("talk")["state"]) == (True, "talking")
    office.end(call)
    office.restart()
    assert office.state("li") == ("wrap_up", "")


def test_D1_what_happened_while_the_server_was_dead_is_found_at_the_resync(office: Office) -> None:
    """A talk that ended, one that began, a ring that is over."""
    sit(office)
    sit(office, WANG)
    first, second = office.call("c-1"), office.call("c-2")
    office.ring(SEAT, first)
    office.answer(SEAT)
    office.ring(OTHER, second)
    done(office.room.stop())
    office.end(first)
    office.answer(OTHER)
    office.room = office._room()
    done(office.room.recover())
    office.resync()
    assert (office.state("li")[0], office.state("wang")[0]) == ("wrap_up", "talking")


def test_D1_C1_a_server_that_begins_without_its_database_takes_nobody_out(office: Office) -> None:
    """Members whom it does not know yet stay, so that callers have somebody; who sat is found as soon as it is told."""
    sit(office)
    done(office.room.turn(LI, "busy", "meal"))
    done(office.room.stop())
    office.store.away = True
    office.room = office._room()
    with pytest.raises(LookUpFault):
        done(office.room.recover())
    office.resync()
    assert office.pause_of(SEAT) == {"meal"}
    office.store.away = False
    done(office.room.recover())
    assert (office.state("li"), office.pause_of(SEAT)) == (("busy", "meal"), {"meal"})
    office.floor.set_queue(QueueNow("billing", (), (Member("PJSIP/1003", "ghost"),)))
    office.resync()
    assert (office.pause_of("PJSIP/1003"), office.pause_of(SEAT)) == (set(), {"meal"})


def test_D1_C1_a_page_that_is_quicker_than_the_database_signs_nobody_out(office: Office) -> None:
    """It is open, and beats, before it is known who sat: nobody leaves a queue, and the seat is theirs as before."""
    sit(office)
    done(office.room.turn(LI, "busy", "meal"))
    done(office.room.stop())
    office.store.away = True
    office.room = office._room()
    with pytest.raises(LookUpFault):
        done(office.room.recover())
    office.resync()
    office.store.away = False
    page = office.open(LI)
    beat(office, 4, LI)
    assert (page.last("me")["state"], office.pause_of(SEAT)) == ("signed_out", {"meal"})
    done(office.room.recover())
    assert (page.last("me")["state"], page.last("me")["seat"], page.last("me")["holds"]) == ("busy", "1001", True)
    assert (office.state("li"), office.pause_of(SEAT)) == (("busy", "meal"), {"meal"})
    office.restart()
    assert office.state("li") == ("busy", "meal")


def test_B1_members_are_put_right_after_a_restart_of_asterisk(office: Office) -> None:
    """All members gone, a stranger at a seat of ours, a device of somebody else's: all is made as it should be."""
    sit(office)
    done(office.room.turn(LI, "busy", "break"))
    office.lose()
    for queue in ("service", "billing"):
        office.floor.set_queue(QueueNow(queue, (), (Member("PJSIP/1003", "ghost"), Member("SIP/operator", "own"))))
    office.resync()
    assert office.pause_of(SEAT) == {"break"}
    assert office.pause_of("PJSIP/1003") == set()
    assert office.pause_of("SIP/operator") == {""}


def test_asterisk_away_is_told_and_the_states_go_on(office: Office) -> None:
    """Busy said meanwhile is Asterisk's at the resync; a refusal is tried again within a second."""
    page = sit(office)
    office.clock.advance(1)
    office.lose()
    office.clock.advance(1)
    assert page.names[-1] == "away" or "away" in page.names
    done(office.room.turn(LI, "busy", "meal"))
    assert office.pause_of(SEAT) == {""}
    office.floor.fault = AmiFault("deadline", "no answer")
    office.resync()
    assert office.pause_of(SEAT) == {""}
    office.floor.fault = None
    beat(office, 2, LI)
    assert office.pause_of(SEAT) == {"meal"}
    assert page.names.count("resync") >= 1


def test_a_number_dialled_by_the_agent_is_a_talk_too(office: Office) -> None:
    """The device is in use without a call of ours: talking, and afterwards as before, without wrap-up."""
    page = sit(office, LI, Sitting("telephone", telephone="2001", tab="tab-1"))
    done(office.room.turn(LI, "busy", "paperwork"))
    done(office.room.dial(LI, "13900139000"))
    assert office.manager.asked[-1][0] == "Originate"
    office.floor.happen(Happening(what="member", at=office.now(), interface=PHONE, detail="in_use"))
    assert office.state("li") == ("talking", "")
    assert (page.last("talk")["direction"], page.last("talk")["number"]) == ("out", "13900139000")
    office.floor.happen(Happening(what="member", at=office.now(), interface=PHONE, detail="idle"))
    assert office.state("li") == ("busy", "paperwork")


def test_who_may_dial_what(office: Office) -> None:
    """A soft phone dials by itself; a telephone dials colleagues and, where a line is set, digits."""
    assert refused(office.room.dial(LI, "13900139000")).why == "seated"
    sit(office)
    assert refused(office.room.dial(LI, "13900139000")).why == "browser"
    sit(office, WANG, Sitting("telephone", telephone="2001", tab="tab-1"))
    for number in ("1003&PJSIP/x", "**1", "12"):
        assert refused(office.room.dial(WANG, number)).why == "dial"
    done(office.room.dial(WANG, "1003"))


def test_the_bar_tells_of_the_queues_once_a_second_at_most(office: Office) -> None:
    """Waiting, the longest wait, who is free; the day's figures; all queues for a supervisor, in their language."""
    page = sit(office)
    chief = office.open(CHIEF)
    office.clock.advance(1)
    before = len(page.all("bar"))
    for number in range(50):
        office.wait("billing", f"c-{number}")
    office.clock.advance(1)
    assert len(page.all("bar")) == before + 1
    told = page.last("bar")
    billing = next(one for one in told["queues"] if one["name"] == "billing")
    assert (billing["waiting"], billing["agents_ready"], billing["title"]) == (50, 1, "话费账单")
    assert (told["answered_today"], told["average_s"]) == (7, 93)
    assert [one["title"] for one in chief.last("bar")["queues"]] == ["Service", "Billing"]


def test_I1_hostile_numbers_are_plain_text(office: Office) -> None:
    """Signs that cannot be seen are shown as such, whatever the caller sent."""
    page = sit(office)
    hostile = "<script>x</script>\u202e\x1b\r\nEvent: FullyBooted"
    office.ring(SEAT, office.call("c-9", number=hostile), number=hostile)
    office.answer(SEAT)
    for values in (page.last("ringing"), page.last("talk"), page.last("call")["handed"]):
        assert not any(sign in str(values["number"]) for sign in "\u202e\x1b\r\n")
    assert "<script>" in page.last("ringing")["number"]
