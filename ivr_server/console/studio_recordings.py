"""Recordings instead of the voice: which sentence has one, in which language; to give one, to hear it, to take it back.

What is uploaded or said into the microphone comes as it is, with the fields in the query. It is read in a child, kept
by what is in it, and named by the draft: undo, merge, publish and roll back treat it as any other change.
"""

from __future__ import annotations

from typing import Any, Final

from ivr_server.console.studio import EDITS, Shape, Studio, asked, author, note
from ivr_server.console.visit import READS_CALLS, Refused, Reply, Route, Visit
from ivr_server.drafting import spoken
from ivr_server.drafting.drafts import Change, Unfit
from ivr_server.drafting.recorder import NotTaken, Recorder, what
from prompts import recordings
from prompts.incoming import LARGEST

READ_S: Final = 20.0
LANGUAGES: Final = frozenset({"zh-CN", "en-US"})


@asked
async def listed(visit: Visit, studio: Studio) -> Shape:
    """Every sentence of the draft: {prompts: {language: {name: {text, slots, file, says, stale, ms}}}, unread}.

    ``ms``: 0 where there is no recording, -1 where its file is missing.
    """
    found = await _spoken(studio, await studio.drafts.files())
    rows = [row for language in found["prompts"].values() for row in language.values()]
    lengths = await _recorder(studio).lengths({row["file"] for row in rows if row["file"]})
    for row in rows:
        row["ms"] = lengths.get(row["file"], -1) if row["file"] else 0
    return found


@asked
async def heard(visit: Visit, studio: Studio) -> Reply:
    """One recording as callers hear it, as a WAV."""
    path = visit.query.get("file", "")
    content = None if recordings.fault(path) else await _recorder(studio).sound(path)
    if content is None:
        raise Refused(404, "studio_rec_not_there")
    return Reply(content, kind="audio/wav")


@asked
async def give(visit: Visit, studio: Studio) -> Shape:
    """The body becomes the recording of ``prompt`` in ``language``: {files, ms, clipped} as an edit answers."""
    recorder = _recorder(studio)
    name, language, row = await _row(visit, studio)
    if row["slots"]:
        raise Unfit("studio_rec_not_slots")
    try:
        taken = await recorder.take(what(name, language), visit.body)
    except NotTaken as refused:
        raise Unfit(f"studio_rec_not_{refused.why}", 413 if refused.why == "big" else 422) from None
    told = await _kept(visit, studio, (name, language), spoken.edits(name, row, taken.path))
    return {**told, "ms": taken.ms, "clipped": taken.clipped}


@asked
async def take_back(visit: Visit, studio: Studio) -> Shape:
    """The voice says it again."""
    _recorder(studio)
    name, language, row = await _row(visit, studio)
    if not row["file"]:
        raise Unfit("studio_rec_not_there")
    return await _kept(visit, studio, (name, language), spoken.edits(name, row, ""))


async def _kept(visit: Visit, studio: Studio, where: tuple[str, str], edits: list[Shape]) -> Shape:
    """An edit of the draft's words; {files: [file]}, without their texts."""
    name, language = where
    file = f"prompts/{language}.yaml"
    version = (await studio.drafts.all())[file].version
    deed = "recording" if len(edits) > 1 or isinstance(edits[0]["value"], dict) else "no recording"
    saved = await studio.drafts.change([Change(file, version, tuple(edits))], author(visit).name, f"{name}: {deed}")
    await note(visit, "studio_edit", f"{file}: {name}: {deed}")
    return {"files": list(saved.files)}


async def _row(visit: Visit, studio: Studio) -> tuple[str, str, Shape]:
    """The sentence that is meant, as the draft has it."""
    name, language = (visit.form.get(field, "") for field in ("prompt", "language"))
    files = await studio.drafts.files()
    file = f"prompts/{language}.yaml"
    if language not in LANGUAGES or file not in files:
        raise Unfit("studio_rec_not_prompt", 404)
    found = await _spoken(studio, {file: files[file]})
    if found["unread"]:
        raise Unfit("studio_rec_not_readable", 409)
    row = found["prompts"].get(language, {}).get(name)
    if row is None:
        raise Unfit("studio_rec_not_prompt", 404)
    return name, language, row


async def _spoken(studio: Studio, files: Any) -> Shape:
    return await studio.prover.quick.ask({"do": "spoken", "files": dict(files)}, READ_S)


def _recorder(studio: Studio) -> Recorder:
    if studio.recorder is None:
        raise Refused(404)
    return studio.recorder


def routes() -> tuple[Route, ...]:
    """Its part of the table."""
    return (
        Route("GET", "/studio/recordings", listed, READS_CALLS, json=True),
        Route("GET", "/studio/recordings/sound", heard, READS_CALLS, json=True),
        Route("POST", "/studio/recordings", give, EDITS, json=True, largest=LARGEST),
        Route("POST", "/studio/recordings/none", take_back, EDITS, json=True),
    )
