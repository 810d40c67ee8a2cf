"""A re-run of recorded calls: read from the journal, fed to files, put into groups; in a child, or by a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from sqlalchemy import Connection

from crm_bridge.database import Limits, engine_for
from crm_bridge.journal import CallRecord, as_record, joined_calls
from crm_bridge.schema import calls
from flows.flow import Library
from flows.recalling import Recorded
from flows.rerunning import KINDS_OF_WAYS, Rerunner, Verdict, marks
from flows.trail import words as trail_words
from flows.turns import Note
from ivr_server.calls.recording import as_note
from ivr_server.publishing.asked import Shape
from ivr_server.publishing.judging import Ground, words_of
from ivr_server.publishing.telling import Titles, place, words

EXAMPLES: Final = 20  # calls that a group shows
MOST: Final = 100_000
TOLD_EVERY: Final = 500
Told = Callable[[int, int], None]


def work(task: Shape, told: Told) -> Shape:
    """The child's task: {url, since, until, flow, most, files, ground}. Raises OSError, ValueError."""
    ground = task["ground"]
    library = words_of(
        task["files"], Ground(frozenset(ground["queues"]), ground["numbers"], ground["currency"])
    ).library
    engine = engine_for(task["url"], Limits(read_only=True, read_ms=600_000))
    try:
        with engine.connect() as connection:
            return grouped(library, records(connection, task), told)
    finally:
        engine.dispose()


def records(connection: Connection, wish: Shape) -> list[CallRecord]:
    """The finished calls of a span, oldest first; {since, until, flow, most}."""
    wanted = [calls.c.started >= wish["since"], calls.c.started < wish["until"], calls.c.ended.is_not(None)]
    if wish["flow"]:
        wanted.append(calls.c.flow == wish["flow"])
    statement = joined_calls().where(*wanted).order_by(calls.c.started, calls.c.call)
    return [as_record(row) for row in connection.execute(statement.limit(min(wish["most"], MOST)))]


def recorded(record: CallRecord) -> Recorded:
    """A row of the journal as the core takes it."""
    notes = tuple(map(as_note, record.notes))
    return Recorded(record.call, record.flow, record.language, notes, record.caller, record.dialled)


def grouped(library: Library, found: Sequence[CallRecord], told: Told = lambda done, of: None) -> Shape:
    """Every call's verdict, in groups of a kind: how many, why, and examples of each."""
    rerunner = Rerunner(library)
    groups: dict[str, dict[str, Any]] = {
        kind: {"count": 0, "reasons": Counter(), "examples": []} for kind in KINDS_OF_WAYS
    }
    for done, record in enumerate(found, 1):
        verdict = rerunner.verdict(recorded(record))
        group = groups[verdict.kind]
        group["count"] += 1
        group["reasons"][_reason(verdict)] += 1
        if len(group["examples"]) < EXAMPLES:
            group["examples"].append([record.call, record.started.timestamp(), *_reason(verdict)])
        if done % TOLD_EVERY == 0:
            told(done, len(found))
    return {"of": len(found), "groups": {kind: _plain(group) for kind, group in groups.items()}}


def _empty() -> dict[str, Any]:
    return {"count": 0, "reasons": Counter(), "examples": []}


def _reason(verdict: Verdict) -> tuple[str, str, str, str]:
    """(why, about, flow, node) of what is not the same."""
    if verdict.kind == "ends":
        old, new = (" ".join(filter(None, mark[3:])) for mark in verdict.first)
        return "end_was", f"{old}\n{new}", *verdict.at
    if verdict.kind == "menu":
        return "parts", "", *verdict.at
    return ("flow_gone" if verdict.why == "flow" else verdict.why), verdict.about, *verdict.at


def _plain(group: dict[str, Any]) -> Shape:
    reasons = sorted(group["reasons"].items(), key=_most_first)
    return {**group, "reasons": [[*reason, count] for reason, count in reasons[:EXAMPLES]]}


def _most_first(reason: tuple[tuple[str, ...], int]) -> tuple[int, tuple[str, ...]]:
    return -reason[1], reason[0]


def in_words(result: Shape, language: str, library: Library | None = None) -> list[Shape]:
    """The groups for people."""
    tell, of = words(language), max(1, result["of"])

    def why(reason: Sequence[str]) -> str:
        word, about, flow, node = reason
        old, _, new = about.partition("\n")
        return tell(word, about=about, at=place((flow, node), language, library), old=old, new=new) if word else ""

    return [
        {
            "kind": kind,
            "words": tell(kind),
            "count": group["count"],
            "share": group["count"] / of,
            "reasons": [{"words": why(row[:4]), "count": row[4]} for row in group["reasons"] if row[0]],
            "examples": [{"call": row[0], "at": row[1], "words": why(row[2:])} for row in group["examples"]],
        }
        for kind, group in result["groups"].items()
    ]


def side_by_side(library: Library, record: CallRecord, language: str, titles: tuple[Titles, Titles]) -> Shape:
    """One call as it was, and as it would be, line by line; ``titles`` of the prompts then, and now."""
    rerunner, call = Rerunner(library), recorded(record)
    verdict = rerunner.verdict(call)
    old, new = call.notes, rerunner.way(call).notes
    same_old, same_new = _alike(old, new)
    sides = zip((old, new), (same_old, same_new), titles, strict=True)
    told = [list(_lines(notes, same, (language, words_then))) for notes, same, words_then in sides]
    reason = in_words({"of": 1, "groups": {verdict.kind: _one(record, verdict)}}, language, library)[0]
    said = (reason["reasons"] or [{"words": ""}])[0]["words"]
    return {"kind": verdict.kind, "words": said or reason["words"], "recorded": told[0], "rerun": told[1]}


def _one(record: CallRecord, verdict: Verdict) -> Shape:
    return {"count": 1, "reasons": [[*_reason(verdict), 1]], "examples": []}


def _alike(old: Sequence[Note], new: Sequence[Note]) -> tuple[set[int], set[int]]:
    """The places of notes that both ways have in common; what is heard alone never differs."""
    numbered = [[n for n, note in enumerate(notes) if marks((note,)) != _NOTHING] for notes in (old, new)]
    keys = [[marks((notes[n],))[0] for n in rows] for notes, rows in ((old, numbered[0]), (new, numbered[1]))]
    same: tuple[set[int], set[int]] = (set(), set())
    for block in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_matching_blocks():
        for n in range(block.size):
            same[0].add(numbered[0][block.a + n])
            same[1].add(numbered[1][block.b + n])
    same[0].update(set(range(len(old))) - set(numbered[0]))
    same[1].update(set(range(len(new))) - set(numbered[1]))
    return same


_NOTHING: Final = marks(())


def _lines(notes: Sequence[Note], same: set[int], reader: tuple[str, Titles]) -> Iterator[Shape]:
    for n, note in enumerate(notes):
        if said := " ".join(trail_words([note], *reader)):
            yield {"flow": note.flow, "node": note.node, "what": note.what, "words": said, "differs": n not in same}
