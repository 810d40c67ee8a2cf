"""YAML read by composing only: every scalar stays the text as written, every value keeps its place.

No object is ever built, so no tag can do harm; aliases, tags and doubled keys are problems, and size,
depth and node count are bounded before anything is walked (a bomb of aliases costs nothing to compose).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml

from marked_yaml.problems import Problem

LARGEST: Final = 1024 * 1024  # characters in one file
DEEPEST: Final = 32
MOST_NODES: Final = 20_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE_TAGS: Final = frozenset(  # what YAML gives a plain value by itself; nothing else may be written before one
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A value with its place: ``value`` is text, None, a dict of key -> (key, value) or a list."""

    value: str | dict[str, tuple[Marked, Marked]] | list[Marked] | None
    line: int
    column: int
    plain: bool = True  # one line, written without escapes: a character of the text is a column of the file


def at_path(marked: Marked, *path: str | int) -> Marked:
    """The place of a value under keys and list positions, or as far down as the file goes."""
    for step in path:
        inside = marked.value
        if isinstance(inside, dict) and isinstance(step, str) and step in inside:
            marked = inside[step][1]
        elif isinstance(inside, list) and isinstance(step, int) and step < len(inside):
            marked = inside[step]
        else:
            break
    return marked


def read(text: str, file: str) -> tuple[Marked | None, list[Problem]]:
    """The whole document and what is wrong with its YAML; None when it cannot be read at all."""
    if len(text) > LARGEST:
        return None, [Problem(file, 1, 1, f"the file has {len(text)} characters; at most {LARGEST} are read")]
    try:
        _refuse_bombs(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as fault:
        return None, [_syntax(fault, file)]
    except (yaml.YAMLError, RecursionError) as fault:
        return None, [Problem(file, 1, 1, f"this is not YAML: {str(fault).splitlines()[0]}")]
    if node is None:
        return None, [Problem(file, 1, 1, "the file is empty")]
    walker = _Walker(file)
    return walker.walk(node), walker.problems


def _refuse_bombs(text: str) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refusal("anchors and aliases are not allowed", event)
        if getattr(event, "tag", None) not in (None, "!"):
            raise _refusal("tags are not allowed", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST or nodes > MOST_NODES:
            raise _refusal(f"more than {DEEPEST} levels or {MOST_NODES} values", event)


def _refusal(text: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    mark: Any = event.start_mark
    return yaml.MarkedYAMLError(problem=text, problem_mark=mark)


def _syntax(fault: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = fault.problem_mark or fault.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(file, line, column, f"this is not YAML we take: {fault.problem or fault.context}")


class _Walker:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def walk(self, node: yaml.Node) -> Marked:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if node.tag and node.tag not in _CORE_TAGS:
            self.problems.append(Problem(self.file, line, column, f'the tag "{node.tag}" is not allowed'))
        if isinstance(node, yaml.MappingNode):
            return Marked(self._mapping(node), line, column)
        if isinstance(node, yaml.SequenceNode):
            return Marked([self.walk(each) for each in node.value], line, column)
        return self._scalar(node, line, column)

    def _scalar(self, node: Any, line: int, column: int) -> Marked:
        quoted = node.style in ("'", '"')
        if not quoted and node.style is None and node.value in ("", "~", "null"):
            return Marked(None, line, column)
        one_line = node.start_mark.line == node.end_mark.line
        plain = one_line and node.end_mark.column - node.start_mark.column == len(node.value) + 2 * quoted
        return Marked(node.value, line, column + quoted, plain)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, tuple[Marked, Marked]]:
        found: dict[str, tuple[Marked, Marked]] = {}
        for key_node, value_node in node.value:
            key, value = self.walk(key_node), self.walk(value_node)
            name = key.value if isinstance(key.value, str) else ""
            if not name:
                self.problems.append(Problem(self.file, key.line, key.column, "a key must be a word"))
            elif name in found:
                first = found[name][0].line
                text = f'"{name}" is given twice (first at line {first})'
                self.problems.append(Problem(self.file, key.line, key.column, text))
            else:
                found[name] = (key, value)
        return found
