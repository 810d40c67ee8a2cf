"""The explorer: sound flows pass, and every way of breaking one is found with a call that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.explorer import Finding, Limits, Report, dialogues, explore
from flows.exploring import keys
from flows.flow import Library
from flows.interpreter import advance, start
from flows.reading import read_flow
from flows.turns import Collect, End, Enqueue
from ivr_server.library import Sources, load_library
from tests.doubles.worlds import SOUND, big_flow, changed, small_library, uninspected, world

ROUND_AND_ROUND = (
    "not_found], to: menu}",
    "not_found], to: again}\n  again: {kind: say, say: [told], to: not_found}",
)
DEEPER = "nodes:\n  in: {kind: sub_flow, flow: deeper, exits: {done: menu}}\n"
MENU_2 = '"2": {say: option_human, to: human}'


def found(library: Library, text: str, limits: Limits | None = None) -> Finding:
    """The one finding whose problem says this; the others are shown when there is none."""
    findings = explore(library, "main", limits).findings
    return next(iter([one for one in findings if text in one.problem.text]), None) or pytest.fail(
        "\n".join(map(str, findings)) or "nothing was found"
    )


def test_a_sound_flow_has_no_findings() -> None:
    """Everything is proved of the small flow, a human is one key away, and silence ends after 60 s."""
    report = explore(small_library(), "main")
    assert report.findings == ()
    assert (report.keys_to_human, report.wait_ms) == (1, 60_000)
    assert report.longest[-1] == "hears: bye"
    assert sum("no key for 10 s" in line for line in report.longest) == 6


def test_a_silent_loop_is_told_as_it_goes_round() -> None:
    """Two texts that lead to each other never end, and no key is needed to stay in them."""
    library = small_library(
        ("not_found], to: menu}", "not_found], to: again}\n  again: {kind: say, say: [told], to: not_found}")
    )
    finding = found(library, "for ever without a key")
    assert finding.story[-3:] == ("hears: not_found", "hears: told", "hears: not_found")
    assert finding.problem.node in ("not_found", "again")
    assert "caller: 13800138000" in "\n".join(finding.story) or "caller: 1380013" in "\n".join(finding.story)


def test_a_dead_end_is_found_where_it_begins() -> None:
    """From a loop of texts no end can be reached."""
    library = small_library(
        ("not_found], to: menu}", "not_found], to: again}\n  again: {kind: say, say: [told], to: not_found}")
    )
    finding = found(library, "no end of the call can be reached")
    assert finding.problem.node == "not_found"
    assert finding.story[-2:] == ("  -> none", "hears: not_found")


def test_a_loop_without_a_turn_is_found() -> None:
    """Nodes that never wait and lead to each other are no call at all."""
    library = small_library(
        (
            "not_found], to: menu}",
            "not_found], to: again}\n  again: {kind: forget, facts: [sum], to: once_more}\n"
            "  once_more: {kind: forget, facts: [sum], to: again}",
        )
    )
    assert found(library, "without a turn").story[-2:] == ("hears: not_found", "call ends: failed")


def test_silence_that_leads_back_to_a_menu_is_a_loop() -> None:
    """always.silent must not ask again: the caller who left the phone on the table would never be let go."""
    library = small_library(("silent: silent,", "silent: menu,"))
    finding = found(library, "for ever without a key")
    assert finding.story[-1].startswith("hears: ") and any("no key" in line for line in finding.story)


def test_a_wait_beyond_the_limit_is_found() -> None:
    """Windows of 25 s add up to more than 60 s before the flow gives up."""
    library = small_library(("    say: [menu]\n", "    say: [menu]\n    first_ms: 25000\n"))
    finding = found(library, "may wait 75 s")
    assert sum("no key for 25 s" in line for line in finding.story) == 3


def test_a_menu_without_a_way_to_a_human_is_found() -> None:
    """Where 0 leads to a goodbye, nobody can be reached from any place that takes keys."""
    library = small_library(("human: human, main", "human: bye, main"), (MENU_2, '"2": {say: option_human, to: bye}'))
    finding = found(library, "no human can be reached")
    assert finding.problem.node == "menu"
    assert finding.story == ("hears: welcome", "hears: menu, press(1, option_bill), press(2, option_human)")


def test_a_human_too_many_keys_away_is_found() -> None:
    """With 0 leading to the menu, a human is two keys from the question; a limit of one is not kept there."""
    library = small_library(("human: human, main", "human: menu, main"))
    assert explore(library, "main").keys_to_human == 2
    finding = found(library, "more than 1 keys away", Limits(keys_to_human=1))
    assert finding.problem.node == "ask"
    assert finding.story[-2:] == ("caller: 1", "hears: ask")


def test_a_prompt_without_words_in_one_language_is_found() -> None:
    """A text that exists in Mandarin only would be silence for the others."""
    library = uninspected(SOUND, world({"en-US": "not_found"}))
    finding = found(library, "'not_found' has no words in en-US")
    assert finding.story[-2:] == ("  -> none", "hears: not_found")
    assert finding.problem.node == "not_found" and finding.problem.line > 1


def test_a_prompt_that_does_not_exist_is_found() -> None:
    """Misspelt prompts are found where a call would speak them."""
    library = small_library(("say: [say_closed]", "say: [say_close]"))
    assert found(library, "'say_close' does not exist").story[-1] == "hears: say_close"


def test_a_fact_missing_on_one_way_is_shown_on_that_way() -> None:
    """The sum is known after the bill was found, and not when the caller comes from elsewhere."""
    library = small_library((MENU_2, '"2": {say: option_human, to: tell}'))
    finding = found(library, "'sum' is not known here on every way")
    assert finding.problem.node == "tell"
    assert "caller: 2" in finding.story and not any("look-up bill" in line for line in finding.story)


def test_a_fact_that_two_ways_know_by_halves_is_shown_on_a_real_way() -> None:
    """Two ways meet, each knowing what the other does not; the call that is told really misses the fact."""
    flow = changed(
        SOUND,
        ("start: welcome", "start: opening"),
        (
            "nodes:\n",
            "nodes:\n  opening: {kind: look_up, look_up: hours, outcomes: {open: due, closed: phone}}\n"
            "  due: {kind: look_up, look_up: due, outcomes: {known: meet, unknown: welcome}}\n"
            "  phone: {kind: ask, say: [ask], form: phone, into: phone, to: meet}\n"
            "  meet: {kind: say, say: [told], to: both}\n"
            "  both: {kind: say, say: [by_date], to: welcome}\n",
        ),
    )
    finding = found(uninspected(flow), "'due' is not known here on every way")
    assert finding.problem.node == "both"
    assert "  -> closed" in finding.story and "look-up due()" not in finding.story


def test_a_slot_filled_with_the_wrong_kind_is_found() -> None:
    """A date is not money."""
    library = small_library(("say: [owed]", "say: [{prompt: owed, slots: {sum: phone}}]"))
    assert "speaks 'sum' as money, but it is digits" in found(library, "as money").problem.text


def test_a_secret_in_a_slot_is_found() -> None:
    """A password is never read back."""
    library = small_library(("form: phone, into: phone, to: sure}", "form: password, into: phone, to: sure}"))
    finding = found(library, "would speak the secret in 'phone'")
    assert finding.problem.node == "sure"
    assert finding.story[-2:] == ("caller: a secret", "hears: read_back(phone: a secret), yes_no")


def test_a_secret_in_a_note_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the interpreter to write an entry down as it came, the explorer would say so."""
    from flows.nodes.ask import Ask

    def careless(self: Ask, fact, length):  # type: ignore[no-untyped-def]
        from flows.nodes.node import Go

        return Go(self.to, ((self.into, fact),), notes=(("entered", (("value", str(fact.value)),)),))

    monkeypatch.setattr(Ask, "_take", careless)
    library = small_library(("form: phone, into: phone, to: sure}", "form: password, into: password, to: menu}"))
    assert found(library, "a secret reaches the note 'entered'").problem.node == "ask"


def test_arguments_of_another_kind_are_found() -> None:
    """A look-up that needs a secret is not asked with digits."""
    library = small_library(
        (
            "bill: {kind: look_up, look_up: bill, outcomes: {found: tell, none: not_found}}",
            "bill: {kind: look_up, look_up: check, with: {password: phone}, outcomes: {right: menu, wrong: not_found}}",
        )
    )
    assert found(library, "needs 'password' as secret, but it is digits").problem.node == "bill"


def test_a_queue_that_is_not_there_is_found() -> None:
    """A call must not be sent where nobody is."""
    library = small_library(("queue: service}", "queue: nobody}"))
    assert found(library, "queue 'nobody' does not exist").story[-1] == "call goes to queue nobody"


def test_a_call_that_goes_on_after_the_hang_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The properties are proved of the interpreter as it is, not as it is meant."""
    from flows import interpreter
    from flows.turns import HungUp, Played

    def deaf(library, session, event):  # type: ignore[no-untyped-def]
        waits = library.flows["main"].nodes[session.frames[-1].node].awaits == "Play"
        return interpreter.advance(library, session, Played() if isinstance(event, HungUp) and waits else event)

    monkeypatch.setattr("flows.exploring.walking.advance", deaf)
    assert found(small_library(), "goes on after the caller hung up").problem.line > 1


def test_turns_that_are_not_counted_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that nothing is taken from bounds nothing."""
    from flows import interpreter

    def forgetful(library, session, event):  # type: ignore[no-untyped-def]
        turn = interpreter.advance(library, session, event)
        return replace(turn, session=replace(turn.session, steps=session.steps))

    monkeypatch.setattr("flows.exploring.walking.advance", forgetful)
    assert found(small_library(), "this turn is not counted")


def test_an_interpreter_that_breaks_is_told_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside the walk is a finding, not a traceback."""

    def broken(library, session, event):  # type: ignore[no-untyped-def]
        raise RuntimeError("ouch")

    monkeypatch.setattr("flows.exploring.walking.advance", broken)
    report = explore(small_library(), "main")
    assert "RuntimeError('ouch')" in report.findings[0].problem.text and report.graph is None


def test_too_many_states_prove_nothing() -> None:
    """A walk that is cut short says so instead of passing."""
    report = explore(small_library(), "main", Limits(states=20))
    assert [problem.text for problem in report.problems] == ["more than 20 states, so nothing is proved"]


def test_sub_flows_that_lead_into_each_other_are_told() -> None:
    """A flow that goes into itself goes deeper with every round; the walk stops and says where."""
    head = "flow: deeper\nstart: ask\nexits: [done]\nnodes:\n"
    asks = "  ask: {kind: ask, say: [ask], form: phone, into: phone, to: in}\n"
    deeper = "  in: {kind: sub_flow, flow: deeper, exits: {done: out}}\n  out: {kind: return, exit: done}\n"
    library = small_library((MENU_2, '"2": {say: option_human, to: in}'), ("nodes:\n", DEEPER))
    library = replace(library, flows={**library.flows, "deeper": read_flow(head + asks + deeper, "deeper.yaml")})
    [problem] = explore(library, "main").problems
    assert problem.text.startswith("sub-flows lead into each other without end (deeper > deeper > deeper)")


def shipped() -> list[Report]:
    """The reports of every shipped root flow."""
    library = load_library(Sources())
    return [explore(library, name) for name, flow in library.flows.items() if flow.always]


def test_the_shipped_flows_hold_and_are_walked_while_an_author_waits() -> None:
    """Everything is proved of what we ship, in so few turns that it takes seconds."""
    reports = shipped()
    assert [str(finding) for report in reports for finding in report.findings] == []
    assert sum(report.turns for report in reports) < 200_000
    assert all(report.keys_to_human <= 2 and report.wait_ms <= 60_000 for report in reports)


def test_a_flow_of_two_hundred_nodes_is_walked_while_an_author_waits() -> None:
    """The walk grows with the flow, not with what may have happened before."""
    library = uninspected(big_flow(22))
    assert len(library.flows["main"].nodes) >= 200
    report = explore(library, "main")
    assert report.findings == () and report.turns < 60_000


def test_the_dialogues_take_every_edge_and_run_as_they_say() -> None:
    """Each covering dialogue is a call: command by command as told, to its end; together they take every edge."""
    library = small_library()
    report = explore(library, "main")
    assert report.graph is not None
    places = {id(edge) for state in report.graph.states for edge in state.edges if not edge.spent}
    taken = 0
    for offer, steps in dialogues(report):
        turn = start(library, offer)
        for command, event in steps:
            assert turn.command == command
            turn = advance(library, turn.session, event)
            taken += 1
        assert isinstance(turn.command, (End, Enqueue))
    assert taken >= len(places)


def test_one_dialogue_for_each_node_and_answer_is_a_small_set() -> None:
    """For slow drivers there is a set that takes each node's answers once."""
    report = explore(small_library(), "main")
    every, few = list(dialogues(report)), list(dialogues(report, per_node=True))
    assert 0 < len(few) < len(every) / 5
    assert report.graph is not None

    def answers(calls):  # type: ignore[no-untyped-def]
        return {(type(command).__name__, event) for _, steps in calls for command, event in steps}

    assert answers(few) == answers(every)


def test_facts_that_are_forked_on_are_part_of_a_state() -> None:
    """So are those they may be copied from, however far; others are not, or the states would be without number."""
    flow = changed(
        SOUND,
        ("option_human, to: human}", "option_human, set: {customer: phone}, to: asked}"),
        ("nodes:\n", 'nodes:\n  asked: {kind: known, fact: customer, "yes": human, "no": menu}\n'),
    )
    assert keys.tested(uninspected(flow)) == {"customer", "phone"}
    assert keys.tested(small_library()) == frozenset()


def test_the_budget_of_turns_is_spent_at_every_place_that_takes_keys() -> None:
    """From each of them the last turn leads away, and the very last ends the call."""
    report = explore(small_library(), "main")
    assert report.graph is not None
    states = report.graph.states
    for state in (state for state in states if isinstance(state.command, Collect)):
        spent = {edge.spent: states[edge.to] for edge in state.edges if edge.spent}
        assert isinstance(spent["hard_turns"].command, End)
        assert spent["turns"].session.ended or spent["turns"].session.frames[-1].node == "human"
