"""A path through the walk, told as a dialogue that a person reads: what the caller hears, does, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from flows.exploring.answers import SECRET
from flows.exploring.limits import Limits
from flows.exploring.walking import Edge
from flows.facts import Script
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer, Turn
from flows.turns import Answered, Collect, Command, End, Enqueue, Event, Failed, HungUp, Keyed, LookUp, NoInput, Play

_SPENT: Final = {
    "wrong": "(and so on, until the tenth wrong entry of the call)",
    "turns": "(and so on, until the turns of the call are used up)",
    "hard_turns": "(and so on, until the very last turn of the call)",
}


def replayed(library: Library, offer: Offer, limits: Limits, edges: Iterable[Edge]) -> list[tuple[Edge | None, Turn]]:
    """The turns of a call that takes these edges, each with the edge that led to it; stops where the call ends."""
    turn = start(library, offer)
    turns: list[tuple[Edge | None, Turn]] = [(None, turn)]
    for edge in edges:
        if turn.session.ended or not _fits(turn.command, edge.event):
            break
        session = turn.session
        if edge.spent == "wrong":
            session = replace(session, wrong=limits.wrong - 1)
        elif edge.spent:
            session = replace(session, steps=(limits.turns if edge.spent == "turns" else limits.hard_turns) - 1)
        turn = advance(library, session, edge.event)
        turns.append((edge, turn))
    return turns


def _fits(command: Command, event: Event) -> bool:
    """Whether the event is one of this very command; a path of facts in common may part from a call's own."""
    if isinstance(event, Answered):
        return isinstance(command, LookUp)
    if isinstance(event, (Keyed, NoInput)):
        return isinstance(command, Collect)
    return isinstance(command, (Play, Collect, LookUp)) or isinstance(event, HungUp)


def story(turns: Iterable[tuple[Edge | None, Turn]]) -> tuple[str, ...]:
    """The dialogue, one line for each thing that is heard, pressed or answered."""
    return tuple(line for edge, turn in turns for line in _lines(edge, turn))


def _lines(edge: Edge | None, turn: Turn) -> Iterator[str]:
    if edge is not None:
        yield from (_SPENT[edge.spent],) if edge.spent else ()
        did = _did(edge.event)
        yield from (did,) if did else ()
    yield from _happens(turn.command)


def _did(event: Event) -> str:
    if isinstance(event, Keyed):
        shown = "a secret" if event.keys == SECRET else event.keys or "#"
        return f"caller: {shown}"
    if isinstance(event, NoInput):
        return f"caller: (no key for {event.elapsed_ms // 1000} s)"
    if isinstance(event, Answered):
        return f"  -> {event.outcome}"
    if isinstance(event, Failed):
        return f"  fails: {event.fault}"
    return "caller: hangs up" if isinstance(event, HungUp) else ""


def _happens(command: Command) -> Iterator[str]:
    if isinstance(command, (Play, Collect)):
        yield f"hears: {spoken(command.script)}"
    elif isinstance(command, LookUp):
        yield f"look-up {command.name}({', '.join(name for name, _ in command.arguments)})"
    elif isinstance(command, Enqueue):
        yield f"call goes to queue {command.queue}"
    elif isinstance(command, End):
        yield f"call ends: {command.disposition}"


def spoken(script: Script) -> str:
    """The prompts of a script; of one that is built from slots, what is put into it."""
    parts = []
    for saying in script:
        inside = ", ".join(_short(slot, fact.value) for slot, fact in saying.slots)
        parts.append(f"{saying.prompt}({inside})" if inside else saying.prompt)
    return ", ".join(parts) or "(nothing)"


def _short(slot: str, value: object) -> str:
    if value == SECRET:
        return f"{slot}: a secret"
    return slot if isinstance(value, tuple) else str(value)
