"""The versions on disk: immutable, numbered, and which of them is published.

    versions/000007/version.json               number, digest, author, reason, at, parent, source, excuses
    versions/000007/flows/main.yaml            and flows/dialogues/*.yaml, prompts/*.yaml; nobody may write them
    versions/published                         the number of the one that is live, replaced in one stroke
    versions/deeds.jsonl                       who did that, when and why: written before it is done
    versions/lock                              held while a number is given, and while ``published`` is replaced

A version is written in a folder of another name, synced, and renamed, so that one is either whole or not there; a kill
at any moment leaves the old one published, or the new one. What was changed afterwards by whatever hand is found by the
digest, and not used.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from ivr_server.publishing import files as disk
from ivr_server.publishing.asked import Files
from ivr_server.publishing.deeds import Deed, Deeds
from ivr_server.publishing.naming import FOLDERS, digest, fits
from ivr_server.publishing.recorded import pinned

POINTER: Final = "published"
ABOUT: Final = "version.json"
HIGHEST: Final = 999_999


class Damaged(Exception):
    """A version is not what was written; the text is one sentence for people."""


class NoVersion(Exception):
    """There is no version of this number."""


class Moved(Exception):
    """Another version is published than the one that was expected; ``published`` is its number."""

    def __init__(self, published: int) -> None:
        super().__init__(f"version {published} is published by now")
        self.published = published


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is known of one. ``at``: seconds since 1970; ``parent``: what was published before it, 0: nothing.

    ``source``: folder, studio, import or command; ``excuses``: the reasons given for its warnings; ``recordings``: what
    was in those that have a name of their own (``recorded``).
    """

    number: int = 0
    digest: str = ""
    author: str
    reason: str
    at: float
    parent: int = 0
    source: str
    excuses: Mapping[str, str] = field(default_factory=dict)
    recordings: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """How calls name it in the journal."""
        return f"{self.number}-{self.digest[:12]}"


class Versions:
    """The folder of versions. Everything blocks: for a thread, a command, or a start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deeds = Deeds(folder)

    def numbers(self) -> tuple[int, ...]:
        """All there are, rising."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return ()
        return tuple(sorted(int(name) for name in names if name.isascii() and name.isdigit() and len(name) == 6))

    def published(self) -> int:
        """The number of the one that is live; 0 before the first. Damaged when the pointer cannot be understood."""
        try:
            text = disk.read(self.folder, POINTER).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return 0
        if not text.isdigit():
            raise Damaged(f"{self.folder / POINTER} does not hold the number of a version")
        return int(text)

    def about(self, number: int) -> Version:
        """What is known of a version. NoVersion, Damaged."""
        try:
            told = json.loads(disk.read(self._place(number), ABOUT))
            version = Version(**told)
        except FileNotFoundError:
            raise NoVersion(f"there is no version {number}") from None
        except (OSError, ValueError, TypeError) as fault:
            raise Damaged(f"version {number} cannot be read: {fault}") from None
        if version.number != number:
            raise Damaged(f"version {number} says of itself that it is {version.number}")
        return version

    def files(self, number: int) -> Files:
        """What stands in a version, byte for byte as it was published. NoVersion, Damaged."""
        wanted = self.about(number).digest
        try:
            found = {name: disk.read(self._place(number), name).decode() for name in self._names(number)}
        except (OSError, UnicodeDecodeError) as fault:
            raise Damaged(f"version {number} cannot be read: {fault}") from None
        if digest(found) != wanted:
            raise Damaged(f"version {number} was changed after it was published; it is not used")
        return found

    def heard(self, number: int) -> Files:
        """The same with its recordings by what was in them when it was made."""
        return pinned(self.files(number), self.about(number).recordings)

    def publish(self, files: Files, version: Version, expected: int, deed: Deed) -> Version:
        """Write it and make it the one that is live, if ``expected`` still is. Raises Moved, OSError."""
        with self.lock():
            self._expect(expected)
            made = self._put(files, replace(version, parent=expected))
            self.deeds.add(replace(deed, version=made.number))
            self._point(made.number)
        return made

    def point(self, number: int, expected: int, deed: Deed) -> None:
        """Make an older version live again, if ``expected`` still is. Raises Moved, NoVersion, Damaged, OSError."""
        self.files(number)
        with self.lock():
            self._expect(expected)
            self.deeds.add(replace(deed, version=number))
            self._point(number)

    def settle(self, now: float) -> None:
        """What was cut off before it was done is told by a deed of its own."""
        with self.lock():
            if published := self.published():
                self.deeds.settle(published, now)

    def _expect(self, expected: int) -> None:
        if (found := self.published()) != expected:
            raise Moved(found)

    def _point(self, number: int) -> None:
        disk.replace(self.folder / POINTER, f"{number}\n".encode())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One at a time, over all processes; what a killed process left half written is removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._sweep()
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        for left in self.folder.glob(".new-*"):
            _opened_up(left)
            shutil.rmtree(left, ignore_errors=True)

    def _put(self, files: Files, version: Version) -> Version:
        number = max(self.numbers(), default=0) + 1
        if number > HIGHEST:
            raise OSError("there are too many versions")
        version = replace(version, number=number, digest=digest(files))
        beside = self.folder / f".new-{os.getpid()}"
        for folder in FOLDERS:
            (beside / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            if not fits(name):
                raise ValueError(f"a version cannot hold a file of this name: {name!r}")
            disk.write(beside / name, text.encode(), 0o444)
        told = json.dumps(asdict(version), ensure_ascii=False, indent=1)
        disk.write(beside / ABOUT, told.encode(), 0o444)
        for folder in (*reversed(FOLDERS), ""):
            disk.sync(beside / folder)
            os.chmod(beside / folder, 0o555)
        beside.rename(self._place(number))
        disk.sync(self.folder)
        return version

    def _names(self, number: int) -> list[str]:
        """Every file in a version's folders, whatever it is called: the digest finds one more than was written."""
        place = self._place(number)
        found = ((folder, one) for folder in FOLDERS for one in sorted((place / folder).iterdir()))
        return [f"{folder}/{one.name}" for folder, one in found if one.is_symlink() or not one.is_dir()]

    def _place(self, number: int) -> Path:
        return self.folder / f"{number:06d}"


def _opened_up(folder: Path) -> None:
    """So that it can be removed."""
    for here, _, _ in os.walk(folder):
        with suppress(OSError):
            os.chmod(here, 0o755)
