"""What the studio asks about versions: publish, roll back, compare, impact, re-run, to and from a file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ivr_server.console.studio import EDITS, Shape, Studio, asked, author, choices_of, json_of
from ivr_server.console.studio_pages import DRAFT, files_of
from ivr_server.console.studio_parts import Publishing
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting import drafts, naming
from ivr_server.drafting.drafts import Unfit
from ivr_server.publishing.asked import PublishWish, RerunWish
from ivr_server.publishing.packing import LARGEST_ARCHIVE

NUMBER: Final = re.compile(r"[0-9]{1,9}\Z")
MOMENT: Final = re.compile(r"[0-9]{1,11}\Z")  # seconds since 1970
DIGEST: Final = re.compile(r"[0-9a-f]{0,64}\Z")
CALL: Final = re.compile(r"[A-Za-z0-9_.:~-]{1,100}\Z")
SHORTEST: Final = 3  # letters of a reason
MOST_CALLS: Final = 10_000


def _publishing(studio: Studio) -> Publishing:
    if studio.publishing is None:
        raise Refused(404)
    return studio.publishing


@asked
async def versions(visit: Visit, studio: Studio) -> Shape:
    """The list."""
    return await _publishing(studio).versions(author(visit))


@asked
async def version(visit: Visit, studio: Studio) -> Shape:
    """One of them."""
    return await _publishing(studio).version(author(visit), _number(visit.path["number"]))


@asked
async def diff(visit: Visit, studio: Studio) -> Shape:
    """Two versions compared; ``draft`` for the newer one is the draft."""
    house, old, new = _publishing(studio), _number(visit.path["number"]), visit.path["other"]
    if new == "draft":
        return await house.diff(author(visit), old, await studio.drafts.files())
    return await house.diff(author(visit), old, _number(new))


@asked
async def folder(visit: Visit, studio: Studio) -> Shape:
    """Whether the folder under git says something else than what is live."""
    return await _publishing(studio).folder(author(visit))


@asked
async def impact(visit: Visit, studio: Studio) -> Shape:
    """What hangs on the draft."""
    return await _publishing(studio).impact(author(visit), await studio.drafts.files())


@asked
async def progress(visit: Visit, studio: Studio) -> Shape:
    """How far a publishing or a roll back is, whoever began it."""
    return _publishing(studio).progress()


@asked
async def publish(visit: Visit, studio: Studio) -> Shape:
    """The draft goes live. ``digest``: what was looked at; a draft that is another by now is refused."""
    house, found = _publishing(studio), await studio.drafts.all()
    files = drafts.texts(found)
    if drafts.digest(files) != visit.form.get("digest", ""):
        raise Unfit("studio_not_looked_at", 409)
    if any(one.behind for one in found.values()):
        raise Unfit("studio_not_merged", 409)
    excuses = json_of(visit, "excuses", {})
    if not isinstance(excuses, dict):
        raise Unfit("studio_no_such_place")
    told = {str(text): _reason(str(why)) for text, why in excuses.items()}
    digest = visit.form.get("folder", "")
    wish = PublishWish(
        files=files,
        base=house.published,
        reason=_reason(visit.form.get("reason", "")),
        excuses=told,
        folder=digest if DIGEST.match(digest) else "",
    )
    told = await house.publish(author(visit), wish)
    await studio.drafts.settle(author(visit).name)
    return told


@asked
async def roll_back(visit: Visit, studio: Studio) -> Shape:
    """An older version is live again."""
    number, reason = _number(visit.form.get("number", "")), _reason(visit.form.get("reason", ""))
    return await _publishing(studio).roll_back(author(visit), number, reason)


@asked
async def take_folder(visit: Visit, studio: Studio) -> Shape:
    """What stands in the folder goes into the draft. ``choices``: {file: [mine|theirs|both]}."""
    house, chosen = _publishing(studio), json_of(visit, "choices", {})
    if not isinstance(chosen, dict):
        raise Unfit("studio_no_such_place")
    choices = {str(name): choices_of(found) for name, found in chosen.items()}
    digest = (await house.folder(author(visit))).get("digest", "")
    taken = await studio.drafts.take(await house.folder_files(), author(visit).name, choices)
    return {"files": sorted(taken), "digest": digest}


@asked
async def begin_from(visit: Visit, studio: Studio) -> Shape:
    """The draft becomes an old version, to be changed further."""
    number = _number(visit.form.get("number", ""))
    files = dict(await _publishing(studio).files(number))
    return {"files": sorted(await studio.drafts.replace(files, author(visit).name, f"version {number}"))}


@asked
async def export(visit: Visit, studio: Studio) -> Reply:
    """A version as a file."""
    number = _number(visit.path["number"])
    content = await _publishing(studio).export(author(visit), number)
    name = ("Content-Disposition", f'attachment; filename="flows-{number}.zip"')
    return Reply(content, kind="application/zip", headers=(name,))


@asked
async def unpack(visit: Visit, studio: Studio) -> Shape:
    """Such a file becomes the draft."""
    files = dict(await _publishing(studio).unpack(author(visit), visit.body))
    return {"files": sorted(await studio.drafts.replace(files, author(visit).name, "import"))}


@asked
async def rerun(visit: Visit, studio: Studio) -> Shape:
    """Begin to feed recorded calls to the draft, or to a version (``fed``)."""
    form, flow = visit.form, visit.form.get("flow", "")
    if flow and not naming.fit(f"flows/{flow}.yaml"):
        raise Unfit("studio_not_bad_name")
    since, until = (_moment(visit, form.get(name, "")) for name in ("since", "until"))
    if until <= since:
        raise Unfit("studio_not_span")
    most = min(_number(form.get("most", "") or str(MOST_CALLS)), MOST_CALLS)
    fed = form.get("fed", "") or DRAFT
    files = await files_of(studio, fed)
    wish = RerunWish(files, since, until, flow, most, fed, drafts.digest(files))
    return await _publishing(studio).rerun(author(visit), wish)


@asked
async def rerun_state(visit: Visit, studio: Studio) -> Shape:
    """How far that is, and what came of it. ``stale``: the draft is another one by now."""
    told = await _publishing(studio).rerun_state(author(visit))
    if told.get("fed") != DRAFT:
        return {**told, "stale": False}
    return {**told, "stale": told["digest"] != drafts.digest(await studio.drafts.files())}


@asked
async def side_by_side(visit: Visit, studio: Studio) -> Shape:
    """One call of it, as it was and as it would be."""
    call = visit.path["call"]
    if not CALL.match(call):
        raise Refused(404)
    return await _publishing(studio).side_by_side(author(visit), call)


@asked
async def audit(visit: Visit, studio: Studio) -> Shape:
    """Who published what and why, and whether nobody has touched that list."""
    return await _publishing(studio).audit(author(visit))


def _moment(visit: Visit, text: str) -> float:
    """Seconds since 1970, or a day and hour of the operator's zone as a form has it."""
    if MOMENT.match(text):
        return float(text)
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(visit.parts.zone)).timestamp()
    except (ValueError, OverflowError):
        at = -1.0
    if at < 0:
        raise Unfit("studio_not_span")
    return at


def _number(text: str, shape: re.Pattern[str] = NUMBER) -> int:
    if not shape.match(text):
        raise Unfit("studio_not_no_version", 404)
    return int(text)


def _reason(text: str) -> str:
    reason = " ".join(text.split())[:200]
    if len(reason) < SHORTEST:
        raise Unfit("studio_not_reason")
    return reason


def routes() -> tuple[Route, ...]:
    """The part of the table that is about versions."""
    reads = {
        "/studio/versions": versions,
        "/studio/versions/<number>": version,
        "/studio/versions/<number>/diff/<other>": diff,
        "/studio/versions/<number>/export": export,
        "/studio/folder": folder,
        "/studio/impact": impact,
        "/studio/progress": progress,
        "/studio/rerun": rerun_state,
        "/studio/rerun/<call>": side_by_side,
        "/studio/audit": audit,
    }
    changes = {
        "/studio/publish": publish,
        "/studio/roll-back": roll_back,
        "/studio/folder": take_folder,
        "/studio/begin-from": begin_from,
        "/studio/rerun": rerun,
    }
    return (
        *(Route("GET", path, answer, READS_CALLS, json=True) for path, answer in reads.items()),
        *(Route("POST", path, answer, EDITS, json=True) for path, answer in changes.items()),
        Route("POST", "/studio/import", unpack, EDITS, json=True, largest=LARGEST_ARCHIVE),
    )
