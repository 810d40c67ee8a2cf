"""``LookUps``: the face of this room. A name and arguments in, one declared answer or one fault out.

``own`` keeps the ledger; ``billing`` holds the records: the same desk, or a mapped foreign database. Whatever needs
both goes from one to the other here, so that neither knows of the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from crm_bridge.answers import Answer, Arguments, LookUpFault, secret, word
from crm_bridge.cards import Card, by_account, by_number
from crm_bridge.desks import Desk
from crm_bridge.hashing import Hashing, HashingBusy
from crm_bridge.judging import judge
from crm_bridge.look_ups import access, arrears, bills, customers, effects, faxes, languages
from crm_bridge.records import Customer, Faxable, ItemisedBill
from crm_bridge.room import Room, Rules
from crm_bridge.signatures import SIGNATURES, Signature

LookUpFunction = Callable[[Room, Arguments], Answer]

_FROM_BILLING: Final[Mapping[str, LookUpFunction]] = {
    "recent_months": bills.recent_months,
    "bill": bills.bill,
    "total_owed": bills.total_owed,
    "difference": bills.difference,
    "arrears": arrears.arrears,
    "offered_number": customers.offered_number,
}
_OPEN_OR_NOT: Final[Mapping[str, LookUpFunction]] = {
    "find_customer": customers.find_customer,
    "password_state": customers.password_state,
}
_READ_OURS: Final[Mapping[str, LookUpFunction]] = {
    "caller_language": languages.caller_language,
    "earlier_outcome": faxes.earlier_outcome,
    "fax_state": faxes.fax_state,
}
_WRITE_OURS: Final[Mapping[str, LookUpFunction]] = {
    "remember_language_zh": languages.remember_language_zh,
    "remember_language_en": languages.remember_language_en,
    "record_call_back": effects.record_call_back,
    "record_fax_wish": effects.record_fax_wish,
    "outcome_heard": effects.outcome_heard,
    "fax_heard": faxes.fax_heard,
    "request_fax": faxes.request_fax,
}
_BY_RULES: Final[Mapping[str, Callable[[Rules, Arguments], Answer]]] = {
    "check_fax_number": faxes.check_fax_number,
    "offered_fax_number": faxes.offered_fax_number,
}


class LookUps:
    """Every look-up of ``signatures``; give ``billing`` when the records are not ours."""

    def __init__(self, own: Desk, hashing: Hashing, rules: Rules, billing: Desk | None = None) -> None:
        self.signatures: Mapping[str, Signature] = SIGNATURES
        self._own = own
        self._billing = billing or own
        self._foreign = billing is not None
        self._hashing = hashing
        self._rules = rules
        self._others = {
            "check_password": self._check_password,
            "prove_identity": self._prove_identity,
            "judge_password": self._judge_password,
            "set_password": self._set_password,
            "request_fax": self._request_fax,
        }

    async def ask(self, name: str, arguments: Arguments, call: str) -> Answer:
        """One of the look-up's outcomes; LookUpFault when the world fails; KeyError for a name nobody declared."""
        if name in _FROM_BILLING:
            return await self._billing.read(call, _FROM_BILLING[name], arguments)
        if name in _OPEN_OR_NOT:
            return await self._open_or_not(name, arguments, call)
        if name in _READ_OURS:
            return await self._own.read(call, _READ_OURS[name], arguments)
        if name in _BY_RULES:
            return _BY_RULES[name](self._rules, arguments)
        try:
            if name in self._others:
                return await self._others[name](arguments, call)
            return await self._written(name, arguments, call)
        except HashingBusy:
            raise LookUpFault("busy", "too many passwords are being checked") from None

    async def _written(self, name: str, arguments: Arguments, call: str) -> Answer:
        """A lost connection may have lost only the answer; asked again in the same call, each tells the same."""
        try:
            return await self._own.write(call, _WRITE_OURS[name], arguments)
        except LookUpFault as fault:
            if fault.reason != "unavailable":
                raise
            return await self._own.write(call, _WRITE_OURS[name], arguments)

    async def _open_or_not(self, name: str, arguments: Arguments, call: str) -> Answer:
        answer = await self._billing.read(call, _OPEN_OR_NOT[name], arguments)
        if not self._foreign or answer.outcome != "no_password":
            return answer
        phone = self._rules.numbering.national(word(arguments, "phone"))
        customer = await self.customer(phone, call)
        if customer is None or customer.password is not None:
            return Answer("password_needed" if name == "find_customer" else "has_password")
        return answer

    async def customer(self, phone: str, call: str) -> Customer | None:
        """The customer with the password that holds: one set by telephone goes before the operator's own."""
        if not phone:
            return None
        customer = await self._billing.read(call, Room.customer, phone)
        if not self._foreign:
            return customer
        hashed = await self._own.read(call, _password_of, customer.id if customer else "")
        return replace(customer, password=hashed or customer.password) if customer else None

    async def itemised(self, customer: str, month: str, call: str) -> ItemisedBill | None:
        """The bill of a month with its single charges; None when there is none. For the document, not for a flow."""
        return await self._billing.read(call, bills.itemised, customer, month)

    async def faxable(self, customer: str, month: str, call: str) -> Faxable | None:
        """All that the itemised bill of a month says on paper; None when there is no such bill."""
        return await self._billing.read(call, bills.faxable, customer, month)

    async def card(self, number: str, call: str) -> Card | None:
        """Who has this number, for an agent; None when nobody has."""
        return await self._billing.read(call, by_number, number)

    async def card_of(self, customer: str, call: str) -> Card:
        """Whose account this is, for an agent."""
        return await self._billing.read(call, by_account, customer)

    async def _request_fax(self, arguments: Arguments, call: str) -> Answer:
        """Only for a bill that is there; billing is asked before the wish is written."""
        bill = await self._billing.read(call, bills.bill, arguments)
        return await self._written("request_fax", arguments, call) if bill.outcome == "found" else Answer("no_bill")

    async def _check_password(self, arguments: Arguments, call: str) -> Answer:
        phone = self._rules.numbering.national(word(arguments, "phone"))
        customer = await self.customer(phone, call)
        admitted = await self._own.write(call, access.admission, "password", access.account_of(customer, phone))
        if admitted.word != "go":
            return access.refusal(admitted)
        hashed = customer.password if customer else None
        fits = await self._hashing.matches(hashed, secret(arguments, "password"))
        if not fits or customer is None:
            return access.wrong(admitted)
        if not await self._own.write(call, access.confirm, admitted.number, customer):
            return access.wrong(admitted)
        return Answer("right", {"customer": ("text", customer.id)})

    async def _prove_identity(self, arguments: Arguments, call: str) -> Answer:
        phone = self._rules.numbering.national(word(arguments, "phone"))
        customer = await self.customer(phone, call)
        answer = await self._own.write(call, access.prove, customer, phone, word(arguments, "code"))
        if answer.outcome != "proved" or customer is None:
            return answer
        await self._own.write(call, access.accept, customer)
        return Answer("proved", {"customer": ("text", customer.id)})

    async def _judge_password(self, arguments: Arguments, call: str) -> Answer:
        return Answer(self._judged(arguments))

    def _judged(self, arguments: Arguments) -> str:
        phone = self._rules.numbering.national(word(arguments, "phone"))
        return judge(secret(arguments, "new_password").reveal(), phone)

    async def _set_password(self, arguments: Arguments, call: str) -> Answer:
        new, again = secret(arguments, "new_password"), secret(arguments, "again")
        if new != again:
            return Answer("mismatched")
        if self._judged(arguments) != "fine":
            return Answer("refused")
        phone = self._rules.numbering.national(word(arguments, "phone"))
        customer = await self.customer(phone, call)
        if customer is None or customer.id != word(arguments, "customer"):
            raise LookUpFault("garbage", "the number is not this customer's")
        if await self._own.read(call, access.set_in_this_call, phone) and await self._hashing.matches(
            customer.password, new
        ):
            return Answer("set")
        return await self._put(customer, await self._hashing.hashed(new), call)

    async def _put(self, customer: Customer, hashed: str, call: str) -> Answer:
        """When the answer to a COMMIT is lost, look whether it was done before anything is said (FAULTS C5)."""
        key = secrets.token_hex(16)
        try:
            return await self._own.write(call, access.put_password, customer, hashed, key)
        except LookUpFault as fault:
            if fault.reason == "unavailable" and await self._own.read(call, access.done_under, key):
                return Answer("set")
            raise


def _password_of(room: Room, customer: str) -> str | None:
    return room.ledger.password(customer)
