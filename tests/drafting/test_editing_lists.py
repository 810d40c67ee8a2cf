"""Lists of a file that admins edit: something added, moved or taken away changes its own lines, and comments stay."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from ivr_server.agents import forms
from ivr_server.drafting.editing import CannotEdit, Edit, edited
from ivr_server.floor import queue_file

QUEUES = queue_file.SHIPPED.read_text("utf-8")
FORMS = forms.SHIPPED.read_text("utf-8")
NEW = {"name": "vip", "title": {"zh-CN": "贵宾", "en-US": "VIP"}, "languages": ["zh-CN"], "ring_s": 20}


def changed(text: str, *edits: dict[str, Any]) -> tuple[str, list[str]]:
    """The text after the edits, and the lines that differ."""
    after = edited(text, [Edit(**edit) for edit in edits])
    lines = difflib.ndiff(text.splitlines(), after.splitlines())
    return after, [line.replace("  ", " ").strip() for line in lines if line[0] in "+-"]


def test_one_more_comes_behind_the_last_and_goes_again() -> None:
    """Before the comment that follows the list; without it the file is what it was."""
    more, lines = changed(QUEUES, {"do": "set", "path": ("queues", 2), "value": NEW})
    assert lines[0].startswith("+") and "- name: vip" in lines[0]
    assert all(line.startswith("+") for line in lines)
    assert queue_file.parsed(more, "queues").names == ("service", "billing", "vip")
    assert edited(more, [Edit(do="remove", path=("queues", 2))]) == QUEUES


def test_the_first_of_an_empty_list_makes_lines_of_it() -> None:
    """The comment below stays below."""
    more, lines = changed(QUEUES, {"do": "set", "path": ("agents", 0), "value": {"name": "li.wei", "skills": {}}})
    assert [line[0] for line in lines] == ["-", "+", "+"]
    assert more.index("- {name: li.wei, skills: {}}") < more.index("#  - name: li.wei")


@pytest.mark.parametrize(("at", "by", "order"), [(1, -1, (1, 0, 2, 3)), (1, 1, (0, 2, 1, 3)), (3, -1, (0, 1, 3, 2))])
def test_neighbours_change_places_and_comments_between_stay(at: int, by: int, order: tuple[int, ...]) -> None:
    """Nothing else is laid out anew."""
    before = [one.name for one in queue_file.parsed(QUEUES, "q").busy_reasons]
    after, _ = changed(QUEUES, {"do": "move", "path": ("busy_reasons", at), "value": by})
    assert [one.name for one in queue_file.parsed(after, "q").busy_reasons] == [before[n] for n in order]
    assert sorted(after.splitlines()) == sorted(QUEUES.splitlines())


def test_the_last_queue_goes_first_without_the_comment_that_ends_the_list() -> None:
    """The comment about people's skills stands before people's skills."""
    after, _ = changed(QUEUES, {"do": "move", "path": ("queues", 1), "value": -1})
    assert queue_file.parsed(after, "q").names == ("billing", "service")
    assert "# Skills of people" in after[after.index("- name: service") : after.index("agents:")]


@pytest.mark.parametrize("path", [("forms", 4), ("forms", 1, "fields", 3), ("forms", 0, "fields", 0, "choices", 2)])
def test_what_is_taken_away_takes_its_own_lines(path: tuple[str | int, ...]) -> None:
    """And no line of anything else."""
    after, lines = changed(FORMS, {"do": "remove", "path": path})
    assert lines and all(line.startswith("-") for line in lines)
    assert forms.parsed(after, "forms")


@pytest.mark.parametrize(
    "edit",
    [
        {"do": "move", "path": ("queues", 0), "value": -1},
        {"do": "move", "path": ("queues", 1), "value": 1},
        {"do": "move", "path": ("queues", "name"), "value": 1},
        {"do": "set", "path": ("queues", 3), "value": NEW},
        {"do": "remove", "path": ("queues", 2)},
    ],
)
def test_a_place_that_is_not_there_is_refused(edit: dict[str, Any]) -> None:
    """With a sentence of the console's words."""
    with pytest.raises(CannotEdit, match="studio_no_such_place"):
        edited(QUEUES, [Edit(**edit)])
