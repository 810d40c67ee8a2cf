"""The caller's side of the queues, wired: what is said of the line, the trails that go with a call, kept places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_bridge import call_backs
from crm_bridge.call_backs import CallBackRow, NewCallBack
from crm_bridge.database import Database
from crm_bridge.numbering import Numbering
from crm_bridge.secret import Secret
from crm_bridge.trails import Found
from ivr_server.agi.line import Line
from ivr_server.calls.handing import handed
from ivr_server.calls.hooks import HookRules, Hooks, Known
from ivr_server.calls.lining_up import Lines, LineUp
from ivr_server.calls.posting import Poster
from ivr_server.calls.trails import DatabaseShelf, Trails
from ivr_server.floor.call_backs import CallBacks, Queues
from ivr_server.floor_wiring import FloorRoom
from ivr_server.hours import utc_now
from ivr_server.settings import Settings

CHANGES: Final = {
    change.__name__: change
    for change in (
        call_backs.place,
        call_backs.keep_again,
        call_backs.unanswered,
        call_backs.reached,
        call_backs.give_up,
    )
}


@dataclass(frozen=True, slots=True)
class CallBackRows:
    """The rows of kept places in our database."""

    database: Database

    async def put(self, new: NewCallBack) -> CallBackRow:
        """Keep a wish."""
        return await self.database.run(call_backs.put, new, write=True)

    async def open_ones(self) -> Sequence[CallBackRow]:
        """Those not at their end, in order."""
        return await self.database.run(call_backs.open_ones)

    async def change(self, what: str, row: CallBackRow) -> bool:
        """place, keep_again, unanswered, reached or give_up; False when it was not as the row says."""
        return await self.database.run(CHANGES[what], row, utc_now().timestamp(), write=True)

    async def state_of(self, number: str) -> tuple[str, str]:
        """none, waiting or missed, and the number."""
        return await self.database.run(call_backs.state_of, number, utc_now().timestamp(), deadline_ms=800)

    async def heard(self, number: str) -> None:
        """The caller was told."""
        await self.database.run(call_backs.heard, number, write=True)


class LineRoom:
    """``lines``: what was said to whom; ``line_up``: the look-ups about queues; ``trails``: what an agent is handed.

    ``call_backs`` keeps places; ``hooks`` tells another system. ``titles`` is set once the words are there.
    """

    def __init__(self, settings: Settings, database: Database, reactor: Any, room: FloorRoom) -> None:
        self._settings = settings
        self.titles: Callable[[str], Mapping[str, str]] = lambda language: {}
        self.lines = Lines(reactor.seconds, room.floor)
        numbering = Numbering(settings.operator.numbering)
        self.call_backs = CallBacks(
            store=CallBackRows(database),
            ami=room.ami,
            floor=room.floor,
            queues=Queues.of(settings.queue_file().queues),
            clock=reactor,
            now=lambda: utc_now().timestamp(),
            national=numbering.national,
            stood_in=self.lines.instead,
        )
        room.floor.listen(self.call_backs.heard_of)
        record = settings.floor.record
        self.line_up = LineUp(settings.queue_file, self._hours, self.lines, self.call_backs, recorded=record)
        zone = ZoneInfo(settings.operator.zone)
        self.trails = Trails(DatabaseShelf(database), self._titles, zone, utc_now, self.call_backs.trail)
        self.hooks = self._hooks(reactor)
        if self.hooks is not None:
            self.trails.enqueued = self.hooks.enqueued
            room.floor.listen(self.hooks.heard_of)

    def start(self) -> None:
        """Look after kept places; tell the other system, if there is one."""
        self.call_backs.start()

    async def stop(self) -> None:
        """Let go."""
        await self.call_backs.stop()
        if self.hooks is not None:
            await self.hooks.stop()

    def _hooks(self, reactor: Any) -> Hooks | None:
        """The web-hook of the settings. ValueError when nothing signs it."""
        rules, secret = self._settings.hooks, self._settings.hooks.secret()
        if not rules.url:
            return None
        if not secret:
            raise ValueError("hooks.url is set: set IVR_HOOK_SECRET as well, it signs what is sent")
        return Hooks(
            HookRules(frozenset(rules.events), Secret(secret)),
            Poster(rules.url, reactor),
            reactor,
            utc_now,
            self.call_backs.trail,
            self._known,
        )

    def _known(self, call: str) -> Known:
        """What goes with a letter about a call, in the caller's language."""
        legs = self.trails.legs(call)
        if not legs:
            return Known()
        told = handed(Found(legs), self.trails.telling(legs[0].language))
        return Known(told.language, told.business, told.identity, told.line)

    async def told_of_call_back(self, line: Line) -> None:
        """The dialplan says whether the customer was reached. Raises LineGone, LineBroken, LookUpFault."""
        id, word = [await line.variable(f"IVR_CALL_BACK_{name}") or "" for name in ("ID", "OUTCOME")]
        if id.isascii() and id.isdecimal() and len(id) <= 9:
            await self.call_backs.outcome(int(id), word)

    def _titles(self, language: str) -> Mapping[str, str]:
        return self.titles(language)

    def _hours(self, name: str) -> str:
        """Whether a queue is open now."""
        operator = self._settings.opening()
        queue = self._settings.queue_file().queue(name)
        return (queue.opening(operator) if queue else operator).at(utc_now())
