"""A customer's card and fees as an agent's page shows them: strings, in the agent's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crm_bridge.answers import Answer
from crm_bridge.cards import Card
from crm_bridge.receptions import Reception
from ivr_server.agents.asked import Shape
from ivr_server.agents.house import House, Table

SIGNS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}


def money(smallest: int, currency: str) -> str:
    """An amount as it is written: ¥1,234.50, -¥0.30; a currency without a sign of its own by its code."""
    sign = SIGNS.get(currency, f"{currency} ")
    return f"{'-' if smallest < 0 else ''}{sign}{abs(smallest) // 100:,}.{abs(smallest) % 100:02d}"


def card_shape(card: Card, found_by: str, contacts: Sequence[Shape]) -> Shape:
    """Who a customer is. ``found_by``: verified, entered, caller or "" (asked for by the agent)."""
    coin = card.currency
    return {
        "number": card.phone,
        "customer": card.customer,
        "name": card.name,
        "address": card.address,
        "package": card.package,
        "currency": coin,
        "balance": money(card.balance, coin),
        "owes": card.balance < 0,
        "arrears": {"sum": money(card.late, coin), "count": card.late_count, "oldest_due": card.oldest_due},
        "contracts": [
            {"number": one.number, "name": one.name, "began": one.began, "ends": one.ends} for one in card.contracts
        ],
        "last_contacts": list(contacts),
        "found_by": found_by,
    }


def contact_shape(one: Reception, house: House, language: str) -> Shape:
    """An earlier contact."""
    return {
        "at": house.clock(one.at),
        "agent": one.shown or one.agent,
        "business": house.called("business", one.business, language),
        "business_words": house.called("business", one.business, language),
        "asked": one.asked,
        "done": one.done,
        "follow_up": one.follow_up,
        "follow_up_on": one.follow_up_on,
    }


def lines_of(answer: Answer, titles: Table, coin: str) -> list[Shape]:
    """The parts of a bill, as the look-up ``bill`` gives them to callers."""
    return [{"label": _label(slots, titles), "amount": money(_sum(slots), coin)} for _, slots in _sayings(answer)]


def fact(answer: Answer, name: str, otherwise: Any = "") -> Any:
    """The plain value of a fact."""
    return answer.facts[name][1] if name in answer.facts else otherwise


def _sayings(answer: Answer) -> Sequence[tuple[str, Mapping[str, tuple[str, Any]]]]:
    found: Sequence[tuple[str, Mapping[str, tuple[str, Any]]]] = fact(answer, "parts", ())
    return found


def _label(slots: Mapping[str, tuple[str, Any]], titles: Table) -> str:
    name = str(slots["part"][1])
    return titles.get(name, name.removeprefix("part_").replace("_", " ")).strip(" .。")


def _sum(slots: Mapping[str, tuple[str, Any]]) -> int:
    return int(slots["sum"][1])
