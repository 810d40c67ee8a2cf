"""Waiting for an agent on a real Asterisk: who is admitted, whose place is kept, what the agent hears first.

The server is the tests' own (responder.py). Agents are telephones of the callers' Asterisk; one who is on a break is
signed in, so that callers wait.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.ami import Fields
from tests.live.calls import Call
from tests.live.conftest import Responder, noise_names
from tests.live.exchange import Exchange
from tests.live.hearing import heard, names
from tests.live.tones import talks

pytestmark = pytest.mark.live
WELCOME, APOLOGY, NOBODY = "welcome", "fallback/apology-en", "fallback/nobody_answered-en"


@pytest.fixture
def hall(switch: Exchange, responder: Responder) -> Iterator[Exchange]:
    """One agent, on a break."""
    switch.agent_is("2001")
    switch.agent_signs_in("2001", 2.0, ["service"])  # longer than the whisper
    switch.pause("2001")
    yield switch
    switch.agent_signs_out("2001")


def was_heard(path: Path, sounds: Path) -> list[str]:
    """The known sounds of a recording."""
    return names(heard(path, noise_names(sounds), least_share=0.1))


def waiters(hall: Exchange, numbers: list[str]) -> list[Call]:
    """Callers who wait, in this order."""
    made = []
    for number in numbers:
        made.append(hall.dial(number))
        made[-1].wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    return made


def order(hall: Exchange, calls: list[Call]) -> list[int]:
    """Which of the calls wait, in the queue's order."""
    by_channel = {call.leg.channel: index for index, call in enumerate(calls)}
    return [by_channel[channel] for channel in hall.waiting("service")]


def test_the_agent_hears_two_words_first_and_knows_the_call(
    switch: Exchange, responder: Responder, noises: Path
) -> None:
    """The whisper is for the agent alone and short; the INVITE names the call; both tones are in the recording."""
    switch.agent_is("2001", says=str(noises / "tones/2001"))
    switch.agent_signs_in("2001", 3.0, ["service"])
    call = switch.dial("7010", says=str(noises / "tones/caller"))
    call.wait_leg(lambda leg: leg.events("AgentConnect"))
    time.sleep(3.0)
    call.hang_up()
    call.wait_over()
    saw = switch.agent_saw("2001")
    switch.agent_signs_out("2001")
    assert saw == ["call-7010.1", "service", "fault", "en_US"]
    agents = switch.agent_recordings("2001")[-1]
    (whisper,) = [hit for hit in heard(agents, noise_names(noises)) if hit.name.startswith("fallback/whisper")]
    assert whisper.name == "fallback/whisper-service-en-number" and whisper.at < 1.0 and whisper.share > 0.9
    assert talks(agents) == [{"caller"}] and talks(call.recording) == [{"2001"}]
    assert was_heard(call.recording, noises) == []
    (recording,) = (switch.folder / "talks").glob("call-7010.1-*.wav")
    switch.wait_no_channels()
    assert {"caller", "2001"} in talks(recording)


def test_a_withdrawn_caller_is_spoken_to_and_keeps_the_place(hall: Exchange, noises: Path) -> None:
    """The second of three hears the server and is the second again; agents take them in that order."""
    calls = waiters(hall, ["7010"] * 3)
    hall.withdraw(calls[1], "service", 2)
    hall.wait_for(lambda: order(hall, calls) == [0, 2], "withdrawn")
    hall.wait_for(lambda: len(hall.waiting("service")) == 3, "back")
    assert order(hall, calls) == [0, 1, 2]
    hall.pause("2001", False)
    for call in calls:
        call.wait_leg(lambda leg: leg.events("AgentConnect"), 20)
        call.wait_over()
    answered = [call.leg.events("AgentConnect")[0][0] for call in calls]
    assert answered == sorted(answered)
    assert was_heard(calls[1].recording, noises) == [WELCOME] and was_heard(calls[0].recording, noises) == []


def test_d1_the_server_decides_dies_or_hangs_while_a_caller_is_withdrawn(
    hall: Exchange, responder: Responder, noises: Path
) -> None:
    """Only "done" ends the call. Dead without a word, or hung and then killed: the caller waits on in his place."""
    calls = waiters(hall, ["7010", "7011", "7012", "7013"])
    for place, call in enumerate(calls[1:], 2):
        hall.withdraw(call, "service", place)
    calls[1].wait_over(10)
    hall.wait_for(lambda: order(hall, calls) == [0, 2], "died without a word, and back")
    time.sleep(1.0)
    responder.signal(signal.SIGSTOP)
    responder.kill()
    hall.wait_for(lambda: order(hall, calls) == [0, 2, 3], "hung, killed, and back")
    for call in (calls[0], *calls[2:]):
        call.hang_up()
        call.wait_over()


def test_d1_twenty_who_wait_lose_nothing_when_the_server_is_killed(hall: Exchange, responder: Responder) -> None:
    """kill -9: all twenty wait on in their order, also one who is withdrawn then; agents go on answering."""
    calls = [hall.dial("7010") for _ in range(20)]
    hall.wait_for(lambda: len(hall.waiting("service")) == 20, "twenty wait", 20)
    before = order(hall, calls)
    responder.kill()
    hall.withdraw(calls[before[4]], "service", 5)
    time.sleep(1.0)
    assert order(hall, calls) == before
    hall.pause("2001", False)
    calls[before[0]].wait_leg(lambda leg: leg.events("AgentConnect"), 15)
    hall.pause("2001")
    assert not any(call.over.is_set() for call in calls[1:])
    for call in calls:
        call.hang_up()


def test_nobody_is_admitted_to_a_queue_with_nobody_signed_in(
    switch: Exchange, responder: Responder, noises: Path
) -> None:
    """No member, or one whose telephone is gone: not admitted. Paused counts; who is in stays when it goes."""
    first = switch.dial("7010").wait_over(15)
    switch.member_add("2001", "service")
    second = switch.dial("7010").wait_over(15)
    assert all(not call.leg.events("QueueCallerJoin") for call in (first, second))
    assert all(call.leg.last("QUEUESTATUS") == "JOINEMPTY" for call in (first, second))
    assert was_heard(first.recording, noises) == [WELCOME]  # what the server says after the queue
    switch.agent_signs_in("2001", 1.0, ["service"])
    switch.pause("2001")
    third = switch.dial("7010")
    third.wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    switch.callers_ami.action("PJSIPUnregister", Registration="2001")
    switch.wait_for(lambda: not switch.agent_is_in("2001"), "the telephone is gone")
    time.sleep(2.5)
    switch.withdraw(third, "service", 1)
    switch.wait_for(lambda: len(third.leg.events("QueueCallerJoin")) == 2, "back, though nobody is there now")
    switch.agent_signs_out("2001")
    third.wait_over(15)  # nobody is a member any more


def test_hostile_values_are_words_and_nothing_else(hall: Exchange, noises: Path) -> None:
    """Whatever stands in the variables: the call waits in the first queue, and nothing runs."""
    call = hall.dial("7014")
    call.wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    hall.pause("2001", False)
    call.wait_leg(lambda leg: leg.events("AgentConnect"), 15)
    call.wait_over()
    assert not Path("/tmp/ivr-owned").exists()
    assert hall.agent_saw("2001") == [
        "xbys1SHELLtouchtmpivr-owned10",
        "service",
        "xbys1SHELLtouchtmpivr-owned10",
        "xbysSHELLtouchtmpivrowned",
    ]


def test_a_call_back_waits_in_the_callers_stead_and_needs_no_server(
    hall: Exchange, responder: Responder, noises: Path
) -> None:
    """Between two callers; the server is dead; when the agent takes it, the customer is rung, and they talk."""
    calls, played = waiters(hall, ["7010", "7010"]), list[Fields]()
    hall.product_ami.listeners.append(played.append)
    hall.agent_is("13912345678", rings_s=1, says=str(noises / "tones/customer"))
    hall.agent_is("2001", says=str(noises / "tones/2001"))
    call_back(hall, "13912345678", place=2)
    hall.wait_for(lambda: len(hall.waiting("service")) == 3, "it waits")
    assert hall.waiting("service")[1].startswith("Local/wait@ivr-call-back")
    responder.kill()
    calls[0].hang_up()
    hall.callers.cli("dialplan set global AGENT_TALKS 9")
    hall.pause("2001", False)
    hall.wait_for(lambda: hall.agent_recordings("13912345678"), "the customer is rung", 15)
    hall.wait_for(lambda: len(hall.waiting("service")) == 1, "taken")
    hall.pause("2001")
    hall.wait_for(lambda: not hall.device("2001"), "the talk is over", 20)
    calls[1].hang_up()
    hall.wait_no_channels()
    customer, agent = hall.agent_recordings("13912345678")[-1], hall.agent_recordings("2001")
    sentence = [one for one in played if one.get("Variable") == "PLAYBACKSTATUS" and "line" in one["Channel"]]
    assert [one["Value"] for one in sentence] == ["SUCCESS"]
    assert "fallback/your_call_back-en" in was_heard(customer, noises)
    assert {"2001"} in talks(customer)
    assert any({"customer"} in talks(path) for path in agent)
    assert any("fallback/whisper-service-en-call-back" in was_heard(path, noises) for path in agent)


def test_each_customer_hears_the_sentence_and_then_the_agent(hall: Exchange, noises: Path) -> None:
    """Three call-backs in a row, and the agent hears each of them; translated, one of the two was not sent."""
    number = "13912345677"
    hall.agent_is(number, rings_s=1, says=str(noises / "tones/customer"))
    hall.agent_is("2001", says=str(noises / "tones/2001"))
    hall.callers.cli("dialplan set global AGENT_TALKS 7")
    for count in range(1, 4):
        call_back(hall, number, place=1)
        hall.wait_for(lambda: len(hall.waiting("service")) == 1, "it waits")
        hall.pause("2001", False)
        hall.wait_for(lambda count=count: len(hall.agent_recordings(number)) == count, "the customer is rung", 15)
        hall.pause("2001")
        hall.wait_no_channels(20)
        customer = hall.agent_recordings(number)[-1]
        assert "fallback/your_call_back-en" in was_heard(customer, noises), count
        assert {"2001"} in talks(customer), count
        assert {"customer"} in talks(hall.agent_recordings("2001")[-1]), count


def test_a_call_back_that_is_not_answered_tells_the_agent(hall: Exchange, noises: Path) -> None:
    """The customer's telephone rings six seconds here; then the agent hears that nobody answered, and is free."""
    hall.agent_is("13912345679", rings_s=30)
    call_back(hall, "13912345679", place=1)
    hall.wait_for(lambda: len(hall.waiting("service")) == 1, "it waits")
    hall.callers.cli("dialplan set global AGENT_TALKS 30")
    before = len(hall.agent_recordings("2001"))
    hall.pause("2001", False)
    hall.wait_for(lambda: len(hall.agent_recordings("2001")) > before, "taken", 15)
    hall.wait_no_channels(20)
    assert was_heard(hall.agent_recordings("2001")[-1], noises)[-1] == "fallback/not_reached-en"


def call_back(hall: Exchange, number: str, place: int) -> None:
    """As the server begins one."""
    variables = {"IVR_CALL_BACK_ID": "7", "IVR_CALL_BACK_NUMBER": number, "IVR_QUEUE": "service"}
    variables |= {"IVR_PLACE": str(place), "IVR_LANGUAGE": "en_US", "IVR_TRAIL_ID": f"back-{number}"}
    answer = hall.product_ami.action(
        "Originate",
        Channel="Local/wait@ivr-call-back/n",
        Context="ivr-call-back",
        Exten="customer",
        Priority="1",
        Timeout="14400000",
        Async="true",
        Codecs="ulaw,alaw",
        Variable=[f"__{name}={value}" for name, value in variables.items()],
    )
    assert answer["Response"] == "Success", answer
