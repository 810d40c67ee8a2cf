"""A desk's stream to a browser that does not read: little is kept, and then the whole picture is told anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.web.server import NOT_DONE_YET

from ivr_server.agents.asked import Sitting
from ivr_server.console.desk_stream import DeskStream
from ivr_server.console.drawing import read_all
from ivr_server.console.parts import Parts
from ivr_server.console.streaming import BEAT_S, MOST_KEPT, PATIENCE_S
from ivr_server.console.visit import Visit
from tests.console.test_fax_stream import Sessions, Wire
from tests.doubles.agents import Office, by, demonstration, done

NOTHING: Any = None
LI = by("li")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """The room on a clock."""
    return Office(demonstration(tmp_path))


def open_page(office: Office, staff: Any = None) -> Wire:
    """A browser at the stream."""
    parts = Parts(
        reactor=office.clock,
        staff=staff or Sessions(),
        calls=NOTHING,
        feed=NOTHING,
        faxes=NOTHING,
        health=NOTHING,
        registry=NOTHING,
        agents=office.room,
    )
    wire = Wire()
    visit = Visit(parts, wire, read_all()["zh-CN"], None, "token")
    assert DeskStream(visit, office.room, LI, "tab-1").render_GET(wire) == NOT_DONE_YET
    return wire


def names(wire: Wire) -> list[str]:
    """What was told, in order."""
    return [name for name, _ in wire.events]


def test_I11_of_many_changes_the_newest_is_kept(office: Office) -> None:
    """An hour of bars and states costs one of each."""
    wire = open_page(office)
    assert names(wire) == ["resync", "me", "bar"]
    done(office.room.sit(LI, Sitting("browser", tab="tab-1")))
    before = len(wire.events)
    wire.producer.pauseProducing()
    for number in range(40):
        office.wait("billing", f"c-{number}")
        done(office.room.turn(LI, "busy" if number % 2 else "ready", "meal"))
        office.clock.advance(1)
        office.room.beat(LI, "tab-1")
    assert len(wire.events) == before and len(wire.producer._kept) <= 3
    wire.producer.resumeProducing()
    told = dict(wire.events[before:])
    assert sorted(told) == ["bar", "me"]
    assert told["me"]["state"] == "busy"
    assert next(one for one in told["bar"]["queues"] if one["name"] == "billing")["waiting"] == 40


def test_I11_beyond_the_cap_the_whole_picture_is_told_anew(office: Office) -> None:
    """Resync, and then who I am, the bar, what rings and all that belongs to it."""
    wire = open_page(office)
    done(office.room.sit(LI, Sitting("browser", tab="tab-1")))
    wire.producer.pauseProducing()
    office.ring("PJSIP/1001", office.call())
    for number in range(MOST_KEPT + 5):
        wire.producer.tell(f"odd {number}", "talk", {"call": f"c-{number}"})
    before = len(wire.events)
    wire.producer.resumeProducing()
    assert names(wire)[before : before + 4] == ["resync", "me", "bar", "ringing"]
    assert names(wire)[-1] in ("call", "talk") and "call" in names(wire)[before:]
    assert len(wire.events) - before < 20


def test_I11_a_browser_that_takes_nothing_is_cut_off_and_told_no_more(office: Office) -> None:
    """And the room forgets its page."""
    wire = open_page(office)
    wire.producer.pauseProducing()
    office.clock.pump([1.0] * int(PATIENCE_S + 2 * BEAT_S))
    assert wire.ended == "aborted"
    assert office.room.pages.of("li") == ()


def test_I3_the_stream_ends_with_the_session(office: Office) -> None:
    """With a word, so that the page does not come back."""
    sessions = Sessions()
    wire = open_page(office, sessions)
    sessions.holds = False
    office.clock.advance(BEAT_S)
    assert (wire.ended, names(wire)[-1]) == ("finished", "bye")
    assert office.room.pages.of("li") == ()
