"""The fax jobs for people: read out of the database, decided in one transaction with the audit, documents shown.

A document is shown only when its pages are those that were made for the job's account (FAULTS H13). The pages are read
and drawn in a thread.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from sqlalchemy import Connection
from twisted.internet.threads import deferToThreadPool

from crm_bridge.fax_attempts import attempts
from crm_bridge.fax_desk import customer_of, hurry, moving, phones
from crm_bridge.fax_jobs import IDLE, FaxRow, Filter, counts, job, jobs, reopen, save, stop
from crm_bridge.secret import Secret
from crm_bridge.staff import Deed, write_down
from fax.job import FINAL, Illegal, Moment, again
from fax.job import cancel as cancelled
from fax.press import PDF, TIFF, bound
from ivr_server.console.parts import Fax, FaxStory, Moving
from ivr_server.faxing.mailing import Letter, Mailer, MailFault, Smtp
from ivr_server.faxing.rows import as_job, with_job
from ivr_server.faxing.spool import Spool
from ivr_server.settings import Settings

if TYPE_CHECKING:
    from crm_bridge.database import Database

WIDE: Final = 864  # half of a fax line: legible, and small
DOTS: Final = (204, 196)  # in an inch, across and down
MOST_PAGES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxBook:
    """The jobs of one database. ``folder``: job -> where its document lies; ``wake``: the worker shall look at once."""

    database: Database
    folder: Callable[[int], Path]
    reactor: Any
    mailer: Mailer | None = None
    wake: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.time

    def stop(self) -> None:
        """No more mails."""
        if self.mailer is not None:
            self.mailer.stop()

    @property
    def mails(self) -> bool:
        """Whether a mail server is set."""
        return self.mailer is not None

    async def jobs(self, asked: Filter, limit: int, before: int = 0) -> Sequence[Fax]:
        """Jobs that fit, the newest first; a customer may be asked for by number, too."""
        return await self.database.run(chosen, asked, limit, before)

    async def counts(self) -> Mapping[str, int]:
        """How many jobs there are in each state."""
        return await self.database.run(counts)

    async def moving(self) -> Moving:
        """Every job that may change, the newest ones, and how many there are in each state."""
        return await self.database.run(_moving)

    async def one(self, id: int) -> Fax | None:
        """One job."""
        return await self.database.run(_one, id)

    async def story(self, id: int) -> FaxStory | None:
        """One job with its dials, and whether its document can be shown."""
        found = await self.database.run(_story, id)
        if found is None:
            return None
        return replace(found, there=await self._read(_there, found.fax.row))

    async def pdf(self, id: int) -> bytes | None:
        """The document's bytes."""
        fax = await self.one(id)
        found: bytes | None = None if fax is None else await self._read(_pdf, fax.row)
        return found

    async def picture(self, id: int, page: int) -> bytes | None:
        """One page, half as wide as it is faxed."""
        fax = await self.one(id)
        if fax is None or not 0 < page <= MOST_PAGES:
            return None
        found: bytes | None = await self._read(lambda folder, row: _picture(folder, row, page), fax.row)
        return found

    async def retry(self, id: int, deed: Deed) -> bool:
        """Send it now."""
        done = await self.database.run(send_now, id, deed, self.clock(), write=True)
        self.wake()
        return done

    async def cancel(self, id: int, deed: Deed) -> bool:
        """End it."""
        done = await self.database.run(end_now, id, deed, self.clock(), write=True)
        self.wake()
        return done

    async def mail(self, id: int, address: str, deed: Deed) -> None:
        """Mail the document: the intent is written down first, then what became of it."""
        fax, pdf = await self.one(id), await self.pdf(id)
        if self.mailer is None or fax is None or pdf is None:
            raise MailFault("document")
        await self._note(replace(deed, what="fax_mail"))
        try:
            await self.mailer.send(Letter(to=address, month=fax.row.month, language=fax.row.language, pdf=pdf))
        except MailFault as fault:
            await self._note(replace(deed, what=f"fax_mail_{fault.reason}"))
            raise
        await self._note(replace(deed, what="fax_mail_taken"))

    async def _note(self, deed: Deed) -> None:
        await self.database.run(write_down, deed, self.clock(), write=True)

    async def _read(self, work: Callable[[Path, FaxRow], Any], row: FaxRow) -> Any:
        pool = self.reactor.getThreadPool()
        return await deferToThreadPool(self.reactor, pool, work, self.folder(row.id), row)


def fax_book(database: Database, settings: Settings, reactor: Any, wake: Callable[[], None] = lambda: None) -> FaxBook:
    """The jobs of a service with these settings; ValueError when its mail server cannot be used so."""
    smtp = settings.fax.smtp
    server = smtp.host and Smtp(
        host=smtp.host,
        port=smtp.port,
        sender=smtp.sender,
        user=smtp.user,
        password=Secret(smtp.password()),
        tls=smtp.tls,
        ca=smtp.ca,
    )
    return FaxBook(
        database=database,
        folder=Spool(settings.fax_folder).document,
        reactor=reactor,
        mailer=Mailer(reactor, server) if server else None,
        wake=wake,
    )


# --- in one transaction --------------------------------------------------------------------------------------------


def chosen(connection: Connection, asked: Filter, limit: int, before: int = 0) -> list[Fax]:
    """Jobs that fit, with the customers' numbers; ``asked.customer`` may be a customer's number."""
    own = customer_of(connection, asked.customer) if asked.customer else ""
    return _with_phones(connection, jobs(connection, replace(asked, customer=own or asked.customer), limit, before))


def send_now(connection: Connection, id: int, deed: Deed, now: float) -> bool:
    """A failed job begins anew, one that waits is due now; with its deed."""
    row = job(connection, id)
    if row is None:
        return False
    done = _again(connection, row, now) if row.state in FINAL else hurry(connection, id, now)
    if done:
        write_down(connection, deed, now)
    return done


def end_now(connection: Connection, id: int, deed: Deed, now: float) -> bool:
    """The job is ended, or its worker will find that it shall be; with its deed."""
    row = stop(connection, id)
    if row is None:
        return False
    if row.state in IDLE:
        save(connection, with_job(row, cancelled(as_job(row), Moment(now))), row.fence)
    write_down(connection, deed, now)
    return True


def _again(connection: Connection, row: FaxRow, now: float) -> bool:
    try:
        return reopen(connection, with_job(row, again(as_job(row), Moment(now))))
    except Illegal:
        return False


def _one(connection: Connection, id: int) -> Fax | None:
    row = job(connection, id)
    return None if row is None else _with_phones(connection, [row])[0]


def _story(connection: Connection, id: int) -> FaxStory | None:
    fax = _one(connection, id)
    return None if fax is None else FaxStory(fax, tuple(attempts(connection, id)))


def _moving(connection: Connection) -> Moving:
    return Moving(tuple(_with_phones(connection, moving(connection))), counts(connection))


def _with_phones(connection: Connection, rows: Sequence[FaxRow]) -> list[Fax]:
    known = phones(connection, {row.customer for row in rows})
    return [Fax(row, known.get(row.customer, "")) for row in rows]


# --- in a thread ---------------------------------------------------------------------------------------------------


def _there(folder: Path, row: FaxRow) -> bool:
    try:
        return bool(row.digest) and bound(row.account, folder) == row.digest
    except OSError:
        return False


def _pdf(folder: Path, row: FaxRow) -> bytes | None:
    try:
        return (folder / PDF).read_bytes() if _there(folder, row) else None
    except OSError:
        return None


def _picture(folder: Path, row: FaxRow, page: int) -> bytes | None:
    if not _there(folder, row):
        return None
    try:
        with Image.open(folder / TIFF) as pages:
            pages.seek(page - 1)
            high = round(pages.height * WIDE / pages.width * DOTS[0] / DOTS[1])
            drawn = pages.convert("L").resize((WIDE, high), Image.Resampling.BOX)
    except (OSError, EOFError):
        return None
    drawn.save(kept := io.BytesIO(), "PNG")
    return kept.getvalue()
