"""Properties of one turn: what is spoken, asked and noted in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.exploring.answers import HUNG_UP, SECRET
from flows.exploring.limits import Limits
from flows.exploring.walking import Seen
from flows.facts import Fact, Saying, Script
from flows.flow import Library
from flows.nodes.end import EndNode
from flows.turns import Collect, Command, End, Enqueue, Event, Failed, HungUp, LookUp, Note, Play


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and the flow and node whose fault it is."""

    flow: str
    node: str
    text: str


def faults(library: Library, limits: Limits, seen: Seen) -> Iterator[Fault]:
    """Everything that is wrong with one turn."""
    for note in seen.turn.notes:
        for text in (*_leaks(note), *_failures(note, seen.event)):
            yield Fault(note.flow, note.node, text)
    here = _place(seen)
    for text in (*_unspeakable(library, seen.turn.command), *_unanswerable(library, seen.turn.command)):
        yield Fault(*here, text)
    for text in (*_uncounted(limits, seen), *_endless(library, seen)):
        yield Fault(*here, text)


def _place(seen: Seen) -> tuple[str, str]:
    """Where the call is after the turn."""
    frame = seen.turn.session.frames[-1]
    return frame.flow, frame.node


def _failures(note: Note, event: Event | None) -> Iterator[str]:
    """Failures that the flow brought about itself: the interpreter notes them and goes the way of failures."""
    fault = dict(note.detail).get("fault", "") if note.what == "failed" else ""
    if fault.startswith("missing "):
        yield f"{fault.removeprefix('missing ')!r} is not known here on every way"
    elif fault and not isinstance(event, Failed):
        yield f"the flow fails by itself here ({fault})"


def _endless(library: Library, seen: Seen) -> Iterator[str]:
    """An end that no node asked for: the flow went round through nodes that never wait."""
    asked = isinstance(seen.event, (Failed, HungUp)) or seen.spent == "hard_turns"
    failed = any(note.what == "failed" for note in seen.turn.notes)
    flow, name = _place(seen)
    if isinstance(seen.turn.command, End) and not asked and not failed:
        node = library.flows[flow].nodes[name]
        if not isinstance(node, EndNode):
            yield "the call goes round here for ever, without a turn"


def _unspeakable(library: Library, command: Command) -> Iterator[str]:
    """Prompts that are not there, not in every language, or without the facts they speak."""
    for script in _scripts(command):
        for saying in script:
            yield from _unspoken(library, saying)


def _scripts(command: Command) -> tuple[Script, ...]:
    if isinstance(command, (Play, Collect)):
        return (command.script,)
    return (command.comfort, command.apology) if isinstance(command, LookUp) else ()


def _unspoken(library: Library, saying: Saying) -> Iterator[str]:
    slots = library.prompts.get(saying.prompt)
    if slots is None:
        yield f"prompt {saying.prompt!r} does not exist"
        return
    for language in library.languages:
        if library.spoken and saying.prompt not in library.spoken.get(language, ()):
            yield f"prompt {saying.prompt!r} has no words in {language}"
    if slots or saying.slots:
        given = dict(saying.slots)
        for slot, kind in slots.items():
            yield from _unbound(saying.prompt, slot, kind, given.get(slot))
        yield from (text for _, fact in saying.slots for text in _inside(library, fact))


def _unbound(prompt: str, slot: str, kind: str, fact: Fact | None) -> Iterator[str]:
    if fact is None:
        yield f"prompt {prompt!r} speaks {slot!r}, which is not known here"
    elif fact.kind == "secret" or fact.value == SECRET:
        yield f"prompt {prompt!r} would speak the secret in {slot!r}"
    elif fact.kind != kind:
        yield f"prompt {prompt!r} speaks {slot!r} as {kind}, but it is {fact.kind} here"


def _inside(library: Library, fact: Fact) -> Iterator[str]:
    """A fact may itself be something to speak: a prompt, or a list of sayings."""
    if fact.kind == "prompt":
        yield from _unspoken(library, Saying(str(fact.value)))
    elif isinstance(fact.value, tuple):
        yield from (text for saying in fact.value for text in _unspoken(library, saying))


def _unanswerable(library: Library, command: Command) -> Iterator[str]:
    """Look-ups and queues that are not there, and arguments that are missing or of another kind."""
    if isinstance(command, Enqueue) and command.queue and command.queue not in library.queues:
        yield f"queue {command.queue!r} does not exist"
    if not isinstance(command, LookUp):
        return
    signature = library.look_ups.get(command.name)
    if signature is None:
        yield f"look-up {command.name!r} does not exist"
        return
    given = dict(command.arguments)
    for argument, kind in signature.needs.items():
        fact = given.get(argument)
        if fact is None and not kind.endswith("?"):
            yield f"look-up {command.name!r} needs {argument!r}, which is not known here"
        elif fact is not None and fact.kind != kind.rstrip("?"):
            yield f"look-up {command.name!r} needs {argument!r} as {kind.rstrip('?')}, but it is {fact.kind} here"


def _leaks(note: Note) -> Iterator[str]:
    for name, value in note.detail:
        if SECRET in value:
            yield f"a secret reaches the note {note.what!r} ({name})"


def _uncounted(limits: Limits, seen: Seen) -> Iterator[str]:
    """What makes every call end: a hang-up ends it, turns are counted, and the very last turn is the last."""
    last = isinstance(seen.turn.command, (End, Enqueue))
    if seen.event is HUNG_UP and not last:
        yield "the call goes on after the caller hung up"
    if seen.before is None or last:
        return
    if seen.turn.session.steps <= seen.before.steps:
        yield "this turn is not counted, so the call's budget of turns does not bound it"
    if seen.spent == "hard_turns":
        yield f"the call goes on after {limits.hard_turns} turns"
