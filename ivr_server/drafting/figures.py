"""Figures of each flow: how much was walked, how deep its menus are, how many seconds until each option is spoken.

Seconds are reckoned from the words by a rule of thumb, for a draft's words have no sound yet: so long for a Chinese
letter, so long for any other, and a breath after each sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from flows.explorer import Report
from flows.exploring.answers import sample
from flows.facts import Saying
from flows.flow import Flow, Library
from flows.inspecting import DEPTH_WARN, MENU_WARN
from flows.nodes.menu import Menu
from flows.nodes.node import Line
from flows.ways import depths
from ivr_server.drafting import tales
from prompts.wording import Wording

CHINESE_S: Final = 0.21
LETTER_S: Final = 0.066
BREATH_S: Final = 0.35
Shape = dict[str, Any]


def of_flows(library: Library, reports: Iterable[Report], wording: Wording) -> list[Shape]:
    """[{flow, states, menus: [{node, options, deep, long, far, seconds: {language: [[key, s]]}}]}]."""
    states: Counter[str] = Counter()
    for report in reports:
        for state in report.graph.states if report.graph else ():
            if state.session.frames:
                states[state.session.frames[-1].flow] += 1
    return [
        {"flow": name, "states": states[name], "menus": list(_menus(library, flow, wording))}
        for name, flow in sorted(library.flows.items())
    ]


def _menus(library: Library, flow: Flow, wording: Wording) -> Iterable[Shape]:
    deep = depths(flow)
    for name, node in flow.nodes.items():
        if isinstance(node, Menu):
            yield {
                "node": name,
                "options": len(node.options),
                "deep": deep.get(name, 0),
                "far": deep.get(name, 0) > DEPTH_WARN,
                "long": len(node.options) > MENU_WARN,
                "seconds": {language: _seconds(library, node, language, wording) for language in wording.catalogues},
            }


def _seconds(library: Library, node: Menu, language: str, wording: Wording) -> list[list[Any]]:
    """Each key with the seconds from the beginning of the text to the end of its option."""
    at, found = 0.0, []
    keys = list(node.options)
    before = len(node.lines("whole")) - len(keys) - len(node.tail)
    for number, line in enumerate(node.lines("whole")):
        tongue = line.language if line.language in wording.catalogues else language
        at += spoken_s(tales.text((_said(library, line),), tongue, wording))
        if before <= number < before + len(keys):
            found.append([keys[number - before], round(at, 1)])
    return found


def _said(library: Library, line: Line) -> Saying:
    """The line with samples in its slots."""
    given = dict(line.fixed)
    slots = library.prompts.get(line.prompt, {})
    return Saying(line.prompt, tuple((slot, given.get(slot) or sample(library, kind)) for slot, kind in slots.items()))


def spoken_s(words: str) -> float:
    """About how long it takes to say this."""
    wide = sum(1 for letter in words if ord(letter) > 0x2E7F)
    return wide * CHINESE_S + (len(words) - wide) * LETTER_S + BREATH_S
