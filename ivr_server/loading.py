"""What a start reads before it listens: flows and prompts, inspected and proved; how a start that fails says why."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.flow import Library
from flows.inspecting import inspect
from ivr_server import library as libraries
from ivr_server.proving import Unproved, prove
from ivr_server.settings import Settings
from marked_yaml import Mistakes
from prompts.wording import Wording


def tell(words: str) -> None:
    """A line for whoever started us, past twistd, which turns standard output into log events."""
    print(words, file=sys.__stdout__, flush=True)


class CannotStart(Exception):
    """Why the service does not start, in one sentence for the operator."""


class Mistaken(CannotStart):
    """A start that will fail again until somebody mends a file: nobody should try it again by himself."""


@dataclass(frozen=True, slots=True)
class Words:
    """The library with what speaks it."""

    library: Library
    wording: Wording
    catalogues: dict[str, Any]


def load_words(settings: Settings) -> Words:
    """Flows and prompts from disk; raises CannotStart with every problem, a line each."""
    try:
        catalogues = libraries.load_catalogues(Path(settings.speech.library))
        library = libraries.load_library(settings.sources())
    except Mistakes as wrong:
        raise Mistaken("the flows or prompts have problems:\n" + "\n".join(map(str, wrong.problems))) from None
    except OSError as fault:
        raise Mistaken(f"the flows or prompts cannot be read: {fault}") from None
    problems = [problem for problem in inspect(library) if not problem.warning]
    if problems:
        raise Mistaken("the flows have problems:\n" + "\n".join(map(str, problems)))
    unknown = sorted(set(settings.numbers.values()) - {name for name, flow in library.flows.items() if flow.always})
    if unknown:
        raise Mistaken(f'the settings\' numbers lead to "{unknown[0]}", which is no flow that a call can begin with')
    try:
        prove(library, tell)
    except Unproved as found:
        raise Mistaken(str(found)) from None
    return Words(library, Wording(catalogues, settings.operator.currency), catalogues)
