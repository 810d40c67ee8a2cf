"""What an agent is handed with a call: one line of words, and each step in detail. Pure: records in, values out.

Everything is text that may be shown as it is: bounded (200 steps, 8 KiB; FAULTS J3), one line each, without signs that
cannot be seen (A9), and free of secrets, since no note of the trail holds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import zip_longest
from typing import Any, Final

from crm_bridge.fax_jobs import FaxRow
from crm_bridge.journal import CallRecord
from crm_bridge.trails import Found
from flows import trail
from flows.turns import Note
from ivr_server.calls.handing_words import CONTENT, STEERING, WORDS
from ivr_server.calls.recording import LEVELS, as_note

LINE_BYTES: Final = trail.LINE_BYTES
BETWEEN: Final = " · "
MOST_WORDS: Final = 200  # characters of a name from outside

_SHARE: Final = re.compile(r"\s*[(（][0-9]{1,3}%[)）]$", re.ASCII)


@dataclass(frozen=True, slots=True)
class HandedStep:
    """One step. ``at_s``: seconds since the call began, -1 when not known; ``heard``: 0 to 1 of what was spoken."""

    at_s: int
    what: str  # a word of flows.turns.Note, or "left_out"
    words: str
    heard: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A look-up and how it was answered, in words; ``outcome`` of one that failed is the fault."""

    words: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier call. ``at``: by the operator's clock, to be shown; ``at_iso``: UTC."""

    call: str
    at: str
    at_iso: str
    words: str


@dataclass(frozen=True, slots=True)
class OpenFax:
    """A fax that is not at its end."""

    job: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """All of it. ``identity``: none, number or password; ``minutes``: with the voice; ``waited_s``: since then.

    ``tags`` are the flow's own words, ``tag_words`` what they are called; ``queue`` and ``business`` are names, "" for
    none. ``customer`` is the id that the call found, "" when it found nobody.
    """

    call: str
    line: str
    steps: tuple[HandedStep, ...]
    tags: tuple[str, ...]
    tag_words: tuple[str, ...]
    language: str
    identity: str
    identity_words: str
    minutes: int
    faults: tuple[str, ...]
    look_ups: tuple[Asked, ...]
    earlier: tuple[Earlier, ...]
    faxes: tuple[OpenFax, ...]
    queue: str
    business: str
    business_words: str
    waited_s: int
    number: str
    customer: str
    began: str

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Telling:
    """In which words: the reader's language, what names are called in it, the operator's zone, and the instant."""

    language: str
    titles: Mapping[str, str]
    zone: tzinfo
    now: datetime

    def word(self, name: str) -> str:
        """One of the words for what is handed."""
        return WORDS["zh" if self.language.startswith("zh") else "en"].get(name, "")

    def name(self, name: str) -> str:
        """What a tag, a look-up, an outcome or a fault is called."""
        return self.word(name) or trail.named(clean(name), self.language, self.titles)


def handed(found: Found, telling: Telling) -> Handed:
    """What is handed of a call whose legs are these, in order; ValueError when there are none."""
    if not found.legs:
        raise ValueError("no such call")
    first, last = found.legs[0], found.legs[-1]
    notes = _notes(found.legs)
    known = next((leg for leg in reversed(found.legs) if leg.identity), last)
    tags = tuple(dict.fromkeys(_details(notes, "tagged", "tag")))
    business = next((leg.business for leg in reversed(found.legs) if leg.business), "")
    return Handed(
        call=clean(first.call),
        line=_line([note for note, _ in notes], telling),
        steps=_steps(notes, telling),
        tags=tags,
        tag_words=tuple(map(telling.name, tags)),
        language=last.language or first.language,
        identity=LEVELS.get(known.identity, "none"),
        identity_words=telling.word(f"identity_{known.identity}") or telling.word("identity_"),
        minutes=round(_lasted(first, telling.now) / 60),
        faults=tuple(map(telling.name, dict.fromkeys(_details(notes, "failed", "fault")))),
        look_ups=_look_ups(notes, telling),
        earlier=tuple(earlier(record, telling) for record in found.earlier),
        faxes=tuple(_fax(row, telling) for row in found.faxes),
        queue=clean(next((leg.queue for leg in reversed(found.legs) if leg.queue), "")),
        business=clean(business),
        business_words=telling.name(business),
        waited_s=_waited(found.legs, telling.now),
        number=clean(first.caller),
        customer=clean(next((leg.customer for leg in reversed(found.legs) if leg.customer), "")),
        began=first.started.astimezone(UTC).isoformat(timespec="seconds"),
    )


def earlier(record: CallRecord, telling: Telling) -> Earlier:
    """One earlier call in a line; only how it ended where the journal holds no business, though one was chosen."""
    ended = telling.word(f"ended_{record.disposition}") or telling.word("ended_")
    words = telling.word("earlier").format(business=telling.name(record.business), ended=ended)
    words = words if record.business else ended[:1].upper() + ended[1:]
    local = record.started.astimezone(telling.zone)
    iso = record.started.astimezone(UTC).isoformat(timespec="seconds")
    return Earlier(clean(record.call), f"{local:%Y-%m-%d %H:%M}", iso, words)


def clean(text: str) -> str:
    """Text from outside in one line, without signs that cannot be seen, and not too long (FAULTS A9)."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MOST_WORDS])


def _notes(legs: Sequence[CallRecord]) -> list[tuple[Note, int]]:
    """The notes of all legs with their seconds since the call began; a question whose answer follows is left out.

    A fault that came in place of an answer names the look-up.
    """
    began = legs[0].started
    told = [(as_note(row), _second(row, leg, began)) for leg in legs for row in leg.notes]
    told = [(_faulted(note, before and before[0]), at) for (note, at), before in zip(told, [None, *told], strict=False)]
    return [one for one, after in zip_longest(told, told[1:]) if not _answered_by(one[0], after and after[0])]


def _faulted(note: Note, before: Note | None) -> Note:
    if note.what != "failed" or before is None or before.what != "asked":
        return note
    return replace(note, detail=(*note.detail, *before.detail))


def _second(row: Mapping[str, Any], leg: CallRecord, began: datetime) -> int:
    at = row.get("at_s")
    return -1 if not isinstance(at, int | float) else round((leg.started - began).total_seconds() + at)


def _answered_by(note: Note, after: Note | None) -> bool:
    if note.what != "asked" or after is None or after.what not in ("answered", "failed"):
        return False
    return after.what == "failed" or dict(note.detail).get("look_up") == dict(after.detail).get("look_up")


def _steps(notes: Sequence[tuple[Note, int]], telling: Telling) -> tuple[HandedStep, ...]:
    said = trail.told([_first(note) for note, _ in notes], telling.language, telling.titles)
    return tuple(
        HandedStep(-1, "left_out", words) if at < 0 else _step(*notes[at], words) for at, words in said if words
    )


def _step(note: Note, at_s: int, words: str) -> HandedStep:
    if note.what != "heard":
        return HandedStep(at_s, note.what, words)
    share = dict(note.detail).get("share", "")
    more = len(dict(note.detail).get("prompts", "").split()) > 1
    shown = _SHARE.sub("", words) + (" …" if more else "")
    return HandedStep(at_s, note.what, shown, int(share) / 100 if share.isdecimal() else None)


def _first(note: Note) -> Note:
    """Of a text that was heard, what it begins with: a menu's options are not read by anybody."""
    if note.what != "heard":
        return note
    prompts = dict(note.detail).get("prompts", "").split()[:1]
    detail = tuple((key, " ".join(prompts) if key == "prompts" else value) for key, value in note.detail)
    return Note(note.step, note.flow, note.node, note.what, detail)


def _line(notes: Sequence[Note], telling: Telling) -> str:
    """What an agent reads in one glance: chosen, entered, found, proved, heard; the newest is kept."""
    said = [words for note in notes if (words := _glance(note, telling))]
    parts: list[str] = []
    left = LINE_BYTES
    for words in reversed([one for one, after in zip_longest(said, said[1:]) if one != after]):
        left -= len(words.encode()) + len(BETWEEN.encode())
        if left < 0:
            break
        parts.append(words)
    return BETWEEN.join(reversed(parts))


def _glance(note: Note, telling: Telling) -> str:
    """One note in the line, "" for one that is not worth a word there."""
    detail = dict(note.detail)
    if note.what == "heard":
        told = next((CONTENT[name] for name in detail.get("prompts", "").split() if name in CONTENT), "")
        share = detail.get("share", "")
        how = "to_the_end" if share == "100" else "in_part"
        return telling.word(how).format(what=telling.word(told), share=share) if told and share != "0" else ""
    if note.what == "went":
        return telling.word("to_human") if detail.get("to") == "human" else ""
    steers = detail.get("look_up") in STEERING or detail.get("prompt") == "this_language"
    if steers or note.what not in ("chosen", "entered", "answered", "failed"):
        return ""
    if note.what == "failed" and detail.get("look_up"):
        what, fault = telling.name(detail["look_up"]), telling.name(detail.get("fault", ""))
        return telling.word("fault_of").format(what=what, fault=fault)
    return " ".join(trail.words([note], telling.language, telling.titles))


def _look_ups(notes: Sequence[tuple[Note, int]], telling: Telling) -> tuple[Asked, ...]:
    """Each look-up's last answer, in the order of the first asking; those that only steer are left out."""
    answers: dict[str, str] = {}
    for note, _ in notes:
        detail = dict(note.detail)
        if note.what == "answered":
            answers[detail.get("look_up", "")] = detail.get("outcome", "")
        elif note.what == "failed":
            answers[detail.get("look_up", "")] = detail.get("fault", "")
        elif note.what == "asked":  # never answered: the caller left
            answers.setdefault(detail.get("look_up", ""), "unknown")
    kept = {name: outcome for name, outcome in answers.items() if name and name not in STEERING}
    return tuple(Asked(telling.name(name), telling.name(outcome)) for name, outcome in kept.items())


def _details(notes: Iterable[tuple[Note, int]], what: str, key: str) -> list[str]:
    found = (dict(note.detail).get(key, "") for note, _ in notes if note.what == what)
    return [clean(value) for value in found if value]


def _fax(row: FaxRow, telling: Telling) -> OpenFax:
    state = telling.name("retrying" if row.state == "retrying" else row.state)
    words = telling.word("fax_job").format(job=row.id, month=row.month, number=clean(row.number), state=state)
    return OpenFax(row.id, words)


def _lasted(leg: CallRecord, now: datetime) -> float:
    return max(0.0, ((leg.ended or now) - leg.started).total_seconds())


def _waited(legs: Sequence[CallRecord], now: datetime) -> int:
    """Since the voice first put the call through; 0 when it did not, or when that is long ago."""
    since = next((leg.ended for leg in legs if leg.disposition == "enqueued" and leg.ended), None)
    waited = (now - since).total_seconds() if since else 0.0
    return round(waited) if 0 <= waited < 4 * 3_600 else 0


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value
