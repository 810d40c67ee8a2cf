"""The fax jobs in memory, as the pages see them: held to the real ones by tests/console/test_fax_book.py."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm_bridge.answers import LookUpFault
from crm_bridge.fax_attempts import Attempt
from crm_bridge.fax_jobs import FaxRow, Filter
from crm_bridge.staff import Deed
from fax.job import FINAL, IDLE, Moment, again, cancel
from ivr_server.console.parts import Fax, FaxStory, Moving
from ivr_server.faxing.mailing import MailFault
from ivr_server.faxing.rows import as_job, with_job

BLANK = FaxRow(
    id=0, account="7", customer="7", month="2026-10", number="02160001234", language="zh-CN", call="1700000001.1",
    created=0.0, since=0.0, state="waiting", cause="", detail="", pages=0, digest="", first=0, delivered=0, repeated=0,
    tries=0, settled=0, failures=(), begun=0.0, dialled=0.0, due=0.0, stop=False, heard=False, worker="", fence=0,
    leased_until=0.0,
)  # fmt: skip


@dataclass
class PaperFaxes:
    """Jobs by number. ``away``: the database does not answer; ``sheets``: a document's pages by job."""

    rows: dict[int, FaxRow] = field(default_factory=dict)
    dials: list[Attempt] = field(default_factory=list)
    sheets: dict[int, list[bytes]] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    phones: Mapping[str, str] = field(default_factory=dict)
    mails: bool = False
    away: bool = False
    looks: int = 0

    def put(self, id: int, **values: Any) -> None:
        """A job, new or another."""
        self.rows[id] = replace(self.rows.get(id, replace(BLANK, id=id)), **values)

    def _fax(self, row: FaxRow) -> Fax:
        return Fax(row, self.phones.get(row.customer, ""))

    async def jobs(self, asked: Filter, limit: int, before: int = 0) -> Sequence[Fax]:
        """Newest first."""
        return [fax for fax in self._newest() if self._fits(fax, asked) and (not before or fax.row.id < before)][:limit]

    def _newest(self) -> list[Fax]:
        if self.away:
            raise LookUpFault("unavailable", "gone")
        return [self._fax(self.rows[id]) for id in sorted(self.rows, reverse=True)]

    @staticmethod
    def _fits(fax: Fax, asked: Filter) -> bool:
        row = fax.row
        whose = not asked.customer or asked.customer in (row.customer, fax.phone)
        exact = all(
            not value or getattr(row, name) == value for name, value in (("state", asked.state), ("month", asked.month))
        )
        return whose and exact and asked.number in row.number

    async def counts(self) -> Mapping[str, int]:
        """By state."""
        return Counter(row.state for row in self.rows.values())

    async def moving(self) -> Moving:
        """All of them: there are few."""
        self.looks += 1
        return Moving(tuple(self._newest()), dict(await self.counts()))

    async def one(self, job: int) -> Fax | None:
        """One job."""
        return self._fax(self.rows[job]) if job in self.rows else None

    async def story(self, job: int) -> FaxStory | None:
        """With its dials."""
        fax = await self.one(job)
        dials = tuple(sorted((one for one in self.dials if one.job == job), key=lambda one: one.dial))
        return None if fax is None else FaxStory(fax, dials, job in self.sheets)

    async def pdf(self, job: int) -> bytes | None:
        """Something."""
        return b"%PDF" + b"".join(self.sheets[job]) if job in self.sheets else None

    async def picture(self, job: int, page: int) -> bytes | None:
        """The page's bytes."""
        pages = self.sheets.get(job, [])
        return pages[page - 1] if 0 < page <= len(pages) else None

    async def retry(self, job: int, deed: Deed) -> bool:
        """A failed one anew, a waiting one now."""
        row, now = self.rows.get(job), time.time()
        if row is None or row.state not in (*IDLE, "failed"):
            return False
        self.rows[job] = (
            with_job(row, again(as_job(row), Moment(now))) if row.state == "failed" else replace(row, due=now)
        )
        self.deeds.append(deed)
        return True

    async def cancel(self, job: int, deed: Deed) -> bool:
        """Ended, or noted for the worker."""
        row = self.rows.get(job)
        if row is None or row.state in FINAL:
            return False
        self.rows[job] = with_job(row, cancel(as_job(row), Moment(time.time())))
        self.deeds.append(deed)
        return True

    async def mail(self, job: int, address: str, deed: Deed) -> None:
        """Taken, when there is a document."""
        if not self.mails or job not in self.sheets:
            raise MailFault("document")
        self.deeds += [replace(deed, what="fax_mail"), replace(deed, what="fax_mail_taken")]
