"""What is ours whatever billing is: passwords, counted tries, locks, languages, effects, faxes and the outbox.

``Ledger`` is the seam; ``OwnLedger`` keeps it in our tables, the twin in memory. A ledger lives inside one transaction;
``hold`` makes two transactions about one account go one after the other (SQLite's BEGIN IMMEDIATE does so by itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_bridge import fax_jobs
from crm_bridge.fax_jobs import FaxRow, NewFax
from crm_bridge.schema import effects, languages, locks, outbox, passwords, tries


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to be let in: of which kind (password, code), on which account, in which call, when."""

    kind: str
    account: str
    call: str
    at: float


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a caller had done. ``key`` makes it happen once; ``heard``: the confirmation was spoken."""

    key: str
    intent: str
    account: str
    content: str
    call: str
    at: float
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """Work for others (a call-back, a fax), written in the transaction of its effect. ``content``: JSON."""

    key: str
    intent: str
    account: str
    content: str
    created: float


class Ledger(Protocol):
    """All of it; see ``OwnLedger`` for what each does."""

    def hold(self, account: str) -> None: ...  # noqa: D102
    def password(self, customer: str) -> str | None: ...  # noqa: D102
    def put_password(self, customer: str, hashed: str, at: float) -> None: ...  # noqa: D102
    def failures(self, kind: str, account: str, since: float) -> list[float]: ...  # noqa: D102
    def failures_of_call(self, kind: str, call: str) -> int: ...  # noqa: D102
    def failures_of_all(self, since: float, at_most: int) -> int: ...  # noqa: D102
    def bring_back(self, account: str, now: float) -> None: ...  # noqa: D102
    def add_try(self, attempt: Try) -> int: ...  # noqa: D102
    def mark_right(self, number: int) -> None: ...  # noqa: D102
    def forgive(self, account: str) -> None: ...  # noqa: D102
    def locked(self, kind: str, account: str) -> bool: ...  # noqa: D102
    def lock(self, kind: str, account: str, at: float) -> None: ...  # noqa: D102
    def language(self, caller: str) -> str | None: ...  # noqa: D102
    def put_language(self, caller: str, language: str, at: float) -> None: ...  # noqa: D102
    def effect(self, key: str) -> Effect | None: ...  # noqa: D102
    def newest_effect(self, intent: str, account: str, content: str = "") -> Effect | None: ...  # noqa: D102
    def put_effect(self, effect: Effect) -> None: ...  # noqa: D102
    def heard(self, account: str) -> None: ...  # noqa: D102
    def post(self, letter: Letter) -> None: ...  # noqa: D102
    def put_fax(self, new: NewFax) -> int: ...  # noqa: D102
    def fax(self, job: int) -> FaxRow | None: ...  # noqa: D102
    def faxes(self, customer: str) -> list[FaxRow]: ...  # noqa: D102
    def faxes_since(self, account: str, since: float) -> int: ...  # noqa: D102
    def fax_heard(self, job: int, state: str) -> None: ...  # noqa: D102


FAXES: Final = 20  # the newest of a customer's

_PASSWORD: Final = select(passwords.c.hash).where(passwords.c.customer == bindparam("customer"))
_FAILURES: Final = (
    select(tries.c.at)
    .where(tries.c.account == bindparam("account"), tries.c.kind == bindparam("kind"), tries.c.at > bindparam("since"))
    .where(tries.c.right.is_(False), tries.c.forgiven.is_(False))
    .order_by(tries.c.at.desc())
    .limit(50)
)
_OF_CALL: Final = (
    select(func.count())
    .select_from(tries)
    .where(tries.c.call == bindparam("call"), tries.c.kind == bindparam("kind"), tries.c.right.is_(False))
)
_OF_ALL: Final = select(tries.c.id).where(tries.c.at > bindparam("since"), tries.c.right.is_(False))
_LOCKED: Final = select(locks.c.since).where(locks.c.account == bindparam("account"), locks.c.kind == bindparam("kind"))
_LANGUAGE: Final = select(languages.c.language).where(languages.c.caller == bindparam("caller"))
_EFFECT: Final = select(effects).where(effects.c.key == bindparam("key"))
_OF_INTENT: Final = (
    select(effects)
    .where(effects.c.intent == bindparam("intent"), effects.c.account == bindparam("account"))
    .order_by(effects.c.at.desc())
)
_NEWEST: Final = _OF_INTENT.limit(1)
_NEWEST_SUCH: Final = _OF_INTENT.where(effects.c.content == bindparam("content")).limit(1)


class OwnLedger:
    """The ledger in our tables, on one connection inside its transaction."""

    __slots__ = ("_connection", "_insert")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert

    def hold(self, account: str) -> None:
        """Wait until no other transaction holds the account; held until this one ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:a, 42))"), {"a": account})

    def password(self, customer: str) -> str | None:
        """The argon2 hash, None when there is none."""
        return self._connection.execute(_PASSWORD, {"customer": customer}).scalar()

    def put_password(self, customer: str, hashed: str, at: float) -> None:
        """The new hash in place of the old one, if any."""
        statement = self._insert(passwords).values(customer=customer, hash=hashed, set_at=at)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["customer"], set_={"hash": hashed, "set_at": at})
        )

    def failures(self, kind: str, account: str, since: float) -> list[float]:
        """When the account's unforgiven failures were, newest first, 50 at most."""
        asked = {"kind": kind, "account": account, "since": since}
        return list(self._connection.execute(_FAILURES, asked).scalars())

    def failures_of_call(self, kind: str, call: str) -> int:
        """How often this call has failed, over all accounts."""
        return self._connection.execute(_OF_CALL, {"kind": kind, "call": call}).scalar_one()

    def failures_of_all(self, since: float, at_most: int) -> int:
        """How many failed anywhere; counting stops at ``at_most``."""
        statement = select(func.count()).select_from(_OF_ALL.limit(at_most).subquery())
        return self._connection.execute(statement, {"since": since}).scalar_one()

    def bring_back(self, account: str, now: float) -> None:
        """Tries dated in the future (a clock was wrong) are dated now: they count, and they will end."""
        statement = update(tries).where(tries.c.account == account, tries.c.at > now)
        self._connection.execute(statement.values(at=now))

    def add_try(self, attempt: Try) -> int:
        """Write the try as failed; its number."""
        row = {"kind": attempt.kind, "account": attempt.account, "call": attempt.call, "at": attempt.at}
        result = self._connection.execute(insert(tries).values(**row, right=False, forgiven=False))
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])

    def mark_right(self, number: int) -> None:
        """The try was none of the failures after all."""
        self._connection.execute(update(tries).where(tries.c.id == number).values(right=True))

    def forgive(self, account: str) -> None:
        """Identity was proved: failures so far no longer count, locks are off."""
        self._connection.execute(
            update(tries).where(tries.c.account == account, tries.c.forgiven.is_(False)).values(forgiven=True)
        )
        self._connection.execute(delete(locks).where(locks.c.account == account))

    def locked(self, kind: str, account: str) -> bool:
        """Whether the account is locked for this kind."""
        return self._connection.execute(_LOCKED, {"kind": kind, "account": account}).first() is not None

    def lock(self, kind: str, account: str, at: float) -> None:
        """Lock it until identity is proved."""
        statement = self._insert(locks).values(account=account, kind=kind, since=at)
        self._connection.execute(statement.on_conflict_do_nothing())

    def language(self, caller: str) -> str | None:
        """The language tag remembered for this number."""
        return self._connection.execute(_LANGUAGE, {"caller": caller}).scalar()

    def put_language(self, caller: str, language: str, at: float) -> None:
        """Remember it."""
        statement = self._insert(languages).values(caller=caller, language=language, at=at)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["caller"], set_={"language": language, "at": at})
        )

    def effect(self, key: str) -> Effect | None:
        """What was done under this key."""
        row = self._connection.execute(_EFFECT, {"key": key}).first()
        return None if row is None else Effect(*row)

    def newest_effect(self, intent: str, account: str, content: str = "") -> Effect | None:
        """The last thing of this intent (and content, when given) done for the account."""
        asked = {"intent": intent, "account": account, "content": content}
        row = self._connection.execute(_NEWEST_SUCH if content else _NEWEST, asked).first()
        return None if row is None else Effect(*row)

    def put_effect(self, effect: Effect) -> None:
        """Write it; a second one under the same key changes nothing."""
        row = {column.name: getattr(effect, column.name) for column in effects.columns}
        self._connection.execute(self._insert(effects).values(**row).on_conflict_do_nothing())

    def heard(self, account: str) -> None:
        """Everything done for the account was told to the caller."""
        statement = update(effects).where(effects.c.account == account, effects.c.heard.is_(False))
        self._connection.execute(statement.values(heard=True))

    def post(self, letter: Letter) -> None:
        """Put it into the outbox; a second one under the same key changes nothing."""
        row = {name: getattr(letter, name) for name in ("key", "intent", "account", "content", "created")}
        rest = {"state": "waiting", "tries": 0, "worker": "", "leased_until": 0.0, "fault": ""}
        self._connection.execute(self._insert(outbox).values(**row, **rest).on_conflict_do_nothing())

    def put_fax(self, new: NewFax) -> int:
        """The number of the job, a new one or the one with this key."""
        return fax_jobs.put(self._connection, new)

    def fax(self, job: int) -> FaxRow | None:
        """One job."""
        return fax_jobs.job(self._connection, job)

    def faxes(self, customer: str) -> list[FaxRow]:
        """The customer's newest jobs, the newest first, ``FAXES`` at most."""
        return fax_jobs.jobs(self._connection, fax_jobs.Filter(customer=customer), FAXES) if customer else []

    def faxes_since(self, account: str, since: float) -> int:
        """How many of the account's jobs count for its daily cap."""
        return fax_jobs.sent_since(self._connection, account, since)

    def fax_heard(self, job: int, state: str) -> None:
        """The caller was told this state."""
        fax_jobs.heard(self._connection, job, state)
