"""The way down: what calls leave behind is written before the journal closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from crm_bridge.answers import Answer
from ivr_server.service import IvrService
from ivr_server.settings import Settings
from tests.calls.test_calls import ANSWERS
from tests.doubles.stage import Stage


@pytest.mark.parametrize("answered", [True, False])
def test_D3_a_call_cut_in_the_middle_of_a_write_still_has_its_record(tmp_path: Path, answered: bool) -> None:
    """The drain's time is over: the line is let go at once, the stop waits for the write, but not for ever."""
    answer: Deferred[Answer] = Deferred()
    call = Stage(tmp_path, {**ANSWERS, "record_call_back": answer}, hours="closed").call()
    call.keys(["wait:3", "0", "wait:6", "1", "wait:6", "1"])
    assert "record_call_back" in [name for name, _ in call.bridge.asked]
    service = IvrService(Settings(drain_s=0.0), call.clock)
    service.calls = call.calls
    stopping = ensureDeferred(service._drain())
    call.pass_s(1)
    assert not stopping.called
    assert call.ear.variables is not None
    if answered:
        answer.callback(ANSWERS["record_call_back"])
    call.pass_s(0.2 if answered else 6)
    assert stopping.called
    last = call.record.notes[-1]
    assert (last["look_up"], last["outcome"]) == ("record_call_back", "recorded" if answered else "unknown")
