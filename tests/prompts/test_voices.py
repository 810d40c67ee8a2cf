"""The speech child: the real eSpeak NG, its readings, and what happens when it is not well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from prompts import audio, catalogue, voices
from prompts.voices import EngineVoice, SpeechChild, SpeechFault
from prompts.wording import Wording

LIBRARY = Path(catalogue.__file__).parent / "library"


@pytest.fixture(scope="module")
def child() -> Iterator[SpeechChild]:
    """One speech process for these tests."""
    child = SpeechChild()
    yield child
    child.close()


@pytest.fixture(scope="module")
def mandarin(child: SpeechChild) -> EngineVoice:
    """eSpeak's Mandarin."""
    return EngineVoice("zh-CN", "espeak:sit/cmn", child)


@pytest.fixture(scope="module")
def english(child: SpeechChild) -> EngineVoice:
    """eSpeak's English."""
    return EngineVoice("en-US", "espeak:gmw/en-us", child)


def test_mandarin_is_not_spoken_as_english_letters(mandarin: EngineVoice) -> None:
    """The contract with the installed eSpeak: 欢迎 is Mandarin (Debian's 1.51 spells out "huan5 ying2")."""
    assert "(en)" not in mandarin.phonemes("欢迎")
    assert mandarin.phonemes("欢迎").startswith("χ")


def test_no_shipped_prompt_switches_language_within_a_piece(mandarin: EngineVoice) -> None:
    """Every fixed piece and every number in Mandarin is read with Mandarin sounds only."""
    files = {str(path): path.read_text() for path in LIBRARY.glob("*.yaml")}
    wording = Wording(catalogue.read_all(files))
    texts = [text for language, text in wording.fixed_pieces() if language == "zh-CN"]
    whole = "".join(texts) + "".join(text for language, text in wording.inventory() if language == "zh-CN")[::3]
    for start in range(0, len(whole), 600):
        assert "(" not in mandarin.phonemes(whole[start : start + 600])


@pytest.mark.parametrize(
    ("word", "as_in"),
    [
        *(("重新", "虫新"), ("重听", "虫听"), ("还款", "环款"), ("长途", "常途"), ("银行", "银航"), ("应缴", "英脚")),
        *(("查询", "茶寻"), ("音乐", "音月"), ("密码", "蜜马"), ("为您", "喂您"), ("一百", "医百"), ("幺", "腰")),
    ],
)
def test_characters_with_two_readings_are_read_right(word: str, as_in: str, mandarin: EngineVoice) -> None:
    """Each word sounds as another spelling of the same syllables."""

    def sounds(text: str) -> str:
        return mandarin.phonemes(text).replace("ˈ", "").replace(" ", "").replace("ˌ", "")

    assert sounds(word)[:9] == sounds(as_in)[:9]


def test_a_sound_is_as_long_as_speech_is(mandarin: EngineVoice, english: EngineVoice) -> None:
    """About four syllables a second in Mandarin, two to three words in English; loud, and with content to 3 kHz."""
    for voice, words, low, high in (
        (mandarin, "欢迎致电客户服务热线。", 2000, 3800),
        (english, "Welcome to customer service.", 1200, 2600),
    ):
        sound = audio.finished(voice.say(words))
        assert low < sound.ms < high
        samples = numpy.frombuffer(sound.samples, numpy.int16).astype(float)
        power = abs(numpy.fft.rfft(samples)) ** 2
        pitch = numpy.fft.rfftfreq(len(samples), 1 / 8000)
        assert power[(pitch > 1500) & (pitch < 3400)].sum() > power.sum() * 0.005
        assert abs(samples).max() < 32_700


def test_the_pace_is_kept_from_the_first_word_on(child: SpeechChild) -> None:
    """Left to itself, pyttsx3 obeys a new pace one utterance late."""
    voice, other = EngineVoice("zh-CN", "espeak:sit/cmn", child), EngineVoice("en-US", "espeak:gmw/en-us", child)
    lengths = []
    for _ in range(3):
        other.say("one")
        lengths.append(voice.say("请输入您的电话号码。").ms)
    assert max(lengths) - min(lengths) < 60


def test_short_words_are_never_empty(child: SpeechChild) -> None:
    """Two hundred short words one after another all have sound: no utterance ends the next one."""
    voice = EngineVoice("en-US", "espeak:gmw/en-us", child)
    for number in range(200):
        assert voice.say(str(number % 10)).ms > 150


def test_an_unknown_voice_is_told(child: SpeechChild) -> None:
    """pyttsx3 would go on in English in silence."""
    for name, said in (("espeak:zh", 'no voice "zh"'), ("festival:x", "no speech engine"), ("espeak:", "no voice")):
        with pytest.raises(SpeechFault, match=said):
            EngineVoice("zh-CN", name, child).check()
    with pytest.raises(SpeechFault, match="piper"):
        voices.voices({"zh-CN": "piper"}, child)
    with pytest.raises(SpeechFault, match="no voice"):
        voices.voices({"zh-CN": "siri"}, child)


def test_a_dead_child_is_replaced(child: SpeechChild, english: EngineVoice) -> None:
    """Killed between two words, the next word comes from a new process."""
    english.say("one")
    assert child.process is not None
    child.process.kill()
    assert english.say("two").ms > 100


def test_a_child_that_hangs_is_killed_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that never answers costs its deadline, twice, and gives a sentence."""
    monkeypatch.setattr(voices, "DEADLINE_S", 0.2)
    started: list[subprocess.Popen[bytes]] = []

    def spawned() -> subprocess.Popen[bytes]:
        sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
        started.append(subprocess.Popen(sleeping, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(voices, "_spawned", spawned)
    with pytest.raises(SpeechFault, match="died or hung"):
        EngineVoice("en-US", "espeak:gmw/en-us", SpeechChild()).say("one")
    assert [process.wait(5) for process in started] == [-9, -9]


def test_no_speech_library_is_one_plain_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyttsx3 the build says what to install."""
    for name in ("pyttsx3", "espeakng_loader", "piper"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('absent')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    absent = SpeechChild()
    with pytest.raises(SpeechFault) as raised:
        EngineVoice("zh-CN", "espeak:sit/cmn", absent).check()
    assert str(raised.value) == "no speech library is installed: run pip install pyttsx3 espeakng-loader"
    with pytest.raises(SpeechFault, match=r"pip install '.\[piper\]'"):
        EngineVoice("en-US", "piper:joe", absent).check()
    absent.close()


def test_the_better_english_voice_speaks_when_it_is_chosen(child: SpeechChild) -> None:
    """Piper's joe, from packages alone, through the same child: of a sentence's length, at a voice's level."""
    voice = voices.voices({"en-US": "piper"}, child)["en-US"]
    sound = voice.say("The bill for November is one hundred twenty-eight yuan and fifty fen.")
    samples = numpy.frombuffer(sound.samples, numpy.int16)
    assert 2.5 < len(samples) / sound.rate < 8
    assert 1_000 < numpy.sqrt(numpy.mean(samples.astype(float) ** 2)) < 12_000
    assert voice.name != voices.voices({"en-US": "espeak"}, child)["en-US"].name
