"""The nine readings on our own tables: Core statements built once, so that SQLAlchemy's cache finds them compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, String, bindparam, cast, func, select

from crm_bridge.answers import LookUpFault
from crm_bridge.records import MOST_CHARGES, MOST_CONTRACTS, Bill, Charge, Contract, Customer, Holder, Profile
from crm_bridge.schema import PARTS, bills, charges, contracts, customers, passwords, profiles

_CUSTOMER: Final = (
    select(customers.c.id, customers.c.phone, customers.c.service_code, passwords.c.hash)
    .outerjoin_from(customers, passwords, passwords.c.customer == cast(customers.c.id, String(40)))
    .where(customers.c.phone == bindparam("phone"))
)
_HOLDER: Final = select(customers.c.id, customers.c.name, customers.c.phone).where(
    customers.c.id == bindparam("customer")
)
_SPAN: Final = select(func.min(bills.c.month), func.max(bills.c.month)).where(bills.c.customer == bindparam("customer"))
_BILL: Final = select(
    bills.c.customer,
    bills.c.month,
    bills.c.due,
    bills.c.total,
    bills.c.paid,
    bills.c.late_fee,
    bills.c.currency,
    *(bills.c[part] for part in PARTS),
).where(bills.c.customer == bindparam("customer"))
_ONE_MONTH: Final = _BILL.where(bills.c.month == bindparam("first"))
_TWO_MONTHS: Final = _BILL.where(bills.c.month.in_([bindparam("first"), bindparam("second")]))
_CHARGES: Final = (
    select(
        charges.c.customer,
        charges.c.month,
        charges.c.at,
        charges.c.part,
        charges.c.number,
        charges.c.quantity,
        charges.c.amount,
    )
    .where(charges.c.customer == bindparam("customer"), charges.c.month == bindparam("month"))
    .limit(MOST_CHARGES + 1)
)
_UNPAID: Final = _BILL.where(
    (bills.c.paid < bills.c.total + bills.c.late_fee) | bills.c.total.is_(None)  # unknown: must not be passed over
)
_PROFILE: Final = select(profiles.c.customer, profiles.c.address, profiles.c.package).where(
    profiles.c.customer == bindparam("customer")
)
_CONTRACTS: Final = (
    select(contracts.c.customer, contracts.c.number, contracts.c.name, contracts.c.began, contracts.c.ends)
    .where(contracts.c.customer == bindparam("customer"))
    .limit(MOST_CONTRACTS + 1)
)
_CREDIT: Final = select(customers.c.id, customers.c.credit).where(customers.c.id == bindparam("customer"))


class OwnRecords:
    """Records on one connection to our own schema."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is."""
        row = self._connection.execute(_CUSTOMER, {"phone": phone}).first()
        return None if row is None else Customer(str(row[0]), row[1], row[2], row[3])

    def holder(self, customer: str) -> Holder | None:
        """Who the customer with this id is."""
        row = self._connection.execute(_HOLDER, {"customer": _number(customer)}).first()
        return None if row is None else Holder(str(row[0]), row[1], row[2])

    def span(self, customer: str) -> tuple[str, str] | None:
        """The first and the newest month that billing holds."""
        first, last = self._connection.execute(_SPAN, {"customer": _number(customer)}).one()
        return None if first is None else (first, last)

    def bills(self, customer: str, months: Sequence[str]) -> list[Bill]:
        """The bills of these months (one or two)."""
        asked = {"customer": _number(customer), "first": months[0]}
        if len(months) == 1:
            return [_bill(row) for row in self._connection.execute(_ONE_MONTH, asked)]
        return [_bill(row) for row in self._connection.execute(_TWO_MONTHS, {**asked, "second": months[1]})]

    def charges(self, customer: str, month: str) -> list[Charge]:
        """The single charges of a month's bill; [] when none are kept."""
        asked = {"customer": _number(customer), "month": month}
        return [_charge(tuple(row)) for row in self._connection.execute(_CHARGES, asked)]

    def unpaid(self, customer: str) -> list[Bill]:
        """Every bill not fully paid."""
        return [_bill(row) for row in self._connection.execute(_UNPAID, {"customer": _number(customer)})]

    def credit(self, customer: str) -> int:
        """Money paid in advance."""
        row = self._connection.execute(_CREDIT, {"customer": _number(customer)}).first()
        if row is None:
            raise LookUpFault("garbage", "the customer is not there any more")
        credit: int = row[1]
        return credit

    def profile(self, customer: str) -> Profile | None:
        """Where the customer lives, and what they have."""
        row = self._connection.execute(_PROFILE, {"customer": _number(customer)}).first()
        return None if row is None else Profile(str(row[0]), row[1], row[2])

    def contracts(self, customer: str) -> list[Contract]:
        """Their contracts."""
        found = self._connection.execute(_CONTRACTS, {"customer": _number(customer)})
        return [Contract(str(row[0]), *row[1:]) for row in found]


def _number(customer: str) -> int:
    if not (customer.isascii() and customer.isdigit() and len(customer) < 10):
        raise LookUpFault("garbage", "not a customer's id")
    return int(customer)


def _bill(row: Row[Any]) -> Bill:
    values: tuple[Any, ...] = tuple(row)
    customer, month, due, total, paid, late_fee, currency, *parts = values
    return Bill(str(customer), month, due, tuple(parts), total, paid, late_fee, currency)


def _charge(row: tuple[Any, ...]) -> Charge:
    return Charge(str(row[0]), *row[1:])
