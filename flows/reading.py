"""YAML text -> Flow, or every Problem at once with file, line and column.

``marked_yaml`` takes the text apart: a scalar stays the text that was written (a phone number keeps its zero, ``no`` is
a word), and anchors, tags and duplicate keys are mistakes. What has the right shape then becomes our own frozen
dataclasses through pydantic, which knows nothing of lines: the path of each of its errors is followed back to the mark
in the file. The only module of the core that knows pydantic.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from functools import cache, reduce
from operator import or_
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from flows.flow import Always, Flow, Library, Marks, Path, Problem, World
from flows.inspecting import inspect, look_over, strangers
from flows.kinds import KINDS
from marked_yaml import Marked, Mistakes, meant, read

__all__ = ["json_schema", "leaks", "read_flow", "read_folder"]

# lists of prompts, where one prompt may stand alone and by its bare name
TEXTS: Final = ("say", "short", "help", "offer", "tail")
T = TypeVar("T")
Place = tuple[int, int]  # line, column

SECRETS: Final = (  # each bounded: a line of a million signs must not be tried from each of them to its end
    (re.compile(r"-----BEGIN [A-Z ]+-----"), "a certificate or key"),
    (re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,200}:[^\s/@]{1,200}@"), "an address with a password in it"),
    (re.compile(r"\b(?:AKIA|ghp_|xox[abp]-|sk-|eyJ)[A-Za-z0-9_-]{12,}"), "an access token"),
    (re.compile(r"\b(?=[A-Za-z+/]{0,64}[0-9])(?=[0-9+/]{0,64}[A-Za-z])[A-Za-z0-9+/]{32}"), "something like a token"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file taken apart: mappings, lists, text and None; and where everything stands."""

    file: str
    tree: Any
    marks: Marks


ANY_NODE: Any = Annotated[reduce(or_, KINDS.values()), Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFile:
    """A flow as its author writes it; unknown keys are refused in it and in all its nodes."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    flow: str
    start: str
    nodes: Mapping[str, ANY_NODE]
    title: Mapping[str, str] = field(default_factory=dict)
    always: Always | None = None
    exits: tuple[str, ...] = ()
    back: str = ""


def read_flow(text: str, file: str) -> Flow:
    """One flow from its text; what it names outside itself is not looked at. Raises Mistakes."""
    flow, problems = _attempt(text, file)
    if flow is None or problems:
        raise Mistakes(tuple(sorted(problems)))
    return flow


def read_folder(files: Mapping[str, str], world: World, *, fresh: bool = True) -> Library:
    """All flows of a library (file name -> text), checked against each other and the world. Raises Mistakes of all.

    ``fresh``: as in ``inspect``.
    """
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    parts: list[Flow] = []
    broken: set[str] = set()
    for file, text in sorted(files.items()):
        flow, wrong = _attempt(text, file)
        problems += wrong
        if flow is None or wrong:
            broken.add(flow.name if flow else PurePath(file).stem)
            parts += [flow] if flow else []
        elif flow.name in flows:
            problems.append(Problem(file, *flow.marks.value(("flow",)), f'the flow "{flow.name}" is given twice'))
        else:
            flows[flow.name] = flow
    library = Library(flows, world.prompts, world.look_ups, world.queues, world.languages, world.spoken, _digest(files))
    found = inspect(library, frozenset(broken), fresh=fresh)
    found += (problem for part in parts for problem in look_over(library, part, frozenset(broken)))
    problems += [problem for problem in found if not problem.warning]
    if problems:
        raise Mistakes(tuple(sorted(problems)))
    return library


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a flow file, for editors that complete and check while one types."""
    schema = TypeAdapter(FlowFile).json_schema()
    definitions = schema["$defs"]
    spoken = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Spoken"}]}
    for definition in definitions.values():
        properties = definition.get("properties", {})
        if "with_" in properties:
            definition["properties"] = properties = {key.rstrip("_"): value for key, value in properties.items()}
        for key in TEXTS:
            if properties.get(key, {}).get("type") == "array":
                properties[key] = {**properties[key], "items": spoken, "type": ["array", "string"]}
        if "kind" in properties and "const" in properties["kind"]:
            definition["required"] = ["kind", *(key for key in definition.get("required", ()) if key != "kind")]
        definition["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "additionalProperties": False}


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(files.items())).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _attempt(text: str, file: str) -> tuple[Flow | None, list[Problem]]:
    """The flow as far as it can be read: nodes with mistakes are left out, so that the others are still looked at."""
    try:
        source = _source(text, file)
    except Mistakes as mistakes:
        return None, list(mistakes.problems)
    problems = leaks(text, file)
    tree = _normal(source.tree)
    shape, wrong = _shaped(FlowFile, source, tree)
    problems += wrong
    named = dict.fromkeys(tree["nodes"]) if isinstance(tree, dict) and isinstance(tree.get("nodes"), dict) else {}
    if shape is None and named:
        bad = {problem.node for problem in wrong}
        tree = {**tree, "nodes": {name: node for name, node in tree["nodes"].items() if name not in bad}}
        shape, _ = _shaped(FlowFile, source, tree)
    if shape is None:
        return None, problems
    marks = source.marks
    head = (shape.flow, shape.start, shape.nodes, shape.title, shape.always, shape.exits, file, shape.back)
    flow = Flow(*head, marks=marks)
    return flow, problems + strangers(flow, frozenset(named))


def _normal(tree: Any) -> Any:
    """``say: welcome`` and ``say: [welcome]`` as ``say: [{prompt: welcome}]``; ``with`` under a name Python allows."""
    if not isinstance(tree, dict) or not isinstance(tree.get("nodes"), dict):
        return tree
    nodes = {name: _normal_node(node) if isinstance(node, dict) else node for name, node in tree["nodes"].items()}
    return {**tree, "nodes": nodes}


def _normal_node(node: dict[str, Any]) -> dict[str, Any]:
    made = {"with_" if key == "with" else key: value for key, value in node.items()}
    for key in TEXTS:
        if isinstance(made.get(key), str):
            made[key] = [made[key]]
        if isinstance(made.get(key), list):
            made[key] = [{"prompt": said} if isinstance(said, str) else said for said in made[key]]
    return made


def leaks(text: str, file: str) -> list[Problem]:
    """Certificates, passwords and tokens do not belong into a flow."""
    return [
        Problem(file, number, found.start() + 1, f"this looks like {what}; secrets do not belong into a flow")
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, what in SECRETS
        if (found := pattern.search(line))
    ]


# taking the text apart


def _source(text: str, file: str) -> Source:
    """The text as a tree with marks. Raises Mistakes."""
    try:
        marked, problems = read(text, file)
    except UnicodeError:
        marked, problems = None, [Problem(file, 1, 1, "this is not UTF-8 text")]
    if marked is None:
        raise Mistakes(problems)
    keys: dict[Path, Place] = {}
    values: dict[Path, Place] = {}
    tree = _unmark(marked, (), (keys, values))
    for path, where in keys.items():
        if path[-1] == "<<":
            problems.append(Problem(file, *where, "merge keys (<<) are not allowed; write it out"))
    if problems:
        raise Mistakes(problems)
    return Source(file, tree, Marks(keys, values))


def _unmark(marked: Marked, path: Path, tables: tuple[dict[Path, Place], dict[Path, Place]]) -> Any:
    """The bare tree; where its keys and values stand goes into the two tables."""
    keys, values = tables
    values[path] = (marked.line, marked.column)
    value = marked.value
    if isinstance(value, list):
        return [_unmark(one, (*path, number), tables) for number, one in enumerate(value)]
    if isinstance(value, dict):
        for name, (key, _) in value.items():
            keys[(*path, name)] = (key.line, key.column)
        return {name: _unmark(one, (*path, name), tables) for name, (_, one) in value.items()}
    return value


# giving it its shape


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _shaped(shape: type[T], source: Source, tree: Any) -> tuple[T | None, list[Problem]]:
    try:
        return _adapter(shape).validate_python(tree), []  # type: ignore[arg-type]
    except ValidationError as error:
        return None, [_problem(shape, source, one) for one in error.errors(include_url=False)]


def _problem(shape: Any, source: Source, error: Any) -> Problem:
    """One of pydantic's errors in the author's words, at the author's place."""
    kind, path, marks = error["type"], _path(error["loc"], source), source.marks
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        where, text = (
            marks.key(path),
            f'unknown key "{path[-1]}"{meant(str(path[-1]), _keys(shape, error["loc"][:-1]))}',
        )
    elif kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        where, text = marks.key(path), f'"{str(error["loc"][-1]).rstrip("_")}" is missing'
    elif kind == "union_tag_not_found":
        where, text = marks.key(path), '"kind" is missing'
    elif kind == "union_tag_invalid":
        word = error["ctx"]["tag"]
        where, text = marks.value((*path, "kind")), f'unknown kind "{word}"{meant(word, KINDS)}'
    else:
        where, text = marks.value(path), _words(kind, error)
        text = f'"{path[-1]}" {text}' if path else f"the file {text}"
    node = str(path[1]) if len(path) > 1 and path[0] == "nodes" else ""
    return Problem(source.file, *where, text, node)


def _words(kind: str, error: Any) -> str:
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        word = str(error["input"])
        return f'cannot be "{word}"; use {", ".join(allowed)}{meant(word, allowed)}'
    wanted = {
        "string_type": "must be text",
        "mapping_type": "must be a mapping (key: value)",
        "dict_type": "must be a mapping (key: value)",
        "model_attributes_type": "must be a mapping (key: value)",
        "dataclass_type": "must be a mapping (key: value)",
        "tuple_type": "must be a list",
        "list_type": "must be a list",
        "bool_parsing": "must be true or false",
        "bool_type": "must be true or false",
        "int_parsing": "must be a whole number",
        "int_type": "must be a whole number",
        "float_parsing": "must be a number",
        "float_type": "must be a number",
    }
    return wanted.get(kind, str(error["msg"][:1].lower() + error["msg"][1:]))


def _path(loc: tuple[Any, ...], source: Source) -> Path:
    """pydantic's path without what is not in the file: the words of unions, and keys that are missing."""
    path: Path = ()
    for step in loc:
        for name in (step, step.rstrip("_") if isinstance(step, str) else step):
            if (*path, name) in source.marks.values:
                path = (*path, name)
                break
    return path


def _keys(shape: Any, loc: tuple[Any, ...]) -> list[str]:
    """The keys that the file may have at a place, for the suggestion."""
    for step in loc:
        shape = _inner(shape, step)
    hints = get_type_hints(shape) if is_dataclass(shape) else {}
    return [name.rstrip("_") for name in getattr(shape, "__dataclass_fields__", ()) if name in hints]


def _inner(shape: Any, step: Any) -> Any:
    if get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    if get_origin(shape) in (Union, UnionType):
        if step in KINDS:
            return KINDS[step]
        shape = next((one for one in get_args(shape) if one is not type(None)), None)
    if is_dataclass(shape):
        if "nodes" in shape.__dataclass_fields__ and step == "nodes":
            return Mapping[str, ANY_NODE]
        return get_type_hints(shape).get(str(step))
    arguments = [one for one in get_args(shape) if one is not Ellipsis]
    return arguments[-1] if arguments else None
