"""Recorded files: which paths may be named, and opening them without following anything out of the folder.

A name may carry the digest of what is in the file (``welcome-en-0123456789abcdef01234567.wav``, as the studio gives
it): such a file never changes, and one whose content is something else is not used.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from typing import Final

FOLDER: Final = "recordings/"
LARGEST: Final = 20 * 1024 * 1024  # bytes
_PATH: Final = re.compile(r"recordings(/[a-z0-9][a-z0-9_-]*){0,4}/[a-z0-9][a-z0-9_-]*\.wav", re.ASCII)


_KEPT: Final = re.compile(r"[a-z0-9/_-]*-([0-9a-f]{24})\.wav", re.ASCII)


class Refused(ValueError):
    """A recording that must not be opened, or cannot be."""


def fault(path: str) -> str:
    """What is wrong with a path as it is written, or ""."""
    if len(path) <= 200 and _PATH.fullmatch(path):
        return ""
    shown = path.encode("unicode_escape").decode()[:80]
    return f'"{shown}" is no recording: write recordings/name.wav in small letters a-z, digits, - and _'


def digest(content: bytes) -> str:
    """What a name carries of the content: 24 digits."""
    return hashlib.sha256(content).hexdigest()[:24]


def digest_in(path: str) -> str:
    """The digest that a name carries, or ""."""
    found = _KEPT.fullmatch(path)
    return found[1] if found else ""


def name(what: str, content: bytes) -> str:
    """The path of a recording by what is in it; ``what``: small letters, digits, - and _."""
    return f"{FOLDER}{what}-{digest(content)}.wav"


def find(roots: Sequence[str], path: str) -> bytes:
    """The file's bytes from the first folder that has it, as its name says it must be. Raises Refused."""
    trouble = Refused(f"{path}: there is no folder for recordings")
    for root in roots:
        try:
            content = read(root, path)
        except Refused as fault:
            trouble = fault
            continue
        if digest_in(path) in ("", digest(content)):
            return content
        trouble = Refused(f"{path} holds another sound than its name says")
    raise trouble


def read(root: str, path: str) -> bytes:
    """The file's bytes; ``root`` is the recordings folder. Each step is opened without following links."""
    if fault(path):
        raise Refused(fault(path))
    handle = _open(root, path)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{path} is not a plain file")
        if found.st_size > LARGEST:
            raise Refused(f"{path} has {found.st_size} bytes; at most {LARGEST} are taken")
        with os.fdopen(os.dup(handle), "rb") as stream:
            return stream.read(LARGEST + 1)
    finally:
        os.close(handle)


def _open(root: str, path: str) -> int:
    """A handle to the file, found folder by folder from ``root``'s own handle."""
    *folders, name = path.removeprefix(FOLDER).split("/")
    try:
        here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for folder in folders:
                here, above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here), here
                os.close(above)
            return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        finally:
            os.close(here)
    except OSError as trouble:
        raise Refused(f"{path}: {trouble.strerror}") from trouble
