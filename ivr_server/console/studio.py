"""The flow studio: the page, and what it asks about the draft. Administrators edit; supervisors read; agents nothing.

The page is HTML; everything else answers JSON, and a refusal carries ``text`` in the visitor's language. What is heavy
with people's text is done by ``ivr_server.drafting`` in a child process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final

from crm_bridge.staff import Deed
from flows import trail
from flows.reading import json_schema
from ivr_server.console import studio_told
from ivr_server.console.drawing import asset, draw
from ivr_server.console.studio_parts import Publishing
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting import drafts, naming
from ivr_server.drafting.bench import BenchFault
from ivr_server.drafting.drafts import Change, Conflict, DraftFile, Drafts, Unfit
from ivr_server.drafting.proving import Prover
from ivr_server.drafting.recorder import Recorder
from ivr_server.publishing.asked import Author, Refusal
from ivr_server.sheets.asked import Sheets
from ivr_server.simulating.setup import ACCOUNTS
from ivr_server.simulating.simulator import Simulator

JSON: Final = "application/json"
MICROPHONE: Final = ("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
EDITS: Final = frozenset({"admin"})
MOST_CHANGES: Final = 20
LARGEST_EDIT: Final = 4 << 20  # bytes: a whole file of letters that a form writes as nine
MOST_EDITS: Final = 60
VERSION: Final = re.compile(r"[0-9]{1,9}\Z")
SCRIPTS: Final = ("dagre.js", "codemirror.js")  # loaded when they are needed
BESIDE: Final = ("hours", "notice", "queues", "forms")  # pages of their own
TABS: Final = ("problems", "proof", "simulate", "recordings", "changes", "versions")
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Studio:
    """What the studio is made of. ``publishing`` None: versions are not kept here, and nothing is published.

    ``simulator`` None: no call can be tried. ``sheets`` None: the queues and the forms have no pages.
    ``recorder`` None: no sentence can be given a recording.
    """

    drafts: Drafts
    prover: Prover
    publishing: Publishing | None = None
    simulator: Simulator | None = None
    sheets: Sheets | None = None
    recorder: Recorder | None = None

    async def stop(self) -> None:
        """The end of its children."""
        await self.prover.stop()
        if self.simulator is not None:
            await self.simulator.stop()
        if self.recorder is not None:
            await self.recorder.stop()


Answerer = Callable[[Visit, Studio], Awaitable[Shape | Reply]]


def asked(answer: Answerer) -> Callable[[Visit], Awaitable[Reply]]:
    """A page of the table out of a question; every way in which it is refused becomes JSON in the visitor's words."""

    @wraps(answer)
    async def page(visit: Visit) -> Reply:
        try:
            told = await answer(visit, studio_of(visit))
        except Conflict as conflict:
            return as_json({"text": visit.words("studio_conflict"), "conflict": _conflict(conflict)}, 409)
        except Unfit as unfit:
            return as_json({"text": visit.words(unfit.why), "why": unfit.why}, unfit.status)
        except BenchFault as fault:
            return as_json({"text": visit.words(f"studio_bench_{fault.why}"), "why": fault.why}, 503)
        except Refusal as no:
            language = visit.words.language
            text = " ".join(filter(None, (visit.words(f"studio_not_{no.why}"), no.more.get("text", ""))))
            more = {
                name: studio_told.judged(value, language) if name == "proof" else value
                for name, value in no.more.items()
            }
            return as_json({**more, "text": text, "why": no.why}, no.status)
        return told if isinstance(told, Reply) else as_json(told)

    return page


def as_json(shape: Shape, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(json.dumps(shape, ensure_ascii=False), status, JSON)


def studio_of(visit: Visit) -> Studio:
    """The studio, where there is one."""
    if visit.parts.studio is None:
        raise Refused(404)
    return visit.parts.studio


def called(visit: Visit) -> Shape:
    """What look-ups and their outcomes are called in the visitor's language; where there is nothing, by their names."""
    told = visit.words.starting("told_")
    return {**trail.names(visit.words.language), **{key.removeprefix("told_"): text for key, text in told.items()}}


def author(visit: Visit) -> Author:
    """Who asks."""
    assert visit.person is not None
    return Author(visit.person.name, visit.words.language, visit.address)


async def page(visit: Visit) -> Reply:
    """The studio itself; what it shows comes by script."""
    studio = studio_of(visit)
    given = {
        "words": visit.words.starting("studio_"),
        "called": called(visit),
        "language": visit.words.language,
        "zone": visit.parts.zone,
        "edits": visit.has(EDITS),
        "publishes": studio.publishing is not None and visit.has(EDITS),
        "versions": studio.publishing is not None,
        "accounts": list(ACCOUNTS if studio.simulator else ()),
        "records": studio.recorder is not None,
        "csrf": visit.csrf,
        "me": visit.person.name if visit.person else "",
        "scripts": {name: asset(name) for name in SCRIPTS},
    }
    there = {"simulate": studio.simulator, "recordings": studio.recorder}
    tabs = [name for name in TABS if there.get(name, studio) is not None]
    sees, beside = studio.publishing is not None, BESIDE if studio.sheets is not None else ()
    told = json.dumps(given, ensure_ascii=False)
    reply = draw(visit, "studio.html", studio=told, tabs=tabs, sees=sees, beside=beside)
    return replace(reply, headers=(*reply.headers, MICROPHONE))


@asked
async def schema(visit: Visit, studio: Studio) -> Shape:
    """The JSON Schema that checks the files; the panels are made from it."""
    return json_schema()


@asked
async def state(visit: Visit, studio: Studio) -> Shape:
    """{published, digest, files}: what the draft holds, without its texts."""
    found = await studio.drafts.all()
    files = [_row(one) for one in found.values() if one.text or one.live]
    published = studio.publishing.published if studio.publishing else 0
    return {"published": published, "digest": drafts.digest(drafts.texts(found)), "files": files}


@asked
async def check(visit: Visit, studio: Studio) -> Shape:
    """{digest, problems, names} of the draft as it is now."""
    return studio_told.check(await studio.prover.check(await studio.drafts.files()), visit.words.language)


@asked
async def file(visit: Visit, studio: Studio) -> Shape:
    """One file: {file, version, text, tree, lines, ...}."""
    return await _whole(studio, await _file(visit, studio))


@asked
async def graph(visit: Visit, studio: Studio) -> Shape:
    """The same for the file of a flow, by the flow's name."""
    name = f"flows/{visit.path['flow']}.yaml"
    found = (await studio.drafts.all()).get(name) if naming.fit(name) else None
    if found is None or not found.text:
        raise Refused(404)
    return await _whole(studio, found)


@asked
async def trees(visit: Visit, studio: Studio) -> Shape:
    """{flow: {version, tree}} of every flow: for the search over all of them."""
    found = await studio.drafts.files()
    return {name: (await studio.prover.tree(text))["tree"] for name, text in naming.flows(found).items()}


@asked
async def edit(visit: Visit, studio: Studio) -> Shape:
    """Edits of one or more files, kept together: ``changes`` is [{file, version, edits, choices}]."""
    changes = _changes(visit)
    what = " ".join(visit.form.get("what", "").split())[:120]
    saved = await studio.drafts.change(changes, author(visit).name, what)
    await note(visit, "studio_edit", f"{', '.join(saved.files)}: {what}")
    files = [await _whole(studio, one) for one in saved.files.values()]
    return {"files": files, "merged_with": saved.merged_with}


@asked
async def undo(visit: Visit, studio: Studio) -> Shape:
    """One change back, or forward again with ``forward``."""
    name, seen, forward = _name(visit), _number(visit, "version"), visit.form.get("forward", "") == "yes"
    turned = await studio.drafts.undo(name, seen, author(visit).name, not forward)
    if turned:
        await note(visit, "studio_redo" if forward else "studio_undo", ", ".join(turned))
    return {"files": [await _whole(studio, one) for one in turned.values()]}


@asked
async def discard(visit: Visit, studio: Studio) -> Shape:
    """One file, or the whole draft, is again what is live."""
    names = [_name(visit)] if visit.form.get("file") else []
    gone = await studio.drafts.discard(names, author(visit).name)
    await note(visit, "studio_discard", ", ".join(gone))
    return {"files": [await _whole(studio, one) for one in gone.values()]}


@asked
async def ahead(visit: Visit, studio: Studio) -> Shape:
    """A file that was published anew meanwhile, merged with what is live."""
    name = _name(visit)
    merged = await studio.drafts.ahead(name, choices_of(json_of(visit, "choices", [])), author(visit).name)
    await note(visit, "studio_merge", name)
    return {"files": [await _whole(studio, one) for one in merged.values()]}


@asked
async def history(visit: Visit, studio: Studio) -> Shape:
    """The latest changes: {rows: [{file, version, author, at, what}]}."""
    found = await studio.drafts.history()
    shown = ("file", "version", "author", "at", "what")
    return {"rows": [{name: getattr(one, name) for name in shown} for one in found if one.author]}


@asked
async def prove(visit: Visit, studio: Studio) -> Shape:
    """Begin to walk every turn of the draft as it is now."""
    proof = studio.prover.prove(await studio.drafts.files())
    return {"digest": proof.digest, "state": proof.state}


@asked
async def proof(visit: Visit, studio: Studio) -> Shape:
    """{state: none|running|done|failed, digest, progress, result}: the walk that was begun last, whoever began it."""
    found = studio.prover.proof
    if found is None:
        return {"state": "none", "digest": "", "progress": {}, "result": {}, "text": ""}
    text = visit.words(f"studio_bench_{found.why}") if found.why else ""
    told = {"state": found.state, "digest": found.digest, "progress": found.progress}
    return {**told, "result": studio_told.proof(found.result, visit.words.language), "text": text}


# what goes over the wire


def _row(one: DraftFile) -> Shape:
    head = one.head
    return {
        "file": one.file,
        "flow": naming.flow_of(one.file),
        "version": one.version,
        "there": bool(one.text),
        "changed": one.changed,
        "behind": one.behind,
        "new": not one.live,
        "author": head.author if head and one.changed else "",
        "at": head.at if head and one.changed else 0,
        "undo": bool(head and head.undo),
        "redo": bool(head and head.redo),
    }


async def _whole(studio: Studio, one: DraftFile) -> Shape:
    return {**_row(one), "text": one.text, **(await studio.prover.tree(one.text) if one.text else {"tree": None})}


def _conflict(conflict: Conflict) -> Shape:
    pieces = [piece.told() for piece in conflict.merged.pieces]
    version = conflict.head.version if conflict.head else 0
    return {"file": conflict.file, "whose": conflict.whose, "version": version, "pieces": pieces}


# what comes in


async def _file(visit: Visit, studio: Studio) -> DraftFile:
    name = visit.path["file"]
    found = (await studio.drafts.all()).get(name) if naming.fit(name) else None
    if found is None:
        raise Refused(404)
    return found


def _name(visit: Visit) -> str:
    name = visit.form.get("file", "")
    if not naming.fit(name):
        raise Unfit("studio_not_bad_name")
    return name


def _number(visit: Visit, field: str) -> int:
    text = visit.form.get(field, "")
    if not VERSION.match(text):
        raise Unfit("studio_no_such_place")
    return int(text)


def json_of(visit: Visit, field: str, default: Any) -> Any:
    """A field that holds JSON."""
    try:
        return json.loads(visit.form.get(field, "") or json.dumps(default))
    except (ValueError, RecursionError):
        raise Unfit("studio_no_such_place") from None


def _changes(visit: Visit) -> list[Change]:
    found = json_of(visit, "changes", [])
    if not isinstance(found, list) or not 0 < len(found) <= MOST_CHANGES:
        raise Unfit("studio_no_such_place")
    changes = [_change(one) for one in found]
    if len({one.file for one in changes}) < len(changes):
        raise Unfit("studio_no_such_place")
    return changes


def _change(one: Any) -> Change:
    if not isinstance(one, dict):
        raise Unfit("studio_no_such_place")
    edits, seen = one.get("edits"), one.get("version")
    listed = isinstance(edits, list) and 0 < len(edits) <= MOST_EDITS and all(isinstance(each, dict) for each in edits)
    if not listed or edits is None or not isinstance(seen, int) or not isinstance(one.get("file"), str):
        raise Unfit("studio_no_such_place")
    return Change(one["file"], seen, tuple(edits), choices_of(one.get("choices", [])))


def choices_of(found: Any) -> tuple[str, ...]:
    """A list of choices of a merge."""
    if not isinstance(found, list) or any(one not in ("mine", "theirs", "both") for one in found):
        raise Unfit("studio_no_such_place")
    return tuple(found)


async def note(visit: Visit, what: str, about: str) -> None:
    """A deed of the visitor's for the audit."""
    await visit.parts.staff.note(Deed(author(visit).name, what, about[:200], visit.address))


def routes() -> tuple[Route, ...]:
    """The studio's part of the table."""
    reads: Mapping[str, Callable[[Visit], Awaitable[Reply]]] = {
        "/studio/schema": schema,
        "/studio/state": state,
        "/studio/check": check,
        "/studio/files/<path:file>": file,
        "/studio/graph/<flow>": graph,
        "/studio/trees": trees,
        "/studio/history": history,
        "/studio/proof": proof,
    }
    changes: Mapping[str, Callable[[Visit], Awaitable[Reply]]] = {
        "/studio/edit": edit,
        "/studio/undo": undo,
        "/studio/discard": discard,
        "/studio/merge": ahead,
        "/studio/prove": prove,
    }
    return (
        Route("GET", "/studio", page, READS_CALLS),
        *(Route("GET", path, answer, READS_CALLS, json=True) for path, answer in reads.items()),
        *(Route("POST", path, answer, EDITS, json=True, largest=LARGEST_EDIT) for path, answer in changes.items()),
    )
