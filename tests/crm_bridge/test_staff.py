"""The staff's book: tries counted before comparing, waits that grow, sessions that end, a deed for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults

from crm_bridge import staff
from crm_bridge.database import Database, Limits, engine_for
from crm_bridge.hashing import Hashing, HashingBusy, matches
from crm_bridge.secret import Secret
from crm_bridge.versions import prepare

RIGHT = Secret("correct horse battery")
WRONG = Secret("wrong horse battery")
DAY_S = 86_400.0


@dataclass
class Book:
    """A book on SQLite with a clock that we turn, and comparing that takes no time."""

    url: str
    now: float = 1_700_000_000.0
    compared: list[str | None] = field(default_factory=list)
    before_comparing: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.database = Database(self.url, reactor, Limits())
        self.database.start()
        self.book = staff.StaffBook(self.database, self, lambda: self.now)

    async def matches(self, kept: str | None, password: Secret) -> bool:
        """In place of Argon2's threads: only the right one fits, and only for somebody."""
        self.before_comparing()
        self.compared.append(kept)
        return kept is not None and password == RIGHT

    def change(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """One transaction, from outside."""
        with engine_for(self.url, Limits()).execution_options(write=True).begin() as connection:
            return function(connection, *arguments)

    async def guess(self, name: str = "li", password: Secret = WRONG, address: str = "10.0.0.1") -> bool:
        """One try."""
        return await self.book.sign_in(name, password, address) is not None


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Li is a supervisor."""
    made = Book(f"sqlite:///{tmp_path / 'staff.db'}")
    made.change(prepare)
    made.change(staff.add_person, staff.Person("li", "Li", ("supervisor",)), RIGHT, made.now)
    yield made
    pytest_twisted.blockon(ensureDeferred(made.database.stop()))


@pytest_twisted.ensureDeferred
async def test_a_session_knows_its_person_until_it_is_idle_or_old(book: Book) -> None:
    """An hour without a request, or twelve in all."""
    token = await book.book.sign_in(" LI ", RIGHT, "10.0.0.1")
    assert token is not None
    assert await book.book.who(token) == staff.Person("li", "Li", ("supervisor",))
    for _ in range(13):
        book.now += 3_000
        assert await book.book.who(token) is not None
    book.now += 3_700
    assert await book.book.who(token) is None
    token = await book.book.sign_in("li", RIGHT, "10.0.0.1")
    assert token is not None
    for _ in range(14):
        book.now += 3_000
        await book.book.who(token)
    book.now += 1_300
    assert await book.book.who(token) is None


@pytest_twisted.ensureDeferred
async def test_the_token_itself_is_not_in_the_database(book: Book, tmp_path: Path) -> None:
    """Who reads the database cannot take a session over."""
    token = await book.book.sign_in("li", RIGHT, "10.0.0.1")
    assert token is not None
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.iterdir())


@pytest_twisted.ensureDeferred
async def test_I10_the_try_is_counted_before_it_is_compared(book: Book) -> None:
    """A crash during the comparing does not give a free guess: the row is there, as a wrong one."""

    def rows(connection: Any) -> list[bool]:
        return [row.right for row in connection.execute(staff.staff_tries.select())]

    seen: list[list[bool]] = []
    book.before_comparing = lambda: seen.append(book.change(rows))
    assert await book.guess(password=RIGHT)
    assert seen == [[False]]
    assert book.change(rows) == [True]


@pytest_twisted.ensureDeferred
async def test_I10_waits_grow_and_the_right_password_waits_too(book: Book) -> None:
    """Five are free; then 30 s, 60 s and so on, whoever asks from wherever."""
    for number in range(5):
        assert not await book.guess(address=f"10.0.0.{number}")
    assert not await book.guess(password=RIGHT, address="10.9.9.9")
    assert len(book.compared) == 5
    book.now += staff.wait_s(5)
    assert await book.guess(password=RIGHT)
    assert [staff.wait_s(n) for n in (4, 5, 6, 12, 50)] == [0.0, 30.0, 60.0, 3_600.0, 3_600.0]


@pytest_twisted.ensureDeferred
async def test_I10_ten_failures_in_thirty_days_lock_though_the_owner_succeeds_between(book: Book) -> None:
    """The owner's own success does not clear the month; a reset does, and so does the month itself."""
    for _ in range(2):
        for _ in range(5):
            assert not await book.guess()
        book.now += 2 * 3_600
        await book.guess(password=RIGHT)
        book.now += 60
    assert not await book.guess(password=RIGHT)
    book.now += 20 * DAY_S
    assert not await book.guess(password=RIGHT)
    book.now += 11 * DAY_S
    assert await book.guess(password=RIGHT)


@pytest_twisted.ensureDeferred
async def test_I10_one_address_over_many_names_is_stopped(book: Book) -> None:
    """Spraying: thirty failures in ten minutes from one address, whatever the names."""
    for number in range(30):
        await book.guess(name=f"name{number}")
    assert not await book.guess(password=RIGHT)
    assert await book.guess(password=RIGHT, address="10.0.0.2")


@pytest_twisted.ensureDeferred
async def test_a_name_that_nobody_has_is_counted_and_compared_alike(book: Book) -> None:
    """Five tries are compared, the sixth is not, for nobody as for somebody."""
    for _ in range(6):
        assert not await book.guess(name="nobody", password=RIGHT)
    assert book.compared == [None] * 5
    assert matches(None, RIGHT) is False


@pytest_twisted.ensureDeferred
async def test_I10_many_tries_at_once_pass_no_more_than_the_limit(book: Book) -> None:
    """Forty together are counted one by one: the race gives nothing."""
    tries = [ensureDeferred(book.guess(address=f"10.1.0.{n}")) for n in range(40)]
    await gatherResults(tries)
    assert len(book.compared) == 5


@pytest_twisted.ensureDeferred
async def test_every_sign_in_and_failure_is_written_down(book: Book) -> None:
    """With name and address, the newest first."""
    await book.guess()
    token = await book.book.sign_in("li", RIGHT, "10.0.0.7")
    assert token is not None
    await book.book.sign_out(token, staff.Deed("li", "signed_out"))
    assert await book.book.who(token) is None
    whats = [(deed.what, deed.address) for deed in book.change(staff.deeds)]
    assert whats == [("signed_out", ""), ("signed_in", "10.0.0.7"), ("sign_in_wrong", "10.0.0.1"), ("added", "")]


@pytest_twisted.ensureDeferred
async def test_P9_comparing_has_a_short_queue() -> None:
    """Beyond it the asker is told to come back, at once."""
    hashing = Hashing(reactor)  # type: ignore[arg-type]
    waiting = [ensureDeferred(hashing.matches(None, WRONG)) for _ in range(16)]
    with pytest.raises(HashingBusy):
        await hashing.matches(None, WRONG)
    hashing.start()
    assert await gatherResults(waiting) == [False] * 16
    hashing.stop()
