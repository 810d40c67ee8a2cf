"""The contract of the look-ups, the same on the twin, on our own tables and on a foreign schema."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.records import LARGEST, Bill
from crm_bridge.secret import Secret
from crm_bridge.signatures import SIGNATURES
from tests.doubles.bridges import Bridge, fact

PHONE = "13800138000"


def amounts(answer: Answer, name: str) -> list[tuple[str, str, int]]:
    """(prompt, part, sum) of a list of sayings."""
    sayings: Any = answer.facts[name][1]
    return [(prompt, slots["part"][1], slots["sum"][1]) for prompt, slots in sayings]


@fact
async def test_a_bill_is_its_parts(bridge: Bridge) -> None:
    """Each non-zero part is one saying, in order, and they add up to the sum."""
    bridge.customer(PHONE)
    bridge.bill("2026-11", (1900, 250, 0, 1205, 1))
    answer = await bridge.ask("bill", customer="7", month="2026-11")
    assert answer.outcome == "found"
    assert answer.facts["sum"] == ("money", 3356)
    assert answer.facts["due"] == ("date", "2026-12-20")
    assert answer.facts["paid"] == ("prompt", "bill_unpaid")
    assert amounts(answer, "parts") == [
        ("part_line", "part_rental", 1900),
        ("part_line", "part_local", 250),
        ("part_line", "part_data", 1205),
        ("part_line", "part_value_added", 1),
    ]


@pytest.mark.parametrize(("paid", "told"), [(0, "bill_unpaid"), (100, "bill_part_paid"), (3000, "bill_paid")])
@fact
async def test_a_bill_says_whether_it_is_paid(bridge: Bridge, paid: int, told: str) -> None:
    """Paid, part paid, unpaid."""
    bridge.customer(PHONE)
    bridge.bill("2026-11", (3000, 0, 0, 0, 0), paid=paid)
    answer = await bridge.ask("bill", customer="7", month="2026-11")
    assert answer.facts["paid"] == ("prompt", told)


@fact
async def test_a_month_outside_tells_which_months_there_are(bridge: Bridge) -> None:
    """Before the first and after the newest: outside; a gap between: empty; no bill at all: empty."""
    bridge.customer(PHONE)
    assert (await bridge.ask("bill", customer="7", month="2026-10")).outcome == "empty_month"
    bridge.bill("2026-07", (100, 0, 0, 0, 0))
    bridge.bill("2026-11", (100, 0, 0, 0, 0))
    assert (await bridge.ask("bill", customer="7", month="2026-10")).outcome == "empty_month"
    for month in ("2026-06", "2026-12", "1999-01"):
        answer = await bridge.ask("bill", customer="7", month=month)
        assert answer.outcome == "outside"
        assert answer.facts == {"first_month": ("month", "2026-07"), "this_month": ("month", "2026-11")}


@fact
async def test_recent_months_come_from_what_billing_holds(bridge: Bridge) -> None:
    """The newest bill's month, the two before it, over a turn of the year; none without bills."""
    bridge.customer(PHONE)
    assert (await bridge.ask("recent_months", customer="7")).outcome == "none"
    bridge.bill("2026-01", (100, 0, 0, 0, 0))
    bridge.bill("2025-03", (100, 0, 0, 0, 0))
    answer = await bridge.ask("recent_months", customer="7")
    assert {name: value for name, (_, value) in answer.facts.items()} == {
        "this_month": "2026-01",
        "last_month": "2025-12",
        "month_before": "2025-11",
        "first_month": "2025-03",
    }


@fact
async def test_the_reasons_add_up_to_the_difference(bridge: Bridge) -> None:
    """Ranked: those that explain it first, then those against it; their signed sum is the difference."""
    bridge.customer(PHONE)
    bridge.bill("2026-10", (1900, 500, 300, 0, 10))
    bridge.bill("2026-11", (1900, 100, 800, 2000, 10))
    answer = await bridge.ask("difference", customer="7", month="2026-11")
    assert answer.outcome == "higher"
    assert answer.facts["difference"] == ("money", 2100)
    told = amounts(answer, "reasons")
    assert told == [
        ("reason_more", "part_data", 2000),
        ("reason_more", "part_long_distance", 500),
        ("reason_less", "part_local", 400),
    ]
    assert sum(sum_ if prompt == "reason_more" else -sum_ for prompt, _, sum_ in told) == 2100


@fact
async def test_a_lower_and_an_equal_and_a_first_month(bridge: Bridge) -> None:
    """Lower tells what became less; equal says so; without the month before there is nothing to compare."""
    bridge.customer(PHONE)
    bridge.bill("2026-09", (900, 0, 0, 0, 0))
    bridge.bill("2026-10", (900, 0, 0, 0, 0))
    bridge.bill("2026-11", (500, 0, 0, 0, 0))
    lower = await bridge.ask("difference", customer="7", month="2026-11")
    assert (lower.outcome, lower.facts["difference"]) == ("lower", ("money", 400))
    assert amounts(lower, "reasons") == [("reason_less", "part_rental", 400)]
    assert (await bridge.ask("difference", customer="7", month="2026-10")).outcome == "same"
    assert (await bridge.ask("difference", customer="7", month="2026-09")).outcome == "no_earlier"


@fact
async def test_arrears_name_each_month(bridge: Bridge) -> None:
    """Only what is past its due date, oldest first, with the fee and the sum."""
    bridge.customer(PHONE)
    assert (await bridge.ask("arrears", customer="7")).outcome == "none"
    bridge.bill("2026-11", (1000, 0, 0, 0, 0), due="2026-12-20")
    assert (await bridge.ask("arrears", customer="7")).outcome == "none"
    bridge.bill("2026-09", (2000, 0, 0, 0, 0), due="2026-10-20", late=60)
    bridge.bill("2026-10", (3000, 0, 0, 0, 0), due="2026-11-20", paid=500)
    answer = await bridge.ask("arrears", customer="7")
    assert answer.outcome == "some"
    months: Any = answer.facts["months"][1]
    assert [(prompt, slots["month"][1], slots["sum"][1]) for prompt, slots in months] == [
        ("month_owed", "2026-09", 2060),
        ("month_owed", "2026-10", 2500),
    ]
    plain = {name: answer.facts[name][1] for name in ("count", "late_fee", "sum", "due")}
    assert plain == {"count": 2, "late_fee": 60, "sum": 4560, "due": "2026-12-20"}


@fact
async def test_the_total_owed(bridge: Bridge) -> None:
    """All open bills with their fees, less the credit; due is the next date to come."""
    bridge.customer(PHONE, credit=100)
    bridge.bill("2026-11", (1000, 0, 0, 0, 0), due="2026-12-20")
    bridge.bill("2026-09", (2000, 0, 0, 0, 0), due="2026-10-20", late=60)
    bridge.bill("2026-10", (2000, 0, 0, 0, 0), due="2026-11-20", paid=2000)
    answer = await bridge.ask("total_owed", customer="7")
    assert (answer.outcome, dict(answer.facts)) == ("owed", {"sum": ("money", 2960), "due": ("date", "2026-12-20")})


@pytest.mark.parametrize(("credit", "outcome"), [(0, "nothing"), (250, "credit")])
@fact
async def test_nothing_owed_and_a_credit(bridge: Bridge, credit: int, outcome: str) -> None:
    """Nothing open: nothing; money in advance: a credit."""
    bridge.customer(PHONE, credit=credit)
    answer = await bridge.ask("total_owed", customer="7")
    assert answer.outcome == outcome
    assert not credit or answer.facts["sum"] == ("money", 250)


@fact
async def test_a_customer_is_found_by_number(bridge: Bridge) -> None:
    """Malformed, open, closed by a password, unknown (which looks like a password)."""
    bridge.customer(PHONE)
    bridge.customer("13800138001", 8, password="294817")
    for number, outcome in (
        (PHONE, "no_password"),
        ("86" + PHONE, "no_password"),
        ("13800138001", "password_needed"),
        ("13900000000", "password_needed"),
        ("12345", "malformed"),
        ("", "malformed"),
        ("1' OR 1=1 --", "malformed"),
        ("１３８００１３８０００", "malformed"),
        ("9" * 5000, "malformed"),
    ):
        assert (await bridge.ask("find_customer", phone=number)).outcome == outcome, number[:30]
    assert (await bridge.ask("find_customer", phone=PHONE)).facts == {"customer": ("text", "7")}
    states = [(await bridge.ask("password_state", phone=n)).outcome for n in (PHONE, "13800138001", "13900000000", "1")]
    assert states == ["no_password", "has_password", "has_password", "malformed"]


@fact
async def test_the_calling_number_is_offered_when_it_is_ours(bridge: Bridge) -> None:
    """Known, in the plan but unknown, withheld, and of 200 characters (E10)."""
    bridge.customer(PHONE)
    answer = await bridge.ask("offered_number", caller="+86" + PHONE)
    assert answer == Answer("offered", {"phone": ("digits", PHONE)})
    for caller in ("13911111111", "anonymous", "", "1" * 200):
        assert (await bridge.ask("offered_number", caller=caller)).outcome == "none"
    assert (await bridge.look_ups.ask("offered_number", {}, "c")).outcome == "none"


@fact
async def test_a_language_is_remembered(bridge: Bridge) -> None:
    """By number, changeable; a withheld number is nobody's."""
    assert (await bridge.ask("caller_language", caller=PHONE)).outcome == "unknown"
    for name, outcome in (("remember_language_en", "en_us"), ("remember_language_zh", "zh_cn")):
        assert (await bridge.ask(name, caller=PHONE)).outcome == "done"
        assert (await bridge.ask("caller_language", caller=PHONE)).outcome == outcome
    await bridge.look_ups.ask("remember_language_en", {}, "c")
    assert (await bridge.look_ups.ask("caller_language", {}, "c")).outcome == "unknown"


@fact
async def test_E6_a_wish_is_recorded_once(bridge: Bridge) -> None:
    """The same number and queue within the window is the same wish; in the same call it is told as recorded again."""
    told = Answer("recorded", {"call_back_number": ("digits", PHONE)})
    assert await bridge.ask("record_call_back", phone=PHONE, queue="billing") == told
    assert await bridge.ask("record_call_back", phone=PHONE, queue="billing") == told
    assert (await bridge.ask("record_call_back", "call-2", caller=PHONE, queue="billing")).outcome == "already"
    assert (await bridge.ask("record_call_back", "call-2", caller=PHONE)).outcome == "recorded"
    assert (await bridge.ask("record_call_back", "call-2", caller=PHONE, queue="billing")).outcome == "already"
    assert (await bridge.ask("record_call_back", "call-3", caller="anonymous")).outcome == "no_number"
    bridge.wall.now += 13 * 3600
    assert (await bridge.ask("record_call_back", "call-4", phone=PHONE, queue="billing")).outcome == "recorded"


@fact
async def test_a_fax_wish_is_recorded_once(bridge: Bridge) -> None:
    """Per customer and month."""
    assert (await bridge.ask("record_fax_wish", customer="7", month="2026-10")).outcome == "recorded"
    assert (await bridge.ask("record_fax_wish", "call-2", customer="7", month="2026-10")).outcome == "already"
    assert (await bridge.ask("record_fax_wish", "call-2", customer="7", month="2026-09")).outcome == "recorded"


@fact
async def test_every_answer_is_a_declared_one(bridge: Bridge) -> None:
    """Whatever is asked with nothing known: a declared outcome with exactly its declared facts and kinds."""
    bridge.customer("13800138001")
    secrets = {"password": Secret("1"), "new_password": Secret("1"), "again": Secret("1")}
    arguments = {"phone": PHONE, "customer": "7", "month": "2026-11", "code": "1", "caller": PHONE, **secrets}
    arguments |= {"fax_number": "01062345678", "job": "1", "state": "sent", "language": "zh-CN"}
    for name, signature in SIGNATURES.items():
        given = {need: arguments[need] for need in signature.needs if need in arguments}
        answer = await bridge.look_ups.ask(name, given, "c")
        assert answer.outcome in signature.outcomes, name
        kinds = {fact: kind for fact, (kind, _) in answer.facts.items()}
        assert kinds == signature.outcomes[answer.outcome], name


BROKEN = {
    "negative": {"total": -1},
    "huge": {"total": LARGEST + 1},
    "parts that do not add up": {"parts": (1, 2, 3, 4, 5)},
    "another currency": {"currency": "USD"},
    "negative fee": {"late_fee": -5},
    "no date": {"due": "2026-13-45"},
}


@pytest.mark.parametrize("what", BROKEN)
@fact
async def test_C12_an_amount_that_cannot_be_believed_is_refused(bridge: Bridge, what: str) -> None:
    """Never spoken, never rounded: a fault, and the flow goes the safe way."""
    await _refused(bridge, BROKEN[what])


async def _refused(bridge: Bridge, wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"parts": (100, 0, 0, 0, 0), "total": 100, "paid": 0, "late_fee": 0, "currency": "CNY"}
    fields |= {"customer": "7", "month": "2026-11", "due": "2026-12-20", **wrong}
    if "total" in wrong:
        fields["parts"] = (fields["total"], 0, 0, 0, 0)
    bridge.customer(PHONE)
    bridge.store.put_bill(Bill(**fields))
    with pytest.raises(LookUpFault) as raised:
        await bridge.ask("bill", customer="7", month="2026-11")
    assert raised.value.reason == "garbage"
