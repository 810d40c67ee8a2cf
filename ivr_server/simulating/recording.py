"""A simulated call as a dialogue of the draft: given, presses, hears, ends; performed once before it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from flows.dialogues import perform
from flows.dialogues import read as read_dialogues
from flows.turns import Enqueue
from ivr_server.simulating.call import Call
from marked_yaml import Mistakes

FILE: Final = "flows/dialogues/recorded.yaml"
HEAD: Final = (
    "# Calls that were recorded in the flow studio. Each must pass before anything is published.\ndialogues:\n"
)


class CannotRecord(Exception):
    """Why not, in one sentence of ours for the author."""


def recorded(call: Call, title: str, text: str) -> str:
    """The dialogue file with this call at its end. Raises CannotRecord."""
    if not call.tellable:
        raise CannotRecord("untold")
    written = (text.rstrip("\n") + "\n\n" if text.strip() else HEAD) + "\n".join(_lines(call, title)) + "\n"
    try:
        dialogue = read_dialogues(written, FILE)[-1]
    except (Mistakes, IndexError):
        raise CannotRecord("shape") from None
    usual = {**call.stage.usual, **dialogue.answers}
    result = perform(call.stage.library, replace(dialogue, answers=usual))
    if result.problems or dialogue.title != title:
        raise CannotRecord("other")
    return written


def _lines(call: Call, title: str) -> Iterator[str]:
    setup, session, command = call.setup, call.turn.session, call.turn.command
    yield f"  - dialogue: {_q(title)}"
    yield f"    flow: {setup.flow}"
    if setup.caller:
        yield f"    caller: {_q(setup.caller)}"
    if setup.language:
        yield f"    language: {_q(setup.language)}"
    if call.answers:
        yield "    answers:"
        yield from (f"      {name}: {_in_turn(answers)}" for name, answers in call.answers.items())
    yield "    talk:"
    yield from (f"      - {step}" for step in _talk(call))
    yield f"    ends: {session.ended or 'hung_up'}"
    if isinstance(command, Enqueue) and command.queue:
        yield f"    queue: {command.queue}"
    if call.tags:
        yield f"    tags: [{', '.join(call.tags)}]"


def _talk(call: Call) -> Iterator[str]:
    """Each step; what is heard one after the other is one list."""
    heard: list[str] = []
    for what, words in call.talk:
        if what == "hears":
            heard += words
            continue
        yield from _heard(heard)
        heard = []
        yield what if what == "hangs_up" else f"{what}: {_q(words[0])}"
    yield from _heard(heard)
    if not call.over:
        yield "hangs_up"


def _heard(prompts: list[str]) -> Iterator[str]:
    if prompts:
        yield f"hears: [{', '.join(prompts)}]"


def _in_turn(answers: list[Any]) -> str:
    """One answer, when all are alike; else a list, answered in turn."""
    return _q(answers[0] if all(one == answers[0] for one in answers) else answers)


def _q(value: Any) -> str:
    """JSON on one line is YAML, whatever stands in it."""
    return json.dumps(value, ensure_ascii=False)
