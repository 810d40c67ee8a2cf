"""The one connection to Asterisk's manager interface, for faxes, the floor and whoever else asks Asterisk something."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from zope.interface import implementer

from crm_bridge.secret import Secret
from ivr_server import whereabouts
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.settings import AMI_PORT, Settings


def the_manager(settings: Settings, reactor: Any) -> Ami | None:
    """Not started yet. None when no Asterisk is known: no port is set, no line for faxes, and none runs beside us."""
    wanted = settings.ami.port is not None or settings.fax.channel or whereabouts.ami_port(settings.folder)
    return Ami(reactor, ami_settings(settings), _way(settings, reactor)) if wanted else None


def ami_settings(settings: Settings) -> AmiSettings:
    """Where Asterisk is, who we are there. It needs no action: what is missing switches off what would use it."""
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
        needs=(),
    )


def not_allowed(ami: Ami, actions: tuple[str, ...], what: str) -> str:
    """Why this does not work, in a sentence; "" when the user may do all of it, or is not signed in."""
    missing = ami.missing(actions) if ami.connected else ()
    if not missing:
        return ""
    return f"{what}: Asterisk has no {', '.join(missing)}, or the line write in manager.conf does not allow it."


def _kept_secret(settings: Settings) -> str:
    """The one that the generated configuration holds; "" when none was generated."""
    try:
        kept: dict[str, str] = json.loads((settings.folder / "asterisk-passwords.json").read_text())
    except (OSError, ValueError):
        return ""
    return kept.get("ami", "")


def _way(settings: Settings, reactor: Any) -> IStreamClientEndpoint | None:
    return None if settings.ami.port is not None else _WhereItRuns(settings, reactor)


@implementer(IStreamClientEndpoint)
class _WhereItRuns:
    """The Asterisk that "ivr-server pbx" runs beside us: its port is looked up at each connect."""

    def __init__(self, settings: Settings, reactor: Any) -> None:
        self._settings = settings
        self._reactor = reactor

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        port = whereabouts.ami_port(self._settings.folder) or AMI_PORT
        way = HostnameEndpoint(self._reactor, self._settings.ami.host.encode(), port, timeout=5)
        connecting: Deferred[IProtocol] = way.connect(factory)
        return connecting
