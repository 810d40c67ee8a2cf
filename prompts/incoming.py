"""A sound that somebody sends: what it is is found from its content, and it becomes a WAV that may be a recording.

libsndfile reads it (WAV, FLAC, AIFF, Ogg Vorbis and Opus, MP3); what a browser alone can read, it sends as WAV. No more
is decoded than may be taken, whatever a header says. For a process with bounds of its own: what comes is believed in
nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy
import soundfile
import soxr

from prompts import audio
from prompts.audio import NotASound, Sound

LARGEST: Final = 16 << 20  # bytes of what is sent
LONGEST_S: Final = 120
SHORTEST_MS: Final = 150
KEPT_RATE: Final = 16_000  # twice the telephone's, for a day on which it sounds better
FORMATS: Final = frozenset({"WAV", "WAVEX", "RF64", "FLAC", "AIFF", "OGG", "MP3"})
MOST_CHANNELS: Final = 2
RATES: Final = (4_000, 192_000)
_CLIPPED: Final = 0.999
_MUCH: Final = 0.001  # of the samples


class NotTaken(ValueError):
    """It cannot be a recording; ``why``: big, kind, long, short, silent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Incoming:
    """What became of it. ``ms``: as callers hear it, trimmed; ``clipped``: it was recorded too loud."""

    wav: bytes
    ms: int
    clipped: bool = False


def taken(content: bytes) -> Incoming:
    """A mono WAV of 16 bit, which can be made ready for the telephone. Raises NotTaken."""
    if len(content) > LARGEST:
        raise NotTaken("big")
    samples, rate = _decoded(content)
    mono = samples.mean(axis=1)
    clipped = bool((abs(samples) >= _CLIPPED).mean() > _MUCH)
    if rate != KEPT_RATE:
        mono = soxr.resample(mono, rate, KEPT_RATE, quality="HQ")
    whole = (mono.clip(-1, 1) * 32767).astype(numpy.int16)
    try:
        heard = audio.finished(Sound(whole.tobytes(), KEPT_RATE))
    except NotASound:
        raise NotTaken("silent") from None
    if heard.ms < SHORTEST_MS:
        raise NotTaken("short")
    return Incoming(_wav(whole), heard.ms, clipped)


def _decoded(content: bytes) -> tuple[numpy.ndarray, int]:
    """Samples of each channel from -1 to 1, and their rate."""
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            lowest, highest = RATES
            if sound.format not in FORMATS or not lowest <= sound.samplerate <= highest:
                raise NotTaken("kind")
            if not 0 < sound.channels <= MOST_CHANNELS:
                raise NotTaken("kind")
            most = LONGEST_S * sound.samplerate
            samples = sound.read(most + 1, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, RuntimeError, ValueError, TypeError) as fault:
        if isinstance(fault, NotTaken):
            raise
        raise NotTaken("kind") from None
    if len(samples) > most:
        raise NotTaken("long")
    if not len(samples) or not numpy.isfinite(samples).all():
        raise NotTaken("silent" if not len(samples) else "kind")
    return samples, sound.samplerate


def _wav(samples: numpy.ndarray) -> bytes:
    kept = io.BytesIO()
    soundfile.write(kept, samples, KEPT_RATE, format="WAV", subtype="PCM_16")
    return kept.getvalue()
