"""The folder of YAML that people keep under git: read as a version's files, and written when something is published.

``versions/folder.json`` remembers what the folder held when it was last taken in or written, file by file, and of which
version that was. A file that is something else by now was changed by hand, and is never written over. A write that was
cut off is known by ``versions/writing.json``, and finished at the next start: each file is then either what it was, or
what it shall be.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from ivr_server.publishing import files as disk
from ivr_server.publishing.asked import Files
from ivr_server.publishing.naming import DIALOGUES, FLOWS, MOST_FILES, PROMPTS, digest, fingerprint, fits
from ivr_server.publishing.recorded import Recorded
from marked_yaml import Mistakes, Problem

MARK: Final = "folder.json"
WRITING: Final = "writing.json"
State = Literal["same", "changed", "conflict", "read_only", "missing"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What the folder held last that we know of: the version, and each file's fingerprint."""

    version: int = 0
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """How the folder stands. ``changed``: file -> added, removed or changed by hand since the mark."""

    state: State
    version: int = 0
    digest: str = ""
    changed: Mapping[str, str] = field(default_factory=dict)


class Folder:
    """Two folders of the settings, as one set of files; ``memory``: the folder of versions. Everything blocks.

    ``recorded``: the recordings beside them; those with a name of their own may be changed by hand, too.
    """

    def __init__(self, flows: Path, prompts: Path, memory: Path, recorded: Recorded | None = None) -> None:
        self.places = {FLOWS: flows, DIALOGUES: flows / "dialogues", PROMPTS: prompts}
        self.memory, self.recorded = memory, recorded

    def read(self) -> Files:
        """What stands there now. Raises OSError; Mistakes for a file whose name cannot be taken."""
        found: dict[str, str] = {}
        problems = []
        for folder, place in self.places.items():
            for path in _yaml_in(place, optional=folder == DIALOGUES):
                name = f"{folder}/{path.name}"
                try:
                    found[name] = _text(path)
                except UnicodeDecodeError:
                    problems.append(Problem(str(path), 1, 1, "this is not UTF-8 text"))
                if not fits(name):
                    problems.append(Problem(str(path), 1, 1, "a file's name has small letters, digits and _ only"))
        if problems or len(found) > MOST_FILES:
            raise Mistakes(problems or [Problem(str(self.places[FLOWS]), 1, 1, f"more than {MOST_FILES} files")])
        return found

    def path(self, name: str) -> str:
        """Where a version's file lies in the folder, for messages that can be clicked."""
        folder, _, last = name.rpartition("/")
        place = self.places.get(folder)
        return str(place / last) if place else name

    def mark(self) -> Mark:
        """What is remembered; nothing before the first time."""
        try:
            told = json.loads(disk.read(self.memory, MARK))
            return Mark(int(told["version"]), dict(told["files"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Mark()

    def remember(self, version: int, files: Files) -> None:
        """The folder holds these files, and they are that version."""
        self._keep(MARK, Mark(version, self._prints(files)))

    def look(self, published: int) -> Seen:
        """How the folder stands to what is remembered and to what is published."""
        mark = self.mark()
        try:
            files = self.read()
        except (OSError, Mistakes):
            return Seen("missing", mark.version)
        changed = differences(mark.files, self._prints(files))
        mine = mark.version == published
        state: State = ("changed" if mine else "conflict") if changed else ("same" if mine else "read_only")
        return Seen(state, mark.version, digest(files), changed)

    def write(self, version: int, files: Files, base: Mapping[str, str]) -> Seen:
        """Make the folder hold these files, if every file that differs is still what ``base`` says."""
        try:
            now = prints(self.read())
        except (OSError, Mistakes):
            return Seen("missing", version)
        wanted = prints(files)
        base = {name: one for name, one in base.items() if fits(name)}
        theirs = {name: how for name, how in differences(base, now).items() if now.get(name) != wanted.get(name)}
        if theirs:
            return Seen("conflict", self.mark().version, changed=theirs)
        if not self._writable(differences(now, wanted)):
            return Seen("read_only", self.mark().version)
        self._keep(WRITING, Mark(version, now))
        self._write(files, differences(now, wanted))
        if self.recorded is not None:
            self.recorded.through(files)
        return Seen("same", version, digest(files))

    def _prints(self, files: Files) -> dict[str, str]:
        """File -> fingerprint, with the recordings that may be changed by hand."""
        return {**prints(files), **(self.recorded.prints(files) if self.recorded else {})}

    def unfinished(self) -> Mark | None:
        """The write that was cut off: which version, and what the folder held before."""
        try:
            told = json.loads(disk.read(self.memory, WRITING))
            return Mark(int(told["version"]), dict(told["files"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, files: Files, changed: Mapping[str, str]) -> None:
        for name in changed:
            path = Path(self.path(name))
            if name in files:
                path.parent.mkdir(exist_ok=True)
                disk.replace(path, files[name].encode())
            else:
                path.unlink(missing_ok=True)
        self.remember(int((self.unfinished() or Mark()).version), files)
        with suppress(OSError):
            (self.memory / WRITING).unlink()

    def _writable(self, names: Mapping[str, str]) -> bool:
        """Whether every folder that holds one of these can be written."""
        places = {Path(self.path(name)).parent for name in names}
        return all(os.access(place if place.exists() else place.parent, os.W_OK) for place in places)

    def _keep(self, name: str, mark: Mark) -> None:
        self.memory.mkdir(parents=True, exist_ok=True)
        disk.replace(self.memory / name, json.dumps(asdict(mark)).encode())


def prints(files: Files) -> dict[str, str]:
    """File -> fingerprint."""
    return {name: fingerprint(text) for name, text in files.items()}


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """File -> added, removed or changed."""
    found = {name: "changed" if name in old else "added" for name in new if old.get(name) != new[name]}
    return dict(sorted((found | {name: "removed" for name in old if name not in new}).items()))


def _yaml_in(place: Path, *, optional: bool) -> list[Path]:
    if optional and not place.is_dir():
        return []
    return sorted(path for path in place.iterdir() if path.suffix in (".yaml", ".yml"))


def _text(path: Path) -> str:
    """Its words; of a file that is too long so much that the reader refuses it. UnicodeDecodeError: it has none."""
    with path.open("rb") as stream:
        return stream.read(disk.LARGEST).decode()
