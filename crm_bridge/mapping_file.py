"""A mapping file read and checked: YAML as it is written, every problem with its line and column, all at once.

Scalars stay the text they are (no octal telephone numbers, no ``on`` that turns into true); anchors, aliases, tags and
duplicate keys are refused. ``${NAME}`` in a database's URL comes from the environment: no password is in a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, Literal

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from sqlalchemy import text

LARGEST: Final = 1 << 18
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {  # reading -> its parameters
    "customer": ("phone",),
    "span": ("customer",),
    "bills": ("customer", "first", "second"),
    "charges": ("customer", "month"),
    "unpaid": ("customer",),
    "credit": ("customer",),
}
_NAME: Final = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?\Z", re.ASCII)
_STRICT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where in the file, 1-based, and what."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class MappingMistakes(ValueError):
    """All problems of a mapping file, one a line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Either ``sql`` with bound parameters (:phone, :customer, :first, :second), or a ``table`` and its ``columns``."""

    database: str
    sql: str = ""
    table: str = ""
    columns: dict[str, str] = field(default_factory=dict)  # our name -> theirs
    rows: Literal["per_bill", "per_charge"] = "per_bill"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """How they write things. ``phone_prefix`` is put before a number when asking, and taken off the answer."""

    customer: Literal["text", "number"] = "text"
    month: Literal["YYYY-MM", "YYYYMM", "number YYYYMM"] = "YYYY-MM"
    date: Literal["YYYY-MM-DD", "YYYYMMDD", "number YYYYMMDD"] = "YYYY-MM-DD"
    phone_prefix: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """``smallest``: whole numbers of fen or cents. ``whole``: yuan or dollars with at most two decimals."""

    unit: Literal["smallest", "whole"] = "smallest"
    currency: str = "CNY"  # taken when a row names none
    currencies: dict[str, str] = field(default_factory=dict)  # their code -> ours


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One for each thing a look-up reads."""

    customer: Reading
    span: Reading
    bills: Reading
    unpaid: Reading
    charges: Reading | None = None  # none: single charges are not kept there
    credit: Reading | None = None  # none: nobody pays in advance there


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMapping:
    """The whole file. ``parts``: our part -> their charge codes; ``passwords``: sql takes theirs until one is set."""

    mapping: str
    databases: dict[str, str]
    readings: Readings
    forms: Forms = field(default_factory=Forms)
    money: Money = field(default_factory=Money)
    parts: dict[Literal["rental", "local", "long_distance", "data", "value_added"], tuple[str, ...]] = field(
        default_factory=dict
    )
    passwords: Literal["ours", "sql"] = "ours"
    deadline_ms: int = 2_000


_ADAPTER: Final = TypeAdapter(ForeignMapping)
Path_ = tuple[str | int, ...]


class _Walk:
    """One pass over the composed nodes: plain values, and where each key and value stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.keys: dict[Path_, yaml.Mark] = {}
        self.values: dict[Path_, yaml.Mark] = {}

    def blame(self, mark: yaml.Mark, text_: str) -> None:
        """Note a problem."""
        self.mistakes.append(Mistake(self.file, mark.line + 1, mark.column + 1, text_))

    def plain(self, node: yaml.Node, path: Path_ = ()) -> Any:
        """The node as dict, list or the text as written."""
        self.values[path] = node.start_mark
        if len(path) > 8:
            self.blame(node.start_mark, "nested too deeply")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._pairs(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(child, (*path, at)) for at, child in enumerate(node.value)]
        return node.value

    def _pairs(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self.blame(key.start_mark, f'"{name}" is given twice')
                continue
            self.keys[(*path, name)] = key.start_mark
            found[name] = self.plain(value, (*path, name))
        return found

    def mark(self, path: Path_, of_key: bool) -> yaml.Mark:
        """The nearest place that stands in the file."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values[path]


def read_mapping(content: str, file: str, environment: Mapping[str, str] = os.environ) -> ForeignMapping:
    """The mapping; MappingMistakes with every problem when there is one."""
    walk = _Walk(file)
    tree = _composed(content, walk)
    if walk.mistakes:
        raise MappingMistakes(walk.mistakes)
    try:
        mapping = _ADAPTER.validate_python(tree)
    except ValidationError as error:
        for one in error.errors():
            _explain(walk, one["loc"], one["type"], one["msg"])
        raise MappingMistakes(walk.mistakes) from None
    urls = {name: _filled(walk, name, url, environment) for name, url in mapping.databases.items()}
    for name in NEEDS:
        _check(walk, name, mapping)
    if walk.mistakes:
        raise MappingMistakes(walk.mistakes)
    return _ADAPTER.validate_python({**tree, "databases": urls})


def _composed(content: str, walk: _Walk) -> Any:
    top = yaml.Mark(walk.file, 0, 0, 0, None, 0)
    if len(content) > LARGEST:
        walk.blame(top, "the file is larger than 256 KiB")
        return None
    try:
        for token in yaml.scan(content, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                walk.blame(token.start_mark, "anchors, aliases and tags are not allowed")
                return None
        node = yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        walk.blame(error.problem_mark or top, error.problem or "not YAML")
        return None
    if not isinstance(node, yaml.MappingNode):
        walk.blame(top, "the file must be a mapping of keys")
        return None
    return walk.plain(node)


def _explain(walk: _Walk, place: Path_, kind: str, message: str) -> None:
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        name = str(place[-1])
        known = [key for cls in (ForeignMapping, Reading, Forms, Money, Readings) for key in cls.__dataclass_fields__]
        near = get_close_matches(name, known, 1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        walk.blame(walk.mark(place, True), f'unknown key "{name}"{hint}')
    elif kind == "missing":
        walk.blame(walk.mark(place[:-1], True), f'"{place[-1]}" is missing')
    else:
        walk.blame(walk.mark(place, False), message)


def _filled(walk: _Walk, name: str, url: str, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in environment:
            walk.blame(walk.mark(("databases", name), False), f"the environment has no {found[1]}")
        return environment.get(found[1], "")

    return re.sub(r"\$\{(\w+)\}", value, url)


def _check(walk: _Walk, name: str, mapping: ForeignMapping) -> None:
    reading: Reading | None = getattr(mapping.readings, name)
    if reading is None:
        return
    at: Path_ = ("readings", name)
    if reading.database not in mapping.databases:
        walk.blame(walk.mark((*at, "database"), False), f'there is no database "{reading.database}"')
    if bool(reading.sql) == bool(reading.table):
        walk.blame(walk.mark(at, True), "give either sql or a table")
    if reading.sql:
        _check_sql(walk, (*at, "sql"), reading.sql, NEEDS[name])
    for key, written in (("table", reading.table), *reading.columns.items()):
        if written and not _NAME.match(written):
            walk.blame(walk.mark((*at, "columns", key), False), f'"{written}" is no name of a table or column')


def _check_sql(walk: _Walk, place: Path_, sql: str, allowed: tuple[str, ...]) -> None:
    mark = walk.mark(place, False)
    if not re.match(r"\s*(select|with)\b", sql, re.IGNORECASE) or ";" in sql.strip().rstrip(";"):
        walk.blame(mark, "one SELECT (or WITH ... SELECT) is expected")
    used = set(text(sql)._bindparams)
    for unknown in sorted(used - set(allowed)):
        walk.blame(mark, f'":{unknown}" is not known here; there are {", ".join(":" + name for name in allowed)}')
    if allowed[0] not in used:
        walk.blame(mark, f'":{allowed[0]}" is not used: this would read other customers too')
