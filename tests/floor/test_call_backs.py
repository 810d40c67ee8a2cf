"""Call-backs that keep a place: the worker against Asterisk, restarts on both sides, customers who do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from crm_bridge.answers import LookUpFault
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Message
from ivr_server.calls.lining_up import Wish
from ivr_server.floor.call_backs import CallBacks, Queues, of_virtual
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import QueueNow, Waiting
from tests.doubles.call_back_rows import Rows
from tests.doubles.floor import FloorDouble, standing

EPOCH = 1_795_406_400.0


class ManagerDouble:
    """An Asterisk whose queue is the floor's picture: an Originate waits there, at the place that was asked for."""

    def __init__(self, floor: FloorDouble) -> None:
        self.floor = floor
        self.connected = True
        self.orders: list[dict[str, str]] = []
        self.channels: set[str] = set()
        self.fault: AmiFault | None = None

    async def action(self, name: str, fields: Any = (), **more: str) -> Message:
        assert name == "Originate"
        told = dict(fields)
        told |= dict(value.split("=", 1) for key, value in fields if key == "Variable")
        if self.fault is not None:
            raise self.fault
        if told["OtherChannelId"] in self.channels:
            raise AmiFault("refused", "in use")
        self.orders.append(told)
        self.joins(told["OtherChannelId"], int(told["__IVR_PLACE"]), told["__IVR_QUEUE"])
        return Message("response", "Success")

    async def listed(self, name: str, fields: Any = (), **more: str) -> list[Message]:
        assert name == "CoreShowChannels"
        return [Message("notice", "CoreShowChannel", (("Uniqueid", one),)) for one in sorted(self.channels)]

    def joins(self, call: str, place: int, queue: str = "service") -> None:
        """A virtual caller comes into the queue."""
        self.channels.add(call)
        waiting = list(self.floor.picture.queue(queue).waiting)
        waiting.insert(place - 1, Waiting(call, f"Local/{call}", "", 0, EPOCH, call_back=of_virtual(call)))
        self._stand(queue, waiting)

    def leaves(self, call: str, queue: str = "service") -> None:
        """One is gone from queue and Asterisk."""
        self.channels.discard(call)
        self._stand(queue, [one for one in self.floor.picture.queue(queue).waiting if one.call != call])

    def restarts(self) -> None:
        """Every call is gone."""
        self.channels.clear()
        self._stand("service", [])

    def _stand(self, queue: str, waiting: list[Waiting]) -> None:
        placed = tuple(replace(one, place=place) for place, one in enumerate(waiting, 1))
        self.floor.set_queue(QueueNow(queue, placed))


class Bench:
    """A worker with its surroundings."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.floor = Clock(), FloorDouble()
        self.floor.set_queue(standing("service", "1.1", "1.2", "1.3", since=EPOCH - 60))
        self.ami = ManagerDouble(self.floor)
        self.rows = Rows(folder, self.now)
        self.stood: list[tuple[str, str]] = []
        self.worker = self.make()

    def make(self) -> CallBacks:
        """A worker, as a new process would make it."""
        worker = CallBacks(
            store=self.rows,
            ami=self.ami,
            floor=self.floor,
            queues=Queues({"service": 600}, {"service": 5}),
            clock=self.clock,
            now=self.now,
            national=lambda number: number if len(number) == 11 else "",
            stood_in=lambda call, other: self.stood.append((call, other)),
        )
        self.floor.listen(worker.heard_of)
        worker.start()
        return worker

    def now(self) -> float:
        """Seconds since 1970."""
        return EPOCH + self.clock.seconds()

    def pass_s(self, seconds: float) -> None:
        """Time passes, a second at a time."""
        for _ in range(round(seconds)):
            self.clock.advance(1)

    def asks(self, call: str, number: str = "13800138000", **more: Any) -> str:
        """A caller who was taken out of the queue asks to be called back."""
        place = next((one.place for one in self.floor.picture.queue("service").waiting if one.call == call), 1)
        ahead = frozenset(one.call for one in self.floor.picture.queue("service").waiting if one.place < place)
        self.ami.leaves(call)
        known: dict[str, Any] = {"queue": "service", "place": place, "language": "en-US", "ahead": ahead, "trail": call}
        return str(result(self.worker.keep(Wish(call=call, number=number, **{**known, **more}))))

    @property
    def line(self) -> list[str]:
        """Who waits, in order."""
        return [one.call for one in self.floor.picture.queue("service").waiting]

    def answered(self, call: str) -> None:
        """An agent takes a virtual caller."""
        self.ami.leaves(call)
        self.ami.channels.add(call)
        self.floor.happen(Happening(what="answered", at=self.now(), queue="service", call=call))

    def outcome(self, id: int, word: str) -> None:
        """The dialplan's word."""
        result(self.worker.outcome(id, word))


def result(work: Any) -> Any:
    """What a coroutine gives that waits for nothing; raises what it raised."""
    got: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(got.append)
    if hasattr(got[0], "raiseException"):
        got[0].raiseException()
    return got[0]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One that is stopped at the end."""
    made = Bench(tmp_path)
    yield made
    result(made.worker.stop())
    made.rows.engine.dispose()


def test_a_virtual_caller_waits_at_the_kept_place(bench: Bench) -> None:
    """As soon as the caller has hung up; those behind stay behind, what the agent needs goes with it."""
    assert bench.asks("1.2") == "13800138000"
    bench.pass_s(5)
    assert bench.line == ["1.1", "1.3"]  # still on the line
    bench.worker.line_free("1.2")
    bench.pass_s(2)
    assert bench.line == ["1.1", "callback-000001-01b", "1.3"]
    assert bench.stood == [("1.2", "callback-000001-01b")]
    [order] = bench.ami.orders
    assert order["__IVR_CALL_BACK_NUMBER"] == "13800138000" and order["__IVR_TRAIL_ID"] == "1.2"
    assert (order["__IVR_LANGUAGE"], order["__IVR_PRIORITY"], order["Timeout"]) == ("en_US", "5", "660000")
    assert len(order["ChannelId"]) == len(order["OtherChannelId"])
    assert bench.worker.trail("callback-000001-01b") == "1.2"


def test_who_was_ahead_may_be_served_meanwhile(bench: Bench) -> None:
    """The place is that behind those who were ahead and still wait."""
    bench.asks("1.3")
    bench.ami.leaves("1.1")
    bench.ami.leaves("1.2")
    bench.ami.joins("1.4", 1)
    bench.worker.line_free("1.3")
    bench.pass_s(2)
    assert bench.line == ["callback-000001-01b", "1.4"]


def test_a_hang_up_that_we_did_not_hear_of_keeps_nobody(bench: Bench) -> None:
    """After 20 s the caller is gone, whatever we heard."""
    bench.asks("1.1")
    bench.pass_s(19)
    assert not bench.ami.orders
    bench.pass_s(3)
    assert bench.line[0] == "callback-000001-01b"


def test_the_same_caller_twice_has_one_place(bench: Bench) -> None:
    """The second wish finds the first."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.pass_s(2)
    bench.asks("1.2")
    bench.pass_s(30)
    assert len(bench.ami.orders) == 1


def test_a_number_that_cannot_be_called_is_not_kept(bench: Bench) -> None:
    """Nor is anything written."""
    assert bench.asks("1.1", "1001") == ""
    bench.pass_s(30)
    assert not bench.ami.orders


def test_reached_is_the_end(bench: Bench) -> None:
    """Nothing is called again; the next call hears nothing of it."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.pass_s(2)
    assert result(bench.worker.state("13800138000")) == ("waiting", "13800138000")
    bench.answered("callback-000001-01b")
    bench.outcome(1, "reached")
    bench.ami.leaves("callback-000001-01b")
    bench.pass_s(300)
    assert len(bench.ami.orders) == 1
    assert result(bench.worker.state("13800138000")) == ("none", "")


def test_two_calls_that_nobody_answers_are_a_wish_for_people(bench: Bench) -> None:
    """The second after two minutes, at the head of the line; then it is told once."""
    bench.asks("1.3")
    bench.worker.line_free("1.3")
    bench.pass_s(2)
    bench.answered("callback-000001-01b")
    bench.outcome(1, "unreached")
    bench.ami.leaves("callback-000001-01b")
    bench.pass_s(100)
    assert len(bench.ami.orders) == 1
    bench.pass_s(30)
    assert bench.line == ["callback-000001-02b", "1.1", "1.2"]
    bench.answered("callback-000001-02b")
    bench.outcome(1, "unreached")
    bench.ami.leaves("callback-000001-02b")
    bench.pass_s(300)
    assert len(bench.ami.orders) == 2
    assert [wish.number for wish in bench.rows.wishes()] == ["13800138000"]
    assert result(bench.worker.state("13800138000")) == ("missed", "13800138000")
    result(bench.worker.heard("13800138000"))
    assert result(bench.worker.state("13800138000")) == ("none", "")


def test_B1_after_a_restart_of_asterisk_they_wait_again_in_their_order(bench: Bench) -> None:
    """All calls are gone; the kept places are made anew, oldest first, before those who call now."""
    for call, number in (("1.1", "13800138001"), ("1.2", "13800138002"), ("1.3", "13800138003")):
        bench.asks(call, number)
        bench.worker.line_free(call)
        bench.pass_s(2)
    bench.ami.restarts()
    bench.floor.picture = replace(bench.floor.picture, live=False)
    bench.pass_s(60)
    assert len(bench.ami.orders) == 3
    bench.floor.picture = replace(bench.floor.picture, live=True)
    bench.floor.set_queue(standing("service", "9.1", since=bench.now()))
    bench.pass_s(5)
    assert bench.line == ["callback-000001-02b", "callback-000002-02b", "callback-000003-02b", "9.1"]


def test_D1_a_new_process_finds_them_where_they_wait(bench: Bench) -> None:
    """Nothing is called twice; one that was kept and not yet placed is placed."""
    bench.asks("1.1", "13800138001")
    bench.worker.line_free("1.1")
    bench.pass_s(2)
    bench.asks("1.2", "13800138002")
    result(bench.worker.stop())
    bench.worker = bench.make()
    bench.pass_s(40)
    assert bench.line == ["callback-000001-01b", "callback-000002-01b", "1.3"]
    assert len(bench.ami.orders) == 2


def test_B3_an_originate_without_an_answer_is_looked_for_and_not_repeated(bench: Bench) -> None:
    """Unknown whether Asterisk did it: it did, so it is left alone; it did not, so it is done again."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.ami.fault = AmiFault("lost", "the connection ended")
    bench.pass_s(1)
    bench.ami.fault = None
    bench.ami.joins("callback-000001-01b", 1)
    bench.pass_s(40)
    assert not bench.ami.orders
    bench.ami.restarts()
    bench.pass_s(3)
    assert [order["OtherChannelId"] for order in bench.ami.orders] == ["callback-000001-02b"]


def test_an_originate_that_is_refused_is_tried_again(bench: Bench) -> None:
    """After a while; in four hours people see to it."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.ami.fault = AmiFault("refused", "no such thing")
    bench.pass_s(25)
    bench.ami.fault = None
    bench.pass_s(12)
    assert len(bench.ami.orders) == 1


def test_what_cannot_be_done_for_hours_is_for_people(bench: Bench) -> None:
    """A wish, and no more tries."""
    bench.asks("1.1")
    bench.ami.fault = AmiFault("away", "no connection")
    bench.pass_s(60)
    bench.clock.advance(4 * 3_600)
    bench.pass_s(20)
    assert [wish.number for wish in bench.rows.wishes()] == ["13800138000"]


def test_an_end_that_nobody_told_counts_as_unanswered_once_an_agent_had_it(bench: Bench) -> None:
    """The server was away when the dialplan told: after an agent's answer it is a call that reached nobody."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.pass_s(2)
    bench.answered("callback-000001-01b")
    bench.ami.leaves("callback-000001-01b")
    bench.pass_s(20)
    [row] = bench.worker.rows.values()
    assert (row.state, row.unanswered) == ("kept", 1)


def test_C2_without_the_database_nothing_is_lost(bench: Bench) -> None:
    """It rests, and goes on."""
    bench.asks("1.1")
    bench.worker.line_free("1.1")
    bench.rows.fault = LookUpFault("unavailable")
    bench.pass_s(30)
    with pytest.raises(LookUpFault):
        bench.asks("1.2")
    bench.rows.fault = None
    bench.pass_s(15)
    assert bench.line[0] == "callback-000001-01b"


def test_B5_words_about_others_change_nothing(bench: Bench) -> None:
    """An id that is none, a word that is none, one that does not wait: nothing happens."""
    bench.asks("1.1")
    for id, word in ((99, "reached"), (1, "reached"), (1, "REACHED"), (0, "")):
        bench.outcome(id, word)
    [row] = bench.worker.rows.values()
    assert row.state == "kept"
    assert of_virtual("callback-000001-01b;2") == 0 and of_virtual("callback-x-01b") == 0
