"""Pages of sheets that admins edit beside the flows: the queues, the forms of receptions, the hours.

The page holds the text. Each edit is answered with the whole text, its tree and its problems, found in a child; only
``keep`` changes anything, and it checks once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from difflib import unified_diff
from functools import wraps
from typing import Any, Final

from pydantic import TypeAdapter

from ivr_server.agents.forms import FormFile
from ivr_server.console import sheets_told
from ivr_server.console.drawing import asset, draw, read_all
from ivr_server.console.studio import EDITS, Shape, as_json, author, choices_of, json_of, note
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting.bench import BenchFault
from ivr_server.drafting.drafts import Unfit
from ivr_server.drafting.merging import merge
from ivr_server.floor.queue_file import BUSINESSES, LANGUAGES, LARGEST, SMALLEST, QueueFile
from ivr_server.hours_file import HoursFile
from ivr_server.publishing.asked import Refusal
from ivr_server.sheets.asked import Held, Moved, NotKept, Said, Sheets

SHAPES: Final[dict[str, TypeAdapter[Any]]] = {
    "queues": TypeAdapter(QueueFile),
    "forms": TypeAdapter(FormFile),
    "hours": TypeAdapter(HoursFile),
}
CHECK_S: Final = 20.0
LONGEST: Final = 100_000  # characters of a sheet
LARGEST_BODY: Final = 2 << 20  # bytes: two such texts, each character as nine
MOST_EDITS: Final = 60
SHORTEST: Final = 3  # letters of a reason
DIGEST: Final = re.compile(r"[0-9a-f]{8,64}\Z")
AROUND: Final = 2  # lines around a difference
Answerer = Callable[[Visit, Sheets, str], Awaitable[Shape | Reply]]


def asked(name: str, answer: Answerer) -> Callable[[Visit], Awaitable[Reply]]:
    """A page of the table out of a question about one sheet; refusals become JSON in the visitor's words."""

    @wraps(answer)
    async def page(visit: Visit) -> Reply:
        try:
            told = await answer(visit, sheets_of(visit), name)
        except Unfit as unfit:
            return as_json({"text": visit.words(unfit.why), "why": unfit.why}, unfit.status)
        except BenchFault as fault:
            return as_json({"text": visit.words(f"studio_bench_{fault.why}"), "why": fault.why}, 503)
        except Moved as moved:
            text = visit.words("studio_sheet_moved", who=_who(visit, moved.now))
            return as_json({"text": text, "who_words": _who(visit, moved.now), "now": moved.now.digest}, 409)
        except NotKept as no:
            return as_json({"text": " ".join(_said(visit, no.refused)), "refused": _said(visit, no.refused)}, 422)
        except Refusal as no:
            return as_json({"text": visit.words(f"studio_not_{no.why}"), "why": no.why}, no.status)
        return told if isinstance(told, Reply) else as_json(told)

    return page


def sheets_of(visit: Visit) -> Sheets:
    """The sheets, where there are any."""
    studio = visit.parts.studio
    if studio is None or studio.sheets is None:
        raise Refused(404)
    return studio.sheets


def page_of(name: str) -> Callable[[Visit], Awaitable[Reply]]:
    """The page of one sheet."""

    async def page(visit: Visit) -> Reply:
        held = await sheets_of(visit).held(name)
        words = read_all()
        given = {
            "words": visit.words.starting("studio_sheet_", f"studio_{name}_", "studio_merge_", "studio_lost"),
            "language": visit.words.language,
            "zone": visit.parts.zone,
            "edits": visit.has(EDITS),
            "csrf": visit.csrf,
            "scripts": {"codemirror.js": asset("codemirror.js")},
            "styles": [asset("calm.css"), asset("desk.css")],
            "desk": {language: words[language].starting("desk_") for language in LANGUAGES},
            "schema": SHAPES[name].json_schema(),
            "bounds": {key: (least, LARGEST.get(key, 3600)) for key, least in SMALLEST.items()},
            "options": {
                "businesses": [(one, visit.words(f"subject_{one}")) for one in BUSINESSES],
                "languages": [(one, words[one]("language_name")) for one in LANGUAGES],
            },
            "people": [],
            "sheet": {"name": name, "digest": held.digest, **await _checked(visit, name, held.text, [])},
        }
        sides = ("seen", "yaml", "copies") if name == "forms" else ("yaml", "copies")
        return draw(visit, "studio_sheet.html", given=json.dumps(given, ensure_ascii=False), sheet=name, sides=sides)

    return page


async def check(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{text, tree, problems} after ``edits`` of ``text``."""
    return await _checked(visit, name, _text(visit, "text"), _edits(visit))


async def weigh(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{lines, refused, effects}: what differs from the sheet as it is, and what keeping it would do."""
    text = await _sound(visit, name)
    held, weight = await sheets.held(name), await sheets.weigh(name, text)
    return {
        "lines": differing(held.text, text),
        "refused": _said(visit, weight.refused),
        "effects": _said(visit, weight.effects),
    }


async def keep(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{digest, done}: the sheet is this text from now on."""
    reason = " ".join(visit.form.get("reason", "").split())[:300]
    if len(reason) < SHORTEST:
        raise Refusal("reason", 422)
    seen = visit.form.get("digest", "")
    text = await _sound(visit, name)
    held, done = await sheets.keep(name, text, seen, (author(visit), reason))
    await note(visit, "sheet_keep", f"{name} {held.digest[:12]}: {reason}")
    return {"digest": held.digest, "done": _said(visit, done)}


async def together(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{text, now} with the visitor's change and that of whoever was quicker; {conflict} where both touch a line."""
    held = await sheets.held(name)
    merged = merge(_text(visit, "base"), _text(visit, "mine"), held.text)
    text = merged.settled(choices_of(json_of(visit, "choices", [])))
    if text is None:
        return {"conflict": {"file": name, "pieces": [piece.told() for piece in merged.pieces]}}
    return {"text": text, "now": {"text": held.text, "digest": held.digest}}


async def copies(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{rows: [{digest, at, who_words, reason, there}], broken: a sentence, when they were altered}, newest first."""
    kept = ("digest", "at", "reason", "there")
    found, broken = await sheets.copies(name), await sheets.broken(name)
    told = visit.words("studio_sheet_broken", n=broken) if broken else ""
    rows = [{"who_words": _who(visit, one), **{key: getattr(one, key) for key in kept}} for one in found]
    return {"rows": rows, "broken": told}


async def copy(visit: Visit, sheets: Sheets, name: str) -> Shape:
    """{text} of one of them."""
    digest = visit.path["digest"]
    text = await sheets.copy(name, digest) if DIGEST.match(digest) else None
    if text is None:
        raise Refused(404)
    return {"text": text}


# what comes in, and how it is told


async def _checked(visit: Visit, name: str, text: str, edits: list[Shape]) -> Shape:
    studio = visit.parts.studio
    assert studio is not None
    asked_for = {"do": "sheet", "sheet": name, "text": text, "edits": edits}
    found = await studio.prover.quick.ask(asked_for, CHECK_S)
    if "refused" in found:
        raise Unfit(found["refused"])
    return {**found, "problems": sheets_told.worded(found["problems"], visit.words.language)}


async def _sound(visit: Visit, name: str) -> str:
    """The text, which has no problems."""
    text = _text(visit, "text")
    if (await _checked(visit, name, text, []))["problems"]:
        raise Unfit("studio_sheet_has_problems")
    return text


def _text(visit: Visit, field: str) -> str:
    text = visit.form.get(field, "").replace("\r\n", "\n")
    if not text or len(text) > LONGEST:
        raise Unfit("studio_sheet_too_long" if text else "studio_no_such_place", 413 if text else 422)
    return text


def _edits(visit: Visit) -> list[Shape]:
    found = json_of(visit, "edits", [])
    if not isinstance(found, list) or len(found) > MOST_EDITS or not all(isinstance(one, dict) for one in found):
        raise Unfit("studio_no_such_place")
    return found


def differing(old: str, new: str) -> list[tuple[str, str]]:
    """[mark, line]: "+", "-", " ", and "@" where lines were passed over."""
    lines = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=AROUND))[2:]
    return [("@", "⋯") if line.startswith("@@") else (line[0], line[1:]) for line in lines]


def _said(visit: Visit, sentences: Sequence[Said]) -> list[str]:
    return [visit.words(f"studio_{one.key}", **one.slots) for one in sentences]


def _who(visit: Visit, held: Held) -> str:
    return held.who or visit.words("studio_sheet_found" if held.how == "found" else "studio_sheet_by_hand")


def routes() -> tuple[Route, ...]:
    """The pages' part of the table."""
    return tuple(route for name in SHAPES for route in _of(name))


def _of(name: str) -> tuple[Route, ...]:
    reads = {"/copies": copies, "/copies/<digest>": copy}
    changes = {"/check": check, "/weigh": weigh, "/keep": keep, "/merge": together}
    return (
        Route("GET", f"/studio/{name}", page_of(name), READS_CALLS),
        *(Route("GET", f"/studio/{name}{at}", asked(name, do), READS_CALLS, json=True) for at, do in reads.items()),
        *(_change(f"/studio/{name}{at}", asked(name, do)) for at, do in changes.items()),
    )


def _change(path: str, page: Callable[[Visit], Awaitable[Reply]]) -> Route:
    return Route("POST", path, page, EDITS, json=True, largest=LARGEST_BODY)
