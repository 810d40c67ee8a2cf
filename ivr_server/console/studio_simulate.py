"""A call tried in the studio, against the draft as it is now; and the same call kept as a dialogue of the draft.

A call is its setup and the list of its moves, which the page holds: nothing of it is kept here, touches an account, or
is counted. Supervisors may try calls; keeping one is an edit.
"""

from __future__ import annotations

from typing import Any, Final

from ivr_server.console.studio import EDITS, Shape, Studio, asked, author, json_of, note
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting import drafts
from ivr_server.drafting.drafts import Change, DraftFile, Unfit
from ivr_server.simulating.recording import FILE
from ivr_server.simulating.simulator import Simulator

LONGEST_TITLE: Final = 120


@asked
async def simulate(visit: Visit, studio: Studio) -> Shape:
    """The call after these moves: ``simulating.showing.told``."""
    setup, moves = json_of(visit, "setup", {}), json_of(visit, "moves", [])
    told: Shape = _answered(await _simulator(studio).call(await studio.drafts.files(), setup, moves), "call")
    return told


@asked
async def sound(visit: Visit, studio: Studio) -> Reply:
    """What is said in one ``line`` of the call, as a WAV."""
    setup, moves, line = json_of(visit, "setup", {}), json_of(visit, "moves", []), json_of(visit, "line", None)
    told = await _simulator(studio).sound(await studio.drafts.files(), line, setup, moves)
    return Reply(_answered(told, "wav"), kind="audio/wav")


@asked
async def say(visit: Visit, studio: Studio) -> Reply:
    """One prompt of the draft in one language, with samples in its slots, as a WAV."""
    prompt, language = visit.form.get("prompt", ""), visit.form.get("language", "")
    told = await _simulator(studio).say(await studio.drafts.files(), prompt, language)
    return Reply(_answered(told, "wav"), kind="audio/wav")


@asked
async def record(visit: Visit, studio: Studio) -> Shape:
    """The call as a dialogue at the end of the draft's file: {file, title}."""
    title = " ".join(visit.form.get("title", "").split())
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise Unfit("studio_sim_not_title")
    found = await studio.drafts.all()
    setup, moves = json_of(visit, "setup", {}), json_of(visit, "moves", [])
    told = await _simulator(studio).record(drafts.texts(found), title, setup, moves)
    here, text = found.get(FILE, DraftFile(FILE, "", "")), _answered(told, "text")
    lines = len(here.text.splitlines(keepends=True))
    edit = {"do": "lines", "first": 0, "last": lines, "value": text}
    await studio.drafts.change([Change(FILE, here.version, (edit,))], author(visit).name, title)
    await note(visit, "studio_edit", f"{FILE}: {title}")
    return {"file": FILE, "title": title}


def _simulator(studio: Studio) -> Simulator:
    if studio.simulator is None:
        raise Refused(404)
    return studio.simulator


def _answered(told: Shape, what: str) -> Any:
    if "refused" in told:
        raise Unfit(f"studio_sim_not_{told['refused']}")
    return told[what]


def routes() -> tuple[Route, ...]:
    """Its part of the table."""
    return (
        Route("POST", "/studio/simulate", simulate, READS_CALLS, json=True),
        Route("POST", "/studio/simulate/sound", sound, READS_CALLS, json=True),
        Route("POST", "/studio/say", say, READS_CALLS, json=True),
        Route("POST", "/studio/simulate/record", record, EDITS, json=True),
    )
