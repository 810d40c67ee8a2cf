"""What the studio asks of the room beside publishing: changes in words, impact, re-run, traffic, to and from a file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from crm_bridge.journal import store
from flows.session import Frame, Session
from ivr_server.publishing.asked import Author, Refusal, RerunWish, TrafficQuestion
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import BILL, MAIN, files, prompts
from tests.publishing.stage import ANN, Place

CHINESE = Author("lin", "zh-CN")
MOVED = MAIN.replace('      "2": {say: option_shop, to: shop}\n', '      "3": {say: option_shop, to: shop}\n')
DRAFT = {**files(), "flows/main.yaml": MOVED, "prompts/en-US.yaml": prompts("en-US", welcome="Good day.")}


async def kept(place: Place, count: int) -> None:
    """A journal of calls of version 1, counted."""
    calls = [call(place.switch.live.library, seed) for seed in range(count)]
    await place.room.database.run(store, calls, write=True)
    place.room.clock = lambda: BEGAN.timestamp() + 86_400
    await place.room.count()


@pytest_twisted.ensureDeferred
async def test_a_change_is_told_in_words_and_line_by_line(place: Place) -> None:
    """In the reader's language, node by node, with the words of prompts in place of their names."""
    told = await place.room.diff(ANN, 1, DRAFT)
    [menu] = told["changes"]
    assert (menu["flow"], menu["node"], menu["change"]) == ("main", "menu", "changed")
    assert "key 3 is new: say: “For our hours”, to: shop" in menu["words"]
    assert told["prompts"] == [{"prompt": "welcome", "language": "en-US", "old": "Welcome.", "new": "Good day."}]
    assert ["+", '      "3": {say: option_shop, to: shop}'] in told["files"][0]["lines"]
    assert told["speaking"] == ["main"]
    chinese = await place.room.diff(CHINESE, 1, DRAFT)
    assert "新增按键 3：播报: “营业时间”, 通往: shop" in chinese["changes"][0]["words"]
    new = {**files(), "flows/more.yaml": BILL.replace("flow: bill", "flow: more")}
    assert (await place.room.diff(ANN, 1, new))["changes"] == [
        {"flow": "more", "node": "", "change": "added", "words": ["the flow is new"]}
    ]


@pytest_twisted.ensureDeferred
async def test_the_impact_is_told_before_publishing(place: Place) -> None:
    """Callers inside by flow, uses of the option that changes, flows that link to the one that changes."""
    await kept(place, 300)
    place.inside.append(
        Session("1", place.switch.live.version.tag, (Frame("main", "bill"), Frame("bill", "owed")), "en")
    )
    other = {**DRAFT, "flows/bill.yaml": BILL.replace("[you_owe]", "[you_owe, welcome]")}
    told = await place.room.impact(ANN, other)
    assert told["inside"] == {"callers": 1, "flows": [{"flow": "bill", "title": "Bill", "callers": 1}]}
    uses = {(row["node"], row["exit"]): row["uses"] for row in told["options"]}
    counts = (await place.room.traffic(ANN, TrafficQuestion("main")))["nodes"]["menu"]
    assert uses["menu", "2"] == counts["exits"]["2"] > 10 and uses["menu", "3"] == 0 < counts["entered"]
    assert {"flow": "bill", "from": [{"flow": "main", "node": "bill"}]} in told["links"]
    rows = (await place.room.versions(ANN))["versions"]
    assert rows[0]["callers"] == 1


@pytest_twisted.ensureDeferred
async def test_recorded_calls_are_fed_to_a_draft(place: Place) -> None:
    """In a child; groups with words, and one call side by side; two askers have one each."""
    await kept(place, 300)
    wish = RerunWish(DRAFT, BEGAN.timestamp(), BEGAN.timestamp() + 86_400)
    assert await place.room.rerun_state(ANN) == {}
    assert await place.room.rerun(ANN, wish) == {"id": 1}
    with pytest.raises(Refusal, match="busy"):
        await place.room.rerun(ANN, wish)
    while (told := await place.room.rerun_state(ANN))["running"]:
        await deferLater(reactor, 0.05)  # type: ignore[arg-type]
    groups = {group["kind"]: group for group in told["groups"]}
    assert told["of"] == 300 == sum(group["count"] for group in told["groups"]) and not told["fault"]
    assert groups["menu"]["count"] > 10 and groups["menu"]["reasons"][0]["words"] == "another way from Line › menu on"
    beside = await place.room.side_by_side(ANN, groups["menu"]["examples"][0]["call"])
    assert next(line["words"] for line in beside["rerun"] if line["differs"]).startswith("pressed 3")
    with pytest.raises(Refusal, match="no_call"):
        await place.room.side_by_side(CHINESE, "1")
    with pytest.raises(Refusal, match="unproved"):
        await place.room.rerun(CHINESE, replace(wish, files={"flows/main.yaml": "flow: main"}))


@pytest_twisted.ensureDeferred
async def test_traffic_is_told_by_version_and_compared(place: Place) -> None:
    """Two versions with their intervals; a version that nobody called has nothing."""
    await kept(place, 300)
    told = await place.room.traffic(ANN, TrafficQuestion("main", 1, 2))
    assert told["versions"] == [1] and told["nodes"]["welcome"]["entered"] > 200 and len(told["hours"]) == 5
    assert all(not row["differs"] and row["b"][:2] == [0, 0] for row in told["compared"])
    assert (await place.room.traffic(ANN, TrafficQuestion("main", 2)))["nodes"] == {}


@pytest_twisted.ensureDeferred
async def test_a_version_goes_into_a_file_and_out_of_one(place: Place) -> None:
    """Byte for byte; what is no such file is refused in a sentence."""
    content = await place.room.export(ANN, 1)
    assert "version.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert await place.room.unpack(ANN, content) == files()
    with pytest.raises(Refusal, match="archive") as refused:
        await place.room.unpack(ANN, b"PK")
    assert "no archive" in refused.value.more["text"]


@pytest_twisted.ensureDeferred
async def test_J4_the_room_tells_when_the_audit_was_altered(place: Place) -> None:
    """Somebody edits the database: the page says that the chain is broken, and where."""
    from sqlalchemy import Connection, text

    def altered(connection: Connection) -> None:
        connection.execute(text("update flow_audit set about = 'nothing' where number = 1"))

    assert (await place.room.audit(ANN))["whole"]
    await place.room.database.run(altered, write=True)
    told = await place.room.audit(ANN)
    assert not told["whole"] and told["broken"] == 1
