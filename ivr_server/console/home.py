"""The first page, the language switch, and the static files."""

from __future__ import annotations

from typing import Final

from ivr_server.console.drawing import assets, draw
from ivr_server.console.story import rows
from ivr_server.console.visit import READS_CALLS, Cookie, Refused, Reply, Visit, away_to
from ivr_server.console.words import LANGUAGES

YEAR_S: Final = 365 * 86_400
ON_HOME: Final = 8


async def home(visit: Visit) -> Reply:
    """For a visitor what this is; for staff the latest calls, when their role reads calls."""
    reads = visit.has(READS_CALLS)
    calls = rows(visit, await visit.parts.calls.recent(ON_HOME)) if reads else []
    return draw(visit, "home.html", phone_allowed=visit.may_phone, may_read_calls=reads, calls=calls)


async def language(visit: Visit) -> Reply:
    """Remember the language for a year, and go back to the page it was chosen on."""
    chosen = visit.form.get("to", "")
    if chosen not in LANGUAGES:
        raise Refused(400)
    return away_to(visit.form.get("back", "/"), Cookie("language", chosen, YEAR_S))


async def static(visit: Visit) -> Reply:
    """One of the files of ``static``, by name out of a table: no path of the visitor's touches the disk."""
    found = assets().get(visit.path["name"])
    if found is None:
        raise Refused(404)
    body, kind, version = found
    keep = "public, max-age=31536000, immutable" if visit.path["version"] == version else "no-store"
    return Reply(body, kind=kind, headers=(("Cache-Control", keep),))
