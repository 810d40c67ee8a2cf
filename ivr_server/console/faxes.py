"""The fax jobs on pages: the list, live; one job with its dials and its document; and what people decide about it.

Everybody who signs in sees the jobs, as they see the wishes. The document is a customer's bill: only those who also
read calls see, download or mail it, and only they send a job again or end it. Each of these acts, every page that is
looked at and every download is written down before anything is given out.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from crm_bridge.fax_jobs import MOST_ROWS, Filter
from crm_bridge.staff import Deed
from fax.job import FINAL, STATES
from ivr_server.console import fax_lines
from ivr_server.console.drawing import draw
from ivr_server.console.fax_lines import Moment
from ivr_server.console.fax_stream import FaxStream, Watch
from ivr_server.console.parts import Fax, FaxStory
from ivr_server.console.story import shown
from ivr_server.console.visit import MINDS_FAXES, READS_CALLS, Refused, Reply, Visit, away_to
from ivr_server.faxing.mailing import MailFault, fit

ON_A_PAGE: Final = 50
SHAPES: Final = {
    "state": re.compile("|".join(STATES) + r"|\Z"),
    "number": re.compile(r"[+]?[0-9]{0,23}\Z"),
    "customer": re.compile(r"[A-Za-z0-9_-]{0,40}\Z"),
    "month": re.compile(r"([0-9]{4}-(0[1-9]|1[0-2]))?\Z"),
}
BEFORE: Final = re.compile(r"[0-9]{1,9}\Z")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
WHOLE_ONLY: Final = ("Accept-Ranges", "none")
COLUMNS: Final = (
    "id", "created", "customer", "month", "number", "state", "cause", "detail", "pages", "delivered", "tries",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor wants to see. ``wrong``: the first of the fields that holds something else than it may."""

    given: dict[str, str]
    wrong: str
    before: int

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """Out of the query: fields of the table above and no others; what is not of their shape is not used."""
        given = {name: visit.query.get(name, "").strip()[:40] for name in SHAPES}
        wrong = next((name for name, shape in SHAPES.items() if not shape.fullmatch(given[name])), "")
        before = visit.query.get("before", "")
        return cls(given, wrong, int(before) if BEFORE.match(before) else 0)

    @property
    def chosen(self) -> Filter:
        """For the store."""
        return Filter.of(self.given)

    def query(self, **other: str) -> str:
        """The same, but for some fields, as a query that begins with "?"; "" when nothing is asked for."""
        text = urlencode({name: value for name, value in {**self.given, **other}.items() if value})
        return f"?{text}" if text else ""

    def fits(self, fax: Fax) -> bool:
        """Whether a job is one of these."""
        asked, row = self.given, fax.row
        exact = all(not asked[name] or getattr(row, name) == asked[name] for name in ("state", "month"))
        whose = not asked["customer"] or asked["customer"] in (row.customer, fax.phone)
        return exact and whose and asked["number"] in row.number


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list is drawn from; ``found`` holds one job more than is shown when there are older ones."""

    asked: Asked
    moment: Moment
    found: list[Fax]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FaxPages:
    """The routes, around one watch."""

    watch: Watch

    async def jobs(self, visit: Visit) -> Reply:
        """The list."""
        asked, moment = Asked.of(visit), Moment.of(visit)
        if asked.wrong:
            return _list(visit, Shown(asked, moment, [], {}), 400)
        found = await visit.parts.faxes.jobs(asked.chosen, ON_A_PAGE + 1, asked.before)
        return _list(visit, Shown(asked, moment, list(found), await visit.parts.faxes.counts()))

    async def stream(self, visit: Visit) -> Reply:
        """The list, or one job, as it changes."""
        if not self.watch.has_room():
            raise Refused(503)
        asked, one = Asked.of(visit), visit.query.get("job", "")
        if asked.wrong or (one and not BEFORE.match(one)):
            raise Refused(400)
        wanted = (lambda fax: fax.row.id == int(one)) if one else asked.fits
        headers = (("X-Accel-Buffering", "no"),)
        return Reply(kind="text/event-stream", headers=headers, resource=FaxStream(self.watch, visit, wanted))

    async def table(self, visit: Visit) -> Reply:
        """The list as CSV, for a spreadsheet; no cell is a formula (FAULTS I6)."""
        asked = Asked.of(visit)
        if asked.wrong:
            raise Refused(400)
        await _note(visit, "fax_list_saved", f"fax jobs {asked.query()}")
        found = await visit.parts.faxes.jobs(asked.chosen, MOST_ROWS, asked.before)
        text = as_csv(list(found), Moment.of(visit))
        name = ("Content-Disposition", 'attachment; filename="fax-jobs.csv"')
        return Reply("\ufeff" + text, kind="text/csv; charset=utf-8", headers=(name, WHOLE_ONLY))

    async def job(self, visit: Visit) -> Reply:
        """One job."""
        return _page(visit, await _story(visit))

    async def pdf(self, visit: Visit) -> Reply:
        """The document to keep; whole, whatever range is asked for (FAULTS I5)."""
        id = _id(visit)
        found = await visit.parts.faxes.pdf(id)
        if found is None:
            raise Refused(404)
        await _note(visit, "fax_document_saved", f"fax {id}")
        name = ("Content-Disposition", f'attachment; filename="bill-fax-{id}.pdf"')
        return Reply(found, kind="application/pdf", headers=(name, WHOLE_ONLY))

    async def picture(self, visit: Visit) -> Reply:
        """A page of it as a picture."""
        id, page = _id(visit), visit.path["page"].removesuffix(".png")
        found = await visit.parts.faxes.picture(id, int(page)) if re.fullmatch("[0-9]{1,3}", page) else None
        if found is None:
            raise Refused(404)
        await _note(visit, "fax_page_seen", f"fax {id} page {int(page)}")
        return Reply(found, kind="image/png", headers=(WHOLE_ONLY,))

    async def retry(self, visit: Visit) -> Reply:
        """Send it now."""
        return await _decide(visit, "fax_retry", visit.parts.faxes.retry)

    async def cancel(self, visit: Visit) -> Reply:
        """End it."""
        return await _decide(visit, "fax_cancel", visit.parts.faxes.cancel)

    async def mail(self, visit: Visit) -> Reply:
        """Mail the document to the address of the form."""
        story, address = await _story(visit), visit.form.get("address", "").strip()
        if not visit.parts.faxes.mails:
            raise Refused(404)
        if not fit(address):
            return _page(visit, story, "fax_mail_address", 400)
        deed = _deed(visit, "fax_mail", f"fax {story.fax.row.id} to {address}")
        try:
            await visit.parts.faxes.mail(story.fax.row.id, address, deed)
        except MailFault as fault:
            return _page(visit, story, f"fax_mail_{fault.reason}", 502)
        return away_to(f"{fax_lines.link(story.fax.row.id)}?done=mailed")


def as_csv(faxes: list[Fax], moment: Moment) -> str:
    """The jobs as a table of text."""
    out = csv.writer(kept := io.StringIO())
    out.writerow(COLUMNS)
    for fax in faxes:
        values = {name: getattr(fax.row, name) for name in COLUMNS}
        values |= {"created": moment.clock(fax.row.created), "customer": fax.phone or fax.row.customer}
        out.writerow([inert(str(values[name])) for name in COLUMNS])
    return kept.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    cell = shown(cell)
    return f"'{cell}" if cell.lstrip().startswith(FORMULA) else cell


def _list(visit: Visit, what: Shown, status: int = 200) -> Reply:
    asked, moment = what.asked, what.moment
    rows, more = what.found[:ON_A_PAGE], len(what.found) > ON_A_PAGE
    return draw(
        visit,
        "faxes.html",
        status,
        asked=asked,
        states=[("", sum(what.counts.values())), *((state, what.counts.get(state, 0)) for state in STATES)],
        lines=[fax_lines.line(fax, moment) for fax in rows],
        older=asked.query(before=str(rows[-1].row.id)) if more else "",
        now=int(moment.now),
        minds=visit.has(MINDS_FAXES),
        page_words=_live_words(visit),
    )


def _page(visit: Visit, story: FaxStory, trouble: str = "", status: int = 200) -> Reply:
    moment, row = Moment.of(visit), story.fax.row
    done = visit.query.get("done", "")
    return draw(
        visit,
        "fax.html",
        status,
        line=fax_lines.line(story.fax, moment),
        facts=fax_lines.facts(story.fax, moment),
        detail=shown(row.detail),
        call=fax_lines.call_link(row) if visit.has(READS_CALLS) else "",
        dials=[fax_lines.dial(one, moment) for one in reversed(story.attempts)],
        minds=visit.has(MINDS_FAXES),
        document=story.there,
        acts=_acts(row),
        mails=visit.parts.faxes.mails,
        given=visit.form.get("address", ""),
        trouble=trouble,
        done=f"fax_done_{done}" if done in ("retry", "cancel", "mailed") else "",
        now=int(moment.now),
        page_words=_live_words(visit),
    )


def _acts(row: Any) -> list[str]:
    """What may be decided now."""
    if row.state == "failed":
        return ["retry"]
    if row.state in FINAL or row.stop:
        return []
    return ["retry", "cancel"] if row.state in ("waiting", "retrying") else ["cancel"]


async def _decide(visit: Visit, what: str, act: Any) -> Reply:
    id, reason = _id(visit), shown(" ".join(visit.form.get("reason", "").split()))[:120]
    if len(reason) < 3:
        return _page(visit, await _story(visit), "fax_reason_needed", 400)
    if not await act(id, _deed(visit, what, f"fax {id}: {reason}")):
        return _page(visit, await _story(visit), "fax_not_now", 409)
    return away_to(f"{fax_lines.link(id)}?done={what.removeprefix('fax_')}")


async def _story(visit: Visit) -> FaxStory:
    found = await visit.parts.faxes.story(_id(visit))
    if found is None:
        raise Refused(404)
    return found


def _id(visit: Visit) -> int:
    text = visit.path["job"]
    if not BEFORE.match(text):
        raise Refused(404)
    return int(text)


def _deed(visit: Visit, what: str, about: str) -> Deed:
    assert visit.person is not None
    return Deed(visit.person.name, what, about, visit.address)


async def _note(visit: Visit, what: str, about: str) -> None:
    await visit.parts.staff.note(_deed(visit, what, about))


def _live_words(visit: Visit) -> str:
    return json.dumps(visit.words.starting("fax_live_", "fax_state_"), ensure_ascii=False)
