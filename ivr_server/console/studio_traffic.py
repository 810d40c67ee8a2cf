"""What callers do, on the picture of the published flow: who is where now, counts, versions compared, and the calls.

From a place to the calls that came by, and from one of them to its story, told again with the words of its version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from crm_bridge.passed import Cursor
from crm_bridge.traffic import WHATS
from flows.turns import Note
from ivr_server.console import story
from ivr_server.console.drawing import draw
from ivr_server.console.studio import Shape, Studio, asked, author, called, studio_of
from ivr_server.console.studio_parts import Publishing
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting import naming
from ivr_server.drafting.drafts import Unfit
from ivr_server.publishing.asked import TrafficQuestion, WayQuestion
from ivr_server.publishing.seeing import number_of

NUMBER: Final = re.compile(r"[0-9]{1,9}\Z", re.ASCII)
MOMENT: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?\Z", re.ASCII)  # seconds since 1970
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z", re.ASCII)
EXIT: Final = re.compile(r"[A-Za-z0-9_*#]{0,64}\Z", re.ASCII)
CALL: Final = re.compile(r"[ -~]{1,80}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, and of which version; 0: all."""

    since: float
    until: float
    version: int


async def page(visit: Visit) -> Reply:
    """The picture with the callers on it; it comes by script."""
    house = _house(studio_of(visit))
    given = {
        "words": visit.words.starting("studio_"),
        "language": visit.words.language,
        "zone": visit.parts.zone,
        "csrf": visit.csrf,
        "live": house.published,
        "called": called(visit),
    }
    return draw(visit, "studio_traffic.html", studio=json.dumps(given, ensure_ascii=False))


@asked
async def flows(visit: Visit, studio: Studio) -> Shape:
    """Every flow of a version, and the words its pictures show: {number, flows: {name: tree}, prompts}."""
    number = _number(visit.path["number"])
    files = dict(await _house(studio).files(number))
    trees = {
        naming.flow_of(name): (await studio.prover.tree(text))["tree"] for name, text in naming.flows(files).items()
    }
    names = (await studio.prover.check(files))["names"]
    return {"number": number, "flows": trees, "prompts": names["prompts"]}


@asked
async def inside(visit: Visit, studio: Studio) -> Shape:
    """Where callers are just now: {live, callers, versions: {number: {"flow/node": n}}}."""
    house = _house(studio)
    return {"live": house.published, **house.seen.inside()}


@asked
async def entered(visit: Visit, studio: Studio) -> Shape:
    """How often each node of each flow was come to: {entered: {"flow/node": n}}."""
    span = _span(visit)
    return {"entered": dict(await _house(studio).seen.entered(span.since, span.until, span.version))}


@asked
async def traffic(visit: Visit, studio: Studio) -> Shape:
    """Counts of one flow; with ``versus``, compared with those of another version."""
    span = _span(visit)
    versus = _number(visit.query.get("versus") or "0")
    question = TrafficQuestion(_named(visit, "flow"), span.version, versus, since=span.since, until=span.until)
    return await _house(studio).traffic(author(visit), question)


@asked
async def course(visit: Visit, studio: Studio) -> Shape:
    """Hour by hour, and version by version, at one node."""
    return await _house(studio).seen.course(_way(visit))


@asked
async def calls(visit: Visit, studio: Studio) -> Shape:
    """The calls that took a way: {rows, before}; with those who are there now first, as {here}."""
    seen, way, before = _house(studio).seen, _way(visit), _cursor(visit)
    found = await seen.calls(way, before)
    here = () if before or way.what != "entered" else await seen.here(way.flow, way.node)
    after = f"{found.before[0]!r} {found.before[1]}" if found.before else ""
    return {"rows": _rows(visit, found.records), "here": _rows(visit, here), "before": after}


@asked
async def told(visit: Visit, studio: Studio) -> Shape:
    """One call as a story: {call, version, steps, why}; ``why``: there is no sound of it, in words."""
    record = await _record(visit)
    said: Shape = {}
    why = "studio_see_mute_version"
    if number := number_of(record.version):
        said, why = await _said(studio, number, record)
    steps = [_step(visit, each, said) for each in story.numbered(visit, record.notes)]
    facts = [[visit.words(key), value] for key, value in story.facts(visit, record)]
    [row] = _rows(visit, [record])
    return {"call": row, "facts": facts, "steps": steps, "why": visit.words(why) if why else ""}


@asked
async def sound(visit: Visit, studio: Studio) -> Reply:
    """What was said at one note of a call, as a WAV."""
    record, note = await _record(visit), _number(visit.path["note"])
    number = number_of(record.version)
    if studio.simulator is None or not number:
        raise Refused(404)
    found = await studio.simulator.retold(await _house(studio).heard(number), _plain(record), note)
    if "refused" in found:
        raise Unfit(f"studio_sim_not_{found['refused']}")
    return Reply(found["wav"], kind="audio/wav")


async def _said(studio: Studio, number: int, record: Any) -> tuple[Shape, str]:
    """Note -> what was said there, and why there is nothing."""
    if studio.simulator is None:
        return {}, "studio_see_mute"
    found = await studio.simulator.retell(await _house(studio).heard(number), _plain(record))
    return (found["said"], "") if "said" in found else ({}, "studio_see_mute_version")


def _plain(record: Any) -> Shape:
    """The call as the simulator takes it."""
    notes = [[one.step, one.flow, one.node, one.what, one.detail] for one in map(story.as_note, record.notes)]
    names = ("call", "flow", "language", "caller", "dialled")
    return {**{name: getattr(record, name) for name in names}, "notes": notes}


def _step(visit: Visit, numbered: tuple[int, Note, story.Step], said: Shape) -> Shape:
    """One step: {note, what, flow, node, words, at_s, share, keys, said}."""
    number, note, step = numbered
    detail = dict(note.detail)
    keys = detail.get("key", "") if note.what == "chosen" else detail.get("keys", detail.get("value", ""))
    shown = {"note": number, "what": step.what, "flow": note.flow, "node": note.node, "words": step.words}
    pressed = keys if note.what in ("chosen", "entered", "wrong") else ""
    share = int(detail.get("share", "100") or 0)
    return {**shown, "keys": pressed, "share": share, "said": said.get(str(number))}


def _rows(visit: Visit, records: Sequence[Any]) -> list[Shape]:
    """Calls as rows of a list."""
    found = []
    for record, row in zip(records, story.rows(visit, records), strict=True):
        more = {"call": record.call, "version": number_of(record.version)}
        found.append({**asdict(row), **more, "disposition_words": visit.words(f"disposition_{row.disposition}")})
    return found


async def _record(visit: Visit) -> Any:
    call = visit.path["call"]
    record = await visit.parts.calls.find(call) if CALL.match(call) else None
    if record is None:
        raise Refused(404)
    return record


def _house(studio: Studio) -> Publishing:
    if studio.publishing is None:
        raise Refused(404)
    return studio.publishing


def _named(visit: Visit, what: str) -> str:
    name = visit.path[what]
    if not NAME.match(name):
        raise Refused(404)
    return name


def _span(visit: Visit) -> Span:
    since, until = (visit.query.get(name, "") for name in ("since", "until"))
    if not (MOMENT.match(since) and MOMENT.match(until) and float(since) <= float(until)):
        raise Unfit("studio_not_span")
    return Span(float(since), float(until), _number(visit.query.get("version") or "0"))


def _way(visit: Visit) -> WayQuestion:
    span, query = _span(visit), visit.query
    what, exit_ = query.get("what", "entered"), query.get("exit", "")
    if what not in WHATS or not EXIT.match(exit_):
        raise Unfit("studio_no_such_place")
    return WayQuestion(_named(visit, "flow"), _named(visit, "node"), span.since, span.until, span.version, what, exit_)


def _cursor(visit: Visit) -> Cursor | None:
    """Where the last answer ended, as it was told."""
    at, _, call = visit.query.get("before", "").partition(" ")
    return (float(at), call) if MOMENT.match(at) and CALL.match(call) else None


def _number(text: str) -> int:
    if not NUMBER.match(text):
        raise Unfit("studio_not_no_version", 404)
    return int(text)


def routes() -> tuple[Route, ...]:
    """Its part of the table."""
    reads = {
        "/studio/see/flows/<number>": flows,
        "/studio/inside": inside,
        "/studio/traffic": entered,
        "/studio/traffic/<flow>": traffic,
        "/studio/traffic/<flow>/<node>": course,
        "/studio/traffic/<flow>/<node>/calls": calls,
        "/studio/stories/<path:call>": told,
        "/studio/sounds/<note>/<path:call>": sound,
    }
    return (
        Route("GET", "/studio/see", page, READS_CALLS),
        *(Route("GET", path, answer, READS_CALLS, json=True) for path, answer in reads.items()),
    )
