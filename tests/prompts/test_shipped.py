"""The shipped words, rendered by the real voice: what ``ivr-server prompts build`` gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from click.testing import CliRunner

from flows.facts import Fact, Saying
from ivr_server.commands.prompts import command
from ivr_server.floor.queue_file import SHIPPED, read_queue_file
from prompts import audio, catalogue, linting, shelf, speaking, voices
from prompts.store import Folders, Store, Trouble
from prompts.studio import Whisper, Workshop, build
from prompts.wording import Wording

LIBRARY = Path(catalogue.__file__).parent / "library"
FILES = {str(path): path.read_text() for path in LIBRARY.glob("*.yaml")}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One real build, through the command."""
    folder = tmp_path_factory.mktemp("rendered")
    done = CliRunner().invoke(command, ["--out", str(folder), "build"])
    assert done.exit_code == 0, done.output
    assert " rendered, 0 unchanged" in done.output
    return folder


def test_the_shipped_words_need_no_mending() -> None:
    """Both languages say the same things, and a voice can read all of it."""
    for one in catalogue.read_all(FILES).values():
        assert linting.lint(one) == []


def test_a_second_build_is_quick_and_times_the_menus(rendered: Path) -> None:
    """Nothing is rendered again; each menu says when each option has been spoken, in both languages."""
    done = CliRunner().invoke(command, ["--out", str(rendered), "build"])
    assert done.exit_code == 0 and "\n0 rendered, " in done.output
    assert "main.main_menu zh-CN  1: " in done.output and "main.main_menu en-US  1: " in done.output


def test_every_rendered_piece_is_speech_at_one_level(rendered: Path) -> None:
    """No piece is clipped, silent, cut to nothing or endless; all are within a few dB of one loudness."""
    index = shelf.read_index(str(rendered))
    for name, entry in index.items():
        content = shelf.read_form(str(rendered), entry, "wav")
        assert content is not None
        samples = numpy.frombuffer(content[44:], numpy.int16).astype(float)
        with open(rendered / f"{entry.path}.txt", encoding="utf-8") as stream:
            words = stream.read()
        assert abs(samples).max() <= 32768 * 10 ** (-2.8 / 20), name
        assert audio.audioop.rms(content[44:], 2) > 1200, name
        assert 90 * len(words.strip("，。,.")) ** 0.5 < entry.ms < 700 + 330 * len(words), name
        assert abs(samples[:16]).max() < 2500 and abs(samples[-16:]).max() < 2500, name


def test_an_amount_does_not_sound_chopped(rendered: Path, tmp_path: Path) -> None:
    """Inside a joined amount no pause is longer than 120 ms."""
    troubles: list[Trouble] = []
    wording = Wording(catalogue.read_all(FILES), "CNY")
    store = Store(wording, Folders(str(rendered), str(tmp_path)), troubles.append)
    for language in wording.catalogues:
        script = (Saying("month_owed", (("month", Fact("month", "2026-10")), ("sum", Fact("money", 123_456)))),)
        sound = store.sound(script, language)
        with open(f"{sound.path}.wav", "rb") as stream:
            samples = numpy.frombuffer(stream.read()[44:], numpy.int16).astype(float)
        frames = samples[len(samples) // 2 // 80 * 80 : len(samples) // 80 * 80].reshape(-1, 80)  # the amount's part
        quiet = (abs(frames).max(axis=1) < 250).astype(int)
        runs = "".join(map(str, quiet)).strip("1").split("0")
        assert max(map(len, runs)) <= 12
    assert not troubles


@pytest.mark.parametrize("currency", speaking.CURRENCIES)
def test_every_prompt_can_be_said_with_rendered_pieces(currency: str, rendered: Path) -> None:
    """Each prompt in each language, with a value in every slot, uses only pieces on the studio's list."""
    wording = Wording(catalogue.read_all(FILES), currency)
    there = {*wording.fixed_pieces(), *wording.inventory()}
    values = {"money": 12345, "count": 2, "digits": "13800138000", "month": "2026-10", "date": "2026-11-23"}
    values["time"] = "18:05"
    part = Saying("part_line", (("part", Fact("prompt", "part_data")), ("sum", Fact("money", 200))))
    for language, one in wording.catalogues.items():
        for name in one.prompts:
            slots = tuple(
                (slot, Fact(kind, (part,) if kind == "sayings" else values.get(kind, "comfort")))
                for slot, kind in one.signature(name).items()
            )
            for piece in wording.speech((Saying(name, slots),), language).pieces:
                assert (piece.language, piece.text) in there, name


def test_say_tells_the_words_and_writes_the_sound(rendered: Path, tmp_path: Path) -> None:
    """One prompt, heard from the command line; a wrong slot or value is one sentence."""
    runner, to = CliRunner(), tmp_path / "bill.wav"
    bill = ["--out", str(rendered), "say", "bill_sum", "month=2026-10", "sum=12845", "--language", "en-US"]
    done = runner.invoke(command, [*bill, "--to", str(to)])
    assert done.exit_code == 0, done.output
    assert "The bill for October twenty twenty-six is one hundred twenty-eight yuan and forty-five fen." in done.output
    assert audio.read_wav(to.read_bytes()).ms > 3000
    for arguments, said in (
        (["say", "nothing"], 'the prompt "nothing" has no words in zh-CN'),
        (["say", "bill_sum"], 'nothing is known for the slot "month"'),
        (["say", "bill_sum", "mont=1"], "has no slot"),
        (["say", "bill_sum", "month=2026-10", "sum=x"], "needs a whole number"),
        (["say", "bill_sum", "month=2026-13", "sum=1"], "is not a date"),
        (["build", "--voice", "en-US"], "write --voice LANGUAGE=VOICE"),
        (["build", "--voice", "en-US=siri"], 'no voice "siri"'),
    ):
        done = runner.invoke(command, ["--out", str(rendered), *arguments])
        assert done.exit_code != 0 and said in done.output, done.output


def test_lint_and_list_speak_for_themselves(tmp_path: Path) -> None:
    """Warnings with their places and status 1; problems as the command's error; every prompt in a line."""
    runner = CliRunner()
    (tmp_path / "zh-CN.yaml").write_text('language: zh-CN\nprompts:\n  a: "请拨10086"\n')
    done = runner.invoke(command, ["--library", str(tmp_path), "lint"])
    assert done.exit_code == 1 and 'zh-CN.yaml:3:3: warning: "a": write "10086" out' in done.output
    (tmp_path / "zh-CN.yaml").write_text('language: zh-CN\nprompts:\n  a: "{x}"\n')
    done = runner.invoke(command, ["--library", str(tmp_path), "lint"])
    assert done.exit_code == 1 and 'unknown word "{x}"' in done.output
    done = runner.invoke(command, ["list", "--language", "en-US"])
    assert "en-US\tbill_sum\tThe bill for {month:month} is {sum:money}." in done.output
    assert runner.invoke(command, ["lint"]).output == "Nothing to mend.\n"


def test_the_index_is_plain_json(rendered: Path) -> None:
    """Another program can find a piece by language and words."""
    found = json.loads((rendered / "index.json").read_text())["pieces"]
    assert found["zh-CN 请按一。"][0].startswith("pieces/")


def test_a_whisper_takes_two_seconds_at_most(rendered: Path) -> None:
    """For each shipped queue, both languages, every level of identity and a call-back: measured in the file itself."""
    index, lengths = shelf.read_index(str(rendered)), {}
    for queue in read_queue_file(SHIPPED).queues:
        for tag in ("zh", "en"):
            for known in ("none", "number", "password", "call-back"):
                name = f"whisper-{queue.name}-{tag}-{known}"
                entry = index[f"whisper {name}"]
                assert entry.path == f"fallback/{name}"
                for form, size in (("wav", 16), ("ulaw", 8), ("alaw", 8)):
                    content = shelf.read_form(str(rendered), entry, form)
                    assert content is not None
                    lengths[name, form] = (len(content) - (44 if form == "wav" else 0)) / size
    assert len(lengths) == 48
    assert max(lengths.values()) <= 2_000 and min(lengths.values()) > 700
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (rendered / "fallback").glob("whisper-*.txt")}
    assert texts["whisper-billing-en-password"] == "Billing, English, verified"
    assert texts["whisper-service-zh-none"] == "综合服务，中文，未核实"


def test_a_whisper_is_still_the_same_voice(rendered: Path) -> None:
    """Said quicker, not higher: the strongest tones of a hurried sound are those of the sound itself."""
    content = shelf.read_form(str(rendered), shelf.read_index(str(rendered))["whisper whisper-service-zh-none"], "wav")
    assert content is not None
    sound = audio.read_wav(content)
    wave = 8000 * numpy.sin(numpy.arange(24_000) * 2 * numpy.pi * 220 / 8000)
    tone = audio.Sound(wave.astype("<i2").tobytes(), 8000)
    quick = audio.hurried(tone, 2_000)
    assert quick.ms == 2_000 and audio.hurried(quick, 2_000) is quick and sound.ms <= 2_000
    heard = numpy.abs(numpy.fft.rfft(numpy.frombuffer(quick.samples, "<i2")[800:-800]))
    assert abs(heard.argmax() * 8000 / (len(quick.samples) // 2 - 1600) - 220) < 2


def test_a_title_that_cannot_be_whispered_in_time_is_told(tmp_path: Path) -> None:
    """The build says which, and what to do; all else is rendered."""
    texts = {"a.yaml": 'language: en-US\nprompts: {apology: "Sorry."}\n'}
    wording, child = Wording(catalogue.read_all(texts)), voices.SpeechChild()
    title = "The department of everything that nobody else was ever asked for"
    long = Whisper("whisper-x-en-none", "en-US", f"{title}, verified")
    try:
        shop = Workshop(str(tmp_path), (), whispers=(long,))
        report = build(wording, voices.voices({"en-US": "espeak"}, child), shop)
    finally:
        child.close()
    [problem] = report.problems
    assert problem.file == "whisper-x-en-none" and "give the queue a shorter title" in problem.text
