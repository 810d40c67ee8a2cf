"""Call-backs that keep a place, on both databases: one contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from crm_bridge import call_backs
from crm_bridge.call_backs import CallBackRow, NewCallBack
from crm_bridge.database import Limits, engine_for
from crm_bridge.versions import prepare
from crm_bridge.wishes import newest_wishes

NOW = 1_795_406_400.0


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty store."""
    made = engine_for(url, Limits(wait_ms=20_000)).execution_options(write=True)
    with made.begin() as connection:
        prepare(connection)
    yield made
    made.dispose()


def do(engine: Engine, function: Any, *arguments: Any) -> Any:
    """One transaction."""
    with engine.begin() as connection:
        return function(connection, *arguments)


def wish(number: str = "13800138000", **more: Any) -> NewCallBack:
    """A wish of a caller who was third."""
    known: dict[str, Any] = {"queue": "service", "place": 3, "language": "zh-CN", "call": "17.1", "trail": "17.1"}
    return NewCallBack(number=number, **{**known, "business": "fault", "identity": "none", "asked": NOW, **more})


def only(engine: Engine) -> CallBackRow:
    """The one open one."""
    [row] = do(engine, call_backs.open_ones)
    return row  # type: ignore[no-any-return]


def test_the_same_wish_twice_is_one(engine: Engine) -> None:
    """While it is open: the place it has stays. For another queue, or after its end, it is another."""
    first = do(engine, call_backs.put, wish())
    assert do(engine, call_backs.put, wish(place=9, asked=NOW + 5)) == first
    assert do(engine, call_backs.put, wish(queue="billing")).id != first.id
    assert do(engine, call_backs.reached, first, NOW + 9)
    assert do(engine, call_backs.put, wish(asked=NOW + 10)).id != first.id


def test_they_are_served_in_the_order_of_their_wishes(engine: Engine) -> None:
    """By the time of asking, whatever the order of rows."""
    for number, asked in (("3", NOW + 3), ("1", NOW + 1), ("2", NOW + 2)):
        do(engine, call_backs.put, wish(f"1380013800{number}", asked=asked))
    assert [row.number[-1] for row in do(engine, call_backs.open_ones)] == ["1", "2", "3"]


def test_the_intent_is_written_once(engine: Engine) -> None:
    """D10: of two servers that would place it, one is too late."""
    row = do(engine, call_backs.put, wish())
    assert do(engine, call_backs.place, row, NOW + 1)
    assert not do(engine, call_backs.place, row, NOW + 1)
    placed = only(engine)
    assert (placed.state, placed.tries, placed.changed) == ("placed", 1, NOW + 1)
    assert do(engine, call_backs.keep_again, placed, NOW + 2)
    assert not do(engine, call_backs.keep_again, placed, NOW + 2)


def test_two_calls_without_an_answer_become_a_wish_for_people(engine: Engine) -> None:
    """Once more at the head of the line, then people see it, once; its next call is told so, once, for a day."""
    do(engine, call_backs.put, wish())
    assert do(engine, call_backs.state_of, "13800138000", NOW) == ("waiting", "13800138000")
    do(engine, call_backs.place, only(engine), NOW + 1)
    assert do(engine, call_backs.unanswered, only(engine), NOW + 2)
    again = only(engine)
    assert (again.state, again.place, again.unanswered) == ("kept", 1, 1)
    do(engine, call_backs.place, again, NOW + 3)
    last = only(engine)
    assert do(engine, call_backs.unanswered, last, NOW + 4)
    assert not do(engine, call_backs.unanswered, last, NOW + 4)
    assert do(engine, call_backs.open_ones) == []
    [seen] = do(engine, newest_wishes, 10)
    assert (seen.what, seen.number, seen.queue, seen.call) == ("call_back", "13800138000", "service", "17.1")
    assert do(engine, call_backs.state_of, "13800138000", NOW + 5) == ("missed", "13800138000")
    assert do(engine, call_backs.state_of, "13800138000", NOW + 90_000) == ("none", "")
    do(engine, call_backs.heard, "13800138000")
    assert do(engine, call_backs.state_of, "13800138000", NOW + 5) == ("none", "")


def test_what_could_not_be_done_is_for_people_and_told_to_nobody(engine: Engine) -> None:
    """We did not call, so we do not say that we did."""
    row = do(engine, call_backs.put, wish())
    assert do(engine, call_backs.give_up, row, NOW + 1)
    assert len(do(engine, newest_wishes, 10)) == 1
    assert do(engine, call_backs.state_of, "13800138000", NOW + 2) == ("none", "")


def test_a_number_without_any_has_none(engine: Engine) -> None:
    """Nor has one whose call-back was done."""
    row = do(engine, call_backs.put, wish())
    do(engine, call_backs.reached, row, NOW + 1)
    assert do(engine, call_backs.state_of, "13800138000", NOW) == ("none", "")
    assert do(engine, call_backs.state_of, "1", NOW) == ("none", "")
    assert not do(engine, call_backs.place, replace(row, id=99), NOW)
