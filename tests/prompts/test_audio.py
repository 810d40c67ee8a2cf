"""Sound for a telephone: filtered, levelled, trimmed, and in forms that Asterisk takes."""

from __future__ import annotations

import io
import wave

import numpy
import pytest

from prompts import audio
from prompts.audio import NotASound, Sound
from prompts.speech_child import answer

RATE = 22_050


def note(pitch: float, seconds: float = 0.5, level: float = 9000.0, rate: int = RATE) -> Sound:
    """A sine."""
    time = numpy.arange(int(rate * seconds)) / rate
    return Sound((numpy.sin(2 * numpy.pi * pitch * time) * level).astype(numpy.int16).tobytes(), rate)


def numbers(sound: Sound) -> numpy.ndarray:
    """Its samples."""
    return numpy.frombuffer(sound.samples, numpy.int16).astype(float)


def decibels(sound: Sound) -> tuple[float, float]:
    """Peak and RMS in dBFS."""
    found = numbers(sound)
    return 20 * numpy.log10(abs(found).max() / 32768), 10 * numpy.log10((found**2).mean() / 32768**2)


def wav_of(channels: int = 1, width: int = 2, rate: int = 44_100, seconds: float = 0.5) -> bytes:
    """A WAV file of any shape."""
    written = io.BytesIO()
    with wave.open(written, "wb") as stream:
        stream.setnchannels(channels)
        stream.setsampwidth(width)
        stream.setframerate(rate)
        tone = numpy.sin(2 * numpy.pi * 500 * numpy.arange(int(rate * seconds)) / rate)
        scaled = (tone * 100 + 128).astype(numpy.uint8) if width == 1 else (tone * 9000).astype(numpy.int16)
        stream.writeframes(numpy.repeat(scaled, channels).tobytes())
    return written.getvalue()


def test_nothing_above_the_band_comes_back_as_a_hiss() -> None:
    """A 6 kHz tone, which would alias to 2 kHz, leaves at most the last bit; a 1 kHz tone passes unharmed."""
    alias = numbers(audio.resampled(note(6000)))
    assert abs(alias[800:-800]).max() <= 1  # its sharp beginning and end are no tone
    assert abs(decibels(audio.resampled(note(1000)))[1] - decibels(note(1000))[1]) < 0.2
    assert abs(decibels(audio.resampled(note(3200)))[1] - decibels(note(3200))[1]) < 1.0


def test_silence_goes_and_a_little_stays() -> None:
    """Half a second of quiet on each side is cut to about the 12 ms that keep a word from sounding chopped."""
    quiet = b"\x00\x00" * (RATE // 2)
    found = audio.finished(Sound(quiet + note(500).samples + quiet, RATE))
    assert 500 <= found.ms <= 540


@pytest.mark.parametrize("level", [300.0, 3000.0, 12_000.0, 32_000.0])
def test_words_are_equally_loud_and_never_clipped(level: float) -> None:
    """Quiet and loud sources end at the same loudness, with no peak above -3 dBFS."""
    peak, rms = decibels(audio.finished(note(700, level=level)))
    assert peak <= -2.9
    assert -20.5 < rms < -19.0


def test_a_peaky_sound_is_held_at_its_peak() -> None:
    """One loud click does not clip: the peak decides."""
    found = numbers(note(400, level=300))
    found[2000:2010] = 20_000
    peak, _ = decibels(audio.finished(Sound(found.astype(numpy.int16).tobytes(), RATE)))
    assert -3.6 < peak <= -2.9


def test_the_three_files_are_the_same_sound() -> None:
    """8 kHz, 16 bit, mono; ulaw and alaw of the same length and within their own precision."""
    sound = audio.finished(note(700))
    forms = audio.forms(sound)
    with wave.open(io.BytesIO(forms["wav"])) as stream:
        assert (stream.getframerate(), stream.getsampwidth(), stream.getnchannels()) == (8000, 2, 1)
        assert stream.readframes(10**6) == sound.samples
    assert len(forms["ulaw"]) == len(forms["alaw"]) == len(sound.samples) // 2
    linear = audio.audioop.ulaw2lin(forms["ulaw"], 2)
    assert abs(numbers(Sound(linear, 8000)) - numbers(sound)).max() < 700


@pytest.mark.parametrize(("channels", "width", "rate"), [(1, 2, 8000), (2, 2, 44_100), (1, 1, 11_025), (2, 2, 48_000)])
def test_recordings_of_any_shape_are_taken(channels: int, width: int, rate: int) -> None:
    """Stereo, 8 bit, any rate: half a second stays half a second."""
    found = audio.finished(audio.read_wav(wav_of(channels, width, rate)))
    assert found.rate == 8000
    assert 480 <= found.ms <= 530


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"RIFF", b"not a sound at all", b"\xff" * 5000, wav_of()[:20], wav_of()[:44], wav_of(seconds=0)),
        *(b"ID3\x03mp3", wav_of(channels=6), audio.wav(b"\x00\x00" * 8000)),
    ],
)
def test_A18_what_is_no_sound_is_refused(content: bytes) -> None:
    """Empty, cut short, of another format, silent: one kind of fault."""
    with pytest.raises(NotASound):
        audio.finished(audio.read_wav(content))


def test_joining_adds_up() -> None:
    """Two sounds and a pause are as long as together."""
    one = audio.finished(note(500))
    assert audio.joined([one, one], 100).ms == one.ms * 2 + 100
    assert audio.tone(600).ms == 600


def test_an_unknown_speech_engine_is_named() -> None:
    """A sentence, not a KeyError."""
    with pytest.raises(RuntimeError, match="there are espeak and piper"):
        answer({"voice": "festival:x", "rate": 1, "volume": 1, "words": "x", "file": "x"}, {})
