"""The second factor: each code once, clocks that differ a little, guesses that do not pay, and what a thief finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
import pytest_twisted
from cryptography.fernet import Fernet
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults

from crm_bridge import factor_rows, factors, staff
from crm_bridge.database import Database, Limits, engine_for
from crm_bridge.factor_rows import Sealing, Unreadable
from crm_bridge.factors import Asked, FactorBook, Standing, step_of
from crm_bridge.hashing import Hashing
from crm_bridge.secret import Secret
from crm_bridge.versions import prepare

RIGHT = Secret("correct horse battery")
HERE = "10.0.0.1"
TABLES = (factor_rows.staff_factors, factor_rows.staff_codes, factor_rows.web_halves, staff.web_sessions, staff.staff)


class Compared(Hashing):
    """In place of Argon2's threads: only the right one fits, and only for somebody."""

    async def matches(self, kept: str | None, password: Secret) -> bool:
        """At once."""
        return kept is not None and password == RIGHT


class Desk:
    """Staff and factors in one database, with a clock that we turn."""

    def __init__(self, url: str) -> None:
        self.now = 1_700_000_020.0  # ten seconds into a step
        self.url = url
        self.database = Database(self.url, reactor, Limits())
        self.database.start()
        hashing = Compared(reactor)  # type: ignore[arg-type]
        self.hashing = hashing
        self.book = staff.StaffBook(self.database, hashing, lambda: self.now)
        self.factors = FactorBook(self.database, hashing, Sealing(Secret(Fernet.generate_key().decode())), self.clock)
        self.secret = Secret("")

    def clock(self) -> float:
        """What we say it is."""
        return self.now

    def change(self, function: Any, *arguments: Any) -> Any:
        """One transaction, from outside."""
        with engine_for(self.url, Limits()).execution_options(write=True).begin() as connection:
            return function(connection, *arguments)

    def code(self, by: float = 0.0) -> str:
        """What the telephone shows, its clock wrong by so many seconds."""
        return pyotp.TOTP(self.secret.reveal()).at(int(self.now + by))

    async def set_up(self) -> tuple[str, ...]:
        """Set it up for Li; the recovery codes. A step later."""
        begun = await self.factors.begin("li", RIGHT, HERE)
        assert begun is not None
        self.secret = begun
        codes = await self.factors.confirm(Asked("li", self.code(), HERE))
        assert codes is not None
        self.now += 60
        return codes

    async def half(self) -> str:
        """The password, and half a sign-in for it."""
        got = await self.book.sign_in("li", RIGHT, HERE)
        assert isinstance(got, staff.Half)
        return got.token

    async def entered(self, code: str, address: str = HERE) -> bool:
        """A whole sign-in; whether it was let in."""
        token = await self.factors.enter(await self.half(), code, address)
        return token is not None and await self.book.who(token) is not None


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """Li is an admin; on SQLite, and on PostgreSQL."""
    made = Desk(url)
    made.change(prepare)
    made.change(staff.add_person, staff.Person("li", "Li", ("admin",)), RIGHT, made.now)
    yield made
    pytest_twisted.blockon(ensureDeferred(made.database.stop()))


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: the last six of each eight digits, at the times that it gives."""
    secret = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    for now, code in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        assert step_of(secret, code, now) == now // 30


@pytest_twisted.ensureDeferred
async def test_the_password_alone_lets_nobody_in_who_has_a_second_factor(desk: Desk) -> None:
    """Half a sign-in is no session; the code makes it one, whose person is known as guarded."""
    token = await desk.book.sign_in("li", RIGHT, HERE)
    assert isinstance(token, str)
    await desk.set_up()
    half = await desk.half()
    assert await desk.book.who(half) is None
    entered = await desk.factors.enter(half, desk.code(), HERE)
    assert entered is not None
    assert await desk.book.who(entered) == staff.Person("li", "Li", ("admin",), guarded=True)


@pytest_twisted.ensureDeferred
async def test_until_a_code_has_confirmed_it_nothing_is_asked(desk: Desk) -> None:
    """A set-up that was not finished locks nobody out, and is over after a quarter of an hour."""
    begun = await desk.factors.begin("li", RIGHT, HERE)
    assert begun is not None
    assert isinstance(await desk.book.sign_in("li", RIGHT, HERE), str)
    assert await desk.factors.confirm(Asked("li", "000000", HERE)) is None
    desk.secret = begun
    desk.now += factor_rows.SETTING_UP_S + 1
    assert await desk.factors.confirm(Asked("li", desk.code(), HERE)) is None
    assert await desk.factors.standing("li") == Standing(on=False)


@pytest_twisted.ensureDeferred
async def test_setting_up_asks_for_the_password_and_ends_other_sessions(desk: Desk) -> None:
    """Who sits down at an open browser cannot make the account theirs; who had the password only is out."""
    assert await desk.factors.begin("li", Secret("wrong horse battery"), HERE) is None
    thief, own = await desk.book.sign_in("li", RIGHT, "10.6.6.6"), await desk.book.sign_in("li", RIGHT, HERE)
    assert isinstance(thief, str)
    assert isinstance(own, str)
    desk.secret = await desk.factors.begin("li", RIGHT, HERE) or desk.secret
    assert await desk.factors.confirm(Asked("li", desk.code(), HERE, own)) is not None
    assert await desk.book.who(thief) is None
    assert await desk.book.who(own) is not None
    assert await desk.factors.begin("li", RIGHT, HERE) is None  # what is set up is not set up anew


@pytest_twisted.ensureDeferred
async def test_I10_a_code_is_taken_once(desk: Desk) -> None:
    """Who looked over a shoulder comes too late, and so does an older code after a newer one, and the set-up's own."""
    begun = await desk.factors.begin("li", RIGHT, HERE)
    assert begun is not None
    desk.secret = begun
    assert await desk.factors.confirm(Asked("li", desk.code(), HERE)) is not None
    assert not await desk.entered(desk.code())
    desk.now += 60
    assert await desk.entered(desk.code())
    assert not await desk.entered(desk.code())
    assert not await desk.entered(desk.code(-30))
    desk.now += 30
    assert await desk.entered(desk.code())


@pytest_twisted.ensureDeferred
async def test_I10_one_code_shown_twice_at_once_opens_one_door(desk: Desk) -> None:
    """Two requests with one code race; one of them is let in."""
    await desk.set_up()
    halves = [await desk.half() for _ in range(4)]
    code = desk.code()

    async def shown(half: str) -> bool:
        try:
            return await desk.factors.enter(half, code, HERE) is not None
        except staff.Late:  # the one that was let in had ended the others
            return False

    assert sum(await gatherResults([ensureDeferred(shown(half)) for half in halves])) == 1


@pytest_twisted.ensureDeferred
async def test_a_clock_may_be_wrong_by_half_a_minute(desk: Desk) -> None:
    """Thirty seconds either way are good, more are not."""
    await desk.set_up()
    for by, good in ((-75, False), (-40, True), (75, False), (45, True)):
        desk.now += 300
        assert await desk.entered(desk.code(by)) is good, by


@pytest_twisted.ensureDeferred
async def test_I10_guesses_at_the_code_are_stopped_as_those_at_the_password_are(desk: Desk) -> None:
    """Five, then even the right one must wait; the right password between them makes no row shorter."""
    await desk.set_up()
    half = await desk.half()
    for _ in range(5):
        assert await desk.factors.enter(half, "000000", "10.6.6.6") is None
    assert await desk.factors.enter(half, desk.code(), HERE) is None
    assert await desk.book.sign_in("li", RIGHT, HERE) is None
    desk.now += staff.wait_s(5)
    assert await desk.entered(desk.code())
    desk.now += 60
    half = await desk.half()
    for _ in range(5):
        assert await desk.factors.enter(half, "000000", "10.6.6.6") is None
    desk.now += 3 * 3_600
    assert await desk.book.sign_in("li", RIGHT, HERE) is None  # ten in thirty days


@pytest_twisted.ensureDeferred
async def test_I10_many_codes_at_once_pass_no_more_than_the_limit(desk: Desk) -> None:
    """Twenty guesses together, the right one the last: they are counted one by one, and it is not reached."""
    await desk.set_up()
    half = await desk.half()
    codes = [f"{number:06}" for number in range(20)]
    tries = [ensureDeferred(desk.factors.enter(half, code, HERE)) for code in [*codes, desk.code()]]
    assert set(await gatherResults(tries)) == {None}
    whats = [deed.what for deed in desk.change(staff.deeds)]
    assert (whats.count("code_wrong"), whats.count("code_refused")) == (5, 16)


@pytest_twisted.ensureDeferred
async def test_half_a_sign_in_is_over_after_five_minutes_and_after_the_other_half(desk: Desk) -> None:
    """It is late, then; and a stranger's token was never one."""
    await desk.set_up()
    half = await desk.half()
    desk.now += factor_rows.HALF_S + 1
    for token in (half, "a-token-of-nobody"):
        with pytest.raises(staff.Late):
            await desk.factors.enter(token, desk.code(), HERE)
    half = await desk.half()
    assert await desk.factors.enter(half, desk.code(), HERE) is not None
    desk.now += 60
    with pytest.raises(staff.Late):
        await desk.factors.enter(half, desk.code(), HERE)


@pytest_twisted.ensureDeferred
async def test_a_recovery_code_opens_once_however_it_is_typed(desk: Desk) -> None:
    """Ten of them, typed in capitals and with spaces; new ones make the old ones worthless."""
    codes = await desk.set_up()
    assert len(set(codes)) == 10
    assert await desk.entered(f" {codes[0].upper().replace('-', ' ')} ")
    assert not await desk.entered(codes[0])
    assert await desk.factors.standing("li") == Standing(on=True, codes_left=9)
    desk.now += 60
    renewed = await desk.factors.renew(Asked("li", desk.code(), HERE))
    assert renewed is not None
    assert not await desk.entered(codes[1])
    assert await desk.entered(renewed[0])
    assert "recovery_code_spent" in {deed.what for deed in desk.change(staff.deeds)}


@pytest_twisted.ensureDeferred
async def test_it_is_taken_away_by_a_code_only(desk: Desk) -> None:
    """A wrong code leaves it; a right one takes it away with its recovery codes."""
    await desk.set_up()
    assert not await desk.factors.off(Asked("li", "000000", HERE))
    assert await desk.factors.off(Asked("li", desk.code(), HERE))
    assert await desk.factors.standing("li") == Standing(on=False)
    assert isinstance(await desk.book.sign_in("li", RIGHT, HERE), str)


@pytest_twisted.ensureDeferred
async def test_a_reset_takes_it_away_and_ends_every_session(desk: Desk) -> None:
    """By whoever runs the server, for who lost telephone and codes; a new password alone leaves it."""
    await desk.set_up()
    token = await desk.factors.enter(await desk.half(), desk.code(), HERE)
    assert token is not None
    half = await desk.half()
    desk.change(staff.set_password, "li", RIGHT, desk.now)
    with pytest.raises(staff.Late):
        await desk.factors.enter(half, desk.code(30), HERE)
    assert isinstance(await desk.book.sign_in("li", RIGHT, HERE), staff.Half)
    desk.change(factors.reset, "LI", desk.now)
    assert await desk.book.who(token) is None
    assert isinstance(await desk.book.sign_in("li", RIGHT, HERE), str)
    for name, why in (("li", "has no second factor"), ("wang", "nobody is called wang")):
        with pytest.raises(staff.Unfit, match=why):
            desk.change(factors.reset, name, desk.now)


@pytest_twisted.ensureDeferred
async def test_who_copies_the_database_has_no_factor(desk: Desk) -> None:
    """Neither the secret nor a recovery code nor half a sign-in stands in it, and another key opens nothing."""
    codes = await desk.set_up()
    half = await desk.half()
    kept = desk.change(lambda connection: str([connection.execute(table.select()).all() for table in TABLES]))
    found = [desk.secret.reveal(), half, *codes, *map(factors.bare, codes)]
    assert not [text for text in found if text in kept]
    assert len(kept) > 500
    other = FactorBook(desk.database, desk.hashing, Sealing(Secret(Fernet.generate_key().decode())), desk.clock)
    with pytest.raises(Unreadable):
        await other.enter(half, desk.code(), HERE)
    assert await other.enter(half, codes[0], HERE) is None
