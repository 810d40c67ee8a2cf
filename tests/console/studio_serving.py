"""The console with a flow studio, in a process of its own: a copy of the shipped flows, staff in SQLite, real children.

Run as a script with one folder; prints its port.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
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
from ivr_server.drafting.drafts import Drafts
from ivr_server.drafting.proving import Prover
from ivr_server.drafting.recorder import Recorder
from ivr_server.library import HOUSE
from ivr_server.publishing.judging import Ground
from ivr_server.publishing.recorded import Recorded
from ivr_server.simulating.simulator import Simulator
from ivr_server.simulating.speaking import Speaker
from tests.console.serving import Calls
from tests.doubles.sheets import SheetsDouble
from tests.doubles.studio_publishing import PublishingDouble

NOTHING: Any = None


def copied(folder: Path) -> tuple[Path, Path]:
    """A copy of what is shipped."""
    flows, prompts = folder / "flows", folder / "prompts"
    if not flows.exists():
        shutil.copytree(HOUSE / "flows" / "library", flows)
        shutil.copytree(HOUSE / "prompts" / "library", prompts)
    return flows, prompts


def build(folder: Path) -> Any:
    """The site and what must be started with it."""
    database, hashing = Database(f"sqlite:///{folder / 'ivr.db'}", reactor, Limits()), Hashing(reactor)
    recorded = Recorded(folder / "recordings", folder / "spoken")
    recorder = Recorder(reactor, recorded)
    publishing = PublishingDouble(*copied(folder))
    prover = Prover(reactor, Ground())
    simulator = Simulator(reactor, Ground(), speaker=Speaker({}, recorded.roots))
    drafts = Drafts(database, publishing, prover.quick, time.time)

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
    site = make_site(
        replace(parts, studio=Studio(drafts, prover, publishing, simulator, SheetsDouble(), recorder)), NOTHING
    )
    return site, database, hashing


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
