"""A version given out of the house and taken in from an archive, with the recordings that it names."""

from __future__ import annotations

from ivr_server.publishing.asked import Files
from ivr_server.publishing.opening import House
from ivr_server.publishing.packing import pack, unpack, unpack_sounds


def packed(house: House, number: int) -> bytes:
    """A version as an archive. Raises NoVersion, Damaged, ``prompts.recordings.Refused``."""
    files = house.versions.heard(number)
    return pack(files, house.versions.about(number), house.recorded.contents(files))


def taken_in(house: House, content: bytes) -> Files:
    """The files of an archive; its recordings are kept. Raises Unpackable, OSError."""
    files = unpack(content)
    house.recorded.take(unpack_sounds(content))
    return files
