"""The floor's part of the wiring: the one connection to Asterisk, the live floor on it, and its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.database import Database
from ivr_server import whereabouts
from ivr_server.console.parts import HealthPart
from ivr_server.floor.floor import Floor, FloorRules
from ivr_server.floor.happenings import Happening
from ivr_server.floor.members import NEEDS
from ivr_server.floor.record import Record, happening
from ivr_server.floor.wrap_ups import WrapUps
from ivr_server.floor_metrics import FloorMetrics
from ivr_server.hours import utc_now
from ivr_server.manager_wiring import not_allowed, the_manager
from ivr_server.metrics import Metrics
from ivr_server.settings import Settings

log = Logger()
REMEMBERED_S: Final = 7 * 86_400.0
NO_ASTERISK: Final = (
    "no Asterisk is known: set ami.port, or run ivr-server pbx",
    "没有连接 Asterisk：请设置 ami.port，或运行 ivr-server pbx",
)
MOST_REMEMBERED: Final = 20_000  # a tenth of a second


class FloorRoom:
    """``ami``: the one connection, None when no Asterisk is known; ``connect`` starts it, after everybody listens."""

    def __init__(self, settings: Settings, database: Database, reactor: Any, metrics: Metrics) -> None:
        announced = {queue.name: float(queue.announce_s) for queue in settings.queue_file().queues}
        self.ami = the_manager(settings, reactor)
        self.floor = Floor(self.ami, reactor, _now, FloorRules(announce_s=announced))
        self.record = Record(settings.folder / "queue-events", database, reactor, lambda: queue_log(settings))
        self._wrap_ups = WrapUps()
        self._metrics = FloorMetrics(metrics.registry, lambda: self.floor.picture, _now)

    def start(self) -> None:
        """Follow the floor, and keep its record."""
        self.record.start()
        self.floor.listen(self.record.take)
        self.floor.listen(self._heard)
        self.floor.start()
        Deferred.fromCoroutine(self._remember())

    async def _remember(self) -> None:
        try:
            past = await self.record.newest(_now() - REMEMBERED_S, MOST_REMEMBERED)
        except LookUpFault as fault:
            log.warn("The queues' past was not read: {fault}", fault=fault)
        else:
            self.floor.remember(map(happening, past))

    def connect(self) -> None:
        """Connect to Asterisk, if one is known."""
        if self.ami is not None:
            self.ami.start()

    async def stop(self) -> None:
        """Let go; callers and agents go on in Asterisk."""
        await self.floor.stop()
        if self.ami is not None:
            await self.ami.stop()
        await self.record.stop()

    def _heard(self, what: Happening) -> None:
        self._metrics.happened(what)
        self.record.put(self._wrap_ups.take(what, self.floor.picture))
        if what.what == "resync" and not what.detail:
            Deferred.fromCoroutine(self._make_good())

    async def _make_good(self) -> None:
        try:
            await self.record.make_good(_now())
        except (LookUpFault, OSError) as fault:
            log.warn("Asterisk's queue log was not read: {fault}", fault=fault)

    def health(self) -> HealthPart:
        """How the floor is: unknown where no Asterisk is known, bad when nobody can be a member of a queue."""
        if self.ami is None:
            return HealthPart("floor", "unknown", *NO_ASTERISK)
        picture = self.floor.picture
        if not picture.live:
            why, chinese = self.ami.condition().text, self.ami.condition("zh-CN").text
            return HealthPart("floor", "bad" if why else "unknown", why, chinese)
        if missing := not_allowed(self.ami, NEEDS, "Agents cannot sign in to queues"):
            return HealthPart("floor", "bad", missing)
        waiting = sum(len(queue.waiting) for queue in picture.queues.values())
        words, chinese = f"{waiting} wait, {len(picture.talks)} talk", f"{waiting} 人等待，{len(picture.talks)} 人通话"
        if spoken_to := not_allowed(self.ami, ("QueueWithdrawCaller",), "Callers are not spoken to while they wait"):
            words, chinese = f"{words}. {spoken_to}", f"{chinese}。{spoken_to}"
        return HealthPart("floor", "ok", words, chinese)


def queue_log(settings: Settings) -> Path | None:
    """Asterisk's record of its queues: as set, or that of the Asterisk beside us; None when neither is there."""
    return Path(settings.ami.queue_log) if settings.ami.queue_log else whereabouts.queue_log(settings.folder)


def _now() -> float:
    return utc_now().timestamp()
