"""What one Asterisk beside the product looks like: its folders, ports, telephones, lines and queues."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

from crm_bridge.numbering import CHINA
from ivr_server import sip_accounts
from ivr_server.floor.queue_file import SHIPPED, Queue
from ivr_server.floor.queue_file import kept as kept_queues
from ivr_server.pbx.fetch import Installed
from ivr_server.settings import AGI_PORT, AMI_PORT, HTTP_PORT, Settings, token

UDP = socket.SOCK_DGRAM
BOX = "Local/{number}@ivr-fax-box/n"
OUTSIDE_BOX = "Local/{number}@ivr-outside-box/n"  # the town of the demonstration: whoever is called answers


@dataclass(frozen=True, slots=True)
class Phone:
    """A SIP account. ``number`` is the caller's number that the server sees."""

    name: str
    password: str
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Trunk:
    """A line known by its address: callers from ``match`` enter the voice; ``contact`` is where calls to it go."""

    name: str
    match: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where Asterisk listens; ``http`` and ``ami`` on loopback only, for the server.

    ``rtp_first`` to ``rtp_last`` are UDP, two for each call; ``udptl_`` for faxes.
    """

    bind: str = "0.0.0.0"
    sip: int = 5060
    ami: int = AMI_PORT
    http: int = HTTP_PORT
    rtp_first: int = 10_000
    rtp_last: int = 19_999
    udptl_first: int = 4_000
    udptl_last: int = 4_999


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxLine:
    """How faxes leave: ``channel`` with ``{number}`` in it (empty: into the box), the files' ``folder``, and words."""

    folder: Path
    channel: str = ""
    prefix: str = ""
    station: str = ""
    ring_s: int = 45
    limit_s: int = 5_400  # forty dense pages at the slowest speed

    @property
    def dialled(self) -> tuple[str, str]:
        """What stands before the number, the outside prefix included, and what stands behind it."""
        before, _, after = (self.channel or BOX).partition("{number}")
        return before + self.prefix, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Calls of agents to the world, and call-backs: ``channel`` with ``{number}`` in it (empty: none can be made).

    ``allow``: patterns of a dialplan, without the ``_``; ``ring_s``: how long a caller's telephone rings; ``asked_s``:
    how long one rings that an agent dials, asks, or gives a caller to.
    """

    channel: str = ""
    allow: tuple[str, ...] = CHINA
    ring_s: int = 45
    asked_s: int = 45

    @property
    def dialled(self) -> tuple[str, str]:
        """What stands before the number, and what behind it."""
        before, _, after = self.channel.partition("{number}")
        return before, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the templates are filled with.

    ``seats`` are the accounts of agents' browsers, ``telephones`` those of agents' desk telephones, ``phones`` those
    for callers. ``recordings``: where talks are recorded; None: they are not.
    ``folder`` holds the configuration. ``run`` is what a beside-the-project Asterisk writes to; None for a system's
    own Asterisk, which keeps its own folders. ``sounds`` is where the rendered prompts lie.
    """

    folder: Path
    sounds: Path
    agi: str  # HOST:PORT
    token: str
    ami_secret: str
    queues: tuple[Queue, ...] = field(default_factory=lambda: kept_queues(str(SHIPPED)).queues)
    number: str = "10000"
    seats: tuple[Phone, ...] = ()
    telephones: tuple[Phone, ...] = ()
    phones: tuple[Phone, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    ports: Ports = field(default_factory=Ports)
    run: Path | None = None
    installed: Installed | None = None
    call_limit_s: int = 1_800
    queue_limit_s: int = 14_400
    fax: FaxLine | None = None
    outside: Outside = field(default_factory=Outside)
    recordings: Path | None = None

    @property
    def fax_line(self) -> FaxLine:
        """The way of faxes; with none planned, the box, beside the configuration."""
        return self.fax or FaxLine(folder=self.folder / "fax")


def from_settings(settings: Settings, folder: Path, caller: str = "13800138000") -> Plan:
    """The plan of a product with these settings; passwords are made once and kept in the state folder.

    ``caller`` is the number that the telephone for trying things out calls from.
    """
    words = sip_accounts.of(settings)
    host = settings.agi.host if settings.agi.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    floor = settings.floor
    return Plan(
        folder=folder.resolve(),
        sounds=Path(settings.sound_folders().sounds),
        agi=f"{host}:{settings.agi.port or AGI_PORT}",
        token=token(settings),
        ami_secret=settings.ami.secret() or words[sip_accounts.AMI],
        queues=settings.queue_file().queues,
        number=settings.number,
        seats=tuple(Phone(name, words[name], name, f"Seat {name}") for name in floor.seat_names),
        telephones=tuple(Phone(name, words[name], name, f"Telephone {name}") for name in floor.telephones),
        phones=(Phone(sip_accounts.CALLER, words[sip_accounts.CALLER], caller, "A caller"),),
        ports=Ports(ami=settings.ami.port or AMI_PORT, http=settings.ami.http_port or HTTP_PORT),
        fax=fax_line(settings),
        outside=Outside(channel=floor.dial_out, allow=floor.allow, ring_s=floor.call_back_ring_s),
        recordings=settings.recordings_folder if floor.record else None,
    )


def fax_line(settings: Settings) -> FaxLine:
    """The way of faxes as the settings say."""
    fax = settings.fax
    return FaxLine(
        folder=settings.fax_folder, channel=fax.channel, prefix=fax.prefix, station=fax.station, ring_s=fax.ring_s
    )


def listening(text: str, ports: Ports | None = None) -> Ports:
    """The same ports with telephones at ``HOST:PORT``; ValueError says how it is written."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f'"{text}" is no address to listen at; write it as 0.0.0.0:5060')
    return replace(ports or Ports(), bind=str(ip_address(host)), sip=int(port))


def port_or_free(wanted: int, kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """The wanted port if nobody has it, else a free one; 0 asks for a free one."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind((host, port))
            except OSError:
                continue
            number: int = trial.getsockname()[1]
            return number
    raise OSError(f"no free port at {host}")


def own_address() -> str:
    """The address at which other machines reach this one, or loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        address: str = trial.getsockname()[0]
        return address
