"""The console over the real room of versions: two of them, each with its calls, and a simulator that speaks.

Run as a script with one folder; prints its port. Version 2 is live, and has its shop on another key; the calls of
version 1 are of the day before. With "shipped" after the folder: the shipped flows, and a fortnight of likely calls.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
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
from ivr_server.console.journal import JournalCalls
from ivr_server.console.parts import Health, Parts, PhoneParts
from ivr_server.console.site import make_site
from ivr_server.console.studio import Studio
from ivr_server.drafting.drafts import Drafts
from ivr_server.drafting.proving import Prover
from ivr_server.publishing.asked import PublishWish
from ivr_server.publishing.edition import edition
from ivr_server.publishing.opening import house, opened
from ivr_server.publishing.room import Room
from ivr_server.publishing.switching import Switch
from ivr_server.settings import Settings, Speech
from ivr_server.simulating.simulator import Simulator
from ivr_server.simulating.speaking import Speaker
from prompts.store import Folders
from tests.console import see_shipped
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import DIALOGUE, MAIN, files, laid
from tests.publishing.stage import ANN, Silent

NOTHING: Any = None
OLD, NEW = 500, 700
SHIPPED = sys.argv[2:] == ["shipped"]
SHOP = '      "2": {say: option_shop, to: shop}\n'
INSIDE = (
    ("now-1", (Frame("main", "menu"),)),
    ("now-2", (Frame("main", "menu"),)),
    ("now-3", (Frame("main", "bill"), Frame("bill", "secret"))),
)


def room(folder: Path, database: Database, inside: list[Session]) -> Room:
    """Version 1 is what is in the folder."""
    flows, prompts = laid(folder / "git", files())
    settings = Settings(state=str(folder / "state"), flows=str(flows), speech=Speech(library=str(prompts)))
    if SHIPPED:
        settings = see_shipped.laid_out(folder / "shipped")
    found, own = opened(settings, lambda line: None), house(settings)
    shelf = (Folders(str(folder / "sounds"), str(folder / "spool")), lambda trouble: None)
    live = edition(found.version, found.words, shelf)
    made = {"settings": settings, "reactor": reactor, "shelf": shelf, "live": live, "take": lambda made: None}
    switch = Switch(house=own, bench=Silent(reactor, own.ground), **made)  # type: ignore[arg-type]
    return Room(switch=switch, database=database, callers=lambda: inside)


def journal(place: Room, seeds: range, hours_ago: float, patience: float) -> list[Any]:
    """Calls of the version that is live now, a minute apart; the last of them so many hours ago."""
    library = place.switch.live.library
    late = datetime.now(UTC) - timedelta(hours=hours_ago, minutes=seeds.stop) - BEGAN
    made = (call(library, seed, patience=patience) for seed in seeds)
    tag = place.switch.live.version.tag
    return [replace(one, version=tag, started=one.started + late, ended=one.ended + late) for one in made if one.ended]


async def fill(place: Room, inside: list[Session]) -> None:
    """Both versions with their calls, counted; and who is inside."""
    if SHIPPED:
        live, tags = place.switch.live, [place.switch.house.versions.about(number).tag for number in (1, 2)]
        for number, tag in enumerate(tags, 1):
            await place.database.run(store, see_shipped.days(live.library, tag, number), write=True)
        inside += see_shipped.inside(tags[1])
        return await place.count()
    await place.database.run(store, journal(place, range(OLD), 30, 0.9), write=True)
    moved = {"flows/main.yaml": MAIN.replace(SHOP, SHOP.replace('"2"', '"3"'))}
    moved["flows/dialogues/shop.yaml"] = DIALOGUE.replace('"2"', '"3"')
    other = {**files(), **moved}
    await place.publish(ANN, PublishWish(other, 1, "the shop is on 3"))
    await place.database.run(store, journal(place, range(OLD, OLD + NEW), 0.1, 0.7), write=True)
    tag = place.switch.live.version.tag
    inside += [Session(name, tag, frames, "en-US") for name, frames in INSIDE]
    now = datetime.now(UTC)
    begun = [call(place.switch.live.library, 9000 + n) for n in range(len(INSIDE))]
    under_way = [
        replace(one, call=name, started=now, ended=None, notes=()) for one, (name, _) in zip(begun, INSIDE, strict=True)
    ]
    await place.database.run(store, under_way, write=True)
    return await place.count()


def build(folder: Path, database: Database, hashing: Hashing, inside: list[Session]) -> tuple[Any, Room]:
    """The site, and the room."""
    place = room(folder, database, inside)
    prover = Prover(reactor, place.switch.house.ground)

    async def health() -> Health:
        return Health(True)

    parts = Parts(
        reactor=reactor,
        staff=StaffBook(database, hashing),
        calls=JournalCalls(database),
        feed=Feed(),
        faxes=NOTHING,
        health=health,
        registry=CollectorRegistry(),
        phone=PhoneParts(allowed="off"),
        titles=place.switch.live.titles,
        zone="Asia/Shanghai",
    )
    simulator = Simulator(reactor, place.switch.house.ground, speaker=Speaker({}))
    studio = Studio(Drafts(database, place, prover.quick, time.time), prover, place, simulator)
    return make_site(replace(parts, studio=studio), NOTHING), place


def main() -> None:
    """Serve until killed. A line of standard input, read as a node of main, is one caller more there."""
    folder = Path(sys.argv[1])
    database, hashing = Database(f"sqlite:///{folder / 'ivr.db'}", reactor, Limits()), Hashing(reactor)
    inside: list[Session] = []
    site, place = build(folder, database, hashing, inside)
    with database.engine.execution_options(write=True).begin() as connection:
        prepare(connection)
    database.start()
    hashing.start()

    def comes() -> None:
        for node in sys.stdin:
            reactor.callFromThread(
                inside.append, Session("now-4", inside[0].version, (Frame("main", node.strip()),), "en-US")
            )

    async def serve() -> None:
        await fill(place, inside)
        port = reactor.listenTCP(0, site, interface="127.0.0.1")
        print(port.getHost().port, flush=True)
        Thread(target=comes, daemon=True).start()

    reactor.callWhenRunning(lambda: ensureDeferred(serve()))
    reactor.addSystemEventTrigger("before", "shutdown", place.stop)
    reactor.addSystemEventTrigger("before", "shutdown", hashing.stop)
    reactor.addSystemEventTrigger("before", "shutdown", database._pool.stop)
    reactor.run()


if __name__ == "__main__":
    main()
