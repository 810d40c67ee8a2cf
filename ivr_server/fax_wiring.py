"""The fax's part of the wiring: Asterisk's manager interface and the worker, where a line for faxes is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from crm_bridge.database import Database
from crm_bridge.threads import DaemonPool
from ivr_server import whereabouts
from ivr_server.ami.client import Ami
from ivr_server.console.parts import HealthPart
from ivr_server.faxing.deliveries import Deliveries, worker_name
from ivr_server.faxing.delivery import Tools
from ivr_server.faxing.documents import Billing
from ivr_server.faxing.spool import Spool
from ivr_server.faxing.switchboard import Switchboard
from ivr_server.hours import utc_now
from ivr_server.manager_wiring import not_allowed
from ivr_server.metrics import Metrics
from ivr_server.settings import Settings

PRESSES = 2  # documents that are drawn at once
CANNOT: Final = "无法发送传真：管理接口用户缺少所需的权限，或 Asterisk 未加载传真模块。"
WAITS: Final = "传真暂停：数据库没有应答，或存放传真的磁盘已满。"
NEEDS: Final = ("Originate", "Hangup", "CoreShowChannels", "FAXSession", "FAXSessions")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service has already."""

    reactor: Any
    settings: Settings
    database: Database
    metrics: Metrics
    ami: Ami | None


class Faxes:
    """All of it, or nothing where no line is set: then wishes for faxes are noted for people."""

    def __init__(self, around: Surroundings, billing: Billing) -> None:
        self._around = around
        self._billing = billing
        self._pool = DaemonPool(0, PRESSES, name="fax")
        self.deliveries: Deliveries | None = None

    @property
    def open(self) -> bool:
        """Whether a fax may be asked for now."""
        return self.deliveries is not None and self.deliveries.open

    def start(self) -> None:
        """Work on jobs, if a line is set. The connection is started by whoever made it."""
        around, settings = self._around, self._around.settings
        if around.ami is None or not (settings.fax.channel or whereabouts.box(settings.folder)):
            return
        self._pool.start()
        spool = Spool(settings.fax_folder)
        self.deliveries = Deliveries(
            Tools(
                database=around.database,
                switchboard=Switchboard(around.ami, spool, around.reactor.seconds, lambda: not self._not_allowed()),
                spool=spool,
                billing=self._billing,
                settings=settings,
                reactor=around.reactor,
                pool=self._pool,
                worker=worker_name(),
                now=lambda: utc_now().timestamp(),
                counted=around.metrics.faxed,
            )
        )
        self.deliveries.start()

    def wake(self) -> None:
        """A job may be due."""
        if self.deliveries is not None:
            self.deliveries.wake()

    async def stop(self) -> None:
        """Let go of the jobs; calls that are up go on in Asterisk."""
        if self.deliveries is not None:
            await self.deliveries.stop()
            self._pool.stop()

    def health(self) -> HealthPart:
        """How faxes fare: unknown where none are sent."""
        ami = self._around.ami
        if ami is None or self.deliveries is None:
            return HealthPart("fax", "unknown")
        self._around.metrics.faxes_held.set(len(self.deliveries.held))
        if self.open:
            return HealthPart("fax", "ok", str(len(self.deliveries.held)))
        why = ami.condition().text or self._not_allowed() or self.deliveries.trouble
        chinese = ami.condition("zh-CN").text or (CANNOT if self._not_allowed() else WAITS)
        return HealthPart("fax", "bad", why, chinese) if why else HealthPart("fax", "unknown")

    def _not_allowed(self) -> str:
        ami = self._around.ami
        return not_allowed(ami, NEEDS, "No fax can be sent") if ami is not None else ""
