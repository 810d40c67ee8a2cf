"""Which version a start gives to callers, and how the folder of YAML comes into it.

The folder is taken in as a new version when it was changed by hand since it was last taken in or written, and what was
taken in then is what is published. A folder that is behind, and that nobody touched, is written. A folder with problems
stops the first start only; later ones go on with what is published, and say so. A published version that cannot be used
(it was damaged, or does not prove any more) gives way to the newest one before it that can.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.human_key import unled
from ivr_server.loading import CannotStart, Mistaken
from ivr_server.proving import Unproved, prove
from ivr_server.publishing.asked import Files
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.folder import Folder, Seen
from ivr_server.publishing.judging import Ground, Words, standing_words, tagged, words_of
from ivr_server.publishing.recorded import Recorded
from ivr_server.publishing.versions import Damaged, Moved, NoVersion, Version, Versions
from ivr_server.settings import Settings
from marked_yaml import Mistakes

Say = Callable[[str], None]
Read = Callable[[Files, Ground], Words]


@dataclass(frozen=True, slots=True)
class House:
    """The versions of these settings, the folder beside them, and what the files stand on."""

    versions: Versions
    folder: Folder
    ground: Ground
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Opened:
    """What is live. ``troubles``: sentences for whoever runs the service."""

    version: Version
    words: Words
    seen: Seen
    troubles: tuple[str, ...] = ()


def house(settings: Settings) -> House:
    """Where versions lie under these settings; nothing is written."""
    place = settings.folder / "versions"
    recorded = Recorded(*map(Path, settings.recording_folders()))
    folder = Folder(Path(settings.flows), Path(settings.speech.library), place, recorded)
    return House(Versions(place), folder, ground_for(settings), recorded)


def ground_for(settings: Settings) -> Ground:
    """What flows stand on under these settings."""
    return Ground(frozenset(settings.queue_names), settings.numbers, settings.operator.currency)


def opened(settings: Settings, say: Say) -> Opened:
    """Take the folder in when it is due, and load what is published. Raises CannotStart."""
    return Opening(house(settings), say).run()


@dataclass(slots=True)
class Opening:
    """One start. ``say``: progress, in lines."""

    house: House
    say: Say
    troubles: list[str] = field(default_factory=list)

    def run(self) -> Opened:
        """What is live, after what was begun earlier is finished."""
        published = self._published()
        self._finish()
        files = self._folder_files(published)
        if files is not None and self._due(files, published):
            published = self._taken_in(files, published)
        self._catch_up(published)
        version, words = self._first_usable(published, files)
        return Opened(version, words, self.house.folder.look(version.number), tuple(self.troubles))

    def _published(self) -> int:
        """The number that is live; the newest there is, where that cannot be read any more."""
        versions = self.house.versions
        try:
            published = versions.published()
        except (Damaged, OSError) as fault:
            self.troubles.append(str(fault))
            return max(versions.numbers(), default=0)
        versions.settle(time.time())
        return published

    def _finish(self) -> None:
        """A write into the folder that was cut off goes on."""
        left = self.house.folder.unfinished()
        if left is None:
            return
        try:
            files = self.house.versions.files(left.version)
        except (Damaged, NoVersion) as fault:
            self.troubles.append(str(fault))
            return
        self.house.folder.write(left.version, files, left.files)

    def _catch_up(self, published: int) -> None:
        """What went live a moment before the service was killed is written into the folder, if nobody touched that."""
        folder = self.house.folder
        if folder.look(published).state != "read_only":
            return
        try:
            folder.write(published, self.house.versions.files(published), folder.mark().files)
        except (Damaged, NoVersion, OSError) as fault:
            self.troubles.append(f"the folder of flows could not be written: {fault}")

    def _folder_files(self, published: int) -> Files | None:
        try:
            return self.house.folder.read()
        except (OSError, Mistakes) as fault:
            text = f"the flows or prompts cannot be read: {fault}"
            if not published:
                raise Mistaken(text) from None
            self.troubles.append(text)
            return None

    def _due(self, files: Files, published: int) -> bool:
        if not published:
            return True
        seen = self.house.folder.look(published)
        if seen.state == "conflict":
            names = ", ".join(seen.changed)
            self.troubles.append(
                f"the folder was changed by hand ({names}), but version {published} was published from elsewhere: "
                "merge them in the studio, or publish the folder (ivr-server flows publish)"
            )
        return seen.state == "changed"

    def _taken_in(self, files: Files, published: int) -> int:
        """The number of the new version; that of the old one when the folder has problems."""
        try:
            self._proved(files, self.house.folder.path)
        except Mistaken as wrong:
            if not published:
                raise
            self.troubles.append(f"version {published} stays: {wrong}")
            return published
        return take_in(self.house, files, "", published)

    def _proved(self, files: Files, path: Callable[[str], str] = str, read: Read = words_of) -> Words:
        """The files read and proved. Raises Mistaken; ``path``: where a file lies for whoever reads that."""
        try:
            words = read(files, self.house.ground)
        except Mistakes as wrong:
            if wrong.problems[0].file == "settings":
                raise Mistaken(wrong.problems[0].text) from None
            lines = (str(replace(problem, file=path(problem.file))) for problem in wrong.problems)
            raise Mistaken("the flows or prompts have problems:\n" + "\n".join(lines)) from None
        try:
            prove(words.library, self.say)
        except Unproved as found:
            raise Mistaken(str(found)) from None
        return words

    def _first_usable(self, published: int, files: Files | None) -> tuple[Version, Words]:
        for number in (published, *reversed([n for n in self.house.versions.numbers() if n < published])):
            try:
                return self._usable(number)
            except (Damaged, NoVersion, Mistaken) as fault:
                self.troubles.append(f"version {number} cannot be used: {fault}")
        if files is None:
            raise Mistaken("\n".join(self.troubles))
        self._proved(files, self.house.folder.path)
        return self._usable(take_in(self.house, files, "no version could be used", published))

    def _usable(self, number: int) -> tuple[Version, Words]:
        version = self.house.versions.about(number)
        words = self._proved(self.house.versions.heard(number), read=standing_words)
        self.troubles += [
            f"version {number} goes on, but the next needs this mended: {one}" for one in unled(words.library)
        ]
        return version, tagged(words, version.tag)


def take_in(house: House, files: Files, reason: str, published: int) -> int:
    """Make the folder's files the version that is live; its number. CannotStart when the disk does not take it."""
    now = time.time()
    try:
        pins = house.recorded.pins(files)
        version = Version(author="folder", reason=reason, at=now, source="folder", recordings=pins)
        made = house.versions.publish(files, version, published, Deed(0, now, "folder", "take_in", 0, reason))
        house.folder.remember(made.number, files)
    except Moved as moved:
        return moved.published
    except OSError as fault:
        raise CannotStart(f"the flows cannot be kept as a version: {fault}") from None
    return made.number
