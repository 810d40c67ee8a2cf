"""The single charges of a bill, the same on the twin, on our own tables and on a foreign schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crm_bridge.answers import LookUpFault
from crm_bridge.mapping import Foreign
from crm_bridge.mapping_file import read_mapping
from crm_bridge.records import LARGEST, MOST_CHARGES, Bill, Charge, ItemisedBill, believed_charges
from tests.doubles.bridges import MAPPING, Bridge, fact

PHONE = "13800138000"
NAMES = {"NORTHSTAR_CRM": "sqlite://", "NORTHSTAR_INVOICING": "sqlite://"}
BILL = Bill("7", "2026-11", "2026-12-20", (1900, 250, 0, 1205, 0), 3355, 0, 0, "CNY")
LISTED = (
    Charge("7", "2026-11", "2026-11-01 00:00:00", "rental", "", 0, 1900),
    Charge("7", "2026-11", "2026-11-03 18:22:05", "local", "13912345678", 1200, 300),
    Charge("7", "2026-11", "2026-11-04 08:00:00", "data", "", 120_500, 1205),
    Charge("7", "2026-11", "2026-11-30 23:59:59", "local", "", 0, -50),
)


def filled(bridge: Bridge, listed: tuple[Charge, ...] = LISTED) -> None:
    """Customer 7 with the bill and these charges, and a neighbour with his own."""
    bridge.customer(PHONE)
    bridge.bill(BILL.month, BILL.parts)
    bridge.store.put_bill(replace(BILL, customer="8"))
    bridge.store.put_bill(replace(BILL, month="2026-10"))
    bridge.store.put_charges([replace(one, customer="8") for one in LISTED])
    bridge.store.put_charges(list(reversed(listed)))


@fact
async def test_the_charges_of_a_bill_come_by_time_and_add_up(bridge: Bridge) -> None:
    """Every field as it was put; money given back among them; nobody else's."""
    filled(bridge)
    assert await bridge.look_ups.itemised("7", "2026-11", "c") == ItemisedBill(BILL, LISTED)


@fact
async def test_the_bill_is_still_the_same_to_the_ear(bridge: Bridge) -> None:
    """Single charges change nothing of what is spoken."""
    filled(bridge)
    answer = await bridge.ask("bill", customer="7", month="2026-11")
    assert (answer.outcome, answer.facts["sum"]) == ("found", ("money", 3355))
    assert (await bridge.ask("total_owed", customer="7")).facts["sum"] == ("money", 2 * 3355)


@fact
async def test_a_bill_of_which_no_charges_are_kept(bridge: Bridge) -> None:
    """The bill, and none; another month and another customer: no bill at all."""
    filled(bridge)
    assert await bridge.look_ups.itemised("7", "2026-10", "c") == ItemisedBill(replace(BILL, month="2026-10"), ())
    assert await bridge.look_ups.itemised("7", "2026-09", "c") is None
    assert await bridge.look_ups.itemised("9", "2026-11", "c") is None


@pytest.mark.parametrize(
    "listed",
    [
        LISTED[:3],
        (*LISTED, LISTED[3]),
        (LISTED[0], replace(LISTED[1], part="data"), *LISTED[2:]),
        (replace(LISTED[0], part="XXX"), *LISTED[1:]),
    ],
)
@fact
async def test_C12_charges_that_do_not_add_up_are_refused(bridge: Bridge, listed: tuple[Charge, ...]) -> None:
    """One missing, one twice, one in the wrong part, one of no known part: garbage, never a wrong document."""
    filled(bridge, listed)
    with pytest.raises(LookUpFault) as fault:
        await bridge.look_ups.itemised("7", "2026-11", "c")
    assert fault.value.reason == "garbage"


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer": "8"},
        {"month": "2026-10"},
        {"at": "2026-11-03 25:00:00"},
        {"at": "2026-11-31 12:00:00"},
        {"at": "2026-11-03"},
        {"at": None},
        {"number": "139\n12"},
        {"number": None},
        {"number": "1" * 40},
        {"quantity": -1},
        {"quantity": 1.5},
        {"amount": LARGEST + 1},
        {"amount": None},
        {"amount": 19.0},
    ],
)
def test_C12_a_charge_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """Another bill's, no time, no number, no amount."""
    with pytest.raises(LookUpFault, match=r"charge|quantity|time|number"):
        believed_charges([replace(LISTED[0], **wrong), *LISTED[1:]], BILL)


def test_a_flood_of_charges_is_refused() -> None:
    """20,000 on one bill are taken, one more is not."""
    bill = replace(BILL, parts=(MOST_CHARGES, 0, 0, 0, 0), total=MOST_CHARGES)
    one = replace(LISTED[0], amount=1)
    assert len(believed_charges([one] * MOST_CHARGES, bill)) == MOST_CHARGES
    with pytest.raises(LookUpFault, match="more than"):
        believed_charges([one] * (MOST_CHARGES + 1), bill)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (20261103182205, "2026-11-03 18:22:05"),
        ("2026-11-03T18:22:05.000", "2026-11-03 18:22:05"),
        ("2026-11-03 18:22", "2026-11-03 18:22:00"),
        ("20261103", "2026-11-03 00:00:00"),
        (None, None),
        ("03.11.2026 18:22", None),
        ("2026-11-03 18:22:05+08", None),
    ],
)
def test_their_times_are_read_or_refused(theirs: Any, ours: str | None) -> None:
    """Numbers, text with and without seconds; nothing is guessed."""
    foreign = Foreign(read_mapping(MAPPING.read_text(encoding="utf-8"), "m.yaml", NAMES))
    row = {"customer": 7, "month": 202611, "at": theirs, "part": "VOL", "number": None, "sum": 300}
    if ours is not None:
        assert foreign.as_charge(row).at == ours
        return
    with pytest.raises(LookUpFault):
        foreign.as_charge(row)
