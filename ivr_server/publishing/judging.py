"""Whether files may go live: read, inspected, every turn walked, every dialogue run; and what that found.

Pure but for the memory of what was proved. It may take seconds, so the service does it in a child (``workbench``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from flows.dialogues import Answer, Dialogue, perform, read_usual
from flows.dialogues import read as read_dialogues
from flows.explorer import Finding
from flows.facts import Script
from flows.flow import Library
from flows.inspecting import inspect
from flows.reading import read_folder
from ivr_server.library import world_of
from ivr_server.proving import Figures, Told, proof
from ivr_server.publishing.asked import Files, Shape
from ivr_server.publishing.naming import DIALOGUES, FLOWS, PROMPTS, refused, under
from marked_yaml import Mistakes, Problem
from prompts import catalogue
from prompts.catalogue import Catalogue
from prompts.speaking import Unspeakable
from prompts.wording import Wording

USUAL: Final = "flows/dialogues/usual."


@dataclass(frozen=True, slots=True)
class Ground:
    """What files stand on that are not among them: queues, the flows that dialled numbers lead to, the currency."""

    queues: frozenset[str]
    numbers: Mapping[str, str] = field(default_factory=dict)
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Words:
    """The library with what speaks it."""

    library: Library
    wording: Wording
    catalogues: Mapping[str, Catalogue]

    @property
    def roots(self) -> frozenset[str]:
        """The flows that a call may begin with."""
        return frozenset(name for name, flow in self.library.flows.items() if flow.always)


@dataclass(frozen=True, slots=True)
class Failure:
    """A dialogue that does not go as it is written; ``tale``: the call, line by line."""

    title: str
    problems: tuple[Problem, ...]
    tale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything there is to say about files. ``dialogues``: how many passed."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    dialogues: int = 0
    figures: Mapping[str, Figures] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether they may go live, once each warning has its word of reason."""
        return not (self.problems or self.findings or self.failures)

    def plain(self) -> Shape:
        """As JSON."""
        return {
            "passed": self.passed,
            "problems": [_plain(problem) for problem in self.problems],
            "warnings": [{**_plain(problem), "key": warning_key(problem)} for problem in self.warnings],
            "findings": [{**_plain(one.problem), "story": list(one.story)} for one in self.findings],
            "failures": [
                {"title": one.title, "problems": [_plain(each) for each in one.problems], "tale": list(one.tale)}
                for one in self.failures
            ],
            "dialogues": self.dialogues,
            "figures": {root: asdict(each) for root, each in self.figures.items()},
        }


def warning_key(problem: Problem) -> str:
    """What a word of reason is given for; the same wherever the lines have moved to."""
    return f"{problem.file}:{problem.node}: {problem.text}"


def words_of(files: Files, ground: Ground) -> Words:
    """The files read and inspected. Raises Mistakes with every problem."""
    if wrong := list(refused(files)):
        raise Mistakes(wrong)
    try:
        catalogues = catalogue.read_all(under(files, PROMPTS))
        library = read_folder(under(files, FLOWS), world_of(catalogues, ground.queues))
    except UnicodeError:
        raise Mistakes([Problem("flows", 1, 1, "a file holds characters that are none")]) from None
    words = Words(library, Wording(catalogues, ground.currency), catalogues)
    if wrong := list(_unrouted(words, ground)):
        raise Mistakes(wrong)
    return words


def _unrouted(words: Words, ground: Ground) -> Iterator[Problem]:
    for flow in sorted(set(ground.numbers.values()) - words.roots):
        text = f'the settings\' numbers lead to "{flow}", which is no flow that a call can begin with'
        yield Problem("settings", 1, 1, text)


def tagged(words: Words, tag: str) -> Words:
    """The same as one version, by the name that calls leave in the journal."""
    return replace(words, library=replace(words.library, version=tag))


def judge(files: Files, ground: Ground, told: Told = lambda root, states, ahead: None) -> Judgement:
    """All of it; the later steps only when the earlier ones found nothing that stands in their way."""
    try:
        words = words_of(files, ground)
    except Mistakes as wrong:
        return Judgement(problems=wrong.problems)
    warnings = tuple(problem for problem in inspect(words.library) if problem.warning)
    found = proof(words.library, told)
    try:
        failures, count = _rehearsed(files, words)
    except Mistakes as wrong:
        return Judgement(wrong.problems, warnings, found.findings, figures=found.figures)
    return Judgement((), warnings, found.findings, failures, count, found.figures)


def _rehearsed(files: Files, words: Words) -> tuple[tuple[Failure, ...], int]:
    """The dialogues that fail, and how many pass. Raises Mistakes."""
    spoken = speaker(words.wording)
    failures, passed = [], 0
    for dialogue in _dialogues(under(files, DIALOGUES)):
        result = perform(words.library, dialogue, spoken)
        if result.problems:
            failures.append(Failure(dialogue.title, result.problems, result.tale))
        passed += not result.problems
    return tuple(failures), passed


def _dialogues(files: Files) -> list[Dialogue]:
    """Every dialogue, with what holds in each of them that does not say otherwise. Raises Mistakes of all files."""
    found, problems = list[Dialogue](), list[Problem]()
    usual: Mapping[str, tuple[Answer, ...]] = {}
    for name, text in sorted(files.items()):
        try:
            if name.startswith(USUAL):
                usual = read_usual(text, name)
            else:
                found += read_dialogues(text, name)
        except Mistakes as wrong:
            problems += wrong.problems
    if problems:
        raise Mistakes(problems)
    return [replace(dialogue, answers={**usual, **dialogue.answers}) for dialogue in found]


def speaker(wording: Wording) -> Any:
    """Script -> its words."""

    def spoken(script: Script) -> str:
        try:
            return wording.words(script, "")
        except Unspeakable as why:
            return f"[{why}]"

    return spoken


def _plain(problem: Problem) -> Shape:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "text": problem.text,
        "node": problem.node,
    }
