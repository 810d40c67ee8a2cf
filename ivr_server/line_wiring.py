"""The caller's side of the queues, wired: what is said of the line, the trails that go with a call, kept places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from crm_bridge.database import Database
from ivr_server.calls.lining_up import Floor, Lines, LineUp
from ivr_server.calls.trails import DatabaseShelf, Trails
from ivr_server.hours import utc_now
from ivr_server.settings import Settings


class LineRoom:
    """``lines``: what was said to whom; ``line_up``: the look-ups about queues; ``trails``: what an agent is handed."""

    def __init__(self, settings: Settings, database: Database, reactor: Any, floor: Floor) -> None:
        self._settings = settings
        self.titles: Callable[[str], Mapping[str, str]] = lambda language: {}
        self.lines = Lines(reactor.seconds, floor)
        self.line_up = LineUp(settings.queue_file, self._hours, self.lines, recorded=settings.floor.record)
        zone = ZoneInfo(settings.operator.zone)
        self.trails = Trails(DatabaseShelf(database), self._titles, zone, utc_now)

    def _titles(self, language: str) -> Mapping[str, str]:
        return self.titles(language)

    def _hours(self, name: str) -> str:
        """Whether a queue is open now."""
        operator = self._settings.operator.opening()
        queue = self._settings.queue_file().queue(name)
        return (queue.opening(operator) if queue else operator).at(utc_now())
