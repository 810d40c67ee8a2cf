"""Whole calls through the queue and back, in memory: waiting rounds, kept places, what the dialplan is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivr_server.calls.trails import Trails
from ivr_server.floor.picture import Member
from tests.calls.test_calls import ANSWERS
from tests.calls.test_lining_up import KeeperDouble
from tests.calls.test_trails import ShelfDouble, result
from tests.doubles.floor import FloorDouble, standing
from tests.doubles.stage import NOW, Stage

BUSY = (Member("PJSIP/1001", "li", state="in_use"),)
CHANNEL = {"IVR_TRAIL_ID": "1.1", "IVR_QUEUE": "service", "IVR_LANGUAGE": "en_US", "IVR_PLACE": "2"}


class Waits:
    """Calls of one caller, one leg after the other, with trails and a floor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trails = Trails(ShelfDouble(), lambda language: {}, ZoneInfo("UTC"), lambda: NOW)
        self.floor, self.keeper = FloorDouble(), KeeperDouble()
        self.floor.set_queue(standing("service", "7.7", "1.1", members=BUSY))
        self.floor.set_queue(standing("billing", members=BUSY))
        self.records: list[Any] = []

    def leg(self, script: str, keys: list[str], **variables: str) -> Stage:
        """One leg to its end."""
        stage = Stage(
            self.folder, dict(ANSWERS), script=script, uniqueid="1.1", channel="PJSIP/line-1", variables=variables,
            staffed=("service", "billing"),
        )  # fmt: skip
        line_up = replace(stage.line_up, keeper=self.keeper)
        line_up.lines.floor = self.floor
        look_ups = replace(stage.calls.desk.tools.look_ups, line_up=line_up)
        tools = replace(stage.calls.desk.tools, look_ups=look_ups)
        stage.calls.desk = replace(stage.calls.desk, tools=tools, trails=self.trails)
        stage.call().keys(keys)
        assert stage.ear.variables is not None
        self.records += stage.journal.records
        return stage

    def handed(self) -> Any:
        """What a desk is handed now."""
        return result(self.trails.handed("1.1", "en-US"))


@pytest.fixture
def waits(tmp_path: Path) -> Waits:
    """A caller."""
    return Waits(tmp_path)


def test_the_first_leg_tells_the_dialplan_all_that_the_queue_needs(waits: Waits) -> None:
    """Queue by business, priority, level of identity, the trail's id; the trail is in memory for the desk."""
    said = waits.leg("main", ["wait:3", "1", "wait:1", "1", "wait:2", "0", "wait:20"]).ear.variables
    assert said is not None
    told = {name: said[name] for name in said if name.startswith("IVR_") and name not in ("IVR_TRAIL", "IVR_KEYS")}
    assert told == {
        "IVR_TRAIL_ID": "1.1",
        "IVR_LANGUAGE": "en_US",
        "IVR_BUSINESS": "fees",
        "IVR_PRIORITY": "0",
        "IVR_IDENTITY": "number",
        "IVR_QUEUE": "billing",
        "IVR_RESULT": "queue",
    }
    handed = waits.handed()
    assert (handed.queue, handed.business, handed.identity, handed.customer) == ("billing", "fees", "number", "1")
    assert all(step.at_s >= 0 for step in handed.steps)


def test_a_round_says_what_is_better_and_gives_the_place_back(waits: Waits) -> None:
    """Silence is to stay; what the call is about stands; the place is the one behind those who were ahead."""
    waits.leg("main", ["wait:3", "0", "wait:20"])
    stage = waits.leg("waiting", ["wait:20"], **CHANNEL)
    assert stage.ear.variables is not None
    assert "To keep your place and be called back, press one." in stage.heard
    assert stage.ear.variables["IVR_RESULT"] == "queue"
    assert stage.ear.variables["IVR_PLACE"] == "2"
    assert stage.ear.variables["IVR_QUEUE"] == "service" and "IVR_TRAIL" not in stage.ear.variables


def test_the_rounds_of_a_wait_are_one_leg_of_one_trail(waits: Waits) -> None:
    """In the journal a row for the wait, with all rounds; at the desk one story under the first leg's id."""
    waits.leg("main", ["wait:3", "0", "wait:20"])
    for _ in range(3):
        waits.leg("waiting", ["wait:20"], **CHANNEL)
    last = waits.records[-1]
    assert last.call == "1.1.waiting"
    assert sum(note["what"] == "ended" for note in last.notes) == 3
    assert [leg.call for leg in waits.trails.legs("1.1")] == ["1.1", "1.1.waiting"]
    assert waits.handed().call == "1.1"


def test_a_call_back_that_keeps_the_place_ends_the_call(waits: Waits) -> None:
    """The result is done; the keeper has the wish and hears that the line is free."""
    stage = waits.leg("waiting", ["wait:2", "1", "wait:2", "1", "wait:20"], **CHANNEL, IVR_IDENTITY="number")
    assert stage.ear.variables is not None and stage.ear.variables["IVR_RESULT"] == "done"
    [wish] = waits.keeper.wishes
    assert (wish.call, wish.number, wish.place, wish.trail, wish.language) == ("1.1", "13800138000", 2, "1.1", "en-US")
    assert "Your place is kept." in stage.heard


def test_back_from_the_queue_the_trail_goes_on(waits: Waits) -> None:
    """Nobody took the call, the caller would wait again: the words for the agent hold what came before."""
    waits.leg("main", ["wait:3", "1", "wait:1", "1", "wait:2", "0", "wait:20"])
    stage = waits.leg("after-queue", ["wait:6", "0", "wait:20"], **{**CHANNEL, "IVR_PLACE": ""})
    said = stage.ear.variables
    assert said is not None
    assert said["IVR_TRAIL_ID"] == "1.1" and said["IVR_RESULT"] == "queue"
    assert "For your bill" in said["IVR_TRAIL"] or "option fees" in said["IVR_TRAIL"]
    assert [leg.call for leg in waits.trails.legs("1.1")] == ["1.1", "1.1.after_queue"]


def test_B5_a_channel_variable_that_is_no_id_is_not_believed(waits: Waits) -> None:
    """The trail's id then is the call's own."""
    waits.leg("waiting", ["wait:20"], **{**CHANNEL, "IVR_TRAIL_ID": "x' or 1=1 --"})
    assert waits.records[-1].call == "1.1.waiting"
