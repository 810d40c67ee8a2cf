"""A room of versions over version 1 of the small flows: real disk, children and database, callers in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flows.session import Session
from ivr_server.publishing.asked import Author, PublishWish
from ivr_server.publishing.edition import Edition
from ivr_server.publishing.room import Room
from ivr_server.publishing.switching import Switch
from ivr_server.publishing.workbench import Workbench
from ivr_server.settings import Settings
from tests.publishing.small import files

ANN = Author("ann", "en-US", "127.0.0.1")


@dataclass
class Silent(Workbench):
    """Judges for real; renders nothing, and remembers for what it was asked."""

    rendered: list[Any] = field(default_factory=list)

    async def do(self, task: Any, told: Any = lambda step: None) -> Any:
        """Everything but speech."""
        if task["do"] != "render":
            return await Workbench.do(self, task, told)
        self.rendered.append(task["prompts"])
        return {"rendered": 0, "kept": 0, "took": 0.0, "warned": []}


@dataclass
class Place:
    """A room over version 1, with what it gave to callers."""

    room: Room
    settings: Settings
    bench: Silent
    taken: list[Edition]
    inside: list[Session] = field(default_factory=list)

    @property
    def switch(self) -> Switch:
        """The room's."""
        return self.room.switch

    async def publish(self, base: int = 1, reason: str = "why", **more: Any) -> Any:
        """The small files, changed."""
        other = more.pop("other", {})
        wish = PublishWish({**files(**more.pop("words", {})), **other}, base, reason, **more)
        return await self.room.publish(ANN, wish)
