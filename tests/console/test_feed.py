"""The feed: readers get their call's notes, and one that fails harms nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ivr_server.console import feed as feeds
from ivr_server.console.feed import Feed, TooSlow


def test_a_reader_gets_the_notes_of_its_call_until_it_leaves() -> None:
    """No other call's, and none afterwards."""
    feed, got = Feed(), list[Mapping[str, Any]]()
    leave = feed.subscribe("1.1", got.append)
    feed.publish("1.1", {"what": "heard"})
    feed.publish("2.2", {"what": "chosen"})
    leave()
    leave()
    feed.publish("1.1", {"what": "ended"})
    assert got == [{"what": "heard"}]
    assert not feed.watched("1.1")


@pytest.mark.parametrize("fault", [TooSlow("full"), RuntimeError("broken")])
def test_I11_a_reader_that_cannot_take_a_note_is_dropped(fault: Exception) -> None:
    """The others get every note, and the call that tells it never sees the fault."""
    feed, got = Feed(), list[Mapping[str, Any]]()

    def slow(_note: Mapping[str, Any]) -> None:
        raise fault

    feed.subscribe("1.1", slow)
    feed.subscribe("1.1", got.append)
    feed.publish("1.1", {"step": 1})
    feed.publish("1.1", {"step": 2})
    assert [note["step"] for note in got] == [1, 2]
    assert feed.dropped == 1


def test_readers_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many are refused, not kept."""
    monkeypatch.setattr(feeds, "MOST_READERS", 1)
    feed = Feed()
    feed.subscribe("1.1", lambda _note: None)
    with pytest.raises(TooSlow):
        feed.subscribe("1.2", lambda _note: None)
