"""Every setting, with its default: one YAML file, read as flows are read, so that a mistake has a line and a column.

Secrets are not written in the file: the token that Asterisk shows is made at the first start and kept in the state
folder, readable by its owner only; a database URL with a password comes from the environment (IVR_DATABASE_URL).
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, TypeAdapter, with_config

from crm_bridge.numbering import CHINA
from ivr_server.calls.hours import WEEKDAYS, Hours, Span
from ivr_server.library import Sources
from marked_yaml import Mistakes, Problem, read, shaped
from prompts.store import Folders

AGI_PORT, WEB_PORT = 4573, 8080
HOUSE = Path(__file__).resolve().parent.parent
QUEUE = re.compile(r"[A-Za-z0-9_-]{1,79}\Z")
STRICT = ConfigDict(extra="forbid")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The telecom: its currency, its numbering plan (X is any digit, Z 1-9, N 2-9, [3-9] a choice), its hours."""

    currency: str = "CNY"
    numbering: tuple[str, ...] = CHINA
    zone: str = "Asia/Shanghai"
    hours: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(WEEKDAYS, ("00:00-24:00",)))
    holidays: dict[str, tuple[str, ...]] = field(default_factory=dict)

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


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Voices by language (espeak, through pyttsx3; or piper), the words, the recordings that replace them."""

    voices: dict[str, str] = field(default_factory=lambda: {"zh-CN": "espeak", "en-US": "espeak"})
    library: str = str(HOUSE / "prompts" / "library")
    recordings: str = str(HOUSE / "prompts" / "recordings")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole. ``state`` is the one folder that is written to. ``patience_s``: a hang longer than this is killed."""

    state: str = ".run"
    operator: Operator = field(default_factory=Operator)
    agi: Agi = field(default_factory=Agi)
    web: Web = field(default_factory=Web)
    speech: Speech = field(default_factory=Speech)
    database: str = ""  # a URL; empty: SQLite in the state folder
    bridge: str = ""  # a mapping file for the operator's own database
    flows: str = str(HOUSE / "flows" / "library")
    queues: tuple[str, ...] = ("service", "billing")
    numbers: dict[str, str] = field(default_factory=dict)  # dialled number -> flow
    drain_s: float = 120.0
    patience_s: float = 4.0

    def sure_queues(self) -> None:
        """ValueError unless there is a queue, and each name may stand in a dialplan: no "&", no ",", no "/" (G10)."""
        odd = [queue for queue in self.queues if not QUEUE.match(queue)]
        if odd or not self.queues:
            raise ValueError(f'queues: "{odd[0] if odd else ""}" is no queue; use letters, digits, - and _')

    @property
    def folder(self) -> Path:
        """The state folder."""
        return Path(self.state).resolve()

    def sources(self) -> Sources:
        """Where flows and prompts are read from, and the queues that flows may name."""
        return Sources(flows=Path(self.flows), prompts=Path(self.speech.library), queues=frozenset(self.queues))

    def sound_folders(self) -> Folders:
        """Where the studio's sounds lie, and where joined ones are written."""
        return Folders(str(self.folder / "sounds"), str(self.folder / "spool"))

    @staticmethod
    def metrics_token() -> str:
        """What Prometheus shows as a bearer from another machine; "": only this machine may read /metrics."""
        return os.environ.get("IVR_METRICS_TOKEN", "")

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
        settings.sure_queues()
    except ValueError as wrong:
        raise Mistakes([Problem(file, 1, 1, str(wrong))]) from None
    return settings


WORDS = tuple(sorted({each.name for kind in (Settings, Operator, Agi, Web, Speech) for each in fields(kind)}))


def token(settings: Settings) -> str:
    """The word that Asterisk shows as its first AGI argument; made once, kept with mode 0600."""
    path = settings.folder / "agi-token"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(made := secrets.token_urlsafe(24))
    return made
