"""Recorded talks: which there are, and whose. A file is named <call>-<begin, seconds since 1970>.wav.

An agent has the recordings of the calls they talked in, those that were given to them with a transfer among them; who
supervises has all. What is not theirs is ``Hidden``, whether it exists or not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ivr_server.agents.asked import Hidden, Nowhere, Recording

NAME: Final = re.compile(r"(?P<call>[A-Za-z0-9_.:~-]{1,80})-(?P<at>[0-9]{9,11})\Z", re.ASCII)
HEADER: Final = 44
BYTES_S: Final = 16_000  # 8 kHz, 16 bit, one channel
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording in the folder."""

    id: str
    call: str
    at: float
    length_s: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder; None: nothing is recorded here."""

    folder: Path | None
    in_thread: Callable[..., Awaitable[Any]]

    async def newest(self, wanted: Callable[[str], bool]) -> Sequence[Kept]:
        """The latest recordings of the calls that are wanted."""
        return (await self._within(_listed, wanted))[:MOST]

    async def by_call(self, calls: Sequence[str]) -> Mapping[str, str]:
        """Call -> the id of its first recording."""
        asked = frozenset(calls)
        found = await self._within(_listed, asked.__contains__) if asked else []
        return {one.call: one.id for one in found}

    def call_of(self, id: str) -> str:
        """The call of a recording's id; "" when it is no id of one."""
        found = NAME.match(id)
        return found["call"] if found else ""

    def find(self, id: str) -> Recording:
        """The recording; ``Nowhere`` when it is not here, or is no plain file of this folder."""
        path = self.folder / f"{id}.wav" if self.folder else None
        if path is None or not self.call_of(id) or path.is_symlink() or not path.is_file():
            raise Nowhere
        return Recording(id, path)

    async def _within(self, work: Callable[..., list[Kept]], wanted: Callable[[str], bool]) -> list[Kept]:
        if self.folder is None:
            return []
        found: list[Kept] = await self.in_thread(work, self.folder, wanted)
        return found


def forget(folder: Path, before: float) -> int:
    """In a thread: delete the recordings of talks that began before an instant; how many."""
    old = [one for one in _listed(folder, lambda call: True) if one.at < before]
    gone = 0
    for one in old:
        with suppress(OSError):  # Asterisk's own, where it runs as somebody else
            (folder / f"{one.id}.wav").unlink()
            gone += 1
    return gone


def hidden(id: str) -> Hidden:
    """What an agent is told of a recording that is not theirs."""
    return Hidden(f"recording {id}")


def _listed(folder: Path, wanted: Callable[[str], bool]) -> list[Kept]:
    """In a thread: the newest first."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = NAME.match(entry.name.removesuffix(".wav")) if entry.name.endswith(".wav") else None
                if name and wanted(name["call"]) and entry.is_file(follow_symlinks=False):
                    length = max(0, entry.stat().st_size - HEADER) // BYTES_S
                    found.append(Kept(name[0], name["call"], float(name["at"]), length))
    except OSError:
        return []
    return sorted(found, key=lambda one: (-one.at, one.id))
