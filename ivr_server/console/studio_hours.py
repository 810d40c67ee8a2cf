"""Beside the page of the hours: a calendar's holidays, looked at before anything is taken; and the page of the notice.

The notice is kept as the sheets are, by digest, with who and why. Which prompts can be said is read from what is live.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr_server import notice
from ivr_server.console.drawing import draw, read_all
from ivr_server.console.studio import EDITS, Shape, author, note, studio_of
from ivr_server.console.studio_sheets import CHECK_S, DIGEST, asked, sheets_of
from ivr_server.console.visit import READS_CALLS, Reply, Route, Visit
from ivr_server.drafting.drafts import Unfit
from ivr_server.hours import utc_now
from ivr_server.notice import LONGEST, NoticeText
from ivr_server.publishing.asked import Refusal
from ivr_server.sheets.asked import Held, Sheets

LARGEST_CALENDAR: Final = 4 << 20  # bytes: letters that a form writes as three or nine
LONGEST_CALENDAR: Final = 1_000_000  # characters
COPIES: Final = 20
SHORTEST: Final = 3  # letters of a reason


async def calendar(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{rows, passed} of an iCalendar file, as ``drafting.calendars.rows``; nothing is kept."""
    text = visit.form.get("text", "")
    if len(text) > LONGEST_CALENDAR:
        raise Unfit("studio_hours_calendar_long", 413)
    today = utc_now().astimezone(ZoneInfo(visit.parts.zone)).date()
    asked_for = {"do": "calendar", "text": text, "today": today.isoformat()}
    found: Shape = await studio_of(visit).prover.quick.ask(asked_for, CHECK_S)
    if "refused" in found:
        raise Unfit(found["refused"])
    return found


async def page(visit: Visit) -> Reply:
    """The notice: what is said now until when, and who changed it; setting it and taking it away."""
    sheets = sheets_of(visit)
    held = await sheets.held("notice")
    given = {
        "words": visit.words.starting("studio_notice_", "studio_sheet_", "studio_lost"),
        "language": visit.words.language,
        "zone": visit.parts.zone,
        "edits": visit.has(EDITS),
        "csrf": visit.csrf,
        "prompts": _prompts(visit),
        "languages": [(one, read_all()[one]("language_name")) for one in read_all()],
        "longest_days": LONGEST.days,
        "notice": _told(held),
    }
    return draw(visit, "studio_notice.html", given=json.dumps(given, ensure_ascii=False))


async def state(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{notice, rows}: what holds now, and what did, newest first."""
    rows = []
    for one in list(await sheets.copies("notice"))[:COPIES]:
        found = notice.parsed(await sheets.copy("notice", one.digest) or "")
        who = one.who or visit.words("studio_sheet_by_hand")
        what = {"prompt": found.prompt, "until": found.until.timestamp()}
        rows.append({**what, "at": one.at, "who_words": who, "reason": one.reason})
    return {"notice": _told(await sheets.held("notice")), "rows": rows}


async def set_(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """Say ``prompt`` to every caller from now on, ``until`` a moment by the operator's clock (2026-12-01T18:00)."""
    prompt = visit.form.get("prompt", "")
    if prompt not in _prompts(visit):
        raise Unfit("studio_notice_no_prompt")
    return await _kept(visit, sheets, NoticeText(prompt, _end(visit)))


async def clear(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """Say none."""
    return await _kept(visit, sheets, NoticeText())


async def _kept(visit: Visit, sheets: Sheets, new: NoticeText) -> Shape:
    reason = " ".join(visit.form.get("reason", "").split())[:300]
    if len(reason) < SHORTEST:
        raise Refusal("reason", 422)
    seen = visit.form.get("digest", "")
    if not DIGEST.match(seen):
        raise Unfit("studio_no_such_place")
    held, _ = await sheets.keep("notice", new.text, seen, (author(visit), reason))
    said = f"{new.prompt} until {new.until.isoformat(timespec='minutes')}" if new.prompt else "none"
    await note(visit, "notice", f"{said}: {reason}")
    return {"notice": _told(held)}


def _end(visit: Visit) -> datetime:
    """A notice always has an end, which must come, and soon enough not to be forgotten."""
    try:
        end = datetime.fromisoformat(visit.form.get("until", ""))
        end = (end if end.tzinfo else end.replace(tzinfo=ZoneInfo(visit.parts.zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit("studio_notice_no_end") from None
    if not utc_now() < end <= utc_now() + LONGEST + timedelta(minutes=1):
        raise Unfit("studio_notice_end_away")
    return end


def _told(held: Held) -> Shape:
    found = notice.parsed(held.text)
    holds = found.holds(utc_now())
    return {"digest": held.digest, "prompt": found.prompt, "until": found.until.timestamp(), "holds": holds,
            "who": held.who, "at": held.at, "reason": held.reason}  # fmt: skip


def _prompts(visit: Visit) -> dict[str, dict[str, str]]:
    """Prompt -> language -> its words, of those that can be notices, those meant for it first."""
    languages = list(read_all())
    each: dict[str, Any] = {language: visit.parts.titles(language) for language in languages}
    found = set.intersection(*(set(words) for words in each.values())) if each else set()
    plain = (name for name in found if not any("{" in words[name] for words in each.values()))
    ordered = sorted(plain, key=lambda name: (not name.startswith(notice.MEANT), name))
    return {name: {language: words[name] for language, words in each.items()} for name in ordered}


def routes() -> tuple[Route, ...]:
    """This part of the table."""
    to_calendar = asked("hours", calendar)
    return (
        Route("POST", "/studio/hours/calendar", to_calendar, EDITS, json=True, largest=LARGEST_CALENDAR),
        Route("GET", "/studio/notice", page, READS_CALLS),
        Route("GET", "/studio/notice/state", asked("notice", state), READS_CALLS, json=True),
        Route("POST", "/studio/notice/set", asked("notice", set_), EDITS, json=True),
        Route("POST", "/studio/notice/clear", asked("notice", clear), EDITS, json=True),
    )
