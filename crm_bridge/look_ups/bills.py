"""What a month costs, of what it is made, and why it is more than the month before."""

from __future__ import annotations

from crm_bridge.answers import Answer, Arguments, Fact, LookUpFault, Saying, word
from crm_bridge.months import shifted
from crm_bridge.records import Bill, Faxable, ItemisedBill, amount, believed_charges, month
from crm_bridge.room import Room
from crm_bridge.schema import PARTS


def recent_months(room: Room, arguments: Arguments) -> Answer:
    """The newest month billing holds, the two before it, and the first."""
    span = _span(room, word(arguments, "customer"))
    if span is None:
        return Answer("none")
    first, newest = span
    names = {"this_month": newest, "last_month": shifted(newest, -1), "month_before": shifted(newest, -2)}
    return Answer(
        "some", {**{name: ("month", value) for name, value in names.items()}, "first_month": ("month", first)}
    )


def bill(room: Room, arguments: Arguments) -> Answer:
    """The bill of a month, its parts adding up to the sum; or that there is none, or which months there are."""
    customer, asked = word(arguments, "customer"), word(arguments, "month")
    found = _one(room, customer, (asked,))
    if found:
        return Answer("found", _spoken(found[0]))
    span = _span(room, customer)
    if span is not None and span[0] <= asked <= span[1]:
        return Answer("empty_month")
    if span is None:
        return Answer("empty_month")
    return Answer("outside", {"first_month": ("month", span[0]), "this_month": ("month", span[1])})


def itemised(room: Room, customer: str, asked: str) -> ItemisedBill | None:
    """The bill of a month with its single charges; None when there is no such bill."""
    found = _one(room, customer, (asked,))
    if not found:
        return None
    return ItemisedBill(found[0], believed_charges(room.records.charges(customer, asked), found[0]))


def faxable(room: Room, customer: str, asked: str) -> Faxable | None:
    """All that the bill of a month says on paper; None when there is no such bill."""
    found = itemised(room, customer, asked)
    if found is None:
        return None
    holder = room.holder(customer)
    unpaid = room.believed(room.records.unpaid(customer), customer)
    return Faxable(found.bill, found.charges, holder.name, holder.phone, customer, tuple(reversed(unpaid)))


def total_owed(room: Room, arguments: Arguments) -> Answer:
    """All that is open, late fees included, less what was paid in advance; due is the next date that matters."""
    customer = word(arguments, "customer")
    unpaid = room.believed(room.records.unpaid(customer), customer)
    rest = sum(one.open for one in unpaid) - amount(room.records.credit(customer), "a credit")
    if rest > 0:
        coming = [one.due for one in unpaid if one.due >= room.today]
        return Answer("owed", {"sum": ("money", rest), "due": ("date", min(coming or [one.due for one in unpaid]))})
    return Answer("credit", {"sum": ("money", -rest)}) if rest < 0 else Answer("nothing")


def difference(room: Room, arguments: Arguments) -> Answer:
    """Against the month before: the parts that changed, largest first, which add up to the difference."""
    customer, asked = word(arguments, "customer"), word(arguments, "month")
    bills = {one.month: one for one in _one(room, customer, (asked, shifted(asked, -1)))}
    this, earlier = bills.get(asked), bills.get(shifted(asked, -1))
    if this is None or earlier is None:
        return Answer("no_earlier")
    more = this.total - earlier.total
    if more == 0:
        return Answer("same")
    facts: dict[str, Fact] = {"difference": ("money", abs(more)), "reasons": ("sayings", _reasons(this, earlier, more))}
    return Answer("higher" if more > 0 else "lower", facts)


def _reasons(this: Bill, earlier: Bill, more: int) -> tuple[Saying, ...]:
    """Those in the difference's own direction first, largest first; then what went against it."""
    changes = [
        (now - then, part) for part, now, then in zip(PARTS, this.parts, earlier.parts, strict=True) if now != then
    ]
    sign = 1 if more > 0 else -1
    changes.sort(key=lambda change: (change[0] * sign < 0, -abs(change[0])))
    return tuple(_line("reason_more" if by > 0 else "reason_less", part, abs(by)) for by, part in changes)


def _spoken(bill: Bill) -> dict[str, Fact]:
    parts = tuple(_line("part_line", part, sum_) for part, sum_ in zip(PARTS, bill.parts, strict=True) if sum_)
    paid = "bill_paid" if bill.open <= 0 else "bill_part_paid" if bill.paid else "bill_unpaid"
    return {
        "sum": ("money", bill.total),
        "due": ("date", bill.due),
        "parts": ("sayings", parts),
        "paid": ("prompt", paid),
    }


def _line(prompt: str, part: str, sum_: int) -> Saying:
    return prompt, {"part": ("prompt", "part_" + part), "sum": ("money", sum_)}


def _span(room: Room, customer: str) -> tuple[str, str] | None:
    span = room.records.span(customer)
    return None if span is None else (month(span[0]), month(span[1]))


def _one(room: Room, customer: str, months: tuple[str, ...]) -> list[Bill]:
    bills = room.believed(room.records.bills(customer, months), customer)
    if any(one.month not in months for one in bills) or len({one.month for one in bills}) < len(bills):
        raise LookUpFault("garbage", "a bill of another month came back")
    return bills
