"""Edits by node keep comments, order and layout: one value changed changes its own line."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.reading import read_flow
from ivr_server.drafting.editing import CannotEdit, Edit, edited
from ivr_server.library import HOUSE

LIBRARY = HOUSE / "flows" / "library"
FLOWS = sorted(LIBRARY.glob("*.yaml"))
ALL = [*FLOWS, *sorted((HOUSE / "prompts" / "library").glob("*.yaml"))]
SMALL = """\
# a flow
flow: small
start: top            # where it begins
exits: [done]

nodes:

  # --- the menu
  top:
    kind: menu
    say: [hello]      # politely
    options:
      "1": {say: one, to: first}
      "2": {say: two, to: second}

  # --- the ends
  first: {kind: say, say: [one], to: leave}
  second: {kind: say, say: [two], to: leave}

  # --- out
  leave: {kind: return, exit: done}
"""


def changed(text: str, *edits: Edit) -> list[str]:
    """The lines taken away and put in by these edits."""
    lines = difflib.unified_diff(text.splitlines(), edited(text, edits).splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def put(*path: str | int, value: Any) -> Edit:
    """A value at a path."""
    return Edit(do="set", path=path, value=value)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_value_set_to_itself_changes_nothing(path: Path) -> None:
    """Every shipped file goes through an edit and comes out byte by byte the same."""
    text = path.read_text("utf-8")
    key = "flow" if path in FLOWS else "language"
    assert edited(text, [put(key, value=path.stem)]) == text


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_one_value_changes_one_line(path: Path) -> None:
    """Of each shipped flow, the start."""
    text = path.read_text("utf-8")
    lines = changed(text, put("start", value="somewhere"))
    assert len(lines) == 2
    assert lines[1].startswith("+start: somewhere")


def test_a_comment_beside_a_value_stays() -> None:
    """Where it stands, when the value is as long as before or shorter."""
    assert changed(SMALL, put("start", value="one")) == [
        "-start: top            # where it begins",
        "+start: one            # where it begins",
    ]


def test_an_option_and_a_node_are_two_new_lines() -> None:
    """Each in the style of its neighbours; the comment below stays below."""
    option, node = put("nodes", "top", "options", "3", value={"say": "three", "to": "third"}), {"kind": "say"}
    lines = changed(SMALL, option, put("nodes", "third", value={**node, "say": ["three"], "to": "leave"}))
    assert lines == [
        '+      "3": {say: three, to: third}',
        "+  third: {kind: say, say: [three], to: leave}",
    ]


def test_a_removed_node_takes_its_lines_only() -> None:
    """The comments before and behind it stay."""
    assert changed(SMALL, Edit(do="remove", path=("nodes", "second"))) == [
        "-  second: {kind: say, say: [two], to: leave}"
    ]
    assert "# --- out" in edited(SMALL, [Edit(do="remove", path=("nodes", "second"))])


def test_a_renamed_node_is_followed() -> None:
    """By every way that led to it."""
    text = edited(SMALL, [Edit(do="rename", path=("nodes", "leave"), value="out")])
    assert "leave" not in text
    assert text.count("to: out") == 2
    read_flow(text, "small.yaml")


def test_a_key_of_a_menu_is_renamed_and_moved() -> None:
    """In its place; and one up."""
    text = edited(SMALL, [Edit(do="rename", path=("nodes", "top", "options", "1"), value="8")])
    assert '      "8": {say: one, to: first}\n      "2"' in text
    text = edited(SMALL, [Edit(do="move", path=("nodes", "top", "options", "2"), value=-1)])
    assert text.index('"2":') < text.index('"1":')


def test_words_that_yaml_would_take_for_something_else_are_quoted() -> None:
    """``no`` is a word, a key is text, Chinese needs no escapes."""
    text = edited(SMALL, [put("title", value={"zh-CN": "你好：世界", "en-US": "no"})])
    assert 'title: {zh-CN: "你好：世界", en-US: "no"}' in text


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (put("nodes", "nowhere", "say", 0, "prompt", value="x"), "studio_no_such_place"),
        (Edit(do="remove", path=("nodes", "nowhere")), "studio_no_such_place"),
        (Edit(do="rename", path=("nodes", "top"), value="first"), "studio_name_taken"),
        (Edit(do="move", path=("nodes", "top", "options", "1"), value=-1), "studio_no_such_place"),
        (Edit(do="set", path=(), value=1), "studio_no_such_place"),
        (Edit(do="lines", first=5, last=999, value=""), "studio_no_such_place"),
    ],
)
def test_what_cannot_be_done_is_refused(edit: Edit, why: str) -> None:
    """In a word that the console has words for."""
    with pytest.raises(CannotEdit, match=why):
        edited(SMALL, [edit])


@pytest.mark.parametrize("text", ["a: [", "a: &x [1]\nb: *x", "- 1\n", "a: 1\na: 2\n", ""])
def test_broken_yaml_is_not_edited_by_node(text: str) -> None:
    """Bombs and mistakes never reach the slower parser; lines can still be mended."""
    with pytest.raises(CannotEdit, match="studio_broken_yaml"):
        edited(text, [put("flow", value="x")])
    assert edited("a: [\n", [Edit(do="lines", first=0, last=1, value="a: []\n")]) == "a: []\n"


def test_lines_that_ruamel_would_lay_out_anew_stay() -> None:
    """Odd indents and long values of other nodes are put back."""
    odd = SMALL.replace(
        "first: {kind: say, say: [one], to: leave}", "first: {kind: say,   say: [ one ],\n      to: leave}"
    )
    lines = changed(odd, put("nodes", "second", "to", value="first"))
    assert lines == ["-  second: {kind: say, say: [two], to: leave}", "+  second: {kind: say, say: [two], to: first}"]


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"), max_size=40
    )
)
def test_any_words_come_back_as_they_were(words: str) -> None:
    """Whatever a person writes, the reader reads the same."""
    import marked_yaml

    text = edited(SMALL, [put("title", "en-US", value=words)])
    found, problems = marked_yaml.read(text, "x")
    assert not problems
    assert found is not None and isinstance(found.value, dict)
    title: Any = found.value["title"][1].value
    assert (title["en-US"][1].value or "") == words
