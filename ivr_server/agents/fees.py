"""A fee query by an agent, for any number: the look-ups that callers have, written down with the reason before."""

from __future__ import annotations

from typing import Final

from crm_bridge.answers import Answer
from crm_bridge.months import shifted
from ivr_server.agents.asked import By, FeeQuestion, NotNow, Shape
from ivr_server.agents.contacts import ASKED_BY, Contacts
from ivr_server.agents.money import fact, lines_of, money

SHORTEST_REASON: Final = 2  # characters: two in Chinese are a word
MOST_MONTHS: Final = 12
SIGNED: Final = {"owed": -1, "credit": 1, "nothing": 0}


async def fees(contacts: Contacts, by: By, asked: FeeQuestion) -> Shape:
    """What the customer of a number owes, and the bill of a month; NotNow when there is no such customer."""
    card = await contacts.billing.card(asked.number, ASKED_BY)
    if card is None:
        raise NotNow("customer", 404)
    months = await _months(contacts, card.customer)
    month = asked.month or (months[0] if months else "")
    titles, coin = contacts.house.titles(by.language), card.currency
    bill = await _ask(contacts, "bill", customer=card.customer, month=month) if month else Answer("empty_month")
    owed = await _ask(contacts, "total_owed", customer=card.customer)
    late = await _ask(contacts, "arrears", customer=card.customer)
    found = bill.outcome == "found"
    return {
        "number": card.phone or asked.number,
        "name": card.name,
        "months": months,
        "month": month,
        "lines": lines_of(bill, titles, coin) if found else [],
        "total": money(fact(bill, "sum", 0), coin) if found else "",
        "due": fact(bill, "due") if found else "",
        "paid": titles.get(str(fact(bill, "paid")), "").strip(" .。") if found else "",
        "text": "" if found else titles.get("desk_not_bill", ""),
        "balance": money(SIGNED.get(owed.outcome, 0) * int(fact(owed, "sum", 0)), coin),
        "arrears": {
            "sum": money(int(fact(late, "sum", 0)), coin),
            "count": int(fact(late, "count", 0)),
            "oldest_due": card.oldest_due,
        },
    }


def sure(asked: FeeQuestion) -> None:
    """NotNow unless a reason is given: it is written down before anything is looked up."""
    if len(asked.reason) < SHORTEST_REASON:
        raise NotNow("reason", 422)


async def _months(contacts: Contacts, customer: str) -> list[str]:
    """The newest first, as far as billing goes back."""
    recent = await _ask(contacts, "recent_months", customer=customer)
    newest, first = str(fact(recent, "this_month")), str(fact(recent, "first_month"))
    if not newest:
        return []
    months = (shifted(newest, -back) for back in range(MOST_MONTHS))
    return [month for month in months if month >= first]


async def _ask(contacts: Contacts, name: str, **arguments: str) -> Answer:
    return await contacts.billing.ask(name, arguments, ASKED_BY)
