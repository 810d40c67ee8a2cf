"""The agents' room without Asterisk: the real room on a floor and a manager that do as they are told, and a clock.

``Office`` is for tests in one process: its database answers at once, its calls ring when a test says so, and every page
that is opened remembers what it was told. ``invented`` fills it with a demonstration's customers and calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.database import Limits, engine_for
from crm_bridge.demo import Seeding, seed
from crm_bridge.desks import OwnDesk
from crm_bridge.journal import CallRecord
from crm_bridge.room import Rules
from crm_bridge.secret import Secret
from crm_bridge.staff import Deed
from crm_bridge.trails import Found, Wanted
from crm_bridge.versions import prepare
from ivr_server.agents import forms
from ivr_server.agents.asked import By
from ivr_server.agents.contacts import Contacts
from ivr_server.agents.control import CallControl
from ivr_server.agents.house import House
from ivr_server.agents.room import AgentsRoom, Around
from ivr_server.agents.telling import Figures
from ivr_server.ami.faults import AmiFault
from ivr_server.calls.trails import Trails
from ivr_server.console.words import read_words
from ivr_server.floor import queue_file
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Ring, Talk, Waiting
from tests.doubles.floor import FloorDouble

NOON = 1_795_406_400.0  # 2026-11-23 04:00 UTC, noon in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
SEATS = ("1001", "1002", "1003")
TELEPHONES = ("2001", "2002")


@dataclass
class StraightStore:
    """A database that answers in the same turn; ``away``: it does not."""

    url: str
    away: bool = False

    def __post_init__(self) -> None:
        self.engine = engine_for(self.url, Limits())
        with self.engine.execution_options(write=True).begin() as connection:
            prepare(connection)

    async def run(self, function: Callable[..., Any], *arguments: Any, write: bool = False, **_limits: Any) -> Any:
        """In one transaction."""
        if self.away:
            raise LookUpFault("unavailable", "the database is away")
        with self.engine.execution_options(write=write).begin() as connection:
            return function(connection, *arguments)


class NoShelf:
    """A journal in which nothing lies."""

    async def story(self, _call: str) -> Found:
        return Found()

    async def gather(self, _wanted: Wanted) -> Found:
        return Found()


@dataclass
class ManagerDouble:
    """Asterisk's manager interface that notes what it is asked; ``fault``: what it answers from now on."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fault: AmiFault | None = None

    async def action(self, name: str, fields: tuple[tuple[str, str], ...] = (), **more: str) -> Any:
        if self.fault is not None:
            raise self.fault
        self.asked.append((name, {**dict(fields), **more}))


@dataclass
class Told:
    """One open page, with what it was told."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    leave: Callable[[], None] = lambda: None

    def all(self, event: str) -> list[dict[str, Any]]:
        """Every event of a name."""
        return [values for name, values in self.events if name == event]

    def last(self, event: str) -> dict[str, Any]:
        """The latest of a name."""
        return self.all(event)[-1]

    @property
    def names(self) -> list[str]:
        """What it was told, in order."""
        return [name for name, _ in self.events]


@cache
def titles(language: str) -> dict[str, str]:
    """What things are called."""
    parts = {"part_rental": "月租费", "part_local": "本地通话费", "bill_paid": "已付清。", "bill_unpaid": "未付。"}
    return (
        {**parts, **dict(read_words()[language].table)}
        if language.startswith("zh")
        else dict(read_words()[language].table)
    )


class Office:
    """The room, and all that it stands on. ``url``: a database; ``clock``: the reactor and the wall's hands in one."""

    def __init__(self, url: str, recordings: Path | None = None, floor: FloorDouble | None = None) -> None:
        self.clock, self.store = Clock(), StraightStore(url)
        self.floor, self.manager = floor or FloorDouble(), ManagerDouble()
        self.deeds: list[Deed] = []
        self.day = Figures(7, 93.4)
        self.house = House(
            queues=queue_file.read_queue_file(queue_file.SHIPPED),
            forms=forms.read_forms(forms.SHIPPED),
            seats={seat: Secret(f"secret-of-{seat}") for seat in SEATS},
            telephones=TELEPHONES,
            dials_out=lambda: True,
            recordings=recordings,
            zone=ZONE,
            titles=titles,
            now=self.now,
        )
        self.trails = Trails(NoShelf(), titles, ZONE, lambda: datetime.fromtimestamp(self.now(), UTC))
        hashing: Any = None
        self.billing = LookUps(OwnDesk(self.store, Rules(), self.now), hashing, Rules())  # type: ignore[arg-type]
        self.room = self._room()
        done(self.room.recover())

    def _room(self) -> AgentsRoom:
        contacts = Contacts(self.house, self.store, self.trails, self.billing, self.clock)
        control = CallControl(self.manager)
        around = Around(contacts=contacts, floor=self.floor, control=control, note=self.note, figures=self.figures)
        room = AgentsRoom(around)
        room.start()
        return room

    def now(self) -> float:
        """The wall clock."""
        return NOON + self.clock.seconds()

    async def note(self, deed: Deed) -> None:
        """The audit."""
        self.deeds.append(deed)

    async def figures(self, _name: str, _since: float) -> Figures:
        """Everybody's day."""
        return self.day

    def restart(self) -> None:
        """The process ends, and another one begins on the same database and the same Asterisk."""
        done(self.room.stop())
        self.room = self._room()
        done(self.room.recover())
        self.resync()

    def resync(self) -> None:
        """Asterisk was asked for everything."""
        self.floor.picture = replace(self.floor.picture, live=True)
        self.floor.happen(Happening(what="resync", at=self.now()))

    def lose(self) -> None:
        """The connection to Asterisk is gone."""
        self.floor.picture = replace(self.floor.picture, live=False)

    # --- people and pages

    def open(self, by: By, tab: str = "tab-1") -> Told:
        """Another page."""
        told = Told()

        def tell(_key: str, event: str, values: dict[str, Any]) -> None:
            told.events.append((event, values))
            told.at.append(self.clock.seconds())

        told.leave = self.room.join(by, tab, tell)
        return told

    def state(self, name: str) -> tuple[str, str]:
        """In which state somebody is, and why."""
        agent = self.room.roll.of(name)
        return agent.state, agent.reason

    def pause_of(self, interface: str) -> set[str]:
        """Why Asterisk rings a device no more, in whichever queue; {} when it is in none."""
        return {one.reason if one.paused else "" for one in self.floor.picture.members(interface).values()}

    # --- calls

    def call(self, call: str = "1795406400.1", *, number: str = "13800138000", **leg: Any) -> str:
        """A caller whom the voice has put through."""
        began = datetime.fromtimestamp(self.now() - 90, UTC)
        ended = datetime.fromtimestamp(self.now() - 5, UTC)
        notes = (
            {"step": 1, "flow": "main", "node": "menu", "what": "heard", "prompts": "main_menu", "share": "80"},
            {"step": 2, "flow": "main", "node": "menu", "what": "chosen", "key": "1", "prompt": "option_fees"},
        )
        values = {"language": "zh-CN", "business": "fees", "queue": "billing", "disposition": "enqueued", **leg}
        record = CallRecord(call=call, started=began, ended=ended, caller=number, notes=notes, **values)
        self.trails.keep(call, record)
        return call

    def ring(
        self, interface: str, call: str, *, number: str = "13800138000", detail: str = "", queue: str = "billing"
    ) -> None:
        """It rings at a device."""
        ring = Ring(call, queue, interface, self._name(interface), f"leg-{interface}-{call}", self.now(), number)
        self._picture(rings={**self.floor.picture.rings, ring.leg: ring})
        self._happen("ringing", ring, detail)

    def miss(self, interface: str, *, rejected: bool = False, seconds: float = 20.0) -> None:
        """It rings no more, unanswered."""
        ring = self._stop(interface)
        self._happen("missed", ring, "rejected" if rejected else "no_answer", seconds)

    def give_up(self, interface: str) -> None:
        """The caller hangs up while it rings."""
        ring = self._stop(interface)
        self.floor.happen(Happening(what="abandoned", at=self.now(), queue=ring.queue, call=ring.call))

    def answer(self, interface: str) -> None:
        """The agent takes it."""
        ring = self._stop(interface)
        rings = {leg: one for leg, one in self.floor.picture.rings.items() if one.call != ring.call}
        channel = f"{interface}-00000001"
        talk = Talk(ring.call, ring.queue, interface, f"PJSIP/line-{ring.call}", channel, self.now(), ring.agent)
        self._picture(rings=rings, talks={**self.floor.picture.talks, ring.call: talk})
        self._happen("answered", ring)

    def end(self, call: str, *, who: str = "caller", what: Any = "ended") -> None:
        """The talk is over."""
        talk = self.floor.picture.talks[call]
        self._picture(talks={key: one for key, one in self.floor.picture.talks.items() if key != call})
        ring = Ring(call, talk.queue, talk.interface, talk.agent, "", talk.began)
        self._happen(what, ring, who, self.now() - talk.began)

    def wait(self, queue: str, call: str, number: str = "13800138000") -> None:
        """Somebody waits."""
        now = self.floor.picture.queue(queue)
        place = len(now.waiting) + 1
        one = Waiting(call, f"PJSIP/line-{call}", number, place, self.now())
        self.floor.set_queue(replace(now, waiting=(*now.waiting, one)))
        self.floor.happen(Happening(what="joined", at=self.now(), queue=queue, call=call))

    def _stop(self, interface: str) -> Ring:
        ring = next(one for one in self.floor.picture.rings.values() if one.interface == interface)
        self._picture(rings={leg: one for leg, one in self.floor.picture.rings.items() if leg != ring.leg})
        return ring

    def _picture(self, **changes: Any) -> None:
        self.floor.picture = replace(self.floor.picture, **changes)

    def _name(self, interface: str) -> str:
        return next((one.name for one in self.floor.picture.members(interface).values()), "")

    def _happen(self, what: Any, ring: Ring, detail: str = "", seconds: float = 0.0) -> None:
        self.floor.happen(
            Happening(
                what=what,
                at=self.now(),
                queue=ring.queue,
                call=ring.call,
                interface=ring.interface,
                agent=ring.agent,
                number=ring.number,
                detail=detail,
                seconds=seconds,
                leg=ring.leg,
            )
        )


def served_room(reactor: Any, database: Any, note: Callable[[Deed], Any], folder: Path) -> AgentsRoom:
    """The room on a real reactor and database, and a floor without Asterisk; recordings lie in ``folder``."""
    house = House(
        queues=queue_file.read_queue_file(queue_file.SHIPPED),
        forms=forms.read_forms(forms.SHIPPED),
        seats={seat: Secret(f"secret-of-{seat}") for seat in SEATS},
        telephones=TELEPHONES,
        recordings=folder / "recordings",
        zone=ZONE,
        titles=titles,
    )
    trails = Trails(NoShelf(), titles, ZONE, lambda: datetime.now(UTC))
    hashing: Any = None
    billing = LookUps(OwnDesk(database, Rules(), house.now), hashing, Rules())
    contacts = Contacts(house, database, trails, billing, reactor)

    async def figures(_name: str, _since: float) -> Figures:
        return Figures()

    around = Around(
        contacts=contacts, floor=FloorDouble(), control=CallControl(ManagerDouble()), note=note, figures=figures
    )
    room = AgentsRoom(around)
    room.start()
    return room


def done(work: Any) -> Any:
    """What a coroutine gives that waits for nothing; its exception is raised."""
    results: list[Any] = []
    faults: list[Any] = []
    Deferred.fromCoroutine(work).addCallbacks(results.append, faults.append)
    if faults:
        faults[0].raiseException()
    assert results, "it waits for something"
    return results[0]


def by(name: str, *roles: str, language: str = "zh-CN") -> By:
    """Somebody of the staff."""
    return By(name, name.title(), frozenset(roles or ("agent",)), language, "127.0.0.1")


def demonstration(folder: Path) -> str:
    """A database with the demonstration's customers."""
    url = f"sqlite:///{folder / 'ivr.db'}"
    seed(url, Seeding(customers=8))
    return url
