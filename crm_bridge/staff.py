"""The people of the console: who they are, which roles they have, their web sessions, and what is written down of both.

A session's token is random and kept as a hash only. Tries are counted before the password is compared, by name and by
address, and live in the database: a restart or a second server forgets nothing. Names that nobody has are counted and
take as long as others, so that nothing tells whether a name exists. Who has a second factor (``crm_bridge.factors``) is
half signed in by the password, and by the code of it wholly.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from crm_bridge.factor_rows import begin_half, end_halves, guarded, hashed_token
from crm_bridge.hashing import Hashing, hashed
from crm_bridge.schema import metadata
from crm_bridge.secret import Secret

if TYPE_CHECKING:
    from crm_bridge.database import Database

ROLES: Final = ("admin", "supervisor", "agent")
SHORTEST: Final = 12  # characters of a console password
FREE_TRIES: Final = 5  # wrong ones in a row of an hour before the waits begin
FIRST_WAIT_S: Final = 30.0  # doubled by each further failure
LONGEST_WAIT_S: Final = 3_600.0
MONTH_S: Final = 30 * 86_400.0
LOCKED_AT: Final = 10  # failures in 30 days; ``ivr-server staff reset-password`` opens the lock
ADDRESS_TRIES: Final = 30  # failures from one address in ten minutes
ADDRESS_S: Final = 600.0
IDLE_S: Final = 3_600.0
LONGEST_S: Final = 12 * 3_600.0
SEEN_EVERY_S: Final = 60.0
_ONE_TRY: Final = 0x1_4C18  # PostgreSQL advisory lock; SQLite's writers wait by themselves

staff = Table(
    "staff",
    metadata,
    Column("name", String(80), primary_key=True),  # case-folded
    Column("shown", String(80), nullable=False),
    Column("hash", String(200), nullable=False),
    Column("made", Float(53), nullable=False),
)
staff_roles = Table(
    "staff_roles",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("role", String(20), primary_key=True),
)
web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("name", String(80), nullable=False, index=True),
    Column("made", Float(53), nullable=False),
    Column("seen", Float(53), nullable=False),
)
staff_tries = Table(
    "staff_tries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("address", String(60), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("right", Boolean, nullable=False),  # written False before comparing
    Index("staff_tries_of_name", "name", "at"),
    Index("staff_tries_of_address", "address", "at"),
)
staff_audit = Table(
    "staff_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float(53), nullable=False),
    Column("who", String(80), nullable=False),
    Column("what", String(40), nullable=False),
    Column("about", String(200), nullable=False),
    Column("address", String(60), nullable=False),
)


class Unfit(ValueError):
    """A name, a role or a password that cannot be taken; the text says why."""


class Late(Exception):
    """The sign-in that was half done is so no more: begin it again."""


@dataclass(frozen=True, slots=True)
class Half:
    """A sign-in whose password was right, of somebody who has a second factor: ``token`` is shown with its code."""

    token: str


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff. ``name`` is how they are found, ``shown`` as written; ``guarded``: has a second factor."""

    name: str
    shown: str
    roles: tuple[str, ...]
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit: who did what, about what, from where."""

    who: str
    what: str
    about: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One try at a password or a code: its row, whether it may be made, and the hash to compare with."""

    id: int
    admitted: bool
    hash: str | None


def folded(name: str) -> str:
    """A name as it is kept: without case and outer spaces, 80 characters at most."""
    return name.strip().casefold()[:80]


def write_down(connection: Connection, deed: Deed, now: float) -> None:
    """Add a line to the audit."""
    connection.execute(
        insert(staff_audit).values(
            at=now, who=deed.who[:80], what=deed.what, about=deed.about[:200], address=deed.address[:60]
        )
    )


def add_person(connection: Connection, person: Person, password: Secret, now: float) -> None:
    """Make an account; Unfit when the name is taken, a role is unknown or the password is weak."""
    _check_roles(person.roles)
    if not person.name:
        raise Unfit("a name is needed")
    _check_password(person.name, password)
    if connection.execute(select(staff.c.name).where(staff.c.name == person.name)).first():
        raise Unfit(f"there is somebody called {person.shown} already")
    connection.execute(insert(staff).values(name=person.name, shown=person.shown, hash=hashed(password), made=now))
    connection.execute(insert(staff_roles), [{"name": person.name, "role": role} for role in person.roles])
    write_down(connection, Deed("command line", "added", f"{person.name}: {' '.join(person.roles)}"), now)


def set_password(connection: Connection, name: str, password: Secret, now: float) -> None:
    """Give a new password, open the lock, end every session; Unfit when nobody is called so."""
    _check_password(name, password)
    done = connection.execute(update(staff).where(staff.c.name == folded(name)).values(hash=hashed(password)))
    if not done.rowcount:
        raise Unfit(f"nobody is called {name}")
    connection.execute(delete(staff_tries).where(staff_tries.c.name == folded(name)))
    end_sessions(connection, folded(name))
    write_down(connection, Deed("command line", "password_reset", folded(name)), now)


def set_roles(connection: Connection, name: str, roles: tuple[str, ...], now: float) -> None:
    """Give these roles in place of the old ones; every session of that person is dead at once (FAULTS I3)."""
    _check_roles(roles)
    if not connection.execute(select(staff.c.name).where(staff.c.name == folded(name))).first():
        raise Unfit(f"nobody is called {name}")
    connection.execute(delete(staff_roles).where(staff_roles.c.name == folded(name)))
    connection.execute(insert(staff_roles), [{"name": folded(name), "role": role} for role in roles])
    end_sessions(connection, folded(name))
    write_down(connection, Deed("command line", "roles_changed", f"{folded(name)}: {' '.join(roles)}"), now)


def end_sessions(connection: Connection, name: str, but: str = "") -> None:
    """End every session of this person, those half begun too; the one whose token is ``but`` goes on."""
    theirs = (web_sessions.c.name == name, web_sessions.c.token != hashed_token(but))
    connection.execute(delete(web_sessions).where(*theirs))
    end_halves(connection, name)


def people(connection: Connection) -> tuple[Person, ...]:
    """Everybody, by name."""
    found = connection.execute(select(staff.c.name, staff.c.shown).order_by(staff.c.name))
    return tuple(
        Person(name, shown, _roles(connection, name), guarded(connection, name)) for name, shown in found.all()
    )


def deeds(connection: Connection, limit: int = 200) -> tuple[Deed, ...]:
    """The audit, the newest first."""
    columns = (staff_audit.c.who, staff_audit.c.what, staff_audit.c.about, staff_audit.c.address)
    return tuple(
        Deed(*row) for row in connection.execute(select(*columns).order_by(staff_audit.c.id.desc()).limit(limit)).all()
    )


def _roles(connection: Connection, name: str) -> tuple[str, ...]:
    held = {row.role for row in connection.execute(select(staff_roles.c.role).where(staff_roles.c.name == name))}
    return tuple(role for role in ROLES if role in held)


def _check_roles(roles: tuple[str, ...]) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise Unfit(f"a role is one of {', '.join(ROLES)}" + (f"; {unknown[0]} is none" if unknown else ""))


def _check_password(name: str, password: Secret) -> None:
    words = password.reveal()
    if len(words) < SHORTEST:
        raise Unfit(f"a console password has {SHORTEST} characters at least")
    if len(set(words)) < 5 or folded(name) in words.casefold():
        raise Unfit("that password is easy to guess: take several words, without the name")


def begin_try(connection: Connection, name: str, address: str, now: float) -> Try:
    """Count the try as wrong before anything is compared; a refused one is not counted.

    One at a time, also where several servers count in one database: else tries made together would pass the limit.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_TRY})
    connection.execute(delete(staff_tries).where(staff_tries.c.at < now - MONTH_S))
    if not _admitted(connection, name, address, now):
        return Try(0, False, None)
    made = connection.execute(insert(staff_tries).values(name=name, address=address, at=now, right=False))
    assert made.inserted_primary_key is not None
    kept = connection.execute(select(staff.c.hash).where(staff.c.name == name)).scalar()
    return Try(int(made.inserted_primary_key[0]), True, kept)


def _admitted(connection: Connection, name: str, address: str, now: float) -> bool:
    wrong = (staff_tries.c.right.is_(False),)
    month, last = connection.execute(
        select(func.count(), func.max(staff_tries.c.at)).where(staff_tries.c.name == name, *wrong)
    ).one()
    right = connection.execute(
        select(func.max(staff_tries.c.at)).where(staff_tries.c.name == name, staff_tries.c.right.is_(True))
    ).scalar()
    row = (staff_tries.c.name == name, *wrong, staff_tries.c.at > max(now - LONGEST_WAIT_S, right or 0.0))
    in_a_row = connection.execute(select(func.count()).where(*row)).scalar_one()
    near = (staff_tries.c.address == address, *wrong, staff_tries.c.at > now - ADDRESS_S)
    from_here = connection.execute(select(func.count()).where(*near)).scalar_one()
    return month < LOCKED_AT and from_here < ADDRESS_TRIES and now >= (last or 0.0) + wait_s(in_a_row)


def wait_s(in_a_row: int) -> float:
    """Seconds to wait after so many wrong tries in a row: none for the first five, then 30 s, 60 s ... an hour."""
    if in_a_row < FREE_TRIES:
        return 0.0
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (in_a_row - FREE_TRIES)))


def mark_right(connection: Connection, attempt: int) -> None:
    """This try was right: the row of wrong ones is over."""
    connection.execute(update(staff_tries).where(staff_tries.c.id == attempt).values(right=True))


def drop_try(connection: Connection, attempt: int) -> None:
    """This try's password was right, and let nobody in yet: it is not counted, and ends no row of wrong ones."""
    connection.execute(delete(staff_tries).where(staff_tries.c.id == attempt))


def half_enter(connection: Connection, name: str, entry: tuple[int, str], now: float) -> str | Half:
    """A session's token; of somebody with a second factor the token of a sign-in half done."""
    if not guarded(connection, name):
        return enter(connection, name, entry, now)
    drop_try(connection, entry[0])
    return Half(begin_half(connection, name, now))


def enter(connection: Connection, name: str, entry: tuple[int, str], now: float) -> str:
    """Begin a session; ``entry`` is the try that was right, and the address."""
    try_id, address = entry
    token = secrets.token_urlsafe(32)
    mark_right(connection, try_id)
    connection.execute(
        delete(web_sessions).where((web_sessions.c.made < now - LONGEST_S) | (web_sessions.c.seen < now - IDLE_S))
    )
    connection.execute(insert(web_sessions).values(token=hashed_token(token), name=name, made=now, seen=now))
    write_down(connection, Deed(name, "signed_in", address=address), now)
    return token


def _who(connection: Connection, token: str, now: float) -> tuple[Person, float] | None:
    columns = (staff.c.name, staff.c.shown, web_sessions.c.seen)
    live = (
        web_sessions.c.token == hashed_token(token),
        web_sessions.c.made > now - LONGEST_S,
        web_sessions.c.seen > now - IDLE_S,
        staff.c.name == web_sessions.c.name,
    )
    row = connection.execute(select(*columns).where(*live)).first()
    if row is None:
        return None
    person = Person(row.name, row.shown, _roles(connection, row.name), guarded(connection, row.name))
    return person, row.seen


def _seen(connection: Connection, token: str, now: float) -> None:
    connection.execute(update(web_sessions).where(web_sessions.c.token == hashed_token(token)).values(seen=now))


def _leave(connection: Connection, token: str, deed: Deed, now: float) -> None:
    connection.execute(delete(web_sessions).where(web_sessions.c.token == hashed_token(token)))
    write_down(connection, deed, now)


class StaffBook:
    """What the console asks about its people. ``clock`` gives seconds since 1970."""

    def __init__(self, database: Database, hashing: Hashing, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._hashing = hashing
        self._clock = clock

    async def sign_in(self, name: str, password: Secret, address: str) -> str | Half | None:
        """A new session's token, or half a sign-in; None when the two do not match or must wait.

        HashingBusy when too many try.
        """
        name = folded(name)
        attempt = await self._database.run(begin_try, name, address, self._clock(), write=True)
        if attempt.admitted and await self._hashing.matches(attempt.hash, password):
            return await self._database.run(half_enter, name, (attempt.id, address), self._clock(), write=True)
        what = "sign_in_wrong" if attempt.admitted else "sign_in_refused"
        await self.note(Deed(name, what, address=address))
        return None

    async def who(self, token: str) -> Person | None:
        """Whose session this is; None when it is unknown, ended, idle for an hour or 12 hours old."""
        found = await self._database.run(_who, token, self._clock())
        if found is None:
            return None
        person, seen = found
        if self._clock() - seen > SEEN_EVERY_S:
            await self._database.run(_seen, token, self._clock(), write=True)
        return person

    async def still(self, token: str) -> bool:
        """Whether the session holds; a page that asks this by itself does not keep it from falling idle."""
        return await self._database.run(_who, token, self._clock()) is not None

    async def sign_out(self, token: str, deed: Deed) -> None:
        """End this session."""
        await self._database.run(_leave, token, deed, self._clock(), write=True)

    async def note(self, deed: Deed) -> None:
        """Write a deed down."""
        await self._database.run(write_down, deed, self._clock(), write=True)
