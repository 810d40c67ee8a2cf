"""An agent's fee query and the customer's card: the look-ups of callers, written down with the reason before."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.answers import LookUpFault
from ivr_server.agents.asked import FeeQuestion, NotNow
from ivr_server.agents.money import money
from tests.agents.conftest import CHIEF, LI
from tests.doubles.agents import Office, done


def refused(work: Any) -> tuple[str, int]:
    """Why, and with which status."""
    with pytest.raises(NotNow) as raised:
        done(work)
    return raised.value.why, raised.value.status


def test_what_is_owed_as_callers_are_told(office: Office) -> None:
    """The newest month when none is given: lines that add up to the total, months that billing holds, arrears."""
    told = done(office.room.fees(LI, FeeQuestion("+8613800138000", reason="客户来电询问")))
    assert (told["number"], told["name"], told["month"]) == ("13800138000", "王小明", "2026-11")
    assert told["months"][:2] == ["2026-11", "2026-10"] and len(told["months"]) == 12
    cents = [int(line["amount"].replace("¥", "").replace(",", "").replace(".", "")) for line in told["lines"]]
    assert money(sum(cents), "CNY") == told["total"]
    assert told["lines"][0]["label"] == "月租费"
    assert (told["arrears"]["count"], told["balance"].startswith("-¥")) == (2, True)
    earlier = done(office.room.fees(LI, FeeQuestion("13800138000", "2026-09", "客户来电询问")))
    assert earlier["month"] == "2026-09" and earlier["total"] != told["total"]
    assert done(office.room.fees(LI, FeeQuestion("13800138004", reason="查询")))["balance"] == "¥88.50"


def test_it_is_written_down_with_its_reason_before_anything_is_looked_up(office: Office) -> None:
    """Even when there is nobody, or the database is away; and nothing is looked up without a reason."""
    assert refused(office.room.fees(LI, FeeQuestion("13800138000"))) == ("reason", 422)
    assert office.deeds == []
    assert refused(office.room.fees(LI, FeeQuestion("02100000000", "2026-10", "why not"))) == ("customer", 404)
    office.store.away = True
    with pytest.raises(LookUpFault):
        done(office.room.fees(LI, FeeQuestion("13800138000", "", "why not")))
    assert [(one.who, one.what, one.about) for one in office.deeds] == [
        ("li", "fee_query", "02100000000 2026-10: why not"),
        ("li", "fee_query", "13800138000 : why not"),
    ]


def test_a_month_or_a_customer_without_a_bill(office: Office) -> None:
    """Said in words, with no line and no total."""
    told = done(office.room.fees(CHIEF, FeeQuestion("13800138000", "2020-01", "asks")))
    assert (told["lines"], told["total"], told["text"]) == ([], "", "There is no bill for this month.")
    fresh = done(office.room.fees(CHIEF, FeeQuestion("13800138003", "", "asks")))
    assert (fresh["months"], fresh["month"], fresh["total"], fresh["arrears"]["count"]) == ([], "", "", 0)


def test_a_customer_by_any_number_is_written_down_too(office: Office) -> None:
    """The card, found by nobody's call."""
    card = done(office.room.customer(LI, "13800138005"))["card"]
    assert (card["found_by"], "专线" in card["package"], len(card["contracts"]) > 0) == ("", True, True)
    assert refused(office.room.customer(LI, "110")) == ("customer", 404)
    assert [one.what for one in office.deeds] == ["customer_seen", "customer_seen"]


@pytest.mark.parametrize(
    ("smallest", "coin", "wanted"),
    [
        (0, "CNY", "¥0.00"),
        (-30, "CNY", "-¥0.30"),
        (123_456_789, "CNY", "¥1,234,567.89"),
        (5, "USD", "$0.05"),
        (100, "XAF", "XAF 1.00"),
    ],
)
def test_money_as_it_is_written(smallest: int, coin: str, wanted: str) -> None:
    """Exact, with its sign."""
    assert money(smallest, coin) == wanted
