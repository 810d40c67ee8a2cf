"""What one Asterisk beside the product looks like: its folders, ports, telephones, lines and queues."""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from ivr_server.pbx.fetch import Installed
from ivr_server.settings import AGI_PORT, Settings, token

UNAMBIGUOUS = "abcdefghijkmnpqrstuvwxyz23456789"
AGENTS = ("1001", "1002")
CALLER = "caller"
UDP = socket.SOCK_DGRAM
BOX = "Local/{number}@ivr-fax-box/n"


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
    """Where Asterisk listens. ``rtp_first`` to ``rtp_last`` are UDP, two for each call; ``udptl_`` for faxes."""

    bind: str = "0.0.0.0"
    sip: int = 5060
    ami: int = 5038
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
class Plan:
    """Everything that the templates are filled with.

    ``folder`` holds the configuration. ``run`` is what a beside-the-project Asterisk writes to; None for a system's
    own Asterisk, which keeps its own folders. ``sounds`` is where the rendered prompts lie.
    """

    folder: Path
    sounds: Path
    agi: str  # HOST:PORT
    token: str
    ami_secret: str
    queues: tuple[str, ...] = ("service", "billing")
    number: str = "10000"
    agents: tuple[Phone, ...] = ()
    phones: tuple[Phone, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    ports: Ports = field(default_factory=Ports)
    run: Path | None = None
    installed: Installed | None = None
    call_limit_s: int = 1_800
    wait_s: int = 1_800
    queue_limit_s: int = 14_400
    fax: FaxLine | None = None

    @property
    def fax_line(self) -> FaxLine:
        """The way of faxes; with none planned, the box, beside the configuration."""
        return self.fax or FaxLine(folder=self.folder / "fax")


def from_settings(settings: Settings, folder: Path, caller: str = "13800138000") -> Plan:
    """The plan of a product with these settings; passwords are made once and kept in the state folder.

    ``caller`` is the number that the telephone for trying things out calls from.
    """
    kept = passwords(settings.folder / "asterisk-passwords.json")
    host = settings.agi.host if settings.agi.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    return Plan(
        folder=folder.resolve(),
        sounds=Path(settings.sound_folders().sounds),
        agi=f"{host}:{settings.agi.port or AGI_PORT}",
        token=token(settings),
        ami_secret=settings.ami.secret() or kept["ami"],
        queues=settings.queue_names,
        number=next(iter(settings.numbers), "10000"),
        agents=tuple(Phone(name, kept[name], name, f"Agent {name}") for name in AGENTS),
        phones=(Phone(CALLER, kept[CALLER], caller, "A caller"),),
        fax=fax_line(settings),
    )


def fax_line(settings: Settings) -> FaxLine:
    """The way of faxes as the settings say."""
    fax = settings.fax
    return FaxLine(
        folder=settings.fax_folder, channel=fax.channel, prefix=fax.prefix, station=fax.station, ring_s=fax.ring_s
    )


def passwords(path: Path) -> dict[str, str]:
    """Passwords of the telephones and of the manager user: made at the first use, kept with mode 0600."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    missing = {"ami", CALLER, *AGENTS} - set(kept)
    if missing:
        kept |= {name: "".join(secrets.choice(UNAMBIGUOUS) for _ in range(16)) for name in sorted(missing)}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(kept, file, indent=1)
    return kept


def listening(text: str) -> Ports:
    """The ports of ``HOST:PORT``; ValueError says how it is written."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f'"{text}" is no address to listen at; write it as 0.0.0.0:5060')
    return Ports(bind=str(ip_address(host)), sip=int(port))


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
