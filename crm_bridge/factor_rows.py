"""What is kept of second factors: the secret of each person, sealed, their recovery codes, sign-ins half done.

A secret is sealed with a key that does not lie in the database, so that a copy of the database opens no door. Recovery
codes are kept as keyed digests, the token of a half sign-in as a hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Connection, Float, Integer, String, Table, delete, func, insert, select, update

from crm_bridge.schema import metadata
from crm_bridge.secret import Secret

HALF_S: Final = 300.0  # between the password and the code
SETTING_UP_S: Final = 900.0
CODES: Final = 10

staff_factors = Table(
    "staff_factors",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("sealed", String(300), nullable=False),
    Column("made", Float(53), nullable=False),
    Column("since", Float(53)),  # None until a code has shown that the telephone has the secret
    Column("step", Integer, nullable=False),  # the newest 30 seconds whose code was taken: none is taken twice
)
staff_codes = Table(
    "staff_codes",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("digest", String(64), primary_key=True),
)
web_halves = Table(
    "web_halves",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("name", String(80), nullable=False, index=True),
    Column("made", Float(53), nullable=False),
)


class Unreadable(Exception):
    """A secret was sealed with another key: who runs the server must reset that person's second factor."""


class Sealing:
    """One key of the service (32 bytes as URL-safe base64): seals secrets, and digests recovery codes."""

    def __init__(self, key: Secret) -> None:
        self._fernet = Fernet(key.reveal().encode())
        self._digesting = hashlib.sha256(b"recovery codes:" + key.reveal().encode()).digest()

    def seal(self, secret: Secret) -> str:
        """The secret as it may lie in a database."""
        return self._fernet.encrypt(secret.reveal().encode()).decode()

    def open(self, sealed: str) -> Secret:
        """The secret; Unreadable when another key sealed it."""
        try:
            return Secret(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise Unreadable from None

    def digest(self, code: str) -> str:
        """What is kept of a recovery code."""
        return hmac.digest(self._digesting, code.encode(), "sha256").hex()


def hashed_token(token: str) -> str:
    """What is kept of a token that a browser holds."""
    return hashlib.sha256(token.encode()).hexdigest()


def guarded(connection: Connection, name: str) -> bool:
    """Whether this person has a second factor that is set up."""
    since = connection.execute(select(staff_factors.c.since).where(staff_factors.c.name == name)).scalar()
    return since is not None


def begin_half(connection: Connection, name: str, now: float) -> str:
    """The token of a sign-in whose password was right and whose code is awaited."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(web_halves).where(web_halves.c.made < now - HALF_S))
    connection.execute(insert(web_halves).values(token=hashed_token(token), name=name, made=now))
    return token


def half_of(connection: Connection, token: str, now: float) -> str | None:
    """Whose sign-in is half done, None when it is unknown or too old."""
    live = (web_halves.c.token == hashed_token(token), web_halves.c.made >= now - HALF_S)
    return connection.execute(select(web_halves.c.name).where(*live)).scalar()


def end_halves(connection: Connection, name: str) -> None:
    """No sign-in of this person is half done any more."""
    connection.execute(delete(web_halves).where(web_halves.c.name == name))


def set_out(connection: Connection, name: str, sealed: str, now: float) -> None:
    """A secret that waits for its first code, in place of one that waited before."""
    unconfirmed = (staff_factors.c.name == name, staff_factors.c.since.is_(None))
    connection.execute(delete(staff_factors).where(*unconfirmed))
    connection.execute(insert(staff_factors).values(name=name, sealed=sealed, made=now, since=None, step=0))


def waiting(connection: Connection, name: str, now: float) -> str | None:
    """The sealed secret that waits for its first code."""
    fresh = (staff_factors.c.since.is_(None), staff_factors.c.made >= now - SETTING_UP_S)
    return connection.execute(select(staff_factors.c.sealed).where(staff_factors.c.name == name, *fresh)).scalar()


def sealed_of(connection: Connection, name: str) -> str | None:
    """The sealed secret of a factor that is set up."""
    confirmed = (staff_factors.c.name == name, staff_factors.c.since.is_not(None))
    return connection.execute(select(staff_factors.c.sealed).where(*confirmed)).scalar()


def confirm(connection: Connection, name: str, step: int, now: float) -> bool:
    """The factor is set up, by the code of this step; False when it is already, or was taken away meanwhile."""
    unconfirmed = (staff_factors.c.name == name, staff_factors.c.since.is_(None))
    return bool(connection.execute(update(staff_factors).where(*unconfirmed).values(since=now, step=step)).rowcount)


def spend_step(connection: Connection, name: str, step: int) -> bool:
    """Take the code of this step, once: False when it, or a newer one, was taken before."""
    newer = (staff_factors.c.name == name, staff_factors.c.since.is_not(None), staff_factors.c.step < step)
    return bool(connection.execute(update(staff_factors).where(*newer).values(step=step)).rowcount)


def spend_code(connection: Connection, name: str, digest: str) -> bool:
    """Take a recovery code, once."""
    one = (staff_codes.c.name == name, staff_codes.c.digest == digest)
    return bool(connection.execute(delete(staff_codes).where(*one)).rowcount)


def keep_codes(connection: Connection, name: str, digests: list[str]) -> None:
    """These recovery codes, in place of those before."""
    connection.execute(delete(staff_codes).where(staff_codes.c.name == name))
    connection.execute(insert(staff_codes), [{"name": name, "digest": digest} for digest in digests])


def codes_left(connection: Connection, name: str) -> int:
    """How many recovery codes are not spent."""
    return connection.execute(select(func.count()).where(staff_codes.c.name == name)).scalar_one()


def take_away(connection: Connection, name: str) -> bool:
    """This person has no second factor and no recovery codes any more; whether there was one, set up or begun."""
    connection.execute(delete(staff_codes).where(staff_codes.c.name == name))
    end_halves(connection, name)
    return bool(connection.execute(delete(staff_factors).where(staff_factors.c.name == name)).rowcount)
