"""The room that the tests of publishing stand in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred

from crm_bridge import versions as schema
from crm_bridge.database import Database
from flows.session import Session
from ivr_server.publishing.edition import edition
from ivr_server.publishing.opening import house, opened
from ivr_server.publishing.room import Room
from ivr_server.publishing.switching import Switch
from ivr_server.settings import Settings, Speech
from prompts.store import Folders
from tests.publishing.small import files, laid
from tests.publishing.stage import Place, Silent


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Version 1 is taken in from the folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    flows, prompts = laid(tmp_path / "git", files())
    settings = Settings(state=str(tmp_path / "state"), flows=str(flows), speech=Speech(library=str(prompts)))
    found = opened(settings, lambda line: None)
    shelf = (Folders(str(tmp_path / "sounds"), str(tmp_path / "spool")), lambda trouble: None)
    live, own = edition(found.version, found.words, shelf), house(settings)
    bench, taken = Silent(reactor, own.ground), [live]
    made = {"settings": settings, "reactor": reactor, "shelf": shelf, "live": live, "take": taken.append}
    switch = Switch(house=own, bench=bench, **made)  # type: ignore[arg-type]
    database = Database(f"sqlite:///{tmp_path / 'ivr.db'}", reactor)
    database.start()
    pytest_twisted.blockon(ensureDeferred(database.run(schema.prepare, write=True, deadline_ms=60_000)))
    inside: list[Session] = []
    place = Place(Room(switch=switch, database=database, callers=lambda: inside), settings, bench, taken, inside)
    yield place
    place.room.stop()
    pytest_twisted.blockon(ensureDeferred(database.stop()))
