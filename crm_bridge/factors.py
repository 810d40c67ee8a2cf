"""The second factor: a code of six digits that a telephone makes of a secret and the time (RFC 6238, by pyotp).

A code is good for its 30 seconds and the 30 on either side, for clocks differ; each is taken once. Tries at codes are
counted as tries at passwords are, in the same rows, before anything is compared: five in a row, then waits, then a
lock. Who lost the telephone has recovery codes, each good for once; who lost both asks whoever runs the server, who
resets it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyotp
from sqlalchemy import Connection

from crm_bridge import factor_rows as rows
from crm_bridge import staff
from crm_bridge.secret import Secret
from crm_bridge.staff import Deed, write_down

if TYPE_CHECKING:
    from crm_bridge.database import Database
    from crm_bridge.factor_rows import Sealing
    from crm_bridge.hashing import Hashing

STEP_S: Final = 30
AROUND: Final = (0, -1, 1)  # the steps whose codes are good, the likeliest first
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # none that looks like another one
SIX_DIGITS: Final = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands: whether a second factor is set up, and how many recovery codes are left."""

    on: bool
    codes_left: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Who shows a code, and from where; ``token`` is that of the session, ``attempt`` the row of the counted try."""

    name: str
    code: str
    address: str
    token: str = ""
    attempt: int = 0


def new_codes() -> tuple[str, ...]:
    """Recovery codes as they are shown: ten letters and digits in two halves, about 50 random bits each."""
    drawn = ("".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(rows.CODES))
    return tuple(f"{each[:5]}-{each[5:]}" for each in drawn)


def bare(code: str) -> str:
    """A code as it is compared: people type spaces, dashes and capitals."""
    return re.sub(r"[\s-]+", "", code).lower()[:40]


def step_of(secret: Secret, code: str, now: float) -> int | None:
    """Which step's code this is, of those that are good now."""
    maker, here = pyotp.TOTP(secret.reveal()), int(now) // STEP_S
    fitting = [step for step in (here + by for by in AROUND) if Secret(maker.generate_otp(step)) == Secret(code)]
    return fitting[0] if fitting else None


def reset(connection: Connection, name: str, now: float) -> None:
    """Take the second factor away from the command line, and end every session; Unfit when nobody is called so."""
    folded = staff.folded(name)
    if not rows.take_away(connection, folded):
        known = folded in {person.name for person in staff.people(connection)}
        raise staff.Unfit(f"{name} has no second factor" if known else f"nobody is called {name}")
    staff.end_sessions(connection, folded)
    write_down(connection, Deed("command line", "factor_reset", folded), now)


class FactorBook:
    """What the console asks about second factors. ``clock`` gives seconds since 1970."""

    def __init__(
        self, database: Database, hashing: Hashing, sealing: Sealing, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._hashing = hashing
        self._sealing = sealing
        self._clock = clock

    async def standing(self, name: str) -> Standing:
        """How this person stands."""
        return await self._database.run(_standing, name)

    async def begin(self, name: str, password: Secret, address: str) -> Secret | None:
        """A new secret, which waits for its first code; None when the password is wrong or must wait.

        HashingBusy when too many are compared. One that is set up stays: take it away first.
        """
        attempt = await self._database.run(staff.begin_try, name, address, self._clock(), write=True)
        right = attempt.admitted and await self._hashing.matches(attempt.hash, password)
        if not right:
            await self._note(Deed(name, "factor_refused", address=address))
            return None
        secret = Secret(pyotp.random_base32())
        asked = Asked(name, "", address, attempt=attempt.id)
        begun = await self._database.run(_begin, asked, self._sealing.seal(secret), self._clock(), write=True)
        return secret if begun else None

    async def awaited(self, name: str) -> Secret | None:
        """The secret that waits for its first code."""
        sealed = await self._database.run(rows.waiting, name, self._clock())
        return None if sealed is None else self._sealing.open(sealed)

    async def confirm(self, asked: Asked) -> tuple[str, ...] | None:
        """The first code is right: the factor is set up, other sessions end. The recovery codes; None: it is wrong."""
        secret = await self.awaited(asked.name)
        step = None if secret is None else step_of(secret, bare(asked.code), self._clock())
        if step is None:
            return None
        codes = new_codes()
        done = await self._database.run(_confirm, asked, (step, self._digests(codes)), self._clock(), write=True)
        return codes if done else None

    async def enter(self, half: str, code: str, address: str) -> str | None:
        """The token of a session, of a sign-in half done and a right code; None: wrong, or must wait.

        staff.Late when it is half done no more. Unreadable when the secret was sealed with another key.
        """
        name = await self._database.run(rows.half_of, half, self._clock())
        if name is None:
            raise staff.Late
        shown = await self._shown(Asked(name, code, address))
        return None if shown is None else await self._database.run(_enter, shown, self._clock(), write=True)

    async def renew(self, asked: Asked) -> tuple[str, ...] | None:
        """New recovery codes for a right code, the old ones dead; None: wrong, or must wait."""
        shown = await self._shown(asked)
        if shown is None:
            return None
        codes = new_codes()
        await self._database.run(_renew, shown, self._digests(codes), self._clock(), write=True)
        return codes

    async def off(self, asked: Asked) -> bool:
        """Take the second factor away for a right code."""
        shown = await self._shown(asked)
        if shown is not None:
            await self._database.run(_off, shown, self._clock(), write=True)
        return shown is not None

    async def _shown(self, asked: Asked) -> Asked | None:
        """Count a try, then compare and spend the code; the same with the number of the try when it was right."""
        attempt = await self._database.run(staff.begin_try, asked.name, asked.address, self._clock(), write=True)
        if attempt.admitted and await self._spend(asked):
            return replace(asked, attempt=attempt.id)
        await self._note(Deed(asked.name, "code_wrong" if attempt.admitted else "code_refused", address=asked.address))
        return None

    async def _spend(self, asked: Asked) -> bool:
        code = bare(asked.code)
        if SIX_DIGITS.fullmatch(code):
            sealed = await self._database.run(rows.sealed_of, asked.name)
            step = None if sealed is None else step_of(self._sealing.open(sealed), code, self._clock())
            return step is not None and await self._database.run(rows.spend_step, asked.name, step, write=True)
        spent = await self._database.run(rows.spend_code, asked.name, self._sealing.digest(code), write=True)
        if spent:
            await self._note(Deed(asked.name, "recovery_code_spent", address=asked.address))
        return spent

    def _digests(self, codes: tuple[str, ...]) -> list[str]:
        return [self._sealing.digest(bare(code)) for code in codes]

    async def _note(self, deed: Deed) -> None:
        await self._database.run(write_down, deed, self._clock(), write=True)


def _standing(connection: Connection, name: str) -> Standing:
    return Standing(rows.guarded(connection, name), rows.codes_left(connection, name))


def _begin(connection: Connection, asked: Asked, sealed: str, now: float) -> bool:
    staff.drop_try(connection, asked.attempt)
    if rows.guarded(connection, asked.name):
        return False
    rows.set_out(connection, asked.name, sealed, now)
    return True


def _confirm(connection: Connection, asked: Asked, made: tuple[int, list[str]], now: float) -> bool:
    step, digests = made
    if not rows.confirm(connection, asked.name, step, now):
        return False
    rows.keep_codes(connection, asked.name, digests)
    staff.end_sessions(connection, asked.name, but=asked.token)
    write_down(connection, Deed(asked.name, "factor_on", address=asked.address), now)
    return True


def _enter(connection: Connection, asked: Asked, now: float) -> str:
    rows.end_halves(connection, asked.name)
    return staff.enter(connection, asked.name, (asked.attempt, asked.address), now)


def _renew(connection: Connection, asked: Asked, digests: list[str], now: float) -> None:
    staff.mark_right(connection, asked.attempt)
    rows.keep_codes(connection, asked.name, digests)
    write_down(connection, Deed(asked.name, "recovery_codes_made", address=asked.address), now)


def _off(connection: Connection, asked: Asked, now: float) -> None:
    staff.mark_right(connection, asked.attempt)
    rows.take_away(connection, asked.name)
    write_down(connection, Deed(asked.name, "factor_off", address=asked.address), now)
