"""An append-only file that survives kill -9 and a power cut: one record a line, with its checksum, synced before told.

Group commit: while one fsync runs in the spool's own thread, all records that arrive wait together for the next one: a
thousand calls a second cost as many fsyncs as the disk can do, not a thousand. Files are numbered; ``turn`` closes the
file in use so that ``take`` can give its records to somebody, and ``drop`` removes it when they are safe elsewhere.
Each process locks the file it writes (flock), so that a second process on the same folder leaves it alone, and takes
over only what a dead one left (FAULTS D10). A torn line (the crash, or a full disk) is no record: it was never told.
"""

from __future__ import annotations

import errno
import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from crm_bridge.threads import DaemonPool

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

_SUFFIX: Final = ".spool"
LARGEST: Final = 1 << 20  # of one record


class SpoolFault(Exception):
    """The record could not be made durable: the disk is full, or read-only, or broken. Nothing of it was kept."""


def framed(record: bytes) -> bytes:
    """The line of a record: checksum, space, record, line feed. The record may hold no line feed."""
    if b"\n" in record or len(record) > LARGEST:
        raise SpoolFault("a record is one line of at most a mebibyte")
    return b"%08x %s\n" % (zlib.crc32(record), record)


def unframed(content: bytes) -> Iterator[bytes]:
    """The whole records of a file; lines that are torn or damaged are passed over."""
    for line in content.split(b"\n")[:-1]:  # what follows the last line feed was never finished
        checksum, space, record = line.partition(b" ")
        if space and checksum == b"%08x" % zlib.crc32(record):
            yield record


@dataclass(slots=True)
class _File:
    path: Path
    handle: int
    good: int = 0  # bytes that are whole records


class Spool:
    """Records in a folder. ``start`` it, ``await append(record)``; only the reactor's thread may call it."""

    def __init__(self, folder: Path, reactor: ReactorBase) -> None:
        self._folder = folder
        self._reactor = reactor
        self._pool = DaemonPool(1, 1, name="spool")
        self._file: _File | None = None
        self._number = 0
        self._pending: list[tuple[bytes, Deferred[None]]] = []
        self._syncing = False

    def start(self) -> None:
        """Make the folder and start the thread; OSError when the folder cannot be made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pool.start()

    def stop(self) -> None:
        """Finish what is being synced and end the thread."""
        self._pool.stop()
        if self._file is not None:
            os.close(self._file.handle)
            self._file = None

    async def append(self, record: bytes) -> None:
        """Returns when the record is on the disk; SpoolFault when it cannot be."""
        line = framed(record)
        done: Deferred[None] = Deferred()
        self._pending.append((line, done))
        self._next()
        await done

    def _next(self) -> None:
        if self._syncing or not self._pending:
            return
        self._syncing = True
        batch, self._pending = self._pending, []
        content = b"".join(line for line, _ in batch)
        written = deferToThreadPool(self._reactor, self._pool, self._write, content)
        written.addBoth(self._told, [done for _, done in batch])

    def _told(self, result: Failure | None, waiting: list[Deferred[None]]) -> None:
        self._syncing = False
        self._next()
        for done in waiting:
            if isinstance(result, Failure):
                done.errback(SpoolFault(str(result.value)))
            else:
                done.callback(None)

    def _write(self, content: bytes) -> None:
        """In the thread: all of it on the disk, or nothing of it in the file."""
        file = self._file or self._open()
        try:
            _write_whole(file.handle, content)
            os.fdatasync(file.handle)
        except OSError:
            self._undo(file)
            raise
        file.good += len(content)

    def _undo(self, file: _File) -> None:
        """Back to the last whole record; where not even that can be done, the next record goes into another file."""
        try:
            os.ftruncate(file.handle, file.good)
            os.lseek(file.handle, file.good, os.SEEK_SET)
        except OSError:  # a record behind a torn line would be read as part of it
            self._file = None
            with suppress(OSError):
                os.close(file.handle)

    def _open(self) -> _File:
        while True:
            self._number += 1
            path = self._folder / f"{os.getpid()}-{self._number:06d}{_SUFFIX}"
            unseen = path.with_suffix(".new")  # until it is locked: nobody may take an empty file for a dead one
            try:
                handle = os.open(unseen, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            if path.exists():  # of a dead process that had our number
                os.close(handle)
                unseen.unlink()
                continue
            fcntl.flock(handle, fcntl.LOCK_EX)
            unseen.rename(path)
            _sync_folder(self._folder)
            self._file = _File(path, handle)
            return self._file

    async def turn(self) -> None:
        """Close the file in use; the next record opens a new one."""
        await deferToThreadPool(self._reactor, self._pool, self._close)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file.handle)
            self._file = None

    def files(self) -> list[Path]:
        """Files that nobody writes any more, oldest first."""
        own = self._file.path if self._file else None
        found = [path for path in self._folder.glob("*" + _SUFFIX) if path != own]
        return sorted((path for path in found if _unlocked(path)), key=lambda path: (_age(path), path.name))


def take(path: Path) -> list[bytes]:
    """The records of a closed file."""
    try:
        return list(unframed(path.read_bytes()))
    except FileNotFoundError:
        return []


def drop(path: Path) -> None:
    """Its records are safe elsewhere."""
    path.unlink(missing_ok=True)


def _write_whole(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        written = os.write(handle, view)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[written:]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _unlocked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
