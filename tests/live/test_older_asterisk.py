"""The oldest Asterisk that we support (16, of Debian 11) on the same generated files: a subset."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_server.pbx import fetch
from tests.live.conftest import FIGURES, Responder, noise_names
from tests.live.exchange import Exchange, exchange
from tests.live.hearing import heard, names
from tests.live.tones import talks

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def older(noises: Path, responder_port: int) -> Iterator[Exchange]:
    """Both Asterisks of version 16; on Ubuntu, which has no Debian mirror, its own version once more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fetch.SUITE, "" if fetch._is_ubuntu(fetch._release()) else "bullseye")
        installed = fetch.find(print)
    FIGURES["older Asterisk"] = installed.version
    with exchange(installed, noises, responder_port) as made:
        yield made


def test_it_loads_calls_and_keeps_keys(older: Exchange, responder: Responder) -> None:
    """No warning at its start; a call ends well; keys are kept between commands; a refused call reaches an agent."""
    start = older.product.log.read_text().splitlines()
    assert [line for line in start if re.search(r"WARNING|ERROR", line)] == []
    older.agent_signs_in("2001", talks_s=1.0)
    well, typed, refused = older.dial("7000"), older.dial("7007", [(0.5, "123456789")]), older.dial("7002")
    refused.wait_leg(lambda leg: leg.events("AgentConnect"), 20)
    for call in (well, typed, refused):
        call.wait_over(20)
    assert typed.leg.last("IVR_TYPED") == "123456789"
    assert names(heard(well.recording, noise_names(responder.sounds))) == ["welcome"]
    older.wait_no_channels()


def test_d2_a_caller_who_hangs_up_on_a_hung_server_leaves_no_channel(older: Exchange, responder: Responder) -> None:
    """AGIEXITONHANGUP does the same in 16."""
    call = older.dial("7006").wait_answered()
    call.wait_leg(lambda leg: leg.unique)
    call.hang_up()
    older.wait_no_channels(3.0)


def test_waiting_and_transfers_are_the_same_there(older: Exchange, responder: Responder, noises: Path) -> None:
    """Whisper, headers, withdraw and the kept place, consult and complete: other arguments of Queue(), same answers."""
    older.agent_signs_in("2001", 40.0, ["service"])
    older.agent_signs_in("2002", 40.0, [])
    older.pause("2001")
    calls = []
    for _ in range(2):
        calls.append(older.dial("7010", says=str(noises / "tones/caller")))
        calls[-1].wait_leg(lambda leg: leg.events("QueueCallerJoin"))
    older.withdraw(calls[0], "service", 1)
    older.wait_for(lambda: len(calls[0].leg.events("QueueCallerJoin")) == 2, "back")
    assert older.waiting("service") == [call.leg.channel for call in calls]
    calls[1].hang_up()
    older.pause("2001", False)
    calls[0].wait_leg(lambda leg: leg.events("AgentConnect"), 15)
    older.wait_for(lambda: older.agent_saw("2001") == ["call-7010.1", "service", "fault", "en_US"], "headers")
    older.product_ami.action("Atxfer", Channel=older.device("2001"), Context="ivr-transfer", Exten="2002")
    older.wait_for(lambda: older.device("2002"), "2002 rings")
    time.sleep(2.0)
    for key in "*#72":
        older.product_ami.action("PlayDTMF", Channel=older.device("2001"), Digit=key, Duration="100", Receive="true")
    older.wait_for(lambda: not older.device("2001"), "handed over")
    time.sleep(3.0)
    calls[0].hang_up()
    older.wait_no_channels()
    first = names(heard(older.agent_recordings("2001")[-1], noise_names(noises), least_share=0.1))
    assert "fallback/whisper-service-en-number" in first
    assert talks(older.agent_recordings("2002")[-1])[-1] == {"caller"}
    for name in ("2001", "2002"):
        older.agent_signs_out(name)
