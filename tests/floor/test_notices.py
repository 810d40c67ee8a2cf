"""The picture as a function of notices: recorded from the real Asterisk, then shuffled, doubled and thinned (B4)."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_bridge.queue_events import QueueEvent, kind
from ivr_server.ami.wire import Message
from ivr_server.floor.callers import withdrawing
from ivr_server.floor.happenings import Happening
from ivr_server.floor.notices import STEPS, after
from ivr_server.floor.picture import Picture
from ivr_server.floor.queue_log import compare, events
from ivr_server.floor.record import kept
from ivr_server.floor.resync import listed_channels, listed_queues
from tests.floor.stage import RECORDED, recorded, replay

LOG = recorded("afternoon")
END = 2_000_000_000.0
BEGAN = withdrawing(Picture(), "caller-0005-in", 1_795_634_077.5)  # we asked it out


def told_of(happened: list[Happening], call: str) -> list[tuple[str, str, str]]:
    """What happened to a call: kind, agent, detail."""
    return [(one.what, one.agent, one.detail) for one in happened if one.call == call]


def test_a_recorded_afternoon_is_told_as_it_was() -> None:
    """Answered, missed, given up, out of time, withdrawn; transfers blind, after asking, called off, from three.

    The scenes are those of tests/floor/recorded/README.md, in its order.
    """
    picture, told = replay(BEGAN, LOG)
    one, two = "agent 2001", "agent 2002"
    answered, rings = ("answered", one, ""), ("ringing", one, "")
    ends = ("ended", one, "agent")
    assert told_of(told, "caller-0001-in") == [("joined", "", ""), rings, answered, ends]
    asked = [("ringing", two, "consult"), ("answered", two, "consult")]
    assert told_of(told, "caller-0002-in") == [
        ("joined", "", ""), ("ringing", two, ""), ("missed", two, "no_answer"), rings, answered, ends,
    ]  # fmt: skip
    assert [what for what, *_ in told_of(told, "caller-0004-in")] == ["joined", "ringing", "missed", "timed_out"]
    assert [what for what, *_ in told_of(told, "caller-0005-in")] == ["joined", "withdrawn", "joined", "abandoned"]
    assert told_of(told, "caller-0007-in")[1:] == [rings, ("abandoned", "", ""), ("stopped", one, "")]
    after_asking = [("transferred", one, "2002"), ("answered", two, ""), ("ended", two, "caller")]
    assert told_of(told, "caller-0008-in")[2:] == [answered, *asked, *after_asking]
    called_off = [*asked, ("returned", one, ""), ("ended", two, "consult")]
    assert told_of(told, "caller-0009-in")[2:] == [answered, *called_off, *asked, *after_asking]
    there, back = ("transferred", one, "2002"), ("transferred", two, "2001")
    assert told_of(told, "caller-0010-in")[2:] == [
        answered, there, ("ringing", two, ""), ("answered", two, ""), back, rings, answered, ("ended", one, "caller"),
    ]  # fmt: skip
    assert not (picture.talks or picture.rings or picture.known.unsettled or picture.queue("hall").waiting)


def test_the_record_of_it_agrees_with_asterisks_own() -> None:
    """Every event of the queue_log of that afternoon has its row, and there is none without."""
    _, told = replay(BEGAN, LOG)
    ours = [event for one in told if (event := kept(one)) is not None]
    theirs = events((RECORDED / "afternoon.queue_log").read_text().splitlines())
    compared = compare(ours, theirs)
    assert compared.agree, (compared.only_ours, compared.only_theirs)


def truth(picture: Picture) -> Picture:
    """What Asterisk lists at the end of that afternoon: nobody waits or talks, two members."""
    members = {one.interface: one for one in LOG_END.queue("hall").members}
    items = [Message("notice", "QueueParams", (("Queue", "hall"),))]
    for one in members.values():
        fields = (("Queue", "hall"), ("Name", one.name), ("Location", one.interface), ("Status", "1"))
        more = (("Paused", str(int(one.paused))), ("PausedReason", one.reason), ("Penalty", str(one.penalty)))
        counts = (("CallsTaken", str(one.calls)), ("LastCall", str(int(one.last_call))))
        items.append(Message("notice", "QueueMember", (*fields, *more, *counts)))
    picture, _ = listed_queues(picture, items, END)
    picture, _ = listed_channels(picture, [], END)
    return picture


LOG_END, LOG_TOLD = replay(BEGAN, LOG)


def mangled(seed: int, doubled: float, lost: float, window: int) -> list[Message]:
    """The log with notices twice, lost, and out of order within a window."""
    chance = random.Random(seed)
    places = [
        (index + chance.uniform(0, window), notice)
        for index, notice in enumerate(LOG)
        for _ in range(1 + (chance.random() < doubled))
        if chance.random() >= lost
    ]
    return [notice for _, notice in sorted(places, key=lambda one: one[0])]


@given(st.integers(0, 2**32), st.sampled_from((0.0, 0.2, 1.0)), st.sampled_from((0.0, 0.1, 0.5)), st.integers(0, 12))
@settings(max_examples=120, deadline=None)
def test_B4_whatever_is_doubled_lost_and_shuffled_a_resync_makes_it_right(
    seed: int, doubled: float, lost: float, window: int
) -> None:
    """After the resync the picture is the truth; on the way no attempt at an agent is counted twice or undone."""
    picture, told = replay(BEGAN, mangled(seed, doubled, lost, window))
    assert truth(picture) == replace(LOG_END, at=END)
    counted = Counter((one.leg, kind(row)) for one in told if one.leg and (row := kept(one)))
    assert max(counted.values(), default=0) <= 1
    assert not [leg for leg, what in counted if what == "ended" and (leg, "missed") in counted]


@given(st.integers(0, 2**32), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_B4_doubled_and_late_by_a_little_nothing_of_weight_is_told_differently(seed: int, window: int) -> None:
    """With Asterisk's own stamps: who answered whom, who was missed, how each talk ended: the same, once each."""
    _, told = replay(BEGAN, mangled(seed, 1.0, 0.0, window))
    weight = lambda happened: sorted(  # noqa: E731
        (one.what, one.call, one.leg)
        for one in happened
        if one.what in ("answered", "missed", "joined") and not one.detail
    )
    assert weight(told) == weight(LOG_TOLD) or window > 1


def test_B4_the_whole_log_twice_changes_nothing() -> None:
    """Replayed at its own end: every notice is old, and nothing happens."""
    picture, told = replay(LOG_END, LOG)
    assert picture == LOG_END and not [one for one in told if one.what != "member"]


WHO = ("Uniqueid", "DestUniqueid", "Queue", "Interface", "Channel", "DestChannel", "Linkedid", "MemberName")
HOW = ("Position", "HoldTime", "Status", "Timestamp", "Paused", "TalkTime", "RingTime", "BridgeUniqueid", "Reason")
ODD = ("1.1", "hall", "PJSIP/1-2", "9" * 400, "-1", "nan", "inf", "1e999", "a\r\nb")


@given(
    st.sampled_from(sorted(STEPS)),
    st.dictionaries(st.sampled_from((*WHO, *HOW, "Result")), st.text(max_size=100) | st.sampled_from(ODD)),
)
@settings(max_examples=300, deadline=None)
def test_B5_no_notice_makes_it_fail(name: str, fields: dict[str, str]) -> None:
    """Any text in any field of any notice: a picture comes out, its words short and without control characters."""
    picture, told = after(LOG_END, Message("notice", name, tuple(fields.items())), 1_800_000_000.0)
    words = [word for one in told for word in (one.call, one.agent, one.number, one.queue, one.interface)]
    assert all(len(word) <= 80 and not set(word) & {"\r", "\n", "\0", "\x1b", "\u202e"} for word in words)
    assert all(0 <= one.seconds < 1e13 for one in told) and isinstance(picture, Picture)


@pytest.mark.parametrize("what", ["ringing", "stopped", "member", "resync"])
def test_what_is_only_shown_leaves_no_row(what: str) -> None:
    """Ringing, members and resyncs are no statistic; nor is an agent who is only asked."""
    assert kept(Happening(what=what, at=1.0, call="1.1")) is None  # type: ignore[arg-type]
    assert kept(Happening(what="answered", at=1.0, call="1.1", detail="consult")) is None
    assert isinstance(kept(Happening(what="answered", at=1.0, call="1.1")), QueueEvent)
