"""The studio's pages beside the studio itself: two versions compared, recorded calls re-run, who published what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr_server.console.drawing import draw
from ivr_server.console.story import shown
from ivr_server.console.studio import EDITS, Shape, Studio, asked, author, called, studio_of
from ivr_server.console.studio_parts import Publishing
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.console.words import Words
from ivr_server.drafting import naming
from ivr_server.drafting.drafts import Unfit

MOST_ROWS: Final = 200
DRAFT: Final = "draft"


@dataclass(frozen=True, slots=True)
class DeedRow:
    """One row of the audit. ``before``: the version that was live until then, 0 when none is known."""

    number: int
    at: str
    at_iso: str
    who: str
    what: str
    what_words: str
    version: int
    before: int
    about: str


async def compare(visit: Visit) -> Reply:
    """Two versions, or one and the draft, as a picture; it comes by script."""
    return _scripted(visit, "studio_compare.html")


async def re_run(visit: Visit) -> Reply:
    """Recorded calls fed to other flows; by script."""
    return _scripted(visit, "studio_rerun.html")


async def deeds(visit: Visit) -> Reply:
    """The audit: every publishing and roll back, and whether its chain holds."""
    told = await _house(studio_of(visit)).audit(author(visit), MOST_ROWS)
    rows = _rows(visit.words, ZoneInfo(visit.parts.zone), told["rows"])
    chain = {"whole": told["whole"], "broken": told.get("broken", 0)}
    return draw(visit, "studio_deeds.html", deeds=rows, chain=chain, zone=visit.parts.zone, most=MOST_ROWS)


@asked
async def picture(visit: Visit, studio: Studio) -> Shape:
    """One flow of a version or of the draft, and the words that its picture shows: {there, tree, prompts}."""
    number, flow = visit.path["number"], visit.path["flow"]
    if not naming.fit(f"flows/{flow}.yaml"):
        raise Refused(404)
    files = await files_of(studio, number)
    text = files.get(f"flows/{flow}.yaml", "")
    tree = (await studio.prover.tree(text))["tree"] if text else None
    names = (await studio.prover.check(files))["names"]
    return {"there": bool(text), "tree": tree, "prompts": names["prompts"]}


async def files_of(studio: Studio, number: str) -> dict[str, str]:
    """What stands in a version, or in the draft."""
    if number == DRAFT:
        return await studio.drafts.files()
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Unfit("studio_not_no_version", 404)
    return dict(await _house(studio).files(int(number)))


def _house(studio: Studio) -> Publishing:
    if studio.publishing is None:
        raise Refused(404)
    return studio.publishing


def _scripted(visit: Visit, template: str) -> Reply:
    _house(studio_of(visit))
    given = {
        "words": visit.words.starting("studio_"),
        "called": called(visit),
        "language": visit.words.language,
        "zone": visit.parts.zone,
        "edits": visit.has(EDITS),
        "csrf": visit.csrf,
    }
    return draw(visit, template, studio=json.dumps(given, ensure_ascii=False))


def _rows(words: Words, zone: ZoneInfo, rows: list[dict[str, Any]]) -> list[DeedRow]:
    before = [row["version"] for row in rows[1:]] + [0]
    return [_row(words, zone, row, old) for row, old in zip(rows, before, strict=True)]


def _row(words: Words, zone: ZoneInfo, row: dict[str, Any], before: int) -> DeedRow:
    at = datetime.fromtimestamp(row["at"], zone)
    return DeedRow(
        number=row["number"],
        at=f"{at:%Y-%m-%d %H:%M:%S}",
        at_iso=at.isoformat(),
        who=shown(row["who"]) or words("studio_deeds_nobody"),
        what=row["what"],
        what_words=row["what_words"],
        version=row["version"],
        before=before if before != row["version"] else 0,
        about=shown(row["about"]),
    )


def routes() -> tuple[Route, ...]:
    """Their part of the table."""
    return (
        Route("GET", "/studio/compare", compare, READS_CALLS),
        Route("GET", "/studio/re-run", re_run, READS_CALLS),
        Route("GET", "/studio/deeds", deeds, READS_CALLS),
        Route("GET", "/studio/versions/<number>/pictures/<flow>", picture, READS_CALLS, json=True),
    )
