"""Trails while a desk rings: from memory first, whatever the database does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from twisted.internet.defer import Deferred

from crm_bridge.answers import LookUpFault
from crm_bridge.trails import Found, Wanted
from ivr_server.calls.trails import MOST_KEPT, Trails
from tests.calls.test_handing import BEGAN, record


@dataclass
class ShelfDouble:
    """A journal that answers what it is told to."""

    found: Found = field(default_factory=Found)
    fault: LookUpFault | None = None
    asked: list[Any] = field(default_factory=list)

    async def story(self, call: str) -> Found:
        """The story of a call."""
        return self._answer(call)

    async def gather(self, wanted: Wanted) -> Found:
        """What goes with one."""
        return self._answer(wanted)

    def _answer(self, asked: Any) -> Found:
        self.asked.append(asked)
        if self.fault:
            raise self.fault
        return self.found


class Bench:
    """Trails at an instant that can be moved."""

    def __init__(self) -> None:
        self.shelf = ShelfDouble()
        self.at = BEGAN + timedelta(seconds=130)
        self.trails = Trails(self.shelf, lambda language: {}, ZoneInfo("UTC"), self.now)

    def now(self) -> datetime:
        """The instant."""
        return self.at

    def handed(self, call: str) -> Any:
        """What is handed, in English."""
        return result(self.trails.handed(call, "en-US"))


def result(work: Any) -> Any:
    """What a coroutine gives that waits for nothing; raises what it raised."""
    got: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(got.append)
    if hasattr(got[0], "raiseException"):
        got[0].raiseException()
    return got[0]


def test_a_call_that_just_ended_is_told_from_memory() -> None:
    """With earlier calls from the database, asked for by number and customer."""
    bench = Bench()
    bench.shelf.found = Found((), (record("16.1"),))
    bench.trails.keep("17.1", record())
    told = bench.handed("17.1")
    assert told.customer == "1" and [one.call for one in told.earlier] == ["16.1"]
    assert bench.shelf.asked == [Wanted("17.1", "13800138000", "1", BEGAN.timestamp() - 30 * 86_400, 10)]


def test_C1_without_the_database_the_trail_is_there_all_the_same() -> None:
    """Only what the database alone knows is missing; a call that only it knows is a fault."""
    bench = Bench()
    bench.shelf.fault = LookUpFault("unavailable")
    bench.trails.keep("17.1", record())
    assert bench.handed("17.1").steps and bench.handed("17.1").earlier == ()
    with pytest.raises(LookUpFault):
        bench.handed("18.1")


def test_a_call_of_another_process_comes_out_of_the_journal() -> None:
    """Its beginning from there, the leg that we had from memory; a call that nobody had is None."""
    bench = Bench()
    waiting = record("17.1.waiting", started=BEGAN + timedelta(seconds=150))
    bench.shelf.found = Found((record(),))
    bench.trails.keep("17.1", waiting)
    told = bench.handed("17.1")
    assert told.call == "17.1" and len(told.steps) == 2 * len(bench_steps())
    bench.shelf.found = Found()
    assert bench.handed("19.1") is None


def bench_steps() -> tuple[Any, ...]:
    """The steps of the one record."""
    bench = Bench()
    bench.trails.keep("17.1", record())
    steps: tuple[Any, ...] = bench.handed("17.1").steps
    return steps


def test_memory_is_bounded_in_time_and_number() -> None:
    """An hour, and so many calls."""
    bench = Bench()
    bench.trails.keep("17.1", record())
    bench.at += timedelta(hours=2)
    bench.trails.keep("18.1", record("18.1", ended=bench.at))
    assert bench.trails.legs("17.1") == () and bench.trails.legs("18.1")
    for number in range(MOST_KEPT + 10):
        bench.trails.keep(f"n{number}", record(f"n{number}", ended=bench.at))
    assert bench.trails.legs("n9") == () and bench.trails.legs("n10")
    assert bench.trails.legs(f"n{MOST_KEPT + 9}")


def test_a_leg_is_found_in_memory_or_in_the_journal() -> None:
    """None when it is in neither, and while the journal is away."""
    bench = Bench()
    bench.trails.keep("17.1", record())
    assert result(bench.trails.leg("17.1", "17.1")) == record()
    bench.shelf.found = Found((record("17.1.waiting"),))
    assert result(bench.trails.leg("17.1", "17.1.waiting")) == record("17.1.waiting")
    bench.shelf.fault = LookUpFault("busy")
    assert result(bench.trails.leg("17.1", "17.1.after_queue")) is None


def test_earlier_calls_of_a_number() -> None:
    """For the card and the API: the last 30 days, as lines."""
    bench = Bench()
    bench.shelf.found = Found((), (record("16.1"),))
    [one] = result(bench.trails.earlier("13800138000", "1"))
    assert one.words == "Bills: put through"
    assert bench.shelf.asked[0].since == bench.at.timestamp() - 30 * 86_400
