"""What the child does with files of a draft: check them, prove them, edit one. Text in, JSON out.

What is wrong with them is found by ``publishing.judging`` alone; here it is told for a page, each finding with a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import marked_yaml
from flows.explorer import Finding, Report
from flows.flow import Problem
from flows.inspecting import CORE
from ivr_server.drafting import figures, tales
from ivr_server.drafting.editing import CannotEdit, Edit, edited
from ivr_server.library import look_ups
from ivr_server.library import words as words_in
from ivr_server.publishing.judging import Failure, Ground, Reading, judge, reading, warning_key
from marked_yaml import Marked
from prompts import catalogue
from prompts.wording import Wording

Shape = dict[str, Any]
Told = Callable[[Shape], None]
MOST_FINDINGS: Final = 60


def check(files: Mapping[str, str], ground: Ground) -> Shape:
    """{problems, names}: what the page shows beside the flows themselves."""
    found = reading(files, ground)
    return {"problems": [told(problem) for problem in found.problems], "names": _names(found, ground)}


def _names(found: Reading, ground: Ground) -> Shape:
    """What a panel may choose from."""
    known = look_ups()
    return {
        "queues": sorted(ground.queues),
        "languages": sorted(found.catalogues, reverse=True),
        "look_ups": {
            name: {"needs": dict(one.needs), "outcomes": {key: dict(gives) for key, gives in one.outcomes.items()}}
            for name, one in sorted(known.items())
        },
        "own": sorted(CORE),
        "prompts": {language: words_in(found.catalogues, language) for language in found.catalogues},
        "slots": catalogue.signatures(found.catalogues),
    }


def told(problem: Problem) -> Shape:
    """One problem for a page."""
    place = {"file": problem.file, "line": problem.line, "column": problem.column}
    key = warning_key(problem) if problem.warning else ""
    return {**place, "text": problem.text, "node": problem.node, "warning": problem.warning, "key": key}


# proving


def prove(files: Mapping[str, str], ground: Ground, tell: Told) -> Shape:
    """Every turn of every root flow walked, every dialogue performed. ``tell`` hears how far it is."""

    def step(root: str, done: int, ahead: int) -> None:
        tell({"root": root, "states": done, "ahead": ahead} if root else {"dialogues": done, "of": done + ahead})

    found = judge(files, ground, step, anew=True)
    wording = found.words.wording if found.words else Wording({}, ground.currency)
    return {
        "problems": [told(problem) for problem in (*found.problems, *found.warnings)],
        "findings": [_finding(report, one, wording) for report in found.reports for one in _few(report)],
        "roots": [_root(report, wording) for report in found.reports],
        "flows": figures.of_flows(found.words.library, found.reports, wording) if found.words else [],
        "dialogues": {"passed": found.dialogues, "failed": list(map(_failed, found.failures))},
    }


def _few(report: Report) -> tuple[Finding, ...]:
    return report.findings[:MOST_FINDINGS]


def _failed(one: Failure) -> Shape:
    return {"title": one.title, "problems": [told(problem) for problem in one.problems], "tale": list(one.tale)}


def _finding(report: Report, one: Finding, wording: Wording) -> Shape:
    return {**told(one.problem), "root": report.root, "tale": tales.tale(one.turns, wording)}


def _root(report: Report, wording: Wording) -> Shape:
    return {
        "root": report.root,
        "states": report.states,
        "turns": report.turns,
        "keys_to_human": report.keys_to_human,
        "farthest": tales.tale(report.far_turns, wording),
        "wait_ms": report.wait_ms,
        "longest": tales.tale(report.long_turns, wording),
    }


# one file


def tree(text: str) -> Shape:
    """{tree, lines, problems}: a file as plain values, and the line and column of each node."""
    marked, problems = marked_yaml.read(text, "")
    if marked is None:
        return {"tree": None, "lines": {}, "problems": [told(problem) for problem in problems]}
    nodes = marked.value.get("nodes") if isinstance(marked.value, dict) else None
    inside = nodes[1].value if nodes and isinstance(nodes[1].value, dict) else {}
    lines = {name: key.line for name, (key, _) in inside.items()}
    return {"tree": _plain(marked), "lines": lines, "problems": [told(problem) for problem in problems]}


def _plain(marked: Marked) -> Any:
    """Mappings as lists of pairs: JavaScript would sort keys that are numbers."""
    if isinstance(marked.value, dict):
        return {"map": [[name, _plain(value)] for name, (_, value) in marked.value.items()]}
    if isinstance(marked.value, list):
        return [_plain(one) for one in marked.value]
    return marked.value


def edit(text: str, edits: list[Shape]) -> Shape:
    """{text} after these edits, or {refused}: a key of the console's words."""
    try:
        made = [
            Edit(
                do=one["do"],
                path=tuple(one.get("path", ())),
                value=one.get("value"),
                first=int(one.get("first", 0)),
                last=int(one.get("last", 0)),
            )
            for one in edits
        ]
        return {"text": edited(text, made)}
    except CannotEdit as refused:
        return {"refused": str(refused)}
    except (KeyError, TypeError, ValueError):
        return {"refused": "studio_no_such_place"}
