"""The queue of notices in a flood: bounded, in order, never long at a time."""

from __future__ import annotations

import time
from collections import Counter

from twisted.internet.task import Clock

from ivr_server.ami import notices
from ivr_server.ami.notices import Notices
from ivr_server.ami.protocol import Connection, Pace
from ivr_server.ami.wire import Message
from tests.ami.stage import Stage


def queue(clock: Clock) -> tuple[Notices, Counter[str]]:
    """A queue that tells, and its counts."""
    counts: Counter[str] = Counter()
    made = Notices(clock, counts)
    made.release()
    return made, counts


def one_turn(clock: Clock) -> None:
    """What a reactor does in one turn: the calls that are due now, not those they add."""
    for call in clock.getDelayedCalls():
        function, arguments = call.func, call.args
        call.cancel()
        function(*arguments)


def numbered(name: str, number: int) -> Message:
    """A notice with a number in it."""
    return Message("notice", name, (("Number", str(number)),))


def test_notices_are_told_in_order_to_all_who_listen_and_to_nobody_else() -> None:
    """Two listeners of one name, one that stopped; a name that nobody listens to is not kept."""
    clock = Clock()
    row, _ = queue(clock)
    heard: list[str] = []
    row.listen("A", lambda notice: heard.append("first " + notice.get("Number")))
    end = row.listen("A", lambda notice: heard.append("second " + notice.get("Number")), critical=True)
    row.put(numbered("A", 1))
    row.put(numbered("B", 2))
    clock.advance(0)
    end()
    end()
    row.put(numbered("A", 3))
    clock.advance(0)
    assert heard == ["first 1", "second 1", "first 3"]
    assert row.wanted == {b"A"}


def test_B7_the_oldest_that_is_not_critical_goes_first_and_is_counted() -> None:
    """3,000 in one turn, every tenth critical: all critical ones come, the newest of the others, in their order."""
    clock = Clock()
    row, counts = queue(clock)
    heard: list[tuple[str, int]] = []
    for name in ("Hangup", "Newexten"):
        row.listen(name, lambda notice: heard.append((notice.name, int(notice.get("Number")))), name == "Hangup")
    for number in range(3_000):
        assert row.put(numbered("Newexten" if number % 10 else "Hangup", number))
    while clock.getDelayedCalls():
        clock.advance(0)
    assert counts["notices_dropped"] == 1_000 and len(heard) == notices.LIMIT
    assert [number for name, number in heard if name == "Hangup"] == list(range(0, 3_000, 10))
    assert [number for _, number in heard] == sorted(number for _, number in heard)
    assert heard[-1] == ("Newexten", 2_999)


def test_B7_full_of_critical_ones_the_connection_is_ended_and_the_picture_asked_for_anew() -> None:
    """Nothing critical is dropped in silence: the resync after the reconnect makes it good."""
    stage = Stage()
    resyncs = []

    async def resync() -> None:
        resyncs.append(1)

    stage.ami.on_up(resync)
    stage.ami.listen("Hangup", lambda notice: None, critical=True)
    stage.live()
    flood = b"Event: Hangup\r\nCause: 16\r\n\r\n" * (notices.LIMIT + 5)
    stage.manager.raw(flood)
    stage.go(0.01)
    assert stage.ami.condition().trouble == "lost_touch"
    stage.go(4)
    assert stage.ami.connected and len(resyncs) == 2


def test_B7_a_slow_listener_gets_few_at_a_time_and_one_that_fails_harms_nobody() -> None:
    """50 notices or 5 ms in one turn of the reactor, whichever ends first; an exception is logged and counted."""
    clock = Clock()
    row, counts = queue(clock)
    heard: list[str] = []

    def slow(notice: Message) -> None:
        heard.append(notice.name)
        if notice.name == "Slow":
            clock.rightNow += 0.002

    def failing(notice: Message) -> None:
        raise KeyError(notice.name)

    for name in ("Quick", "Slow"):
        row.listen(name, failing)
        row.listen(name, slow)
    for number in range(100):
        row.put(numbered("Quick", number))
    one_turn(clock)
    assert len(heard) == notices.SLICE
    one_turn(clock)
    heard.clear()
    for number in range(100):
        row.put(numbered("Slow", number))
    one_turn(clock)
    assert len(heard) == 3
    assert counts["listener_failed"] == 103


def test_B7_a_read_of_64_kib_is_parsed_in_a_few_milliseconds() -> None:
    """The most that the reactor reads at once, of notices that nobody wants and of ones that somebody does.

    At 7,500 notices a second that is 25 such reads; each must be short enough for the calls beside it.
    """
    notice = (
        b"Event: %s\r\nPrivilege: call,all\r\n" + b"".join(b"Key%d: value %d\r\n" % (n, n) for n in range(14)) + b"\r\n"
    )
    for name, most_s in ((b"Newexten", 0.02), (b"Hangup", 0.05)):
        connection = Connection(Clock(), Pace(), Counter())
        connection.dataReceived(b"Asterisk Call Manager/11.0.0\r\n")
        connection.reader.wanted = {b"Hangup"}
        heard: list[Message] = []
        connection.on_notice = heard.append
        chunk = (notice % name * 400)[: 64 * 1024]
        took = []
        for _ in range(20):
            began = time.perf_counter()
            connection.dataReceived(chunk)
            took.append(time.perf_counter() - began)
        assert sorted(took)[10] < most_s
        assert bool(heard) == (name == b"Hangup")
