"""What the child does with files of a draft: inspect them, walk every turn, edit one. Pure: text in, JSON out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import marked_yaml
from flows.dialogues import Answer, Dialogue, perform, read_usual
from flows.dialogues import read as read_dialogues
from flows.explorer import Finding, Report, explore
from flows.facts import Script
from flows.flow import Library, Problem, World
from flows.inspecting import CORE, inspect
from flows.reading import read_flow, read_folder
from ivr_server.drafting import figures, naming, tales
from ivr_server.drafting.editing import CannotEdit, Edit, edited
from ivr_server.library import look_ups
from ivr_server.publishing.judging import warning_key
from marked_yaml import Marked, Mistakes
from prompts import catalogue
from prompts.catalogue import Catalogue
from prompts.speaking import Unspeakable
from prompts.wording import Wording

Shape = dict[str, Any]
Told = Callable[[Shape], None]
USUAL: Final = "flows/dialogues/usual.yaml"
MOST_FINDINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """Files by name, and what flows may name besides: the queues, and the operator's currency."""

    files: Mapping[str, str]
    queues: frozenset[str] = frozenset()
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Read:
    """A draft as far as it can be read. ``library`` is None when a flow has a mistake."""

    problems: tuple[Problem, ...]
    library: Library | None
    catalogues: Mapping[str, Catalogue]


def read(draft: Draft) -> Read:
    """Flows and words, with all that is wrong with either."""
    try:
        catalogues = catalogue.read_all(naming.prompts(draft.files))
    except Mistakes as wrong:
        return Read(tuple(sorted({*wrong.problems, *_alone(draft)})), None, {})
    known, spoken = catalogue.signatures(catalogues), catalogue.spoken(catalogues)
    world = World(known, look_ups(), draft.queues, tuple(sorted(catalogues, reverse=True)), spoken)
    try:
        library = read_folder(naming.flows(draft.files), world)
    except Mistakes as wrong:
        return Read(wrong.problems, None, catalogues)
    return Read(tuple(inspect(library)), library, catalogues)


def _alone(draft: Draft) -> Iterator[Problem]:
    """What can be said of flows while the words cannot be read."""
    for file, text in naming.flows(draft.files).items():
        try:
            read_flow(text, file)
        except Mistakes as wrong:
            yield from wrong.problems


def check(draft: Draft) -> Shape:
    """{problems, flows: [{name, file, root, title}], facts, ...}: what the page shows beside the flows themselves."""
    found = read(draft)
    return {"problems": [told(problem) for problem in found.problems], "names": _names(draft, found)}


def _names(draft: Draft, found: Read) -> Shape:
    """What a panel may choose from."""
    known = look_ups()
    return {
        "queues": sorted(draft.queues),
        "languages": sorted(found.catalogues, reverse=True),
        "look_ups": {
            name: {"needs": dict(one.needs), "outcomes": {key: dict(gives) for key, gives in one.outcomes.items()}}
            for name, one in sorted(known.items())
        },
        "own": sorted(CORE),
        "prompts": {
            language: {name: _text(one, name) for name in one.prompts} for language, one in found.catalogues.items()
        },
        "slots": catalogue.signatures(found.catalogues),
    }


def _text(one: Catalogue, name: str) -> str:
    return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in one.prompts[name].parts)


def told(problem: Problem) -> Shape:
    """One problem for a page."""
    place = {"file": problem.file, "line": problem.line, "column": problem.column}
    key = warning_key(problem) if problem.warning else ""
    return {**place, "text": problem.text, "node": problem.node, "warning": problem.warning, "key": key}


# proving


def prove(draft: Draft, tell: Told) -> Shape:
    """Every turn of every root flow walked, every dialogue performed. ``tell`` hears how far it is."""
    found = read(draft)
    problems = [told(problem) for problem in found.problems]
    if found.library is None or any(not problem["warning"] for problem in problems):
        nothing: Shape = {"findings": [], "roots": [], "flows": [], "dialogues": {"passed": 0, "failed": []}}
        return {"problems": problems, **nothing}
    wording = Wording(found.catalogues, draft.currency)
    reports = list(_walked(found.library, tell))
    findings = [_finding(report, one, wording) for report in reports for one in report.findings[:MOST_FINDINGS]]
    return {
        "problems": problems,
        "findings": findings,
        "roots": [_root(report, wording) for report in reports],
        "flows": figures.of_flows(found.library, reports, wording),
        "dialogues": _dialogues(draft, found.library, wording, tell),
    }


def _walked(library: Library, tell: Told) -> Iterator[Report]:
    roots = sorted(name for name, flow in library.flows.items() if flow.always)
    for done, root in enumerate(roots):
        head = {"root": root, "done": done, "of": len(roots)}
        tell({**head, "states": 0, "ahead": 0})
        yield explore(library, root, told=_telling(head, tell))


def _telling(head: Shape, tell: Told) -> Callable[[int, int], None]:
    return lambda states, ahead: tell({**head, "states": states, "ahead": ahead})


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


def _dialogues(draft: Draft, library: Library, wording: Wording, tell: Told) -> Shape:
    files = naming.dialogues(draft.files)
    found: list[Dialogue] = []
    failed: list[Shape] = []
    usual: Mapping[str, tuple[Answer, ...]] = {}
    for file, text in files.items():
        try:
            if file == USUAL:
                usual = read_usual(text, file)
            else:
                found += read_dialogues(text, file)
        except Mistakes as wrong:
            failed += [{"title": "", "problems": [told(problem) for problem in wrong.problems], "tale": []}]
    words = _words(wording)
    for at, dialogue in enumerate(found):
        if at % 20 == 0:
            tell({"dialogues": at, "of": len(found)})
        result = perform(library, replace(dialogue, answers={**usual, **dialogue.answers}), words)
        if result.problems:
            problems = [told(problem) for problem in result.problems]
            failed.append({"title": dialogue.title, "problems": problems, "tale": list(result.tale)})
    return {"passed": len(found) - sum(1 for one in failed if one["title"]), "failed": failed}


def _words(wording: Wording) -> Callable[[Script], str]:
    def words(script: Script) -> str:
        try:
            return wording.words(script, "")
        except Unspeakable as why:
            return f"[{why}]"

    return words


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
