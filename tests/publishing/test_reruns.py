"""Recorded calls out of a real journal, fed to other flows: groups, reasons, side by side; ten thousand of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Connection, Engine
from twisted.internet import reactor

from crm_bridge.database import Limits, engine_for
from crm_bridge.journal import store
from crm_bridge.versions import prepare
from flows.flow import Library
from ivr_server import library as libraries
from ivr_server.publishing import reruns
from ivr_server.publishing.judging import words_of
from ivr_server.publishing.workbench import Workbench
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import GROUND, MAIN, files

COUNT = 10_000
SPAN = {"since": BEGAN.timestamp(), "until": BEGAN.timestamp() + 1e7, "flow": "", "most": COUNT}
OTHER = MAIN.replace("say: [shop_hours], to: goodbye", "say: [shop_hours], to: to_human").replace(
    "  goodbye: {kind: end, disposition: goodbye}\n", ""
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of our own."""
    made = engine_for(f"sqlite:///{tmp_path / 'ivr.db'}", Limits()).execution_options(write=True)
    with made.connect() as connection:
        prepare(connection)
        connection.commit()
    yield made
    made.dispose()


def kept(engine: Engine, library: Library, count: int) -> Connection:
    """A journal of so many calls."""
    connection = engine.connect()
    store(connection, [call(library, seed) for seed in range(count)])
    connection.commit()
    return connection


def small(**other: str) -> Library:
    """The small line."""
    return words_of({**files(), **other}, GROUND).library


def test_groups_say_how_many_and_why(engine: Engine) -> None:
    """The shop now hands over to a person: who went there ends otherwise, all others go the same way."""
    library = small()
    with kept(engine, library, 900) as connection:
        found = reruns.records(connection, SPAN)
        same = reruns.grouped(library, found)
        other = reruns.grouped(small(**{"flows/main.yaml": OTHER}), found)
    assert same["groups"]["same"]["count"] == 900 == same["of"]
    shop = sum(record.disposition == "goodbye" for record in found)
    assert other["groups"]["ends"]["count"] == shop > 20 and other["groups"]["same"]["count"] == 900 - shop
    told = {group["kind"]: group for group in reruns.in_words(other, "en-US", library)}
    assert told["ends"]["reasons"][0]["words"] == "ends with enqueued service, not goodbye"
    assert sum(reason["count"] for reason in told["ends"]["reasons"]) == shop
    assert told["ends"]["share"] == shop / 900 and len(told["ends"]["examples"]) == 20
    assert reruns.in_words(other, "zh-CN", library)[0]["words"] == "走法相同"


def test_a_call_is_shown_side_by_side(engine: Engine) -> None:
    """What is alike stands beside each other; where they part is marked."""
    library = small()
    record = next(one for seed in range(99) if (one := call(library, seed)).disposition == "goodbye")
    titles = {"option_shop": "For our hours"}
    told = reruns.side_by_side(small(**{"flows/main.yaml": OTHER}), record, "en-US", (titles, titles))
    assert told["kind"] == "ends" and told["words"] == "ends with enqueued service, not goodbye"
    assert [line["words"] for line in told["recorded"] if line["differs"]] == ["ended: goodbye"]
    assert [line["words"] for line in told["rerun"] if line["differs"]] == ["to the queue service"]
    assert any("For our hours" in line["words"] and not line["differs"] for line in told["rerun"])


def test_only_finished_calls_of_the_span_and_the_flow_are_taken(engine: Engine) -> None:
    """From the first instant on, up to the last one, oldest first, no more than asked for."""
    with kept(engine, small(), 30) as connection:
        some = {**SPAN, "since": BEGAN.timestamp() + 600, "until": BEGAN.timestamp() + 1_200}
        assert [record.call for record in reruns.records(connection, some)] == [str(n) for n in range(10, 20)]
        assert len(reruns.records(connection, {**SPAN, "most": 7})) == 7
        assert not reruns.records(connection, {**SPAN, "flow": "waiting"})


def test_ten_thousand_calls_of_the_shipped_flows_go_their_own_way_again(engine: Engine) -> None:
    """In a minute of the processor at most, twice with the same outcome, byte for byte."""
    library = libraries.load_library(libraries.Sources())
    with kept(engine, library, COUNT) as connection:
        began = time.process_time()
        first = reruns.grouped(library, reruns.records(connection, SPAN))
        cost = time.process_time() - began
        again = reruns.grouped(library, reruns.records(connection, SPAN))
    assert first["groups"]["same"]["count"] == COUNT
    assert json.dumps(first, sort_keys=True) == json.dumps(again, sort_keys=True)
    assert cost < 60, f"{cost:.1f} s of the processor"


@pytest_twisted.ensureDeferred
async def test_the_child_does_it_beside_the_service(engine: Engine, tmp_path: Path) -> None:
    """It reads the journal itself, tells how far it is, and gives the same as it would give here."""
    library, steps = small(), []
    with kept(engine, library, 1_200) as connection:
        here = reruns.grouped(library, reruns.records(connection, SPAN))
    task: dict[str, Any] = {**SPAN, "do": "rerun", "url": f"sqlite:///{tmp_path / 'ivr.db'}", "files": files()}
    ground = {"queues": sorted(GROUND.queues), "numbers": {}, "currency": "CNY"}
    found = await Workbench(reactor, GROUND).do({**task, "ground": ground}, steps.append)
    assert found == json.loads(json.dumps(here)) and [step[1] for step in steps] == [500, 1_000]
