"""A session as JSON and back, equal to the last fact: for the dialogue tests, a rolling restart, a stored call."""

from __future__ import annotations

import json
from typing import Any, Final

from flows.facts import Fact, Facts, Saying
from flows.session import Frame, Session

FORMAT: Final = 1


def dump(session: Session) -> str:
    """One line of JSON; holds no secret, since a session holds none."""
    stored = {
        "format": FORMAT,
        "call": session.call,
        "version": session.version,
        "frames": [[f.flow, f.node, f.silences, f.misses, f.stage, f.rounds] for f in session.frames],
        "language": session.language,
        "facts": _plain(session.facts),
        "silent_ms": session.silent_ms,
        "wrong": session.wrong,
        "steps": session.steps,
        "ended": session.ended,
        "failures": session.failures,
        "apologised": session.apologised,
    }
    return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Session:
    """The session that was dumped. ValueError when the text is no such thing."""
    try:
        stored = json.loads(text)
        if stored.pop("format") != FORMAT:
            raise ValueError("a session of another version of this program")
        frames = tuple(Frame(*frame) for frame in stored.pop("frames"))
        return Session(frames=frames, facts=_facts(stored.pop("facts")), **stored)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no stored session") from error


def _plain(facts: Facts) -> list[Any]:
    return [[name, fact.kind, _value(fact.value)] for name, fact in facts]


def _value(value: str | int | tuple[Saying, ...]) -> Any:
    if isinstance(value, tuple):
        return [[saying.prompt, _plain(saying.slots), saying.language] for saying in value]
    return value


def _facts(stored: list[Any]) -> Facts:
    return tuple((name, Fact(kind, _read(value))) for name, kind, value in stored)


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(Saying(prompt, _facts(slots), language) for prompt, slots, language in value)
    return value
