"""What a call plays: a script becomes one sound file, joined from pieces that were rendered in advance.

``Store.sound`` is called on the reactor: no speech engine, no waiting, never an exception, never silence. A piece
that is missing or not what was rendered is replaced, in this order, by the same words in another tone, by smaller
pieces (三十四元 as 三, 十, 四, 元), by "one moment, please", by a bundled tone; each fault is reported once an hour.
A spool that cannot be written gives the pieces' own files, to be played one after another.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final

from prompts import audio, shelf, speaking
from prompts.cutting import GAPS, Piece
from prompts.shelf import Entry
from prompts.speaking import Unspeakable
from prompts.wording import Script, Speech, Wording

TONE: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hold")
TONE_MS: Final = 600
CACHED_SOUNDS: Final = 20_000
CACHED_BYTES: Final = 12 * 1024 * 1024  # of pieces
REPORTED_EVERY_S: Final = 3600.0
INDEX_LOOKED_AT_S: Final = 2.0
SPOOL_AGE_S: Final = 3600.0
FRESH_S: Final = SPOOL_AGE_S / 2  # then a sound is joined anew, well before ``clean`` takes its file
YOUNGEST_S: Final = 60.0  # never cleaned: it may be about to be played
SPOOL_BYTES: Final = 256 * 1024 * 1024
_BYTES_PER_MS: Final = audio.RATE // 1000  # of ulaw
_Forms = tuple[bytes, bytes, bytes]  # the samples as 16 bit, ulaw and alaw


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file that could not be played as it should be, and what was done instead."""

    file: str
    fault: str
    instead: str


@dataclass(frozen=True, slots=True)
class SoundFile:
    """What to play. ``paths``: absolute, without extension, one nearly always; ``marks``: (prompt, start in ms)."""

    paths: tuple[str, ...]
    ms: int
    words: str
    marks: tuple[tuple[str, int], ...] = ()
    whole: bool = True  # nothing was replaced

    @property
    def path(self) -> str:
        """The first file to play."""
        return self.paths[0]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the studio put its sounds, and where joined ones may be written."""

    sounds: str
    spool: str


_Stamp = tuple[str, int, int, int]  # path, bytes, time of change, mode


@dataclass(frozen=True, slots=True)
class _Made:
    """A sound that lies ready, how its files looked, and until when it is offered."""

    sound: SoundFile
    stamps: tuple[_Stamp, ...]
    until: float


@dataclass(slots=True)
class _Heard:
    """One joined script on its way: samples so far, marks, and what had to be replaced."""

    chunks: list[_Forms] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    whole: bool = True
    held: bool = False  # "one moment, please" was said already
    size: int = 0

    def add(self, forms: _Forms, gap: int) -> None:
        silence = gap * _BYTES_PER_MS
        self.chunks += (forms, (b"\x00\x00" * silence, b"\xff" * silence, b"\xd5" * silence))
        self.size += len(forms[1]) + silence


class Store:
    """Sounds for scripts. ``report`` is told each Trouble; ``now`` is a monotonic clock in seconds."""

    def __init__(
        self,
        wording: Wording,
        folders: Folders,
        report: Callable[[Trouble], None] = lambda trouble: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wording, self._report, self._now = wording, report, now
        self._folders = Folders(os.path.abspath(folders.sounds), os.path.abspath(folders.spool))
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()
        self._pieces: OrderedDict[str, _Forms] = OrderedDict()
        self._pieces_size = 0
        self._reported: dict[str, float] = {}
        self._index: shelf.Index = {}
        self._index_stamp: tuple[int, int] = (0, 0)
        self._index_due = float("-inf")

    def sound(self, script: Script, language: str) -> SoundFile:
        """The sound of a script (entries with prompt, slots, language) in a call's language; never raises."""
        try:
            self._look_at_index()
            script = tuple(script)
            key: Hashable = (script, language)
            found = self._made.get(key)
            if found is not None and self._now() < found.until and _lies_ready(found.stamps):
                return found.sound
            return self._remembered(key, self._joined(self._speech(script, language), language))
        except Exception as fault:  # a caller is listening: whatever it was, there must be a sound
            return self._last_resort(fault)

    def look(self) -> None:
        """Read what was rendered; for a thread, before the first call is given this store."""
        self._look_at_index()

    def clean(self) -> int:
        """Remove joined sounds that are old or too many; how many bytes went. To be called now and then."""
        files = sorted(_files(self._folders.spool))
        left = sum(size for _, size, _ in files)
        today, removed = time.time(), 0
        for stamp, size, path in files:
            if stamp > today - (SPOOL_AGE_S if left <= SPOOL_BYTES else YOUNGEST_S):
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            left, removed = left - size, removed + size
        return removed

    def _look_at_index(self) -> None:
        """Take a new build's index when there is one."""
        if self._now() < self._index_due:
            return
        self._index_due = self._now() + INDEX_LOOKED_AT_S
        path = os.path.join(self._folders.sounds, "index.json")
        try:
            found = os.stat(path)
        except OSError:
            if not self._index:
                self._tell(path, "there are no rendered prompts", "tones")
            return
        if (found.st_mtime_ns, found.st_ino) != self._index_stamp:
            self._index_stamp = (found.st_mtime_ns, found.st_ino)
            self._index = shelf.read_index(self._folders.sounds) or self._index
            self._made.clear()
            self._pieces.clear()
            self._pieces_size = 0

    def _speech(self, script: Script, language: str) -> Speech:
        try:
            speech = self._wording.speech(script, language)
        except Unspeakable as fault:
            self._tell(f"{language} script", str(fault), "one moment, please")
            speech = Speech((), "", ())
        if speech.pieces:
            return speech
        hold = shelf.PLEASE_HOLD.get(language[:2], shelf.PLEASE_HOLD["en"])
        return Speech((Piece(language, hold),), hold, speech.marks)

    def _joined(self, speech: Speech, language: str) -> SoundFile:
        alone = self._alone(speech)
        if alone is not None:
            return alone
        heard = _Heard()
        starts = dict.fromkeys((index for _, index in speech.marks), 0)
        for place, piece in enumerate(speech.pieces):
            if place in starts:
                starts[place] = heard.size // _BYTES_PER_MS
            self._add(heard, piece, last=place == len(speech.pieces) - 1)
        marks = tuple((prompt, starts[index]) for prompt, index in speech.marks)
        paths, whole = self._spooled(heard, speech.words)
        return SoundFile(paths, heard.size // _BYTES_PER_MS, speech.words, marks, whole)

    def _alone(self, speech: Speech) -> SoundFile | None:
        """A script of one piece is played from where the studio put it, if all its forms are whole."""
        if len(speech.pieces) != 1:
            return None
        piece = speech.pieces[0]
        entry = self._index.get(_key(piece))
        if entry is None or not shelf.is_whole(self._folders.sounds, entry):
            return None
        path = os.path.join(self._folders.sounds, entry.path)
        return SoundFile((path,), entry.ms, speech.words, tuple((prompt, 0) for prompt, _ in speech.marks))

    def _add(self, heard: _Heard, piece: Piece, last: bool) -> None:
        """A piece, or what is said instead of it."""
        gap = 0 if last else piece.gap
        samples = self._samples(_key(piece), asked=True)
        if samples is not None:
            heard.add(samples, gap)
            heard.paths.append(self._path(_key(piece)))
            return
        heard.whole = False
        instead = self._instead(piece)
        if instead:
            for language, text in instead:
                heard.add(self._samples(shelf.key(language, text)) or _NOTHING, GAPS["number"])
                heard.paths.append(self._path(shelf.key(language, text)))
        elif not heard.held:
            heard.held = True
            self._hold(heard, piece.language)

    def _hold(self, heard: _Heard, language: str) -> None:
        hold = shelf.PLEASE_HOLD.get(language[:2], shelf.PLEASE_HOLD["en"])
        samples = self._samples(shelf.key(language, hold))
        heard.add(samples or _forms(audio.tone(TONE_MS).samples), GAPS["closing"])
        heard.paths.append(self._path(shelf.key(language, hold)) if samples else TONE)

    def _instead(self, piece: Piece) -> list[tuple[str, str]]:
        """The same words by the voice, in another tone, or in smaller pieces; nothing when those are lost, too."""
        if piece.recording and self._samples(shelf.key(piece.language, piece.text)) is not None:
            return [(piece.language, piece.text)]
        going_on, closing = speaking.marks(piece.language)
        words = piece.text.rstrip(going_on + closing)
        for mark in (going_on, closing):
            if self._samples(shelf.key(piece.language, words + mark)) is not None:
                return [(piece.language, words + mark)]
        if not piece.number:
            return []
        parts = [(piece.language, part + going_on) for part in speaking.smaller(words, piece.language)]
        return parts if all(self._samples(shelf.key(*part)) is not None for part in parts) else []

    def _samples(self, key: str, asked: bool = False) -> _Forms | None:
        """A piece's samples; None when it is missing or not what was rendered, which is told if it was asked for."""
        found = self._pieces.get(key)
        if found is not None:
            self._pieces.move_to_end(key)
            return found
        entry = self._index.get(key)
        content = self._checked(entry) if entry else None
        if content is None:
            if asked and entry is None and self._index:
                self._tell(key, "was never rendered", "other words")
            return None
        forms = self._pieces[key] = _forms(content[44:])
        self._pieces_size += _size(forms)
        while self._pieces_size > CACHED_BYTES:
            self._pieces_size -= _size(self._pieces.popitem(last=False)[1])
        return forms

    def _checked(self, entry: Entry) -> bytes | None:
        content = shelf.read_form(self._folders.sounds, entry, "wav")
        if content is None:
            self._tell(f"{entry.path}.wav", "is missing or not what was rendered", "other words")
        return content

    def _path(self, key: str) -> str:
        entry = self._index.get(key)
        return os.path.join(self._folders.sounds, entry.path) if entry else TONE

    def _spooled(self, heard: _Heard, words: str) -> tuple[tuple[str, ...], bool]:
        """Where the joined sound lies; the pieces' own files when it cannot be written."""
        lengths = ",".join(str(len(chunk[1])) for chunk in heard.chunks)
        digest = hashlib.sha256("\n".join((*heard.paths, lengths, words)).encode()).hexdigest()[:24]
        full = os.path.join(self._folders.spool, digest[:2], digest)
        linear, ulaw, alaw = (b"".join(parts) for parts in zip(*heard.chunks, strict=True))
        contents = {"txt": words.encode(), "wav": audio.wav(linear), "ulaw": ulaw, "alaw": alaw}
        try:
            for form, content in contents.items():
                _put(f"{full}.{form}", content)
        except OSError as fault:
            self._tell(self._folders.spool, f"cannot be written: {fault.strerror}", "the pieces one by one")
            return tuple(heard.paths) or (TONE,), False
        return (full,), heard.whole

    def _remembered(self, key: Hashable, sound: SoundFile) -> SoundFile:
        """Kept for the next time, unless something was replaced, which may have been mended by then."""
        if sound.whole:
            self._made[key] = _Made(sound, tuple(_stamp(path) for path in _paths(sound.path)), self._now() + FRESH_S)
            if len(self._made) > CACHED_SOUNDS:
                self._made.popitem(last=False)
        return sound

    def _last_resort(self, fault: Exception) -> SoundFile:
        with contextlib.suppress(Exception):  # the one who is told may be what fails
            self._tell("script", f"{type(fault).__name__}: {fault}", "a tone")
        return SoundFile((TONE,), TONE_MS, "", (), False)

    def _tell(self, file: str, fault: str, instead: str) -> None:
        """Report a file's fault, once an hour."""
        now = self._now()
        if now - self._reported.get(file, float("-inf")) >= REPORTED_EVERY_S:
            self._reported[file] = now
            self._report(Trouble(file, fault, instead))


_NOTHING: Final[_Forms] = (b"", b"", b"")


def _forms(samples: bytes) -> _Forms:
    """16-bit samples in the forms that are joined."""
    found = audio.forms(audio.Sound(samples, audio.RATE))
    return samples, found["ulaw"], found["alaw"]


def _key(piece: Piece) -> str:
    return shelf.key(piece.language, piece.text, piece.recording)


def _size(forms: _Forms) -> int:
    return sum(map(len, forms))


def _paths(path: str) -> Iterator[str]:
    return (f"{path}.{form}" for form in audio.FORMS)


def _stamp(path: str) -> _Stamp:
    found = os.stat(path)
    return path, found.st_size, found.st_mtime_ns, found.st_mode


def _lies_ready(stamps: tuple[_Stamp, ...]) -> bool:
    """Whether every form is still there as it was."""
    try:
        for path, size, changed, mode in stamps:  # the hottest lines of a call: no generator, no tuples
            found = os.stat(path)
            if found.st_size != size or found.st_mtime_ns != changed or found.st_mode != mode:
                return False
    except OSError:
        return False
    return True


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _put(path: str, content: bytes) -> None:
    """As ``shelf.put`` and four times as quick; only this process writes under its name."""
    beside = f"{path}.{os.getpid()}"
    try:
        handle = os.open(beside, _NEW, 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle = os.open(beside, _NEW, 0o644)
    try:
        if os.write(handle, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.unlink(beside)
        raise
    finally:
        os.close(handle)
    os.rename(beside, path)


def _files(folder: str) -> Iterator[tuple[float, int, str]]:
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            with contextlib.suppress(OSError):
                found = os.stat(full)
                yield found.st_mtime, found.st_size, full
