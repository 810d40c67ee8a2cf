"""How the service is, part by part: what /health shows and monitoring asks for."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import text

from crm_bridge.answers import LookUpFault
from ivr_server.console.parts import Health, HealthPart

if TYPE_CHECKING:
    from ivr_server.service import IvrService


async def report(service: IvrService) -> Health:
    """Ask the database, look at the rest. A part that was never seen is unknown, which is not bad."""
    service.metrics.journal_waiting.set(service.journal.waiting)
    parts = (
        _flows(service),
        await _database(service),
        _prompts(service),
        _asterisk(service),
        HealthPart("calls", "ok", str(len(service.calls.current))),
        HealthPart("journal", "ok", str(service.journal.waiting)),
        service.faxes.health(),
        service.room.health(),
        service.agents.health(),
        _sheets(service),
    )
    return Health(all(part.state != "bad" for part in parts), service.calls.draining, parts)


def _flows(service: IvrService) -> HealthPart:
    """How many there are, which version, since when; and what is wrong with others that were meant to be live."""
    live, trouble = service.flows.live, service.publishing.switch.trouble
    version = live.version
    since = datetime.fromtimestamp(version.at, ZoneInfo(service.settings.operator.zone)).strftime("%Y-%m-%d %H:%M")
    many = len(live.library.flows)
    said = f"{many} flows: version {version.number}, made {since}" if version.number else f"{many} flows"
    chinese = f"{many} 个流程：第 {version.number} 版，{since} 生成" if version.number else f"{many} 个流程"
    also = f"; {trouble}" if trouble else ""
    return HealthPart("flows", "ok", said + also, chinese + also)


def _sheets(service: IvrService) -> HealthPart:
    """Bad when a file that was changed by hand is not what holds: somebody thinks that it does."""
    troubles = service.sheets.troubles
    return HealthPart("sheets", "bad" if troubles else "ok", "; ".join(troubles))


async def _database(service: IvrService) -> HealthPart:
    try:
        await service.database.run(lambda connection: connection.execute(text("select 1")).scalar())
    except LookUpFault as fault:
        return HealthPart("database", "bad", fault.text)
    return HealthPart("database", "ok")


def _prompts(service: IvrService) -> HealthPart:
    index = os.path.join(service.settings.sound_folders().sounds, "index.json")
    return HealthPart("prompts", "ok" if os.path.exists(index) else "bad")


def _asterisk(service: IvrService) -> HealthPart:
    if service.last_call is None:
        return HealthPart("asterisk", "unknown")
    seen = service.last_call.astimezone(ZoneInfo(service.settings.operator.zone))
    return HealthPart("asterisk", "ok", seen.isoformat(" ", "seconds"))
