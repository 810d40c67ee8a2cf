"""A call of the explorer as a dialogue that a page shows step by step: where it is, what is done, what is heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flows.exploring.answers import SECRET
from flows.exploring.telling import spoken
from flows.exploring.walking import Edge
from flows.facts import Saying, Script
from flows.session import Turn
from flows.turns import Answered, Collect, Command, End, Enqueue, Event, Failed, HungUp, Keyed, LookUp, NoInput, Play
from prompts.speaking import Unspeakable
from prompts.wording import Wording

Shape = dict[str, Any]


def tale(turns: Iterable[tuple[Edge | None, Turn]], wording: Wording) -> list[Shape]:
    """The steps: {flow, node, did, with, spent, happens, name, words: {language: text}}."""
    return [_step(edge, turn, wording) for edge, turn in turns]


def _step(edge: Edge | None, turn: Turn, wording: Wording) -> Shape:
    frames = turn.session.frames
    place = (frames[-1].flow, frames[-1].node) if frames else ("", "")
    did = _did(edge.event) if edge else ("calls", "")
    happens = _happens(turn.command, wording)
    spent = edge.spent if edge else ""
    return {"flow": place[0], "node": place[1], "did": did[0], "with": did[1], "spent": spent, **happens}


def _did(event: Event) -> tuple[str, str]:
    """What the caller or the world did, in one word, and with what."""
    match event:
        case Keyed():
            return "keyed", "******" if event.keys == SECRET else event.keys or "#"
        case NoInput():
            return "silent", str(event.elapsed_ms // 1000)
        case Answered():
            return "answered", event.outcome
        case Failed():
            return "failed", event.fault
        case HungUp():
            return "hung_up", ""
    return "heard", ""


def _happens(command: Command, wording: Wording) -> Shape:
    match command:
        case Play() | Collect():
            words = {language: text(command.script, language, wording) for language in wording.catalogues}
            what = "asks" if isinstance(command, Collect) else "says"
            return {"happens": what, "name": "", "words": words}
        case LookUp():
            return {"happens": "looks_up", "name": command.name, "words": {}}
        case Enqueue():
            return {"happens": "queue", "name": command.queue, "words": {}}
        case End():
            return {"happens": "ends", "name": command.disposition, "words": {}}


def text(script: Script, language: str, wording: Wording) -> str:
    """The words of a script in a language; a script of several languages as it is; names where there are no words."""
    mixed = len({said.language for said in script}) > 1
    try:
        return wording.words(script if mixed else tuple(_in(said, language) for said in script), language)
    except Unspeakable:
        return spoken(script)


def _in(said: Saying, language: str) -> Saying:
    return replace(said, language=language)
