"""What billing holds, as values that were checked before anyone may speak them.

``Records`` is the seam: our own tables, a mapped foreign database and the twin each give the same five readings.
Everything that comes back is checked for being about the customer asked for and for being an amount at all; what fails
is refused as garbage, never rounded or guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from crm_bridge.answers import LookUpFault

LARGEST: Final = 10**10  # in the smallest unit: a hundred million yuan on one bill is a fault, not a bill
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Customer:
    """The row behind a phone number. ``password``: an argon2 hash, or None when the customer has none there."""

    id: str
    phone: str
    service_code: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """One month of one customer; ``parts`` in the order of ``schema.PARTS``, summing to ``total``."""

    customer: str
    month: str
    due: str
    parts: tuple[int, ...]
    total: int
    paid: int
    late_fee: int
    currency: str

    @property
    def open(self) -> int:
        """What is still to be paid of it, late fee included."""
        return self.total + self.late_fee - self.paid


class Records(Protocol):
    """Five readings; each may raise LookUpFault."""

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is."""

    def span(self, customer: str) -> tuple[str, str] | None:
        """The first and the newest month that billing holds."""

    def bills(self, customer: str, months: Sequence[str]) -> list[Bill]:
        """The bills of these months (at most two), in any order."""

    def unpaid(self, customer: str) -> list[Bill]:
        """Every bill not fully paid, in any order."""

    def credit(self, customer: str) -> int:
        """Money paid in advance."""


def amount(value: object, what: str) -> int:
    """A whole number of the smallest unit, 0 to LARGEST; anything else is garbage."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise LookUpFault("garbage", f"{what} is {type(value).__name__}, not a whole number")
    if not 0 <= value <= LARGEST:
        raise LookUpFault("garbage", f"{what} is out of range")
    return value


def month(value: object) -> str:
    """A month "YYYY-MM"; anything else is garbage."""
    if not isinstance(value, str) or not _MONTH.match(value):
        raise LookUpFault("garbage", "a month is not YYYY-MM")
    return value


def believed(bill: Bill, customer: str, currency: str) -> Bill:
    """The bill itself when every field can be spoken and it is this customer's; else garbage."""
    if bill.customer != customer:
        raise LookUpFault("garbage", "a bill of another customer came back")
    if bill.currency != currency:
        raise LookUpFault("garbage", f"a bill in {bill.currency!r}, not {currency}")
    month(bill.month)
    if not isinstance(bill.due, str) or not _DAY.match(bill.due):
        raise LookUpFault("garbage", "a due date is not YYYY-MM-DD")
    for value in (*bill.parts, bill.total, bill.paid, bill.late_fee):
        amount(value, "an amount")
    if sum(bill.parts) != bill.total:
        raise LookUpFault("garbage", "the parts do not add up to the total")
    return bill


def believed_customer(customer: Customer | None, phone: str) -> Customer | None:
    """The customer itself when it is the one of this number; else garbage."""
    if customer is not None and (customer.phone != phone or not customer.id):
        raise LookUpFault("garbage", "another customer came back")
    return customer
