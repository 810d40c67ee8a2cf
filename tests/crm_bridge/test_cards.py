"""The customer's card, the same on the twin, on our own tables and on a foreign schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crm_bridge.answers import LookUpFault
from crm_bridge.cards import Card, by_number
from crm_bridge.database import Limits, engine_for
from crm_bridge.demo import SHOWN, Seeding, seed
from crm_bridge.ledger import OwnLedger
from crm_bridge.living import lived
from crm_bridge.own_records import OwnRecords
from crm_bridge.records import MOST_CONTRACTS, Contract, Profile, believed_contracts, believed_profile
from crm_bridge.room import Room, Rules
from tests.doubles.bridges import NAME, NOON, Bridge, fact

PHONE = "13800138000"
PROFILE = Profile("7", "北京市海淀区学院路 30 号", "家庭融合 99 元套餐")
SIGNED = [
    Contract("7", "HT-1", "宽带 300M", "2025-01-15", "2027-01-15"),
    Contract("7", "HT-2", "固定电话", "2026-03-01", ""),
]


def filled(bridge: Bridge, **more: Any) -> None:
    """Customer 7 with a profile, two contracts, one bill overdue and one open; and a neighbour with his own."""
    bridge.customer(PHONE, credit=850, **more)
    bridge.customer("13800138009", 8)
    bridge.store.put_living(PROFILE, SIGNED)
    bridge.store.put_living(
        replace(PROFILE, customer="8", address="elsewhere"), [replace(SIGNED[0], customer="8", number="HT-3")]
    )
    bridge.bill("2026-11", (1900, 0, 0, 0, 100), due="2026-12-20")
    bridge.bill("2026-10", (1000, 0, 0, 0, 0), due="2026-11-20", paid=400, late=30)
    bridge.bill("2026-09", (5000, 0, 0, 0, 0), due="2026-10-20", paid=5000)


@fact
async def test_a_card_holds_all_that_an_agent_needs(bridge: Bridge) -> None:
    """Who, where, what they have, what they owe and since when; the newest contract first."""
    filled(bridge)
    wanted = Card(
        customer="7",
        phone=PHONE,
        name=NAME,
        address=PROFILE.address,
        package=PROFILE.package,
        credit=850,
        owed=2630,
        late=630,
        late_count=1,
        oldest_due="2026-11-20",
        contracts=(SIGNED[1], SIGNED[0]),
    )
    assert await bridge.look_ups.card(PHONE, "c") == wanted
    assert await bridge.look_ups.card(f"+86{PHONE}", "c") == wanted
    assert await bridge.look_ups.card_of("7", "c") == wanted
    assert wanted.balance == -1780


@fact
async def test_a_number_that_nobody_has(bridge: Bridge) -> None:
    """No card; the same for what is no number."""
    filled(bridge)
    for number in ("13900139000", "x", "", "1" * 40):
        assert await bridge.look_ups.card(number, "c") is None


@fact
async def test_a_customer_of_whom_little_is_kept(bridge: Bridge) -> None:
    """No profile, no contracts, no bills: empty, not a fault."""
    bridge.customer(PHONE)
    card = await bridge.look_ups.card(PHONE, "c")
    assert card == Card(customer="7", phone=PHONE, name=NAME)


def test_C11_what_belongs_to_another_account_is_refused() -> None:
    """A profile or a contract of somebody else is never shown."""
    with pytest.raises(LookUpFault, match="another account"):
        believed_profile(replace(PROFILE, customer="8"), "7")
    with pytest.raises(LookUpFault, match="another account"):
        believed_contracts([replace(SIGNED[0], customer="8")], "7")
    with pytest.raises(LookUpFault, match="YYYY-MM-DD"):
        believed_contracts([replace(SIGNED[0], began="yesterday")], "7")
    with pytest.raises(LookUpFault, match="more than"):
        believed_contracts(SIGNED * MOST_CONTRACTS, "7")
    odd = believed_profile(Profile("7", "a\u202eb\nc", "x" * 900), "7")
    assert (odd.address, len(odd.package)) == ("a b c", 200)


def test_the_demonstration_has_cards(url: str) -> None:
    """Every shown customer lives somewhere, has a package and a contract; the company has a company's."""
    seed(url, Seeding(customers=40))
    engine = engine_for(url, Limits())
    with engine.connect() as connection:
        room = Room(OwnRecords(connection), OwnLedger(connection), Rules(), "c", NOON)
        cards = [by_number(room, shown.phone) for shown in SHOWN]
    engine.dispose()
    assert all(card and card.address and card.package and card.contracts for card in cards)
    assert cards[0] is not None and cards[0].late_count == 2
    assert cards[5] is not None and "专线" in cards[5].package
    assert lived((1, "", "王小明"), 1, "2026-11") == lived((1, "", "王小明"), 1, "2026-11")
