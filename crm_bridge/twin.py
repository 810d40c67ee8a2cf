"""The whole room in memory: the same face and look-ups, no thread and no SQL. For tests and the bench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.desks import Seconds
from crm_bridge.fax_jobs import FaxRow, NewFax
from crm_bridge.hashing import Hashing
from crm_bridge.ledger import FAXES, Effect, Letter, Try
from crm_bridge.records import Bill, Charge, Contract, Customer, Holder, Profile
from crm_bridge.room import Room, Rules

if TYPE_CHECKING:
    from twisted.internet.base import ReactorBase

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(slots=True)
class TwinRecords:
    """Records as plain dictionaries; fill them as you like. ``fault``: raised by every reading while it is set."""

    customers: dict[str, Customer] = field(default_factory=dict)  # by phone
    held: dict[str, dict[str, Bill]] = field(default_factory=dict)  # customer -> month -> bill
    listed: dict[tuple[str, str], list[Charge]] = field(default_factory=dict)  # customer, month -> charges
    credits: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by the customer's id
    profiles: dict[str, Profile] = field(default_factory=dict)  # by the customer's id
    signed: dict[str, list[Contract]] = field(default_factory=dict)  # customer -> contracts
    fault: LookUpFault | None = None
    passwords: dict[str, str] = field(default_factory=dict)  # the ledger's: those set by telephone

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is."""
        self._fail()
        found = self.customers.get(phone)
        newer = self.passwords.get(found.id) if found else None
        return replace(found, password=newer) if found and newer else found

    def holder(self, customer: str) -> Holder | None:
        """Who the customer with this id is."""
        self._fail()
        found = [one.phone for one in self.customers.values() if one.id == customer]
        return Holder(customer, self.names.get(customer, ""), found[0]) if found else None

    def span(self, customer: str) -> tuple[str, str] | None:
        """The first and the newest month."""
        months = self._of(customer)
        return (min(months), max(months)) if months else None

    def bills(self, customer: str, months: Sequence[str]) -> list[Bill]:
        """The bills of these months."""
        held = self._of(customer)
        return [held[month] for month in months if month in held]

    def charges(self, customer: str, month: str) -> list[Charge]:
        """The single charges of a month's bill."""
        self._fail()
        return self.listed.get((customer, month), [])

    def unpaid(self, customer: str) -> list[Bill]:
        """Every bill not fully paid."""
        return [bill for bill in self._of(customer).values() if bill.open > 0]

    def credit(self, customer: str) -> int:
        """Money paid in advance."""
        self._fail()
        return self.credits.get(customer, 0)

    def profile(self, customer: str) -> Profile | None:
        """Where the customer lives, and what they have."""
        self._fail()
        return self.profiles.get(customer)

    def contracts(self, customer: str) -> list[Contract]:
        """Their contracts."""
        self._fail()
        return self.signed.get(customer, [])

    def _of(self, customer: str) -> dict[str, Bill]:
        self._fail()
        return self.held.get(customer, {})

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass(slots=True)
class _Counted:
    attempt: Try
    right: bool = False
    forgiven: bool = False

    @property
    def failed(self) -> bool:
        return not self.right


class TwinLedger:
    """The ledger in dictionaries; what each method does is written in ``ledger.OwnLedger``."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.tries: list[_Counted] = []
        self.locks: set[tuple[str, str]] = set()
        self.languages: dict[str, str] = {}
        self.effects: dict[str, Effect] = {}
        self.outbox: dict[str, Letter] = {}
        self.jobs: dict[str, FaxRow] = {}  # by key

    def hold(self, account: str) -> None:
        """Nothing to wait for: one thread."""

    def password(self, customer: str) -> str | None:
        """The hash."""
        return self.passwords.get(customer)

    def put_password(self, customer: str, hashed: str, at: float) -> None:
        """The new hash."""
        self.passwords[customer] = hashed

    def failures(self, kind: str, account: str, since: float) -> list[float]:
        """Newest first."""
        times = [
            one.attempt.at
            for one in self.tries
            if (one.attempt.kind, one.attempt.account) == (kind, account) and one.failed and not one.forgiven
        ]
        return sorted((at for at in times if at > since), reverse=True)[:50]

    def failures_of_call(self, kind: str, call: str) -> int:
        """Over all accounts."""
        return sum(one.failed for one in self.tries if (one.attempt.kind, one.attempt.call) == (kind, call))

    def failures_of_all(self, since: float, at_most: int) -> int:
        """Over everything."""
        return min(at_most, sum(one.failed for one in self.tries if one.attempt.at > since))

    def bring_back(self, account: str, now: float) -> None:
        """Tries of the future are dated now."""
        for one in self.tries:
            if one.attempt.account == account and one.attempt.at > now:
                one.attempt = replace(one.attempt, at=now)

    def add_try(self, attempt: Try) -> int:
        """Its number."""
        self.tries.append(_Counted(attempt))
        return len(self.tries) - 1

    def mark_right(self, number: int) -> None:
        """None of the failures."""
        self.tries[number].right = True

    def forgive(self, account: str) -> None:
        """Failures forgiven, locks off."""
        for one in self.tries:
            one.forgiven = one.forgiven or one.attempt.account == account
        self.locks = {lock for lock in self.locks if lock[1] != account}

    def locked(self, kind: str, account: str) -> bool:
        """Whether it is."""
        return (kind, account) in self.locks

    def lock(self, kind: str, account: str, at: float) -> None:
        """Lock it."""
        self.locks.add((kind, account))

    def language(self, caller: str) -> str | None:
        """The tag."""
        return self.languages.get(caller)

    def put_language(self, caller: str, language: str, at: float) -> None:
        """Remember it."""
        self.languages[caller] = language

    def effect(self, key: str) -> Effect | None:
        """By key."""
        return self.effects.get(key)

    def newest_effect(self, intent: str, account: str, content: str = "") -> Effect | None:
        """The last of them."""
        such = [one for one in self.effects.values() if (one.intent, one.account) == (intent, account)]
        return max((one for one in such if not content or one.content == content), key=lambda one: one.at, default=None)

    def put_effect(self, effect: Effect) -> None:
        """Once under a key."""
        self.effects.setdefault(effect.key, effect)

    def heard(self, account: str) -> None:
        """All of the account's."""
        for key, one in self.effects.items():
            if one.account == account:
                self.effects[key] = replace(one, heard=True)

    def post(self, letter: Letter) -> None:
        """Once under a key."""
        self.outbox.setdefault(letter.key, letter)

    def put_fax(self, new: NewFax) -> int:
        """Once under a key."""
        if new.key not in self.jobs:
            self.jobs[new.key] = _row(new, len(self.jobs) + 1)
        return self.jobs[new.key].id

    def fax(self, job: int) -> FaxRow | None:
        """By number."""
        return next((row for row in self.jobs.values() if row.id == job), None)

    def faxes(self, customer: str) -> list[FaxRow]:
        """The newest first."""
        return sorted((row for row in self.jobs.values() if row.customer == customer), key=_number, reverse=True)[
            :FAXES
        ]

    def faxes_since(self, account: str, since: float) -> int:
        """All since then but those that failed undialled."""
        counted = (row for row in self.jobs.values() if row.state != "failed" or row.tries)
        return sum(row.account == account and row.created >= since for row in counted)

    def fax_heard(self, job: int, state: str) -> None:
        """In this state only."""
        for key, row in self.jobs.items():
            if (row.id, row.state) == (job, state):
                self.jobs[key] = replace(row, heard=True)


def _number(row: FaxRow) -> int:
    return row.id


def _row(new: NewFax, number: int) -> FaxRow:
    """A job that waits, as ``fax_jobs.put`` writes it."""
    asked = {name: getattr(new, name) for name in NewFax.__dataclass_fields__ if name != "key"}
    blank: dict[str, Any] = {
        **dict.fromkeys(("pages", "first", "delivered", "repeated", "tries", "settled", "fence"), 0),
        **dict.fromkeys(("begun", "dialled", "leased_until"), 0.0),
        **dict.fromkeys(("cause", "detail", "digest", "worker"), ""),
    }
    begun: dict[str, Any] = {"since": new.created, "due": new.created, "state": "waiting", "failures": ()}
    return FaxRow(id=number, stop=False, heard=False, **asked, **blank, **begun)


class TwinDesk:
    """Runs a look-up at once, where it is asked."""

    def __init__(self, records: TwinRecords, ledger: TwinLedger, rules: Rules, now: Seconds) -> None:
        self.records = records
        self.ledger = ledger
        self._rules = rules
        self._now = now

    async def read(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """Now."""
        return function(Room(self.records, self.ledger, self._rules, call, self._now()), *arguments)

    async def write(self, call: str, function: Callable[[Room, *Ts], T], *arguments: *Ts) -> T:
        """Now."""
        return await self.read(call, function, *arguments)


def twin(reactor: ReactorBase, now: Seconds, rules: Rules | None = None, hashing: Hashing | None = None) -> Twin:
    """An empty twin; ``now`` is the wall clock in seconds UTC. The hashing, if you give none, must be started."""
    rules = rules or Rules()
    ledger = TwinLedger()
    desk = TwinDesk(TwinRecords(passwords=ledger.passwords), ledger, rules, now)
    hashing = hashing or Hashing(reactor)
    return Twin(desk, hashing, LookUps(desk, hashing, rules))


@dataclass(frozen=True, slots=True)
class Twin:
    """The desk (fill its records), the hashing (start and stop it) and the look-ups."""

    desk: TwinDesk
    hashing: Hashing
    look_ups: LookUps
