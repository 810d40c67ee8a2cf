"""The foreign operator of the worked mapping: makes its two databases, with the demonstration's customers if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, delete, insert, update

from crm_bridge.database import Limits, engine_for
from crm_bridge.demo import Row, Seeding, household, itemised
from crm_bridge.living import lived
from crm_bridge.records import Bill, Charge, Contract, Profile
from crm_bridge.schema import PARTS

crm: Final = MetaData()
invoicing: Final = MetaData()
subscriber = Table(
    "subscriber",
    crm,
    Column("msisdn", String(20), primary_key=True),
    Column("acct_no", Integer),
    Column("state_cd", Integer),
)
account = Table(
    "account",
    crm,
    Column("acct_no", Integer, primary_key=True, autoincrement=False),
    Column("holder", String(80)),
    Column("bill_key", String(12)),
    Column("deposit_cents", BigInteger),
    Column("street", String(200)),
    Column("tariff", String(80)),
)
agreement = Table(
    "agreement",
    crm,
    Column("agr_no", String(40), primary_key=True),
    Column("acct_no", Integer, index=True),
    Column("title", String(80)),
    Column("from_dt", Integer),
    Column("to_dt", Integer),  # null: until further notice
)
invoice = Table(
    "invoice",
    invoicing,
    Column("inv_id", Integer, primary_key=True, autoincrement=False),
    Column("acct", Integer, index=True),
    Column("period", Integer),
    Column("due_dt", Integer),
    Column("cur", String(3)),
    Column("gross", BigInteger),
    Column("settled", BigInteger),
    Column("penalty", BigInteger),
    Column("inv_state", Integer),  # 10 open, 20 part paid, 30 paid, 90 cancelled
)
charge = Table(
    "charge",
    invoicing,
    Column("inv_id", Integer, index=True),
    Column("chg_cd", String(4)),
    Column("cents", BigInteger),
    Column("chg_at", BigInteger),  # 20261103182205; null: the row stands for a whole part
    Column("b_no", String(32)),
    Column("units", BigInteger),
)
CODES: Final = dict(zip(PARTS, ("SUB", "VOL", "VOD", "DAT", "VAS"), strict=True))


def make(crm_url: str, invoicing_url: str, what: Seeding) -> None:
    """Make both databases anew, with the demonstration's customers."""
    homes = [household(number, what) for number in range(what.customers)]
    for url, metadata in ((crm_url, crm), (invoicing_url, invoicing)):
        engine = engine_for(url, Limits())
        with engine.execution_options(write=True).begin() as connection:
            metadata.create_all(connection)
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
            for home in homes:
                (_put_home if metadata is crm else _put_bills)(connection, home)
                if metadata is crm:
                    known = lived(home.customer, what.seed, what.newest)
                    number, address, package = known.profile
                    signed = [Contract(str(row[0]), *row[1:]) for row in known.contracts]
                    put_living(connection, Profile(str(number), address, package), signed)
            if metadata is invoicing:
                _put_lists(connection, [row for home in homes for row in itemised(home, what)])
        engine.dispose()


def _put_home(connection: Connection, home: Any) -> None:
    number, phone, name, status, code, _, credit = home.customer
    put_customer(connection, (number, phone, name, code, credit), 9 if status == "closed" else 1)


def put_customer(connection: Connection, customer: tuple[int, str, str, str, int], state: int = 1) -> None:
    """One account (number, phone, name, service code, credit) and its subscriber."""
    number, phone, name, code, credit = customer
    row = {"acct_no": number, "holder": name, "bill_key": code, "deposit_cents": credit}
    connection.execute(insert(account).values(row))
    connection.execute(insert(subscriber).values(msisdn="86" + phone, acct_no=number, state_cd=state))


def _put_bills(connection: Connection, home: Any) -> None:
    for customer, month, due, *parts, total, paid, late, currency in home.bills:
        put_bill(connection, Bill(str(customer), month, due, tuple(parts), total, paid, late, currency))


def put_living(connection: Connection, profile: Profile, signed: Sequence[Contract]) -> None:
    """Where an account lives, what it has, and its agreements."""
    told = {"street": profile.address, "tariff": profile.package}
    connection.execute(update(account).where(account.c.acct_no == int(profile.customer)).values(told))
    rows = [
        {"agr_no": one.number, "acct_no": int(one.customer), "title": one.name}
        | {"from_dt": _day(one.began), "to_dt": _day(one.ends) if one.ends else None}
        for one in signed
    ]
    if rows:
        connection.execute(insert(agreement), rows)


def _day(day: str) -> int:
    return int(day.replace("-", ""))


def put_bill(connection: Connection, bill: Bill) -> None:
    """One invoice with a row for each charge; a zero invoice has one charge of zero."""
    number = _invoice(bill.customer, bill.month)
    row: dict[str, Any] = {"inv_id": number, "acct": int(bill.customer), "period": int(bill.month.replace("-", ""))}
    row |= {
        "due_dt": int(bill.due.replace("-", "")),
        "cur": {"CNY": "156", "USD": "840"}.get(bill.currency, bill.currency),
    }
    state = 30 if bill.open <= 0 else 20 if bill.paid else 10
    row |= {"gross": bill.total, "settled": bill.paid, "penalty": bill.late_fee, "inv_state": state}
    connection.execute(insert(invoice).values(row))
    charges = [(part, cents) for part, cents in zip(PARTS, bill.parts, strict=True) if cents] or [("rental", 0)]
    rows = [{"inv_id": number, "chg_cd": CODES[part], "cents": cents} for part, cents in charges]
    connection.execute(insert(charge), rows)


def put_charges(connection: Connection, charges: Sequence[Charge]) -> None:
    """Single charges, in the place of the one row for each part that ``put_bill`` left for their bills."""
    for number in {_invoice(one.customer, one.month) for one in charges}:
        connection.execute(delete(charge).where(charge.c.inv_id == number))
    rows = [
        {"inv_id": _invoice(one.customer, one.month), "chg_cd": CODES.get(one.part, one.part), "cents": one.amount}
        | {"chg_at": int("".join(filter(str.isdigit, one.at))), "b_no": one.number or None, "units": one.quantity}
        for one in charges
    ]
    connection.execute(insert(charge), rows)


def _put_lists(connection: Connection, rows: list[Row]) -> None:
    charges = [Charge(str(customer), month, *rest) for customer, month, _, *rest in rows]
    if charges:
        put_charges(connection, charges)


def _invoice(customer: str, month: str) -> int:
    return int(customer) * 10_000 + int(month[2:4]) * 100 + int(month[5:])
