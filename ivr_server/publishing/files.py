"""Files that are whole or not there: written beside, synced, renamed; read inside a folder without following links.

A name is opened step by step from the folder's own handle, so a link that is put there meanwhile leads nowhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LARGEST: Final = 4 << 20  # bytes of one file; a character has four at most
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """The whole content at ``path``, also after a power cut, or what was there before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write(beside, content, mode)
        beside.replace(path)
        sync(path.parent)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def write(path: Path, content: bytes, mode: int) -> None:
    """A new file, on the disk."""
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())


def sync(folder: Path) -> None:
    """What was renamed in this folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(folder: Path, name: str) -> bytes:
    """A plain file inside the folder, LARGEST bytes at most. Raises OSError, also for a link on the way."""
    *above, last = name.split("/")
    with _opened(folder, above) as here:
        handle = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError(f"{name} is not a plain file")
            content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"{name} has more than {LARGEST} bytes")
    return content


@contextmanager
def _opened(folder: Path, steps: list[str]) -> Iterator[int]:
    """A handle of a folder below ``folder``."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in steps:
            below = os.open(step, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)
