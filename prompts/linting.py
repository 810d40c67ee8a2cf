"""What a voice is likely to misread in a catalogue's own words: figures and signs that were not written out."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
        Problem(prompt.file, prompt.line, prompt.column, f'"{prompt.name}": {text}', warning=True)
        for prompt in catalogue.prompts.values()
        for text in _faults(prompt, tongue)
    ]


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
