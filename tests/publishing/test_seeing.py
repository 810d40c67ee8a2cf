"""What callers do, seen: where they are, hour by hour, and which calls took a way, as it was counted."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest
import pytest_twisted

from crm_bridge import passed
from crm_bridge.journal import store
from crm_bridge.passed import Way
from crm_bridge.traffic import Span, counts
from flows.session import Frame, Session
from ivr_server.publishing.asked import Refusal, TrafficQuestion, WayQuestion
from ivr_server.publishing.recorded import Recorded
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import prompts
from tests.publishing.stage import ANN, Place
from tests.publishing.test_room import kept

ALL = (BEGAN.timestamp(), BEGAN.timestamp() + 86_400)


@pytest_twisted.ensureDeferred
async def test_the_calls_of_a_way_are_as_many_as_were_counted(place: Place) -> None:
    """Each word and each exit of each node, page by page, newest first, none twice and none left out."""
    await kept(place, 120)
    database = place.room.database
    rows = await database.run(counts, Span(*ALL))
    with mock.patch.multiple(passed, MOST=7, STRIDE=50):
        for row in rows:
            found, before = [], None
            while True:
                asked = WayQuestion(row.flow, row.node, *ALL, 1, row.what, row.exit)
                page = await place.room.seen.calls(asked, before)
                found += page.records
                before = page.before
                if before is None:
                    break
            key = (row.flow, row.node, row.what, row.exit)
            assert sum(passed.count_notes(one.notes)[key] for one in found) == row.count, key
            assert len({one.call for one in found}) == len(found)
            assert [one.started for one in found] == sorted((one.started for one in found), reverse=True)


@pytest_twisted.ensureDeferred
async def test_calls_of_one_moment_are_all_found_and_of_another_version_or_span_none(place: Place) -> None:
    """The end of a page is a call, not a moment; and a question has an end, from which it goes on."""
    made = [replace(call(place.switch.live.library, seed), started=BEGAN) for seed in range(40)]
    await place.room.database.run(store, made, write=True)
    way = Way("main", "welcome")
    with mock.patch.multiple(passed, MOST=6, STRIDE=9):
        found, before = [], None
        while True:
            page = await place.room.database.run(passed.passed, Span(*ALL), way, before)
            found += [one.call for one in page.records]
            if (before := page.before) is None:
                break
        assert sorted(found) == sorted(one.call for one in made if "welcome" in str(one.notes))
    with mock.patch.multiple(passed, STRIDE=3, MOST_STRIDES=2):
        page = await place.room.database.run(passed.passed, Span(*ALL), Way("main", "nowhere"), None)
        assert not page.records and page.before is not None
    for asked in (WayQuestion("main", "welcome", *ALL, 2), WayQuestion("main", "welcome", 0, ALL[0] - 1)):
        assert await place.room.seen.calls(asked) == passed.Passed((), None)


@pytest_twisted.ensureDeferred
async def test_hour_by_hour_and_version_by_version(place: Place) -> None:
    """The hours of one version add up to its counts; the versions are all told."""
    older = [replace(call(place.switch.live.library, seed), call=f"old{seed}", version="0123abcd") for seed in range(9)]
    await place.room.database.run(store, older, write=True)
    await kept(place, 200)
    told = await place.room.seen.course(WayQuestion("main", "menu", *ALL, 1))
    nodes = (await place.room.traffic(ANN, TrafficQuestion("main", 1, since=ALL[0], until=ALL[1])))["nodes"]
    summed = dict(told["versions"])
    assert set(summed) == {0, 1}
    for what in ("entered", "chosen", "wrong", "silent", "left", "human"):
        assert sum(each[what] for _, each in told["hours"]) == summed[1][what] == nodes["menu"][what]
    assert [hour for hour, _ in told["hours"]] == [BEGAN.timestamp() + 3_600 * n for n in range(4)]
    assert summed[1]["entered"] > summed[0]["entered"] > 0
    both = await place.room.seen.course(WayQuestion("main", "menu", *ALL))
    assert sum(each["entered"] for _, each in both["hours"]) == sum(each["entered"] for each in summed.values())
    entered = await place.room.seen.entered(*ALL, 1)
    assert entered["main/menu"] == summed[1]["entered"] and entered["bill/number"] > 0
    one = await place.room.traffic(ANN, TrafficQuestion("main", 1, since=ALL[0], until=ALL[0] + 3_599))
    assert one["nodes"]["menu"]["entered"] == told["hours"][0][1]["entered"]


@pytest_twisted.ensureDeferred
async def test_who_is_inside_is_told_by_version_and_who_stands_at_a_node_by_name(place: Place) -> None:
    """A caller in a sub-flow stands on its node above, too; one whose call is not in the journal yet is not named."""
    tag = place.switch.live.version.tag
    place.inside += [
        Session("7", tag, (Frame("main", "bill"), Frame("bill", "owed")), "en"),
        Session("unwritten", tag, (Frame("main", "bill"), Frame("bill", "number")), "en"),
        Session("8", "9-0123456789ab", (Frame("main", "menu"),), "en"),
    ]
    seen = place.room.seen
    assert seen.inside() == {
        "callers": 3,
        "versions": {1: {"main/bill": 2, "bill/owed": 1, "bill/number": 1}, 9: {"main/menu": 1}},
    }
    begun = [replace(call(place.switch.live.library, seed), ended=None, notes=()) for seed in (7, 8)]
    await place.room.database.run(store, begun, write=True)
    assert [one.call for one in await seen.here("main", "bill")] == ["7"]
    assert [one.call for one in await seen.here("main", "menu")] == ["8"]
    assert list(await seen.here("main", "shop")) == []


@pytest_twisted.ensureDeferred
async def test_the_words_of_a_version_name_the_recordings_of_then(place: Place) -> None:
    """A recording that people change under its own name is heard in an old call as it was."""
    spoken = prompts("en-US").replace('"Welcome."', '{text: "Welcome.", file: recordings/welcome.wav}')
    pins = {"recordings/welcome.wav": "recordings/welcome-0123456789abcdef01234567.wav"}
    with mock.patch.object(Recorded, "pins", return_value=pins):
        await place.publish(other={"prompts/en-US.yaml": spoken})
    assert "recordings/welcome.wav" in (await place.room.files(2))["prompts/en-US.yaml"]
    assert pins["recordings/welcome.wav"] in (await place.room.heard(2))["prompts/en-US.yaml"]
    with pytest.raises(Refusal, match="no_version"):
        await place.room.heard(7)
