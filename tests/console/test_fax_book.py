"""The fax jobs for people: one contract for those in a database and those in memory; then what is real only."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from PIL import Image
from sqlalchemy import Connection, select
from twisted.internet import reactor

from crm_bridge import fax_jobs
from crm_bridge.database import Database, Limits
from crm_bridge.fax_attempts import Attempt, put_attempt
from crm_bridge.fax_jobs import Capacity, Claim, Filter, lease
from crm_bridge.schema import metadata
from crm_bridge.staff import Deed, deeds
from crm_bridge.versions import prepare
from fax.press import PDF
from ivr_server.console.fax_book import FaxBook
from ivr_server.faxing.mailing import Mailer, MailFault, Smtp
from tests.doubles.fax_rows import PAGES, change, put
from tests.doubles.faxes import PaperFaxes
from tests.doubles.mail_station import Papers, Station, open_station

DEED = Deed("li", "fax_retry", "fax 1: the customer rang", "127.0.0.1")


@dataclass
class Shelf:
    """The real book on a database of its own."""

    book: FaxBook
    folder: Path
    woken: list[bool]

    async def run(self, function: Any, *arguments: Any) -> Any:
        """In one transaction."""
        return await self.book.database.run(function, *arguments, write=True)


@pytest_twisted.async_yield_fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    """A book without jobs."""
    database = Database(f"sqlite:///{tmp_path / 'ivr.db'}", reactor, Limits())  # type: ignore[arg-type]
    database.start()
    await database.run(prepare, write=True)
    woken: list[bool] = []
    book = FaxBook(
        database=database,
        folder=lambda job: tmp_path / str(job),
        reactor=reactor,
        wake=lambda: woken.append(True),
    )
    yield Shelf(book, tmp_path, woken)
    await database.stop()


async def filled(shelf: Shelf) -> FaxBook:
    """Job 1 failed with a document and a dial, job 2 waits for another number, job 3 is being sent."""

    def write(connection: Connection) -> None:
        put(connection, {"created": 1.0, "state": "failed", "cause": "busy", "pages": PAGES}, shelf.folder / "1")
        put(connection, {"created": 2.0, "number": "010600", "month": "2026-09", "customer": "8", "due": 500.0})
        put(connection, {"created": 3.0, "state": "sending", "pages": 2, "delivered": 1})
        put_attempt(connection, Attempt(job=1, dial=1, began=5.0, ended=9.0, cause="busy"))

    await shelf.run(write)
    return shelf.book


def on_paper() -> PaperFaxes:
    """The same in memory."""
    paper = PaperFaxes()
    paper.put(1, state="failed", cause="busy", pages=PAGES, created=1.0)
    paper.put(2, number="010600", month="2026-09", customer="8", created=2.0)
    paper.put(3, state="sending", pages=2, delivered=1, created=3.0)
    paper.dials.append(Attempt(job=1, dial=1, began=5.0, ended=9.0, cause="busy"))
    paper.sheets[1] = [b"one", b"two", b"three"]
    return paper


@pytest.mark.parametrize("kind", ["book", "paper"])
@pytest_twisted.ensureDeferred
async def test_the_contract(kind: str, shelf: Shelf) -> None:
    """What both sides of the seam do alike: chosen, counted, told, sent again, ended."""
    faxes: Any = await filled(shelf) if kind == "book" else on_paper()

    async def ids(limit: int = 9, before: int = 0, **asked: str) -> list[int]:
        return [fax.row.id for fax in await faxes.jobs(Filter(**asked), limit, before)]

    assert (await ids(), await ids(2), await ids(before=3)) == ([3, 2, 1], [3, 2], [2, 1])
    assert (await ids(state="failed"), await ids(number="106"), await ids(number="0001")) == ([1], [2], [3, 1])
    assert (await ids(month="2026-09"), await ids(customer="8"), await ids(customer="9")) == ([2], [2], [])
    assert await faxes.counts() == {"failed": 1, "waiting": 1, "sending": 1}
    moving = await faxes.moving()
    assert ([fax.row.id for fax in moving.faxes], moving.counts) == ([3, 2, 1], await faxes.counts())
    assert (await faxes.one(2)).row.number == "010600"
    assert await faxes.one(4) is await faxes.story(4) is await faxes.pdf(4) is await faxes.picture(4, 1) is None
    story = await faxes.story(1)
    assert ([one.cause for one in story.attempts], story.there) == (["busy"], True)
    assert not (await faxes.story(3)).there
    assert (await faxes.pdf(1)).startswith(b"%PDF")
    assert [bool(await faxes.picture(1, page)) for page in (0, 1, PAGES, PAGES + 1, -1)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert [await faxes.retry(id, DEED) for id in (1, 2, 3, 4)] == [True, True, False, False]
    assert (await faxes.one(1)).row.state == "waiting"
    assert [await faxes.cancel(id, DEED) for id in (1, 3, 4)] == [True, True, False]
    assert ((await faxes.one(1)).row.state, (await faxes.one(1)).row.cause) == ("failed", "cancelled")
    assert ((await faxes.one(3)).row.state, (await faxes.one(3)).row.stop) == ("sending", True)
    assert not await faxes.cancel(1, DEED)
    with pytest.raises(MailFault, match="document"):
        await faxes.mail(1, "li@example.com", DEED)


@pytest_twisted.ensureDeferred
async def test_what_is_decided_is_written_down_with_it_and_the_worker_is_woken(shelf: Shelf) -> None:
    """One deed for each decision that was carried out, none for one that was not."""
    book = await filled(shelf)
    for id in (1, 3):
        await book.retry(id, DEED)
        await book.cancel(id, Deed("li", "fax_cancel", f"fax {id}: wrong number"))
    assert [one.what for one in await shelf.run(deeds)] == ["fax_cancel", "fax_cancel", "fax_retry"]
    assert len(shelf.woken) == 4


@pytest_twisted.ensureDeferred
async def test_a_job_that_a_worker_has_is_not_hurried(shelf: Shelf) -> None:
    """Its row is left alone, so that the fence of the worker holds."""
    book = await filled(shelf)
    await shelf.run(lambda connection: change(connection, 2, due=0.0))
    claim = Claim("worker", book.clock(), 30.0)
    assert [row.id for row in await shelf.run(lease, claim, Capacity())] == [3, 2]
    assert not await book.retry(2, DEED)
    row = await shelf.run(fax_jobs.job, 2)
    assert (row.worker, row.fence) == ("worker", 1)


@pytest_twisted.ensureDeferred
async def test_H13_a_document_of_somebody_else_is_not_shown(shelf: Shelf) -> None:
    """Pages that are not those made for this account: no PDF, no picture, no mail."""
    book = await filled(shelf)
    await shelf.run(put, {"created": 4.0, "account": "8", "state": "failed", "pages": 1}, shelf.folder / "4")
    (shelf.folder / "4" / "bill.tiff").write_bytes((shelf.folder / "1" / "bill.tiff").read_bytes())
    story = await book.story(4)
    assert story is not None
    assert (story.there, await book.pdf(4), await book.picture(4, 1)) == (False, None, None)


@pytest_twisted.ensureDeferred
async def test_a_page_is_a_picture_of_the_fax(shelf: Shelf) -> None:
    """PNG, with square dots, the last page as well as the first; a torn file is no document."""
    book = await filled(shelf)
    for page in (1, PAGES):
        with Image.open(io.BytesIO(await book.picture(1, page) or b"")) as picture:
            assert (picture.format, picture.size) == ("PNG", (864, 1193))
            assert picture.getextrema() == (0, 255)
    (shelf.folder / "1" / PDF).unlink()
    assert await book.pdf(1) is None
    tiff = shelf.folder / "1" / "bill.tiff"
    tiff.write_bytes(tiff.read_bytes()[:100])
    assert await book.picture(1, 1) is None


@pytest_twisted.ensureDeferred
async def test_the_same_pdf_is_mailed_and_the_address_is_in_the_audit_alone(shelf: Shelf, tmp_path: Path) -> None:
    """The intent first, then the outcome; a server that refuses leaves its reason."""
    filled_book, papers = await filled(shelf), Papers.make(tmp_path, "localhost")
    deed = Deed("li", "", "fax 1 to hua@example.com")
    for says in ({}, {"RCPT": "550 nobody"}):
        with open_station(Station(says=says), papers) as station:
            smtp = Smtp(host="localhost", port=station.port, sender="a@b.example", ca=str(papers.chain))
            mailer = Mailer(reactor, smtp)
            book = FaxBook(database=filled_book.database, folder=filled_book.folder, reactor=reactor, mailer=mailer)
            if says:
                with pytest.raises(MailFault, match="refused"):
                    await book.mail(1, "hua@example.com", deed)
            else:
                await book.mail(1, "hua@example.com", deed)
                assert b"JVBERi0xLjQgdGhlIGJpbGw=" in station.got[0]  # "%PDF-1.4 the bill"
            book.stop()
    assert [one.what for one in await shelf.run(deeds)] == [
        "fax_mail_refused",
        "fax_mail",
        "fax_mail_taken",
        "fax_mail",
    ]
    holds: set[str] = set()
    for table in metadata.sorted_tables:
        if "hua@example" in repr(
            await shelf.run(lambda connection, table=table: connection.execute(select(table)).all())
        ):
            holds.add(table.name)
    assert holds == {"staff_audit"}
