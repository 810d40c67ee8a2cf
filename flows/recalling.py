"""Notes of a recorded call -> what its caller and the world did, in order; the other way round of what a walk notes.

Each turn of a call has one step, and its notes say which event it answered (``interpreter``). What the notes do not
hold is stood in for: of a secret its length, of an answer's facts that the trail does not tell a sample of their kind.
Facts never choose an exit, so the ways stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal

from flows.flow import Library
from flows.turns import Note

Place = tuple[str, str]  # flow, node
What = Literal["keys", "option", "secret", "wrong", "silent", "hung_up", "failed"]
EVERYWHERE_KEYS: Final = {"human": "0", "main": "9", "back": "*", "repeat": ""}
OWN_FAULTS: Final = ("missing ", "exit")  # of a flow, found while it moves: no event of the world
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}\Z")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call out of the journal; ``language`` is its last one."""

    call: str
    flow: str
    language: str
    notes: tuple[Note, ...]
    caller: str = ""
    dialled: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the caller did, or that happened to them, where keys were taken or something was played.

    ``keys``: as pressed ("" is a lone #), of an option with the prompt that named it; ``length`` of a secret;
    ``spent``: the silence that ended the call's patience; ``fault``: the world's.
    """

    place: Place
    what: What
    keys: str = ""
    prompt: str = ""
    length: int = 0
    spent: bool = False
    fault: str = ""

    @property
    def anywhere(self) -> bool:
        """Whether it means the same at every place where keys are taken."""
        return self.what in ("hung_up", "silent") or (self.what == "keys" and self.keys in EVERYWHERE_KEYS.values())


@dataclass(frozen=True, slots=True)
class Reply:
    """What a look-up answered: an outcome with what was told of its facts, or a fault."""

    outcome: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything a call's notes hold. ``whole``: they go to its end, so that it can be compared."""

    acts: tuple[Act, ...]
    replies: Mapping[str, tuple[Reply, ...]]
    whole: bool


def recall(notes: Sequence[Note]) -> Memory:
    """What was done and answered, in order."""
    acts: list[Act] = []
    replies: dict[str, list[Reply]] = {}
    pending = ""
    for step, turn in _turns(notes):
        head = next((note for note in turn if note.what != "heard"), turn[0])
        if step > 1 or pending:
            if pending and (reply := _reply(head)) is not None:
                replies.setdefault(pending, []).append(reply)
            elif act := _act(head, turn):
                acts.append(act)
        pending = dict(turn[-1].detail).get("look_up", "") if turn[-1].what == "asked" else ""
    return Memory(tuple(acts), {name: tuple(each) for name, each in replies.items()}, _ended(notes))


def _turns(notes: Sequence[Note]) -> Iterator[tuple[int, list[Note]]]:
    """The notes turn by turn, without those of writes that nobody waited for."""
    kept = (note for note in notes if not (note.what == "answered" and ("heard", "no") in note.detail))
    for step, turn in groupby(kept, key=_step):
        yield step, list(turn)


def _step(note: Note) -> int:
    return note.step


def _ended(notes: Sequence[Note]) -> bool:
    return any(note.what in ("ended", "hung_up") for note in notes[-4:])


def _reply(note: Note) -> Reply | None:
    """The answer to a look-up, or None when the caller left meanwhile."""
    detail = dict(note.detail)
    if note.what == "answered":
        told = {name: value for name, value in note.detail if name not in ("look_up", "outcome")}
        return Reply(detail.get("outcome", ""), told)
    return Reply(fault=detail.get("fault", "")) if note.what == "failed" else None


def _act(head: Note, turn: Sequence[Note]) -> Act | None:
    """What happened in a turn; None when something was played to its end."""
    place, detail = (head.flow, head.node), dict(head.detail)
    if head.what == "chosen":
        keys = detail.get("key", "").replace("#", "")
        return Act(place, "option", keys, detail["prompt"]) if "prompt" in detail else Act(place, "keys", keys)
    if head.what == "entered":
        if "length" in detail:
            return Act(place, "secret", length=_number(detail["length"]))
        value = detail.get("value", "")
        return Act(place, "keys", value.replace("-", "") if _MONTH.match(value) else value)
    if head.what == "wrong":
        return Act(place, "wrong", detail.get("keys", ""))
    if head.what == "silent":
        return Act(place, "silent", spent=any(_goes(note) == "silent" for note in turn))
    if head.what == "went" and _goes(head) in EVERYWHERE_KEYS:
        return Act(place, "keys", EVERYWHERE_KEYS[_goes(head)])
    if head.what == "failed" and not detail.get("fault", "").startswith(OWN_FAULTS):
        return Act(place, "failed", fault=detail.get("fault", ""))
    return Act(place, "hung_up") if head.what == "hung_up" else None


def _goes(note: Note) -> str:
    return dict(note.detail).get("to", "") if note.what == "went" else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def facts_of(library: Library, look_up: str, reply: Reply) -> dict[str, tuple[str, str | None]]:
    """The facts an answer must bring: name -> (kind, what was told; None: nothing was, a sample stands in)."""
    signature = library.look_ups.get(look_up)
    declared = signature.outcomes.get(reply.outcome, {}) if signature else {}
    found: dict[str, tuple[str, str | None]] = {}
    for name, kind in declared.items():
        told = reply.told.get(name)
        if told is None and kind.endswith("?") and reply.told:
            continue  # it may be absent, and others of this answer were told
        found[name] = (kind.rstrip("?"), told)
    return found
