"""A sheet is checked by its own reader; each problem has its line, its column, and the value that it is about."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ivr_server.agents import forms
from ivr_server.drafting.sheets import checked
from ivr_server.floor import queue_file

TEXTS = {"queues": queue_file.SHIPPED.read_text("utf-8"), "forms": forms.SHIPPED.read_text("utf-8")}


@pytest.mark.parametrize("sheet", sorted(TEXTS))
def test_what_is_shipped_has_no_problem(sheet: str) -> None:
    """And comes back as it is."""
    found = checked(sheet, TEXTS[sheet], [])
    assert (found["text"], found["problems"]) == (TEXTS[sheet], [])
    assert found["tree"]["map"][0][0] == sheet


@pytest.mark.parametrize(
    ("edit", "line", "path", "said"),
    [
        (("queues", 1, "ring_s", 500), 29, ["queues", 1, "ring_s"], "must lie between 5 and 120"),
        (("queues", 0, "businesses", ["fees"]), 24, ["queues", 1, "businesses", 0], "goes to the queue"),
        (("queues", 0, "title", {"zh-CN": "x"}), 10, ["queues", 0, "title"], "the title in en-US is missing"),
        (("agents", 0, {"name": "li", "skills": {"sevice": 1}}), 37, ["agents", 0, "skills", "sevice"], "did you mean"),
        (("queues", 0, "hours", {"mon": ["9-18"]}), 15, ["queues", 0, "hours"], "is no span of hours"),
        (("forms", 1, "fields", 0, "kind", "choice"), 32, ["forms", 1, "fields", 0, "kind"], "needs choices"),
        (("forms", 2, "fields", 1, "name", "asked"), 65, ["forms", 2, "fields", 1, "name"], "every reception"),
        (("forms", 0, "fields", 0, "kind", "colour"), 15, ["forms", 0, "fields", 0, "kind"], "kind"),
    ],
)
def test_an_edit_that_is_wrong_is_shown_at_its_place(edit: Any, line: int, path: list[Any], said: str) -> None:
    """The text has the edit all the same: who types is not interrupted."""
    sheet = "forms" if edit[0] == "forms" else "queues"
    found = checked(sheet, TEXTS[sheet], [{"do": "set", "path": edit[:-1], "value": edit[-1]}])
    problem = found["problems"][0]
    assert said in problem["text"]
    assert (problem["file"], problem["line"]) == (sheet, line)
    assert problem["path"][: len(path)] == path
    assert found["text"] != TEXTS[sheet]


def test_what_cannot_be_read_has_a_line_and_no_tree() -> None:
    """An edit by the form is refused then, in words."""
    broken = "queues:\n  - name: [\n"
    found = checked("queues", broken, [])
    assert found["tree"] is None
    assert found["problems"][0]["line"] == 3
    assert checked("queues", broken, [{"do": "set", "path": ["agents"], "value": []}]) == {
        "refused": "studio_broken_yaml"
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: *a\n",
        "!!python/object:os.system {}\n",
        "[" * 40,
        "queues:\n" + "  - {name: x}\n" * 30_000,
        "x: " + "y" * 2_000_000,
        "queues: {}\n\0",
    ],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    """Before anything is built from them."""
    began = time.process_time()
    found = checked("queues", text, [])
    assert found["problems"]
    assert time.process_time() - began < 2.0
