"""A version goes live: in a room with a real disk, real children and a real database, and callers in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import Clock

from ivr_server.publishing import rendering
from ivr_server.publishing.asked import Refusal
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.switching import Switch
from ivr_server.publishing.versions import Version
from prompts import shelf
from prompts.shelf import Entry
from tests.publishing.small import BILL, MAIN, files
from tests.publishing.stage import ANN, Place, Silent


def said(place: Place) -> str:
    """The English welcome of what is live."""
    return place.switch.live.titles("en-US")["welcome"]


@pytest_twisted.ensureDeferred
async def test_what_was_proved_goes_live_and_into_the_folder(place: Place) -> None:
    """Sounds first, then new calls get it, then git sees it; the audit says who and why, and its chain holds."""
    told = await place.publish(words={"welcome": "Good day."}, reason="a friendlier word")
    assert told == {"number": 2, "folder": "same"}
    assert said(place) == "Good day." and place.taken[-1] is place.switch.live and place.room.published == 2
    assert "Good day." in Path(place.switch.house.folder.path("prompts/en-US.yaml")).read_text()
    assert len(place.bench.rendered) == 1 and len(place.bench.rendered[0]) == 2, "the words of version 1 stay"
    audit = await place.room.audit(ANN)
    assert audit["whole"] and [row["what"] for row in audit["rows"]] == ["publish", "take_in"]
    assert (audit["rows"][0]["who"], audit["rows"][0]["about"]) == ("ann", "a friendlier word")
    rows = (await place.room.versions(ANN))["versions"]
    assert [(row["number"], row["published"], row["source_words"]) for row in rows] == [
        (2, True, "the studio"),
        (1, False, "the folder"),
    ]


@pytest_twisted.ensureDeferred
async def test_how_far_a_publishing_is_can_be_asked(place: Place) -> None:
    """Walked, spoken, switched, written, in this order and with counts; afterwards nothing is done."""
    seen: list[dict[str, Any]] = []
    really = Silent.do

    async def do(bench: Silent, task: Any, told: Any = None) -> Any:
        def heard(step: Any) -> None:
            told(step)
            seen.append(place.room.progress())

        seen.append(place.room.progress())
        heard(["", 1, 2] if task["do"] == "render" else ["main", 5, 3])
        return await really(bench, task, heard)

    def through(*_: Any) -> str:
        seen.append(place.room.progress())
        return "same"

    def made(_: Switch, version: Version, files: Any) -> Any:
        seen.append(place.room.progress())
        return place.switch.live

    with mock.patch.object(Silent, "do", do), mock.patch.multiple(Switch, _through=through, _made=made):
        await place.publish(words={"welcome": "Good day."})
        assert {row["busy"] for row in seen} == {"publish"}
    assert list(dict.fromkeys(row["step"] for row in seen)) == ["judge", "render", "switch", "folder"]
    assert {"busy": "publish", "step": "judge", "done": 5, "of": 8} in seen
    assert {"busy": "publish", "step": "render", "done": 1, "of": 2} in seen
    assert place.room.progress() == {"busy": "", "step": "", "done": 0, "of": 0}


@pytest_twisted.ensureDeferred
async def test_G2_nothing_goes_live_while_a_problem_is_left(place: Place) -> None:
    """A node that is not there, callers who get lost, a dialogue that fails, a secret, a reason that is missing."""
    wrong = {
        "unproved": {"flows/main.yaml": MAIN.replace("to: shop", "to: nowhere")},
        "unproved ": {"flows/bill.yaml": BILL.replace("human", "human") + "\n#\n", "flows/x.yaml": "flow: x"},
        "unproved  ": {"prompts/en-US.yaml": files()["prompts/en-US.yaml"].replace("shop_hours", "shop_days")},
        "unproved   ": {"flows/dialogues/shop.yaml": files()["flows/dialogues/shop.yaml"].replace("goodbye", "served")},
        "unproved    ": {"flows/dialogues/key.yaml": "# postgresql://ivr:hunter2@db/ivr\n"},
        "unproved     ": {"flows/../../etc/passwd.yaml": "x"},
    }
    for why, other in wrong.items():
        with pytest.raises(Refusal) as refused:
            await place.publish(other=other)
        assert refused.value.why == why.strip() and not refused.value.more["proof"]["passed"], other
    with pytest.raises(Refusal, match="reason"):
        await place.publish(reason=" ", words={"welcome": "Good day."})
    with pytest.raises(Refusal, match="same"):
        await place.publish()
    assert place.room.published == 1 and place.taken == place.taken[:1] and not place.bench.rendered
    assert place.switch.house.versions.numbers() == (1,) and not place.switch.busy


@pytest_twisted.ensureDeferred
async def test_a_warning_needs_a_word_of_reason(place: Place) -> None:
    """It is told with the key to answer it by, and what was answered stays with the version."""
    slow = MAIN.replace("    tail: [human_key]", "    tail: [human_key]\n    first_ms: 4000")
    with pytest.raises(Refusal, match="excuses") as refused:
        await place.publish(other={"flows/main.yaml": slow})
    key = refused.value.more["warnings"][0]["key"]
    told = await place.publish(other={"flows/main.yaml": slow}, excuses={key: "asked for by the shop"})
    assert (await place.room.version(ANN, told["number"]))["excuses"] == {key: "asked for by the shop"}


@pytest_twisted.ensureDeferred
async def test_G8_the_second_of_two_admins_is_shown_what_the_first_did(place: Place) -> None:
    """Both began at version 1."""
    await place.publish(words={"welcome": "First."})
    with pytest.raises(Refusal, match="stale") as refused:
        await place.publish(words={"welcome": "Second."})
    lines = refused.value.more["diff"]["files"][0]["lines"]
    assert refused.value.more["published"] == 2 and ["+", '  welcome: "First."'] in lines
    assert said(place) == "First."


@pytest_twisted.ensureDeferred
async def test_G9_one_click_takes_it_back(place: Place) -> None:
    """The old words are live again, in the folder as well, and that is written down."""
    await place.publish(words={"welcome": "Good day."})
    assert await place.room.roll_back(ANN, 1, "callers hung up") == {"number": 1, "folder": "same"}
    assert said(place) == "Welcome." and place.switch.house.versions.numbers() == (1, 2)
    assert place.switch.house.folder.read() == files()
    row = (await place.room.audit(ANN))["rows"][0]
    assert (row["what_words"], row["version"], row["about"]) == ("rolled back", 1, "callers hung up")
    with pytest.raises(Refusal, match="no_version"):
        await place.room.roll_back(ANN, 9, "why")


@pytest_twisted.ensureDeferred
async def test_a_folder_changed_by_hand_is_told_and_not_written_over(place: Place) -> None:
    """The version is live all the same; merged with what the folder holds, it may be written."""
    path = Path(place.switch.house.folder.path("flows/main.yaml"))
    path.write_text(MAIN + "# by hand\n")
    assert (await place.room.folder(ANN))["state"] == "changed"
    assert (await place.publish(words={"welcome": "Good day."}))["folder"] == "conflict"
    folder = await place.room.folder(ANN)
    assert folder["state"] == "conflict" and folder["files"] == [{"file": "flows/main.yaml", "change": "changed"}]
    assert path.read_text().endswith("# by hand\n")
    merged = {"flows/main.yaml": MAIN + "# by hand\n"}
    told = await place.publish(2, words={"welcome": "Good day."}, other=merged, folder=folder["digest"])
    assert told == {"number": 3, "folder": "same"} and (await place.room.folder(ANN))["state"] == "same"


@pytest_twisted.ensureDeferred
async def test_what_another_process_publishes_is_followed(place: Place) -> None:
    """The command line moved the pointer: the service judges, renders and takes it at its next look."""
    versions = place.switch.house.versions
    made = Version(author="bob", reason="by hand", at=2.0, source="command")
    versions.publish(files(welcome="From a terminal."), made, 1, Deed(0, 2.0, "bob", "publish", 0))
    await place.switch._look()
    assert said(place) == "From a terminal." and place.room.published == 2 and len(place.bench.rendered) == 1
    await place.switch._look()
    assert len(place.taken) == 2


@pytest_twisted.ensureDeferred
async def test_a_version_that_another_process_damaged_is_not_taken(place: Place) -> None:
    """What is live stays live, the trouble is told, and it is not tried again each second."""
    versions = place.switch.house.versions
    made = Version(author="bob", reason="by hand", at=2.0, source="command")
    versions.publish(files(welcome="From a terminal."), made, 1, Deed(0, 2.0, "bob", "publish", 0))
    broken = versions.folder / "000002" / "flows" / "main.yaml"
    broken.chmod(0o644)
    broken.write_text("flow: main")
    await place.switch._look()
    assert said(place) == "Welcome." and "version 2" in place.switch.trouble and "2" in place.switch.trouble
    assert place.switch._tried(2)


def test_a_mistake_of_ours_does_not_end_the_looking(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong once, the pointer is looked at again a second later."""
    clock, looked = Clock(), list[float]()

    async def look(_: Switch) -> None:
        looked.append(clock.seconds())
        raise ValueError("ours")

    monkeypatch.setattr(Switch, "_look", look)
    place.switch.reactor = clock
    place.switch.start()
    clock.pump([1.0] * 4)
    assert looked == [1.0, 2.0, 3.0, 4.0]


@pytest_twisted.ensureDeferred
async def test_two_who_publish_at_once_do_not_meet(place: Place) -> None:
    """The second is told that something is being done."""
    first = ensureDeferred(place.publish(words={"welcome": "First."}))
    with pytest.raises(Refusal, match="busy"):
        await place.publish(words={"welcome": "Second."})
    await first
    assert said(place) == "First."


@pytest_twisted.ensureDeferred
async def test_the_switch_itself_is_one_step_of_the_reactor(place: Place) -> None:
    """All that is read, made and rendered is there before; what callers get is replaced between two ticks."""
    ticks: list[int] = []
    place.switch.take = lambda live: ticks.append(len(live.library.made))
    await place.publish(words={"welcome": "Good day."})
    nodes = sum(len(flow.nodes) for flow in place.switch.live.library.flows.values())
    assert ticks == [2 * nodes], "every page is made in both languages before the first call"


@pytest_twisted.ensureDeferred
async def test_words_can_be_changed_while_the_database_is_away(place: Place) -> None:
    """The audit waits on disk, and is in the database when that is back."""
    run = place.room.database.run
    from crm_bridge.answers import LookUpFault

    async def away(*_: Any, **__: Any) -> None:
        raise LookUpFault("unavailable", "away")

    place.room.database.run = away  # type: ignore[method-assign]
    place.switch.after = lambda: None
    await place.publish(words={"welcome": "Good day."})
    await place.room.write_down()
    place.room.database.run = run  # type: ignore[method-assign]
    assert [row["version"] for row in (await place.room.audit(ANN))["rows"]] == [2, 1]


def test_G9_a_roll_back_renders_nothing_where_every_sound_lies_ready(place: Place) -> None:
    """Every piece in the index, and the fixed names alike: then no voice is asked."""
    new, old = files(welcome="Good day."), files()
    assert not rendering.ready(place.settings, old, new), "nothing was ever rendered"
    wording = rendering.standing(place.settings)[0]
    sounds = place.settings.sound_folders().sounds
    pieces = [shelf.key(*piece) for piece in (*wording.fixed_pieces(), *wording.inventory())]
    shelf.write_index(sounds, {name: Entry("pieces/x", 1, {}) for name in pieces})
    assert rendering.ready(place.settings, old, new) and not rendering.ready(place.settings, new, old)
    spoken = files(apology="So sorry.")
    assert not rendering.ready(place.settings, old, spoken), "the apology lies under a fixed name"


def test_the_sounds_of_the_latest_versions_stay(place: Place) -> None:
    """Whoever renders the folder keeps what callers hear, and what one may go back to."""
    assert [wording.catalogues["en-US"].prompts["welcome"].parts for wording in rendering.standing(place.settings)] == [
        ("Welcome.",)
    ]
