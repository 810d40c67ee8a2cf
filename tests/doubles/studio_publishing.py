"""A stand-in for the room of versions, for pages: all in memory, nothing is proved, a folder is the first version."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crm_bridge.passed import Cursor, Passed
from ivr_server.drafting import naming
from ivr_server.publishing.asked import (
    Author,
    Files,
    PublishWish,
    Refusal,
    RerunWish,
    Shape,
    TrafficQuestion,
    WayQuestion,
)


class SeeingDouble:
    """Nobody calls."""

    def inside(self) -> Shape:
        """Nobody."""
        return {"callers": 0, "versions": {}}

    async def entered(self, since: float, until: float, version: int) -> Mapping[str, int]:
        """Nothing."""
        return {}

    async def course(self, asked: WayQuestion) -> Shape:
        """Nothing."""
        return {"hours": [], "versions": []}

    async def calls(self, asked: WayQuestion, before: Cursor | None = None) -> Passed:
        """None."""
        return Passed((), None)

    async def here(self, flow: str, node: str) -> Sequence[Any]:
        """None."""
        return ()


class PublishingDouble:
    """Versions in a list; publishing again moves to the newest number."""

    def __init__(self, flows: Path, prompts: Path) -> None:
        self._flows, self._prompts = flows, prompts
        self._kept: list[tuple[Files, Shape]] = []
        self.published = 0
        self._add(naming.in_folders(flows, prompts), ("folder", "as it came"), "folder")

    def _add(self, files: Files, who: tuple[str, str], source: str) -> int:
        head = {"number": len(self._kept) + 1, "at": time.time(), "author": who[0], "reason": who[1], "source": source}
        more = {"source_words": "", "parent": self.published, "digest": "", "callers": 0, "damaged": False}
        self._kept.append((dict(files), {**head, **more}))
        self.published = len(self._kept)
        return self.published

    def progress(self) -> Shape:
        """Nothing is done."""
        return {"busy": "", "step": "", "done": 0, "of": 0}

    async def files(self, number: int) -> Files:
        """Of a version."""
        if not 0 < number <= len(self._kept):
            raise Refusal("no_version", 404)
        return self._kept[number - 1][0]

    async def heard(self, number: int) -> Files:
        """The same."""
        return await self.files(number)

    async def versions(self, by: Author) -> Shape:
        """Newest first."""
        rows = [row for _, row in reversed(self._kept)]
        return {"published": self.published, "versions": rows, "folder": await self.folder(by), "busy": ""}

    async def version(self, by: Author, number: int) -> Shape:
        """One."""
        return {**self._kept[number - 1][1], "files": [], "flows": [], "excuses": {}}

    async def folder(self, by: Author) -> Shape:
        """As it was when it was taken in, or not."""
        changed = await self.folder_files() != self._kept[0][0]
        state, words = ("changed", "The folder was changed on disk.") if changed else ("same", "")
        return {"state": state, "words": words, "digest": "", "files": [], "version": 1}

    async def folder_files(self) -> Files:
        """What stands there."""
        return naming.in_folders(self._flows, self._prompts)

    async def diff(self, by: Author, old: int, new: int | Files) -> Shape:
        """Lines."""
        a, b = await self.files(old), new if isinstance(new, Mapping) else await self.files(new)
        names = [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]
        files = [_file(name, a.get(name, ""), b.get(name, "")) for name in names]
        return {"files": files, "changes": [], "prompts": []}

    async def impact(self, by: Author, files: Files) -> Shape:
        """Nothing hangs on it."""
        return {"inside": {"callers": 2, "flows": []}, "options": [], "links": [], "days": 30}

    async def publish(self, by: Author, wish: PublishWish) -> Shape:
        """At once."""
        if wish.base != self.published:
            raise Refusal("stale", 409)
        return {"number": self._add(wish.files, (by.name, wish.reason), "studio"), "folder": "same"}

    async def roll_back(self, by: Author, number: int, reason: str) -> Shape:
        """As a new version."""
        return {"number": self._add(await self.files(number), (by.name, reason), "roll_back"), "folder": "same"}

    async def export(self, by: Author, number: int) -> bytes:
        """No archive."""
        return b"PK"

    async def unpack(self, by: Author, content: bytes) -> Files:
        """None either."""
        raise Refusal("archive", 422)

    async def rerun(self, by: Author, wish: RerunWish) -> Shape:
        """Never."""
        raise Refusal("busy")

    async def rerun_state(self, by: Author) -> Shape:
        """Nothing."""
        return {}

    async def side_by_side(self, by: Author, call: str) -> Shape:
        """Nothing."""
        return {}

    async def traffic(self, by: Author, asked: TrafficQuestion) -> Shape:
        """Nobody."""
        return {"nodes": {}, "hours": [], "versions": [], "compared": []}

    @property
    def seen(self) -> SeeingDouble:
        """Nothing is seen."""
        return SeeingDouble()

    async def audit(self, by: Author, limit: int = 200) -> Shape:
        """Nothing."""
        return {"rows": [], "whole": True}


def _file(name: str, old: str, new: str) -> dict[str, Any]:
    change = "changed" if old and new else "added" if new else "removed"
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm=""))[2:]
    return {"file": name, "change": change, "lines": [[line[:1], line[1:]] for line in lines]}
