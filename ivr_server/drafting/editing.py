"""Edits by node: one value of a YAML file changed through ruamel's round trip, so that comments and layout stay.

An edit names a path (``["nodes", "main_menu", "options", "1", "to"]``) and what to do there. Should the round trip lay
out lines that nobody touched, they are put back, so that one value changed changes its own line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

import marked_yaml

Deed = Literal["set", "remove", "rename", "move", "lines"]
Step = str | int
NEEDS_QUOTES: Final = re.compile(r"[0-9*.+-].*|(?i:y|n|yes|no|on|off|true|false|null|~)\Z|\Z")
BY_KIND: Final = ("to", "yes", "no", "again", "enough", "empty", "unavailable", "back", "repeat")
LONG: Final = 88  # a new mapping longer than this is written over several lines


class CannotEdit(Exception):
    """This cannot be done to this file; the text is a key of the console's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """``set``: ``value`` at ``path``; behind the last of a list: one more. ``remove``: the path. ``rename``: the last
    key becomes ``value``, and whatever leads to a node of that name goes along. ``move``: an option, or one of a
    list, up (-1) or down (1). ``lines``: lines ``first`` up to, but without, ``last`` (from 0) give way to ``value``.
    """

    do: Deed
    path: tuple[Step, ...] = ()
    value: Any = None
    first: int = 0
    last: int = 0


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text after all of these edits, in order; raises CannotEdit, and changes nothing then."""
    at = 0
    while at < len(edits):
        if edits[at].do == "lines":
            text, at = _lines(text, edits[at]), at + 1
            continue
        end = next((n for n in range(at, len(edits)) if edits[n].do == "lines"), len(edits))
        text, at = _structured(text, edits[at:end]), end
    return text


def _lines(text: str, edit: Edit) -> str:
    lines = text.splitlines(keepends=True)
    if not 0 <= edit.first <= edit.last <= len(lines) or not isinstance(edit.value, str):
        raise CannotEdit("studio_no_such_place")
    return "".join((*lines[: edit.first], edit.value, *lines[edit.last :]))


def _structured(text: str, edits: Sequence[Edit]) -> str:
    if marked_yaml.read(text, "")[1]:  # bombs and broken YAML never reach the slower parser
        raise CannotEdit("studio_broken_yaml")
    yaml = _yaml(text)
    try:
        document = yaml.load(text)
    except YAMLError:
        raise CannotEdit("studio_broken_yaml") from None
    if not isinstance(document, CommentedMap):
        raise CannotEdit("studio_broken_yaml")
    before = _written(yaml, document)
    for edit in edits:
        _one(document, edit)
    after = _written(yaml, document)
    if before == text:
        return after
    return _carried(before, after, text) or after


def _carried(before: str, after: str, text: str) -> str:
    """What changed between ``before`` and ``after``, done to ``text``; "" when its place is laid out otherwise."""
    old, new, lines = (one.splitlines(keepends=True) for one in (before, after, text))
    blocks = SequenceMatcher(None, old, lines, autojunk=False).get_matching_blocks()
    place = {block.a + n: block.b + n for block in blocks for n in range(block.size)}
    for tag, i1, i2, j1, j2 in reversed(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        if tag == "equal":
            continue
        first = place[i1] if i1 in place else place.get(i1 - 1, -2) + 1
        if first < 0 or any(place.get(i) != first + i - i1 for i in range(i1, i2)):
            return ""
        lines[first : first + i2 - i1] = new[j1:j2]
    return "".join(lines)


def _yaml(text: str) -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    dashes = re.search(r"^( *)[^\s#-][^\n]*:[^\S\n]*\n(?:\s*#[^\n]*\n)*( *)- ", text, re.MULTILINE)
    offset = len(dashes[2]) - len(dashes[1]) if dashes else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _written(yaml: YAML, document: Any) -> str:
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _one(document: CommentedMap, edit: Edit) -> None:
    if not edit.path:
        raise CannotEdit("studio_no_such_place")
    if edit.do == "set":
        _set(document, edit.path, edit.value)
    elif edit.do == "remove":
        _remove(_at(document, edit.path[:-1]), edit.path[-1])
    elif edit.do == "rename":
        _rename(document, edit.path, str(edit.value))
    else:
        _move(_at(document, edit.path[:-1]), edit.path[-1], 1 if edit.value == 1 else -1)


def _at(document: Any, path: tuple[Step, ...]) -> Any:
    here = document
    for step in path:
        try:
            here = here[_key(here, step)]
        except (KeyError, IndexError, TypeError):
            raise CannotEdit("studio_no_such_place") from None
    if not isinstance(here, CommentedMap | CommentedSeq):
        raise CannotEdit("studio_no_such_place")
    return here


def _key(here: Any, step: Step) -> Any:
    """The key as the file has it: ``yes`` may stand there as a word or as what YAML 1.2 makes of it."""
    if isinstance(here, CommentedSeq):
        if not isinstance(step, int) or isinstance(step, bool):
            raise CannotEdit("studio_no_such_place")
        return step
    return next((key for key in here if str(key) == str(step)), str(step))


def _set(document: CommentedMap, path: tuple[Step, ...], value: Any) -> None:
    here: Any = document
    for at, step in enumerate(path[:-1]):
        key = _key(here, step)
        if path[0] == "nodes" and at == 1 and key not in here:  # somebody took the node away meanwhile
            raise CannotEdit("studio_no_such_place")
        if isinstance(here, CommentedMap) and here.get(key) is None:  # a mapping that is not there yet
            _put(here, key, {}, len(path) - at > 2 or at == 0)
        here = _at(here, (step,))
    key = _key(here, path[-1])
    if isinstance(here, CommentedSeq):
        if not isinstance(key, int) or not 0 <= key <= len(here):
            raise CannotEdit("studio_no_such_place")
        _put_in_list(here, key, value)
    else:
        _put(here, key, value, len(path) == 2)


def _put(here: CommentedMap, key: Any, value: Any, top: bool) -> None:
    """A value at a key; a new key of a block keeps the comment that ends the block behind itself."""
    new = key not in here
    trailing = _tail(here) if new else None
    written = _plain(value)
    if isinstance(written, CommentedMap | CommentedSeq):
        old = here.get(key)
        flow = old.fa.flow_style() if isinstance(old, type(written)) else None
        if flow is None:
            flow = not (top and len(str(value)) > LONG)
        (written.fa.set_flow_style if flow else written.fa.set_block_style)()
    here[_quoted(key) if new else key] = written
    if trailing is not None:
        _give_tail(here, trailing)


def _put_in_list(here: CommentedSeq, place: int, value: Any) -> None:
    """A value in a list's place, or behind its last; the comment that ends the list stays behind it."""
    if not here and isinstance(value, dict):
        here.fa.set_block_style()
    new = place == len(here)
    trailing = _tail(here) if new and here and not here.fa.flow_style() else None
    here[place : place + 1] = [_plain(value)]
    if trailing is not None:
        _give_tail(here, trailing)


def _plain(value: Any) -> Any:
    """A JSON value as ruamel writes it: mappings in one line, words quoted only where YAML would read another thing."""
    if isinstance(value, dict):
        made = CommentedMap({_quoted(str(key)): _plain(one) for key, one in value.items()})
        long = len(str(value)) > LONG and any(isinstance(one, dict) for one in value.values())
        (made.fa.set_block_style if long else made.fa.set_flow_style)()
        return made
    if isinstance(value, list):
        listed = CommentedSeq([_plain(one) for one in value])
        (listed.fa.set_block_style if len(str(value)) > LONG else listed.fa.set_flow_style)()
        return listed
    return _quoted(value) if isinstance(value, str) else value


def _quoted(word: Any) -> Any:
    needs = isinstance(word, str) and (NEEDS_QUOTES.fullmatch(word) or " " in word or not word.isascii())
    return DoubleQuotedScalarString(word) if needs else word


# comments stand, for ruamel, behind what is before them: what goes away hands its own on


def _tail(here: CommentedMap | CommentedSeq) -> Any:
    """The comment behind the last thing of a mapping or a list, taken away from it."""
    owner, key = _last(here)
    slots = owner.ca.items.get(key)
    at = 2 if isinstance(owner, CommentedMap) else 0
    token = slots[at] if slots and len(slots) > at else None
    if token is None or "\n" not in token.value.rstrip(" "):
        return None
    first, _, rest = token.value.partition("\n")
    if not rest:
        return None
    token.value = f"{first}\n"
    return rest


def _give_tail(here: CommentedMap | CommentedSeq, text: str) -> None:
    owner, key = _last(here)
    _append(owner, key, text)


def _last(here: Any) -> tuple[Any, Any]:
    """The container and key after which the mapping's text ends."""
    key = len(here) - 1 if isinstance(here, CommentedSeq) else next(reversed(here), None)
    value = here[key] if key is not None else None
    if isinstance(value, CommentedMap | CommentedSeq) and value and not value.fa.flow_style():
        return _last(value)
    return here, key


def _append(owner: Any, key: Any, text: str) -> None:
    from ruamel.yaml.error import CommentMark  # noqa: PLC0415 (needed here alone)
    from ruamel.yaml.tokens import CommentToken  # noqa: PLC0415

    at = 2 if isinstance(owner, CommentedMap) else 0
    slots = owner.ca.items.setdefault(key, [None] * 4 if at else [None, None])
    while len(slots) <= at:
        slots.append(None)
    if slots[at] is None:
        slots[at] = CommentToken(f"\n{text}", CommentMark(0), None)
    else:
        slots[at].value += text


def _remove(here: Any, step: Step) -> None:
    key = _key(here, step)
    try:
        gone = here[key]
    except (KeyError, IndexError, TypeError):
        raise CannotEdit("studio_no_such_place") from None
    tail, before = None, None
    if isinstance(here, CommentedMap):
        tail = _tail(CommentedMapView(here, key, gone).only)
        keys = list(here)
        before = keys[keys.index(key) - 1] if keys.index(key) else None
    elif isinstance(gone, CommentedMap) and key == len(here) - 1 and key > 0:
        tail, before = _tail(here), key - 1
    del here[key]
    if isinstance(here, CommentedMap):
        here.ca.items.pop(key, None)
    if tail and before is not None:
        owner, last = _last_of(here, before)
        _append(owner, last, tail)


class CommentedMapView:
    """A mapping of one key that shares the comments of another, to look at the end of that key alone."""

    def __init__(self, here: CommentedMap, key: Any, value: Any) -> None:
        self.only = CommentedMap({key: value})
        if key in here.ca.items:
            self.only.ca.items[key] = here.ca.items[key]


def _last_of(here: CommentedMap | CommentedSeq, key: Any) -> tuple[Any, Any]:
    value = here[key]
    if isinstance(value, CommentedMap | CommentedSeq) and value and not value.fa.flow_style():
        return _last(value)
    return here, key


def _rename(document: CommentedMap, path: tuple[Step, ...], to: str) -> None:
    here = _at(document, path[:-1])
    if not isinstance(here, CommentedMap):
        raise CannotEdit("studio_no_such_place")
    key = _key(here, path[-1])
    if key not in here:
        raise CannotEdit("studio_no_such_place")
    if to != str(key) and any(str(one) == to for one in here):
        raise CannotEdit("studio_name_taken")
    keys = list(here)
    comments = here.ca.items.pop(key, None)
    value, place = here.pop(key), keys.index(key)
    here.insert(place, _quoted(to), value)
    if comments is not None:
        here.ca.items[_key(here, to)] = comments
    if path[:-1] == ("nodes",):
        _follow(document, str(key), to)


def _follow(document: CommentedMap, old: str, new: str) -> None:
    """Every way to a node goes to its new name."""
    _swap(document, ("start", "back"), old, new)
    if isinstance(document.get("always"), CommentedMap):
        _swap(document["always"], tuple(document["always"]), old, new)
    for node in document["nodes"].values():
        if not isinstance(node, CommentedMap):
            continue
        _swap(node, BY_KIND, old, new)
        for room in ("outcomes", "exits"):
            if isinstance(node.get(room), CommentedMap):
                _swap(node[room], tuple(node[room]), old, new)
        options = node.get("options")
        for option in options.values() if isinstance(options, CommentedMap) else ():
            if isinstance(option, CommentedMap):
                _swap(option, ("to",), old, new)


def _swap(here: CommentedMap, keys: Sequence[Any], old: str, new: str) -> None:
    for step in keys:
        key = _key(here, step)
        if key in here and str(here[key]) == old and not isinstance(here[key], CommentedMap | CommentedSeq):
            here[key] = new


def _move(here: Any, step: Step, by: int) -> None:
    if isinstance(here, CommentedSeq):
        _swap_places(here, step, by)
        return
    if not isinstance(here, CommentedMap):
        raise CannotEdit("studio_no_such_place")
    key = _key(here, step)
    keys = list(here)
    if key not in here or not 0 <= keys.index(key) + by < len(keys):
        raise CannotEdit("studio_no_such_place")
    place, value, comments = keys.index(key), here[key], here.ca.items.get(key)
    del here[key]
    here.insert(place + by, key, value)
    if comments is not None:
        here.ca.items[key] = comments


def _swap_places(here: CommentedSeq, step: Step, by: int) -> None:
    """Two neighbours of a list; the comments that end them stay where they are."""
    if not isinstance(step, int) or not (0 <= step < len(here) and 0 <= step + by < len(here)):
        raise CannotEdit("studio_no_such_place")
    both = (step, step + by)
    tails = [_tail(here[one]) if isinstance(here[one], CommentedMap) else None for one in both]
    here[both[0]], here[both[1]] = here[both[1]], here[both[0]]
    for one, tail in zip(both, tails, strict=True):
        if tail is not None:
            _give_tail(here[one], tail)
