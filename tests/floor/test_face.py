"""The floor and its double are one face: the same questions, the same answers, the same things told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Picture
from tests.ami.stage import Outcome
from tests.doubles.floor import FloorDouble, standing
from tests.doubles.hall import QUEUE
from tests.floor.stage import FloorStage

Go = Callable[..., Outcome]


def real() -> tuple[Any, Go, Callable[[], None]]:
    """The real one on a double of Asterisk; how to have it do something; how to lose Asterisk."""
    stage = FloorStage().start()
    stage.hall.arrive(call="1.1")
    stage.go(2)

    def go(work: Any) -> Outcome:
        outcome = stage.stage.begin(work)
        stage.go(2)
        return outcome

    def lose() -> None:
        stage.manager.down = True
        stage.manager.cut()
        stage.go(1)

    return stage.floor, go, lose


def double() -> tuple[Any, Go, Callable[[], None]]:
    """The double, likewise."""
    floor, stage = FloorDouble(), FloorStage()
    floor.set_queue(standing(QUEUE, "1.1"))

    def lose() -> None:
        floor.picture = Picture(floor.picture.queues)

    return floor, stage.stage.begin, lose


@pytest.mark.parametrize("made", [real, double])
def test_what_both_say(made: Callable[[], tuple[Any, Go, Callable[[], None]]]) -> None:
    """Places, staffing, members' changes as they are told, refusals while Asterisk is not there."""
    floor, go, lose = made()
    told: list[Happening] = []
    end = floor.listen(told.append)
    assert (floor.place("1.1"), floor.place("9.9"), floor.staffed(QUEUE)) == (1, 0, False)
    assert floor.expected_wait(QUEUE, 1) is None
    for work in (
        floor.member_add(QUEUE, "PJSIP/1001", "Li Wei", 0, "away"),
        floor.member_pause("PJSIP/1001", False, ""),
        floor.member_pause("PJSIP/1001", True, "meal"),
    ):
        assert go(work).fault is None
    assert floor.staffed(QUEUE) is True  # on a break, but there
    member = floor.picture.members("PJSIP/1001")[QUEUE]
    assert (member.name, member.paused, member.reason, member.state) == ("Li Wei", True, "meal", "idle")
    assert go(floor.member_remove(QUEUE, "PJSIP/1001")).fault is None
    assert go(floor.member_remove(QUEUE, "PJSIP/1001")).fault is None
    assert [one.detail for one in told if one.what == "member"] == [
        "added",
        "paused",
        "ready",
        "paused",
        "removed",
    ] or [one.detail for one in told if one.what == "member"] == ["added", "ready", "paused", "removed"]
    end()
    lose()
    assert floor.staffed(QUEUE) is None and floor.expected_wait(QUEUE, 1) is None
    fault = go(floor.member_pause("PJSIP/1001", True, "meal")).fault
    assert isinstance(fault, AmiFault) and fault.reason == "away"


def test_the_double_has_the_whole_face() -> None:
    """Every public name of the real one that others use."""
    stage = FloorStage()
    for name in ("picture", "start", "stop", "listen", "staffed", "expected_wait", "place"):
        assert hasattr(FloorDouble(), name) and hasattr(stage.floor, name)
