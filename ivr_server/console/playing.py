"""A sound file to a browser's player: whole, or the part that it asks for.

A part is a single range of bytes (RFC 9110, 14.1.2). What is no such range is answered with the whole; a range that
begins beyond the end with 416.
"""

from __future__ import annotations

import re
from typing import Final

from ivr_server.agents.asked import Nowhere, Recording
from ivr_server.console.visit import Reply, Visit

WAV: Final = "audio/wav"
LARGEST: Final = 1 << 20  # bytes in one answer: a player asks for the next part by itself
ONE_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z", re.ASCII)


def played(visit: Visit, recording: Recording) -> Reply:
    """The answer; ``Nowhere`` when the file is gone."""
    try:
        with recording.path.open("rb") as file:
            size = file.seek(0, 2)
            span = asked_range(visit.request.getHeader("range") or "", size)
            if span is None:
                file.seek(0)
                return Reply(file.read(), kind=WAV, headers=(("Accept-Ranges", "bytes"),))
            first, last = span
            if first >= size:
                return Reply(b"", 416, WAV, (("Content-Range", f"bytes */{size}"),))
            file.seek(first)
            part = file.read(min(last - first + 1, LARGEST))
    except OSError:
        raise Nowhere from None
    told = f"bytes {first}-{first + len(part) - 1}/{size}"
    return Reply(part, 206, WAV, (("Accept-Ranges", "bytes"), ("Content-Range", told)))


def asked_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that is asked for; None when that is no range."""
    found = ONE_RANGE.match(header.strip())
    if found is None or header.strip() == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
