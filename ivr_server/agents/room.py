"""The agents' room: the face that the console asks, and what is told to pages when something happens at a desk.

Theory. The roll moves people; this file turns each move into what their pages are told, in the same turn of the
reactor: ``me`` always; ``ringing`` the moment a call rings, with ``call`` (card, trail, form) behind it as soon as it
is gathered; ``talk`` as the talk goes; ``missed``. The bar follows the floor once a second while anybody looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.staff import Deed
from ivr_server.agents import state, telling
from ivr_server.agents.asked import (
    By,
    FeeQuestion,
    Hidden,
    Kind,
    NewReception,
    NotNow,
    Nowhere,
    Recording,
    Saving,
    Shape,
    Sitting,
)
from ivr_server.agents.calling import Calling
from ivr_server.agents.contacts import Contacts
from ivr_server.agents.control import CallControl
from ivr_server.agents.fees import fees, sure
from ivr_server.agents.house import FloorFace
from ivr_server.agents.pages import Page, Pages, Tell
from ivr_server.agents.playback import Shelf, hidden
from ivr_server.agents.roll import Roll
from ivr_server.agents.sitting import Seats
from ivr_server.agents.state import MISSED, REJECTED, Agent, Contact, Illegal
from ivr_server.agents.telling import Figures
from ivr_server.agents.writing import Writing
from ivr_server.floor.happenings import Happening

BAR_S: Final = 1.0
HEARD_S: Final = 600.0  # one line of the audit for a recording that is listened to, however often its player asks
log = Logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the room is built on. ``note`` writes a deed down; ``figures``: an agent's day since an instant."""

    contacts: Contacts
    floor: FloorFace
    control: CallControl
    note: Callable[[Deed], Awaitable[None]]
    figures: Callable[[str, float], Awaitable[Figures]]


class AgentsRoom:
    """``start`` it before the connection to Asterisk, ``await recover()``; ``await stop()``."""

    def __init__(self, around: Around) -> None:
        contacts = around.contacts
        self.house = contacts.house
        self.roll = Roll(self.house, around.floor, contacts.store, contacts.reactor)
        self.pages = Pages(self.roll, contacts.reactor)
        self.shelf = Shelf(self.house.recordings, self.house.in_thread)
        self.writing = Writing(self.house, self.roll, contacts, self.shelf)
        self.seats = Seats(self.house, self.roll)
        self.calling = Calling(self.house, self.roll, around.control)
        self._around = around
        self._contacts = contacts
        self._figures: dict[str, Figures] = {}
        self._counted_at = 0.0
        self._stirred = True
        self._live = False
        self._heard: dict[tuple[str, str], float] = {}
        self._telling = LoopingCall(self._tell_bar)
        self._telling.clock = contacts.reactor

    def start(self) -> None:
        """Follow the floor, and the desks."""
        self.roll.changed.append(self._changed)
        self.pages.slept.append(self._slept)
        self.roll.start()
        self._around.floor.listen(self._stir)
        self.pages.start()
        self._telling.start(BAR_S, now=False)

    async def recover(self) -> int:
        """Who sat when the last process ended. LookUpFault while the database is away."""
        return await self.roll.recover()

    async def stop(self) -> None:
        """Let go; who sits, sits on."""
        if self._telling.running:
            self._telling.stop()
        self.pages.stop()
        await self.roll.stop()

    # --- pages

    @property
    def full(self) -> bool:
        """Whether no further page can be told."""
        return self.pages.full

    def page(self, by: By) -> Shape:
        """What the page needs once."""
        house, language = self.house, by.language
        return {
            "reasons": [
                {"name": one.name, "title": house.called("reason", one.name, language)}
                for one in house.queues.busy_reasons
            ],
            "telephones": list(house.telephones),
            "seats": list(house.seats),
            "forms": [form.shown(language) for form in house.forms.forms],
            "businesses": [
                {"name": name, "title": house.called("business", name, language)} for name in house.forms.businesses
            ],
            "dial_out": house.dials_out(),
            "records": house.recordings is not None,
        }

    def join(self, by: By, tab: str, tell: Tell) -> Callable[[], None]:
        """Tell this page everything now, and every change from now on."""
        page = Page(by, tab, tell)
        leave = self.pages.join(page)
        self._tell_all(page)
        if by.name not in self._figures:
            self._behind(self._count(by.name))
        return leave

    def again(self, by: By, tab: str, tell: Tell) -> None:
        """Tell everything once more."""
        self._tell_all(Page(by, tab, tell))

    def beat(self, by: By, tab: str) -> bool:
        """A page lives."""
        return self.pages.beat(by.name, tab)

    # --- being there

    async def sit(self, by: By, where: Sitting) -> Shape:
        """Sign in to the queues."""
        device = self.seats.choose(by, where)
        agent = self.roll.of(by.name)
        if agent.device != device or agent.shown != by.shown:
            self._move(by.name, lambda one, now: state.sit(replace(one, shown=by.shown), device, now))
        if where.tab and agent.tab != where.tab:
            self._move(by.name, lambda one, now: state.take_over(one, where.tab, now))
        self.pages.alive(by.name)
        return self.seats.told(device)

    async def rise(self, by: By) -> None:
        """Sign out of the queues."""
        self._move(by.name, state.rise)

    async def turn(self, by: By, wanted: str, reason: str) -> None:
        """Ready, or busy for a reason."""
        if self.roll.of(by.name).device is None:
            raise NotNow("seated")
        if wanted == "ready":
            self._move(by.name, state.ready)
            return
        if reason not in {one.name for one in self.house.queues.busy_reasons}:
            raise NotNow("busy_reason", 422)
        self._move(by.name, lambda one, now: state.busy(one, reason, now))

    def _move(self, name: str, event: Callable[[Agent, float], Agent]) -> None:
        try:
            self.roll.move(name, event)
        except Illegal as wrong:
            why = {"ringing": "ringing", "talking": "in_call", "signed_out": "seated"}.get(wrong.state, "now")
            raise NotNow(why) from wrong

    # --- calls

    async def transfer(self, by: By, call: str, to: str, kind: Kind) -> None:
        """Give the caller to somebody else, or ask there first."""
        await self._theirs(by, call, self.calling.transfer(by, call, to, kind))

    async def act(self, by: By, call: str, what: str) -> None:
        """One of the acts on the agent's own call."""
        await self._theirs(by, call, self.calling.act(by, call, what))

    async def _theirs(self, by: By, call: str, doing: Coroutine[Any, Any, None]) -> None:
        """Do it; of a call that was theirs, they are told that it is over."""
        try:
            await doing
        except Hidden:
            await self.writing.must_be_theirs(by, call)
            raise NotNow("call") from None

    async def dial(self, by: By, number: str) -> None:
        """Ring the agent's telephone, then the number."""
        await self.calling.dial(by, number)

    async def call(self, by: By, call: str) -> Shape:
        """All that belongs to a call of theirs."""
        await self.writing.must_be_theirs(by, call)
        contact = self.roll.of(by.name).contact
        number = contact.number if contact and contact.call == call else ""
        told = await self._contacts.whole(call, by, number)
        if told["handed"] is None and told["card"] is None and not told["written"]:
            raise Nowhere
        return told

    async def places(self, by: By) -> Shape:
        """Where a call can be given to."""
        return {"places": telling.places(by, self.roll)}

    # --- customers and what is written

    async def customer(self, by: By, number: str) -> Shape:
        """Who has this number; written down first."""
        await self._note(by, "customer_seen", number)
        known = replace(self._contacts.known("", number), customer="")
        card = await self._contacts.card(known, by)
        if card is None:
            raise NotNow("customer", 404)
        return {"card": {**card, "found_by": ""}}

    async def fees(self, by: By, asked: FeeQuestion) -> Shape:
        """What somebody owes; written down with its reason first."""
        sure(asked)
        await self._note(by, "fee_query", f"{asked.number} {asked.month}: {asked.reason}")
        return await fees(self._contacts, by, asked)

    async def begin(self, by: By, new: NewReception) -> Shape:
        """A reception; the same one for the same call or key."""
        return await self.writing.begin(by, new)

    async def save(self, by: By, saving: Saving) -> int:
        """Keep what was typed."""
        return await self.writing.save(by, saving)

    async def receptions(self, by: By) -> Shape:
        """The latest receptions and missed calls."""
        return await self.writing.newest(by)

    async def recordings(self, by: By) -> Shape:
        """The latest recorded talks."""
        return await self.writing.recordings(by)

    async def recording(self, by: By, id: str) -> Recording:
        """One of them; written down first."""
        if not by.supervises:
            try:
                await self.writing.must_be_theirs(by, self.shelf.call_of(id))
            except Hidden:
                raise hidden(id) from None
        found = self.shelf.find(id)
        now = self.house.now()
        if now - self._heard.get((by.name, id), 0.0) > HEARD_S:
            await self._note(by, "recording_played", f"recording {id}")
            self._heard = {key: at for key, at in self._heard.items() if now - at < HEARD_S} | {(by.name, id): now}
        return found

    async def _note(self, by: By, what: str, about: str) -> None:
        await self._around.note(Deed(by.name, what, about, by.address))

    # --- what pages are told

    def _tell_all(self, page: Page) -> None:
        agent = self.roll.of(page.by.name)
        self._tell_me(agent, page)
        page.tell("bar", "bar", self._bar(page))
        if not self._around.floor.picture.live:
            page.tell("away", "away", {})
        if agent.contact is not None:
            self._tell_contact(agent, (page,))

    def _tell_contact(self, agent: Agent, pages: tuple[Page, ...]) -> None:
        """The call in hand: that it rings or how the talk stands, and behind it all that belongs to it."""
        contact = agent.contact
        assert contact is not None
        known = self._contacts.known(contact.call, contact.number)
        about = {"business": known.business, "language": known.language}
        for page in pages:
            if agent.state == "ringing":
                page.tell("ringing", "ringing", telling.ringing(contact, self.roll, page.by, about))
            else:
                over = contact if agent.state == "wrap_up" else None
                page.tell("talk", "talk", telling.talk(agent, over))
            if not contact.out:
                self._behind(self._tell_call(contact, page))

    async def _tell_call(self, contact: Contact, page: Page) -> None:
        page.tell("call", "call", await self._contacts.whole(contact.call, page.by, contact.number))

    def _tell_me(self, agent: Agent, page: Page) -> None:
        page.tell("me", "me", telling.me(agent, self.roll, page.by, page.tab))

    def _changed(self, before: Agent, after: Agent, why: Happening | None) -> None:
        """A move of the roll: told at once, and what is to be written of it behind."""
        pages = self.pages.of(after.name)
        for page in pages:
            self._tell_me(after, page)
        began = after.contact is not None and (before.call, before.state) != (after.call, after.state)
        if began and after.state == "ringing":
            self._tell_contact(after, pages)
        elif after.state == "talking" and after.contact != before.contact:
            self._talks(before, after, pages)
        if before.state == "ringing" and after.state != "talking" and before.contact and before.call != after.call:
            self._rang_out(before.contact, after, pages)
        if before.state == "talking" and before.contact and (after.state != "talking" or before.call != after.call):
            self._talk_over(before.contact, after, pages)
        consult = why is not None and why.detail == "consult"
        if after.contact and why is not None and why.what == "answered" and not consult and not after.contact.out:
            self._behind(self.writing.answered(self._by(after), after.contact))

    def _talks(self, before: Agent, after: Agent, pages: tuple[Page, ...]) -> None:
        if before.call != after.call:  # its ring was never told
            self._tell_contact(after, pages)
            return
        for page in pages:
            page.tell("talk", "talk", telling.talk(after))

    def _rang_out(self, contact: Contact, after: Agent, pages: tuple[Page, ...]) -> None:
        over = {"call": contact.call, "state": "over", "began": 0, "with": ""}
        why = after.reason if after.reason in (MISSED, REJECTED) else ""
        for page in pages:
            page.tell("talk", "talk", over)
            if why:
                told = {"call": contact.call, "number": contact.number, "at": round(self.house.now()), "why": why}
                page.tell("missed", "missed", told)
        if why:
            self._behind(self.writing.missed(after.name, contact, why))

    def _talk_over(self, contact: Contact, after: Agent, pages: tuple[Page, ...]) -> None:
        for page in pages:
            page.tell("talk", "talk", telling.talk(after, contact))
        if not contact.out:
            self._behind(self.writing.talked(after.name, contact, self.house.now()))
        self._behind(self._count(after.name))

    def _slept(self, agent: Agent) -> None:
        """A desk fell asleep in a talk: its browser is gone. The caller goes first in the queue again."""
        if agent.state == "talking" and agent.contact and agent.device and agent.device.kind == "browser":
            self._behind(self._rescue(agent, agent.contact))

    async def _rescue(self, agent: Agent, contact: Contact) -> None:
        if await self.calling.back_to_queue(agent):
            await self.writing.missed(agent.name, contact, "dropped")

    def _by(self, agent: Agent) -> By:
        pages = self.pages.of(agent.name)
        return pages[-1].by if pages else By(agent.name, agent.shown or agent.name)

    # --- the bar

    def _stir(self, _what: Happening) -> None:
        self._stirred = True

    def _tell_bar(self) -> None:
        live = self._around.floor.picture.live
        if live != self._live:
            self._live = live
            for page in self.pages.everybody():
                page.tell("resync" if live else "away", "resync" if live else "away", {})
                if live:
                    self._tell_all(page)
        if self.house.now() - self._counted_at >= 60:
            self._counted_at = self.house.now()
            for name in {page.by.name for page in self.pages.everybody()}:
                self._behind(self._count(name))
        if self._stirred:
            self._stirred = False
            for page in self.pages.everybody():
                page.tell("bar", "bar", self._bar(page))

    def _bar(self, page: Page) -> Shape:
        figures = self._figures.get(page.by.name, Figures())
        return telling.bar(self.roll.of(page.by.name), self.roll, page.by, figures)

    async def _count(self, name: str) -> None:
        counted = await self._around.figures(name, self.house.midnight())
        if counted != self._figures.get(name):
            self._figures[name] = counted
            self._stirred = True

    def _behind(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it behind what is told now; a database that is away is no fault of ours."""

        def failed(failure: Any) -> None:
            if failure.check(LookUpFault, NotNow):
                log.warn("at a desk, not done: {fault}", fault=failure.getErrorMessage())
            else:
                log.failure("at a desk", failure)

        Deferred.fromCoroutine(work).addErrback(failed)
