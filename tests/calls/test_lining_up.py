"""What a caller is told of the line: true, once, never worse without saying so; and nobody is overtaken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from twisted.internet.task import Clock

from flows.facts import Fact
from flows.turns import Answered
from ivr_server.calls.lining_up import MOST_CALLS, SIGNATURES, Lines, LineUp
from ivr_server.floor.picture import Member
from ivr_server.floor.queue_file import SHIPPED, read_queue_file
from ivr_server.floor.waits import WaitRange
from tests.calls.test_trails import result
from tests.doubles.floor import FloorDouble, standing

FILE = read_queue_file(SHIPPED)
IDLE = Member("PJSIP/1001", "li")


@dataclass
class LineDouble:
    """A line with these channel variables."""

    variables: dict[str, str] = field(default_factory=dict)
    staffed: bool = True

    async def queue_staffed(self, queue: str) -> bool:
        return self.staffed

    async def variable(self, name: str) -> str | None:
        return self.variables.get(name)


class Bench:
    """The look-ups on a floor."""

    def __init__(self) -> None:
        self.clock, self.floor, self.line = Clock(), FloorDouble(), LineDouble()
        self.lines = Lines(self.clock.seconds, self.floor)
        self.line_up = LineUp(lambda: FILE, lambda queue: "open" if queue == "service" else "closed", self.lines)

    def ask(self, name: str, call: str = "me", ours: bool = False, **given: str) -> Answered:
        """One answer."""
        answer = result(self.line_up.ask(name, given, (call, self.line, ours)))
        declared = next(one for one in SIGNATURES if one.name == name).outcomes[answer.outcome]
        assert {key: fact.kind for key, fact in answer.facts} == declared
        return answer  # type: ignore[no-any-return]

    def word(self, name: str, **given: str) -> str:
        """One outcome."""
        return self.ask(name, **given).outcome


def test_each_business_has_its_queue() -> None:
    """As the queue file says; what no queue names goes to the first."""
    bench = Bench()
    chosen = {
        business: bench.ask("queue_for", business=business, language="zh-CN").facts[0][1]
        for business in ("fees", "fault", "fax", "")
    }
    assert chosen == {
        "fees": Fact("queue", "billing"),
        "fault": Fact("queue", "service"),
        "fax": Fact("queue", "service"),
        "": Fact("queue", "service"),
    }


def test_hours_and_staff_are_those_of_the_queue_asked_of() -> None:
    """By the flow's fact, else by the channel's queue, else of the first; a name that is none is nobody's."""
    bench = Bench()
    assert bench.word("hours", queue="billing") == "closed"
    assert bench.word("hours") == "open"
    bench.line.variables["IVR_QUEUE"] = "billing"
    assert bench.word("hours") == "closed"
    assert bench.word("hours", queue="x&y") == "open"


def test_the_floor_knows_who_is_there_and_else_the_line() -> None:
    """Somebody whose desk sleeps is not there; before the first resync, and for our own phone, the line decides."""
    bench = Bench()
    bench.floor.set_queue(standing("service", members=(replace(IDLE, paused=True, reason="away"),)))
    assert bench.word("queue_staffed", queue="service") == "empty"
    assert bench.ask("queue_staffed", ours=True, queue="service").outcome == "staffed"
    bench.floor.picture = replace(bench.floor.picture, live=False)
    assert bench.word("queue_staffed", queue="service") == "staffed"
    bench.line.staffed = False
    assert bench.word("queue_staffed", queue="service") == "empty"


def test_the_place_on_entry() -> None:
    """Behind all who wait; nothing is said when an agent is free; unknown before the first resync."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "b", members=(IDLE,)))
    assert bench.ask("entry_place", queue="service").facts == (("ahead", Fact("count", 2)),)
    bench.floor.set_queue(standing("service", members=(replace(IDLE, state="in_use"),)))
    assert bench.word("entry_place", queue="service") == "next"
    bench.floor.set_queue(standing("service", members=(IDLE,)))
    assert bench.word("entry_place", queue="service") == "free"
    bench.floor.picture = replace(bench.floor.picture, live=False)
    assert bench.word("entry_place", queue="service") == "unknown"


def test_a_place_is_told_only_when_better_and_not_twice_a_minute() -> None:
    """Third on entry; second after 30 s is not told yet, after 60 s it is; a worse one never."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "b"))
    bench.ask("entry_place", queue="service")

    def at(place: int, after: float) -> str:
        bench.clock.advance(after)
        bench.line.variables["IVR_PLACE"] = str(place)
        return bench.word("queue_place")

    assert [at(2, 30), at(2, 31), at(2, 90), at(4, 90), at(1, 10), at(1, 90)] == [
        "same",
        "place",
        "same",
        "same",
        "next",
        "same",
    ]


def test_a_process_that_does_not_know_what_was_said_says_nothing_until_it_is_better() -> None:
    """It began while the caller waited; and what the channel says of the place may be nothing, or no number."""
    bench = Bench()
    for place, word in (("", "unknown"), ("x", "unknown"), ("99999", "unknown"), ("5", "same"), ("5", "same")):
        bench.line.variables["IVR_PLACE"] = place
        assert bench.word("queue_place") == word
    bench.clock.advance(61)
    bench.line.variables["IVR_PLACE"] = "4"
    assert bench.word("queue_place") == "place"


def test_a_wait_is_told_when_known_better_or_longer() -> None:
    """Silent when unknown; a range once; again when it is better; one that is longer says so."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "b"))
    assert bench.word("expected_wait", queue="service") == "unknown"
    bench.ask("entry_place", queue="service")
    told = []
    for low, high in ((0, 0), (4, 9), (5, 9), (4, 10), (3, 6), (7, 12), (5, 5)):
        bench.floor.waits = {3: WaitRange(low, high)} if low else {}
        told.append(bench.word("expected_wait", queue="service"))
    assert told == ["unknown", "range", "same", "same", "range", "longer", "about"]
    assert bench.ask("expected_wait", ours=True, queue="service").outcome == "unknown"


def test_who_is_spoken_to_comes_back_behind_those_who_were_ahead() -> None:
    """Two of three ahead were served meanwhile, and others came: the place is the second, not the fourth."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "b", "c", "z"))
    bench.lines.leave("me", "service", 4)
    bench.floor.set_queue(standing("service", "c", "z", "new"))
    assert bench.lines.back("me") == 2
    bench.lines.over("me")
    assert bench.lines.back("me") == 0


def test_the_line_may_move_between_the_asking_and_the_doing_of_a_withdrawal() -> None:
    """Third when it was asked for, second when it was done: who came later is not ahead, whatever the place says."""
    bench = Bench()
    for call, before in (("a", ()), ("b", ("a",)), ("me", ("a", "b")), ("z", ("a", "b", "me"))):
        bench.clock.advance(1)
        bench.floor.set_queue(standing("service", *before))
        bench.ask("entry_place", call, queue="service")
    bench.floor.set_queue(standing("service", "b", "z"))
    bench.lines.leave("me", "service", 3)
    assert bench.lines.ahead("me") == {"b"} and bench.lines.back("me") == 2


def test_two_who_are_spoken_to_at_once_keep_their_order() -> None:
    """Whichever comes back first; also when those ahead of both were served meanwhile."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "first", "second", "z"))
    bench.lines.leave("first", "service", 2)
    bench.floor.set_queue(standing("service", "a", "second", "z"))
    bench.lines.leave("second", "service", 2)
    bench.floor.set_queue(standing("service", "z"))
    assert bench.lines.back("second") == 1
    bench.floor.set_queue(standing("service", "second", "z"))
    bench.lines.over("second")
    assert bench.lines.back("first") == 1
    bench.floor.set_queue(standing("service", "first", "second", "z"))
    bench.lines.leave("z", "service", 3)
    assert bench.lines.ahead("z") == {"first", "second"}


def test_a_call_back_stands_in_for_its_caller() -> None:
    """Whoever was behind the caller comes back behind the virtual one."""
    bench = Bench()
    bench.floor.set_queue(standing("service", "a", "me", "z"))
    bench.lines.leave("z", "service", 3)
    bench.lines.instead("a", "callback-000001-01b")
    bench.floor.set_queue(standing("service", "callback-000001-01b", "me"))
    assert bench.lines.back("z") == 3


def test_without_a_floor_the_place_stays_as_it_was() -> None:
    """No AMI: the dialplan's own place holds."""
    lines = Lines(Clock().seconds)
    lines.leave("me", "service", 3)
    assert lines.back("me") == 0 and lines.ahead("me") is None


def test_what_was_said_is_remembered_of_so_many_calls_only() -> None:
    """The oldest are forgotten."""
    bench = Bench()
    for number in range(MOST_CALLS + 5):
        bench.lines.entered(f"c{number}", 3)
    assert len(bench.lines._told) == MOST_CALLS


@dataclass
class KeeperDouble:
    """Keeps what is asked of it."""

    wishes: list[Any] = field(default_factory=list)
    stands: tuple[str, str] = ("none", "")
    told: list[str] = field(default_factory=list)

    async def keep(self, wish: Any) -> str:
        self.wishes.append(wish)
        return "" if wish.number == "1001" else str(wish.number)

    async def state(self, number: str) -> tuple[str, str]:
        return self.stands

    async def heard(self, number: str) -> None:
        self.told.append(number)

    def line_free(self, call: str) -> None:
        """Nothing."""


def test_a_place_is_kept_with_all_that_goes_with_it() -> None:
    """The number typed goes before the one shown; place, order, trail and identity as the channel has them."""
    bench, keeper = Bench(), KeeperDouble()
    bench.line_up = replace(bench.line_up, keeper=keeper)
    bench.line.variables = {"IVR_QUEUE": "billing", "IVR_PLACE": "3", "IVR_TRAIL_ID": "17.1", "IVR_IDENTITY": "number"}
    bench.floor.set_queue(standing("billing", "a", "b", "z"))
    bench.lines.leave("me", "billing", 3)
    bench.floor.set_queue(standing("billing", "b", "z"))
    kept = bench.ask("keep_place", caller="13800138000", phone="13900139000", language="zh-CN")
    assert kept == Answered("kept", (("call_back_number", Fact("digits", "13900139000")),))
    [wish] = keeper.wishes
    assert (wish.call, wish.queue, wish.place, wish.trail, wish.identity) == ("me", "billing", 2, "17.1", "number")
    assert wish.ahead == {"a", "b"}
    assert bench.word("keep_place", caller="1001", language="zh-CN") == "no_number"
    assert bench.word("keep_place", language="zh-CN") == "no_number"


@pytest.mark.parametrize("stands", ["none", "waiting", "missed"])
def test_how_a_kept_place_stands(stands: str) -> None:
    """For the next call; without a number there is none."""
    bench, keeper = Bench(), KeeperDouble(stands=(stands, "13800138000"))
    bench.line_up = replace(bench.line_up, keeper=keeper)
    assert bench.word("call_back_state", caller="13800138000") == stands
    assert bench.word("call_back_state") == "none"
    assert bench.word("call_back_heard", caller="13800138000") == "done"
    assert keeper.told == ["13800138000"]


def test_what_is_recorded_is_said() -> None:
    """By the settings."""
    bench = Bench()
    assert bench.word("recording") == "not_recorded"
    bench.line_up = replace(bench.line_up, recorded=True)
    assert bench.word("recording") == "recorded"
