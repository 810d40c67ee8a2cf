"""From a marked tree to values of our own classes, by pydantic; each of its errors is given its place in the file."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from marked_yaml.composing import Marked
from marked_yaml.problems import Mistakes, Problem, meant

T = TypeVar("T")
Path = tuple[str | int, ...]


def plain(marked: Marked) -> Any:
    """The tree without its places: dicts, lists, text and None."""
    if isinstance(marked.value, dict):
        return {name: plain(value) for name, (_, value) in marked.value.items()}
    if isinstance(marked.value, list):
        return [plain(each) for each in marked.value]
    return marked.value


def shaped(adapter: TypeAdapter[T], marked: Marked, file: str, known: tuple[str, ...] = ()) -> T:
    """The value; raises Mistakes. ``known``: words to suggest for an unknown key."""
    try:
        return adapter.validate_python(plain(marked))
    except ValidationError as wrong:
        raise Mistakes(_problem(error, marked, file, known) for error in wrong.errors()) from None


def _problem(error: Any, marked: Marked, file: str, known: tuple[str, ...]) -> Problem:
    unknown = error["type"] in ("unexpected_keyword_argument", "extra_forbidden")
    place, last = _place(marked, error["loc"], unknown)
    if unknown:
        return Problem(file, place.line, place.column, f'unknown key "{last}"{meant(last, known)}')
    if error["type"] in ("missing", "missing_argument"):
        return Problem(file, place.line, place.column, f'"{last}" is missing')
    text = str(error["msg"]).removeprefix("Value error, ")
    return Problem(file, place.line, place.column, f"{last}: {text[0].lower()}{text[1:]}" if last else text)


def _place(marked: Marked, path: Path, at_key: bool) -> tuple[Marked, str]:
    """As far down as the path goes; steps that are not in the tree (a union's member) are passed over."""
    at, last = marked, ""
    if path and path[-1] == "[key]":  # pydantic's word for "the key itself"
        path, at_key = path[:-1], True
    for index, step in enumerate(path):
        if isinstance(at.value, dict) and isinstance(step, str) and step in at.value:
            at, last = at.value[step][0 if at_key and index == len(path) - 1 else 1], step
        elif isinstance(at.value, list) and isinstance(step, int) and step < len(at.value):
            at = at.value[step]
        else:
            last = str(step)
    return at, last
