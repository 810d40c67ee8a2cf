"""Queues by fact, silence with a way of its own, and what look-ups usually answer in dialogues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.dialogues import perform, read, read_usual
from flows.explorer import explore
from flows.facts import Fact
from flows.flow import Library, LookUpSignature, World
from flows.interpreter import advance, start
from flows.naming_queues import queues_named
from flows.reading import read_folder
from flows.session import Offer
from flows.turns import Answered, Enqueue, Failed, NoInput
from marked_yaml import Mistakes
from tests.doubles.worlds import LANGUAGES, PROMPTS

FLOW = """
flow: main
title: {zh-CN: 主流程, en-US: Main}
start: choose
always: {human: queue, main: queue, silent: ended, tired: queue, too_long: queue, failed: queue}
nodes:
  choose: {kind: look_up, look_up: choose, given: {like: billing}, outcomes: {found: menu}, unavailable: menu}
  menu:
    kind: menu
    options:
      "1": {say: option_bill, to: queue}
    silence: queue
  queue: {kind: enqueue, queue_from: queue}
  ended: {kind: end, disposition: silent}
"""
CHOOSE = LookUpSignature("choose", {"like": "queue?"}, {"found": {"queue": "queue"}})


def world(look_up: LookUpSignature = CHOOSE) -> World:
    """Two queues, and the look-up that chooses one."""
    spoken = dict.fromkeys(LANGUAGES, frozenset(PROMPTS))
    return World(PROMPTS, {"choose": look_up}, frozenset({"service", "billing"}), LANGUAGES, spoken)


def library(text: str = FLOW) -> Library:
    """The flow in that world."""
    return read_folder({"main.yaml": text.lstrip()}, world())


def begun(event: Answered | Failed) -> Enqueue:
    """Where the call goes when the look-up answers so and the caller says nothing."""
    flows = library()
    turn = start(flows, Offer("c", "main", "zh-CN"))
    assert dict(turn.command.arguments)["like"] == Fact("queue", "billing")  # type: ignore[union-attr]
    turn = advance(flows, turn.session, event)
    turn = advance(flows, turn.session, NoInput(10_000))
    assert isinstance(turn.command, Enqueue)
    return turn.command


@pytest.mark.parametrize(
    ("event", "queue"),
    [
        (Answered("found", (("queue", Fact("queue", "billing")),)), "billing"),
        (Answered("found", (("queue", Fact("queue", "nobody&ours")),)), ""),
        (Failed("deadline"), ""),
    ],
)
def test_the_queue_is_the_facts_and_else_the_first(event: Answered | Failed, queue: str) -> None:
    """A name that is none of ours, or none at all, is "": the operator's first queue. One silence was enough."""
    assert begun(event).queue == queue


def test_who_names_a_queue_is_known_by_flow_and_node() -> None:
    """By a node of the kind enqueue, or as an argument of a look-up; what a fact chooses names none."""
    assert list(queues_named(library())) == [("billing", ("main", "choose"))]
    named = FLOW.replace("queue_from: queue", "queue: service")
    assert list(queues_named(library(named))) == [("billing", ("main", "choose")), ("service", ("main", "queue"))]


def test_every_call_through_it_can_be_walked() -> None:
    """Nothing is refuted, though the queue is known only at run time."""
    assert explore(library(), "main").problems == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("queue_from: queue", "queue_from: phone", 'the queue needs the fact "phone", which no way to "queue" brings'),
        ("queue_from: queue", "queue_from: queue, queue: service", 'write "queue:" with a queue\'s name, or'),
        ("{kind: enqueue, queue_from: queue}", "{kind: enqueue}", 'write "queue:" with a queue\'s name, or'),
        ("{like: billing}", "{queue: biling}", 'unknown queue "biling"; did you mean "billing"?'),
        ("silence: queue", "silence: quue", 'node "menu" goes to "quue", which does not exist'),
    ],
)
def test_mistakes_have_their_place(old: str, new: str, said: str) -> None:
    """Line and column, and what is wrong."""
    named = LookUpSignature("choose", {"queue": "queue?"}, {"found": {"queue": "queue"}})
    text = FLOW.lstrip().replace(old, new)
    flows = world(named) if "queue: bil" in new else world()
    with pytest.raises(Mistakes) as caught:
        read_folder({"main.yaml": text}, flows)
    assert any(said in str(problem) for problem in caught.value.problems)


def test_what_look_ups_usually_answer() -> None:
    """Once for all dialogues of a folder; a dialogue's own answers go before them; mistakes have their place."""
    usual = read_usual("usual:\n  choose: {found: {queue: billing}}\n", "usual.yaml")
    [dialogue] = read("dialogue: d\nflow: main\ntalk: [{waits: 10}]\nends: enqueued\nqueue: billing\n", "d.yaml")
    assert perform(library(), replace(dialogue, answers=usual)).problems == ()
    with pytest.raises(Mistakes) as caught:
        read_usual("usul: {}\n", "usual.yaml")
    assert 'usual.yaml:1:1: unknown key "usul"; did you mean "usual"?' in str(caught.value.problems[0])
