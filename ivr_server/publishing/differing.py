"""What is different between two sets of files: as YAML line by line, and in words, node by node.

The words are told in the reader's language by ``telling``; here a change is a value. Files that cannot be read (a draft
in the middle of being written) are compared as text only.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from ivr_server.publishing.asked import Files, Shape
from ivr_server.publishing.naming import FLOWS, PROMPTS, under
from marked_yaml import read
from marked_yaml.shaping import plain

How = Literal["added", "removed", "changed"]
AROUND: Final = 3  # lines of context
MOST_LINES: Final = 4_000
MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of one flow. ``node`` "": of the flow itself; ``path``: keys below the node; values as written."""

    flow: str
    node: str
    how: How
    path: tuple[str, ...] = ()
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class WordChange:
    """One prompt in one language; "" where there is none."""

    prompt: str
    language: str
    old: str
    new: str


def diff(old: Files, new: Files) -> Shape:
    """The changed files line by line."""
    return {"files": [_file(name, old.get(name), new.get(name)) for name in _changed(old, new)]}


def changes(old: Files, new: Files) -> list[Change]:
    """What is different in the flows, in reading order."""
    found: list[Change] = []
    for name in _changed(under(old, FLOWS), under(new, FLOWS)):
        before, after = _tree(old.get(name, ""), name), _tree(new.get(name, ""), name)
        found += _flow(_called(after or before, name), before, after)
    return found


def word_changes(old: Files, new: Files) -> list[WordChange]:
    """What is said otherwise."""
    found: list[WordChange] = []
    for name in _changed(under(old, PROMPTS), under(new, PROMPTS)):
        language = name.rpartition("/")[2].partition(".")[0]
        before, after = (_mapping(_tree(files.get(name, ""), name).get("prompts")) for files in (old, new))
        for prompt in _keys(before, after):
            was, now = _words(before.get(prompt, "")), _words(after.get(prompt, ""))
            if was != now:
                found.append(WordChange(prompt, language, was, now))
    return found


def speaking(files: Files, prompts: Collection[str]) -> list[str]:
    """The flows that name one of these prompts."""
    trees = {name: _tree(text, name) for name, text in sorted(under(files, FLOWS).items())}
    return [_called(tree, name) for name, tree in trees.items() if not set(prompts).isdisjoint(_texts(tree))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _changed(old: Files, new: Files) -> list[str]:
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def _file(name: str, old: str | None, new: str | None) -> Shape:
    how = "added" if old is None else "removed" if new is None else "changed"
    lines = difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), n=AROUND, lineterm="")
    told = [["@", line] if line[:1] == "@" else [line[:1], line[1:]] for line in islice(lines, 2, MOST_LINES)]
    return {"file": name, "change": how, "lines": told}


def _tree(text: str, name: str) -> dict[str, Any]:
    marked, _ = read(text, name) if text else (None, [])
    return _mapping(plain(marked)) if marked else {}


def _called(tree: Mapping[str, Any], name: str) -> str:
    return str(tree.get("flow") or name.rpartition("/")[2].partition(".")[0])


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys((*new, *old)))


def _flow(flow: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    if not old or not new:
        yield Change(flow, "", "added" if new else "removed")
        return
    heads = [{key: tree[key] for key in tree if key != "nodes"} for tree in (old, new)]
    for path, was, now in _leaves(heads[0], heads[1]):
        yield Change(flow, "", _how(was, now), path, _said(was), _said(now))
    before, after = _mapping(old.get("nodes")), _mapping(new.get("nodes"))
    for node in _keys(before, after):
        if node not in before or node not in after:
            kind = str(_mapping(after.get(node, before.get(node))).get("kind", ""))
            yield Change(flow, node, "added" if node in after else "removed", new=kind)
            continue
        for path, was, now in _leaves(_mapping(before[node]), _mapping(after[node])):
            yield Change(flow, node, _how(was, now), path, _said(was), _said(now))


def _how(old: Any, new: Any) -> How:
    return "added" if old is MISSING else "removed" if new is MISSING else "changed"


def _leaves(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The values that differ, as deep as both sides are mappings; an option stays whole where it is new or gone."""
    for key in _keys(old, new):
        was, now = old.get(key, MISSING), new.get(key, MISSING)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _leaves(was, now, (*path, key))
        elif was is MISSING or now is MISSING or was != now:
            yield (*path, key), was, now


def _said(value: Any) -> str:
    """A value as people read it."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return str(value)


def _words(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else _said(value)
