"""The wav files that the phone plays: only ones a phone was told to play, opened step by step under a folder of ours.

Each part of the name is opened relative to the folder before it, and a link is never followed (FAULTS G4).
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}){0,6}")
MOST_REMEMBERED: Final = 4_000
LARGEST: Final = 8 * 1024 * 1024  # 8 minutes and more of 8 kHz, 16 bit


class SoundShelf:
    """Which sounds may be asked for: names under one of the folders, remembered when a phone plays them."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(Path(folder).absolute() for folder in folders)
        self._told: OrderedDict[str, Path] = OrderedDict()

    def name(self, path: str) -> str:
        """The name for a sound's path (without extension), remembered; "" when it lies in none of the folders."""
        for folder in self._folders:
            try:
                name = str(Path(path).relative_to(folder))
            except ValueError:
                continue
            if NAME.fullmatch(name):
                self._told[name] = folder
                self._told.move_to_end(name)
                while len(self._told) > MOST_REMEMBERED:
                    self._told.popitem(last=False)
                return name
        return ""

    def read(self, name: str) -> bytes | None:
        """The wav's bytes; None when no phone was told of it, or it is not a plain file there."""
        folder = self._told.get(name) if NAME.fullmatch(name) else None
        if folder is None:
            return None
        try:
            return read_under(folder, f"{name}.wav")
        except OSError:
            return None


def read_under(folder: Path, name: str) -> bytes:
    """A file's bytes, each folder of its name opened relative to the one before; OSError at any link."""
    *between, last = name.split("/")
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in between:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        handle = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        with os.fdopen(handle, "rb") as file:
            return file.read(LARGEST)
    finally:
        os.close(at)
