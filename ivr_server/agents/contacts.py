"""All that belongs to a call, for the screen of the agent at whom it rings: trail, card, form, and what was written.

What is in memory is told at once; what the database must say is waited for so long only, and asked for side by side.
Whatever did not come is None, and ``whole`` is false: the page asks again.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger

from crm_bridge import receptions
from crm_bridge.answers import Answer, Arguments, LookUpFault
from crm_bridge.cards import Card
from crm_bridge.journal import CallRecord
from crm_bridge.receptions import Reception
from ivr_server.agents.asked import By, Shape
from ivr_server.agents.forms import Form
from ivr_server.agents.house import House, Store
from ivr_server.agents.money import card_shape, contact_shape
from ivr_server.calls.handing import Handed, clean

T = TypeVar("T")
PATIENCE_S: Final = 0.8
MOST_CONTACTS: Final = 5
ASKED_BY: Final = "desk"  # stands where look-ups name their call
log = Logger()


class TrailsFace(Protocol):
    """What is used of ``ivr_server.calls.trails.Trails``."""

    def legs(self, call: str) -> tuple[CallRecord, ...]:
        """The legs of a call that are in memory."""

    def first(self, call: str) -> str:
        """The call whose trail this one has: another one for a call-back."""

    async def handed(self, call: str, language: str) -> Handed | None:
        """What an agent is handed."""


class Billing(Protocol):
    """What is used of ``crm_bridge.asking.LookUps``."""

    async def card(self, number: str, call: str) -> Card | None:
        """Who has this number."""

    async def card_of(self, customer: str, call: str) -> Card:
        """Whose account this is."""

    async def ask(self, name: str, arguments: Arguments, call: str) -> Answer:
        """A look-up of the callers'."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the voice's part of a call tells at once."""

    number: str = ""
    customer: str = ""
    identity: str = ""
    business: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """The gathering, around one house."""

    house: House
    store: Store
    trails: TrailsFace
    billing: Billing
    reactor: Any

    def known(self, call: str, number: str = "") -> Known:
        """Out of the legs in memory."""
        legs = self.trails.legs(call)
        latest = [_latest(legs, name) for name in ("customer", "identity", "business", "language")]
        return Known(clean(legs[0].caller if legs else number), *latest)

    async def whole(self, call: str, by: By, number: str = "") -> Shape:
        """The event ``call``."""
        known = self.known(call, number)
        begun = self._in_time(self.trails.handed(call, by.language))
        asked, read = self._in_time(self.card(known, by)), self._in_time(self._written(call))
        handed, card, written = await begun, await asked, await read
        if not known.customer and handed is not None and handed.customer and card is None:
            known = Known(handed.number, handed.customer, handed.identity, handed.business, handed.language)
            card = await self._in_time(self.card(known, by))
        own = next((one for one in written or () if one.agent == by.name), None)
        others = [one for one in written or () if one.agent != by.name]
        business = (own and own.business) or known.business or (handed.business if handed else "")
        form = self.form(own.form if own else "", business)
        return {
            "call": call,
            "card": card,
            "handed": handed.plain() if handed else None,
            "form": form.shown(by.language),
            "reception": self.reception(own or self.blank(call, by, (form, business), others)),
            "notes": [contact_shape(one, self.house, by.language) for one in others if one.version],
            "written": bool(written),
            "whole": None not in (handed, written),
        }

    async def card(self, known: Known, by: By) -> Shape | None:
        """The card of the account that the call proved, else of the number it came from."""
        card, found_by = None, ""
        if known.customer:
            card = await self.billing.card_of(known.customer, ASKED_BY)
            found_by = "verified" if known.identity in ("password", "code") else "entered"
        elif known.number:
            card, found_by = await self.billing.card(known.number, ASKED_BY), "caller"
        return None if card is None else card_shape(card, found_by, await self.earlier(card, by))

    async def earlier(self, card: Card, by: By) -> list[Shape]:
        """The latest contacts with a customer."""
        found = await self.store.run(receptions.about, card.customer, card.phone, MOST_CONTACTS)
        return [contact_shape(one, self.house, by.language) for one in found]

    def form(self, name: str, business: str) -> Form:
        """The form that was begun, else that of the business."""
        return self.house.forms.form(name) or self.house.forms.for_business(business)

    def blank(self, call: str, by: By, about: tuple[Form, str], others: Sequence[Reception]) -> Reception:
        """A reception that nobody wrote yet; it goes on where the agent before left off."""
        form, business = about
        before = others[-1] if others else None
        return Reception(
            id=receptions.id_of(by.name, call),
            agent=by.name,
            shown=by.shown,
            call=call,
            trail=self.trails.first(call) if call else "",
            business=before.business if before else business,
            form=before.form if before and before.form else form.name,
            asked=before.asked if before else "",
            values=before.values if before else {},
            given=before.agent if before else "",
            at=self.house.now(),
        )

    @staticmethod
    def reception(one: Reception) -> Shape:
        """As the page takes it."""
        own = {name: getattr(one, name) for name in receptions.PLAIN}
        return {"id": one.id, "version": one.version, **own, "values": {**one.values, **own}}

    async def _written(self, call: str) -> tuple[Reception, ...]:
        found: tuple[Reception, ...] = await self.store.run(receptions.of_call, call)
        return found

    def _in_time(self, asked: Coroutine[Any, Any, T]) -> Deferred[T | None]:
        """What comes in time; None for what does not."""

        def late(failure: Any) -> None:
            failure.trap(LookUpFault, TimeoutError)
            log.info("part of a call comes later: {fault}", fault=failure.getErrorMessage())

        waiting: Any = Deferred.fromCoroutine(asked)
        return waiting.addTimeout(PATIENCE_S, self.reactor).addErrback(late)  # type: ignore[no-any-return]


def _latest(legs: Sequence[CallRecord], name: str) -> str:
    return next((str(getattr(leg, name)) for leg in reversed(legs) if getattr(leg, name)), "")
