"""A version as one ZIP file with its recordings, out and in. What comes in is believed in nothing (FAULTS G3, G4).

Names, kinds and sizes are looked at in the archive's own list before a byte is unpacked, and no more is unpacked of a
file than may be in it: a bomb costs what a whole archive costs, a link or a path is a name that is not taken.
"""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final, TypeVar

from ivr_server.publishing.asked import Files
from ivr_server.publishing.naming import MOST_BYTES, MOST_FILES, fits
from ivr_server.publishing.versions import ABOUT, Version
from prompts import recordings

LARGEST_ARCHIVE: Final = 32 << 20  # bytes
LARGEST_FILE: Final = 1 << 20
LARGEST_SOUND: Final = 8 << 20
MOST_SOUNDS: Final = 1_000
NONE: Final[Mapping[str, bytes]] = MappingProxyType({})
T = TypeVar("T")
_TROUBLES: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError, IndexError)
_TAKEN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


class Unpackable(ValueError):
    """An archive that is not taken; one sentence."""


def pack(files: Files, version: Version, sounds: Mapping[str, bytes] = NONE) -> bytes:
    """The archive of a version; ``sounds``: the recordings that it names, by their paths."""
    about = json.dumps(asdict(version), ensure_ascii=False, indent=1)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted({**files, ABOUT: about}.items()):
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text.encode(), zipfile.ZIP_DEFLATED)
        for name, content in sorted(sounds.items()):
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def unpack(content: bytes) -> Files:
    """The files of an archive, by name and size only. Raises Unpackable."""
    return _read(content, _files)


def unpack_sounds(content: bytes) -> dict[str, bytes]:
    """Its recordings, each what its name says. Raises Unpackable."""
    return _read(content, _sounds)


def _read(content: bytes, found: Callable[[zipfile.ZipFile], T]) -> T:
    if len(content) > LARGEST_ARCHIVE:
        raise Unpackable(f"the archive has {len(content)} bytes; at most {LARGEST_ARCHIVE} are taken")
    if content.count(b"PK\x01\x02") > 4 * MOST_FILES:  # before the list is even read
        raise Unpackable(f"the archive has more than {MOST_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return found(archive)
    except UnicodeDecodeError:
        raise Unpackable("a file in the archive is not UTF-8 text") from None
    except Unpackable:
        raise
    except (*_TROUBLES, ValueError) as fault:
        raise Unpackable(f"this is no archive that can be read: {fault}") from None


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """All of them, looked at one by one and together."""
    entries = [entry for entry in archive.infolist() if not (entry.is_dir() and _plain_folder(entry.filename))]
    sounds = sum(map(_is_sound, entries))
    if sounds > MOST_SOUNDS:
        raise Unpackable(f"the archive has {sounds} recordings; at most {MOST_SOUNDS} are taken")
    if len(entries) - sounds > MOST_FILES + 1:
        raise Unpackable(f"the archive has {len(entries)} files; at most {MOST_FILES} are taken")
    if len({entry.filename for entry in entries}) < len(entries):
        raise Unpackable("a file stands twice in the archive")
    for entry in entries:
        _check(entry)
    if sum(entry.file_size for entry in entries if not _is_sound(entry)) > MOST_BYTES:
        raise Unpackable(f"more than {MOST_BYTES} bytes together")
    if sum(entry.file_size for entry in entries if _is_sound(entry)) > 2 * LARGEST_ARCHIVE:
        raise Unpackable(f"more than {2 * LARGEST_ARCHIVE} bytes of recordings together")
    return entries


def _files(archive: zipfile.ZipFile) -> Files:
    texts = (entry for entry in _entries(archive) if entry.filename != ABOUT and not _is_sound(entry))
    found = {entry.filename: _content(archive, entry).decode() for entry in texts}
    if not found:
        raise Unpackable("there are no flows in the archive")
    return found


def _sounds(archive: zipfile.ZipFile) -> dict[str, bytes]:
    found = {}
    for entry in filter(_is_sound, _entries(archive)):
        content = found[entry.filename] = _content(archive, entry)
        if content[:4] != b"RIFF" or recordings.digest(content) != recordings.digest_in(entry.filename):
            raise Unpackable(f'"{entry.filename}" is not the recording that its name says')
    return found


def _is_sound(entry: zipfile.ZipInfo) -> bool:
    name = entry.orig_filename
    return bool(recordings.digest_in(name)) and not recordings.fault(name) and name.count("/") == 1


def _plain_folder(name: str) -> bool:
    return name in ("flows/", "flows/dialogues/", "prompts/", recordings.FOLDER)


def _check(entry: zipfile.ZipInfo) -> None:
    """One entry of the list."""
    shown = ascii(entry.orig_filename)[1:-1][:80]
    if entry.filename != ABOUT and not fits(entry.orig_filename) and not _is_sound(entry):
        raise Unpackable(f'"{shown}" is no name of a file here')
    if entry.orig_filename != entry.filename:
        raise Unpackable(f'"{shown}" is no name of a file here')
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Unpackable(f'"{shown}" is not a plain file')
    if entry.flag_bits & 0x1 or entry.compress_type not in _TAKEN:
        raise Unpackable(f'"{shown}" is encrypted, or packed in a way that is not taken')
    most = LARGEST_SOUND if _is_sound(entry) else LARGEST_FILE
    if entry.file_size > most:
        raise Unpackable(f'"{shown}" has {entry.file_size} bytes; at most {most} are taken')


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """What is in it, if it is as long as the list says."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise Unpackable(f'"{entry.filename}" is not as long as the archive says')
    return content
