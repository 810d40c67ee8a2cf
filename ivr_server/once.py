"""What a command needs that asks billing once and ends: the desk that holds the records, and a reactor for as long."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from crm_bridge.database import Database, Limits
from crm_bridge.desks import Desk, OwnDesk
from crm_bridge.mapping import MappedDesk
from crm_bridge.mapping_file import read_mapping
from crm_bridge.room import Rules
from ivr_server.settings import Settings


def desk_of(settings: Settings, mapping: Path | None, rules: Rules, reactor: Any) -> tuple[Any, Desk]:
    """What is to be started and stopped, and the desk: of the mapped database, or of our own. Nothing is written."""
    if mapping is None:
        database = Database(settings.database_url(), reactor, Limits(read_only=True))
        return database, OwnDesk(database, rules, time.time)
    read = read_mapping(mapping.read_text(encoding="utf-8"), str(mapping))
    desk = MappedDesk(read, rules, time.time, reactor)
    return desk, desk


def in_reactor(work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Do the work in the reactor of this process, which then ends: once in a process. What it raises is raised."""
    from twisted.internet import reactor  # noqa: PLC0415 (importing it installs one)

    raised: list[Exception] = []

    async def whole() -> None:
        try:
            await work(reactor)
        except Exception as fault:
            raised.append(fault)
        finally:
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(whole()))
    reactor.run()
    if raised:
        raise raised[0]
