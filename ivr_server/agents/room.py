"""The agents' room: the face that the console asks, over the parts that do it.

The roll moves people, pages beat, screens tell, calling asks Asterisk, writing keeps what is typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final

from twisted.internet.task import deferLater
from twisted.logger import Logger

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
from ivr_server.agents.forms import FormFile
from ivr_server.agents.house import FloorFace
from ivr_server.agents.pages import Page, Pages, Tell
from ivr_server.agents.playback import Shelf, hidden
from ivr_server.agents.roll import Roll
from ivr_server.agents.screens import Screens
from ivr_server.agents.sitting import Seats
from ivr_server.agents.state import Agent, Contact, Illegal
from ivr_server.agents.telling import Figures
from ivr_server.agents.writing import Writing
from ivr_server.floor.queue_file import QueueFile

HEARD_S: Final = 600.0  # one line of the audit for a recording that is listened to, however often its player asks
RESCUE_AGAIN_S: Final = 3.0
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
        self.screens = Screens(self.pages, self.writing, around.figures)
        self._around = around
        self._contacts = contacts
        self._heard: dict[tuple[str, str], float] = {}

    def start(self) -> None:
        """Follow the floor, and the desks."""
        self.pages.slept.append(self._slept)
        self.roll.start()
        self.screens.start()
        self.pages.start()

    async def recover(self) -> int:
        """Who sat when the last process ended. LookUpFault while the database is away."""
        return await self.roll.recover()

    async def stop(self) -> None:
        """Let go; who sits, sits on."""
        self.screens.stop()
        self.pages.stop()
        await self.roll.stop()

    # --- pages

    @property
    def full(self) -> bool:
        """Whether no further page can be told."""
        return self.pages.full

    def page(self, by: By) -> Shape:
        """What the page needs once."""
        house = self.house
        return {
            **self._papers(by.language),
            "telephones": list(house.telephones),
            "seats": list(house.seats),
            "dial_out": house.dials_out(),
            "records": house.recordings is not None,
        }

    def _papers(self, language: str) -> Shape:
        """What a page shows of the two files."""
        house = self.house
        reasons, businesses = house.queues.busy_reasons, house.forms.businesses
        return {
            "reasons": [{"name": one.name, "title": house.called("reason", one.name, language)} for one in reasons],
            "forms": [form.shown(language) for form in house.forms.forms],
            "businesses": [{"name": name, "title": house.called("business", name, language)} for name in businesses],
        }

    def take(self, queues: QueueFile | None = None, forms: FormFile | None = None) -> None:
        """Other queues or forms from now on: whoever sits is put into theirs, and every page is told."""
        self.house.queues, self.house.forms = queues or self.house.queues, forms or self.house.forms
        for name in tuple(self.roll.agents):
            self.roll.settle(name)
        for page in self.pages.everybody():
            page.tell("papers", "papers", self._papers(page.by.language))
            self.screens.tell_all(page)

    def join(self, by: By, tab: str, tell: Tell) -> Callable[[], None]:
        """Tell this page everything now, and every change from now on."""
        page = Page(by, tab, tell)
        leave = self.pages.join(page)
        self.screens.begin(page)
        return leave

    def again(self, by: By, tab: str, tell: Tell) -> None:
        """Tell everything once more."""
        self.screens.tell_all(Page(by, tab, tell))

    def beat(self, by: By, tab: str) -> bool:
        """A page lives."""
        return self.pages.beat(by.name, tab)

    # --- being there

    def seated(self, by: By) -> bool:
        """Whether they sit at a seat with a soft phone."""
        device = self.roll.of(by.name).device
        return device is not None and device.kind == "browser"

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

    # --- a desk that fell asleep

    def _slept(self, agent: Agent) -> None:
        """A desk fell asleep in a talk: its browser is gone. The caller goes first in the queue again."""
        if agent.state == "talking" and agent.contact and agent.device and agent.device.kind == "browser":
            self.screens.behind(self._rescue(agent, agent.contact))

    async def _rescue(self, agent: Agent, contact: Contact) -> None:
        """Tried again while Asterisk cannot be asked: until then the caller hears nothing."""
        asleep: Agent | None = agent
        while asleep is not None:
            try:
                if await self.calling.back_to_queue(asleep):
                    await self.writing.missed(agent.name, contact, "dropped")
                return
            except NotNow as why:
                if why.why != "asterisk":
                    raise
            log.warn("the caller of {agent}, whose browser is gone, waits for Asterisk's answer", agent=agent.name)
            await deferLater(self._contacts.reactor, RESCUE_AGAIN_S)
            asleep = self._still_asleep(agent.name, contact)

    def _still_asleep(self, name: str, contact: Contact) -> Agent | None:
        """The agent, if away from this very talk still."""
        now = self.roll.agents.get(name)
        return now if now is not None and now.away and now.call == contact.call else None
