"""What the child does with a sheet that admins edit on a page of its own: edit it, read it, say where it is wrong.

Pure: text in, JSON out. The checks are those of the readers that the service uses; nothing is known here twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Final

import marked_yaml
from ivr_server import hours_file
from ivr_server.agents import forms
from ivr_server.drafting import work
from ivr_server.floor import queue_file
from marked_yaml import Marked, Mistakes, Problem

Shape = dict[str, Any]
Path = tuple[str | int, ...]
Place = tuple[int, int, Path]
READERS: Final[dict[str, Callable[[str, str], object]]] = {
    "queues": queue_file.parsed,
    "forms": forms.parsed,
    "hours": hours_file.parsed,
}


def checked(sheet: str, text: str, edits: list[Shape]) -> Shape:
    """{text, tree, problems: [{line, column, text, path}]} after these edits, or {refused}: a key of the words.

    ``tree`` is None when the text cannot be read at all; ``path`` is the innermost value at the problem's place.
    """
    if edits:
        done = work.edit(text, edits)
        if "refused" in done:
            return done
        text = done["text"]
    marked, _ = marked_yaml.read(text, sheet)
    places = sorted(_places(marked, ())) if marked is not None else []
    found = [{**work.told(one), "path": list(_path(one, places))} for one in problems(sheet, text)]
    return {"text": text, "tree": work.tree(text)["tree"], "problems": found}


def problems(sheet: str, text: str) -> tuple[Problem, ...]:
    """Everything that is wrong with a text, told by the name of its sheet."""
    try:
        READERS[sheet](text, sheet)
    except Mistakes as wrong:
        return wrong.problems
    return ()


def _places(marked: Marked, path: Path) -> Iterator[Place]:
    """Where each value begins; a key stands for its value."""
    yield marked.line, marked.column, path
    if isinstance(marked.value, dict):
        for name, (key, value) in marked.value.items():
            yield key.line, key.column, (*path, name)
            yield from _places(value, (*path, name))
    elif isinstance(marked.value, list):
        for index, value in enumerate(marked.value):
            yield from _places(value, (*path, index))


def _path(problem: Problem, places: list[Place]) -> Path:
    at = bisect_right(places, (problem.line, problem.column), key=lambda place: place[:2])
    return places[at - 1][2] if at else ()
