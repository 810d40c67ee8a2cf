"""The console with a studio over the real room of versions: small flows, a journal of calls, nothing is rendered.

Run as a script with one folder; prints its port. The calls began within the last day, a minute apart.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred

from crm_bridge.database import Database, Limits
from crm_bridge.hashing import Hashing
from crm_bridge.journal import store
from crm_bridge.staff import StaffBook
from crm_bridge.versions import prepare
from flows.session import Frame, Session
from ivr_server.console.feed import Feed
from ivr_server.console.parts import Health, Parts, PhoneParts
from ivr_server.console.site import make_site
from ivr_server.console.studio import Studio
from ivr_server.drafting.drafts import Drafts
from ivr_server.drafting.proving import Prover
from ivr_server.publishing.edition import edition
from ivr_server.publishing.opening import house, opened
from ivr_server.publishing.room import Room
from ivr_server.publishing.switching import Switch
from ivr_server.settings import Settings, Speech
from prompts.store import Folders
from tests.console.serving import Calls
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import GROUND, files, laid
from tests.publishing.stage import Silent

NOTHING: Any = None
CALLS = 400


def room(folder: Path, database: Database) -> Room:
    """Version 1 is what is in the folder; one caller is inside."""
    flows, prompts = laid(folder / "git", files())
    settings = Settings(state=str(folder / "state"), flows=str(flows), speech=Speech(library=str(prompts)))
    found, own = opened(settings, lambda line: None), house(settings)
    shelf = (Folders(str(folder / "sounds"), str(folder / "spool")), lambda trouble: None)
    live = edition(found.version, found.words, shelf)
    made = {"settings": settings, "reactor": reactor, "shelf": shelf, "live": live, "take": lambda made: None}
    switch = Switch(house=own, bench=Silent(reactor, own.ground), **made)  # type: ignore[arg-type]
    inside = [Session("1", live.version.tag, (Frame("main", "menu"),), "en-US")]
    return Room(switch=switch, database=database, callers=lambda: inside)


def journal(place: Room) -> list[Any]:
    """Calls of the last day."""
    late = datetime.now(UTC) - timedelta(minutes=CALLS + 10) - BEGAN
    calls = (call(place.switch.live.library, seed) for seed in range(CALLS))
    return [replace(one, started=one.started + late, ended=one.ended + late) for one in calls if one.ended]


def build(folder: Path, database: Database, hashing: Hashing) -> tuple[Any, Room]:
    """The site, and the room."""
    place = room(folder, database)
    prover = Prover(reactor, GROUND)

    async def health() -> Health:
        return Health(True)

    parts = Parts(
        reactor=reactor,
        staff=StaffBook(database, hashing),
        calls=Calls(),
        feed=Feed(),
        faxes=NOTHING,
        health=health,
        registry=CollectorRegistry(),
        phone=PhoneParts(allowed="off"),
        zone="Asia/Shanghai",
    )
    studio = Studio(Drafts(database, place, prover.quick, time.time), prover, place)
    return make_site(replace(parts, studio=studio), NOTHING), place


def main() -> None:
    """Serve until killed."""
    folder = Path(sys.argv[1])
    database, hashing = Database(f"sqlite:///{folder / 'ivr.db'}", reactor, Limits()), Hashing(reactor)
    site, place = build(folder, database, hashing)
    with database.engine.execution_options(write=True).begin() as connection:
        prepare(connection)
        store(connection, journal(place))
    database.start()
    hashing.start()

    async def serve() -> None:
        await place.count()
        port = reactor.listenTCP(0, site, interface="127.0.0.1")
        print(port.getHost().port, flush=True)

    reactor.callWhenRunning(lambda: ensureDeferred(serve()))
    reactor.addSystemEventTrigger("before", "shutdown", place.stop)
    reactor.addSystemEventTrigger("before", "shutdown", hashing.stop)
    reactor.addSystemEventTrigger("before", "shutdown", database._pool.stop)
    reactor.run()


if __name__ == "__main__":
    main()
