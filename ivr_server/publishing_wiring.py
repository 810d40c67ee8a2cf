"""The flows of a service, wired: which version is live at the start, and the room that makes another one so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_bridge.database import Database
from flows.session import Session
from ivr_server.loading import tell
from ivr_server.publishing.edition import Edition, edition
from ivr_server.publishing.opening import house, opened
from ivr_server.publishing.room import Room
from ivr_server.publishing.switching import Switch
from ivr_server.publishing.workbench import Workbench
from ivr_server.settings import Settings
from prompts.store import Trouble


class FlowRoom:
    """``live``: what new calls get. Raises CannotStart. ``troubles``: what the start had to pass over, in sentences."""

    def __init__(self, settings: Settings, reactor: Any, report: Callable[[Trouble], None]) -> None:
        self._settings, self._reactor = settings, reactor
        self._shelf = (settings.sound_folders(), report)
        found = opened(settings, tell)
        self.troubles = found.troubles
        for trouble in found.troubles:
            tell(f"Flows: {trouble}")
        self.live = edition(found.version, found.words, self._shelf)

    def titles(self, language: str) -> Mapping[str, str]:
        """Prompt -> its words in what is live now."""
        return self.live.titles(language)

    def room(
        self, database: Database, callers: Callable[[], Sequence[Session]], take: Callable[[Edition], None]
    ) -> Room:
        """The room; ``take`` gives a version to new calls."""
        place = house(self._settings)
        switch = Switch(
            house=place,
            bench=Workbench(self._reactor, place.ground),
            settings=self._settings,
            reactor=self._reactor,
            shelf=self._shelf,
            live=self.live,
            take=take,
            trouble="; ".join(self.troubles),
        )
        return Room(switch=switch, database=database, callers=callers)
