"""The stream of fax jobs: each change told once, little kept for who does not read, gone with the session."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.server import NOT_DONE_YET

from crm_bridge.answers import LookUpFault
from ivr_server.console import fax_stream
from ivr_server.console.drawing import read_all
from ivr_server.console.fax_stream import FaxStream, Watch
from ivr_server.console.feed import TooSlow
from ivr_server.console.parts import Parts
from ivr_server.console.streaming import BEAT_S, MOST_KEPT, PATIENCE_S
from ivr_server.console.visit import Visit
from tests.doubles.faxes import PaperFaxes

NOTHING: Any = None


@dataclass
class Sessions:
    """A staff whose one session holds until it does not."""

    holds: bool = True
    away: bool = False

    async def still(self, _token: str) -> bool:
        """Whether it holds."""
        if self.away:
            raise LookUpFault("unavailable", "gone")
        return self.holds


@dataclass
class Wire:
    """A request, and the connection under it."""

    sent: list[bytes] = field(default_factory=list)
    over: Deferred[None] = field(default_factory=Deferred)
    producer: Any = None
    ended: str = ""

    @property
    def transport(self) -> Wire:
        """The connection."""
        return self

    def write(self, text: bytes) -> None:
        """To the browser."""
        self.sent.append(text)

    def notifyFinish(self) -> Deferred[None]:
        """When it is over."""
        return self.over

    def registerProducer(self, producer: Any, _streaming: bool) -> None:
        """Who is told that the buffer is full."""
        self.producer = producer

    def unregisterProducer(self) -> None:
        """Nobody."""
        self.producer = None

    def finish(self) -> None:
        """Ended by us in good order."""
        self._end("finished")

    def abortConnection(self) -> None:
        """Cut off."""
        self._end("aborted")

    def _end(self, how: str) -> None:
        self.ended = how
        self.over.callback(None)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """What was sent, as a browser reads it: name and number of the job, or name and all of it."""
        told = [re.fullmatch(r"event: (\w+)\ndata: (.*)\n\n", text.decode()) for text in self.sent]
        read = [(one[1], json.loads(one[2])) for one in told if one]
        return [(name, told.get("id", told) if isinstance(told, dict) else told) for name, told in read]


class Desk:
    """A watch on jobs in memory, on a clock that we turn."""

    def __init__(self) -> None:
        self.clock, self.faxes, self.staff = Clock(), PaperFaxes(), Sessions()
        self.watch = Watch(self.clock, self.faxes)
        self.parts = Parts(
            reactor=self.clock,
            staff=self.staff,  # type: ignore[arg-type]
            calls=NOTHING,
            feed=NOTHING,
            faxes=self.faxes,
            health=NOTHING,
            registry=NOTHING,
        )

    def open(self, wanted: Any = lambda _fax: True) -> Wire:
        """Another browser."""
        wire = Wire()
        visit = Visit(self.parts, wire, read_all()["en-US"], None, "token")
        assert FaxStream(self.watch, visit, wanted).render_GET(wire) == NOT_DONE_YET
        return wire

    def look(self, times: int = 1) -> None:
        """The next looks at the table."""
        for _ in range(times):
            self.clock.advance(fax_stream.LOOK_S)


def test_a_page_fetches_the_list_first_and_then_hears_of_changes_once() -> None:
    """Resync after the first look; a new job, a job that moves and one that is gone are told, nothing else is."""
    desk = Desk()
    desk.faxes.put(1)
    wire = desk.open()
    assert wire.sent[0] == b"retry: 2000\n\n"
    assert wire.events == [("counts", {"waiting": 1}), ("resync", {})]
    desk.look(3)
    assert len(wire.sent) == 3
    desk.faxes.put(2, state="dialling")
    desk.look(2)
    assert wire.events[2:] == [("row", 2), ("counts", {"waiting": 1, "dialling": 1})]
    desk.faxes.put(1, worker="w", fence=3, leased_until=9.0, heard=True)  # no page shows that
    desk.look()
    assert len(wire.events) == 4
    desk.faxes.put(2, state="sending", pages=2)
    del desk.faxes.rows[1]
    desk.look()
    assert wire.events[4:] == [("gone", 1), ("row", 2), ("counts", {"sending": 1})]


def test_the_first_job_of_all_is_told() -> None:
    """A table that was empty when the page came is no table that was not looked at."""
    desk = Desk()
    wire = desk.open()
    desk.look()
    desk.faxes.put(1)
    desk.look()
    assert ("row", 1) in wire.events


def test_a_row_is_drawn_as_the_page_draws_it_and_hostile_words_are_text() -> None:
    """One piece of HTML that holds the state, the bar in words, and no script."""
    desk = Desk()
    wire = desk.open()
    desk.faxes.put(7, state="failed", cause="<script>x</script>", pages=3, delivered=2, number="<b>\u202e")
    desk.look()
    text = next(text for text in wire.sent if b"event: row" in text).decode()
    html = json.loads(text.partition("data: ")[2])["html"]
    assert html.startswith('<tr role="row" id="fax-7" data-state="failed">')
    assert html.endswith("</tr>")
    assert "2 of 3 pages confirmed by the receiver" in html
    assert "<script" not in html and "<b>" not in html and "\u202e" not in html
    assert "&lt;script&gt;" in html


def test_a_job_that_does_not_fit_the_filter_leaves_the_page() -> None:
    """A page of waiting jobs hears that one does not wait any more."""
    desk = Desk()
    desk.faxes.put(1)
    wire = desk.open(lambda fax: fax.row.state == "waiting")
    desk.faxes.put(1, state="dialling")
    desk.look()
    assert ("gone", 1) in wire.events
    assert "row" not in dict(wire.events)


def test_I11_a_browser_that_does_not_read_is_kept_the_newest_only_and_then_resynced() -> None:
    """Thousands of changes cost one event a job; more jobs than the cap cost one resync."""
    desk = Desk()
    desk.faxes.put(1)
    wire = desk.open()
    before = len(wire.sent)
    wire.producer.pauseProducing()
    for delivered in range(40):
        desk.faxes.put(1, state="sending", pages=99, delivered=delivered)
        desk.look()
    assert len(wire.sent) == before
    wire.producer.resumeProducing()
    assert sorted(name for name, _ in wire.events[2:]) == ["counts", "row"]
    assert b"39 of 99" in b"".join(wire.sent)
    wire.producer.pauseProducing()
    for id in range(2, MOST_KEPT + 10):
        desk.faxes.put(id)
    desk.look()
    assert len(wire.producer._kept) <= MOST_KEPT
    wire.producer.resumeProducing()
    assert "resync" in [name for name, _ in wire.events[4:]]
    assert len(wire.events) < 20


def test_I11_a_browser_that_takes_nothing_for_a_minute_is_cut_off() -> None:
    """And the others go on."""
    desk = Desk()
    frozen, lively = desk.open(), desk.open()
    frozen.producer.pauseProducing()
    desk.clock.pump([fax_stream.LOOK_S] * int(PATIENCE_S + 2 * BEAT_S))
    assert (frozen.ended, lively.ended) == ("aborted", "")
    desk.faxes.put(1)
    desk.look()
    assert ("row", 1) in lively.events


def test_a_sign_of_life_every_fifteen_seconds() -> None:
    """So that no proxy ends a quiet stream."""
    desk = Desk()
    wire = desk.open()
    desk.clock.pump([1.0] * 60)
    assert wire.sent.count(b": \n\n") == 4


def test_I3_the_stream_ends_with_the_session() -> None:
    """Signed out, another role, too old: nothing is told any more. A database that is away ends nobody's."""
    desk = Desk()
    wire = desk.open()
    desk.staff.away = True
    desk.clock.advance(BEAT_S)
    assert wire.ended == ""
    desk.staff.away, desk.staff.holds = False, False
    desk.clock.advance(BEAT_S)
    assert (wire.ended, wire.events[-1]) == ("finished", ("bye", {}))
    desk.faxes.put(1)
    desk.look()
    assert ("row", 1) not in wire.events


def test_nobody_looks_when_nobody_watches() -> None:
    """The database is asked once a second while a page is open, and not at all afterwards."""
    desk = Desk()
    assert not desk.clock.getDelayedCalls()
    first, second = desk.open(), desk.open()
    desk.look(5)
    assert desk.faxes.looks == 6
    for wire in (first, second):
        wire.over.callback(None)
    desk.look(5)
    assert desk.faxes.looks == 6
    assert not desk.clock.getDelayedCalls()


def test_a_database_that_was_away_is_told_and_then_the_list_is_fetched() -> None:
    """What changed meanwhile is in the list."""
    desk = Desk()
    wire = desk.open()
    desk.faxes.away = True
    desk.look()
    assert wire.events[-1] == ("away", {})
    desk.faxes.away = False
    desk.look(2)
    assert [name for name, _ in wire.events[-1:]] == ["resync"]


def test_readers_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused, not kept."""
    monkeypatch.setattr(fax_stream, "MOST_READERS", 1)
    desk = Desk()
    desk.open()
    assert not desk.watch.has_room()
    with pytest.raises(TooSlow):
        desk.open()
