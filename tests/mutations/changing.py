"""Changes of a flow's YAML: as a text (an editor, a bad merge, a cut file) and as a tree (what people mean).

Each takes a source of chance and gives another text; many give what nobody would write, some what somebody did.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml

Draw = random.Random
LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
ODD: Final = (
    "",
    "no",
    "~",
    "0",
    "-1",
    "99999999999",
    "[]",
    "{}",
    "nowhere",
    "menu",
    "x" * 70,
    "*",
    "#",
    "'",
    "true",
    "é",
)


def lose_a_line(draw: Draw, text: str) -> str:
    """One line is not there."""
    lines = text.splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    return "".join(lines)


def double_a_line(draw: Draw, text: str) -> str:
    """One stands there twice."""
    lines = text.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    return "".join(lines[: at + 1] + lines[at:])


def swap_lines(draw: Draw, text: str) -> str:
    """Two change places."""
    lines = text.splitlines(keepends=True)
    a, b = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "".join(lines)


def cut(draw: Draw, text: str) -> str:
    """Only half of it was written."""
    return text[: draw.randrange(len(text))]


def change_a_letter(draw: Draw, text: str) -> str:
    """A slip of the finger."""
    at = draw.randrange(len(text))
    return text[:at] + draw.choice("abcdefghijklmnopqrstuvwxyz0123456789_:,{}[]\"'# \n") + text[at + 1 :]


def lose_letters(draw: Draw, text: str) -> str:
    """A few are not there."""
    at = draw.randrange(len(text))
    return text[:at] + text[at + draw.randint(1, 8) :]


def _tree(change: Callable[[Draw, dict[str, Any]], None]) -> Callable[[Draw, str], str]:
    def changed(draw: Draw, text: str) -> str:
        tree = yaml.load(text, Loader=LOADER)
        change(draw, tree)
        return str(yaml.dump(tree, Dumper=DUMPER, allow_unicode=True, sort_keys=False))

    changed.__name__ = change.__name__
    return changed


def _places(tree: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of the tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items):
        yield tree, key
        yield from _places(value, keys)


def _texts(tree: Any) -> list[tuple[Any, Any]]:
    return [(place, key) for place, key in _places(tree) if isinstance(place[key], str)]


@_tree
def lead_elsewhere(draw: Draw, tree: dict[str, Any]) -> None:
    """A way goes to another node."""
    names = [*tree["nodes"], "nowhere"]
    ways = [(place, key) for place, key in _texts(tree) if place[key] in tree["nodes"]]
    place, key = draw.choice(ways)
    place[key] = draw.choice(names)


@_tree
def exchange_words(draw: Draw, tree: dict[str, Any]) -> None:
    """Two values change places."""
    (a, x), (b, y) = draw.choice(_texts(tree)), draw.choice(_texts(tree))
    a[x], b[y] = b[y], a[x]


@_tree
def say_something_odd(draw: Draw, tree: dict[str, Any]) -> None:
    """A value is one that nobody expects."""
    place, key = draw.choice(list(_places(tree)))
    place[key] = yaml.safe_load(draw.choice(ODD)) if draw.random() < 0.5 else draw.choice(ODD)


@_tree
def leave_out(draw: Draw, tree: dict[str, Any]) -> None:
    """A key, an option, an outcome, a node is gone."""
    place, key = draw.choice([(place, key) for place, key in _places(tree) if isinstance(place, dict)])
    del place[key]


@_tree
def lose_a_node(draw: Draw, tree: dict[str, Any]) -> None:
    """And what led to it leads on to where it led, or to anywhere."""
    name = draw.choice(list(tree["nodes"]))
    gone = tree["nodes"].pop(name)
    onward = gone.get("to") or draw.choice([*tree["nodes"], "nowhere"])
    for place, key in _texts(tree):
        if place[key] == name:
            place[key] = onward


@_tree
def copy_a_node(draw: Draw, tree: dict[str, Any]) -> None:
    """A second one of the same, and one way leads to it."""
    name = draw.choice(list(tree["nodes"]))
    tree["nodes"]["copied"] = tree["nodes"][name]
    ways = [(place, key) for place, key in _texts(tree) if place[key] == name]
    if ways:
        place, key = draw.choice(ways)
        place[key] = "copied"


@_tree
def be_of_another_kind(draw: Draw, tree: dict[str, Any]) -> None:
    """A node is something else, with what it had."""
    kinds = [node["kind"] for node in tree["nodes"].values()]
    draw.choice(list(tree["nodes"].values()))["kind"] = draw.choice([*kinds, "known", "forget", "tries", "return"])


@_tree
def turn_a_knob(draw: Draw, tree: dict[str, Any]) -> None:
    """A timing, a flag, a length, an end."""
    knobs = {
        "first_ms": (0, 1, 4_000, 10_000, 61_000, 10**9),
        "between_ms": (0, 1, 7_000, 70_000),
        "typed_ahead": (True, False),
        "interruptible": (True, False),
        "shortest": (0, 1, 7, 40),
        "longest": (0, 1, 7, 40),
        "most": (0, 1, 3, 200),
        "back": (*tree["nodes"],),
        "silence": (*tree["nodes"],),
        "repeat": (*tree["nodes"],),
        "disposition": ("served", "silent", "failed", "enqueued"),
        "queue": ("service", "billing", "nobody"),
        "tag": ("fees", "Fees", ""),
    }
    name = draw.choice(sorted(knobs))
    draw.choice(list(tree["nodes"].values()))[name] = draw.choice(knobs[name])


@_tree
def add_an_option(draw: Draw, tree: dict[str, Any]) -> None:
    """A menu has one more thing, on any key, to anywhere."""
    menus = [node for node in tree["nodes"].values() if isinstance(node.get("options"), dict)]
    if menus:
        key = draw.choice("0123456789*#")
        node = draw.choice(menus)
        node["options"][key] = {
            "say": draw.choice(["option_bill", "you_owe", "x"]),
            "to": draw.choice([*tree["nodes"]]),
        }


CHANGES: Final = (
    lose_a_line,
    double_a_line,
    swap_lines,
    cut,
    change_a_letter,
    lose_letters,
    *(lead_elsewhere, lead_elsewhere),
    exchange_words,
    say_something_odd,
    leave_out,
    lose_a_node,
    copy_a_node,
    be_of_another_kind,
    *(turn_a_knob, turn_a_knob),
    *(add_an_option, add_an_option),
)


def changed(draw: Draw, text: str) -> str:
    """One to three changes; a tree that an earlier one broke is changed as a text from there on."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        change = draw.choice(CHANGES)
        try:
            text = change(draw, text) if text else text
        except (yaml.YAMLError, AttributeError, TypeError, KeyError, IndexError, ValueError):
            text = change_a_letter(draw, text)
    return text
