"""The recordings that versions name, kept by what is in them, so that each version keeps its own sound.

    spoken/welcome-en-0123456789abcdef01234567.wav      written once, never again

The studio names a recording by its content, and the YAML names that. One that people put into their folder under a name
of their own (``recordings/welcome.wav``) is *pinned* when a version is made: the version notes what it was then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ivr_server.publishing import files as disk
from ivr_server.publishing.asked import Files
from ivr_server.publishing.naming import PROMPTS, under
from prompts import recordings

MOST_BYTES: Final = 4 << 30  # of all that is kept
_NAMED: Final = re.compile(r"""\bfile:\s*["']?(recordings/[a-z0-9/_-]+\.wav)""")
_PATH: Final = re.compile(r"(?<![a-z0-9/_-])recordings/[a-z0-9/_-]+\.wav")


class Full(OSError):
    """There is no room for one more."""


def named(files: Files) -> tuple[str, ...]:
    """The recordings that these words name, as they stand there."""
    lines = (line for text in under(files, PROMPTS).values() for line in text.splitlines())
    found = (path for line in lines if not line.lstrip().startswith("#") for path in _NAMED.findall(line))
    return tuple(dict.fromkeys(path for path in found if not recordings.fault(path)))


def pinned(files: Files, pins: Mapping[str, str]) -> dict[str, str]:
    """The same words with each pinned recording under the name that says what is in it."""
    if not pins:
        return dict(files)
    words = {name: _PATH.sub(lambda path: pins.get(path[0], path[0]), text) for name, text in files.items()}
    return {name: words[name] if name.startswith(f"{PROMPTS}/") else text for name, text in files.items()}


class Recorded:
    """Both places where recordings lie: ``hand``, the people's folder, and ``kept``, ours. Everything blocks."""

    def __init__(self, hand: Path, kept: Path) -> None:
        self.hand, self.kept = hand, kept
        self.roots = (str(hand), str(kept))

    def keep(self, what: str, content: bytes) -> str:
        """The path under which this sound is found from now on. Raises OSError (Full)."""
        path = recordings.name(what, content)
        place = self._place(path)
        if not place.exists():
            self.kept.mkdir(parents=True, exist_ok=True)
            if self._size() + len(content) > MOST_BYTES:
                raise Full(f"more than {MOST_BYTES} bytes of recordings")
            disk.replace(place, content, 0o444)
        return path

    def find(self, path: str) -> bytes:
        """A recording's WAV. Raises ``prompts.recordings.Refused``."""
        return recordings.find(self.roots, path)

    def pins(self, files: Files) -> dict[str, str]:
        """Path -> name by content, of those that have a name of their own; they are kept. Raises OSError (Full)."""
        found = {}
        for path in named(files):
            if recordings.digest_in(path):
                continue
            with suppress(recordings.Refused):  # the voice says it, and the build tells so
                what = Path(path).stem[:60]
                found[path] = self.keep(what, self.find(path))
        return found

    def prints(self, files: Files) -> dict[str, str]:
        """Path -> digest of what lies in the people's folder under a name of its own: it may be changed by hand."""
        found = {}
        for path in named(files):
            if not recordings.digest_in(path):
                with suppress(recordings.Refused):
                    found[path] = recordings.digest(recordings.read(str(self.hand), path))
        return found

    def take(self, sounds: Mapping[str, bytes]) -> None:
        """What came in an archive, under the names that it has there. Raises OSError (Full)."""
        for path, content in sounds.items():
            self.keep(Path(path).stem.rpartition("-")[0], content)

    def contents(self, files: Files) -> dict[str, bytes]:
        """Every recording that these words name, for an archive. Raises ``prompts.recordings.Refused``."""
        return {path: self.find(path) for path in named(files)}

    def through(self, files: Files) -> None:
        """What the words name lies in the people's folder, too, where that can be written, so that git sees it."""
        for path in named(files):
            place = self.hand / path.removeprefix(recordings.FOLDER)
            if recordings.digest_in(path) and not place.exists():
                with suppress(recordings.Refused, OSError):
                    disk.replace(place, self.find(path))

    def _size(self) -> int:
        """Of all that lies there; what another thread takes away meanwhile is not counted."""
        total = 0
        for one in self.kept.iterdir():
            with suppress(FileNotFoundError):
                total += one.stat().st_size
        return total

    def _place(self, path: str) -> Path:
        return self.kept / path.removeprefix(recordings.FOLDER)
