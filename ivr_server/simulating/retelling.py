"""A recorded call told again with its words: what its version said at each step, in the language of that moment.

The call goes once more through the flows of its version, with what its notes hold; where the flow speaks, the script is
there with its values. A value that no note tells is a sample, and is told as one. Where the notes and the way part, the
words of the notes' own prompts stand in. Secrets were never noted, so none can be heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flows.exploring.answers import sample
from flows.facts import Fact, Saying, Script
from flows.flow import Library
from flows.recalling import Recorded
from flows.rerunning import Rerunner, Way, marks
from flows.turns import Note
from prompts.speaking import Unspeakable
from prompts.wording import Wording

ONE: Final = Fact("digits", "1")  # the key of a prompt that names its own


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said at one note. ``sampled``: a value in it is not the one that was heard."""

    script: Script
    language: str
    words: str
    sampled: bool


def read(shape: Any) -> Recorded:
    """A call as the console sends it. KeyError, TypeError, ValueError: it is none."""
    notes = tuple(_note(one) for one in shape["notes"])
    call, flow, language, caller, dialled = (
        str(shape[name]) for name in ("call", "flow", "language", "caller", "dialled")
    )
    return Recorded(call, flow, language, notes, caller, dialled)


def _note(one: Any) -> Note:
    step, flow, node, what, detail = one
    return Note(int(step), str(flow), str(node), str(what), tuple((str(key), str(value)) for key, value in detail))


def spoken(library: Library, wording: Wording, recorded: Recorded) -> dict[int, Spoken]:
    """By the place of the note that says it was heard."""
    way, rerunner = _way(library, recorded)
    scripts = iter(way.heard)
    found: dict[int, Spoken] = {}
    language, straying = "", False
    for place, note in enumerate(recorded.notes):
        if note.what != "heard":
            continue
        names = dict(note.detail).get("prompts", "").split()
        script, spoken_in = next(scripts, ((), ""))
        straying = straying or list(map(_named, script)) != names
        if straying:
            script = tuple(_sampled(library, names))
        language = language or recorded.language if straying else spoken_in
        values = [fact for said in script for slot, fact in said.slots if slot not in ("key", "task")]
        if words := _words(wording, script, language):
            sampled = bool(values) if straying else any(map(rerunner.stood_in, values))
            found[place] = Spoken(script, language, words, sampled)
    return found


def _way(library: Library, recorded: Recorded) -> tuple[Way, Rerunner]:
    """The call again, begun in the language that leads to how it was noted: the notes only tell its last one."""
    rerunner = Rerunner(library)
    tries = []
    for language in dict.fromkeys((*library.languages[:1], recorded.language, *library.languages)):
        way = rerunner.way(Recorded(recorded.call, recorded.flow, language, *_rest(recorded)))
        alike = marks(way.notes) == marks(recorded.notes)
        if alike and (not way.heard or way.heard[-1][1] == recorded.language):
            return way, rerunner
        tries.append((alike, way))
    return max(tries, key=lambda one: (one[0], len(one[1].heard)))[1], rerunner


def _rest(recorded: Recorded) -> tuple[tuple[Note, ...], str, str]:
    return recorded.notes, recorded.caller, recorded.dialled


def _named(said: Saying) -> str:
    """The prompt that the trail names: for "for your bill, press 1" that of the bill."""
    return next((str(fact.value) for slot, fact in said.slots if slot == "task"), said.prompt)


def _sampled(library: Library, names: list[str]) -> Iterator[Saying]:
    """The prompts by their names, with samples for what they need."""
    for name in names:
        if name in library.prompts:
            kinds = library.prompts[name].items()
            yield Saying(name, tuple((slot, ONE if slot == "key" else sample(library, kind)) for slot, kind in kinds))


def _words(wording: Wording, script: Script, language: str) -> str:
    try:
        return wording.words(script, language)
    except Unspeakable:
        return ""
