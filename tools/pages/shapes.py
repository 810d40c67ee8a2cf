"""Dataclasses as tables: every key with its type in plain words, its default, and a sentence from ``words``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from flows.reading import ANY_NODE
from ivr_server.settings import HOUSE
from tools.pages.words import KEYS

SIMPLE = {str: "text", bool: "true or false", int: "whole number", float: "number"}


class NoWords(Exception):
    """A key of the code that no sentence explains; it belongs into tools/pages/words.py."""


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def keys_of(shape: type, named: str, skip: tuple[str, ...] = ()) -> str:
    """The table of a dataclass's keys. ``named``: its name in ``words.KEYS``."""
    hints = get_type_hints(shape, include_extras=True)
    rows = [
        (f"`{key}`", type_words(hints[one.name]), default_words(one), sentence(named, key))
        for one in fields(shape)
        if (key := one.name.rstrip("_")) not in skip
    ]
    return table(("key", "type", "default", "what it says"), rows)


def sentence(named: str, key: str) -> str:
    """The sentence for a key, its own or the one of its name everywhere."""
    words = KEYS.get(f"{named}.{key}") or KEYS.get(f"*.{key}")
    if words is None:
        raise NoWords(f"{named}.{key} has no sentence in tools/pages/words.py")
    return words


def type_words(hint: Any) -> str:
    """A type as people say it."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin is Annotated:  # a node of any kind
        return "node" if hint == ANY_NODE else type_words(inside[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inside)
    if origin in (Union, UnionType):
        return type_words(next(one for one in inside if one is not NoneType))
    if origin is tuple:
        return "prompts" if _name(inside[0]) == "Spoken" else f"list of {_many(type_words(inside[0]))}"
    if origin in (dict, Mapping) or origin is not None:
        return f"{type_words(inside[0])} → {type_words(inside[1])}"
    return _shape_words(_name(hint)) if is_dataclass(hint) else _name(hint)


def _shape_words(name: str) -> str:
    """What a mapping of our own is called: an option, a node, or a mapping that a table of its own explains."""
    return {"Option": "option", "Always": "mapping", "Reading": "reading"}.get(name, "mapping")


def default_words(one: Field[Any]) -> str:
    """The default as it would be written; bold where there is none and the key must be given."""
    if one.default is MISSING and one.default_factory is MISSING:
        return "**needed**"
    value = one.default if one.default is not MISSING else one.default_factory()  # type: ignore[misc]
    return "" if is_dataclass(value) else _written(value)


def _written(value: Any) -> str:
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(map(_short, value)) + "]`"
    if isinstance(value, dict):
        same = len({str(one) for one in value.values()}) == 1 and len(value) > 3
        shown = [*value.items()][:1] if same else value.items()
        inside = ", ".join(f"{key}: {_short(one)}" for key, one in shown)
        return f"`{{{inside}}}`" + (" and so for every other" if same else "")
    return f"`{_short(value)}`"


def _short(value: Any) -> str:
    """Without this machine's path; lists as they are written in YAML."""
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace(f"{HOUSE}/", "")


def _many(words: str) -> str:
    return {"text": "texts"}.get(words, words)


def _name(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint))
