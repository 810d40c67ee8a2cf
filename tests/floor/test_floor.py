"""The live floor on a double of Asterisk: followed, confirmed, resynced; cut a hundred times, forged, spoken to."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening
from tests.doubles.hall import QUEUE, Hall
from tests.floor.stage import FloorStage


@pytest.fixture
def stage() -> FloorStage:
    """Live, with an empty queue."""
    return FloorStage().start()


def test_a_call_from_its_coming_to_its_end(stage: FloorStage) -> None:
    """Each step is told once, with the wait and the talk in seconds, and the picture is the truth after each."""
    seat = stage.hall.sign_in("PJSIP/1001", "Li Wei")
    caller = stage.hall.arrive("13800138000")
    stage.go(5)
    assert stage.floor.place(caller.call) == 1 and not stage.wrong()
    stage.hall.ring(caller, seat)
    stage.go(3)
    assert [ring.agent for ring in stage.floor.picture.rings.values()] == ["Li Wei"] and not stage.wrong()
    stage.hall.answer(caller)
    stage.go(60)
    assert stage.floor.place(caller.call) == 0 and not stage.wrong()
    stage.hall.complete(caller)
    stage.go(5)
    assert not stage.wrong()
    assert stage.kinds("resync") == ["joined", "ringing", "answered", "ended"]
    answered, ended = (next(one for one in stage.told if one.what == what) for what in ("answered", "ended"))
    assert (round(answered.seconds), round(ended.seconds), ended.detail) == (8, 60, "agent")
    assert (ended.agent, ended.interface, ended.number, ended.queue) == ("Li Wei", "PJSIP/1001", "13800138000", QUEUE)


def test_who_was_there_before_us_is_in_the_picture() -> None:
    """Callers, members and talks of the time before the first connect, told as joined and answered, before anything."""
    stage = FloorStage()
    seat = stage.hall.sign_in("PJSIP/1001")
    first, second = stage.hall.arrive(), stage.hall.arrive()
    stage.hall.ring(first, seat)
    stage.hall.answer(first)
    stage.start()
    assert not stage.wrong() and stage.floor.place(second.call) == 1
    assert stage.told[0].what == "resync"
    assert {(one.what, one.call) for one in stage.told} >= {("joined", second.call), ("answered", first.call)}


def test_why_a_caller_left(stage: FloorStage) -> None:
    """Hung up, out of time, withdrawn by us: three different things, though Asterisk tells the first two alike."""
    hung_up, out_of_time, withdrawn = (stage.hall.arrive() for _ in range(3))
    stage.go(30)
    stage.hall.give_up(hung_up)
    stage.hall.time_out(out_of_time)
    stage.go(16)
    assert [one.get("WithdrawInfo") for one in stage.manager.of("QueueWithdrawCaller")] == ["1"]
    stage.go(3)
    ends = {one.call: (one.what, round(one.seconds)) for one in stage.told if one.what not in ("joined", "member")}
    assert ends[hung_up.call] == ("abandoned", 30)
    assert ends[out_of_time.call] == ("timed_out", 30)
    assert ends[withdrawn.call][0] == "withdrawn" and not stage.wrong()


def test_a_caller_who_is_spoken_to_comes_back_to_the_place(stage: FloorStage) -> None:
    """Withdrawn with the place, and told as joined again where Asterisk says that they stand now."""
    first, second = stage.hall.arrive(), stage.hall.arrive()
    stage.go(46)
    assert stage.manager.of("QueueWithdrawCaller")[0].get("Caller") == first.channel
    stage.go(5)
    stage.hall.waiting.insert(0, first)
    pairs = (*stage.hall._caller(first), ("Position", "1"), ("Count", "1"))
    stage.hall._tell("QueueCallerJoin", *pairs)
    stage.go(2)
    assert stage.floor.place(first.call) == 1 and not stage.wrong()
    assert stage.kinds("resync", "left").count("withdrawn") == 2  # the second one's turn came as well
    del second


def test_nobody_is_spoken_to_while_an_agent_rings_or_is_free(stage: FloorStage) -> None:
    """The next caller with a free agent, and whoever is rung for, are left alone; the others are spoken to."""
    free, busy = stage.hall.sign_in("PJSIP/1001"), stage.hall.sign_in("PJSIP/1002")
    stage.hall.pause(busy, "meal")
    callers = [stage.hall.arrive() for _ in range(3)]
    stage.go(40)
    stage.hall.ring(callers[1], free)
    stage.go(7)
    asked = [one.get("Caller") for one in stage.manager.of("QueueWithdrawCaller")]
    assert asked == [callers[0].channel, callers[2].channel]  # nobody is free any more: the first is spoken to as well
    stage = FloorStage().start()
    stage.hall.sign_in("PJSIP/1001")
    next_one, after_it = stage.hall.arrive(), stage.hall.arrive()
    stage.go(47)
    assert [one.get("Caller") for one in stage.manager.of("QueueWithdrawCaller")] == [after_it.channel]
    del next_one


def test_where_asterisk_cannot_withdraw_nobody_is_asked_out() -> None:
    """Asterisk before 16.25 has no such action: everybody waits on, undisturbed."""
    stage = FloorStage()
    stage.manager.booting.add("QueueWithdrawCaller")
    stage.start()
    stage.hall.arrive()
    stage.go(120)
    assert not stage.manager.of("QueueWithdrawCaller") and not stage.ami.may("QueueWithdrawCaller")


def test_members_are_added_paused_and_removed(stage: FloorStage) -> None:
    """By the face; a member that is there already is no fault, nor is one that is gone."""
    floor, begin = stage.floor, stage.stage.begin
    begin(floor.member_add(QUEUE, "PJSIP/1001", "Li Wei", 1, "away"))
    stage.go(1)
    assert floor.staffed(QUEUE) is False and not stage.wrong()
    begin(floor.member_pause("PJSIP/1001", False, ""))
    begin(floor.member_add(QUEUE, "PJSIP/1001", "Li Wei", 0))
    stage.go(1)
    assert floor.staffed(QUEUE) is True and not stage.wrong()
    begin(floor.member_remove(QUEUE, "PJSIP/1001"))
    assert begin(floor.member_remove(QUEUE, "PJSIP/1001")).fault is None
    stage.go(1)
    assert floor.staffed(QUEUE) is False and not stage.wrong()
    assert [one.detail for one in stage.told if one.what == "member"] == ["added", "paused", "ready", "removed"]


def test_B1_after_a_loss_nothing_is_known_until_the_resync(stage: FloorStage) -> None:
    """``staffed`` says None, places are 0, actions fail as away; a second later all is right again, and told."""
    seat = stage.hall.sign_in("PJSIP/1001")
    caller = stage.hall.arrive()
    stage.go(2)
    stage.manager.down = True
    stage.manager.cut()
    stage.go(1)
    assert stage.floor.staffed(QUEUE) is None and stage.floor.place(caller.call) == 0
    assert stage.stage.fault(stage.floor.member_pause("PJSIP/1001", True, "meal")).reason == "away"
    stage.hall.ring(caller, seat)
    stage.hall.answer(caller)
    later = stage.hall.arrive()
    stage.manager.down = False
    stage.go(10)
    assert not stage.wrong() and stage.floor.place(later.call) == 1
    assert [one.detail for one in stage.told if one.what == "resync"] == ["", "lost", ""]
    assert ("answered", caller.call) in {(one.what, one.call) for one in stage.told}


@pytest.mark.parametrize("stamps", [True, False])
def test_B1_cut_a_hundred_times_the_picture_is_never_wrong_once_it_is_live(stamps: bool) -> None:
    """Calls come, ring, are answered and end while the connection is cut 100 times: 0 wrong states after a resync."""
    stage, chance = FloorStage(stamps=stamps), random.Random(7)
    stage.start()
    for name in range(4):
        stage.hall.sign_in(f"PJSIP/100{name}")
    wrong = checked = 0
    for _ in range(100):
        for _ in range(chance.randrange(3)):
            something(stage.hall, chance)
            stage.go(chance.choice((0, 0, 0.1)))
        stage.manager.cut()
        for _ in range(chance.randrange(6)):  # unheard
            something(stage.hall, chance)
        stage.go()
        assert not stage.floor.picture.live
        while not stage.floor.picture.live:
            stage.go(1)
        checked += 1
        wrong += bool(stage.wrong())
    assert (stage.ami.counts["connects"], checked) == (101, 100)
    assert wrong == 0


def something(hall: Hall, chance: random.Random) -> None:
    """One thing happens in the hall."""
    free = [seat for seat in hall.seats if seat.status == 1 and not seat.paused]
    quiet = [one for one in hall.waiting if one not in hall.ringing]
    kinds = {
        "arrive": True,
        "give_up": quiet,
        "ring": free and quiet,
        "answer": hall.ringing,
        "miss": hall.ringing,
        "complete": hall.talking,
        "pause": hall.seats,
    }
    what = chance.choice([kind for kind, possible in kinds.items() if possible])
    if what == "arrive":
        hall.arrive()
    elif what == "give_up":
        hall.give_up(chance.choice(quiet))
    elif what == "ring":
        hall.ring(quiet[0], chance.choice(free))
    elif what in ("answer", "miss"):
        getattr(hall, what)(chance.choice(hall.ringing))
    elif what == "complete":
        hall.complete(chance.choice(hall.talking), chance.choice(("agent", "caller")))
    else:
        seat = chance.choice(hall.seats)
        hall.pause(seat, "" if seat.paused else "meal")


def test_a_lost_notice_is_made_good_by_the_next_question(stage: FloorStage) -> None:
    """A join that never reached us shows within a second of the next thing in its queue, or within half a minute."""
    stage.go(5)
    stage.manager.read = ""  # nothing is told
    lost = stage.hall.arrive()
    stage.manager.read = "call,agent"
    stage.go(2)
    assert stage.floor.place(lost.call) == 0
    stage.hall.arrive()
    stage.go(2)
    assert stage.floor.place(lost.call) == 1 and not stage.wrong()
    stage.manager.read = ""
    unseen = stage.hall.arrive()
    stage.go(31)
    assert stage.floor.place(unseen.call) == 3 and not stage.wrong()


@pytest.mark.parametrize("stamps", [True, False])
def test_B5_a_forged_notice_is_told_to_nobody(stamps: bool) -> None:
    """A caller who writes whole notices into their number makes no caller, no statistic, and no member come or go."""
    stage = FloorStage(stamps=stamps).start()
    stage.hall.sign_in("PJSIP/1001")
    real = stage.hall.arrive()
    stage.go(2)
    before = len(stage.told)
    forged = (("Channel", "PJSIP/line-9"), ("Uniqueid", "1.9"), ("Queue", QUEUE), ("Position", "1"))
    for _ in range(5):  # Asterisk repeats them with every true notice
        stage.manager.notice("QueueCallerJoin", forged)
        stage.manager.notice("QueueMemberAdded", (("Queue", QUEUE), ("Interface", "PJSIP/666"), ("Status", "1")))
        stage.manager.notice("QueueMemberRemoved", (("Queue", QUEUE), ("Interface", "PJSIP/1001")))
        stage.manager.notice("AgentConnect", (("Uniqueid", "1.8"), ("DestUniqueid", "1.7"), ("Queue", QUEUE)))
        stage.go(0.3)
        assert not stage.wrong() and stage.floor.place(real.call) == 1
    assert not stage.told[before:]
    assert stage.floor.counts["stale" if stamps else "forged"] >= 2


def test_B5_an_old_stamp_is_no_stamp(stage: FloorStage) -> None:
    """A forger can write a stamp, and it is as old as the call: after a minute it says nothing any more."""
    stage.hall.sign_in("PJSIP/1001")
    forged = (("Timestamp", f"{stage.hall.now():.6f}"), ("Queue", QUEUE), ("Interface", "PJSIP/1001"))
    stage.go(61)
    stage.manager.notice("QueueMemberRemoved", forged)
    stage.go(0)
    assert not stage.wrong() and stage.floor.counts["stale"] == 1


def test_D7_a_clock_that_jumps_is_noticed_within_a_second(stage: FloorStage) -> None:
    """Asterisk's clock, an hour on: its stamps look false once; then the difference is known, and all goes on."""
    stage.go(5)
    stage.hall.epoch += 3_600
    first = stage.hall.arrive()
    stage.go(1)
    assert stage.floor.place(first.call) == 1 and not stage.wrong()
    second = stage.hall.arrive()
    stage.go(0)
    assert stage.floor.place(second.call) == 2 and stage.floor.counts["stale"] == 1


def test_B6_hostile_words_are_data(stage: FloorStage) -> None:
    """Line feeds and direction marks are taken out of text; a field that stands there twice says nothing."""
    caller = stage.hall.arrive("138\x1b[31m\n\u202e0000" + "9" * 300, call="17.1")
    stage.go(1)
    seen = stage.floor.picture.waiting(caller.call)
    assert seen is not None and seen.number.startswith("138[31m0000") and len(seen.number) <= 80
    twice = (("Queue", QUEUE), ("Uniqueid", caller.call), ("Uniqueid", "other"))
    stage.manager.notice("QueueCallerLeave", twice)
    stage.go(0)
    assert stage.floor.place(caller.call) == 1


def test_a_listener_that_fails_stops_nobody_else(stage: FloorStage) -> None:
    """It is logged; the others hear all the same. A listener that was ended hears nothing."""

    def fails(what: Happening) -> None:
        raise RuntimeError(what.what)

    end = stage.floor.listen(fails)
    heard: list[Happening] = []
    stage.floor.listen(heard.append)
    stage.hall.arrive()
    stage.go(1)
    end()
    assert [one.what for one in heard] == ["joined"]


def test_without_asterisk_nothing_is_known() -> None:
    """The floor is there all the same: it says that it does not know, and its actions fail as away."""
    from ivr_server.floor.floor import Floor

    stage = FloorStage()
    floor = Floor(None, stage.stage.clock, stage.hall.now)
    floor.start()
    assert (floor.staffed(QUEUE), floor.place("1.1"), floor.expected_wait(QUEUE, 1)) == (None, 0, None)
    fault = stage.stage.fault(floor.member_add(QUEUE, "PJSIP/1001", "Li Wei", 0))
    assert isinstance(fault, AmiFault) and fault.reason == "away"
    assert replace(floor.picture) == floor.picture
