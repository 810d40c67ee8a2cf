"""YAML text -> Flow, or every Problem at once with file, line and column.

The text is parsed into events, never constructed: a scalar stays the text that was written (so a phone number keeps its
zero and ``no`` is a word), and anchors, aliases, tags, merge keys and duplicate keys are mistakes of the author. What
has the right shape then becomes our own frozen dataclasses through pydantic, which knows nothing of lines: the path of
each of its errors is followed back to the mark in the file. The only module that knows PyYAML and pydantic.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from functools import cache, reduce
from operator import or_
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from flows.flow import Always, Flow, Library, Marks, Path, Problem, World
from flows.inspecting import inspect, nearest, strangers
from flows.kinds import KINDS

SIZE: Final = 1 << 20  # bytes
DEPTH: Final = 32
NODES: Final = 20_000
TEXTS: Final = (
    "say",
    "short",
    "help",
    "tail",
)  # lists of prompts, where one prompt may stand alone and by its bare name
T = TypeVar("T")

SECRETS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]+-----"), "a certificate or key"),
    (re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]+@"), "an address with a password in it"),
    (re.compile(r"\b(?:AKIA|ghp_|xox[abp]-|sk-|eyJ)[A-Za-z0-9_-]{12,}"), "an access token"),
    (re.compile(r"\b(?=[A-Za-z0-9+/]*[0-9])(?=[A-Za-z0-9+/]*[A-Za-z])[A-Za-z0-9+/]{32,}"), "something like a token"),
)


class Mistakes(Exception):
    """What the author has to mend: ``problems``, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class Source:
    """A file taken apart: mappings, lists, text and None; and where everything stands."""

    file: str
    tree: Any
    marks: Marks


ANY_NODE: Any = Annotated[reduce(or_, KINDS.values()), Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFile:
    """A flow as its author writes it."""

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


def read_folder(files: Mapping[str, str], world: World) -> Library:
    """All flows of a library (file name -> text), checked against each other and the world. Raises Mistakes of all."""
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    broken: set[str] = set()
    for file, text in sorted(files.items()):
        flow, wrong = _attempt(text, file)
        problems += wrong
        if flow is None or wrong:
            broken.add(flow.name if flow else PurePath(file).stem)
        elif flow.name in flows:
            problems.append(Problem(file, *flow.marks.value(("flow",)), f'the flow "{flow.name}" is given twice'))
        else:
            flows[flow.name] = flow
    library = Library(flows, world.prompts, world.look_ups, world.queues, world.languages, world.spoken, _digest(files))
    problems += [problem for problem in inspect(library, frozenset(broken)) if not problem.warning]
    if problems:
        raise Mistakes(tuple(sorted(problems)))
    return library


def read_as(shape: type[T], text: str, file: str) -> T:
    """Any dataclass from YAML, with the same care and the same messages: for settings, dialogues, mappings."""
    source = compose(text, file)
    value, problems = _shaped(shape, source, source.tree)
    if problems or value is None:
        raise Mistakes(tuple(sorted(problems)))
    return value


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
        source = compose(text, file)
    except Mistakes as mistakes:
        return None, list(mistakes.problems)
    problems = _leaks(text, file)
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


def _leaks(text: str, file: str) -> list[Problem]:
    """Certificates, passwords and tokens do not belong into a flow."""
    return [
        Problem(file, number, found.start() + 1, f"this looks like {what}; secrets do not belong into a flow")
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, what in SECRETS
        if (found := pattern.search(line))
    ]


# taking the text apart


def compose(text: str, file: str) -> Source:
    """The text as a tree with marks. Raises Mistakes: syntax, anchors, tags, doubles, size, depth, number of nodes."""
    size = len(text.encode("utf-8", "replace"))
    if size > SIZE:
        raise Mistakes((Problem(file, 1, 1, f"the file has {size:,} bytes; {SIZE:,} are allowed"),))
    builder = _Builder(file)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        builder.problems.append(Problem(file, *where, f"this is not YAML: {error.problem or error.context}"))
    except (yaml.YAMLError, UnicodeError) as error:
        builder.problems.append(Problem(file, 1, 1, f"this is not YAML: {str(error).splitlines()[0]}"))
    if builder.documents == 0 and not builder.problems:
        builder.problems.append(Problem(file, 1, 1, "the file is empty"))
    if builder.problems:
        raise Mistakes(tuple(sorted(builder.problems)))
    return Source(file, builder.root, Marks(builder.keys, builder.values))


def _events(text: str) -> Iterator[Any]:
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Builder:
    """A tree from events, with a stack of its own: depth and size are judged while reading, not after."""

    def __init__(self, file: str) -> None:
        self.file, self.problems, self.documents, self.count = file, list[Problem](), 0, 0
        self.root: Any = None
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.stack: list[tuple[Any, Path]] = []  # (container, its path)
        self.waiting: list[str | None] = []  # the key that waits for its value, by level

    def take(self, event: Any) -> None:
        """One event; raises Mistakes where going on would be dear."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.stop(event, "one file holds one document; take the --- out")
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self.waiting.pop()
        elif isinstance(event, yaml.NodeEvent):
            self.node(event)

    def node(self, event: Any) -> None:
        """One scalar, list or mapping, or a key."""
        self.count += 1
        if self.count > NODES:
            self.stop(event, f"the file has more than {NODES:,} values")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.say(event, "anchors and aliases (& and *) are not allowed; write it out")
        elif event.tag is not None and event.tag != "!":
            self.say(event, "tags (!) are not allowed; every value is text, a list or a mapping")
        scalar = isinstance(event, yaml.ScalarEvent | yaml.AliasEvent)
        if self.stack and isinstance(self.stack[-1][0], dict) and self.waiting[-1] is None:
            if scalar:
                return self.key(event)
            self.stop(event, "a key must be a plain word")
        value: Any = _text(event) if scalar else [] if isinstance(event, yaml.SequenceStartEvent) else {}
        path = self.put(event, value)
        if not scalar:
            if len(self.stack) == DEPTH:
                self.stop(event, f"this is nested more than {DEPTH} deep")
            self.stack.append((value, path))
            self.waiting.append(None)
        return None

    def key(self, event: Any) -> None:
        """A key; given twice, its second value is kept out of the tree's way."""
        key = str(getattr(event, "value", ""))
        container, path = self.stack[-1]
        if key == "<<" and event.style is None:
            self.say(event, "merge keys (<<) are not allowed; write it out")
        if key in container:
            first = self.keys[(*path, key)][0]
            self.say(event, f'"{key}" is given twice (first at line {first})')
        else:
            self.keys.setdefault((*path, key), _mark(event))
        self.waiting[-1] = key

    def put(self, event: Any, value: Any) -> Path:
        """Hang a value where it belongs; its path."""
        path: Path = ()
        if not self.stack:
            self.root = value
        else:
            container, above = self.stack[-1]
            if isinstance(container, list):
                path = (*above, len(container))
                container.append(value)
            else:
                path = (*above, self.waiting[-1] or "")
                container.setdefault(self.waiting[-1], value)
                self.waiting[-1] = None
        self.values.setdefault(path, _mark(event))
        return path

    def say(self, event: Any, text: str) -> None:
        """A mistake after which reading goes on."""
        self.problems.append(Problem(self.file, *_mark(event), text))

    def stop(self, event: Any, text: str) -> None:
        """A mistake after which reading ends."""
        self.say(event, text)
        raise Mistakes(tuple(sorted(self.problems)))


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _text(event: Any) -> str | None:
    """The scalar as it is written; nothing, ~ and null are None."""
    value = getattr(event, "value", "")
    return None if value in ("", "~", "null") and getattr(event, "style", None) is None else str(value)


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
            f'unknown key "{path[-1]}"{nearest(str(path[-1]), _keys(shape, error["loc"][:-1]))}',
        )
    elif kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        where, text = marks.key(path), f'"{str(error["loc"][-1]).rstrip("_")}" is missing'
    elif kind == "union_tag_not_found":
        where, text = marks.key(path), '"kind" is missing'
    elif kind == "union_tag_invalid":
        word = error["ctx"]["tag"]
        where, text = marks.value((*path, "kind")), f'unknown kind "{word}"{nearest(word, KINDS)}'
    else:
        where, text = marks.value(path), _words(kind, error)
        text = f'"{path[-1]}" {text}' if path else f"the file {text}"
    node = str(path[1]) if len(path) > 1 and path[0] == "nodes" else ""
    return Problem(source.file, *where, text, node)


def _words(kind: str, error: Any) -> str:
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        word = str(error["input"])
        return f'cannot be "{word}"; use {", ".join(allowed)}{nearest(word, allowed)}'
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
