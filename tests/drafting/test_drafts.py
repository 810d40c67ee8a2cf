"""Drafts: two people on one file, nobody is overwritten; undo, redo, discard; what went live meanwhile is merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor

from crm_bridge.database import Database, Limits
from crm_bridge.versions import prepare
from ivr_server.drafting.bench import Bench
from ivr_server.drafting.drafts import Change, Conflict, Drafts, Unfit

TEXT = """\
flow: small
start: top
exits: [done]

nodes:
  top: {kind: say, say: [a], to: leave}

  # out
  leave: {kind: return, exit: done}
"""
FILE = "flows/small.yaml"
WORDS = "prompts/en-US.yaml"


class Live:
    """What is published: one version after the other."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.kept = [dict(files)]

    @property
    def published(self) -> int:
        """The newest."""
        return len(self.kept)

    async def files(self, number: int) -> Mapping[str, str]:
        """Of a version."""
        return self.kept[number - 1]


@pytest.fixture
def live() -> Live:
    """One flow, one language."""
    return Live({FILE: TEXT, WORDS: 'language: en-US\nprompts:\n  a: "Hello."\n'})


@pytest.fixture
def drafts(tmp_path: Path, live: Live) -> Iterator[Drafts]:
    """On SQLite, with a real child."""
    database = Database(f"sqlite:///{tmp_path / 'ivr.db'}", reactor, Limits())
    with database.engine.execution_options(write=True).begin() as connection:
        prepare(connection)
    database.start()
    bench = Bench(reactor)
    yield Drafts(database, live, bench, lambda: 1.0)
    pytest_twisted.blockon(_deferred(bench.stop()))
    pytest_twisted.blockon(_deferred(database.stop()))


def _deferred(coroutine: Any) -> Any:
    from twisted.internet.defer import ensureDeferred

    return ensureDeferred(coroutine)


def to(name: str, node: str = "top") -> dict[str, Any]:
    """A way that leads elsewhere."""
    return {"do": "set", "path": ["nodes", node, "to"], "value": name}


def said(prompt: str) -> dict[str, Any]:
    """What the node says."""
    return {"do": "set", "path": ["nodes", "top", "say"], "value": [prompt]}


@pytest_twisted.ensureDeferred
async def test_a_change_is_kept_with_its_author(drafts: Drafts) -> None:
    """The file is changed, and the others are not."""
    await drafts.change([Change(FILE, 0, (to("top"),))], "li", "to top")
    found = await drafts.all()
    assert found[FILE].changed and not found[WORDS].changed
    assert found[FILE].head is not None and found[FILE].head.author == "li"
    assert "to: top" in found[FILE].text


@pytest_twisted.ensureDeferred
async def test_G8_two_people_on_different_lines_are_merged(drafts: Drafts) -> None:
    """Both changes are there, and the second is told whose came along."""
    await drafts.change([Change(FILE, 0, ({"do": "set", "path": ["start"], "value": "leave"},))], "li", "")
    saved = await drafts.change([Change(FILE, 0, (to("top"),))], "wang", "")
    assert saved.merged_with == "li"
    text = saved.files[FILE].text
    assert "start: leave" in text and "to: top" in text


@pytest_twisted.ensureDeferred
async def test_G8_two_people_on_one_line_must_choose(drafts: Drafts) -> None:
    """Nothing is kept before somebody has chosen; then it is as chosen."""
    await drafts.change([Change(FILE, 0, (to("top"),))], "li", "")
    with pytest.raises(Conflict) as clash:
        await drafts.change([Change(FILE, 0, (said("b"),))], "wang", "")
    assert clash.value.whose == "li"
    assert "say: [b]" not in (await drafts.all())[FILE].text
    saved = await drafts.change([Change(FILE, 0, (said("b"),), ("mine",))], "wang", "")
    assert "say: [b], to: leave" in saved.files[FILE].text


@pytest_twisted.ensureDeferred
async def test_changes_of_two_files_are_undone_together(drafts: Drafts) -> None:
    """And done again together."""
    word = {"do": "set", "path": ["prompts", "b"], "value": "Good day."}
    await drafts.change([Change(FILE, 0, (said("b"),)), Change(WORDS, 0, (word,))], "li", "")
    back = await drafts.undo(FILE, 2, "li")
    assert set(back) == {FILE, WORDS} and not any(one.changed for one in back.values())
    again = await drafts.undo(WORDS, 3, "li", back=False)
    assert set(again) == {FILE, WORDS} and all(one.changed for one in again.values())
    assert await drafts.undo(WORDS, 4, "li", back=False) == {}


@pytest_twisted.ensureDeferred
async def test_undo_goes_back_step_by_step(drafts: Drafts) -> None:
    """Three changes, three times back, twice forward; a new change ends what lies ahead."""
    for n, name in enumerate(("b", "c", "d")):
        await drafts.change([Change(FILE, n + 1 if n else 0, (said(name),))], "li", "")
    seen = []
    for version in (4, 5, 6):
        seen.append((await drafts.undo(FILE, version, "li"))[FILE].text.split("say: [")[1][0])
    for version in (7, 8):
        seen.append((await drafts.undo(FILE, version, "li", back=False))[FILE].text.split("say: [")[1][0])
    assert seen == ["c", "b", "a", "b", "c"]
    await drafts.change([Change(FILE, 9, (said("e"),))], "li", "")
    assert await drafts.undo(FILE, 10, "li", back=False) == {}


@pytest_twisted.ensureDeferred
async def test_undo_of_what_somebody_else_changed_meanwhile_is_refused(drafts: Drafts) -> None:
    """It names the version that was seen."""
    await drafts.change([Change(FILE, 0, (said("b"),))], "li", "")
    await drafts.change([Change(FILE, 2, (said("c"),))], "wang", "")
    with pytest.raises(Unfit, match="studio_not_seen"):
        await drafts.undo(FILE, 2, "li")


@pytest_twisted.ensureDeferred
async def test_discard_is_what_is_live_and_can_be_undone(drafts: Drafts) -> None:
    """Everything that is discarded is still there."""
    await drafts.change([Change(FILE, 0, (said("b"),))], "li", "")
    gone = await drafts.discard([], "wang")
    assert gone[FILE].text == TEXT and not gone[FILE].changed
    assert "say: [b]" in (await drafts.undo(FILE, 3, "wang"))[FILE].text


@pytest_twisted.ensureDeferred
async def test_what_was_published_is_no_change_any_more(drafts: Drafts, live: Live) -> None:
    """And what is published elsewhere is seen in files that nobody has changed."""
    await drafts.change([Change(FILE, 0, (said("b"),))], "li", "")
    live.kept.append(await drafts.files())
    assert not any(one.changed for one in (await drafts.all()).values())
    await drafts.settle("li")
    live.kept.append({**live.kept[0]})
    assert not any(one.changed for one in (await drafts.all()).values())  # rolled back: no draft comes up again
    live.kept.append({**live.kept[-1], WORDS: "language: en-US\nprompts: {}\n"})
    assert (await drafts.all())[WORDS].text.endswith("{}\n")


@pytest_twisted.ensureDeferred
async def test_a_draft_that_is_behind_is_merged_with_what_is_live(drafts: Drafts, live: Live) -> None:
    """Different lines at once, the same ones by choice."""
    await drafts.change([Change(FILE, 0, (said("b"),))], "li", "")
    live.kept.append({**live.kept[0], FILE: TEXT.replace("start: top", "start: leave")})
    assert (await drafts.all())[FILE].behind
    merged = (await drafts.ahead(FILE, (), "li"))[FILE]
    assert "start: leave" in merged.text and "say: [b]" in merged.text and not merged.behind
    live.kept.append({**live.kept[0], FILE: TEXT.replace("say: [a]", "say: [z]")})
    with pytest.raises(Conflict):
        await drafts.ahead(FILE, (), "li")
    assert "say: [z]" in (await drafts.ahead(FILE, ("theirs",), "li"))[FILE].text


@pytest_twisted.ensureDeferred
async def test_a_folder_changed_on_disk_comes_into_the_draft(drafts: Drafts) -> None:
    """Merged by three; a clash is not decided by us."""
    await drafts.change([Change(FILE, 0, (said("b"),))], "li", "")
    disk = {FILE: TEXT.replace("start: top", "start: leave"), WORDS: (await drafts.files())[WORDS]}
    taken = await drafts.take(disk, "li", {})
    assert "start: leave" in taken[FILE].text and "say: [b]" in taken[FILE].text
    with pytest.raises(Conflict):
        await drafts.take({**disk, FILE: TEXT.replace("say: [a]", "say: [q]")}, "li", {})


@pytest.mark.parametrize(
    "name",
    [
        "../x.yaml",
        "flows/../x.yaml",
        "/etc/passwd",
        "flows/A.yaml",
        "flows/a.yml",
        "flows/\u0430.yaml",
        "prompts/x.yaml",
        "flows/a.yaml\n",
        "flows/a\0.yaml",
        "flows/dialogues/../a.yaml",
        "",
    ],
)
@pytest_twisted.ensureDeferred
async def test_G4_a_file_has_a_plain_name(drafts: Drafts, name: str) -> None:
    """Nothing else reaches the table, let alone a disk."""
    with pytest.raises(Unfit, match="studio_not_bad_name"):
        await drafts.change([Change(name, 0, ({"do": "lines", "first": 0, "last": 0, "value": "x"},))], "li", "")


@pytest_twisted.ensureDeferred
async def test_G3_what_is_too_large_is_not_kept(drafts: Drafts) -> None:
    """A mebibyte is the most that is read."""
    huge = {"do": "lines", "first": 0, "last": 0, "value": "x" * (1024 * 1024 + 1)}
    with pytest.raises(Unfit, match="studio_not_too_big"):
        await drafts.change([Change(FILE, 0, (huge,))], "li", "")
    assert not (await drafts.all())[FILE].changed


@pytest_twisted.ensureDeferred
async def test_a_new_file_and_one_that_goes_away(drafts: Drafts) -> None:
    """Text "" is no file."""
    add = {"do": "lines", "first": 0, "last": 0, "value": "flow: other\n"}
    await drafts.change([Change("flows/other.yaml", 0, (add,))], "li", "")
    assert "flows/other.yaml" in await drafts.files()
    away = {"do": "lines", "first": 0, "last": 1, "value": ""}
    await drafts.change([Change("flows/other.yaml", 2, (away,))], "li", "")
    assert "flows/other.yaml" not in await drafts.files()
