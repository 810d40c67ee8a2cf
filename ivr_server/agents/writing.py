"""Receptions for the page: begun, saved as typed, listed; and who may see which call.

A call is an agent's when it is in their hands now, or when they have a reception of it (one is begun when they answer).
Who supervises sees everybody's. What is not theirs is ``Hidden``, whether it exists or not (FAULTS I4).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from crm_bridge import receptions
from crm_bridge.answers import LookUpFault
from crm_bridge.receptions import Missed, NoReception, Reception
from ivr_server.agents.asked import By, Hidden, NewReception, NotNow, Saving, Shape
from ivr_server.agents.contacts import Contacts, Known
from ivr_server.agents.house import House
from ivr_server.agents.playback import Shelf
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import Contact
from ivr_server.calls.handing import clean

MOST_SHOWN: Final = 50
MOST_KNOWN: Final = 5_000
MOST_HAD: Final = 2_000
OWN_KEY: Final = "key "  # before the page's own key, so that no call's id is one
DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")


@dataclass(frozen=True, slots=True)
class Writing:
    """What agents write, around one house.

    ``had``: the latest talks, by the id of their reception: what was typed while the database was away is taken later.
    """

    house: House
    roll: Roll
    contacts: Contacts
    shelf: Shelf
    had: OrderedDict[str, Contact] = field(default_factory=OrderedDict)

    async def begin(self, by: By, new: NewReception) -> Shape:
        """A reception: of a call of theirs, or of a number."""
        if self.house.forms.form(new.form) is None:
            raise NotNow("form", 422)
        if new.call:
            await self.must_be_theirs(by, new.call)
        elif not new.number:
            raise NotNow("reception", 422)
        key = new.call or f"{OWN_KEY}{new.key or f'{new.number} {self.house.now():.0f}'}"
        fresh = Reception(
            id=receptions.id_of(by.name, key),
            agent=by.name,
            shown=by.shown,
            call=new.call,
            trail=self.contacts.trails.first(new.call) if new.call else "",
            number=new.number,
            form=new.form,
            at=self.house.now(),
        )
        kept: Reception = await self.contacts.store.run(receptions.begin, fresh, write=True)
        if not (kept.call or kept.customer):
            await self._know(fresh, by)
        return {"id": kept.id, "version": kept.version}

    async def _know(self, fresh: Reception, by: By) -> None:
        """Whose number it is, if billing tells; the record is there without it."""
        with suppress(LookUpFault):
            card = await self.contacts.card(Known(number=fresh.number), by)
            if card is not None:
                known = replace(fresh, customer=card["customer"], name=card["name"])
                await self.contacts.store.run(receptions.know, known, write=True)

    async def save(self, by: By, saving: Saving) -> int:
        """Keep what was typed; NotNow("version") with what stands there when somebody was faster."""
        if not DAY.match(saving.values.get("follow_up_on", "")):
            raise NotNow("field", 422)
        fresh = await self._own(by, saving.id)
        try:
            run = self.contacts.store.run
            saved = await run(receptions.save, fresh, saving.version, saving.values, write=True)
        except NoReception:
            raise self._hidden(saving.id) from None
        if saved.other is not None:
            raise NotNow("version", 409, self.contacts.reception(saved.other))
        return int(saved.version)

    async def _own(self, by: By, id: str) -> Reception:
        """The agent's reception of this id: kept already, or of the call in their hands."""
        kept: Reception | None = await self.contacts.store.run(receptions.one, id)
        if kept is not None and kept.agent == by.name:
            return kept
        for contact in (self.roll.of(by.name).contact, self.had.get(id)):
            if kept is None and contact is not None and id == receptions.id_of(by.name, contact.call):
                return await self.fresh(by, contact)
        raise self._hidden(id)

    async def fresh(self, by: By, contact: Contact) -> Reception:
        """A reception of this call, as far as is known without the database."""
        known = self.contacts.known(contact.call, contact.number)
        form = self.house.forms.for_business(known.business)
        return Reception(
            id=receptions.id_of(by.name, contact.call),
            agent=by.name,
            shown=by.shown,
            call=contact.call,
            trail=self.contacts.trails.first(contact.call),
            number=known.number,
            customer=known.customer,
            queue=contact.queue,
            at=contact.began or self.house.now(),
            business=known.business,
            form=form.name,
            given=contact.given,
        )

    async def answered(self, by: By, contact: Contact) -> None:
        """The talk has begun: its reception is there from now on, going on where the agent before left off."""
        self.had[receptions.id_of(by.name, contact.call)] = contact
        while len(self.had) > MOST_HAD:
            self.had.popitem(last=False)
        fresh = await self.fresh(by, contact)
        before: Sequence[Reception] = await self.contacts.store.run(receptions.of_call, contact.call)
        others = [one for one in before if one.agent != by.name]
        if others:
            last = others[-1]
            fresh = replace(fresh, asked=last.asked, values=last.values, given=last.agent)
            fresh = replace(fresh, business=last.business or fresh.business, form=last.form or fresh.form)
        with suppress(LookUpFault):  # billing is away: it is the agent's call all the same
            card = await self.contacts.card(self.contacts.known(contact.call, contact.number), by)
            if card is not None:
                fresh = replace(fresh, customer=card["customer"], name=card["name"])
        await self.contacts.store.run(receptions.know, fresh, write=True)

    async def talked(self, name: str, contact: Contact, until: float) -> None:
        """The talk is over."""
        length = max(0.0, until - contact.began) if contact.began else 0.0
        await self.contacts.store.run(receptions.talked, receptions.id_of(name, contact.call), length, write=True)

    async def missed(self, name: str, contact: Contact, why: str) -> None:
        """The call was not taken, or broke off."""
        known = self.contacts.known(contact.call, contact.number)
        missed = Missed(
            call=contact.call,
            agent=name,
            number=known.number,
            queue=contact.queue,
            business=known.business,
            at=self.house.now(),
            why=why,
        )
        await self.contacts.store.run(receptions.miss, missed, write=True)

    # --- lists

    async def newest(self, by: By) -> Shape:
        """The latest receptions and the calls that were missed."""
        whose = "" if by.supervises else by.name
        run = self.contacts.store.run
        found: Sequence[Reception] = await run(receptions.newest, whose, MOST_SHOWN)
        missed: Sequence[Missed] = await run(receptions.newest_missed, whose)
        recorded = await self.shelf.by_call([one.trail or one.call for one in found])
        shown = [{**self._line(one, by), "recording": recorded.get(one.trail or one.call, "")} for one in found]
        return {"receptions": shown, "missed": [self._missed(one, by) for one in missed]}

    def _line(self, one: Reception, by: By) -> Shape:
        return {
            "id": one.id,
            "at": self.house.clock(one.at),
            "at_s": round(one.at),
            "agent": one.shown or one.agent,
            "own": one.agent == by.name,
            "number": clean(one.number),
            "name": one.name,
            "business_words": self.house.called("business", one.business, by.language),
            "asked": one.asked,
            "done": one.done,
            "follow_up": one.follow_up,
            "follow_up_on": one.follow_up_on,
            "call": one.call,
            "length_s": round(one.talk_s),
        }

    def _missed(self, one: Missed, by: By) -> Shape:
        return {
            "call": one.call,
            "number": clean(one.number),
            "name": "",
            "agent": one.agent,
            "at": self.house.clock(one.at),
            "at_s": round(one.at),
            "business_words": self.house.called("business", one.business, by.language),
            "why": one.why,
        }

    async def recordings(self, by: By) -> Shape:
        """The latest recorded talks."""
        run = self.contacts.store.run
        calls = () if by.supervises else await run(receptions.calls_of, by.name, MOST_KNOWN)
        own = frozenset(calls)
        found = await self.shelf.newest(lambda call: by.supervises or call in own)
        rows = await run(receptions.of_calls, tuple({one.call for one in found}))
        about = {one.trail or one.call: one for one in rows}
        return {"recordings": [self._recording(kept, about.get(kept.call)) for kept in found]}

    def _recording(self, kept: object, about: Reception | None) -> Shape:
        id, call, at, length = (getattr(kept, name) for name in ("id", "call", "at", "length_s"))
        whom = (
            {"agent": about.shown or about.agent, "number": clean(about.number)}
            if about
            else {"agent": "", "number": ""}
        )
        return {"id": id, "call": call, "at": self.house.clock(at), "at_s": round(at), "length_s": length, **whom}

    # --- rights

    async def must_be_theirs(self, by: By, call: str) -> None:
        """``Hidden`` unless the call is the agent's, or they supervise."""
        own = self.roll.of(by.name).call
        if by.supervises or (own and call in (own, self.contacts.trails.first(own))):
            return
        if not await self.contacts.store.run(receptions.may_see, by.name, call):
            raise Hidden(f"call {call}")

    @staticmethod
    def _hidden(id: str) -> Hidden:
        return Hidden(f"reception {id}")
