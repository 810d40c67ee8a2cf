"""What is overdue: how many months, which, the late fee, the sum, and by when."""

from __future__ import annotations

from crm_bridge.answers import Answer, Arguments, Fact, word
from crm_bridge.records import Bill
from crm_bridge.room import Room


def arrears(room: Room, arguments: Arguments) -> Answer:
    """Unpaid months past their due date, oldest first; ``due`` is the newest due date among all unpaid bills."""
    customer = word(arguments, "customer")
    unpaid = room.believed(room.records.unpaid(customer), customer)
    late = [bill for bill in reversed(unpaid) if bill.due < room.today]
    if not late:
        return Answer("none")
    return Answer("some", _told(late, max(bill.due for bill in unpaid)))


def _told(late: list[Bill], due: str) -> dict[str, Fact]:
    months = tuple(("month_owed", {"month": ("month", bill.month), "sum": ("money", bill.open)}) for bill in late)
    return {
        "count": ("count", len(late)),
        "months": ("sayings", months),  # type: ignore[dict-item]
        "late_fee": ("money", sum(bill.late_fee for bill in late)),
        "sum": ("money", sum(bill.open for bill in late)),
        "due": ("date", due),
    }
