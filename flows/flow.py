"""Flow, Library, Exit, Problem: what is read from YAML, what it may name, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marked_yaml.problems import Problem

if TYPE_CHECKING:
    from flows.nodes import Node

__all__ = ["Always", "Exit", "Flow", "Library", "LookUpSignature", "Marks", "Path", "Problem", "World"]


@dataclass(frozen=True, slots=True)
class Exit:
    """One named way out of a node; ``to`` is a node's name, or "" when it is inherited from ``always``."""

    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Always:
    """Where the root flow sends a caller from anywhere, by node name."""

    human: str  # key 0
    main: str  # key 9
    silent: str  # 60 s without a key
    tired: str  # 3 wrong entries at a node, or 10 in the call
    too_long: str  # the call's budget of turns is spent
    failed: str  # a look-up or a prompt failed where the node names no way


Path = tuple[str | int, ...]  # of keys and list positions: ("nodes", "main_menu", "options", "1", "to")


@dataclass(frozen=True, slots=True)
class Marks:
    """Where in the file each key and each value stands, as 1-based (line, column) by path."""

    keys: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    values: Mapping[Path, tuple[int, int]] = field(default_factory=dict)

    def key(self, path: Path) -> tuple[int, int]:
        """Where the key of the path stands, or the nearest thing around it."""
        return self.keys.get(path) or self.value(path)

    def value(self, path: Path) -> tuple[int, int]:
        """Where the value of the path stands, or the nearest thing around it."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, (1, 1))


@dataclass(frozen=True, slots=True)
class Flow:
    """One YAML file. A root flow has ``always``, a sub-flow ``exits``. ``back``: where ``*`` goes from its nodes."""

    name: str
    start: str
    nodes: Mapping[str, Node]
    title: Mapping[str, str] = field(default_factory=dict)  # language -> words
    always: Always | None = None
    exits: tuple[str, ...] = ()
    file: str = ""
    back: str = ""
    marks: Marks = field(default_factory=Marks, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LookUpSignature:
    """What a look-up asks for and may answer. Kinds are words of ``facts.KINDS``; a "?" after a kind: may be absent."""

    name: str
    needs: Mapping[str, str]  # argument -> kind
    outcomes: Mapping[str, Mapping[str, str]]  # outcome -> {fact: kind}
    deadline_ms: int = 15_000
    effect: bool = False  # changes something: a started one is finished even when the caller hangs up


@dataclass(frozen=True, slots=True)
class World:
    """All that flows may name outside themselves; the hub fills it from prompts, look-ups and settings."""

    prompts: Mapping[str, Mapping[str, str]]  # prompt -> {slot: kind}
    look_ups: Mapping[str, LookUpSignature]
    queues: frozenset[str]
    languages: tuple[str, ...]
    spoken: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language -> prompts that have words in it


@dataclass(frozen=True, slots=True)
class Library:
    """The flows and all they may name. ``version`` is a digest of the whole."""

    flows: Mapping[str, Flow]
    prompts: Mapping[str, Mapping[str, str]]  # prompt -> {slot: kind}
    look_ups: Mapping[str, LookUpSignature]
    queues: frozenset[str]
    languages: tuple[str, ...]
    spoken: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language -> prompts that have words in it
    version: str = ""
    made: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)  # pages, made once
