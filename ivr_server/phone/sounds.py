"""How long a sound file is and which words are in it, without reading the sound."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

# bytes before the sound, and bytes a millisecond, at 8 kHz
SHAPES: Final = ((".ulaw", 0, 8), (".alaw", 0, 8), (".wav", 44, 16), (".sln", 0, 16))


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that Asterisk would play: its full name, its length, the words of ``path.txt`` beside it ("" for none)."""

    file: str
    ms: int
    words: str


def find(path: str) -> Sound | None:
    """The sound behind a path without extension; None when there is no file."""
    for extension, head, rate in SHAPES:
        try:
            size = os.path.getsize(path + extension)
        except (OSError, ValueError):
            continue
        return Sound(path + extension, max(size - head, 0) // rate, _words(path))
    return None


def _words(path: str) -> str:
    try:
        with open(path + ".txt", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
