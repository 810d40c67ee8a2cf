"""The studio renders what changed, and only that; a built folder can be played from at any moment."""

from __future__ import annotations

import os
import time
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from flows.facts import Saying
from prompts import audio, catalogue, recordings, shelf, studio
from prompts.audio import Sound
from prompts.store import Folders, Store
from prompts.studio import Workshop
from prompts.voices import SpeechFault
from prompts.wording import Wording


def built(wording: Wording, voice: object, folder: Path) -> studio.Report:
    """One build with one voice for both languages."""
    shop = Workshop(str(folder / "sounds"), [str(folder / "recordings")])
    return studio.build(wording, {"zh-CN": voice, "en-US": voice}, shop)  # type: ignore[dict-item]


def changed(wording: Wording, old: str, new: str) -> Wording:
    """The same catalogues with one text changed."""
    catalogues = dict(wording.catalogues)
    prompts = dict(catalogues["zh-CN"].prompts)
    for name, prompt in prompts.items():
        parts = tuple(part.replace(old, new) if isinstance(part, str) else part for part in prompt.parts)
        prompts[name] = replace(prompt, parts=parts)
    catalogues["zh-CN"] = replace(catalogues["zh-CN"], prompts=prompts)
    return type(wording)(catalogues, wording.currency)


def test_a_second_build_renders_nothing(wording: Wording, voice: object, tmp_path: Path) -> None:
    """Idempotent: no voice is asked, no file is written, and it is quick."""
    first = built(wording, voice, tmp_path)
    assert first.rendered == len({*wording.fixed_pieces(), *wording.inventory()}) + 2  # and "one moment" twice
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("pieces/**/*") if path.is_file()}
    second = built(wording, voice, tmp_path)
    assert (second.rendered, second.kept) == (0, first.rendered)
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("pieces/**/*") if path.is_file()}
    assert second.took < 5


def test_a_changed_sentence_is_the_only_one_rendered(wording: Wording, voice: object, tmp_path: Path) -> None:
    """One new text, one new piece; the old one stays a day for servers still running, then it goes."""
    built(wording, voice, tmp_path)
    report = built(changed(wording, "查询话费", "查话费"), voice, tmp_path)
    assert (report.rendered, report.removed) == (1, 0)
    for path in tmp_path.rglob("pieces/**/*"):
        os.utime(path, (time.time() - 2 * studio.KEPT_S,) * 2)
    report = built(changed(wording, "查询话费", "查话费"), voice, tmp_path)
    assert (report.rendered, report.removed) == (0, 4)


def test_another_voice_renders_everything_anew(wording: Wording, voice: object, tmp_path: Path) -> None:
    """The voice is part of a piece's name."""
    first = built(wording, voice, tmp_path)
    voice.name = "another"  # type: ignore[attr-defined]
    assert built(wording, voice, tmp_path).rendered == first.rendered


def test_A18_a_build_mends_what_was_damaged(wording: Wording, voice: object, tmp_path: Path) -> None:
    """Deleted, truncated, overwritten: three pieces are rendered again, and no other."""
    built(wording, voice, tmp_path)
    pieces = sorted(tmp_path.rglob("pieces/**/*.ulaw"))
    pieces[0].unlink()
    pieces[1].write_bytes(b"")
    pieces[2].with_suffix(".wav").write_bytes(b"x" * pieces[2].with_suffix(".wav").stat().st_size)
    assert built(wording, voice, tmp_path).rendered == 3


def test_every_piece_has_all_its_forms(wording: Wording, voice: object, tmp_path: Path) -> None:
    """wav, ulaw, alaw and the words, of one length, readable by Asterisk's user."""
    built(wording, voice, tmp_path)
    for path in tmp_path.rglob("pieces/**/*.wav"):
        with wave.open(str(path)) as stream:
            frames = stream.getnframes()
        assert path.with_suffix(".ulaw").stat().st_size == path.with_suffix(".alaw").stat().st_size == frames
        assert path.with_suffix(".txt").read_text()
        assert path.stat().st_mode & 0o044 == 0o044


def test_the_apology_lies_under_fixed_names(wording: Wording, voice: object, tmp_path: Path) -> None:
    """For a dialplan whose server is gone: each language, and both one after the other."""
    built(wording, voice, tmp_path)
    folder = tmp_path / "sounds" / "fallback"
    sizes = [(folder / f"{name}.ulaw").stat().st_size for name in ("apology-zh", "apology-en", "apology")]
    assert sizes[2] == sizes[0] + sizes[1] + 8 * studio.LANGUAGE_GAP_MS
    assert (folder / "apology.txt").read_text() == "抱歉，请稍候。 Sorry, one moment."


def test_progress_is_told_from_one_to_the_last(wording: Wording, voice: object, tmp_path: Path) -> None:
    """n of m for each piece, rendered or not."""
    told: list[tuple[int, int]] = []
    shop = Workshop(str(tmp_path / "s"), [str(tmp_path)], lambda done, of, words: told.append((done, of)))
    studio.build(wording, {"zh-CN": voice, "en-US": voice}, shop)  # type: ignore[dict-item]
    assert told == [(n, len(told)) for n in range(1, len(told) + 1)]


def test_a_recording_replaces_the_voice(wording: Wording, voice: object, tmp_path: Path) -> None:
    """The recording's sound, at our level; a new recording is taken by the next build."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "greeting.wav").write_bytes(audio.wav(audio.tone(900).samples))
    report = built(wording, voice, tmp_path)
    assert not report.problems
    index = shelf.read_index(str(tmp_path / "sounds"))
    assert 850 <= index["zh-CN 您好。 <recordings/greeting.wav>"].ms <= 900
    assert index["zh-CN 您好。"].ms < 850, "the voice lies ready for the day when the recording is gone"
    (folder / "greeting.wav").write_bytes(audio.wav(audio.tone(1500).samples))
    assert built(wording, voice, tmp_path).rendered == 2
    assert shelf.read_index(str(tmp_path / "sounds"))["zh-CN 您好。 <recordings/greeting.wav>"].ms > 1400


@pytest.mark.parametrize("content", [b"", b"ID3 not a wav", audio.wav(b"\0\0" * 9000), None])
def test_A18_a_bad_recording_leaves_the_voice(
    content: bytes | None, wording: Wording, voice: object, tmp_path: Path
) -> None:
    """Missing, empty, not a sound, silent: the voice speaks, and the build says so with the prompt's place."""
    if content is not None:
        (tmp_path / "recordings").mkdir()
        (tmp_path / "recordings" / "greeting.wav").write_bytes(content)
    report = built(wording, voice, tmp_path)
    assert len(report.problems) == 2
    assert str(report.problems[0]).startswith('en-US.yaml:14:3: the voice speaks "greeting" instead of recordings/')
    assert "zh-CN 您好。" in shelf.read_index(str(tmp_path / "sounds"))


def test_a_word_that_fails_does_not_stop_the_build(wording: Wording, tmp_path: Path) -> None:
    """The others are rendered, the fault is told, and the next build tries it again."""

    class Hoarse:
        name = "hoarse"
        well = False

        def say(self, words: str) -> Sound:
            if words == "查询话费，" and not self.well:
                raise SpeechFault("the engine coughed")
            return audio.tone(300)

    voice = Hoarse()
    report = built(wording, voice, tmp_path)
    assert "not rendered: the engine coughed" in [problem.text for problem in report.problems]
    voice.well = True
    assert built(wording, voice, tmp_path).rendered == 1


def test_a_build_cut_short_goes_on_where_it_stopped(wording: Wording, voice: object, tmp_path: Path) -> None:
    """A build that dies leaves an index to play from; the next one renders what is left, and no file is torn."""

    class Mortal:
        name = "mortal"
        left = 60

        def say(self, words: str) -> Sound:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return audio.tone(200)

    mortal = Mortal()
    with pytest.raises(KeyboardInterrupt):
        built(wording, mortal, tmp_path)
    index = shelf.read_index(str(tmp_path / "sounds"))
    assert len(index) > 0
    assert all(shelf.is_whole(str(tmp_path / "sounds"), entry) for entry in index.values())
    mortal.left = -1
    again = built(wording, mortal, tmp_path)
    assert again.kept >= len(index)
    assert not list(tmp_path.rglob(".new-*"))


def test_a_damaged_index_is_built_anew(wording: Wording, voice: object, tmp_path: Path) -> None:
    """Half an index is none."""
    first = built(wording, voice, tmp_path)
    for content in (b"", b"{", b"[]", b'{"pieces": {"a": 1}}', b"\xff\xfe"):
        (tmp_path / "sounds" / "index.json").write_bytes(content)
        assert shelf.read_index(str(tmp_path / "sounds")) == {}
    assert built(wording, voice, tmp_path).rendered == first.rendered


def test_the_paths_of_shipped_recordings_can_be_written() -> None:
    """What the catalogue's comment shows is a path that is taken."""
    assert recordings.fault("recordings/sorry.wav") == ""


def test_a_recording_and_the_voice_lie_side_by_side(voice: object, tmp_path: Path) -> None:
    """Callers on the version before hear the voice, those on the new one the recording, whoever was rendered last."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    content = audio.wav(audio.tone(900).samples)
    path = recordings.name("greeting-en", content)
    (folder / path.removeprefix(recordings.FOLDER)).write_bytes(content)
    said, spoken = (
        Wording(catalogue.read_all({"en-US.yaml": f"language: en-US\nprompts:\n  greeting: {one}\n"}))
        for one in ('"Hello."', f'{{text: "Hello.", file: {path}}}')
    )
    shop = Workshop(str(tmp_path / "sounds"), [str(folder)])
    studio.build(spoken, {"en-US": voice}, shop, (said,))  # type: ignore[dict-item]
    stores = [Store(one, Folders(shop.sounds, str(tmp_path / "spool"))) for one in (said, spoken)]
    script = (Saying("greeting"),)
    lengths = [store.sound(script, "en-US").ms for store in stores]
    assert lengths[0] < 850 <= lengths[1]
    lost = shelf.read_index(shop.sounds)[f"en-US Hello. <{path}>"]
    (tmp_path / "sounds" / f"{lost.path}.wav").unlink()
    again = Store(spoken, Folders(shop.sounds, str(tmp_path / "spool"))).sound(script, "en-US")
    assert again.ms < 850 and not again.whole, "the voice says it where the recording is lost"


def test_a_recording_under_another_ones_name_is_not_used(tmp_path: Path) -> None:
    """The name says what is in the file; what is not that is not played, and the next folder is looked into."""
    right, wrong = (audio.wav(audio.tone(ms).samples) for ms in (300, 400))
    path = recordings.name("welcome-en", right)
    for place, content in (("a", wrong), ("b", right)):
        (tmp_path / place).mkdir()
        (tmp_path / place / path.removeprefix(recordings.FOLDER)).write_bytes(content)
    assert recordings.find([str(tmp_path / "a"), str(tmp_path / "b")], path) == right
    with pytest.raises(recordings.Refused, match="another sound than its name says"):
        recordings.find([str(tmp_path / "a")], path)
