"""Who a customer is, for the agent who speaks to them: found by number or by the account that the call proved.

Pure over a ``Room``, as look-ups are, so that it runs on our own tables, on a mapped database and on the twin.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_bridge.records import Contract, amount, believed_contracts, believed_profile
from crm_bridge.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One customer. Money in the smallest unit. ``owed``: all that is open; ``late``: what of it is overdue.

    ``late_count``: months overdue; ``oldest_due``: the first day that was missed, "" when none was.
    """

    customer: str
    phone: str
    name: str = ""
    address: str = ""
    package: str = ""
    currency: str = "CNY"
    credit: int = 0
    owed: int = 0
    late: int = 0
    late_count: int = 0
    oldest_due: str = ""
    contracts: tuple[Contract, ...] = ()

    @property
    def balance(self) -> int:
        """What was paid in advance less what is open: below zero for who owes."""
        return self.credit - self.owed


def by_number(room: Room, number: str) -> Card | None:
    """The card of whoever has this number, in any way of writing it; None when nobody has."""
    phone = room.rules.numbering.national(number)
    customer = room.customer(phone) if phone else None
    return None if customer is None else _card(room, customer.id, phone)


def by_account(room: Room, customer: str) -> Card:
    """The card of an account; garbage when there is none."""
    return _card(room, customer, "")


def _card(room: Room, customer: str, phone: str) -> Card:
    holder = room.holder(customer)
    profile = believed_profile(room.records.profile(customer), customer)
    unpaid = room.believed(room.records.unpaid(customer), customer)
    late = [bill for bill in unpaid if bill.due < room.today]
    return Card(
        customer=customer,
        phone=phone or holder.phone,
        name=holder.name,
        address=profile.address,
        package=profile.package,
        currency=room.rules.currency,
        credit=amount(room.records.credit(customer), "a credit"),
        owed=sum(bill.open for bill in unpaid),
        late=sum(bill.open for bill in late),
        late_count=len(late),
        oldest_due=min((bill.due for bill in late), default=""),
        contracts=believed_contracts(room.records.contracts(customer), customer),
    )
