"""Sheets in memory: what the pages of sheets ask, without files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ivr_server import hours_file, notice
from ivr_server.agents import forms
from ivr_server.floor import queue_file
from ivr_server.publishing.asked import Author
from ivr_server.sheets.asked import Held, Moved, NotKept, Said, Weight


def held(text: str, who: str = "", reason: str = "", at: float = 1_800_000_000.0) -> Held:
    """A sheet of this text."""
    return Held(hashlib.sha256(text.encode()).hexdigest(), text, "keep" if who else "found", who, at, reason)


def shipped() -> dict[str, list[Held]]:
    """What is shipped, as nobody has changed it."""
    return {
        "queues": [held(queue_file.SHIPPED.read_text("utf-8"))],
        "forms": [held(forms.SHIPPED.read_text("utf-8"))],
        "hours": [held(hours_file.SHIPPED.read_text("utf-8"))],
        "notice": [held(notice.NONE.read_text("utf-8"))],
    }


@dataclass
class SheetsDouble:
    """The face of ``sheets.asked.Sheets``."""

    kept: dict[str, list[Held]] = field(default_factory=shipped)
    altered: int = 0
    weight: Weight = field(default_factory=lambda: Weight((), (Said("queues_live_at_once"),)))

    async def held(self, name: str) -> Held:
        """The newest."""
        return self.kept[name][0]

    async def copies(self, name: str) -> Sequence[Held]:
        """All."""
        return [replace(one, text="") for one in self.kept[name]]

    async def broken(self, name: str) -> int:
        """As it was set."""
        return self.altered

    async def copy(self, name: str, digest: str) -> str | None:
        """One."""
        return next((one.text for one in self.kept[name] if one.digest == digest), None)

    async def weigh(self, name: str, text: str) -> Weight:
        """A queue that is called billing may not go."""
        if name == "queues" and "name: billing" not in text:
            named = Said("queues_flow_names", {"flow": "human", "queue": "billing", "node": "queue"})
            return replace(self.weight, refused=(named,))
        return self.weight

    async def keep(self, name: str, text: str, seen: str, why: tuple[Author, str]) -> tuple[Held, Sequence[Said]]:
        """The newest from now on."""
        now = self.kept[name][0]
        if now.digest != seen:
            raise Moved(now)
        if refused := (await self.weigh(name, text)).refused:
            raise NotKept(refused)
        author, reason = why
        new = held(text, author.name, reason)
        self.kept[name].insert(0, new)
        return new, (Said("queues_asterisk_taken"),)
