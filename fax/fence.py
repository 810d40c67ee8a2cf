"""A fence around a process that reads hostile files: Landlock, the kernel's own, which needs no rights to put up.

Inside it a process opens only what it was given: no other customer's fax, no database, no password, no TCP connection.
It cannot be taken down again, and children are inside too. The numbers are those of linux/landlock.h; system calls 444
to 446 have the same numbers on every architecture. A kernel before 5.13, or one without Landlock, has no fence to give.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION: Final = 1  # a flag of _CREATE
_BENEATH: Final = 1  # a kind of rule
_NO_NEW_PRIVILEGES: Final = 38  # PR_SET_NO_NEW_PRIVS of prctl(2)
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE: Final = 1 | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15  # the rights that a rule about a single file may hold
_TCP: Final = 3  # to bind and to connect
_HOUSE: Final = Path(__file__).resolve().parent.parent


def shut(readable: Sequence[Path], writable: Sequence[Path]) -> int:
    """Leaves nothing but these files and folders, and Python's own to read; gives Landlock's version, 0 without one."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return 0
    rights = _rights(version)
    asked = struct.pack("=QQ", rights, _TCP)[: 16 if version >= 4 else 8]
    fence = libc.syscall(_CREATE, asked, ctypes.c_size_t(len(asked)), 0)
    if fence < 0:
        return 0
    reading = _READ_FILE | _READ_FOLDER
    for path in [*_pythons_own(), *readable]:
        _allow(fence, path, reading)
    _allow(fence, _HOUSE, _READ_FOLDER)
    for path in writable:
        _allow(fence, path, rights & ~1)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = libc.syscall(_RESTRICT, fence, 0)
    os.close(fence)
    return version if done == 0 else 0


def _rights(version: int) -> int:
    """All that this version can forbid about files."""
    return (1 << 13) - 1 | (1 << 13) * (version >= 2) | (1 << 14) * (version >= 3) | (1 << 15) * (version >= 5)


def _pythons_own() -> list[Path]:
    """Where modules and libraries may still be loaded from; of a checkout this package, not what lies beside it."""
    places = {Path(place).resolve() for place in (sys.base_prefix, sys.prefix, *sys.path) if place}
    if not (_HOUSE / "PIL").exists():
        places = {place for place in places if not _HOUSE.is_relative_to(place)}
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom")
    return [*places, Path(__file__).resolve().parent, *(Path(place) for place in system)]


def _allow(fence: int, path: Path, rights: int) -> None:
    """One rule; a path that is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _FILE
        rule = struct.pack("=Qi", allowed, place)
        ctypes.CDLL(None).syscall(_ADD, fence, _BENEATH, rule, 0)
    finally:
        os.close(place)
