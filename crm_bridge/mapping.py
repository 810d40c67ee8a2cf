"""The operator's own database: the same look-ups on a foreign schema, described by a mapping file.

A look-up is pure over its records, so it is simply run again whenever it asks for a reading that was not fetched yet;
each reading is one hop on the database the mapping names, with that database's own threads, deadline and breaker. The
connections are read-only, values are bound, and every answer passes the same checks as our own.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, TypeVarTuple, cast

from sqlalchemy import Connection, TextClause, text

from crm_bridge.answers import LookUpFault
from crm_bridge.database import Database, Limits
from crm_bridge.desks import Seconds
from crm_bridge.mapping_file import NEEDS, ForeignMapping, Reading
from crm_bridge.records import MOST_CHARGES, Bill, Charge, Contract, Customer, Holder, Profile
from crm_bridge.room import Room, Rules
from crm_bridge.schema import PARTS
from crm_bridge.twin import TwinLedger

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Rows = list[dict[str, Any]]
Asked = tuple[str, tuple[str, ...]]  # reading, its arguments
_ROWS_AT_MOST: Final = 5_000
_MOMENT: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[ T]?(\d\d):?(\d\d)(?::?(\d\d))?(?:\.0*)?)?\Z", re.ASCII)


class _Missing(Exception):
    """A look-up asked for a reading that is not fetched yet."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked[0])
        self.asked = asked


class _Fetched:
    """Records out of rows fetched before; what is not there yet is asked for by ``_Missing``."""

    def __init__(self, foreign: Foreign) -> None:
        self._foreign = foreign
        self.rows: dict[Asked, Rows] = {}

    def _of(self, name: str, *arguments: str) -> Rows:
        asked = (name, arguments)
        if asked not in self.rows:
            raise _Missing(asked)
        return self.rows[asked]

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is."""
        rows = self._of("customer", phone)
        if len(rows) > 1:
            _garbage("a number belongs to several customers")
        return self._foreign.as_customer(rows[0]) if rows else None

    def holder(self, customer: str) -> Holder | None:
        """Who the customer is; without a name and a number where the mapping names no reading for them."""
        if self._foreign.mapping.readings.holder is None:
            return Holder(customer, "", "")
        return self._foreign.as_holder(self._of("holder", customer))

    def span(self, customer: str) -> tuple[str, str] | None:
        """The first and the newest month."""
        rows = self._of("span", customer)
        if not rows or _field(rows[0], "first") is None:
            return None
        return self._foreign.as_month(rows[0]["first"]), self._foreign.as_month(_field(rows[0], "newest"))

    def bills(self, customer: str, months: Sequence[str]) -> list[Bill]:
        """The bills of these months."""
        return self._foreign.as_bills("bills", self._of("bills", customer, months[0], months[-1]))

    def charges(self, customer: str, month: str) -> list[Charge]:
        """The single charges of a month's bill; none where the mapping names no reading for them."""
        if self._foreign.mapping.readings.charges is None:
            return []
        return [self._foreign.as_charge(row) for row in self._of("charges", customer, month)]

    def unpaid(self, customer: str) -> list[Bill]:
        """Every bill not fully paid."""
        return [bill for bill in self._foreign.as_bills("unpaid", self._of("unpaid", customer)) if _open(bill)]

    def credit(self, customer: str) -> int:
        """Money paid in advance; nothing where the mapping names no reading for it."""
        if self._foreign.mapping.readings.credit is None:
            return 0
        rows = self._of("credit", customer)
        return self._foreign.as_money(_field(rows[0], "credit")) if rows else 0

    def profile(self, customer: str) -> Profile | None:
        """Where the customer lives, and what they have; None where the mapping names no reading for it."""
        if self._foreign.mapping.readings.profile is None:
            return None
        rows = self._of("profile", customer)
        return self._foreign.as_profile(rows[0]) if rows else None

    def contracts(self, customer: str) -> list[Contract]:
        """Their contracts; none where the mapping names no reading for them."""
        if self._foreign.mapping.readings.contracts is None:
            return []
        return [self._foreign.as_contract(row) for row in self._of("contracts", customer)]


def _open(bill: Bill) -> bool:
    return bill.open > 0


class Foreign:
    """Turns their rows into our values, and our arguments into theirs; garbage is refused."""

    def __init__(self, mapping: ForeignMapping) -> None:
        self.mapping = mapping
        self._parts = {code: part for part, codes in mapping.parts.items() for code in codes}
        names = [name for name in NEEDS if getattr(mapping.readings, name) is not None]
        self.statements = {name: text(_sql(name, getattr(mapping.readings, name))) for name in names}

    def parameters(self, asked: Asked) -> dict[str, str | int]:
        """The bound values of a reading."""
        name, arguments = asked
        given = dict(zip(NEEDS[name], arguments, strict=True))
        used = self.statements[name]._bindparams
        return {key: self._theirs(key, value) for key, value in given.items() if key in used}

    def _theirs(self, key: str, value: str) -> str | int:
        forms = self.mapping.forms
        if key == "phone":
            return forms.phone_prefix + value
        if key == "customer":
            return _whole(value) if forms.customer == "number" else value
        if forms.month == "YYYY-MM":
            return value
        compact = value.replace("-", "")
        return _whole(compact) if forms.month == "number YYYYMM" else compact

    def as_customer(self, row: dict[str, Any]) -> Customer:
        """Their row as a customer."""
        phone, prefix = str(_field(row, "phone")), self.mapping.forms.phone_prefix
        code, hashed = row.get("service_code"), row.get("password")
        theirs = str(hashed) if hashed and self.mapping.passwords == "sql" else None
        return Customer(_id(row), phone.removeprefix(prefix), str(code or ""), theirs)

    def as_holder(self, rows: Rows) -> Holder | None:
        """Their rows as one holder; an account with several numbers is named without any."""
        if not rows:
            return None
        if len({_id(row) for row in rows}) > 1:
            _garbage("an account's number belongs to several accounts")
        numbers = {str(row.get("phone") or "").removeprefix(self.mapping.forms.phone_prefix) for row in rows}
        return Holder(_id(rows[0]), str(rows[0].get("name") or ""), numbers.pop() if len(numbers) == 1 else "")

    def as_profile(self, row: dict[str, Any]) -> Profile:
        """Their row as a profile; ``address`` and ``package`` may be missing or null."""
        return Profile(_id(row), str(row.get("address") or ""), str(row.get("package") or ""))

    def as_contract(self, row: dict[str, Any]) -> Contract:
        """Their row as a contract; ``ends`` may be missing or null."""
        ends = row.get("ends")
        return Contract(
            customer=_id(row),
            number=str(_field(row, "number")),
            name=str(row.get("name") or ""),
            began=self._day(_field(row, "began")),
            ends=self._day(ends) if ends else "",
        )

    def as_bills(self, name: str, rows: Rows) -> list[Bill]:
        """One bill for each customer and month among the rows."""
        reading: Reading = getattr(self.mapping.readings, name)
        if reading.rows == "per_bill":
            return [self._bill(row, [self.as_money(row.get(part) or 0) for part in PARTS]) for row in rows]
        kept: dict[tuple[str, str], tuple[dict[str, Any], dict[str, int]]] = {}
        for row in rows:
            _, sums = kept.setdefault((_id(row), self.as_month(_field(row, "month"))), (row, dict.fromkeys(PARTS, 0)))
            sums[self._part(_field(row, "part"))] += self.as_money(_field(row, "sum"))
        return [self._bill(row, list(sums.values())) for row, sums in kept.values()]

    def as_charge(self, row: dict[str, Any]) -> Charge:
        """Their row as one charge; ``number`` and ``quantity`` may be missing or null."""
        return Charge(
            customer=_id(row),
            month=self.as_month(_field(row, "month")),
            at=_moment(_field(row, "at")),
            part=self._part(_field(row, "part")),
            number=str(row.get("number") or ""),
            quantity=_count(row.get("quantity") or 0),
            amount=self.as_money(_field(row, "sum")),
        )

    def _part(self, code: object) -> str:
        part = self._parts.get(str(code))
        return part if part is not None else _garbage(f"charge code {code!r} is not in the mapping's parts")

    def _bill(self, row: dict[str, Any], parts: list[int]) -> Bill:
        total = self.as_money(row["total"]) if "total" in row else sum(parts)
        return Bill(
            customer=_id(row),
            month=self.as_month(_field(row, "month")),
            due=self._day(_field(row, "due")),
            parts=tuple(parts),
            total=total,
            paid=self.as_money(_field(row, "paid")),
            late_fee=self.as_money(row["late_fee"]) if "late_fee" in row else 0,
            currency=self._currency(row.get("currency")),
        )

    def _currency(self, code: object) -> str:
        money = self.mapping.money
        return money.currency if code is None else money.currencies.get(str(code), str(code))

    def as_month(self, value: object) -> str:
        """Their month as "YYYY-MM"."""
        digits = str(value)
        if self.mapping.forms.month == "YYYY-MM":
            return digits[:7]
        return f"{digits[:4]}-{digits[4:6]}" if len(digits) == 6 else _garbage("a month is not YYYYMM")

    def _day(self, value: object) -> str:
        if isinstance(value, datetime.date):
            return value.strftime("%Y-%m-%d")
        digits = str(value)
        if self.mapping.forms.date == "YYYY-MM-DD":
            return digits[:10]
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else _garbage("a day is not YYYYMMDD")

    def as_money(self, value: object) -> int:
        """Their amount in the smallest unit, exactly; garbage when it is no such amount."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            _garbage("an amount is empty or no number")
        if isinstance(value, float) and not math.isfinite(value):
            _garbage("an amount is not a number")
        try:
            exact = Decimal(str(value)) * (100 if self.mapping.money.unit == "whole" else 1)
        except InvalidOperation:
            _garbage("an amount is not a number")
        if not exact.is_finite() or exact != exact.to_integral_value():
            _garbage("an amount is not whole in the smallest unit")
        return int(exact)


def _garbage(words: str) -> NoReturn:
    raise LookUpFault("garbage", words)


def _field(row: dict[str, Any], name: str) -> Any:
    return row[name] if name in row else _garbage(f'the reading gives no column "{name}"')


def _id(row: dict[str, Any]) -> str:
    value = _field(row, "customer")
    return str(value) if value not in (None, "") else _garbage("a row names no customer")


def _moment(value: object) -> str:
    """Their local time as "YYYY-MM-DD HH:MM:SS": a date and time, or digits in that order."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            _garbage("a time with a zone: let the SQL give the local time")
        return value.strftime("%Y-%m-%d %H:%M:%S")
    found = _MOMENT.match(str(value))
    if not found:
        _garbage("a time is not YYYY-MM-DD HH:MM:SS")
    year, month, day, hour, minute, second = (part or "00" for part in found.groups())
    return f"{year}-{month}-{day} {hour}:{minute}:{second}"


def _count(value: Any) -> int:
    try:
        return _whole(str(int(value)))
    except (TypeError, ValueError, ArithmeticError):
        return _garbage("a quantity is no number")


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else _garbage("not a number of theirs")


def _sql(name: str, reading: Reading) -> str:
    """The SQL of a reading that is given as a table and its columns."""
    if reading.sql:
        return reading.sql
    theirs = reading.columns
    key = "phone" if name == "customer" else "customer"
    where = f"{theirs.get(key, key)} = :{key}"
    if name == "span":
        month = theirs.get("month", "month")
        return f"SELECT min({month}) AS first, max({month}) AS newest FROM {reading.table} WHERE {where}"
    if name == "charges":
        where += f" AND {theirs.get('month', 'month')} = :month"
    if name == "bills":
        where += f" AND {theirs.get('month', 'month')} IN (:first, :second)"
    columns = ", ".join(f"{column} AS {ours}" for ours, column in theirs.items())
    return f"SELECT {columns} FROM {reading.table} WHERE {where}"


def fetch(
    connection: Connection, statement: TextClause, parameters: dict[str, str | int], most: int = _ROWS_AT_MOST
) -> Rows:
    """The rows as dictionaries; more than ``most`` are garbage."""
    rows = connection.execute(statement, parameters).mappings().fetchmany(most + 1)
    if len(rows) > most:
        _garbage("the reading gives more rows than one customer can have")
    return [dict(row) for row in rows]


class MappedDesk:
    """A desk for reading, on the operator's databases. ``start`` it, ``await stop()`` it."""

    def __init__(self, mapping: ForeignMapping, rules: Rules, now: Seconds, reactor: ReactorBase | None = None) -> None:
        limits = Limits(read_ms=mapping.deadline_ms, write_ms=mapping.deadline_ms, read_only=True)
        self.databases = {name: Database(url, reactor, limits) for name, url in mapping.databases.items()}
        self._mapping = mapping
        self._foreign = Foreign(mapping)
        self._rules = rules
        self._now = now
        self._nothing = TwinLedger()  # what is ours is kept elsewhere

    def start(self) -> None:
        """Start the threads."""
        for database in self.databases.values():
            database.start()

    async def stop(self) -> None:
        """End the threads."""
        for database in self.databases.values():
            await database.stop()

    async def read(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """Run the look-up, fetching what it asks for."""
        fetched = _Fetched(self._foreign)
        room = Room(fetched, self._nothing, self._rules, call, self._now())
        while True:
            try:
                return function(room, *arguments)
            except _Missing as missing:
                fetched.rows[missing.asked] = await self._fetch(missing.asked)

    async def write(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """Never: the operator's database is read only."""
        raise LookUpFault("unavailable", "the operator's database is only read")

    async def _fetch(self, asked: Asked) -> Rows:
        reading = cast("Reading", getattr(self._mapping.readings, asked[0]))
        database = self.databases[reading.database]
        statement, parameters = self._foreign.statements[asked[0]], self._foreign.parameters(asked)
        most = MOST_CHARGES if asked[0] == "charges" else _ROWS_AT_MOST
        return await database.run(fetch, statement, parameters, most)
