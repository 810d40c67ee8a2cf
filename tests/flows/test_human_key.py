"""Key 0 leads to a queue by itself, and callers are told of it by the second menu at the latest."""

from __future__ import annotations

import pytest

from flows.flow import Library, World
from flows.human_key import unled, untold
from flows.inspecting import inspect
from flows.reading import read_flow
from ivr_server.library import Sources, load_library
from tests.doubles.worlds import LANGUAGES, LOOK_UPS, PROMPTS, uninspected

THREE = """
flow: main
start: welcome
always: {human: queue, main: first, silent: bye, tired: queue, too_long: queue, failed: queue}
nodes:
  welcome: {kind: say, say: [welcome], to: first}
  first: {kind: menu, say: [menu], options: {"1": {say: option_bill, to: deeper}, "2": {say: ask, to: second}}}
  deeper: {kind: sub_flow, flow: deeper, exits: {done: third, back: first}}
  second: {kind: menu, say: [menu], options: {"1": {say: option_bill, to: third}}}
  third: {kind: menu, say: [menu], options: {"1": {say: option_bill, to: first}}}
  queue: {kind: enqueue, queue: service}
  bye: {kind: end, disposition: silent}
"""
DEEPER = """
flow: deeper
start: only
exits: [done, back]
nodes:
  only: {kind: menu, say: [menu], options: {"1": {say: option_bill, to: done}}}
  done: {kind: return, exit: done}
"""


def library(*changes: tuple[str, str]) -> Library:
    """The three menus, with changes; the prompt that names the key exists."""
    prompts = {**PROMPTS, "human_key": {}}
    words = {language: frozenset(prompts) for language in LANGUAGES}
    text = THREE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    made = uninspected(text, World(prompts, LOOK_UPS, frozenset({"service"}), LANGUAGES, words))
    flows = {**made.flows, "deeper": read_flow(DEEPER, "deeper.yaml")}
    return Library(flows, prompts, LOOK_UPS, made.queues, LANGUAGES, words, "1")


def told(one: Library) -> set[str]:
    """The menus that are warned of."""
    problems = list(untold(one))
    assert all(problem.warning and "names key 0" in problem.text for problem in problems)
    return {problem.node for problem in problems}


def test_a_third_menu_without_a_word_of_the_key_is_warned_of() -> None:
    """Also where the way goes back out of a sub-flow, and with its place in the file."""
    assert told(library()) == {"third", "second"}
    [problem] = [one for one in untold(library()) if one.node == "third"]
    assert (problem.file, problem.line) == ("main.yaml", 10)


SAID = {
    "before the first menu": ("say: [welcome]", "say: [welcome, human_key]"),
    "in the first menu": ("first: {kind: menu, say: [menu],", "first: {kind: menu, say: [menu], tail: [human_key],"),
    "by an option": ('"2": {say: ask, to: second}', '"0": {say: option_human, to: queue}'),
}


@pytest.mark.parametrize("where", SAID)
def test_it_is_said_in_time(where: str) -> None:
    """Anywhere up to the second menu, its own text included."""
    assert told(library(SAID[where])) == set()


def test_said_on_one_way_only() -> None:
    """The other way is still warned of, and words for silent callers do not count."""
    second = ("second: {kind: menu, say: [menu],", "second: {kind: menu, say: [menu, human_key],")
    assert told(library(second)) == {"third"}
    for key in ("help", "short", "offer"):
        assert told(library(("first: {kind: menu,", f"first: {{kind: menu, {key}: [human_key],"))) >= {"third"}


def test_the_same_menu_again_is_no_further_menu() -> None:
    """Round and round between two menus: a caller there hears nothing new."""
    again = (
        ("exits: {done: third, back: first}", "exits: {done: first, back: first}"),
        ("to: third}", "to: first}"),
        ('"2": {say: ask, to: second}', '"2": {say: ask, to: first}'),
    )
    assert told(library(*again)) == set()


def test_the_shipped_flows_say_it_in_time() -> None:
    """After the choice of a language, the main menu names it."""
    assert list(untold(load_library(Sources()))) == []


AHEAD = (
    '  asked: {kind: menu, say: [menu], options: {"1": {say: option_bill, to: queue}}}\n'
    "  hours: {kind: look_up, look_up: hours, outcomes: {open: queue, closed: asked}}\n"
    "  never: {kind: look_up, look_up: hours, outcomes: {open: asked, closed: bye}, unavailable: queue}\n"
    "  through: {kind: sub_flow, flow: deeper, exits: {done: queue, back: queue}}\n"
    "  heard: {kind: say, say: [welcome], to: queue}\n"
    "  queue: {kind: enqueue"
)


def led(human: str) -> list[str]:
    """What is found where key 0 leads to this node."""
    one = library(("  queue: {kind: enqueue", AHEAD), ("human: queue", f"human: {human}"))
    return [f"{problem.line}:{problem.column} {problem.text}" for problem in unled(one)]


@pytest.mark.parametrize("human", ["asked", "never", "through", "bye"])
def test_key_0_that_asks_for_another_key_first_is_a_problem(human: str) -> None:
    """A menu, a way that only a failure takes, a sub-flow that asks, an end: told where ``always.human`` stands."""
    [text] = led(human)
    assert text.startswith(f'4:17 key 0 leads to "{human}", from where no queue is reached without another key')


@pytest.mark.parametrize("human", ["queue", "hours", "heard"])
def test_key_0_that_leads_to_a_queue(human: str) -> None:
    """At once, or after a look-up that may lead elsewhere as well; words alone on the way are nothing to press."""
    assert led(human) == []


def test_the_gate_refuses_it() -> None:
    """The inspector says it as a problem, not as a warning."""
    found = [one for one in inspect(library(("human: queue", "human: first"))) if "no queue is reached" in one.text]
    assert [one.warning for one in found] == [False]


def test_a_flow_that_takes_no_keys_needs_no_queue() -> None:
    """As the one that answers a fax machine: there is no key 0."""
    silent = """
flow: main
start: bye
always: {human: bye, main: bye, silent: bye, tired: bye, too_long: bye, failed: bye}
nodes:
  bye: {kind: end, disposition: goodbye}
"""
    assert list(unled(uninspected(silent, World(PROMPTS, LOOK_UPS, frozenset(), LANGUAGES)))) == []
