"""What a caller is owed: the manners that are the same at every node."""

from __future__ import annotations

from typing import Any

import pytest

from flows.facts import Fact, Saying
from flows.flow import Library, World
from flows.interpreter import BUDGET, LIMIT, IllegalEvent, advance, pending, start
from flows.reading import read_folder
from flows.session import Offer
from flows.turns import (
    Answered,
    Collect,
    End,
    Enqueue,
    Failed,
    HungUp,
    Keyed,
    LookUp,
    NoInput,
    Note,
    Play,
    Played,
)
from tests.flows.conftest import Talk

BILL = (
    ("due", Fact("date", "2026-11-28")),
    ("parts", Fact("sayings", (Saying("tell", (("sum", Fact("money", 1)),)),))),
    ("sum", Fact("money", 8650)),
    ("this_month", Fact("month", "2026-11")),
)


def key(keys: str) -> Keyed:
    """An entry."""
    return Keyed(keys, len(keys))


def to_password(talk: Any) -> Any:
    """As far as the password."""
    return talk(Played(), key("1"), key("13912345678"), key("1"), Answered("found", (("customer", Fact("text", "7")),)))


def test_a_menu_names_the_task_first_and_the_key_last(talk: Any) -> None:
    """Lead-in, then "for your bill, press 1"; an option in another language is spoken in that."""
    talk(Played())
    assert talk.spoken == ["main_menu", "option_fees", "option_english", "option_human"]
    press, english = talk.now.command.script[1:3]
    assert press == Saying("press", (("key", Fact("digits", "1")), ("task", Fact("prompt", "option_fees"))), "zh-CN")
    assert english.language == "en-US"


def test_the_whole_way_to_the_bill(talk: Any) -> None:
    """Menu, number, read-back, password, bill: facts are carried and spoken, the secret is a handle."""
    to_password(talk)
    assert talk.now.command.secret and not talk.now.command.typed_ahead
    talk(Keyed("secret-1", 6))
    assert isinstance(talk.now.command, LookUp)
    assert talk.now.command.arguments == (
        ("customer", Fact("text", "7")),
        ("password", Fact("secret", "secret-1")),
    )
    talk(Answered("right"), Answered("found", BILL))
    assert isinstance(talk.now.command, Play)
    tell, parts = talk.now.command.script
    assert dict(tell.slots)["sum"] == Fact("money", 8650)
    assert dict(parts.slots)["parts"].value[0].language == "zh-CN"
    talk(Played())
    assert talk.spoken == ["press_month", "option_human"]
    talk(key("1"))
    assert talk.now.command.name == "bill"
    assert dict(talk.now.command.arguments)["month"] == Fact("month", "2026-11")


def test_P10_a_secret_never_reaches_a_note(talk: Any) -> None:
    """The trail says how long the entry was, and neither its keys nor its handle."""
    to_password(talk)(Keyed("secret-1", 6))
    assert talk.told("entered")[-1] == {"fact": "password", "length": "6"}
    assert "secret-1" not in repr([note.detail for note in talk.notes])


def test_a_secret_in_clear_is_refused(talk: Any) -> None:
    """A driver that gives the keys of a secret has made a mistake, which must not go on."""
    to_password(talk)
    with pytest.raises(IllegalEvent):
        talk(key("123456"))


def test_E1_no_input_is_answered_shorter_then_with_help_then_with_a_human(talk: Any) -> None:
    """10 s each: options only, help, the operator, and goodbye before the silence is longer than 60 s."""
    talk(Played(), NoInput(18_000))
    assert talk.now.session.silent_ms == 10_000
    assert talk.spoken == ["no_input", "option_fees", "option_english", "option_human"]
    talk(NoInput(13_000))
    assert talk.spoken[:2] == ["no_input", "menu_help"]
    talk(NoInput(15_000))
    assert talk.spoken == ["operator_offer"]
    talk(NoInput(14_000))
    assert talk.now.command.rule.first_ms == 8_000
    talk(NoInput(12_000))
    assert talk.at == "main.silent" and {"to": "silent"} in talk.told("went")
    talk(Played())
    assert talk.now.command == End("silent")


def test_where_nobody_can_be_offered_something_else_is(texts: dict[str, str], world: World) -> None:
    """``offer`` takes the place of the offer of a human; the options follow it."""
    main = texts["main.yaml"].replace("    help: menu_help\n", "    help: menu_help\n    offer: bye\n")
    talk = Talk(read_folder({**texts, "main.yaml": main}, world))
    talk(Played(), NoInput(10_000), NoInput(10_000), NoInput(10_000))
    assert talk.spoken == ["bye", "option_fees", "option_english", "option_human"]
    talk(NoInput(10_000))
    assert "operator_offer" not in talk.spoken


def test_a_key_ends_the_silence(talk: Any) -> None:
    """Patience begins anew with every key, even a wrong one; a repeat is the whole text again."""
    talk(Played(), NoInput(18_000), NoInput(13_000), key(""))
    assert (talk.now.session.silent_ms, talk.now.session.frames[-1].silences) == (0, 0)
    assert talk.spoken[0] == "main_menu"


def test_E1_three_wrong_keys_lead_to_a_human(talk: Any) -> None:
    """A wrong key has its own prompt, drops what was typed ahead, and three at a node are enough."""
    talk(Played(), key("5"))
    assert talk.spoken[:2] == ["wrong_key", "main_menu"] and not talk.now.command.typed_ahead
    talk(key("6"), key("7"))
    assert talk.at == "main.human" and {"to": "tired"} in talk.told("went")


def test_E1_ten_wrong_entries_in_a_call(talk: Any) -> None:
    """Two at a time, with a right one between: the tenth leads to a human all the same."""
    talk(Played())
    for _ in range(4):
        talk(key("5"), key("5"), key("2"))
    talk(key("5"))
    assert talk.now.session.wrong == 9 and talk.at == "main.menu"
    talk(key("5"))
    assert talk.at == "main.human"


def test_everywhere_keys_leave_a_sub_flow(talk: Any) -> None:
    """0 and 9 unwind to the root flow; * leaves by the exit "back"."""
    at_phone = talk(Played(), key("1")).now.session
    assert len(at_phone.frames) == 2
    assert [f.node for f in talk(key("0")).now.session.frames] == ["human"]
    assert advance(talk.library, at_phone, key("9")).session.frames[-1].node == "menu"
    assert [f.node for f in advance(talk.library, at_phone, key("*")).session.frames] == ["menu"]


def test_the_queue_is_told_the_business(talk: Any) -> None:
    """The tag of the chosen option goes with the call to the agent."""
    talk(Played(), key("1"), key("0"), Answered("yes"))
    assert talk.now.command == Enqueue("service", "fees")
    assert talk.now.session.ended == "enqueued"
    assert talk.told("ended") == [{"disposition": "enqueued", "queue": "service", "business": "fees"}]


def test_an_entry_outside_its_form_is_wrong(talk: Any) -> None:
    """Too short, too long, no such month; a choice and a lone # have their own meaning."""
    talk(Played(), key("1"), key("123"))
    assert talk.spoken == ["wrong_entry", "ask_phone"] and talk.told("wrong") == [{"keys": "123", "times": "1"}]
    to_password(talk_at_phone(talk))
    talk(Keyed("secret-1", 6), Answered("right"), Answered("found", BILL), Played(), key("2"))
    assert talk.at == "fees.month"
    month = talk.now.session
    assert advance(talk.library, month, key("202613")).session.frames[-1].misses == 1
    assert dict(advance(talk.library, month, key("202612")).session.facts)["month"] == Fact("month", "2026-12")
    assert dict(advance(talk.library, month, key("1")).session.facts)["month"] == Fact("month", "2026-11")
    assert advance(talk.library, month, key("")).session.frames[-1].flow == "main"


def talk_at_phone(talk: Any) -> Any:
    """Back to the welcome, as a new caller."""
    talk.now = start(talk.library, Offer("c1", "main", "zh-CN"))
    return talk


def test_look_ups_are_refused_only_so_often(talk: Any) -> None:
    """What only a look-up can refuse is bounded too: the third time leads on, and each counts as a wrong entry."""
    talk(Played(), key("1"))
    for n in range(3):
        assert talk.at == "fees.phone"
        talk(key("13912345678"), key("1"), Answered("unknown"))
        assert talk.now.session.wrong == n + 1
    assert talk.at == "main.menu"


def test_an_effect_drops_what_was_typed_ahead(talk: Any) -> None:
    """Before a confirmation that changes something only a key pressed now counts."""
    talk(Played(), key("1"), key("13912345678"))
    assert talk.now.command.typed_ahead is False
    assert talk.spoken == ["confirm_phone", "yes_no"]


def test_C1_a_failure_goes_the_nodes_way_else_the_flows(talk: Any) -> None:
    """``unavailable`` where the node names it, ``always.failed`` where not; the end when that fails too."""
    talk(Played(), key("0"), Failed("deadline"))
    assert talk.now.command == Enqueue("service", "")
    to_password(talk_at_phone(talk))(Keyed("secret-1", 6), Failed("unavailable"))
    assert talk.at == "main.sorry" and not talk.now.command.interruptible
    talk(Failed("prompt"))
    assert talk.now.command == End("failed")


def test_C1_the_fourth_fault_without_a_key_ends_the_call(talk: Any) -> None:
    """An apology does not bar a node's own way out: the queue is reached though two look-ups failed before it."""
    to_password(talk)(Keyed("secret-1", 6), Failed("unavailable"))
    assert talk.now.session.apologised
    from dataclasses import replace

    from flows.session import Frame

    asking = replace(talk.now.session, frames=(Frame("main", "human"),))
    assert advance(talk.library, asking, Failed("deadline")).command == Enqueue("service", "fees")
    worn = replace(asking, failures=3)
    assert advance(talk.library, worn, Failed("deadline")).command == End("failed")
    talk(Failed("prompt"))
    assert talk.now.command == End("failed")


def test_P10_a_code_that_proves_who_calls_is_not_told(small: Library) -> None:
    """The service code on the paper bill goes to the look-up; the trail says how long it was."""
    from flows.nodes.ask import Ask
    from flows.nodes.node import Go, Wrong

    node = Ask(form="code", into="code", to="prove")
    taken = node.answer(key("480593"), {})
    assert isinstance(taken, Go) and "480593" not in repr(taken.notes)
    assert node.answer(key("48"), {}) == Wrong("")


def test_C7_an_answer_that_nobody_declared_is_a_failure(talk: Any) -> None:
    """Another outcome, a missing fact, a fact of another kind or too many: garbage, and never spoken."""
    to_password(talk)
    before = talk(Keyed("secret-1", 6), Answered("right")).now.session
    for wrong in (
        Answered("paid"),
        Answered("found", BILL[:2]),
        Answered("found", (*BILL, ("customer", Fact("text", "8")))),
        Answered("found", tuple((name, Fact("text", "1")) for name, _ in BILL)),
    ):
        turn = advance(talk.library, before, wrong)
        assert ("fault", "garbage") in [pair for note in turn.notes for pair in note.detail]
        assert turn.session.frames[-1].node == "menu" and turn.session.facts == before.facts


def test_A1_a_hang_up_ends_the_call_at_every_command(talk: Any) -> None:
    """While something plays, while keys are awaited, while the world is asked: one End, and the place is told."""
    for _ in range(2):
        turn = advance(talk.library, talk.now.session, HungUp(0.5))
        assert turn.command == End("hung_up") and turn.session.ended == "hung_up"
        assert turn.session.frames == talk.now.session.frames
        talk(Played() if isinstance(talk.now.command, Play) else key("0"))
    assert advance(talk.library, talk.now.session, HungUp()).command == End("hung_up")


def test_J3_a_call_has_a_budget_of_turns(talk: Any) -> None:
    """At 200 turns the flow may say why; at 230 the call ends."""
    talk(Played())
    while talk.now.session.steps < BUDGET - 1:
        talk(key(""))
    talk(key(""))
    assert talk.at == "main.human" and {"to": "too_long"} in talk.told("went")
    talk(Answered("no"))
    assert talk.at == "main.sorry"
    talk_at_phone(talk)(Played())
    while not talk.now.session.ended:
        talk(Answered("yes") if isinstance(talk.now.command, LookUp) else key("#"[:0]))
        if talk.now.session.steps == BUDGET:
            talk.now = advance(talk.library, with_menu(talk), key(""))
    assert talk.now.command == End("failed") and talk.now.session.steps == LIMIT


def with_menu(talk: Any) -> Any:
    """The session at the menu again, with its count of turns kept: a flow whose too_long leads back."""
    from dataclasses import replace

    from flows.session import Frame

    return replace(talk.now.session, frames=(Frame("main", "menu"),))


def test_an_event_that_answers_nothing_is_illegal(talk: Any) -> None:
    """Keys for a Play, an answer for a Collect, anything after the end, a session of another library."""
    with pytest.raises(IllegalEvent, match=r"Keyed does not answer Play of main\.welcome"):
        talk(key("1"))
    talk(Played())
    with pytest.raises(IllegalEvent):
        talk(Answered("found"))
    with pytest.raises(IllegalEvent):
        talk(HungUp(), HungUp())


def test_another_library_does_not_go_on_with_the_call(small: Library, talk: Any) -> None:
    """A call keeps the flow version that it began with."""
    from dataclasses import replace

    with pytest.raises(IllegalEvent, match="another library"):
        advance(replace(small, version="else"), talk.now.session, Played())


def test_a_call_begins_in_a_root_flow(small: Library) -> None:
    """A sub-flow cannot be called, nor a flow that is not there."""
    with pytest.raises(ValueError, match="sub-flow"):
        start(small, Offer("c", "fees", "zh-CN"))
    with pytest.raises(KeyError):
        start(small, Offer("c", "nothing", "zh-CN"))


def test_the_pending_command_is_made_from_the_session_alone(talk: Any) -> None:
    """A stored session tells what it waits for: the very command that was given."""
    for event in (Played(), NoInput(18_000), key("5"), key("1"), key("13912345678"), key("1")):
        talk(event)
        assert pending(talk.library, talk.now.session) == talk.now.command
    assert pending(talk.library, talk(HungUp()).now.session) is None


def test_the_trail_tells_what_was_heard(talk: Any) -> None:
    """The names of the prompts and the share that was played."""
    talk(Played(0.4), Keyed("1", 1, 0.25))
    assert talk.told("heard") == [
        {"prompts": "welcome", "share": "40"},
        {"prompts": "main_menu option_fees option_english option_human", "share": "25"},
    ]
    assert talk.notes[1] == Note(3, "main", "menu", "heard", talk.notes[1].detail)
    assert talk.told("chosen") == [{"key": "1", "prompt": "option_fees"}]


def test_commands_that_never_change_are_made_once(small: Library) -> None:
    """A menu without facts is the same object for every call."""
    first, second = (
        advance(small, start(small, Offer(call, "main", "zh-CN")).session, Played()) for call in ("a", "b")
    )
    assert isinstance(first.command, Collect) and first.command is second.command
