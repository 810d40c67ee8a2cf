"""Transfers, consultations and outside calls of agents on a real Asterisk, by the actions that the desk uses.

Each party makes a tone of its own, so that what is heard where is seen in the recordings.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.calls import Call
from tests.live.conftest import Responder, noise_names
from tests.live.exchange import Exchange
from tests.live.hearing import heard, names
from tests.live.tones import talks

pytestmark = pytest.mark.live


@pytest.fixture
def floor(switch: Exchange, responder: Responder, noises: Path) -> Iterator[Exchange]:
    """Agent 2001 takes calls of the queue; 2002 has a telephone and takes none."""
    for name in ("2001", "2002"):
        switch.agent_is(name, says=str(noises / f"tones/{name}"))
    switch.agent_signs_in("2001", 60.0, ["service"])
    switch.agent_signs_in("2002", 60.0, [])
    yield switch
    for name in ("2001", "2002"):
        if device := switch.device(name):
            switch.product_ami.action("Hangup", Channel=device)
        switch.agent_signs_out(name)


def talking(floor: Exchange, noises: Path) -> Call:
    """A caller who talks to agent 2001."""
    call = floor.dial("7010", says=str(noises / "tones/caller"))
    call.wait_leg(lambda leg: leg.events("AgentConnect"))
    floor.wait_for(lambda: "Queue" in bridged(floor, call), "bridged")
    time.sleep(1.0)
    return call


def bridged(floor: Exchange, call: Call) -> str:
    """The application that the caller's channel is in, when it talks to somebody; "" before."""
    for line in floor.product.cli("core show channels concise").splitlines():
        words = line.split("!")
        if words[0] == call.leg.channel and words[-2]:
            return words[5]
    return ""


def act(floor: Exchange, action: str, name: str, **fields: str) -> None:
    """An action on the channel of an agent's telephone."""
    answer = floor.product_ami.action(action, Channel=floor.device(name), **fields)
    assert answer["Response"] == "Success", answer


def press(floor: Exchange, name: str, keys: str) -> None:
    """As if the agent pressed them."""
    for key in keys:
        act(floor, "PlayDTMF", name, Digit=key, Duration="100", Receive="true")


def consult(floor: Exchange) -> None:
    """2001 has 2002 on the line; the caller hears music."""
    act(floor, "Atxfer", "2001", Context="ivr-transfer", Exten="2002")
    floor.wait_for(lambda: floor.device("2002"), "2002 rings")
    time.sleep(2.0)


def newest(floor: Exchange, name: str) -> Path:
    """The last recording of an agent."""
    return floor.agent_recordings(name)[-1]


def finish(floor: Exchange, call: Call) -> None:
    """The caller hangs up, and everybody is gone."""
    call.hang_up()
    call.wait_over()
    floor.wait_no_channels()


def test_blind_to_another_agent_carries_the_call(floor: Exchange, noises: Path) -> None:
    """The second agent's INVITE names the same call; caller and second agent hear each other, the first is free."""
    call = talking(floor, noises)
    act(floor, "BlindTransfer", "2001", Context="ivr-transfer", Exten="2002")
    floor.wait_for(lambda: floor.device("2002"), "2002 rings")
    time.sleep(2.0)
    assert floor.device("2001") == "" and floor.agent_saw("2002") == ["call-7010.1", "service", "fault", "en_US"]
    finish(floor, call)
    assert talks(call.recording) == [{"2001"}, {"2002"}]
    assert talks(newest(floor, "2002")) == [{"caller"}]


def test_blind_to_nobody_and_to_a_queue_goes_before_those_who_wait(floor: Exchange, noises: Path) -> None:
    """A seat where nobody sits: first in the queue he came from. A queue by its name: the first in it."""
    call = talking(floor, noises)
    waits = floor.dial("7010")
    waits.wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    floor.pause("2001")
    act(floor, "BlindTransfer", "2001", Context="ivr-transfer", Exten="1001")
    floor.wait_for(lambda: floor.waiting("service") == [call.leg.channel, waits.leg.channel], "first in the queue")
    floor.member_add("2001", "billing")
    floor.pause("2001", False)
    call.wait_leg(lambda leg: len(leg.events("AgentConnect")) == 2)
    floor.pause("2001")
    floor.wait_for(lambda: bridged(floor, call), "talks again")
    act(floor, "BlindTransfer", "2001", Context="ivr-transfer", Exten="billing")
    floor.wait_for(lambda: floor.waiting("billing") == [call.leg.channel], "in the other queue")
    waits.hang_up()
    finish(floor, call)


def test_consult_return_and_complete(floor: Exchange, noises: Path) -> None:
    """The caller hears neither of them meanwhile; the agents hear each other; return, then consult again and go."""
    call = talking(floor, noises)
    consult(floor)
    act(floor, "CancelAtxfer", "2001")
    time.sleep(1.5)
    first = newest(floor, "2002")
    consult(floor)
    press(floor, "2001", "*#72")
    floor.wait_for(lambda: not floor.device("2001"), "the first agent is free")
    time.sleep(1.5)
    finish(floor, call)
    assert talks(call.recording) == [{"2001"}, {"2001"}, {"2002"}] or talks(call.recording) == [{"2001"}, {"2002"}]
    assert talks(first) == [{"2001"}]
    assert talks(newest(floor, "2002")) == [{"2001"}, {"caller"}]
    assert talks(newest(floor, "2001")) == [{"caller"}, {"2002"}, {"caller"}, {"2002"}]


def test_three_in_one_talk(floor: Exchange, noises: Path) -> None:
    """After a consultation all three hear each other; the first agent goes, and two talk on."""
    call = talking(floor, noises)
    consult(floor)
    press(floor, "2001", "*#73")
    time.sleep(2.5)
    act(floor, "Hangup", "2001")
    time.sleep(1.5)
    finish(floor, call)
    assert talks(call.recording)[-2:] == [{"2001", "2002"}, {"2002"}]
    assert talks(newest(floor, "2002")) == [{"2001"}, {"2001", "caller"}, {"caller"}]
    assert talks(newest(floor, "2001"))[-1] == {"caller", "2002"}


def test_the_consulted_agent_who_hangs_up_gives_the_caller_back(floor: Exchange, noises: Path) -> None:
    """And the agent who hangs up hands the caller over: nobody is lost by a receiver put down."""
    call = talking(floor, noises)
    consult(floor)
    act(floor, "Hangup", "2002")
    time.sleep(1.5)
    consult(floor)
    act(floor, "Hangup", "2001")
    time.sleep(1.5)
    assert not call.over.is_set()
    finish(floor, call)
    assert talks(newest(floor, "2001")) == [{"caller"}, {"2002"}, {"caller"}, {"2002"}]
    assert talks(newest(floor, "2002"))[-1] == {"caller"}


def test_G10_an_agent_dials_outside_by_the_allow_list_only(floor: Exchange, noises: Path) -> None:
    """A telephone is rung, then the number; what the list does not hold is no extension at all."""
    floor.agent_is("13912345670", says=str(noises / "tones/customer"))
    dialled = {"Context": "ivr-agents", "Priority": "1", "CallerID": "10000"}
    fields = {**dialled, "Channel": "PJSIP/2001", "Exten": "13912345670", "Timeout": "10000"}
    assert floor.product_ami.action("Originate", **fields)["Response"] == "Success"
    floor.wait_for(lambda: floor.agent_recordings("13912345670"), "answered")
    time.sleep(2.0)
    act(floor, "Hangup", "2001")
    floor.wait_no_channels()
    assert talks(newest(floor, "13912345670")) == [{"2001"}] and talks(newest(floor, "2001")) == [{"customer"}]
    for number in ("0044900123456", "110&1", "139123456701", "service"):
        floor.product_ami.action("Originate", **{**fields, "Exten": number})
        floor.wait_no_channels()


def test_back_to_the_voice_is_not_recorded(floor: Exchange, noises: Path) -> None:
    """The caller is sent to the voice, which asks for passwords: the recording of the talk has ended before."""
    call = talking(floor, noises)
    act(floor, "BlindTransfer", "2001", Context="ivr-transfer", Exten="10000")
    call.wait_over(10)
    floor.wait_no_channels()
    recording = max((floor.folder / "talks").glob("*.wav"), key=lambda path: path.stat().st_mtime)
    assert {"caller", "2001"} in talks(recording) and talks(recording)[-1] != {"caller"}
    assert "welcome" in names(heard(call.recording, noise_names(noises), least_share=0.1))
    assert "welcome" not in names(heard(recording, noise_names(noises), least_share=0.1))
