"""The explorer against brute force: no call, however it goes, is in a state that the explorer has not met."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.explorer import Report, explore
from flows.exploring.answers import answers_to
from flows.exploring.keys import place
from flows.facts import Fact
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer
from flows.turns import Collect, Command, Event, Failed, Keyed, NoInput
from ivr_server.library import Sources, load_library
from tests.doubles.worlds import big_flow, small_library, uninspected


@cache
def explored(name: str) -> tuple[Library, Report, frozenset[object]]:
    """A library, its report and the places of all its states."""
    library = {
        "small": small_library,
        "big": lambda: uninspected(big_flow(3)),
        "shipped": lambda: load_library(Sources()),
    }[name]()
    report = explore(library, "main")
    assert report.graph is not None
    places = frozenset(place(state.session, report.graph.watched) for state in report.graph.states)
    return library, report, places


def any_event(data: st.DataObject, library: Library, command: Command) -> Event:
    """What a caller and the world might do: typed keys of any kind, silence of any length, any answer."""
    keys = st.text("0123456789*#", max_size=12)
    if isinstance(command, Collect) and data.draw(st.booleans()):
        if data.draw(st.booleans()):
            return NoInput(command.rule.first_ms + data.draw(st.integers(0, 60_000)), heard=data.draw(st.floats(0, 1)))
        typed = data.draw(keys | st.sampled_from(command.rule.options)) if command.rule.options else data.draw(keys)
        handle = "a handle" if command.secret and typed not in (*command.rule.options, "") else typed
        return Keyed(handle, len(typed))
    likely = [event for event in answers_to(library, command)[:-1] if not isinstance(event, Failed)]
    return data.draw(st.sampled_from(likely) | st.sampled_from(answers_to(library, command)))


def walk(data: st.DataObject, name: str, length: int) -> None:
    """One call of at most so many turns; each of its places must be known."""
    library, report, places = explored(name)
    assert report.graph is not None
    caller = (("caller", Fact("digits", "13800138000")),) if data.draw(st.booleans()) else ()
    facts = (*caller, ("dialled", Fact("digits", "10086")))
    turn = start(library, Offer("walk", "main", data.draw(st.sampled_from(library.languages)), facts))
    for _ in range(length):
        assert place(turn.session, report.graph.watched) in places
        if turn.session.ended:
            break
        turn = advance(library, turn.session, any_event(data, library, turn.command))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_calls_of_the_small_flow_stay_in_the_explored_states(data: st.DataObject) -> None:
    """Long calls of the small flow: past the budget of turns, past every count of wrong entries."""
    walk(data, "small", 240)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_calls_of_a_branching_flow_stay_in_the_explored_states(data: st.DataObject) -> None:
    """The same where a fact is tested for."""
    walk(data, "big", 120)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_random_calls_of_the_shipped_flows_stay_in_the_explored_states(data: st.DataObject) -> None:
    """The same on what we ship."""
    walk(data, "shipped", 120)
