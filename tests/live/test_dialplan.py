"""The generated dialplan on a real Asterisk, with a server that answers, refuses, dies, hangs or is not there.

The server is the tests' own (responder.py): these are facts of the dialplan and of Asterisk, not of our service.
"""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests.live.calls import Call
from tests.live.conftest import Responder, noise_names
from tests.live.exchange import Exchange
from tests.live.hearing import heard, names

pytestmark = pytest.mark.live


def was_heard(call: Call, folder: Path) -> list[str]:
    """What the caller of an ended call heard."""
    return names(heard(call.recording, noise_names(folder), least_share=0.1))


APOLOGY = ["fallback/apology-zh", "fallback/apology-en"]
NOBODY = ["fallback/nobody_answered-zh", "fallback/nobody_answered-en"]


def test_the_configuration_loads_without_a_warning(switch: Exchange) -> None:
    """Asterisk says nothing above a notice while it starts with the generated files."""
    start = switch.product.log.read_text().splitlines()[:40]
    assert [line for line in start if re.search(r"WARNING|ERROR", line)] == []


def test_every_application_and_function_of_the_dialplan_is_loaded(switch: Exchange) -> None:
    """An application that is not there would end a call in its middle, at the worst moment."""
    files = ("extensions", "waiting", "agents", "fax")
    dialplan = "".join((switch.plan.folder / f"ivr/{name}.conf").read_text() for name in files)
    steps = re.findall(r"^(?:exten => [^,]+,1|\s*same => n(?:\(\w+\))?),(\w+)\(", dialplan, re.M)
    assert len(steps) > 120
    for application in set(steps) | {"StoreDTMF"}:
        shown = switch.product.cli(f"core show application {application}")
        assert "info about application" in shown.lower(), application
    functions = {name for name in re.findall(r"\$\{([A-Z]+)\(|Set\(([A-Z]+)\(", dialplan) for name in name if name}
    for function in functions | {"URIENCODE", "QUEUE_MEMBER"}:
        shown = switch.product.cli(f"core show function {function}")
        assert "info about function" in shown.lower(), function


def test_endpoints_and_queues_are_known(switch: Exchange) -> None:
    """What the plan names is what Asterisk shows."""
    endpoints = switch.product.cli("pjsip show endpoints")
    assert all(f"Endpoint:  {name}" in endpoints for name in ("1001", "2001", "caller", "line"))
    queues = switch.product.cli("queue show")
    assert "service has 0 calls" in queues and "billing has 0 calls" in queues
    assert "Directory: " + str(switch.plan.folder / "ivr/waiting") in switch.product.cli("moh show classes")


def test_b13_the_servers_manager_user_has_none_of_the_dangerous_rights(switch: Exchange) -> None:
    """Neither reading nor writing: system, command, config, agi, dtmf, dialplan."""
    shown = switch.product.cli("manager show user ivr")
    rights = set(re.findall(r"[a-z]+", "".join(re.findall(r"(?:read|write) perm: (.*)", shown))))
    assert {"call", "agent"} <= rights
    assert rights & {"system", "command", "config", "agi", "dtmf", "dialplan", "all"} == set()


def test_a_call_that_ends_well_is_hung_up(switch: Exchange, responder: Responder, noises: Path) -> None:
    """IVR_RESULT=done: the prompt, and nothing else."""
    call = switch.dial("7000").wait_over(10)
    assert was_heard(call, noises) == ["welcome"]


def test_a_missing_prompt_is_no_crash(switch: Exchange, responder: Responder, noises: Path) -> None:
    """Asterisk then says AGISTATUS=FAILURE though all went well; the dialplan goes by IVR_RESULT."""
    call = switch.dial("7005").wait_over(10)
    assert call.leg.last("AGISTATUS") in ("FAILURE", "SUCCESS")
    assert was_heard(call, noises) == []


def test_the_queue_of_the_servers_choice_and_its_words(switch: Exchange, responder: Responder) -> None:
    """The agent of that queue answers, and the trail is in the channel's variables."""
    switch.agent_signs_in("2001", talks_s=1.0)
    call = switch.dial("7001")
    leg = call.wait_leg(lambda leg: leg.events("AgentConnect"))
    call.wait_over(10)
    switch.agent_signs_out("2001")
    assert leg.events("AgentConnect")[0][1]["Queue"] == "billing"
    assert (leg.last("IVR_TRAIL_ID"), leg.last("IVR_TRAIL")) == ("trail-1", "fees; asked for a person")


def test_a_queue_that_no_setting_names_becomes_the_first_one(switch: Exchange, responder: Responder) -> None:
    """However it is written, it runs nothing and leads to the queue of the settings."""
    switch.agent_signs_in("2001", talks_s=1.0)
    call = switch.dial("7004")
    leg = call.wait_leg(lambda leg: leg.events("AgentConnect"))
    call.wait_over(10)
    switch.agent_signs_out("2001")
    assert leg.events("AgentConnect")[0][1]["Queue"] == "service"


def test_refused_calls_hear_the_apology_and_reach_an_agent(
    switch: Exchange, responder: Responder, noises: Path
) -> None:
    """The line "failure" ends the run; the caller is not told by silence."""
    switch.agent_signs_in("2001", talks_s=1.0)
    call = switch.dial("7002")
    call.wait_leg(lambda leg: leg.events("AgentConnect"))
    call.wait_over(10)
    switch.agent_signs_out("2001")
    assert was_heard(call, noises) == APOLOGY


def test_nobody_there_and_no_server_ends_cleanly(switch: Exchange, noises: Path) -> None:
    """Apology, no agent's telephone, apology, end: never silence, never a loop, and all of it within seconds."""
    call = switch.dial("7000").wait_over(20)
    assert was_heard(call, noises) == APOLOGY + NOBODY
    assert call.leg.last("QUEUESTATUS") == "JOINEMPTY"


def test_after_the_queue_the_server_is_asked_once(switch: Exchange, responder: Responder, noises: Path) -> None:
    """Nobody is there: /after-queue speaks, and its "done" ends the call."""
    call = switch.dial("7001").wait_over(15)
    assert was_heard(call, noises) == ["welcome"]
    assert call.leg.variables["IVR_UNSERVED"] == ["", "yes"]


def test_d1_killed_in_the_middle_of_calls(switch: Exchange, responder: Responder, noises: Path) -> None:
    """kill -9 with ten live callers: all hear the apology within 2 s and wait in the queue; none is cut off."""
    switch.agent_signs_in("2001", talks_s=1.0)
    calls = [switch.dial("7003").wait_answered() for _ in range(10)]
    for call in calls:
        call.wait_leg(lambda leg: leg.unique)
    time.sleep(1.0)
    responder.kill()
    killed = time.monotonic()
    for call in calls:
        leg = call.wait_leg(lambda leg: leg.last("IVR_QUEUE") == "service" or leg.last("PLAYBACKSTATUS"), 12)
        assert leg.last("IVR_RESULT") == ""
    joined = [call.wait_leg(lambda leg: leg.events("QueueCallerJoin"), 12) for call in calls]
    assert all(leg.events("QueueCallerJoin")[0][0] - killed < 5.0 for leg in joined)
    for call in calls[2:]:
        call.hang_up()
    for call in calls[:2]:
        call.wait_over(30)
    switch.agent_signs_out("2001")
    for call in calls[:2]:
        assert was_heard(call, noises)[:3] == ["long", *APOLOGY]
        begun = next(hit.at for hit in heard(call.recording, noise_names(noises)) if hit.name == APOLOGY[0])
        assert call.answered_at + begun - killed < 2.0


def test_d2_hung_then_killed(switch: Exchange, responder: Responder, noises: Path) -> None:
    """A stopped server keeps its callers, silent; killed by its watchdog, they go on as in D1."""
    switch.agent_signs_in("2001", talks_s=1.0)
    calls = [switch.dial(number).wait_answered() for number in ("7003", "7006")]
    time.sleep(0.7)
    responder.signal(signal.SIGSTOP)
    late = switch.dial("7000").wait_answered()  # accepted by the kernel, answered by nobody
    time.sleep(1.0)
    assert not any(call.over.is_set() for call in (*calls, late))
    responder.kill()
    for call in (*calls, late):
        call.wait_leg(lambda leg: leg.events("QueueCallerJoin"), 12)
        call.wait_over(30)
        assert was_heard(call, noises)[-2:] == APOLOGY
    switch.agent_signs_out("2001")


def test_d2_a_caller_who_hangs_up_on_a_hung_server_leaves_no_channel(switch: Exchange, responder: Responder) -> None:
    """AGIEXITONHANGUP: without it the channel would stay until the server speaks, that is for ever."""
    calls = [switch.dial(number).wait_answered() for number in ("7003", "7006")]
    time.sleep(0.7)
    responder.signal(signal.SIGSTOP)
    for call in calls:
        call.hang_up()
    switch.wait_no_channels(3.0)


def test_d1_callers_who_wait_survive_the_death_of_the_server(switch: Exchange, responder: Responder) -> None:
    """Waiting needs no server: an agent who signs in after the kill gets the caller."""
    switch.agent_signs_in("2001", talks_s=20.0)
    first = switch.dial("7001")
    first.wait_leg(lambda leg: leg.events("AgentConnect"))
    second = switch.dial("7001")
    second.wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    responder.kill()
    time.sleep(0.5)
    first.hang_up()
    second.wait_leg(lambda leg: leg.events("AgentConnect"), 15)
    second.hang_up()
    second.wait_over()
    switch.agent_signs_out("2001")


def test_keys_pressed_while_no_command_runs_are_kept_by_store_dtmf(switch: Exchange, responder: Responder) -> None:
    """Nine real key tones during 4 s of a thinking server: all are in the channel's variable."""
    call = switch.dial("7007", [(0.5, "123456789")]).wait_over(15)
    assert call.leg.last("IVR_TYPED") == "123456789"
