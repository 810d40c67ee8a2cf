"""The wishes of callers as read out of the outbox, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_bridge.database import Limits, engine_for
from crm_bridge.wishes import CallersWish, newest_wishes
from tests.doubles.bridges import NOON, Bridge, fact

PHONE = "13800138000"


def read(url: str, limit: int) -> list[CallersWish]:
    """What is there."""
    with engine_for(url, Limits()).begin() as connection:
        return newest_wishes(connection, limit)


@fact
async def test_what_a_caller_asked_for_is_read_newest_first(own: Bridge) -> None:
    """A call-back with number and queue, faxes with month and the customer's number when it is in our tables."""
    customer = own.customer(PHONE)
    assert read(own.url, 9) == []
    await own.ask("record_call_back", phone="13900139000", queue="billing")
    own.wall.now += 60
    await own.ask("record_fax_wish", "call-2", customer=customer, month="2026-10")
    await own.ask("record_fax_wish", "call-3", customer="C-77", month="2026-09")
    first, later = (datetime.fromtimestamp(NOON + seconds, UTC) for seconds in (0, 60))
    wanted = [
        CallersWish(later, "fax_bill", "", "C-77", month="2026-09", call="call-3"),
        CallersWish(later, "fax_bill", PHONE, customer, month="2026-10", call="call-2"),
        CallersWish(first, "call_back", "13900139000", queue="billing", call="call-1"),
    ]
    assert read(own.url, 9) == wanted
    assert read(own.url, 2) == wanted[:2]
