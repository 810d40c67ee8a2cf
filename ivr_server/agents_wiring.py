"""The agents' part of the wiring: seats and files from the settings, the room on the floor and its connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from crm_bridge import shifts
from crm_bridge.answers import LookUpFault
from crm_bridge.secret import Secret
from ivr_server import sip_accounts, whereabouts
from ivr_server.agents.contacts import Contacts
from ivr_server.agents.control import NEEDS, CallControl
from ivr_server.agents.house import House
from ivr_server.agents.room import AgentsRoom, Around
from ivr_server.agents.telling import Figures
from ivr_server.console.parts import HealthPart
from ivr_server.console.words import read_words
from ivr_server.floor_wiring import FloorRoom
from ivr_server.hours import utc_now
from ivr_server.manager_wiring import not_allowed
from ivr_server.settings import Settings

if TYPE_CHECKING:
    from crm_bridge.asking import LookUps
    from crm_bridge.database import Database
    from crm_bridge.staff import StaffBook
    from ivr_server.calls.trails import Trails

AGAIN_S = 5.0  # until the database is asked once more who sat
Titles = Callable[[str], Mapping[str, str]]
log = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the service has already. ``titles``: language -> prompt name -> its words."""

    reactor: Any
    settings: Settings
    database: Database
    staff: StaffBook
    billing: LookUps
    trails: Trails
    titles: Titles
    floor: FloorRoom


class Agents:
    """The room, started, and who sat in it found again as soon as the database tells."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._recovered = False
        house = make_house(beside)
        contacts = Contacts(house, beside.database, beside.trails, beside.billing, beside.reactor)
        self.room = AgentsRoom(
            Around(
                contacts=contacts,
                floor=beside.floor.floor,
                control=CallControl(beside.floor.ami),
                note=beside.staff.note,
                figures=self._figures,
            )
        )
        self._recovering = LoopingCall(self._recover)
        self._recovering.clock = beside.reactor

    async def start(self) -> None:
        """Before the connection to Asterisk: who sits must be known at its resync."""
        self.room.start()
        await self._recover()
        if not self._recovered:
            self._recovering.start(AGAIN_S, now=False)

    async def stop(self) -> None:
        """Who sits, sits on."""
        if self._recovering.running:
            self._recovering.stop()
        await self.room.stop()

    async def _recover(self) -> None:
        try:
            await self.room.recover()
        except LookUpFault as fault:
            log.warn("Who sits where is not known yet: {fault}", fault=fault)
            return
        self._recovered = True
        with suppress(LookUpFault):
            await self._beside.database.run(shifts.forget, utc_now().timestamp(), write=True)
        if self._recovering.running:
            self._recovering.stop()

    async def _figures(self, name: str, since: float) -> Figures:
        days = await self._beside.floor.record.agents(since, utc_now().timestamp() + 1, name)
        day = days.get(name)
        return Figures() if day is None else Figures(day.answered + day.taken_over, day.average_s)

    def health(self) -> HealthPart:
        """How many people sit, and whether all can be done with calls; unknown where no Asterisk is known."""
        ami, people = self._beside.floor.ami, [one for one in self.room.roll.agents.values() if one.device]
        sit, ready = len(people), sum(one.free for one in people)
        words = f"{sit} sit, {ready} ready", f"{sit} 人签入，{ready} 人就绪"
        if ami is None:
            return HealthPart("agents", "unknown", *words)
        if ami.connected and (missing := not_allowed(ami, NEEDS, "Agents cannot transfer or hang up")):
            return HealthPart("agents", "bad", missing)
        return HealthPart("agents", "ok" if self._recovered else "unknown", *words)


def make_house(beside: Beside) -> House:
    """Seats, telephones and files out of the settings."""
    settings, pool = beside.settings, beside.reactor.getThreadPool
    passwords = sip_accounts.of(settings)

    async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
        return await deferToThreadPool(beside.reactor, pool(), work, *arguments)

    return House(
        queues=settings.queue_file(),
        forms=settings.form_file(),
        seats={seat: Secret(passwords[seat]) for seat in settings.floor.seat_names},
        telephones=settings.floor.telephones,
        dials_out=lambda: bool(settings.floor.dial_out or whereabouts.box(settings.folder)),
        recordings=_recordings(settings),
        zone=ZoneInfo(settings.operator.zone),
        titles=lru_cache(lambda language: _titles(language, beside.titles)),
        in_thread=in_thread,
    )


def _recordings(settings: Settings) -> Path | None:
    return settings.recordings_folder if settings.floor.record else None


def _titles(language: str, prompts: Titles) -> Mapping[str, str]:
    """The console's own words go before those of prompts."""
    own = read_words().get(language)
    return {**prompts(language), **(own.table if own else {})}
