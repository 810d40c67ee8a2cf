"""The console with the pages of sheets, in a process of its own: sheets in memory, a real child that checks.

Run as a script with one folder; prints its port.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor

from crm_bridge.database import Database, Limits
from crm_bridge.hashing import Hashing
from crm_bridge.staff import StaffBook
from crm_bridge.versions import prepare
from ivr_server.console.feed import Feed
from ivr_server.console.parts import Health, Parts, PhoneParts
from ivr_server.console.site import make_site
from ivr_server.console.studio import Studio
from ivr_server.drafting.bench import Bench
from ivr_server.library import HOUSE, load_catalogues, words
from tests.console.serving import Calls
from tests.doubles.sheets import SheetsDouble

NOTHING: Any = None


@dataclass
class Checks:
    """What the pages use of the prover."""

    quick: Bench


def build(folder: Path) -> Any:
    """The site and what must be started with it."""
    database, hashing = Database(f"sqlite:///{folder / 'ivr.db'}", reactor, Limits()), Hashing(reactor)
    prover: Any = Checks(Bench(reactor))

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
        studio=Studio(drafts=NOTHING, prover=prover, sheets=SheetsDouble()),
        zone="Asia/Shanghai",
        titles=lambda language: words(load_catalogues(HOUSE / "prompts" / "library"), language),
    )
    return make_site(parts, NOTHING), database, hashing


def main() -> None:
    """Serve until killed."""
    folder = Path(sys.argv[1])
    site, database, hashing = build(folder)
    with database.engine.execution_options(write=True).begin() as connection:
        prepare(connection)
    database.start()
    hashing.start()
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.addSystemEventTrigger("before", "shutdown", hashing.stop)
    reactor.addSystemEventTrigger("before", "shutdown", database._pool.stop)
    reactor.run()


if __name__ == "__main__":
    main()
