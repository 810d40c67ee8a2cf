"""What the pages of agents are told when something happens at a desk.

Theory. The roll moves people; each move becomes what their pages are told, in the same turn of the reactor: ``me``
always; ``ringing`` the moment a call rings, with ``call`` (card, trail, form) behind it as soon as it is gathered;
``talk`` as the talk goes; ``missed``. The bar follows the floor once a second while anybody looks. What is to be
written of a call is written behind that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from ivr_server.again import again
from ivr_server.agents import telling
from ivr_server.agents.asked import By, NotNow, Shape
from ivr_server.agents.contacts import Contacts
from ivr_server.agents.pages import Page, Pages
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import MISSED, REJECTED, Agent, Contact
from ivr_server.agents.telling import Figures
from ivr_server.agents.writing import Writing
from ivr_server.floor.happenings import Happening

BAR_S: Final = 1.0
COUNT_S: Final = 2.0  # until the floor's record has what happened
ANEW_S: Final = 60.0
Counting = Callable[[str, float], Awaitable[Figures]]
log = Logger()


class Screens:
    """The telling. ``counting``: an agent's day since an instant."""

    def __init__(self, pages: Pages, writing: Writing, counting: Counting) -> None:
        self.pages = pages
        self.roll: Roll = writing.roll
        self.house = writing.house
        self.writing = writing
        self._contacts: Contacts = writing.contacts
        self._counting = counting
        self._figures: dict[str, Figures] = {}
        self._counted_at = 0.0
        self._stirred = True
        self._live = False
        self._telling = again(self._contacts.reactor, self._tell_bar)

    def start(self) -> None:
        """Follow the roll and the floor."""
        self._live = self.roll.floor.picture.live
        self.roll.changed.append(self._changed)
        self.roll.floor.listen(self._stir)
        self._telling.start(BAR_S, now=False)

    def stop(self) -> None:
        """No more."""
        if self._telling.running:
            self._telling.stop()

    def begin(self, page: Page) -> None:
        """A page is open: all of it, and the figures of the day."""
        self.tell_all(page)
        if page.by.name not in self._figures:
            self.behind(self._count(page.by.name))

    def tell_all(self, page: Page) -> None:
        """The whole picture: who I am, the bar, the call in hand."""
        agent = self.roll.of(page.by.name)
        self._tell_me(agent, page)
        page.tell("bar", "bar", self._bar(page))
        if not self.roll.floor.picture.live:
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
                page.tell("talk", "talk", telling.talk(agent, self.roll, over))
            if not contact.out:
                self.behind(self._tell_call(contact, page))

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
            self.behind(self.writing.answered(self._by(after), after.contact))
            self._count_soon(after.name)

    def _talks(self, before: Agent, after: Agent, pages: tuple[Page, ...]) -> None:
        if before.call != after.call:  # its ring was never told
            self._tell_contact(after, pages)
            return
        for page in pages:
            page.tell("talk", "talk", telling.talk(after, self.roll))

    def _rang_out(self, contact: Contact, after: Agent, pages: tuple[Page, ...]) -> None:
        over = {"call": contact.call, "state": "over", "began": 0, "with": ""}
        why = after.reason if after.reason in (MISSED, REJECTED) else ""
        for page in pages:
            page.tell("talk", "talk", over)
            if why:
                told = {"call": contact.call, "number": contact.number, "at": round(self.house.now()), "why": why}
                page.tell("missed", "missed", told)
        if why:
            self.behind(self.writing.missed(after.name, contact, why))

    def _talk_over(self, contact: Contact, after: Agent, pages: tuple[Page, ...]) -> None:
        for page in pages:
            page.tell("talk", "talk", telling.talk(after, self.roll, contact))
        if not contact.out:
            self.behind(self.writing.talked(after.name, contact, self.house.now()))
        self._count_soon(after.name)

    def _by(self, agent: Agent) -> By:
        pages = self.pages.of(agent.name)
        return pages[-1].by if pages else By(agent.name, agent.shown or agent.name)

    # --- the bar

    def _stir(self, _what: Happening) -> None:
        self._stirred = True

    def _tell_bar(self) -> None:
        live = self.roll.floor.picture.live
        if live != self._live:
            self._live = live
            for page in self.pages.everybody():
                page.tell("resync" if live else "away", "resync" if live else "away", {})
                if live:
                    self.tell_all(page)
        if self.house.now() - self._counted_at >= ANEW_S:
            self._counted_at = self.house.now()
            for name in {page.by.name for page in self.pages.everybody()}:
                self.behind(self._count(name))
        if self._stirred:
            self._stirred = False
            for page in self.pages.everybody():
                page.tell("bar", "bar", self._bar(page))

    def _bar(self, page: Page) -> Shape:
        figures = self._figures.get(page.by.name, Figures())
        return telling.bar(self.roll.of(page.by.name), self.roll, page.by, figures)

    def _count_soon(self, name: str) -> None:
        """Once the floor's record has it."""
        self._contacts.reactor.callLater(COUNT_S, lambda: self.behind(self._count(name)))

    async def _count(self, name: str) -> None:
        counted = await self._counting(name, self.house.midnight())
        if counted != self._figures.get(name):
            self._figures[name] = counted
            self._stirred = True

    def behind(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it behind what is told now; a database that is away is no fault of ours."""

        def failed(failure: Any) -> None:
            if failure.check(LookUpFault, NotNow):
                log.warn("at a desk, not done: {fault}", fault=failure.getErrorMessage())
            else:
                log.failure("at a desk", failure)

        Deferred.fromCoroutine(work).addErrback(failed)
