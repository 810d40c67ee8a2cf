"""Recordings belong to versions: each keeps its own sound, whatever lies in the folder by now (FAULTS G4, G9)."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ivr_server.publishing.judging import reading
from ivr_server.publishing.opening import House, house, opened
from ivr_server.publishing.packing import LARGEST_SOUND, Unpackable, pack, unpack_sounds
from ivr_server.publishing.passing import packed, taken_in
from ivr_server.publishing.recorded import Full, Recorded, named, pinned
from ivr_server.publishing.versions import Version
from ivr_server.settings import Settings, Speech
from prompts import audio, recordings
from tests.publishing.small import GROUND, files, laid
from tests.publishing.stage import ANN, Place
from tests.publishing.test_packing import archive

ONE, OTHER = (audio.wav(audio.tone(ms).samples) for ms in (300, 500))
PLAIN = "recordings/welcome.wav"
VERSION = Version(author="ann", reason="why", at=1.0, source="studio")


def spoken(path: str) -> dict[str, str]:
    """The small flows, whose welcome is a recording."""
    found = files()
    words = found["prompts/en-US.yaml"]
    line = next(line for line in words.splitlines() if line.strip().startswith("welcome:"))
    head, _, text = line.partition(":")
    return {**found, "prompts/en-US.yaml": words.replace(line, f"{head}: {{text: {text.strip()}, file: {path}}}")}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A folder whose welcome was recorded under a name of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    flows, prompts = laid(tmp_path / "git", spoken(PLAIN))
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "welcome.wav").write_bytes(ONE)
    speech = Speech(library=str(prompts), recordings=str(tmp_path / "sounds"))
    return Settings(state=str(tmp_path / "state"), flows=str(flows), speech=speech)


def started(settings: Settings) -> tuple[int, str]:
    """(number of what is live after a start, the recording that its callers hear)."""
    found = opened(settings, lambda line: None)
    return found.version.number, found.words.catalogues["en-US"].prompts["welcome"].recording


def test_a_version_keeps_the_sound_that_it_was_made_with(settings: Settings, tmp_path: Path) -> None:
    """A file that is replaced by hand is a new version at the next start; the old one still has the old sound."""
    first, then = recordings.name("welcome", ONE), recordings.name("welcome", OTHER)
    assert started(settings) == (1, first)
    assert started(settings) == (1, first), "nothing has changed"
    (tmp_path / "sounds" / "welcome.wav").write_bytes(OTHER)
    assert started(settings) == (2, then)
    own = house(settings)
    assert named(own.versions.heard(1)) == (first,) and named(own.versions.files(1)) == (PLAIN,)
    assert [own.recorded.find(path) for path in (first, then)] == [ONE, OTHER]


def test_what_is_kept_is_written_once(tmp_path: Path) -> None:
    """The same sound has the same name, and the file stays as it is; nobody may write it."""
    kept = Recorded(tmp_path / "hand", tmp_path / "spoken")
    path = kept.keep("welcome-en", ONE)
    [file] = (tmp_path / "spoken").iterdir()
    before = file.stat()
    assert kept.keep("welcome-en", ONE) == path and file.stat().st_ino == before.st_ino
    assert before.st_mode & 0o222 == 0


def test_there_is_an_end_to_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk is not filled by the studio."""
    monkeypatch.setattr("ivr_server.publishing.recorded.MOST_BYTES", len(ONE) + 10)
    kept = Recorded(tmp_path / "hand", tmp_path / "spoken")
    kept.keep("a", ONE)
    with pytest.raises(Full):
        kept.keep("b", OTHER)
    assert kept.keep("a", ONE), "what is there already needs no room"


def test_pins_change_names_and_nothing_else() -> None:
    """Not in comments' neighbours, not where the name is a part of another one, not in flows."""
    path = recordings.name("a", ONE)
    words = "a: {text: x, file: recordings/a.wav}\nb: {text: x, file: recordings/recordings/a.wav}\n"
    given = {"prompts/en-US.yaml": words, "flows/main.yaml": "x: recordings/a.wav\n"}
    made = pinned(given, {"recordings/a.wav": path})
    assert made["prompts/en-US.yaml"] == words.replace("file: recordings/a.wav", f"file: {path}")
    assert made["flows/main.yaml"] == given["flows/main.yaml"]
    assert named({"prompts/en-US.yaml": "# x: {text: y, file: recordings/x.wav}\n"}) == ()


def other_house(tmp_path: Path) -> House:
    """Another machine that knows nothing yet."""
    return house(Settings(state=str(tmp_path / "elsewhere"), speech=Speech(recordings=str(tmp_path / "nothing"))))


def test_an_archive_holds_its_recordings(settings: Settings, tmp_path: Path) -> None:
    """Exported and imported elsewhere, the version sounds the same."""
    started(settings)
    content, other = packed(house(settings), 1), other_house(tmp_path)
    found = taken_in(other, content)
    [path] = named(found)
    assert path == recordings.name("welcome", ONE) and other.recorded.find(path) == ONE


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (recordings.name("x", ONE), OTHER),
        (recordings.name("x", b"GIF89a"), b"GIF89a"),
        (PLAIN, ONE),
        (recordings.name("../x", ONE), ONE),
        (recordings.name("a/b", ONE), ONE),
        (recordings.name("/etc/x", ONE), ONE),
        (recordings.name("X", ONE), ONE),
        (recordings.name("x", ONE).replace("recordings", "flows"), ONE),
        (recordings.name("x", ONE) + "\0.yaml", ONE),
    ],
)
def test_G4_a_recording_in_an_archive_is_what_its_name_says(name: str, content: bytes) -> None:
    """Another sound, no sound, a path that leads elsewhere."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    with pytest.raises(Unpackable):
        unpack_sounds(archive((entry, content)))


def test_G3_a_bomb_of_a_recording_is_not_unpacked() -> None:
    """A name with a digest and 200 MB of nothing behind it."""
    with pytest.raises(Unpackable, match="at most"):
        unpack_sounds(archive((recordings.name("x", ONE), b"\0" * (LARGEST_SOUND + 1))))
    many = archive(*((recordings.name(f"x{n}", b"RIFF"), b"RIFF") for n in range(1_001)))
    with pytest.raises(Unpackable, match="1001 recordings"):
        unpack_sounds(many)


async def test_the_studio_publishes_with_the_sound_and_gives_the_old_one_back(place: Place, tmp_path: Path) -> None:
    """Rendered under its content; in the people's folder for git; rolled back, callers have the voice again."""
    recorded = place.switch.house.recorded
    recorded.hand = tmp_path / "hand"
    recorded.hand.mkdir()
    path = recorded.keep("welcome-en", ONE)
    await place.publish(other=spoken(path))
    assert (recorded.hand / path.removeprefix(recordings.FOLDER)).read_bytes() == ONE
    assert place.taken[-1].words.catalogues["en-US"].prompts["welcome"].recording == path
    assert f"file: {path}" in place.bench.rendered[-1][0]["prompts/en-US.yaml"]
    await place.room.roll_back(ANN, 1, "the old one")
    assert place.taken[-1].words.catalogues["en-US"].prompts["welcome"].recording == ""
    content = await place.room.export(ANN, 2)
    assert unpack_sounds(content) == {path: ONE}
    await place.room.unpack(ANN, content)


def test_a_pack_is_the_same_each_time() -> None:
    """With recordings, too."""
    sounds = {recordings.name("x", ONE): ONE}
    assert pack(files(), VERSION, sounds) == pack(files(), VERSION, sounds)
    assert unpack_sounds(pack(files(), replace(VERSION, number=3), sounds)) == sounds


def test_words_that_changed_under_a_recording_need_a_word_of_reason() -> None:
    """A warning at its place, which publishing asks about; nothing is told of one that says what is written."""
    path = recordings.name("welcome-en", ONE)
    for says, warned in (("Welcome.", 0), ("Hello.", 1)):
        given = spoken(path)
        given["prompts/en-US.yaml"] = given["prompts/en-US.yaml"].replace(path + "}", f'{path}, says: "{says}"}}')
        told = [problem for problem in reading(given, GROUND).problems if problem.warning]
        assert len([one for one in told if "says other words by now" in one.text]) == warned
        assert all(one.file == "prompts/en-US.yaml" and one.line > 1 for one in told)
