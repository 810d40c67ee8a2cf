"""Calls as stories: the latest ones in a table, and one call step by step in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flows import trail
from flows.turns import DISPOSITIONS, Note
from ivr_server.calls.recording import as_note
from ivr_server.console.drawing import draw
from ivr_server.console.visit import Refused, Reply, Visit
from ivr_server.console.words import Words

__all__ = [
    "Row",
    "Step",
    "as_note",
    "call",
    "calls",
    "facts",
    "numbered",
    "rows",
    "shown",
    "steps",
    "subject",
    "tell",
    "titles",
]
MOST_ROWS: Final = 100
SLOT: Final = re.compile(r"{[^{}]*}")


@dataclass(frozen=True, slots=True)
class Row:
    """One call in the table."""

    link: str
    began: str
    began_iso: str
    caller: str
    disposition: str
    subject: str
    lasted: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story."""

    what: str
    words: str
    place: str = ""


async def calls(visit: Visit) -> Reply:
    """The latest calls."""
    return draw(visit, "calls.html", calls=rows(visit, await visit.parts.calls.recent(MOST_ROWS)))


async def call(visit: Visit) -> Reply:
    """One call: its facts, and its trail as a story."""
    record = await visit.parts.calls.find(visit.path["call"])
    if record is None:
        raise Refused(404)
    told = steps(visit, record.notes)
    played = f"/studio/see?call={quote(record.call, safe='')}" if told and visit.parts.studio is not None else ""
    return draw(visit, "call.html", facts=facts(visit, record), story=told, played=played)


def rows(visit: Visit, records: Sequence[Any]) -> list[Row]:
    """Records of the journal as rows."""
    zone = ZoneInfo(visit.parts.zone)
    return [_row(visit.words, zone, record) for record in records]


def _row(words: Words, zone: tzinfo, record: Any) -> Row:
    began: datetime = record.started
    return Row(
        link="/calls/" + quote(record.call, safe=""),
        began=f"{began.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        began_iso=began.isoformat(),
        caller=shown(record.caller),
        disposition=_disposition(record),
        subject=subject(words, record.business or record.queue),
        lasted=lasted(words, record),
    )


def lasted(words: Words, record: Any) -> str:
    """How long the call was, in words; a dash while it is under way."""
    if not record.ended:
        return "–"
    minutes, seconds = divmod(round((record.ended - record.started).total_seconds()), 60)
    return words("minutes_seconds", m=minutes, s=seconds) if minutes else words("seconds", n=seconds)


def subject(words: Words, name: str) -> str:
    """A business or a queue in words, where we have some; else its own name."""
    return words.table.get(f"subject_{name}", shown(name).replace("_", " "))


def shown(text: str) -> str:
    """Text from outside without what cannot be seen: controls and signs that turn the writing round (FAULTS A9)."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _disposition(record: Any) -> str:
    return record.disposition if record.disposition in DISPOSITIONS else "unfinished"


def facts(visit: Visit, record: Any) -> list[tuple[str, str]]:
    """What is known of a call beside its story: (key of its name, words)."""
    row = _row(visit.words, ZoneInfo(visit.parts.zone), record)
    language = f"lang_{record.language}"
    found = [
        ("call_began", row.began),
        ("call_lasted", row.lasted),
        ("call_from", row.caller or visit.words("call_unknown_number")),
        ("call_to", shown(record.dialled)),
        ("call_language", visit.words(language) if language in visit.words.table else shown(record.language)),
        ("call_ended", visit.words(f"disposition_{row.disposition}")),
        ("call_queue", subject(visit.words, record.queue)),
        ("call_business", subject(visit.words, record.business)),
        ("call_fault", shown(record.fault)),
        ("call_id", shown(record.call)),
    ]
    return [(key, value) for key, value in found if value]


def steps(visit: Visit, notes: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Notes as steps, each in words; a note that has none is left out."""
    return [step for _, _, step in numbered(visit, notes)]


def numbered(visit: Visit, notes: Sequence[Mapping[str, Any]]) -> list[tuple[int, Note, Step]]:
    """The same, each with its note and that note's place."""
    titles = titles_for(visit)
    told = [as_note(note) for note in notes]
    pairs = enumerate(zip_longest(told, told[1:]))
    kept = [(number, note) for number, (note, after) in pairs if not _answered_by(note, after)]
    found = [(number, note, tell(note, visit.words.language, titles)) for number, note in kept]
    return [(number, note, step) for number, note, step in found if step is not None]


def _answered_by(note: Note, after: Note | None) -> bool:
    """A question whose answer follows: the answer names it, so that it need not be told twice."""
    if note.what != "asked" or after is None or after.what != "answered":
        return False
    return dict(note.detail).get("look_up") == dict(after.detail).get("look_up")


def titles_for(visit: Visit) -> dict[str, str]:
    """What the trail's names are called in the visitor's language."""
    return titles(visit.words, visit.parts.titles(visit.words.language))


def titles(words: Words | None, prompts: Mapping[str, str]) -> dict[str, str]:
    """What prompts, look-ups, outcomes and queues are called; a slot in a prompt's words is shown as a gap.

    Our own name of a prompt goes first: one that is spoken in the other language would be told in the reader's.
    """
    table = words.starting("told_") if words else {}
    own = {key.removeprefix("told_"): text for key, text in table.items()}
    return {name: SLOT.sub("…", text) for name, text in prompts.items()} | own


def tell(note: Note, language: str, titles: Mapping[str, str]) -> Step | None:
    """One note as a step; None when there is nothing to say about it."""
    words = " ".join(trail.words([note], language, titles))
    return Step(note.what, shown(words), f"{note.flow} › {note.node}" if note.node else "") if words else None
