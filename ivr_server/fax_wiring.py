"""The fax's part of the wiring: Asterisk's manager interface and the worker, where a line for faxes is set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from zope.interface import implementer

from crm_bridge.database import Database
from crm_bridge.secret import Secret
from crm_bridge.threads import DaemonPool
from ivr_server import whereabouts
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.hours import utc_now
from ivr_server.console.parts import HealthPart
from ivr_server.faxing.deliveries import Deliveries, worker_name
from ivr_server.faxing.delivery import Tools
from ivr_server.faxing.documents import Billing
from ivr_server.faxing.spool import Spool
from ivr_server.faxing.switchboard import Switchboard
from ivr_server.metrics import Metrics
from ivr_server.settings import AMI_PORT, Settings

PRESSES = 2  # documents that are drawn at once


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service has already."""

    reactor: Any
    settings: Settings
    database: Database
    metrics: Metrics


class Faxes:
    """All of it, or nothing where no line is set: then wishes for faxes are noted for people."""

    def __init__(self, around: Surroundings, billing: Billing) -> None:
        self._around = around
        self._billing = billing
        self._pool = DaemonPool(0, PRESSES, name="fax")
        self.ami: Ami | None = None
        self.deliveries: Deliveries | None = None

    @property
    def open(self) -> bool:
        """Whether a fax may be asked for now."""
        return self.deliveries is not None and self.deliveries.open

    def start(self) -> None:
        """Connect to Asterisk, and work on jobs, if a line is set."""
        around, settings = self._around, self._around.settings
        if not (settings.fax.channel or whereabouts.box(settings.folder)):
            return
        self._pool.start()
        self.ami = Ami(around.reactor, _ami_settings(settings), _way(around))
        self.ami.start()
        spool = Spool(settings.fax_folder)
        self.deliveries = Deliveries(
            Tools(
                database=around.database,
                switchboard=Switchboard(self.ami, spool, around.reactor.seconds),
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
        """Let go of the jobs and of Asterisk; calls that are up go on there."""
        if self.deliveries is not None:
            await self.deliveries.stop()
        if self.ami is not None:
            await self.ami.stop()
            self._pool.stop()

    def health(self) -> HealthPart:
        """How faxes fare: unknown where none are sent."""
        if self.ami is None or self.deliveries is None:
            return HealthPart("fax", "unknown")
        self._around.metrics.faxes_held.set(len(self.deliveries.held))
        condition = self.ami.condition()
        if self.deliveries.open:
            return HealthPart("fax", "ok", str(len(self.deliveries.held)))
        why = condition.text or self.deliveries.trouble
        return HealthPart("fax", "bad" if why else "unknown", why)


def _ami_settings(settings: Settings) -> AmiSettings:
    ami = settings.ami
    secret = Secret(ami.secret() or _kept_secret(settings))
    return AmiSettings(
        host=ami.host,
        port=ami.port or AMI_PORT,
        user=ami.user,
        secret=secret,
        tls="yes" if ami.tls else "no",
        ca=ami.ca,
        server_name=ami.server_name,
    )


def _kept_secret(settings: Settings) -> str:
    """The one that the generated configuration holds; "" when none was generated."""
    try:
        kept: dict[str, str] = json.loads((settings.folder / "asterisk-passwords.json").read_text())
    except (OSError, ValueError):
        return ""
    return kept.get("ami", "")


def _way(around: Surroundings) -> IStreamClientEndpoint | None:
    ami = around.settings.ami
    return None if ami.port is not None else _WhereItRuns(around)


@implementer(IStreamClientEndpoint)
class _WhereItRuns:
    """The Asterisk that "ivr-server pbx" runs beside us: its port is looked up at each connect."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        settings = self._around.settings
        port = whereabouts.ami_port(settings.folder) or AMI_PORT
        way = HostnameEndpoint(self._around.reactor, settings.ami.host.encode(), port, timeout=5)
        connecting: Deferred[IProtocol] = way.connect(factory)
        return connecting
