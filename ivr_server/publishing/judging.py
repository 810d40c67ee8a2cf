"""Whether files may go live: read, inspected, every turn walked, every dialogue run; and what that found.

The one prover: the studio shows of a draft what this finds, and publishing refuses for nothing else. Pure but for the
memory of what was proved. It may take seconds, so it is done in children (``workbench``, ``drafting.child``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from flows.dialogues import Answer, Dialogue, perform, read_usual
from flows.dialogues import read as read_dialogues
from flows.explorer import Finding, Report
from flows.facts import Script
from flows.flow import Library
from flows.inspecting import inspect
from flows.reading import read_flow, read_folder
from ivr_server.library import world_of
from ivr_server.proving import Figures, Told, proof
from ivr_server.publishing.asked import Files, Shape
from ivr_server.publishing.naming import DIALOGUES, FLOWS, PROMPTS, secrets, under, unfit
from marked_yaml import Mistakes, Problem
from prompts import catalogue
from prompts.catalogue import Catalogue
from prompts.linting import outdated
from prompts.speaking import Unspeakable
from prompts.wording import Wording

USUAL: Final = "flows/dialogues/usual."
TOLD_EACH: Final = 20  # dialogues


@dataclass(frozen=True, slots=True)
class Ground:
    """What files stand on that are not among them: queues, the flows that dialled numbers lead to, the currency."""

    queues: frozenset[str] = frozenset({"service", "billing"})
    numbers: Mapping[str, str] = field(default_factory=dict)
    currency: str = "CNY"

    def plain(self) -> Shape:
        """As JSON."""
        return {"queues": sorted(self.queues), "numbers": dict(self.numbers), "currency": self.currency}


def ground_of(plain: Shape) -> Ground:
    """Out of JSON."""
    return Ground(frozenset(plain["queues"]), plain["numbers"], plain["currency"])


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
class Reading:
    """Files as far as they can be read. ``library`` None: they cannot; ``problems`` hold warnings, too."""

    problems: tuple[Problem, ...]
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    library: Library | None = None
    dialogues: tuple[Dialogue, ...] = ()

    @property
    def refused(self) -> list[Problem]:
        """Those that stand in the way of everything further."""
        return [problem for problem in self.problems if not problem.warning]


@dataclass(frozen=True, slots=True)
class Failure:
    """A dialogue that does not go as it is written; ``tale``: the call, line by line."""

    title: str
    problems: tuple[Problem, ...]
    tale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything there is to say about files. ``dialogues``: how many passed; ``reports``: the walks, if made anew.

    ``words``: what was walked, None where it did not come to that.
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    dialogues: int = 0
    figures: Mapping[str, Figures] = field(default_factory=dict)
    reports: tuple[Report, ...] = field(default=(), compare=False, repr=False)
    words: Words | None = field(default=None, compare=False, repr=False)

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


def reading(files: Files, ground: Ground) -> Reading:
    """Everything that can be said without walking."""
    found = _read(files, ground)
    try:
        return replace(found, dialogues=tuple(_dialogues(under(files, DIALOGUES))))
    except Mistakes as mistakes:
        return replace(found, problems=tuple(sorted({*found.problems, *mistakes.problems})))


def _read(files: Files, ground: Ground, *, fresh: bool = True) -> Reading:
    """The same without the dialogues. ``fresh``: as in ``inspect``."""
    if wrong := tuple(unfit(files)):
        return Reading(wrong)
    found = set(secrets(files))
    try:
        catalogues = catalogue.read_all(under(files, PROMPTS))
    except Mistakes as mistakes:
        return Reading(tuple(sorted({*found, *mistakes.problems, *_alone(files)})))
    try:
        library = read_folder(under(files, FLOWS), world_of(catalogues, ground.queues), fresh=fresh)
    except Mistakes as mistakes:
        return Reading(tuple(sorted({*found, *mistakes.problems})), catalogues)
    except UnicodeError:
        return Reading((Problem("flows", 1, 1, "a file holds characters that are none"),), catalogues)
    found |= {*_unrouted(library, ground), *inspect(library, fresh=fresh), *outdated(catalogues.values())}
    return Reading(tuple(sorted(found)), catalogues, library)


def _alone(files: Files) -> Iterator[Problem]:
    """What can be said of flows while the words cannot be read."""
    for file, text in under(files, FLOWS).items():
        try:
            read_flow(text, file)
        except Mistakes as wrong:
            yield from wrong.problems


def words_of(files: Files, ground: Ground) -> Words:
    """Flows and words read and inspected, to be run. Raises Mistakes with every problem."""
    return _words(_read(files, ground), ground)


def standing_words(files: Files, ground: Ground) -> Words:
    """The same of a version that callers have: a rule that came later is asked of what is published anew only."""
    return _words(_read(files, ground, fresh=False), ground)


def _words(found: Reading, ground: Ground) -> Words:
    if found.library is None or found.refused:
        raise Mistakes(found.refused)
    return Words(found.library, Wording(found.catalogues, ground.currency), found.catalogues)


def _unrouted(library: Library, ground: Ground) -> Iterator[Problem]:
    roots = {name for name, flow in library.flows.items() if flow.always}
    for flow in sorted(set(ground.numbers.values()) - roots):
        text = f'the settings\' numbers lead to "{flow}", which is no flow that a call can begin with'
        yield Problem("settings", 1, 1, text)


def tagged(words: Words, tag: str) -> Words:
    """The same as one version, by the name that calls leave in the journal."""
    return replace(words, library=replace(words.library, version=tag))


def judge(files: Files, ground: Ground, told: Told = lambda root, states, ahead: None, anew: bool = False) -> Judgement:
    """All of it; the later steps only when reading found nothing that stands in their way.

    ``told`` hears of the dialogues as of a root flow without a name. ``anew``: walk what was walked before, too, for
    the sake of ``reports``.
    """
    found = reading(files, ground)
    warnings = tuple(problem for problem in found.problems if problem.warning)
    try:
        words = _words(found, ground)
    except Mistakes as wrong:
        return Judgement(wrong.problems, warnings)
    walked = proof(words.library, told, anew)
    failures = tuple(_failures(words, found.dialogues, told))
    passed = len(found.dialogues) - len(failures)
    return Judgement((), warnings, walked.findings, failures, passed, walked.figures, walked.reports, words)


def _failures(words: Words, dialogues: tuple[Dialogue, ...], told: Told) -> Iterator[Failure]:
    """The dialogues that do not go as they are written."""
    spoken = speaker(words.wording)
    for at, dialogue in enumerate(dialogues):
        if at % TOLD_EACH == 0:
            told("", at, len(dialogues) - at)
        result = perform(words.library, dialogue, spoken)
        if result.problems:
            yield Failure(dialogue.title, result.problems, result.tale)


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
