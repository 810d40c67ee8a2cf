"""Small worlds for flows: prompts, look-ups and one queue; and a flow in which everything holds, to be broken."""

from __future__ import annotations

from collections.abc import Mapping

from flows.flow import Library, LookUpSignature, World
from flows.reading import read_flow

_PLAIN = (
    *("welcome", "menu", "option_bill", "option_human", "ask", "say_closed", "sorry", "bye", "told", "not_found"),
    *("no_input", "operator_offer", "wrong_key", "wrong_entry", "yes_no", "comfort", "one_moment"),
)
PROMPTS: Mapping[str, Mapping[str, str]] = {
    **{name: {} for name in _PLAIN},
    "press": {"task": "prompt", "key": "digits"},
    "owed": {"sum": "money"},
    "by_date": {"due": "date"},
    "read_back": {"phone": "digits"},
}
LOOK_UPS = {
    signature.name: signature
    for signature in (
        LookUpSignature("hours", {}, {"open": {}, "closed": {}}),
        LookUpSignature("bill", {"phone": "digits"}, {"found": {"sum": "money"}, "none": {}}),
        LookUpSignature("due", {}, {"known": {"due": "date"}, "unknown": {}}),
        LookUpSignature(
            "check", {"phone": "digits", "password": "secret"}, {"right": {"customer": "text"}, "wrong": {}}
        ),
    )
}
LANGUAGES = ("zh-CN", "en-US")

SOUND = """
flow: main
title: {zh-CN: 主流程, en-US: Main}
start: welcome
always: {human: human, main: menu, silent: silent, tired: human, too_long: human, failed: sorry}
nodes:
  welcome: {kind: say, say: [welcome], to: menu}
  menu:
    kind: menu
    say: [menu]
    options:
      "1": {say: option_bill, to: ask}
      "2": {say: option_human, to: human}
  ask: {kind: ask, say: [ask], form: phone, into: phone, to: sure}
  sure: {kind: confirm, say: [read_back], "yes": bill, "no": ask}
  bill: {kind: look_up, look_up: bill, outcomes: {found: tell, none: not_found}}
  tell: {kind: say, say: [owed], to: menu}
  not_found: {kind: say, say: [not_found], to: menu}
  human: {kind: look_up, look_up: hours, outcomes: {open: queue, closed: closed}, unavailable: queue}
  closed: {kind: say, say: [say_closed], to: bye}
  queue: {kind: enqueue, queue: service}
  sorry: {kind: say, say: [sorry], to: human}
  silent: {kind: say, say: [bye], to: ended}
  ended: {kind: end, disposition: silent}
  bye: {kind: end, disposition: goodbye}
"""


def world(without_words: Mapping[str, str] | None = None) -> World:
    """The small world; ``without_words``: language -> a prompt that has no words in it."""
    missing = without_words or {}
    spoken = {language: frozenset(PROMPTS) - {missing.get(language, "")} for language in LANGUAGES}
    return World(PROMPTS, LOOK_UPS, frozenset({"service"}), LANGUAGES, spoken)


def small_library(*changes: tuple[str, str]) -> Library:
    """The sound flow with some of its text changed, each part exactly once; not inspected, so that it may be wrong."""
    return uninspected(changed(SOUND, *changes))


def uninspected(text: str, known: World | None = None) -> Library:
    """A library of one flow as it is read, whatever the inspector would say of it."""
    flow, here = read_flow(text, "main.yaml"), known or world()
    return Library({flow.name: flow}, here.prompts, here.look_ups, here.queues, here.languages, here.spoken, "1")


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with parts replaced; each must be there once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def big_flow(parts: int) -> str:
    """A root flow of about ten nodes for each part: menus that lead on to menus, numbers asked, bills told."""
    lines = [SOUND.split("nodes:", maxsplit=1)[0].replace("start: welcome", "start: m0"), "nodes:"]
    kept = SOUND.split("nodes:")[1].splitlines()
    lines += [
        line
        for line in kept
        if line.startswith(("  human", "  closed", "  queue", "  sorry", "  silent", "  ended", "  bye"))
    ]
    lines += ["  menu: {kind: say, say: [menu], to: m0}"]
    for n in range(parts):
        onward = f"m{2 * n + 1}" if 2 * n + 1 < parts else "menu"
        other = f"m{2 * n + 2}" if 2 * n + 2 < parts else "menu"
        lines += [
            f"  m{n}:",
            "    kind: menu",
            "    say: [menu]",
            "    options:",
            f'      "1": {{say: option_bill, to: a{n}}}',
            f'      "2": {{say: option_bill, to: {onward}}}',
            f'      "3": {{say: option_bill, to: {other}}}',
            f"  a{n}: {{kind: ask, say: [ask], form: phone, into: phone, to: c{n}}}",
            f'  c{n}: {{kind: confirm, say: [read_back], "yes": k{n}, "no": a{n}}}',
            f'  k{n}: {{kind: known, fact: customer, "yes": l{n}, "no": p{n}}}',
            f"  p{n}: {{kind: ask, say: [ask], form: password, into: password, to: q{n}}}",
            f"  q{n}: {{kind: look_up, look_up: check, outcomes: {{right: l{n}, wrong: w{n}}}}}",
            f"  w{n}: {{kind: say, say: [not_found], to: p{n}}}",
            f"  l{n}: {{kind: look_up, look_up: bill, outcomes: {{found: t{n}, none: m{n}}}}}",
            f"  t{n}: {{kind: say, say: [owed], to: {onward}}}",
        ]
    return "\n".join(lines) + "\n"
