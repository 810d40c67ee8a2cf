"""Our service as it is shipped, with the bench's flow: on SQLite and the durable journal, or both in memory."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from twisted.internet import reactor

from bench.cores import SERVER_CORE, pin
from bench.script import TOKEN
from crm_bridge.demo import Seeding, household
from crm_bridge.journal import CallRecord
from crm_bridge.records import Bill, Customer
from crm_bridge.room import Rules
from crm_bridge.twin import TwinRecords, twin
from ivr_server.calls.answering import Desk
from ivr_server.service import IvrService
from ivr_server.settings import Agi, Settings, Web

MOST_CALLS: Final = 20_000
KEPT: Final = 1_000


@dataclass(slots=True)
class MemoryJournal:
    """A journal that keeps the newest records, and nothing on the disk."""

    records: dict[str, CallRecord]
    waiting: int = 0

    async def begin(self, *_: Any) -> None:
        """Nothing."""

    async def finish(self, record: CallRecord) -> None:
        """Kept, until there are newer ones."""
        if len(self.records) > KEPT:
            self.records.clear()
        self.records[record.call] = record


class MemoryService(IvrService):
    """The service with the bridge's twin and the journal in memory; everything else is the product."""

    numbers: tuple[int, ...] = ()

    def _desk(self) -> Desk:
        return replace(super()._desk(), journal=MemoryJournal({}))  # type: ignore[arg-type]

    def _bridge(self) -> Any:
        made = twin(self.reactor, time.time, Rules(), self.hashing)
        for number in self.numbers:
            fill(made.desk.records, number)
        return made.look_ups


def fill(records: TwinRecords, number: int) -> None:
    """One customer of the demonstration, in memory."""
    home = household(number, Seeding())
    key, phone, _, _, code, _, credit = home.customer
    records.customers[phone] = Customer(str(key), phone, code, None)
    records.credits[str(key)] = credit
    for _, month, due, *parts, total, paid, late, currency in home.bills:
        bill = Bill(str(key), month, due, tuple(parts), total, paid, late, currency)
        records.held.setdefault(str(key), {})[month] = bill


def main() -> None:
    """Start with the plan in argument 1; ``database`` "" is memory, ``numbers`` are the customers who call."""
    pin(SERVER_CORE)
    plan = json.loads(sys.argv[1])
    state = Path(plan["state"])
    (state / "agi-token").write_text(TOKEN)
    settings = Settings(
        state=str(state),
        agi=Agi(port=0, max_calls=MOST_CALLS),
        web=Web(port=0),
        database=plan["database"],
        flows=plan["flows"],
    )
    os.environ.pop("IVR_DATABASE_URL", None)
    service: IvrService
    if plan["database"]:
        service = IvrService(settings, reactor)
    else:
        service = MemoryService(settings, reactor)
        service.numbers = tuple(plan["numbers"])
    service.startService()
    service.up.addCallback(lambda _: print("ready", service.ports[0].getHost().port, flush=True))
    reactor.run()


if __name__ == "__main__":
    main()
