"""A demonstration operator, the same for the same seed: customers, 24 months of bills, payments, arrears, passwords.

What is made and what is not: every bill has its five parts and every paid bill its payment. Single calls and services
(``charges``) are there for every bill of the fixed customers, and for the newest two bills of the other customers among
the first 10,000; all others have none, as they would take gigabytes (``itemised`` says which). Addresses, packages and
contracts are there for the first 10,000 customers, too. Argon2 for every
password would take minutes, so all but the fixed customers share sixteen hashes of sixteen passwords (``password_of``
says which); each hash has its own salt and is a real one. The first seven customers are fixed and printed by the seed
command; the last two of them are there for their bills on paper.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select

from crm_bridge.database import Limits, engine_for
from crm_bridge.hashing import hashed
from crm_bridge.itemising import CROWDED, charges_of, given_back
from crm_bridge.living import lived
from crm_bridge.months import shifted
from crm_bridge.schema import PARTS, bills, charges, contracts, customers, passwords, payments, profiles
from crm_bridge.secret import Secret
from crm_bridge.versions import prepare

MONTHS: Final = 24
ITEMISED_CUSTOMERS: Final = 10_000
ITEMISED_MONTHS: Final = 2
KNOWN: Final = 10_000  # customers with an address, a package and contracts
_AT_ONCE: Final = 2_000  # customers per transaction
_SHARED: Final = 16
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉兰建国"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Seeding:
    """What to make: how many customers (7 at least), from which seed, and the newest month.

    ``days``: charges fall into the first so many days of each month, so that none lies in the future.
    """

    customers: int = 10_000
    seed: int = 1
    newest: str = "2026-11"
    days: int = 28


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the fixed customers: what is typed, and what it is for. ``password``: "" when there is none."""

    phone: str
    name: str
    password: str
    service_code: str
    what: str
    unpaid: int = 0  # how many of the newest months are open
    months: int = MONTHS
    closed: bool = False
    bills: str = ""  # "long": the newest has thousands of charges; "odd": an empty month, and one with money given back


SHOWN: Final = (
    Shown("13800138000", "王小明", "294817", "40917352", "in arrears: three months open, the oldest two overdue", 3),
    Shown("13800138001", "李静", "", "51820463", "no password; everything paid but this month", 1),
    Shown("13800138002", "张伟", "730152", "62931574", "closed half a year ago, one month still open", 1, 18, True),
    Shown("13800138003", "刘洋", "", "73042685", "new: no bill yet", 0, 0),
    Shown("13800138004", "陈国华", "618394", "84153796", "paid in advance: a credit of 88.50", 0),
    Shown(
        "13800138005",
        "北京华夏远景信息技术服务股份有限公司朝阳区第二客户服务分公司",
        "470952",
        "95264807",
        "a company: its newest bill fills 40 pages of a fax",
        1,
        bills="long",
    ),
    Shown(
        "13800138006",
        "欧阳明月",
        "",
        "20375918",
        "a month without any charge, and one with money given back",
        1,
        bills="odd",
    ),
)
Progress = Callable[[int, int], None]


def seed(url: str, what: Seeding, report: Progress = lambda _done, _all: None) -> None:
    """Fill the database at the URL; demonstration data in it is replaced. ``report(done, all)`` in customers.

    ValueError when there are other customers in it, OtherSchema when it is not ours.
    """
    engine = engine_for(url, Limits())
    try:
        with engine.execution_options(write=True).begin() as connection:
            prepare(connection)
            _must_be_ours(connection)
            for table in (payments, charges, bills, passwords, contracts, profiles, customers):
                connection.execute(delete(table))
        shared = [hashed(Secret(password)) for password in _passwords(what.seed)]
        for start in range(0, what.customers, _AT_ONCE):
            stop = min(start + _AT_ONCE, what.customers)
            with engine.execution_options(write=True).begin() as connection:
                homes = [household(number, what) for number in range(start, stop)]
                _fill(connection, homes, shared)
                pour(connection, charges, [row for home in homes for row in itemised(home, what)])
                known = [lived(home.customer, what.seed, what.newest) for home in homes if home.number < KNOWN]
                pour(connection, profiles, [one.profile for one in known])
                pour(connection, contracts, [row for one in known for row in one.contracts])
            report(stop, what.customers)
    finally:
        engine.dispose()


def _must_be_ours(connection: Connection) -> None:
    """Only what a seed made may be replaced: real customers are never deleted."""
    if connection.execute(select(customers.c.id).limit(1)).first() is None:
        return
    first = select(customers.c.phone, customers.c.name).where(customers.c.id == 1)
    if connection.execute(first).first() != (SHOWN[0].phone, SHOWN[0].name):
        raise ValueError("the database holds customers that are not the demonstration's; they are left alone")


def phone_of(number: int) -> str:
    """The telephone number of the customer with this number, 0 and up."""
    return SHOWN[number].phone if number < len(SHOWN) else f"139{number:08d}"


def password_of(number: int, seed: int) -> str:
    """The password of a customer who has one: for tests and load runs."""
    return SHOWN[number].password if number < len(SHOWN) else _passwords(seed)[number % _SHARED]


def has_password(number: int) -> bool:
    """Every third customer has none."""
    return bool(SHOWN[number].password) if number < len(SHOWN) else number % 3 != 0


def _passwords(seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"{chance.randrange(10**6):06d}" for _ in range(_SHARED)]


@dataclass(frozen=True, slots=True)
class Household:
    """Everything of one customer, as rows in the tables' order of columns."""

    number: int
    customer: Row
    bills: list[Row]
    payments: list[Row]


def household(number: int, what: Seeding) -> Household:
    """One customer with all that belongs to it, by its number."""
    chance = random.Random(what.seed * 1_000_003 + number)
    shown = SHOWN[number] if number < len(SHOWN) else _ordinary(number, chance)
    newest = shifted(what.newest, -6) if shown.closed else what.newest
    rows = [_changed(row, shown, newest) for row in _bills(number, shown, newest, chance)]
    paid = [(number + 1, _paid_on(row), row[1], row[9]) for row in rows if row[9]]
    status = "closed" if shown.closed else "open"
    credit = 8_850 if number == 4 else 0
    customer = (number + 1, shown.phone, shown.name, status, shown.service_code, "CNY", credit)
    return Household(number, customer, rows, paid)


def itemised(home: Household, what: Seeding) -> list[Row]:
    """The charges that are kept of this customer."""
    if home.number >= ITEMISED_CUSTOMERS:
        return []
    shown = SHOWN[home.number] if home.number < len(SHOWN) else None
    kept = home.bills if shown else home.bills[-ITEMISED_MONTHS:]
    return [row for bill in kept for row in _listed(bill, what, shown.bills if shown else "")]


def _listed(bill: Row, what: Seeding, bills: str) -> list[Row]:
    if bills == "long" and bill[1] == what.newest:
        return charges_of(bill, what.seed, what.days, CROWDED)
    rows = charges_of(bill, what.seed, what.days)
    return [*rows, *given_back(rows)] if bills == "odd" and bill[1] == shifted(what.newest, -2) else rows


def _changed(bill: Row, shown: Shown, newest: str) -> Row:
    """The bill, or the one of the fixed customer that is unlike all others."""
    customer, month, due, *parts = bill[:8]
    if shown.bills == "long" and month == newest:
        parts = [parts[0], *(CROWDED[part].most * CROWDED[part].each for part in PARTS[1:4]), parts[4]]
        return (customer, month, due, *parts, sum(parts), 0, 0, bill[11])
    if shown.bills == "odd" and month == shifted(newest, -1):
        return (customer, month, due, *[0] * len(PARTS), 0, 0, 0, bill[11])
    return bill


def _ordinary(number: int, chance: random.Random) -> Shown:
    draw = chance.random()
    unpaid = 0 if draw < 0.4 else 1 if draw < 0.85 else chance.randint(2, 6)
    name = chance.choice(_FAMILY) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
    months = MONTHS if chance.random() < 0.9 else chance.randint(0, MONTHS)
    code = f"{chance.randrange(10**8):08d}"
    return Shown(phone_of(number), name, "", code, "", unpaid, months, chance.random() < 0.03)


def _bills(number: int, shown: Shown, newest: str, chance: random.Random) -> Iterator[Row]:
    """Newest last, in the order of the table's columns."""
    rental = chance.choice((1_900, 2_900, 3_900, 5_900, 9_900, 19_900))
    habit = [chance.expovariate(1 / mean) for mean in (1_500, 900, 2_500, 400)]
    for back in reversed(range(shown.months)):
        month = shifted(newest, -back)
        parts = [rental, *(int(part * chance.uniform(0.2, 1.8)) for part in habit)]
        if chance.random() < 0.5:
            parts[chance.choice((2, 4))] = 0
        total = sum(parts)
        open_ = back < shown.unpaid
        late = total * 3 * (back - 1) // 100 if open_ and back > 1 else 0
        paid = (total // 2 if back == 0 and total % 7 == 0 else 0) if open_ else total
        yield (number + 1, month, shifted(month, 1) + "-20", *parts, total, paid, late, "CNY")


def _paid_on(bill: Row) -> str:
    day = 1 + (int(bill[0]) * 7 + int(bill[1][5:7])) % 19
    return f"{bill[2][:8]}{day:02d}"


def _fill(connection: Connection, homes: list[Household], shared: list[str]) -> None:
    hashes = []
    for home in homes:
        if has_password(home.number):
            own = home.number < len(SHOWN)
            kept = hashed(Secret(SHOWN[home.number].password)) if own else shared[home.number % _SHARED]
            hashes.append((str(home.number + 1), kept, 0.0))
    pour(connection, customers, [home.customer for home in homes])
    pour(connection, bills, [row for home in homes for row in home.bills])
    pour(connection, payments, [row for home in homes for row in home.payments])
    pour(connection, passwords, hashes)


def pour(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Many rows, each in the order of the table's columns, the fastest way the database has."""
    if not rows:
        return
    raw = connection.connection.dbapi_connection
    assert raw is not None
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        raw.cursor().executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
    elif connection.dialect.name == "postgresql":
        with raw.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        connection.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in rows])


assert [column.name for column in bills.columns][3:8] == list(PARTS)  # the rows above follow this order
