"""What is done with calls: what Asterisk is asked, who may, and what the next agent gets with a transfer."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge import receptions
from ivr_server.agents.asked import Hidden, NotNow, Saving, Sitting
from ivr_server.agents.control import NEEDS, CallControl, own
from ivr_server.agents.state import Device
from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening
from tests.agents.conftest import CHIEF, LI, WANG
from tests.doubles.agents import Office, done

SEAT, OTHER = "PJSIP/1001", "PJSIP/1002"
AGENT = {"Channel": f"{SEAT}-00000001"}
TO_WANG = {**AGENT, "Context": "ivr-transfer", "Exten": "1002"}


@pytest.fixture
def call(office: Office) -> str:
    """Li talks, Wang is ready next door."""
    for who, tab in ((LI, "tab-1"), (WANG, "tab-1")):
        office.open(who, tab)
        done(office.room.sit(who, Sitting("browser", tab=tab)))
    call = office.call()
    office.ring(SEAT, call)
    office.answer(SEAT)
    return call


def refused(work: Any) -> str:
    """Why it is refused."""
    with pytest.raises(NotNow) as raised:
        done(work)
    return raised.value.why


def test_a_blind_transfer_carries_trail_and_notes(office: Office, call: str) -> None:
    """What Li wrote is on Wang's screen when it rings, in a record of Wang's own that goes on from there."""
    page = office.open(WANG, "tab-2")
    id = receptions.id_of("li", call)
    typed = {"asked": "上月话费偏高", "matter": "higher", "business": "fees"}
    assert done(office.room.save(LI, Saving(id, 0, typed))) == 1
    done(office.room.transfer(LI, call, "1002", "blind"))
    assert office.manager.asked == [("BlindTransfer", TO_WANG)]
    office.end(call, what="transferred", who="1002")
    assert office.state("li") == ("wrap_up", "")
    office.ring(OTHER, call, queue="")
    assert page.last("ringing")["transferred_from"] == "li"
    told = page.last("call")
    assert [(one["agent"], one["asked"]) for one in told["notes"]] == [("Li", "上月话费偏高")]
    assert (told["reception"]["asked"], told["reception"]["values"]["matter"]) == ("上月话费偏高", "higher")
    assert told["reception"]["id"] != id and told["handed"]["business"] == "fees"
    office.answer(OTHER)
    rows = done(office.store.run(receptions.of_call, call))
    assert [(one.agent, one.given, one.asked) for one in rows] == [
        ("li", "", "上月话费偏高"), ("wang", "li", "上月话费偏高"),
    ]  # fmt: skip
    assert done(office.room.call(LI, call))["call"] == done(office.room.call(WANG, call))["call"] == call


def test_asking_a_colleague_and_returning(office: Office, call: str) -> None:
    """The other one sees whom it is about; both talk on as they did before, and nobody has to wrap up for it."""
    mine, theirs = office.open(LI, "tab-1"), office.open(WANG, "tab-2")
    done(office.room.transfer(LI, call, "1002", "consult"))
    assert office.manager.asked[-1] == ("Atxfer", TO_WANG)
    assert (mine.last("talk")["state"], mine.last("talk")["with"]) == ("consulting", "Wang")
    office.ring(OTHER, call, detail="consult", queue="")
    assert (theirs.last("ringing")["call"], theirs.last("call")["card"]["name"]) == (call, "王小明")
    consult(office, "answered")
    assert office.state("wang") == ("talking", "")
    done(office.room.act(LI, call, "return"))
    assert office.manager.asked[-1] == ("CancelAtxfer", AGENT)
    assert mine.last("talk")["state"] == "talking"
    consult(office, "ended")
    assert (office.state("wang"), office.state("li")) == (("ready", ""), ("talking", ""))
    assert [one.agent for one in done(office.store.run(receptions.of_call, call))] == ["li"]


def consult(office: Office, what: Any) -> None:
    """What Asterisk tells of the line between the two agents."""
    if what == "answered":
        office._stop(OTHER)
    office.floor.happen(
        Happening(what=what, at=office.now(), call="1795406400.1", interface=OTHER, agent="wang", detail="consult")
    )


def test_a_colleague_who_does_not_answer_gives_the_caller_back(office: Office, call: str) -> None:
    """The agent who asked is with the caller again; the colleague missed it."""
    done(office.room.transfer(LI, call, "1002", "consult"))
    office.ring(OTHER, call, detail="consult", queue="")
    office.miss(OTHER)
    assert (office.state("li"), office.state("wang")) == (("talking", ""), ("busy", "missed"))
    agent = office.room.roll.of("li")
    assert agent.contact is not None and agent.contact.phase == "talking"


def test_a_number_outside_that_does_not_answer_gives_the_caller_back(office: Office, call: str) -> None:
    """Nobody of the floor was asked, and nobody missed it: what tells is who stands with whom."""
    done(office.room.transfer(LI, call, "13912345670", "consult"))
    agent = office.room.roll.of("li")
    assert agent.contact is not None and agent.contact.phase == "consulting"
    returned(office, call)
    agent = office.room.roll.of("li")
    assert agent.contact is not None and (agent.contact.phase, agent.contact.with_) == ("talking", "")


def test_who_comes_back_to_join_three_stays_joined(office: Office, call: str) -> None:
    """Asterisk brings the agent to the caller a moment before the third one."""
    done(office.room.transfer(LI, call, "13912345670", "consult"))
    done(office.room.act(LI, call, "join"))
    returned(office, call)
    agent = office.room.roll.of("li")
    assert agent.contact is not None and agent.contact.phase == "joined"


def returned(office: Office, call: str) -> None:
    """Asterisk tells that Li is alone with the caller."""
    office.floor.happen(Happening(what="returned", at=office.now(), call=call, interface="PJSIP/1001", agent="li"))


def test_three_in_one_talk_and_completing(office: Office, call: str) -> None:
    """Keys are pressed for the agent; completing lets the agent go and leaves the others talking."""
    done(office.room.transfer(LI, call, "1002", "consult"))
    office.ring(OTHER, call, detail="consult", queue="")
    consult(office, "answered")
    done(office.room.act(LI, call, "join"))
    pressed = [fields for name, fields in office.manager.asked if name == "PlayDTMF"]
    assert "".join(one["Digit"] for one in pressed) == "*#73"
    assert {one["Channel"] for one in pressed} == {f"{SEAT}-00000001"} and pressed[0]["Receive"] == "true"
    assert office.open(LI, "tab-1").last("talk")["state"] == "joined"
    done(office.room.act(LI, call, "complete"))
    assert office.manager.asked[-1] == ("Hangup", {**AGENT, "Cause": "16"})
    office.end(call, what="transferred", who="1002")
    assert office.state("li") == ("wrap_up", "")


@pytest.mark.parametrize("act", ["return", "complete", "join"])
def test_acts_of_a_consultation_need_one(act: str, office: Office, call: str) -> None:
    """Nothing is asked of Asterisk."""
    assert refused(office.room.act(LI, call, act)) == "consulting"
    assert office.manager.asked == []


def test_where_a_call_may_go(office: Office, call: str) -> None:
    """Colleagues who can take it, queues (not to be asked), outside by digits; nothing else, and not to oneself."""
    transfer = office.room.transfer
    assert refused(transfer(LI, call, "billing", "consult")) == "place"
    for to in ("1001", "1003", "2001", "nowhere", "0", "1002,1", "s"):
        assert refused(transfer(LI, call, to, "blind")) == "place"
    done(transfer(LI, call, "13900139000", "blind"))
    assert office.manager.asked[-1][1]["Exten"] == "13900139000"
    done(transfer(LI, call, "service", "blind"))
    for _ in range(16):
        office.clock.advance(1)
        office.room.beat(LI, "tab-1")
    assert refused(transfer(LI, call, "1002", "blind")) == "place_busy"  # asleep
    places = {one["to"]: (one["kind"], one["state"]) for one in done(office.room.places(LI))["places"]}
    assert places["1002"] == ("agent", "away")
    assert places["billing"][0] == "queue"


def test_hanging_up_and_rejecting(office: Office, call: str) -> None:
    """The agent's own channel; a ringing telephone with the cause that says so; a soft phone does it itself."""
    done(office.room.act(LI, call, "hang-up"))
    assert office.manager.asked == [("Hangup", {**AGENT, "Cause": "16"})]
    office.ring(OTHER, office.call("c-2"))
    done(office.room.act(WANG, "c-2", "reject"))
    assert len(office.manager.asked) == 1
    done(office.room.sit(CHIEF, Sitting("telephone", telephone="2001", tab="t")))
    office.ring("PJSIP/2001", office.call("c-3"))
    done(office.room.act(CHIEF, "c-3", "reject"))
    assert office.manager.asked[-1] == ("Hangup", {"Channel": "/^PJSIP\\/2001-/", "Cause": "21"})


def test_I4_nobody_acts_on_a_call_of_somebody_else(office: Office, call: str) -> None:
    """Neither a colleague nor, without having the call in hand, a supervisor; nothing reaches Asterisk."""
    for act in ("reject", "return", "complete", "join", "rejoin", "hang-up", "done"):
        with pytest.raises(Hidden):
            done(office.room.act(WANG, call, act))
        assert refused(office.room.act(CHIEF, call, act)) == "call"
    with pytest.raises(Hidden):
        done(office.room.transfer(WANG, call, "1003", "blind"))
    assert office.manager.asked == []


def test_I4_a_call_that_was_theirs_is_over_not_hidden(office: Office, call: str) -> None:
    """Whoever had it is told so."""
    office.end(call)
    done(office.room.act(LI, call, "done"))
    assert refused(office.room.act(LI, call, "hang-up")) == "call"


def test_B5_a_channel_that_is_not_the_agents_is_never_touched(office: Office, call: str) -> None:
    """A talk that was forged onto a foreign channel."""
    from dataclasses import replace

    talk = replace(office.floor.picture.talks[call], agent_channel="PJSIP/1002-00000009")
    office.floor.picture = replace(office.floor.picture, talks={call: talk})
    assert refused(office.room.act(LI, call, "hang-up")) == "call"
    assert refused(office.room.transfer(LI, call, "1002", "blind")) == "call"
    with pytest.raises(NotNow):
        own(Device("browser", "100"), "PJSIP/1001-1")
    assert office.manager.asked == []


def test_asterisk_that_refuses_or_is_away_is_told_in_words(office: Office, call: str) -> None:
    """The state stays as it is."""
    for fault, why in (
        (AmiFault("refused", "no"), "now"),
        (AmiFault("away", "gone"), "asterisk"),
        (AmiFault("deadline", ""), "asterisk"),
    ):
        office.manager.fault = fault
        assert refused(office.room.transfer(LI, call, "1002", "consult")) == why
    assert office.state("li") == ("talking", "")
    assert office.room.roll.of("li").contact.phase == "talking"  # type: ignore[union-attr]
    with pytest.raises(NotNow, match="asterisk"):
        done(CallControl(None).dial(Device("telephone", "2001"), "1"))


def test_every_action_is_one_that_the_health_page_asks_for(office: Office, call: str) -> None:
    """What a manager user must be allowed is a list that is whole."""
    done(office.room.transfer(LI, call, "1002", "consult"))
    for act in ("join", "return"):
        done(office.room.act(LI, call, act))
    done(office.room.transfer(LI, call, "1002", "blind"))
    done(office.room.act(LI, call, "rejoin"))
    done(office.room.act(LI, call, "hang-up"))
    done(office.room.sit(CHIEF, Sitting("telephone", telephone="2001", tab="t")))
    done(office.room.dial(CHIEF, "1002"))
    assert {name for name, _ in office.manager.asked} == set(NEEDS)
