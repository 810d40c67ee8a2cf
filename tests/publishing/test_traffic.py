"""What callers do, counted from the journal's notes: once each, by hour, version, flow, node and exit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from crm_bridge.database import Limits, engine_for
from crm_bridge.journal import store
from crm_bridge.traffic import BATCH, Counted, Span, count_notes, counts, forget_old, hours, tally, versions
from crm_bridge.versions import prepare
from ivr_server.publishing.judging import words_of
from ivr_server.publishing.traffic import compared, differs, nodes, wilson
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import GROUND, files

NOW = BEGAN.timestamp() + 10 * 86_400
ALL = Span(BEGAN.timestamp(), NOW)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """An empty database."""
    engine = engine_for(f"sqlite:///{tmp_path / 'ivr.db'}", Limits()).execution_options(write=True)
    with engine.connect() as made:
        prepare(made)
        yield made
    engine.dispose()


def test_what_one_call_adds_up_to() -> None:
    """A visit is an unbroken row of notes at a node; what ended it is its exit."""
    notes = [
        {"flow": "main", "node": "menu", "what": "heard", "prompts": "menu", "share": "100"},
        {"flow": "main", "node": "menu", "what": "silent", "times": "1"},
        {"flow": "main", "node": "menu", "what": "wrong", "keys": "7", "times": "1"},
        {"flow": "main", "node": "menu", "what": "chosen", "key": "1", "prompt": "option_bill"},
        {"flow": "bill", "node": "check", "what": "answered", "look_up": "check_password", "outcome": "wrong"},
        {"flow": "bill", "node": "check", "what": "answered", "look_up": "x", "outcome": "y", "heard": "no"},
        {"flow": "bill", "node": "secret", "what": "went", "to": "human"},
        {"flow": "main", "node": "to_human", "what": "ended", "disposition": "enqueued", "queue": "service"},
    ]
    assert count_notes(notes) == {
        ("main", "menu", "entered", ""): 1,
        ("main", "menu", "silent", ""): 1,
        ("main", "menu", "wrong", ""): 1,
        ("main", "menu", "chosen", ""): 1,
        ("main", "menu", "exit", "1"): 1,
        ("bill", "check", "entered", ""): 1,
        ("bill", "check", "exit", "wrong"): 1,
        ("bill", "secret", "entered", ""): 1,
        ("bill", "secret", "exit", "human"): 1,
        ("bill", "secret", "human", ""): 1,
        ("main", "to_human", "entered", ""): 1,
        ("main", "to_human", "human", ""): 1,
    }


def test_each_call_is_counted_once(connection: Connection) -> None:
    """In batches, again and again, in any order of arrival: the sums are those of the calls."""
    library = words_of(files(), GROUND).library
    calls = [replace(call(library, seed), version="1-abc") for seed in range(700)]
    store(connection, calls[:400])
    assert tally(connection, 0, NOW) == 400
    store(connection, calls)
    assert tally(connection, 0, NOW) == 300 and tally(connection, 0, NOW) == 0 and BATCH == 500
    wanted = sum((count_notes(one.notes) for one in calls), start=count_notes([]))
    found = counts(connection, ALL)
    assert {(row.flow, row.node, row.what, row.exit): row.count for row in found} == wanted
    assert sum(count for _, count in hours(connection, ALL)) == sum(
        count for key, count in wanted.items() if key[2] == "entered"
    )


def test_by_version_flow_and_hour(connection: Connection) -> None:
    """Of one version, of one flow, from an hour on; version 1 is not version 10."""
    library = words_of(files(), GROUND).library
    for seed in range(120):
        tag = ("1-abc", "10-def")[seed % 2]
        store(connection, [replace(call(library, seed), version=tag)])
    tally(connection, 0, NOW)
    assert sorted(versions(connection, ALL)) == ["1-abc", "10-def"]
    one, both = (counts(connection, replace(ALL, version=tag)) for tag in ("1-", ""))
    assert 0 < sum(row.count for row in one) < sum(row.count for row in both)
    assert {row.flow for row in counts(connection, replace(ALL, flow="bill"))} == {"bill"}
    late = (BEGAN + timedelta(hours=1)).timestamp()
    assert len(hours(connection, ALL)) == 2 and len(hours(connection, replace(ALL, since=late))) == 1
    forget_old(connection, NOW + 500 * 86_400)
    assert not counts(connection, ALL)


def test_shares_are_told_with_their_intervals() -> None:
    """Wilson's figures, by hand: 1 of 10 lies between 1.8 % and 40.4 %; none of none says nothing."""
    low, high = wilson(1, 10)
    assert (round(low, 3), round(high, 3)) == (0.018, 0.404)
    assert wilson(0, 0) == (0.0, 1.0) and wilson(0, 20)[0] == 0.0 and wilson(20, 20)[1] == 1.0


def test_two_versions_are_called_different_as_seldom_as_one_may_err() -> None:
    """The same share in both: 95 % of a thousand pairs of samples are not called different; a real change is."""
    draw = random.Random(9)

    def sample(share: float, of: int) -> tuple[int, int]:
        return sum(draw.random() < share for _ in range(of)), of

    mistaken = sum(differs(sample(0.3, 200), sample(0.3, 300)) for _ in range(1_000))
    assert mistaken < 80
    seen = sum(differs(sample(0.3, 400), sample(0.45, 400)) for _ in range(200))
    assert seen > 180 and not differs((1, 3), (3, 3)) and not differs((0, 0), (3, 3))


def test_nodes_and_their_comparison_are_what_the_page_shows() -> None:
    """Each way out of a node in both versions; more errors than visits are no share above one."""
    old = [Counted("main", "menu", "entered", "", 400), Counted("main", "menu", "exit", "1", 100)]
    new = [
        Counted("main", "menu", "entered", "", 400),
        Counted("main", "menu", "exit", "1", 200),
        Counted("main", "menu", "wrong", "", 500),
    ]
    assert nodes(new)["menu"]["exits"] == {"1": 200} and nodes(new)["menu"]["wrong"] == 500
    told = {row["exit"]: row for row in compared(old, new)}
    assert told["1"]["differs"] and told["1"]["a"][:2] == [100, 400] and told["wrong"]["b"][:2] == [400, 400]
