"""What callers may hear otherwise than it is written: figures and signs that a voice misreads, outdated recordings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from marked_yaml import Problem
from prompts.catalogue import Catalogue, Prompt

LONGEST: Final = {"zh": 60, "en": 180}  # characters of one prompt: about 15 seconds
_FIGURES: Final = {"zh": re.compile(r"[0-9０-９]+"), "en": re.compile(r"[0-9]{2,}")}
_SIGNS: Final = re.compile(r"[$¥€£%&@#*+=<>/\\^~|_\[\]{}]")


def lint(catalogue: Catalogue) -> list[Problem]:
    """Warnings at the prompts they are about."""
    tongue = catalogue.language[:2]
    return [
        *outdated([catalogue]),
        *(
            Problem(prompt.file, prompt.line, prompt.column, f'"{prompt.name}": {text}', warning=True)
            for prompt in catalogue.prompts.values()
            for text in _faults(prompt, tongue)
        ),
    ]


def outdated(catalogues: Iterable[Catalogue]) -> Iterator[Problem]:
    """A warning at each recording that says something else than the words that stand there by now."""
    for catalogue in catalogues:
        for prompt in catalogue.prompts.values():
            if prompt.stale:
                text = f'the recording of "{prompt.name}" says other words by now: "{prompt.says}"'
                yield Problem(prompt.file, prompt.line, prompt.column, text, warning=True)


def _faults(prompt: Prompt, tongue: str) -> Iterator[str]:
    text = "".join(part for part in prompt.parts if isinstance(part, str))
    figures = _FIGURES[tongue].search(text)
    if figures:
        yield f'write "{figures[0]}" out in words, or make it a slot: a voice may read it as another number'
    sign = _SIGNS.search(text)
    if sign:
        yield f'write "{sign[0]}" out in words: a voice reads it in its own way'
    if len(text) > LONGEST[tongue]:
        yield f"{len(text)} characters; callers remember at most {LONGEST[tongue]}"
