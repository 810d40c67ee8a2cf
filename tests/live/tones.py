"""Who is heard in a talk: each party makes a tone of its own all along, and recordings are searched for them.

A mixture of several is told apart, which the search for sounds (``hearing``) cannot do.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from tests.live.hearing import RATE, samples

TONES = {"caller": 1900, "2001": 2300, "2002": 2700, "customer": 3100}  # Hz, between the key tones and the line's end
PIECE = RATE // 4
LOUD = 0.05  # of a full tone's strength as it is written


def write_tone(path: Path, name: str, seconds: int = 60) -> None:
    """The tone of a party."""
    wave_ = 5_000 * np.sin(2 * np.pi * TONES[name] * np.arange(RATE * seconds) / RATE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(wave_.astype("<i2").tobytes())


def pieces(recording: Path) -> list[frozenset[str]]:
    """For each quarter of a second of a recording: whose tones are in it."""
    tape = samples(recording)
    tape = tape[: len(tape) // PIECE * PIECE].reshape(-1, PIECE)
    at = np.arange(PIECE) / RATE
    strength = {
        name: np.abs(tape @ np.exp(-2j * np.pi * hertz * at)) / (5_000 * PIECE / 2) for name, hertz in TONES.items()
    }
    return [frozenset(name for name in TONES if strength[name][index] > LOUD) for index in range(len(tape))]


def talks(recording: Path, least_s: float = 0.75) -> list[set[str]]:
    """Who was heard, one after the other: each group of parties that was heard for a while; silence is left out."""
    found: list[set[str]] = []
    run: list[frozenset[str]] = []
    for piece in [*pieces(recording), None]:
        if run and piece != run[-1]:
            if len(run) * 0.25 >= least_s and run[-1] and (not found or found[-1] != run[-1]):
                found.append(set(run[-1]))
            run = []
        if piece is not None:
            run.append(piece)
    return found
