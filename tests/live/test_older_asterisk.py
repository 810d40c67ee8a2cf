"""The oldest Asterisk that we support (16, of Debian 11) on the same generated files: a subset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_server.pbx import fetch
from tests.live.conftest import FIGURES, Responder, noise_names
from tests.live.exchange import Exchange, exchange
from tests.live.hearing import heard, names

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
