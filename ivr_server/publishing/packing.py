"""A version as one ZIP file, out and in. What comes in is believed in nothing (FAULTS G3, G4).

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
from dataclasses import asdict
from typing import Final

from ivr_server.publishing.asked import Files
from ivr_server.publishing.naming import MOST_BYTES, MOST_FILES, fits
from ivr_server.publishing.versions import ABOUT, Version

LARGEST_ARCHIVE: Final = 8 << 20  # bytes
LARGEST_FILE: Final = 1 << 20
_TROUBLES: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError, IndexError)
_TAKEN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


class Unpackable(ValueError):
    """An archive that is not taken; one sentence."""


def pack(files: Files, version: Version) -> bytes:
    """The archive of a version."""
    about = json.dumps(asdict(version), ensure_ascii=False, indent=1)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted({**files, ABOUT: about}.items()):
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text.encode(), zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def unpack(content: bytes) -> Files:
    """The files of an archive, by name and size only. Raises Unpackable."""
    if len(content) > LARGEST_ARCHIVE:
        raise Unpackable(f"the archive has {len(content)} bytes; at most {LARGEST_ARCHIVE} are taken")
    if content.count(b"PK\x01\x02") > 4 * MOST_FILES:  # before the list is even read
        raise Unpackable(f"the archive has more than {MOST_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _files(archive)
    except UnicodeDecodeError:
        raise Unpackable("a file in the archive is not UTF-8 text") from None
    except Unpackable:
        raise
    except (*_TROUBLES, ValueError) as fault:
        raise Unpackable(f"this is no archive that can be read: {fault}") from None


def _files(archive: zipfile.ZipFile) -> Files:
    entries = [entry for entry in archive.infolist() if not (entry.is_dir() and _plain_folder(entry.filename))]
    if len(entries) > MOST_FILES + 1:
        raise Unpackable(f"the archive has {len(entries)} files; at most {MOST_FILES} are taken")
    if len({entry.filename for entry in entries}) < len(entries):
        raise Unpackable("a file stands twice in the archive")
    for entry in entries:
        _check(entry)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unpackable(f"more than {MOST_BYTES} bytes together")
    found = {entry.filename: _text(archive, entry) for entry in entries if entry.filename != ABOUT}
    if not found:
        raise Unpackable("there are no flows in the archive")
    return found


def _plain_folder(name: str) -> bool:
    return name in ("flows/", "flows/dialogues/", "prompts/")


def _check(entry: zipfile.ZipInfo) -> None:
    """One entry of the list."""
    shown = ascii(entry.orig_filename)[1:-1][:80]
    if entry.filename != ABOUT and not fits(entry.orig_filename):
        raise Unpackable(f'"{shown}" is no name of a file here')
    if entry.orig_filename != entry.filename:
        raise Unpackable(f'"{shown}" is no name of a file here')
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Unpackable(f'"{shown}" is not a plain file')
    if entry.flag_bits & 0x1 or entry.compress_type not in _TAKEN:
        raise Unpackable(f'"{shown}" is encrypted, or packed in a way that is not taken')
    if entry.file_size > LARGEST_FILE:
        raise Unpackable(f'"{shown}" has {entry.file_size} bytes; at most {LARGEST_FILE} are taken')


def _text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """What is in it, if it is as long as the list says."""
    with archive.open(entry) as stream:
        content = stream.read(LARGEST_FILE + 1)
    if len(content) != entry.file_size:
        raise Unpackable(f'"{entry.filename}" is not as long as the archive says')
    return content.decode()
