"""A fax job in the words of a page: a line of the table, its reason, the bar of its pages, its dials."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from crm_bridge.fax_attempts import Attempt
from fax.job import ACTIVE, FINAL, IDLE
from ivr_server.console.drawing import templates
from ivr_server.console.parts import Fax
from ivr_server.console.story import shown
from ivr_server.console.visit import Visit
from ivr_server.console.words import Words

MOST_PIECES: Final = 60  # of a bar; beyond it several pages make a piece
BAR: Final = 120.0  # its width in its own units


@dataclass(frozen=True, slots=True)
class Moment:
    """When and in which words a page is drawn. ``now``: seconds since 1970."""

    words: Words
    zone: ZoneInfo
    now: float

    @classmethod
    def of(cls, visit: Visit) -> Moment:
        """Now, for this visitor."""
        return cls(visit.words, ZoneInfo(visit.parts.zone), time.time())

    def clock(self, at: float, shape: str = "%Y-%m-%d %H:%M:%S") -> str:
        """An instant by the operator's clock, "" for none."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).strftime(shape) if at else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the bar: where it begins, how wide it is; its pages are done, on their way now, or open."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class FaxLine:
    """One job in the table. ``due``: seconds since 1970 of the next try, 0 when there is none to wait for."""

    id: int
    at: str
    at_iso: str
    customer: str
    month: str
    number: str
    state: str
    reason: str
    due: int
    due_words: str
    tries: int
    pages: int
    delivered: int
    bar: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Dial:
    """One dial in the table of a job."""

    number: int
    began: str
    lasted: str
    manner: str
    pages: str
    cause: str
    kind: str
    remote: str
    detail: str


def line(fax: Fax, moment: Moment) -> FaxLine:
    """The job as a line."""
    row = fax.row
    waits = row.state in IDLE and not row.stop
    return FaxLine(
        id=row.id,
        at=moment.clock(row.created, "%Y-%m-%d %H:%M"),
        at_iso=datetime.fromtimestamp(row.created, UTC).isoformat(),
        customer=shown(fax.phone) or moment.words("wish_customer", customer=shown(row.customer)),
        month=shown(row.month),
        number=shown(row.number),
        state=row.state,
        reason=reason(row, moment.words),
        due=int(row.due) if waits else 0,
        due_words=in_how_long(row.due - moment.now, moment.words) if waits else "",
        tries=row.tries,
        pages=row.pages,
        delivered=row.delivered,
        bar=bar(row),
    )


def reason(row: Any, words: Words) -> str:
    """Why it is in this state, "" when the state says it all."""
    if row.stop and row.state not in FINAL:
        return words("fax_stopping")
    if row.state == "sent" or not row.cause:
        return words("fax_asked_anew") if row.state == "waiting" and row.since > row.created else ""
    if row.cause == "lost" and row.state != "unknown":
        return words("fax_cause_lost_before")
    return cause(row.cause, words)


def cause(name: str, words: Words) -> str:
    """A cause in words, its own name when there are none."""
    return words.table.get(f"fax_cause_{name}", shown(name))


def in_how_long(seconds: float, words: Words) -> str:
    """Until the next try."""
    if seconds < 1:
        return words("fax_due_now")
    minutes, rest = divmod(round(seconds), 60)
    time = words("minutes_seconds", m=minutes, s=rest) if minutes else words("seconds", n=rest)
    return words("fax_due_in", time=time)


def bar(row: Any) -> tuple[Piece, ...]:
    """A piece for each page (for several, when there are many); none before the document is made."""
    if row.pages <= 0:
        return ()
    count = min(row.pages, MOST_PIECES)
    step = BAR / count
    gap = min(2.0, step / 4)
    kinds = [_kind(row, index, count) for index in range(count)]
    return tuple(Piece(round(i * step, 2), round(step - gap, 2), kind) for i, kind in enumerate(kinds))


def _kind(row: Any, index: int, count: int) -> str:
    first, last = index * row.pages // count, (index + 1) * row.pages // count
    if last <= row.delivered:
        return "done"
    return "now" if row.state in ACTIVE and first <= row.delivered else "open"


def drawn(fax: Fax, moment: Moment) -> str:
    """The line as a row of HTML, as the table of the page has it."""
    module: Any = templates().get_template("fax_rows.html").module
    return str(module.fax_row(line(fax, moment), moment.words)).strip()


def dial(attempt: Attempt, moment: Moment) -> Dial:
    """One dial, in words."""
    words = moment.words
    lasted = round(attempt.ended - attempt.began)
    return Dial(
        number=attempt.dial,
        began=moment.clock(attempt.began),
        lasted=words("seconds", n=lasted) if attempt.ended else words("fax_dial_open"),
        manner=_manner(attempt, words),
        pages=words("fax_dial_pages", n=attempt.pages, first=attempt.first) if attempt.pages else "0",
        cause=cause(attempt.cause, words) if attempt.cause else "",
        kind="sent" if attempt.cause == "sent" else "failed" if attempt.cause else "",
        remote=shown(attempt.remote),
        detail=shown(attempt.detail),
    )


def _manner(attempt: Attempt, words: Words) -> str:
    rate = words("fax_rate", rate=attempt.rate) if attempt.rate else ""
    ecm = words("fax_ecm" if attempt.ecm else "fax_no_ecm") if attempt.rate else ""
    manner = words("fax_audio") if attempt.manner == "audio" else shown(attempt.manner)
    return " · ".join(part for part in (manner, rate, ecm) if part)


def facts(fax: Fax, moment: Moment) -> list[tuple[str, str]]:
    """What is known of the job, beside its state."""
    row, words = fax.row, moment.words
    language = f"lang_{row.language}"
    found = [
        ("fax_asked", moment.clock(row.created)),
        ("fax_customer", line(fax, moment).customer),
        ("fax_month", shown(row.month)),
        ("fax_number", shown(row.number)),
        ("fax_language", words.table.get(language, shown(row.language))),
        ("fax_tries", str(row.tries)),
        ("fax_last_dial", moment.clock(row.dialled)),
        ("fax_repeated", words("fax_page_n", n=row.repeated) if row.repeated else ""),
        ("fax_heard", words("fax_heard_yes") if row.heard else ""),
    ]
    return [(key, value) for key, value in found if value]


def link(job: int) -> str:
    """The address of the job's page."""
    return f"/faxes/{job}"


def call_link(row: Any) -> str:
    """The story of the call in which it was asked for, "" when there is none."""
    return "/calls/" + quote(row.call, safe="") if row.call else ""
