"""What billing holds, as values that were checked before anyone may speak them.

``Records`` is the seam: our own tables, a mapped foreign database and the twin each give the same nine readings.
Everything that comes back is checked for being about the customer asked for and for being an amount at all; what fails
is refused as garbage, never rounded or guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from crm_bridge.answers import LookUpFault
from crm_bridge.schema import PARTS

LARGEST: Final = 10**10  # in the smallest unit: a hundred million yuan on one bill is a fault, not a bill
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z", re.ASCII)
MOST_CHARGES: Final = 20_000  # on one bill
MOST_CONTRACTS: Final = 50  # of one customer
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z", re.ASCII)
_LONGEST_NAME: Final = 200
_NUMBER: Final = re.compile(r"[+]?[\d*#]{0,31}\Z", re.ASCII)
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


@dataclass(frozen=True, slots=True)
class Charge:
    """One call or service on a bill: ``at`` "YYYY-MM-DD HH:MM:SS" local time, ``part`` one of ``schema.PARTS``.

    ``number``: the other party's, "" when there is none; ``quantity``: kilobytes of data, seconds of a call, else 0;
    ``amount``: below zero when money is given back.
    """

    customer: str
    month: str
    at: str
    part: str
    number: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class ItemisedBill:
    """A bill and its charges by time, which add up to its parts; none when billing holds no single charges of it."""

    bill: Bill
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a customer is. ``name`` and ``phone`` are "" where billing does not tell them."""

    customer: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What an agent sees beside the name; "" where it is not told."""

    customer: str
    address: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract: its ``number``, what it is called, and its days "YYYY-MM-DD"; ``ends`` "": until further notice."""

    customer: str
    number: str
    name: str
    began: str
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Faxable:
    """All that an itemised bill on paper says. ``account``: whom it may be sent for; ``unpaid``: oldest first."""

    bill: Bill
    charges: tuple[Charge, ...]
    name: str
    phone: str
    account: str
    unpaid: tuple[Bill, ...]


class Records(Protocol):
    """Nine readings; each may raise LookUpFault."""

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is."""

    def holder(self, customer: str) -> Holder | None:
        """Who the customer with this id is."""

    def span(self, customer: str) -> tuple[str, str] | None:
        """The first and the newest month that billing holds."""

    def bills(self, customer: str, months: Sequence[str]) -> list[Bill]:
        """The bills of these months (at most two), in any order."""

    def charges(self, customer: str, month: str) -> list[Charge]:
        """The single charges of a month's bill, in any order; [] when billing holds none."""

    def unpaid(self, customer: str) -> list[Bill]:
        """Every bill not fully paid, in any order."""

    def credit(self, customer: str) -> int:
        """Money paid in advance."""

    def profile(self, customer: str) -> Profile | None:
        """Where the customer lives, and what they have; None where that is not kept."""

    def contracts(self, customer: str) -> list[Contract]:
        """Their contracts, in any order; [] where none are kept."""


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


def believed_charges(charges: list[Charge], bill: Bill) -> tuple[Charge, ...]:
    """The charges by time when each is of this bill and all add up to its parts, or there are none; else garbage."""
    if len(charges) > MOST_CHARGES:
        raise LookUpFault("garbage", f"a bill has more than {MOST_CHARGES} charges")
    sums = dict.fromkeys(PARTS, 0)
    for charge in charges:
        _believe(charge, bill)
        sums[charge.part] += charge.amount
    if charges and tuple(sums.values()) != bill.parts:
        raise LookUpFault("garbage", "the charges do not add up to the bill's parts")
    return tuple(sorted(charges, key=lambda charge: (charge.at, PARTS.index(charge.part))))


def _believe(charge: Charge, bill: Bill) -> None:
    if (charge.customer, charge.month) != (bill.customer, bill.month):
        raise LookUpFault("garbage", "a charge of another bill came back")
    if charge.part not in PARTS:
        raise LookUpFault("garbage", f"a charge of no known part, {charge.part!r}")
    if not isinstance(charge.at, str) or not _is_moment(charge.at):
        raise LookUpFault("garbage", "the time of a charge is not YYYY-MM-DD HH:MM:SS")
    if not isinstance(charge.number, str) or not _NUMBER.match(charge.number):
        raise LookUpFault("garbage", "the other number of a charge is none")
    amount(charge.quantity, "a quantity")
    given_back = isinstance(charge.amount, int) and charge.amount < 0
    amount(-charge.amount if given_back else charge.amount, "the amount of a charge")


def _is_moment(at: str) -> bool:
    try:
        return bool(_MOMENT.match(at) and datetime.fromisoformat(at))
    except ValueError:  # the 31st of November
        return False


def believed_customer(customer: Customer | None, phone: str) -> Customer | None:
    """The customer itself when it is the one of this number; else garbage."""
    if customer is not None and (customer.phone != phone or not customer.id):
        raise LookUpFault("garbage", "another customer came back")
    return customer


def believed_holder(holder: Holder | None, customer: str) -> Holder:
    """The holder when it is this customer's, with a name that can be printed in one line; else garbage."""
    if holder is None or holder.customer != customer:
        raise LookUpFault("garbage", "the holder of another account came back" if holder else "nobody has this account")
    if not isinstance(holder.name, str) or not isinstance(holder.phone, str) or not _NUMBER.match(holder.phone):
        raise LookUpFault("garbage", "a holder's name or number is none")
    return Holder(customer, _line(holder.name), holder.phone)


def believed_profile(profile: Profile | None, customer: str) -> Profile:
    """The profile when it is this customer's, as lines of text; an empty one when there is none; else garbage."""
    if profile is None:
        return Profile(customer)
    if profile.customer != customer or not isinstance(profile.address, str) or not isinstance(profile.package, str):
        raise LookUpFault("garbage", "the profile of another account came back, or it is no text")
    return Profile(customer, _line(profile.address), _line(profile.package))


def believed_contracts(contracts: list[Contract], customer: str) -> tuple[Contract, ...]:
    """The contracts, the newest first, when each is this customer's and its days are days; else garbage."""
    if len(contracts) > MOST_CONTRACTS:
        raise LookUpFault("garbage", f"a customer has more than {MOST_CONTRACTS} contracts")
    for one in contracts:
        if one.customer != customer:
            raise LookUpFault("garbage", "a contract of another account came back")
        if not _DAY.match(one.began) or not (one.ends == "" or _DAY.match(one.ends)):
            raise LookUpFault("garbage", "a contract's day is not YYYY-MM-DD")
    checked = (Contract(customer, _line(one.number), _line(one.name), one.began, one.ends) for one in contracts)
    return tuple(sorted(checked, key=lambda one: (one.began, one.number), reverse=True))


def _line(text: str) -> str:
    """A text from outside in one line of bounded length."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:_LONGEST_NAME]
