"""What somebody uploads is a recording, or is refused with a word; nothing that comes costs much (FAULTS G3, G4)."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import wave
import zipfile

import numpy
import pytest
import soundfile

from prompts import audio
from prompts.incoming import KEPT_RATE, LARGEST, LONGEST_S, NotTaken, taken


def spoken(seconds: float = 1.5, rate: int = 44_100, loud: float = 0.3) -> numpy.ndarray:
    """Something like a voice: three tones that come and go."""
    at = numpy.arange(int(seconds * rate)) / rate
    tones = sum(numpy.sin(2 * numpy.pi * hertz * at) for hertz in (210, 640, 1_900))
    return (tones / 3 * loud * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * at))).astype(numpy.float32)


def written(form: str, subtype: str = "", samples: numpy.ndarray | None = None, rate: int = 44_100) -> bytes:
    """A file of that format."""
    kept = io.BytesIO()
    soundfile.write(kept, spoken(rate=rate) if samples is None else samples, rate, format=form, subtype=subtype or None)
    return kept.getvalue()


def refusal(content: bytes) -> str:
    """Why it is not taken."""
    with pytest.raises(NotTaken) as fault:
        taken(content)
    return fault.value.why


GOOD = {
    "wav": lambda: written("WAV"),
    "wav of 24 bit": lambda: written("WAV", "PCM_24", rate=48_000),
    "wav of floats": lambda: written("WAV", "FLOAT", rate=48_000),
    "wav of a telephone": lambda: written("WAV", "ALAW", rate=8_000),
    "wav of adpcm": lambda: written("WAV", "IMA_ADPCM", rate=22_050),
    "two channels": lambda: written("WAV", samples=numpy.stack([spoken(), spoken() / 2], axis=1)),
    "flac": lambda: written("FLAC"),
    "aiff": lambda: written("AIFF"),
    "vorbis": lambda: written("OGG", "VORBIS"),
    "opus": lambda: written("OGG", "OPUS", rate=48_000),
    "mp3": lambda: written("MP3"),
}


@pytest.mark.parametrize("form", GOOD)
def test_every_usual_form_becomes_the_same_wav(form: str) -> None:
    """Mono, 16 bit, of one rate; as long as what was said."""
    found = taken(GOOD[form]())
    with wave.open(io.BytesIO(found.wav)) as made:
        assert (made.getnchannels(), made.getsampwidth(), made.getframerate()) == (1, 2, KEPT_RATE)
        assert 1.4 < made.getnframes() / KEPT_RATE < 1.7
    assert 1_300 < found.ms < 1_700 and not found.clipped
    assert audio.finished(audio.read_wav(found.wav)).ms == found.ms


def test_the_same_sound_gives_the_same_bytes() -> None:
    """So that it has one name."""
    assert taken(GOOD["wav"]()).wav == taken(GOOD["wav"]()).wav


def test_quiet_and_loud_are_heard_alike() -> None:
    """What callers hear is levelled; what was recorded too loud is told."""
    heard = [audio.finished(audio.read_wav(taken(written("WAV", samples=spoken(loud=by))).wav)) for by in (0.03, 0.9)]
    power = [float(numpy.frombuffer(one.samples, numpy.int16).astype(float).std()) for one in heard]
    assert 0.9 < power[0] / power[1] < 1.1
    assert taken(written("WAV", samples=(spoken(loud=4.0)).clip(-1, 1))).clipped


def _zip() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        made.writestr("a.wav", GOOD["wav"]())
    return kept.getvalue()


BAD = {
    "nothing": (lambda: b"", "kind"),
    "text": (lambda: b"hello" * 100, "kind"),
    "a page": (lambda: b"<html><script>alert(1)</script>", "kind"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(400), "kind"),
    "a program": (lambda: b"\x7fELF" + bytes(4_000), "kind"),
    "an archive": (_zip, "kind"),
    "video": (lambda: b"\x1aE\xdf\xa3" + bytes(4_000), "kind"),
    "a head alone": (lambda: GOOD["wav"]()[:44], "silent"),
    "another format of the library": (lambda: written("AU"), "kind"),
    "bare samples": (lambda: random.Random(1).randbytes(50_000), "kind"),
    "silence": (lambda: written("WAV", samples=numpy.zeros(44_100, numpy.float32)), "silent"),
    "a click": (lambda: written("WAV", samples=spoken(0.04)), "short"),
    "three minutes": (lambda: written("WAV", samples=spoken(180, 8_000), rate=8_000), "long"),
    "100 MB": (lambda: b"RIFF" + bytes(100 << 20), "big"),
    "many channels": (lambda: written("WAV", samples=numpy.zeros((9_000, 8), numpy.float32)), "kind"),
    "a rate of nonsense": (lambda: written("WAV", rate=1_000), "kind"),
    "no numbers": (lambda: written("WAV", "FLOAT", numpy.full(44_100, numpy.nan, numpy.float32)), "kind"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_recording_is_refused_with_a_word(name: str) -> None:
    """By its content, whatever it is called."""
    made, why = BAD[name]
    assert refusal(made()) == why


@pytest.mark.parametrize("form", ["wav", "flac", "opus", "mp3"])
def test_G1_cut_or_changed_anywhere_it_is_taken_or_refused(form: str) -> None:
    """At many places, nothing but a recording or a word comes out."""
    whole, draw = GOOD[form](), random.Random(5)
    for _ in range(40):
        bad = bytearray(whole[: draw.randrange(len(whole))] if draw.random() < 0.4 else whole)
        for _ in range(min(len(bad), draw.randrange(1, 6))):
            bad[draw.randrange(min(len(bad), 200))] ^= 1 << draw.randrange(8)
        try:
            assert len(taken(bytes(bad)).wav) <= LONGEST_S * KEPT_RATE * 2 + 100
        except NotTaken as refused:
            assert refused.why in ("kind", "long", "short", "silent")


def _bomb() -> bytes:
    """Hours of silence in a small file."""
    return written("FLAC", samples=numpy.zeros(8_000 * 3_600 * 5, numpy.int16), rate=8_000)


def _lying() -> bytes:
    """A WAV that says it has four billion bytes of samples."""
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
    return head + b"data\xff\xff\xff\xfe" + random.Random(2).randbytes(40_000)


CHILD = """
import resource, sys, time
from prompts.incoming import NotTaken, taken
content = open(sys.argv[1], "rb").read()
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    taken(content)
except NotTaken as refused:
    print(refused.why, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_G3_a_bomb_costs_what_two_minutes_cost(tmp_path: object) -> None:
    """Five hours in a few hundred kilobytes: no more is unpacked than is taken."""
    bomb = f"{tmp_path}/bomb"
    content = _bomb()
    assert len(content) < LARGEST
    with open(bomb, "wb") as stream:
        stream.write(content)
    run = subprocess.run([sys.executable, "-c", CHILD, bomb], capture_output=True, text=True, check=True, timeout=60)
    why, grown = run.stdout.split()
    assert why == "long" and int(grown) < 200


def test_G3_a_length_that_lies_is_not_believed() -> None:
    """What is there is taken: two and a half seconds of noise."""
    assert 2_000 < taken(_lying()).ms < 2_600
