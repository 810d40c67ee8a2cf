"""What an author got wrong, told with its place, and all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST_WORD: Final = 100  # comparing longer ones would cost more than reading the file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """An author's mistake at a 1-based line and column; ``warning``: may be used all the same; ``node``: of a flow."""

    file: str
    line: int
    column: int
    text: str
    node: str = ""
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{self.text}"


class Mistakes(Exception):
    """Raised by the readers with every problem of every file, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` when a known word is near, else nothing."""
    if len(word) > LONGEST_WORD:
        return ""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
