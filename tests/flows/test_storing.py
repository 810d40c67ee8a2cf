"""A session goes to JSON and back at any moment of any call, and calls end whatever happens in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.facts import Fact, Saying
from flows.flow import Library, LookUpSignature
from flows.interpreter import LIMIT, advance, pending, start
from flows.session import Offer, Session, Turn
from flows.storing import dump, load
from flows.trail import BYTES, STEPS, line, words
from flows.turns import (
    DISPOSITIONS,
    Answered,
    Collect,
    End,
    Enqueue,
    Event,
    Failed,
    HungUp,
    Keyed,
    LookUp,
    NoInput,
    Note,
    Play,
    Played,
)

CANARY = "480593"
VALUES = {
    "money": Fact("money", -8650),
    "month": Fact("month", "2026-11"),
    "date": Fact("date", "2026-11-28"),
    "count": Fact("count", 2),
    "text": Fact("text", "客户 7"),
    "digits": Fact("digits", "0555"),
    "prompt": Fact("prompt", "notice"),
    "sayings": Fact("sayings", (Saying("tell", (("due", Fact("date", "2026-11-28")), ("sum", Fact("money", 1)))),)),
}


def answer(signature: LookUpSignature, number: int) -> Answered:
    """One of the outcomes that a look-up declares, with its facts."""
    outcome, facts = list(signature.outcomes.items())[number % len(signature.outcomes)]
    return Answered(outcome, tuple((name, VALUES[kind.rstrip("?")]) for name, kind in facts.items()))


def event(draw: st.DrawFn, library: Library, turn: Turn) -> Event:
    """Anything that may answer the command; seldom the end of the call."""
    command = turn.command
    fate = draw(st.integers(0, 99))
    if fate == 0:
        return HungUp(0.3)
    if fate < 6:
        return Failed(draw(st.sampled_from(["deadline", "unavailable", "prompt"])))
    if isinstance(command, Play):
        return Played(draw(st.sampled_from([0.0, 0.5, 1.0])))
    if isinstance(command, LookUp):
        return answer(library.look_ups[command.name], draw(st.integers(0, 5)))
    assert isinstance(command, Collect)
    if fate < 20:
        return NoInput(command.rule.first_ms + draw(st.integers(0, 8_000)))
    keys = draw(st.sampled_from([*command.rule.options, "", "3", "202611", "13912345678", CANARY]))
    secret = command.secret and keys and keys not in command.rule.options
    return Keyed("secret-1" if secret else keys, len(keys))


@st.composite
def calls(draw: st.DrawFn, library: Library) -> list[Turn]:
    """All turns of one call, its session dumped and loaded between every two."""
    language = draw(st.sampled_from(library.languages))
    turns = [start(library, Offer("c1", "main", language, (("caller", Fact("digits", "13912345678")),)))]
    while not turns[-1].session.ended:
        stored = load(dump(turns[-1].session))
        assert stored == turns[-1].session
        turns.append(advance(library, stored, event(draw, library, turns[-1])))
    return turns


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_E1_every_call_ends_within_its_budget(small: Library, data: st.DataObject) -> None:
    """Whatever the caller and the world do: one last command, a known disposition, at most 230 turns."""
    turns = data.draw(calls(small))
    last = turns[-1]
    assert isinstance(last.command, End | Enqueue)
    assert last.session.ended in DISPOSITIONS and last.session.steps == len(turns) <= LIMIT
    assert all(not isinstance(turn.command, End | Enqueue) for turn in turns[:-1])
    assert all(pending(small, turn.session) == turn.command for turn in turns[:-1])
    assert all(turn.session.silent_ms < 60_000 or turn.session.frames[-1].flow == "main" for turn in turns)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_J3_the_trail_of_any_call_is_bounded(small: Library, data: st.DataObject) -> None:
    """200 sentences and 8 KiB in either language; one line of 800 bytes; nothing of a secret."""
    notes = [note for turn in data.draw(calls(small)) for note in turn.notes]
    for language in small.languages:
        said = words(notes, language)
        assert len(said) <= STEPS and len("\n".join(said).encode()) <= BYTES
        told = line(notes, language)
        assert len(told.encode()) <= 800 and "\n" not in told
    assert "secret-1" not in repr([note.detail for note in notes])
    assert all(isinstance(note, Note) for note in notes)


def test_a_stored_session_is_small_and_plain(small: Library) -> None:
    """Plain JSON of well under a kilobyte, words as they are."""
    session = Session("c1", "v", start(small, Offer("c1", "main", "zh-CN")).session.frames, "zh-CN")
    stored = dump(session)
    assert json.loads(stored)["language"] == "zh-CN" and len(stored) < 1_000


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 2}', '{"format": 1, "frames": [], "facts": []}'])
def test_what_is_no_session_is_refused(text: str) -> None:
    """Another version's, half a file, or something else: ValueError."""
    with pytest.raises(ValueError):
        load(text)
