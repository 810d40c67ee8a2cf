"""One bridge for each kind of database, filled in the same words, so that a contract is tested on all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pytest_twisted
from argon2 import PasswordHasher
from sqlalchemy import Connection, delete, insert
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from crm_bridge import fax_jobs, northstar
from crm_bridge.answers import Answer
from crm_bridge.asking import LookUps
from crm_bridge.database import Database, Limits, engine_for
from crm_bridge.desks import OwnDesk
from crm_bridge.fax_jobs import FaxRow
from crm_bridge.hashing import Hashing
from crm_bridge.ledger import OwnLedger
from crm_bridge.mapping import MappedDesk
from crm_bridge.mapping_file import read_mapping
from crm_bridge.records import Bill, Charge, Contract, Customer, Profile
from crm_bridge.room import Rules
from crm_bridge.schema import PARTS, bills, charges, contracts, customers, metadata, profiles
from crm_bridge.twin import Twin, twin
from crm_bridge.versions import prepare

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOON = 1_795_406_400.0  # 2026-11-23 04:00 UTC, noon in Shanghai
NAME = "王小明"
MAPPING = Path(northstar.__file__).parent / "mappings" / "northstar.yaml"


def fact(function: Callable[..., Any]) -> Callable[..., Any]:
    """An async test with a time-out: a Deferred that never fires fails, and does not hang the run."""

    @functools.wraps(function)
    async def run(*arguments: Any, **named: Any) -> None:
        await Deferred.fromCoroutine(function(*arguments, **named)).addTimeout(60, reactor)

    return pytest_twisted.ensureDeferred(run)


@dataclass
class Wall:
    """A wall clock that a test sets."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


class Store(Protocol):
    """Where the customers and bills of a test go."""

    def put_customer(self, customer: Customer, credit: int) -> None: ...
    def put_bill(self, bill: Bill) -> None: ...
    def put_charges(self, listed: list[Charge]) -> None: ...
    def put_living(self, profile: Profile, signed: list[Contract]) -> None: ...
    def faxes(self) -> list[FaxRow]: ...
    def change_fax(self, row: FaxRow) -> None: ...


@dataclass
class Bridge:
    """Look-ups on one kind of database; ``stop`` ends what was started."""

    kind: str
    look_ups: LookUps
    wall: Wall
    store: Store
    stops: list[Callable[[], Any]] = field(default_factory=list)
    call: str = "call-1"
    url: str = ""

    async def ask(self, name: str, call: str = "", **arguments: Any) -> Answer:
        """Ask in the current call."""
        return await self.look_ups.ask(name, arguments, call or self.call)

    def customer(
        self, phone: str, number: int = 7, *, password: str = "", code: str = "40917352", credit: int = 0
    ) -> str:
        """A customer; returns the id."""
        self.store.put_customer(Customer(str(number), phone, code, QUICK.hash(password) if password else None), credit)
        return str(number)

    def bill(
        self, month: str, parts: tuple[int, ...], *, due: str = "2026-12-20", paid: int = 0, late: int = 0
    ) -> Bill:
        """A bill of customer 7."""
        bill = Bill("7", month, due, parts, sum(parts), paid, late, "CNY")
        self.store.put_bill(bill)
        return bill

    def fax(self, job: int, **changed: Any) -> FaxRow:
        """A job as it is kept, after these changes."""
        [row] = [row for row in self.store.faxes() if row.id == job]
        if changed:
            self.store.change_fax(replace(row, **changed))
        return replace(row, **changed)

    async def stop(self) -> None:
        """End the threads."""
        for stop in self.stops:
            await Deferred.fromCoroutine(_called(stop))


async def _called(function: Callable[[], Any]) -> None:
    result = function()
    if hasattr(result, "__await__"):
        await result


class TwinStore:
    def __init__(self, of: Twin) -> None:
        self.desk = of.desk

    def put_customer(self, customer: Customer, credit: int) -> None:
        self.desk.records.customers[customer.phone] = customer
        self.desk.records.names[customer.id] = NAME
        self.desk.records.credits[customer.id] = credit

    def put_bill(self, bill: Bill) -> None:
        self.desk.records.held.setdefault(bill.customer, {})[bill.month] = bill

    def put_charges(self, listed: list[Charge]) -> None:
        for one in listed:
            self.desk.records.listed.setdefault((one.customer, one.month), []).append(one)

    def put_living(self, profile: Profile, signed: list[Contract]) -> None:
        self.desk.records.profiles[profile.customer] = profile
        self.desk.records.signed[profile.customer] = signed

    def faxes(self) -> list[FaxRow]:
        return list(self.desk.ledger.jobs.values())

    def change_fax(self, row: FaxRow) -> None:
        [key] = [key for key, kept in self.desk.ledger.jobs.items() if kept.id == row.id]
        self.desk.ledger.jobs[key] = row


class OwnStore:
    """Our own tables."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url, Limits())
        self._do(prepare)
        self._do(
            lambda connection: [
                connection.execute(delete(table))
                for table in metadata.sorted_tables[::-1]
                if table.name != "schema_version"
            ]
        )

    def _do(self, function: Callable[[Connection], Any]) -> None:
        with self.engine.execution_options(write=True).begin() as connection:
            function(connection)

    def put_customer(self, customer: Customer, credit: int) -> None:
        row = {"id": int(customer.id), "phone": customer.phone, "name": NAME, "status": "open", "credit": credit}
        row |= {"service_code": customer.service_code, "currency": "CNY"}
        self._do(lambda connection: connection.execute(insert(customers).values(row)))
        self.put_password(customer)

    def put_password(self, customer: Customer) -> None:
        if customer.password:
            self._do(lambda c: OwnLedger(c).put_password(customer.id, customer.password or "", 0.0))

    def put_bill(self, bill: Bill) -> None:
        row = {name: getattr(bill, name) for name in ("month", "due", "total", "paid", "late_fee", "currency")}
        row |= {"customer": int(bill.customer), **dict(zip(PARTS, bill.parts, strict=True))}
        self._do(lambda connection: connection.execute(insert(bills).values(row)))

    def put_charges(self, listed: list[Charge]) -> None:
        rows = [{**asdict(one), "customer": int(one.customer), "line": line} for line, one in enumerate(listed, 1)]
        self._do(lambda connection: connection.execute(insert(charges), rows))

    def put_living(self, profile: Profile, signed: list[Contract]) -> None:
        row = {**asdict(profile), "customer": int(profile.customer)}
        self._do(lambda connection: connection.execute(insert(profiles).values(row)))
        rows = [{**asdict(one), "customer": int(one.customer)} for one in signed]
        if rows:
            self._do(lambda connection: connection.execute(insert(contracts), rows))

    def faxes(self) -> list[FaxRow]:
        with self.engine.connect() as connection:
            return fax_jobs.jobs(connection, fax_jobs.Filter(), 500)

    def change_fax(self, row: FaxRow) -> None:
        self._do(lambda connection: fax_jobs.save(connection, row, row.fence))


class ForeignStore:
    """The foreign operator's two databases; passwords are ours."""

    def __init__(self, own: OwnStore, crm: str, invoicing: str) -> None:
        self.own = own
        self.crm, self.invoicing = engine_for(crm, Limits()), engine_for(invoicing, Limits())
        for engine, tables in ((self.crm, northstar.crm), (self.invoicing, northstar.invoicing)):
            with engine.execution_options(write=True).begin() as connection:
                tables.drop_all(connection)
                tables.create_all(connection)

    def put_customer(self, customer: Customer, credit: int) -> None:
        with self.crm.execution_options(write=True).begin() as connection:
            row = (int(customer.id), customer.phone, NAME, customer.service_code, credit)
            northstar.put_customer(connection, row)
        self.own.put_password(customer)

    def put_bill(self, bill: Bill) -> None:
        with self.invoicing.execution_options(write=True).begin() as connection:
            northstar.put_bill(connection, bill)

    def put_charges(self, listed: list[Charge]) -> None:
        with self.invoicing.execution_options(write=True).begin() as connection:
            northstar.put_charges(connection, listed)

    def put_living(self, profile: Profile, signed: list[Contract]) -> None:
        with self.crm.execution_options(write=True).begin() as connection:
            northstar.put_living(connection, profile, signed)

    def faxes(self) -> list[FaxRow]:
        return self.own.faxes()

    def change_fax(self, row: FaxRow) -> None:
        self.own.change_fax(row)


def twin_bridge(rules: Rules | None = None) -> Bridge:
    """In memory."""
    wall, hashing = Wall(), Hashing(reactor, QUICK)
    hashing.start()
    made = twin(reactor, wall, rules or Rules(), hashing)
    return Bridge("twin", made.look_ups, wall, TwinStore(made), [hashing.stop])


def own_bridge(url: str, rules: Rules | None = None, limits: Limits | None = None) -> Bridge:
    """On our own schema."""
    rules = rules or Rules()
    store = OwnStore(url)
    wall, hashing, database = Wall(), Hashing(reactor, QUICK), Database(url, reactor, limits)
    hashing.start()
    database.start()
    look_ups = LookUps(OwnDesk(database, rules, wall), hashing, rules)
    bridge = Bridge("own", look_ups, wall, store, [hashing.stop, database.stop, store.engine.dispose])
    bridge.database = database  # type: ignore[attr-defined]
    return bridge


def foreign_bridge(url: str, crm: str, invoicing: str) -> Bridge:
    """On the worked mapping, with our ledger at ``url``."""
    bridge = own_bridge(url)
    assert isinstance(bridge.store, OwnStore)
    bridge.store = ForeignStore(bridge.store, crm, invoicing)
    urls = {"NORTHSTAR_CRM": crm, "NORTHSTAR_INVOICING": invoicing}
    desk = MappedDesk(read_mapping(MAPPING.read_text(), "northstar.yaml", urls), Rules(), bridge.wall, reactor)
    desk.start()
    own = bridge.look_ups._own
    bridge.look_ups = LookUps(own, bridge.look_ups._hashing, Rules(), desk)
    bridge.stops += [desk.stop, bridge.store.crm.dispose, bridge.store.invoicing.dispose]
    return bridge
