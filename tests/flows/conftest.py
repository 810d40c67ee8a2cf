"""A small world and a small library for the tests of the flow core: one root flow, one sub-flow, every kind of node."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import pytest

from flows.flow import Library, LookUpSignature, World
from flows.interpreter import advance, start
from flows.reading import read_folder
from flows.session import Offer, Session, Turn
from flows.turns import Event

CORE = ("no_input", "operator_offer", "wrong_key", "wrong_entry", "yes_no", "comfort", "one_moment")
PLAIN = [
    "welcome",
    "main_menu",
    "menu_help",
    "option_fees",
    "option_human",
    "option_english",
    "bye",
    "sorry",
    "ask_phone",
    "ask_password",
    "ask_month",
    "notice",
]
PROMPTS: dict[str, dict[str, str]] = {
    "press": {"task": "prompt", "key": "digits"},
    **{name: {} for name in CORE},
    **{name: {} for name in PLAIN},
    "confirm_phone": {"phone": "digits"},
    "tell": {"sum": "money", "due": "date"},
    "press_month": {"key": "digits", "month": "month"},
    "list": {"parts": "sayings"},
}
LOOK_UPS = {
    one.name: one
    for one in (
        LookUpSignature("find", {"phone": "digits"}, {"found": {"customer": "text"}, "unknown": {}}, 4_000),
        LookUpSignature("check", {"customer": "text", "password": "secret"}, {"right": {}, "wrong": {"left": "count"}}),
        LookUpSignature(
            "bill",
            {"customer": "text", "month": "month?"},
            {"found": {"sum": "money", "due": "date", "parts": "sayings", "this_month": "month"}, "none": {}},
        ),
        LookUpSignature("staffed", {"queue": "text?"}, {"yes": {}, "no": {}}),
    )
}
MAIN = """
flow: main
title: {zh-CN: 主, en-US: Main}
start: welcome
always: {human: human, main: menu, silent: silent, tired: human, too_long: human, failed: sorry}
nodes:
  welcome: {kind: say, say: welcome, to: menu}
  menu:
    kind: menu
    say: main_menu
    options:
      "1": {say: option_fees, to: fees, tag: fees}
      "2": {say: option_english, language: others, to: english}
      "12": {say: option_human, to: human}
    help: menu_help
  fees: {kind: sub_flow, flow: fees, exits: {done: menu, back: menu}}
  english: {kind: speak_in, language: en-US, to: menu}
  human:
    kind: look_up
    look_up: staffed
    given: {queue: service}
    outcomes: {"yes": queue, "no": sorry}
    unavailable: queue
  queue: {kind: enqueue, queue: service}
  sorry: {kind: say, say: sorry, interruptible: false, to: bye}
  silent: {kind: say, say: bye, to: silence}
  silence: {kind: end, disposition: silent}
  bye: {kind: end, disposition: failed}
"""
FEES = """
flow: fees
title: {zh-CN: 话费, en-US: Fees}
start: known
exits: [done, back]
nodes:
  known: {kind: known, fact: customer, "yes": bill, "no": phone}
  phone:
    kind: ask
    say: ask_phone
    form: phone
    into: phone
    to: read_back
  read_back: {kind: confirm, say: [confirm_phone], effect: true, "yes": find, "no": phone}
  find:
    kind: look_up
    look_up: find
    outcomes: {found: password, unknown: again}
  again: {kind: tries, most: 3, again: phone, enough: done}
  password: {kind: ask, say: ask_password, form: password, into: password, to: check}
  check: {kind: look_up, look_up: check, outcomes: {right: bill, wrong: forget}}
  forget: {kind: forget, facts: [password], to: password}
  bill:
    kind: look_up
    look_up: bill
    outcomes: {found: tell, none: done}
    unavailable: done
  tell: {kind: say, say: [tell, {prompt: list}], to: months}
  months:
    kind: menu
    options:
      "1": {say: press_month, slots: {month: this_month}, set: {month: this_month}, to: bill}
      "2": {say: option_human, to: month}
    repeat: tell
    back: tell
  month: {kind: ask, say: ask_month, form: month, into: month, choices: {"1": this_month}, empty: done, to: bill}
  done: {kind: return, exit: done}
"""


@pytest.fixture(scope="session")
def world() -> World:
    """All that the small library may name."""
    words = frozenset(PROMPTS)
    queues = frozenset({"service", "billing"})
    return World(PROMPTS, LOOK_UPS, queues, ("zh-CN", "en-US"), {"zh-CN": words, "en-US": words})


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The small library as its authors write it."""
    return {"main.yaml": MAIN.strip() + "\n", "fees.yaml": FEES.strip() + "\n"}


@pytest.fixture(scope="session")
def small(texts: Mapping[str, str], world: World) -> Library:
    """The small library."""
    return read_folder(texts, world)


@pytest.fixture(scope="session")
def dedent() -> Callable[[str], str]:
    """A triple-quoted YAML text without its indentation and first line break."""
    return lambda text: textwrap.dedent(text).lstrip("\n")


class Talk:
    """A call that a test holds: ``now`` is the last turn, ``notes`` the whole trail."""

    def __init__(self, library: Library, session: Session | None = None) -> None:
        self.library = library
        self.now: Turn = start(library, Offer("c1", "main", "zh-CN"))
        self.notes = list(self.now.notes)

    def __call__(self, *events: Event) -> Talk:
        """Answer with these events, one after the other."""
        for event in events:
            self.now = advance(self.library, self.now.session, event)
            self.notes += self.now.notes
        return self

    @property
    def at(self) -> str:
        """Where the call stands: flow.node."""
        frame = self.now.session.frames[-1]
        return f"{frame.flow}.{frame.node}"

    @property
    def spoken(self) -> list[str]:
        """The prompts of the command, those of options by their task."""
        said = []
        for saying in getattr(self.now.command, "script", ()):
            task = dict(saying.slots).get("task")
            said.append(str(task.value) if task else saying.prompt)
        return said

    def told(self, what: str) -> list[dict[str, str]]:
        """The details of all notes of a sort."""
        return [dict(note.detail) for note in self.notes if note.what == what]


@pytest.fixture
def talk(small: Library) -> Talk:
    """A call in the small library, at its first turn."""
    return Talk(small)
