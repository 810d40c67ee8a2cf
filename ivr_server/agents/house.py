"""What the agents' room is given: the files that admins edit, where people can sit, and the service around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from crm_bridge.secret import Secret
from ivr_server.agents.forms import FormFile
from ivr_server.floor.happenings import Listener
from ivr_server.floor.picture import Picture
from ivr_server.floor.queue_file import QueueFile
from ivr_server.hours import utc_now

Table = Mapping[str, str]


class FloorFace(Protocol):
    """What is used of ``ivr_server.floor.floor.Floor``."""

    picture: Picture

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell of every happening."""

    async def member_add(  # noqa: PLR0913, PLR0917
        self, queue: str, interface: str, name: str, penalty: int, paused: str = ""
    ) -> None:
        """Make a device a member, paused for a reason ("": not)."""

    async def member_pause(self, interface: str, paused: bool, reason: str) -> None:
        """Ring it no more, or again."""

    async def member_remove(self, queue: str, interface: str) -> None:
        """Take it out."""


class Store(Protocol):
    """The face of ``crm_bridge.database.Database``."""

    def run(self, function: Callable[..., Any], *arguments: Any, write: bool = ...) -> Coroutine[Any, Any, Any]:
        """What ``function(connection, *arguments)`` returns; LookUpFault when that cannot be done."""


async def at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    """Where no other thread is wanted."""
    return work(*arguments)


@dataclass(slots=True, kw_only=True)
class House:
    """``queues`` and ``forms`` give way to others when an admin keeps them (``AgentsRoom.take``).

    ``seats``: SIP account -> its password; ``titles``: language -> what names are called in it.

    ``recordings``: where recorded talks lie, None where none are made; ``in_thread`` reads that folder.
    """

    queues: QueueFile
    forms: FormFile
    seats: Mapping[str, Secret] = field(default_factory=dict)
    telephones: tuple[str, ...] = ()
    dials_out: Callable[[], bool] = lambda: False
    recordings: Path | None = None
    zone: tzinfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    titles: Callable[[str], Table] = lambda _language: {}
    in_thread: Callable[..., Awaitable[Any]] = at_once
    now: Callable[[], float] = lambda: utc_now().timestamp()

    @property
    def interfaces(self) -> frozenset[str]:
        """Every device that an agent may sit at, in Asterisk's words."""
        return frozenset(f"PJSIP/{name}" for name in (*self.seats, *self.telephones))

    def clock(self, at: float) -> str:
        """An instant as it is shown."""
        return f"{datetime.fromtimestamp(at, UTC).astimezone(self.zone):%Y-%m-%d %H:%M}"

    def midnight(self) -> float:
        """The begin of the operator's day."""
        today = datetime.fromtimestamp(self.now(), UTC).astimezone(self.zone)
        return today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def called(self, kind: str, name: str, language: str) -> str:
        """What a queue, a reason or a business is called; its own name where no file says."""
        if not name:
            return ""
        rows = self.queues.queues if kind == "queue" else self.queues.busy_reasons if kind == "reason" else ()
        title = next((one.title for one in rows if one.name == name), {})
        return title.get(language) or self.titles(language).get(f"subject_{name}") or name.replace("_", " ")
