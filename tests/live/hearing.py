"""What a recording holds: which known sounds, when, how much of each; and its longest silence.

A sound is sought by normalised cross-correlation (1.0 is the very same wave) of its first loud 0.4 s, and then
followed in steps of 0.2 s, each of which may lie a little off: voice packets come early, late or not at all.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
ANCHOR, STEP, NEAR, LEEWAY = 3_200, 1_600, 80, 3_200  # samples
ALIKE = 0.75
LOUD = 300.0  # of 32,768: above it a moment is not silent

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hit:
    """A sound in a recording: ``at`` and ``seconds`` in it, ``share`` of the sound that was played (0 to 1).

    ``alike``: seconds of it that were found; less than ``seconds`` where other words stand in its middle.
    """

    name: str
    at: float
    seconds: float
    share: float
    alike: float = 0.0


def samples(path: Path) -> Samples:
    """A sound file at 8 kHz: .wav (16 bit, mono) or .ulaw."""
    if path.suffix == ".ulaw":
        return _from_ulaw(np.frombuffer(path.read_bytes(), dtype=np.uint8))
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 1), path
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def heard(recording: Path, sounds: Mapping[str, Path], least_share: float = 0.6) -> list[Hit]:
    """The sounds in a recording, in order. Where several fit one moment, the one that explains most of it is given."""
    tape = Tape(samples(recording))
    hits = [hit for name, path in sounds.items() for hit in tape.find(name, samples(path)) if hit.share >= least_share]
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda one: -one.alike):
        if all(hit.at + hit.seconds <= one.at + 0.1 or hit.at >= one.at + one.seconds - 0.1 for one in kept):
            kept.append(hit)
    return sorted(kept, key=lambda one: one.at)


def names(hits: list[Hit]) -> list[str]:
    """Only what, in order."""
    return [hit.name for hit in hits]


def longest_silence(recording: Path, start: float = 0.0, end: float | None = None) -> tuple[float, float]:
    """(when it begins, how long it lasts), in seconds, of the longest run without sound."""
    wave_ = samples(recording)[int(start * RATE) : None if end is None else int(end * RATE)]
    frames = wave_[: len(wave_) // 160 * 160].reshape(-1, 160)
    loud = np.concatenate([[-1], np.flatnonzero(np.abs(frames).max(axis=1) > LOUD), [len(frames)]])
    gaps = np.diff(loud) - 1
    longest = int(gaps.argmax())
    return start + (int(loud[longest]) + 1) * 0.02, int(gaps[longest]) * 0.02


class Tape:
    """A recording, prepared for many searches."""

    def __init__(self, wave_: Samples) -> None:
        self.size = 1 << int(np.ceil(np.log2(len(wave_) + ANCHOR + 1)))
        self.wave = wave_
        self._spectrum = np.fft.rfft(wave_, self.size)
        self._energy = np.concatenate([[0.0], np.cumsum(wave_**2)])

    def find(self, name: str, sound: Samples) -> list[Hit]:
        """Every place where the sound begins, and how far it goes on there."""
        first = _first_loud(sound)
        anchor = sound[first : first + ANCHOR]
        if len(self.wave) < len(anchor) or len(anchor) < STEP // 2:
            return []
        hits = []
        for place in self._places(anchor):
            length, alike = self._follow(sound[first:], place)
            share = min((length + first) / max(len(sound), 1), 1.0)
            hits.append(Hit(name, max(0.0, (place - first) / RATE), (length + first) / RATE, share, alike / RATE))
        return hits

    def _places(self, anchor: Samples) -> list[int]:
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(anchor, self.size)), self.size)
        count = len(self.wave) - len(anchor) + 1
        energy = self._energy[len(anchor) :] - self._energy[:count]
        alike = product[:count] / np.sqrt(np.maximum(energy, LOUD**2) * max(float((anchor**2).sum()), 1.0))
        places: list[int] = []
        while len(places) < 20:
            best = int(alike.argmax())
            if alike[best] < ALIKE:
                break
            places.append(best)
            alike[max(0, best - ANCHOR // 2) : best + ANCHOR // 2] = 0.0
        return sorted(places)

    def _follow(self, sound: Samples, place: int) -> tuple[int, int]:
        """How far the sound goes on from a place, and how much of that was found; two steps in a row may be spoilt."""
        shift, missed, reached, alike = 0, 0, 0, 0
        for start in range(0, len(sound), STEP):
            piece = sound[start : start + STEP]
            if np.abs(piece).max() < LOUD or len(piece) < 200:
                reached = start + len(piece) if not missed else reached
                continue
            found = self._nearby(piece, place + start + shift, NEAR)
            if found is None:
                found = self._nearby(piece, place + start + shift, LEEWAY)
            if found is None:
                missed += 1
                if missed > 2:
                    break
                continue
            shift, missed, reached = found - place - start, 0, start + len(piece)
            alike += len(piece)
        return reached, alike

    def _nearby(self, piece: Samples, around: int, leeway: int) -> int | None:
        low = max(0, around - leeway)
        window = self.wave[low : around + leeway + len(piece)]
        if len(window) < len(piece):
            return None
        product = np.correlate(window, piece, "valid")
        energy = np.cumsum(np.concatenate([[0.0], window**2]))
        local = energy[len(piece) :] - energy[: len(product)]
        alike = product / np.sqrt(np.maximum(local, 1.0) * float((piece**2).sum()))
        best = int(alike.argmax())
        return low + best if alike[best] >= ALIKE else None


def _first_loud(sound: Samples) -> int:
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    return int(loud[0]) if len(loud) else 0


def _from_ulaw(codes: NDArray[np.uint8]) -> Samples:
    """G.711: sign, three bits of exponent, four of mantissa, all inverted."""
    plain = ~codes
    exponent = (plain >> 4) & 7
    magnitude = (((plain & 15).astype(np.int32) << 3) + 132 << exponent.astype(np.int32)) - 132
    return np.where(plain & 128, -magnitude, magnitude).astype(np.float64)
