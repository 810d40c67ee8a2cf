"""Every setting, with its default: one YAML file, read as flows are read, so that a mistake has a line and a column.

Secrets are not written in the file: the token that Asterisk shows is made at the first start and kept in the state
folder, readable by its owner only; a database URL with a password comes from the environment (IVR_DATABASE_URL), and so
do the secrets of Asterisk's manager interface (IVR_AMI_SECRET), of the mail server (IVR_SMTP_PASSWORD), of the
web-hook (IVR_HOOK_SECRET), and the token of the HTTP API (IVR_API_TOKEN).
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, TypeAdapter, with_config

from crm_bridge.numbering import CHINA, FIXED, Numbering
from ivr_server import hours_file
from ivr_server.agents import forms as form_file
from ivr_server.agents.forms import FormFile
from ivr_server.floor import queue_file
from ivr_server.floor.queue_file import QueueFile
from ivr_server.hours import WEEKDAYS, Hours, Span
from ivr_server.hours_file import Holiday, HoursFile
from ivr_server.keys import made_once
from ivr_server.library import Sources
from ivr_server.places import Place, place
from marked_yaml import Mistakes, Problem, read, shaped
from prompts.store import Folders

AGI_PORT, WEB_PORT, AMI_PORT, HTTP_PORT = 4573, 8080, 5038, 8088
HOUSE = Path(__file__).resolve().parent.parent
CHANNEL = re.compile(r"(PJSIP|Local|IAX2|DAHDI)/[A-Za-z0-9_.:@/-]*\{number\}[A-Za-z0-9_.:@/-]*\Z")
STRICT = ConfigDict(extra="forbid")
HOW_TO_PAY = {
    "zh-CN": ("请在到期日前通过网上营业厅、营业厅柜台或银行代扣缴费。",),
    "en-US": ("Pay by the due date: online, at a shop of ours, or by direct debit.",),
}


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The telecom: its currency, its numbering plan (X is any digit, Z 1-9, N 2-9, [3-9] a choice), its hours.

    ``name`` to ``how_to_pay``: what its bills say, by language; ``phone`` is its service number.
    """

    name: dict[str, str] = field(default_factory=lambda: {"zh-CN": "示范电信", "en-US": "Demonstration Telecom"})
    address: dict[str, str] = field(default_factory=dict)
    phone: str = "10000"
    how_to_pay: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(HOW_TO_PAY))
    currency: str = "CNY"
    numbering: tuple[str, ...] = CHINA
    zone: str = "Asia/Shanghai"
    hours: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(WEEKDAYS, ("00:00-24:00",)))
    holidays: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def time_zone(self) -> ZoneInfo:
        """``zone`` as something that can be asked."""
        return ZoneInfo(self.zone)

    def opening(self) -> Hours:
        """The hours as something that can be asked; ValueError that says which word is wrong."""
        try:
            zone = ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f'"{self.zone}" is no time zone; write it as Asia/Shanghai') from None
        unknown = set(self.hours) - set(WEEKDAYS)
        if unknown:
            raise ValueError(f'"{min(unknown)}" is no day of the week; use {", ".join(WEEKDAYS)}')
        weekly = {day: tuple(map(Span.parse, spans)) for day, spans in self.hours.items()}
        return Hours(zone, weekly, {_day(day): tuple(map(Span.parse, spans)) for day, spans in self.holidays.items()})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no date; write it as 2026-10-01') from None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Agi:
    """Where Asterisk calls in. ``port`` left out: 4573, or a free one; ``allow``: addresses, networks."""

    host: str = "127.0.0.1"
    port: int | None = None
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    max_calls: int = 1_000


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The console. ``port`` left out: 8080, or a free one. ``phone``, without sign-in: loopback, everywhere or off."""

    host: str = "127.0.0.1"
    port: int | None = None
    phone: Literal["loopback", "everywhere", "off"] = "loopback"
    hosts: tuple[str, ...] = ()  # further host names the console answers to
    second_factor: Literal["offered", "required"] = "offered"  # required: of admins


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Voices by language (espeak, through pyttsx3; or piper), the words, the recordings that replace them."""

    voices: dict[str, str] = field(default_factory=lambda: {"zh-CN": "espeak", "en-US": "espeak"})
    library: str = str(HOUSE / "prompts" / "library")
    recordings: str = str(HOUSE / "prompts" / "recordings")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Ami:
    """Asterisk's manager interface. ``port`` left out: that of the Asterisk that "ivr-server pbx" runs.

    ``tls`` for another machine: ``ca`` is a PEM file, ``server_name`` the name in the certificate ("": the host).
    ``queue_log``: Asterisk's file of that name, where we may read it ("": that of the Asterisk beside us).
    ``http_port`` is that of Asterisk's web server, which agents' browsers reach through ours for their sound.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    http_port: int | None = None
    user: str = "ivr"
    tls: bool = False
    ca: str = ""
    server_name: str = ""
    queue_log: str = ""

    @staticmethod
    def secret() -> str:
        """The user's secret from the environment; "": that of the generated configuration."""
        return os.environ.get("IVR_AMI_SECRET", "")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """Where bills are mailed through; ``host`` empty: they are not."""

    host: str = ""
    port: int = 587
    tls: Literal["starttls", "tls", "no"] = "starttls"
    user: str = ""
    sender: str = ""
    ca: str = ""

    @staticmethod
    def password() -> str:
        """The user's password, from the environment."""
        return os.environ.get("IVR_SMTP_PASSWORD", "")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Fax:
    """Bills by fax. ``channel``: what Asterisk dials, with ``{number}`` in it; empty: wishes are noted for people.

    ``prefix`` is dialled before each number, ``station`` is the number that receivers show. ``allow``: patterns of
    numbers that may be faxed to. ``daily``: faxes of one account in 24 hours. ``folder``: what Asterisk reads and
    writes (empty: in the state folder). Waits are in seconds; ``mute_s``: how long a call without fax tones lasts.
    """

    channel: str = ""
    prefix: str = ""
    station: str = ""
    folder: str = ""
    allow: tuple[str, ...] = FIXED
    at_once: int = 2
    daily: int = 5
    tries: int = 3
    busy_s: float = 180.0
    other_s: float = 300.0
    unknown_s: float = 60.0
    ring_s: int = 45
    mute_s: float = 45.0
    lease_s: float = 30.0
    most_pages: int = 40
    masked: bool = True
    keep_days: int = 30
    smtp: Smtp = field(default_factory=Smtp)

    def sure(self) -> None:
        """ValueError when a word could mean something else in a dialplan (G10), or a number makes no sense."""
        if self.channel and not CHANNEL.match(self.channel):
            raise ValueError(f'fax.channel: write "{self.channel}" as PJSIP/{{number}}@line')
        for name, word in (("prefix", self.prefix), ("station", self.station)):
            if not re.fullmatch(r"\+?[0-9]{0,20}", word):
                raise ValueError(f'fax.{name}: "{word}" may hold digits only')
        smallest = {"at_once": 1, "daily": 1, "tries": 1, "ring_s": 5, "most_pages": 1, "keep_days": 1, "lease_s": 3}
        for name, least in smallest.items():
            if getattr(self, name) < least:
                raise ValueError(f"fax.{name} must be {least} or more")
        self.numbers()

    def numbers(self) -> Numbering:
        """What may be faxed to; ValueError for a pattern that is none."""
        return Numbering(self.allow)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Where agents sit. ``seats``: accounts for browsers, from ``first_seat`` on; ``telephones``: desk telephones.

    ``dial_out``: what Asterisk dials for an agent's outside call, with ``{number}`` in it (empty: none can be made);
    ``allow``: patterns of numbers that agents may dial. ``record``: whether talks are recorded; ``recordings``: the
    folder (empty: in the state folder). ``call_back_ring_s``: how long a caller's telephone rings for a call-back.
    """

    first_seat: int = 1_001
    seats: int = 6
    telephones: tuple[str, ...] = ("2001", "2002")
    dial_out: str = ""
    allow: tuple[str, ...] = CHINA
    record: bool = False
    recordings: str = ""
    call_back_ring_s: int = 45

    @property
    def seat_names(self) -> tuple[str, ...]:
        """The number of each seat."""
        return tuple(str(number) for number in range(self.first_seat, self.first_seat + self.seats))

    def sure(self) -> None:
        """ValueError when a number makes no sense, is used twice, or a word could mean more in a dialplan (G10)."""
        if not 0 <= self.seats <= 500 or not 100 <= self.first_seat <= 99_999:
            raise ValueError("floor.seats lies between 0 and 500, and floor.first_seat between 100 and 99999")
        for name in self.telephones:
            if not re.fullmatch(r"[1-9][0-9]{2,5}", name):
                raise ValueError(f'floor.telephones: "{name}" is no short number; write three to six digits')
        numbers = (*self.seat_names, *self.telephones)
        if len(set(numbers)) < len(numbers):
            raise ValueError("floor: a seat and a telephone, or two telephones, have the same number")
        if self.dial_out and not CHANNEL.match(self.dial_out):
            raise ValueError(f'floor.dial_out: write "{self.dial_out}" as PJSIP/{{number}}@line')
        if not 5 <= self.call_back_ring_s <= 120:
            raise ValueError("floor.call_back_ring_s lies between 5 and 120")
        Numbering(self.allow)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many days what is about people is kept. ``calls``: the journal with what was heard, and what queues did.

    ``receptions``: what agents wrote down. ``recordings``: recorded talks. ``audits``: who looked at what, and when
    agents worked. Bills by fax: ``fax.keep_days``. Counts of the flows hold no people.
    """

    calls: int = 400
    receptions: int = 1_100
    recordings: int = 90
    audits: int = 1_100

    def sure(self) -> None:
        """ValueError when something would be deleted while it is in use."""
        if self.calls < 31:
            raise ValueError("keep.calls: agents are shown the calls of 30 days: write 31 days or more")
        for name in ("calls", "receptions", "recordings", "audits"):
            if not 1 <= getattr(self, name) <= 36_500:
                raise ValueError(f"keep.{name}: write 1 to 36500 days")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What happens to calls in queues, told to another system: ``url`` empty: it is not."""

    url: str = ""
    events: tuple[Literal["enqueued", "ringing", "answered", "ended"], ...] = (
        "enqueued",
        "ringing",
        "answered",
        "ended",
    )

    @staticmethod
    def secret() -> str:
        """What signs each letter, from the environment."""
        return os.environ.get("IVR_HOOK_SECRET", "")

    def sure(self) -> None:
        """ValueError for an address to which nothing may be sent."""
        if self.url and not re.match(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/|\Z)", self.url):
            raise ValueError(f'hooks.url: "{self.url}" must begin with https:// (http:// on this machine only)')


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole. ``state`` is the one folder that is written to. ``patience_s``: a hang longer than this is killed."""

    state: str = ".run"
    operator: Operator = field(default_factory=Operator)
    agi: Agi = field(default_factory=Agi)
    web: Web = field(default_factory=Web)
    speech: Speech = field(default_factory=Speech)
    ami: Ami = field(default_factory=Ami)
    fax: Fax = field(default_factory=Fax)
    floor: Floor = field(default_factory=Floor)
    hooks: Hooks = field(default_factory=Hooks)
    keep: Keep = field(default_factory=Keep)
    database: str = ""  # a URL; empty: SQLite in the state folder
    bridge: str = ""  # a mapping file for the operator's own database
    flows: str = str(HOUSE / "flows" / "library")
    queues: str = str(queue_file.SHIPPED)  # the queue file
    forms: str = str(form_file.SHIPPED)  # the forms of receptions
    hours: str = str(hours_file.SHIPPED)  # the hours file; not named: operator.hours go before
    numbers: dict[str, str] = field(default_factory=dict)  # dialled number -> flow
    drain_s: float = 120.0
    patience_s: float = 4.0

    def form_file(self) -> FormFile:
        """What agents write down of which business; raises Mistakes."""
        return form_file.kept(str(self.sheet("forms").file))

    def queue_file(self) -> QueueFile:
        """Queues, skills and reasons; read once in a process, then what was taken last. Raises Mistakes."""
        return queue_file.kept(str(self.sheet("queues").file))

    def hours_file(self) -> HoursFile:
        """When callers are put through; read once in a process, then what was taken last. Raises Mistakes."""
        at = self.sheet("hours").file
        if at.suffix == hours_file.BEGUN:
            dated = tuple(Holiday(date=day, hours=spans) for day, spans in self.operator.holidays.items())
            return HoursFile(weekly=self.operator.hours, holidays=dated)
        return hours_file.kept(str(at))

    def opening(self) -> Hours:
        """The operator's hours as something that can be asked. Raises Mistakes."""
        return self.hours_file().opening(self.operator.time_zone)

    def sheet(self, name: Literal["queues", "forms", "hours"]) -> Place:
        """Where the queue file, the forms or the hours lie, and what they were."""
        if name == "hours":
            found = place(name, self.hours, hours_file.SHIPPED, self.folder)
            said = self.operator.hours != Operator().hours or self.operator.holidays
            begun = replace(found, file=found.past / f"settings{hours_file.BEGUN}")
            return begun if said and found.file == hours_file.SHIPPED else found
        named, shipped = {
            "queues": (self.queues, queue_file.SHIPPED),
            "forms": (self.forms, form_file.SHIPPED),
        }[name]
        return place(name, named, shipped, self.folder)

    @property
    def number(self) -> str:
        """What callers dial, where nothing else says so: the first of ``numbers``, else the operator's own."""
        return next(iter(self.numbers), "") or re.sub(r"[^0-9]", "", self.operator.phone) or "10000"

    @property
    def queue_names(self) -> tuple[str, ...]:
        """Of the queues; the first takes callers after a fault."""
        return self.queue_file().names

    @property
    def folder(self) -> Path:
        """The state folder."""
        return Path(self.state).resolve()

    @property
    def fax_folder(self) -> Path:
        """Where faxes lie that Asterisk sends, and what it writes about them."""
        return Path(self.fax.folder).resolve() if self.fax.folder else self.folder / "fax"

    @property
    def recordings_folder(self) -> Path:
        """Where talks with agents are recorded, by Asterisk."""
        return Path(self.floor.recordings).resolve() if self.floor.recordings else self.folder / "recordings"

    def fax_numbers(self) -> Numbering:
        """Which numbers may be faxed to."""
        return self.fax.numbers()

    def sources(self) -> Sources:
        """Where flows and prompts are read from, and the queues that flows may name."""
        return Sources(flows=Path(self.flows), prompts=Path(self.speech.library), queues=frozenset(self.queue_names))

    def sound_folders(self) -> Folders:
        """Where the studio's sounds lie, and where joined ones are written."""
        return Folders(str(self.folder / "sounds"), str(self.folder / "spool"))

    def recording_folders(self) -> tuple[str, str]:
        """Where recorded prompts lie: the folder that people keep, and what the studio was given."""
        return self.speech.recordings, str(self.folder / "spoken")

    @staticmethod
    def metrics_token() -> str:
        """What Prometheus shows as a bearer from another machine; "": only this machine may read /metrics."""
        return os.environ.get("IVR_METRICS_TOKEN", "")

    @staticmethod
    def api_token() -> str:
        """What another system shows as a bearer to /api; "": there is no API."""
        return os.environ.get("IVR_API_TOKEN", "")

    def database_url(self) -> str:
        """The URL of our own database; IVR_DATABASE_URL goes before the file."""
        return os.environ.get("IVR_DATABASE_URL", "") or self.database or f"sqlite:///{self.folder / 'ivr.db'}"


def read_settings(path: Path | None) -> Settings:
    """The settings of a file, or all defaults without one; raises Mistakes with every problem and its place."""
    if path is None:
        return Settings()
    file = str(path)
    try:
        marked, problems = read(path.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as fault:
        raise Mistakes([Problem(file, 1, 1, f"the settings cannot be read: {fault}")]) from None
    if marked is None or problems:
        raise Mistakes(problems)
    settings = shaped(TypeAdapter(Settings), marked, file, WORDS)
    try:
        settings.operator.opening()
        settings.fax.sure()
        settings.floor.sure()
        settings.hooks.sure()
        settings.keep.sure()
    except ValueError as wrong:
        raise Mistakes([Problem(file, 1, 1, str(wrong))]) from None
    settings.queue_file()
    settings.form_file()
    settings.hours_file()
    return settings


SECTIONS = (Settings, Operator, Agi, Web, Speech, Ami, Smtp, Fax, Floor, Hooks)
WORDS = tuple(sorted({each.name for kind in SECTIONS for each in fields(kind)}))


def token(settings: Settings) -> str:
    """The word that Asterisk shows as its first AGI argument; made once, kept with mode 0600."""
    return made_once(settings.folder / "agi-token", lambda: secrets.token_urlsafe(24))
