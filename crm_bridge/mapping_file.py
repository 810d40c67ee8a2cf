"""A mapping file read and checked, every problem with its line and column, all at once.

``${NAME}`` in a database's URL comes from the environment, so that no password is in a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import ConfigDict, TypeAdapter, with_config
from sqlalchemy import text

from marked_yaml import Marked, Mistakes, Problem, read, shaped

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {  # reading -> its parameters
    "customer": ("phone",),
    "holder": ("customer",),
    "span": ("customer",),
    "bills": ("customer", "first", "second"),
    "charges": ("customer", "month"),
    "unpaid": ("customer",),
    "credit": ("customer",),
    "profile": ("customer",),
    "contracts": ("customer",),
}
_NAME: Final = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?\Z", re.ASCII)
_NAMED: Final = re.compile(r"\$\{(\w+)\}")
_STRICT: Final = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Either ``sql`` with bound parameters (see ``NEEDS``), or a ``table`` and its ``columns``."""

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
    holder: Reading | None = None  # none: no name and no number on paper
    charges: Reading | None = None  # none: single charges are not kept there
    credit: Reading | None = None  # none: nobody pays in advance there
    profile: Reading | None = None  # none: agents see no address and no package
    contracts: Reading | None = None  # none: agents see no contracts


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
_SHAPES: Final = (ForeignMapping, Reading, Forms, Money, Readings)
_KNOWN: Final = tuple(name for shape in _SHAPES for name in shape.__dataclass_fields__)
Wrong = tuple[tuple[str, ...], str]  # where in the file, and what


def read_mapping(content: str, file: str, environment: Mapping[str, str] = os.environ) -> ForeignMapping:
    """The mapping; Mistakes with every problem when there is one."""
    marked, problems = read(content, file)
    if marked is None or problems:
        raise Mistakes(problems)
    if not isinstance(marked.value, dict):
        raise Mistakes([Problem(file, 1, 1, "the file must be a mapping of keys")])
    mapping = shaped(_ADAPTER, marked, file, _KNOWN)
    wrong = [*_unknown_names(mapping, environment)]
    for name in NEEDS:
        wrong += _check(name, mapping)
    if wrong:
        places = [(_place(marked, path), words) for path, words in wrong]
        raise Mistakes(Problem(file, place.line, place.column, words) for place, words in places)
    urls = {name: _NAMED.sub(lambda found: environment[found[1]], url) for name, url in mapping.databases.items()}
    return replace(mapping, databases=urls)


def _place(marked: Marked, path: tuple[str, ...]) -> Marked:
    """The value at the path, or as far down as the file goes."""
    for step in path:
        if not isinstance(marked.value, dict) or step not in marked.value:
            break
        marked = marked.value[step][1]
    return marked


def _unknown_names(mapping: ForeignMapping, environment: Mapping[str, str]) -> Iterator[Wrong]:
    for name, url in mapping.databases.items():
        for used in _NAMED.findall(url):
            if used not in environment:
                yield ("databases", name), f"the environment has no {used}"


def _check(name: str, mapping: ForeignMapping) -> Iterator[Wrong]:
    reading: Reading | None = getattr(mapping.readings, name)
    if reading is None:
        return
    at = ("readings", name)
    if reading.database not in mapping.databases:
        yield (*at, "database"), f'there is no database "{reading.database}"'
    if bool(reading.sql) == bool(reading.table):
        yield at, f"{name}: give either sql or a table"
    if reading.sql:
        for words in _check_sql(reading.sql, NEEDS[name]):
            yield (*at, "sql"), words
    written = {("table",): reading.table} | {("columns", key): column for key, column in reading.columns.items()}
    for path, theirs in written.items():
        if theirs and not _NAME.match(theirs):
            yield (*at, *path), f'"{theirs}" is no name of a table or column'


def _check_sql(sql: str, allowed: tuple[str, ...]) -> Iterator[str]:
    if not re.match(r"\s*(select|with)\b", sql, re.IGNORECASE) or ";" in sql.strip().rstrip(";"):
        yield "one SELECT (or WITH ... SELECT) is expected"
    used = set(text(sql)._bindparams)
    for unknown in sorted(used - set(allowed)):
        yield f'":{unknown}" is not known here; there are {", ".join(":" + name for name in allowed)}'
    if allowed[0] not in used:
        yield f'":{allowed[0]}" is not used: this would read other customers too'
