"""What is wrong with a sheet stands there in Chinese as well; every word of the pages is used, and is there."""

from __future__ import annotations

import re

import pytest

from ivr_server.agents import forms
from ivr_server.console.drawing import HERE, STATIC
from ivr_server.console.sheets_told import in_chinese
from ivr_server.console.words import read_words
from ivr_server.drafting.sheets import problems
from ivr_server.floor import queue_file

QUEUES = queue_file.SHIPPED.read_text("utf-8")
FORMS = forms.SHIPPED.read_text("utf-8")
CHINESE = re.compile("[一-鿿]")
WRONG = [
    ("queues", QUEUES, "name: billing", "name: service"),
    ("queues", QUEUES, "name: billing", "name: a&b"),
    ("queues", QUEUES, "ring_s: 20 ", "ring_s: 2000 "),
    ("queues", QUEUES, "ring_s: 20 ", "ring_s: soon "),
    ("queues", QUEUES, "ring_s: 20 ", "rings: 20 "),
    ("queues", QUEUES, ", en-US: Billing}", "}"),
    ("queues", QUEUES, "hours: operator ", 'hours: {mon: ["9-18"]} '),
    ("queues", QUEUES, "hours: operator ", 'hours: {mon: ["18:00-09:00"]} '),
    ("queues", QUEUES, "hours: operator ", 'hours: {monday: ["09:00-18:00"]} '),
    ("queues", QUEUES, "hours: operator ", "hours: sometimes "),
    ("queues", QUEUES, "[fees, arrears]", "[fees, fault]"),
    ("queues", QUEUES, "[fees, arrears]", "[Fees]"),
    ("queues", QUEUES, "agents: []", "agents: [{name: li, skills: {sevice: 1}}]"),
    ("queues", QUEUES, "agents: []", "agents: [{name: li, skills: {service: 10}}]"),
    ("queues", QUEUES, "name: break", "name: ''"),
    ("queues", QUEUES, "queues:\n", "queues: []\nothers:\n"),
    ("forms", FORMS, "kind: number", "kind: choice"),
    ("forms", FORMS, "kind: number", "kind: colour"),
    ("forms", FORMS, "name: disputed", "name: asked"),
    ("forms", FORMS, "name: disputed", "name: Disputed"),
    ("forms", FORMS, "name: disputed", "name: month"),
    ("forms", FORMS, "[fees, arrears]", "[fees, fault]"),
    ("forms", FORMS, "[fees, arrears]", "[fEes]"),
    ("forms", FORMS, "required: true", "required: perhaps"),
    (
        "forms",
        FORMS,
        "        kind: yes_no\n",
        "        kind: yes_no\n        choices: [{name: a, title: {zh-CN: 甲, en-US: A}}]\n",
    ),
    ("forms", FORMS, "en-US: Customer agrees}", "en-US: ''}"),
    ("forms", FORMS, "forms:\n", "form:\n"),
]


@pytest.mark.parametrize(("sheet", "text", "old", "new"), WRONG)
def test_each_problem_is_told_in_chinese(sheet: str, text: str, old: str, new: str) -> None:
    """None of them stands there in English on a Chinese page."""
    assert old in text
    found = problems(sheet, text.replace(old, new, 1))
    assert found
    assert [one.text for one in found if not CHINESE.search(in_chinese(one.text))] == []


def test_every_word_of_the_pages_is_used_and_each_that_is_used_is_there() -> None:
    """By a script, a template, or the service."""
    table = read_words()["en-US"].starting("studio_sheet_", "studio_queues_", "studio_forms_")
    scripts = {path.name: path.read_text("utf-8") for path in STATIC.glob("studio_*.js")}
    pages = "".join(path.read_text("utf-8") for path in (HERE / "templates").glob("studio*.html"))
    python = "".join(
        path.read_text("utf-8")
        for path in (*HERE.glob("*.py"), *HERE.parent.glob("*wiring.py"), *HERE.parent.glob("sheets/*.py"))
    )
    everything = "".join(scripts.values()) + pages + python
    named = set(re.findall(r"""\bw\(\s*["'`](?:studio_)?((?:sheet|queues|forms)_\w+)["'`]""", everything))
    assert {f"studio_{key}" for key in named} - set(table) == set()
    made = re.compile(
        r"studio_sheet_(key|why|kind|day|language|hours|same|changed|saving|seen|yaml|copies|problems|no_problems)|studio_\w+_title"
    )
    unused = [key for key in table if not made.match(key) and key.removeprefix("studio_") not in everything]
    assert unused == []
    shapes = {name for one in (queue_file.Queue, forms.Field) for name in one.__slots__}
    drawn = shapes - {"name", "title", "label", "businesses", "choices", "kind"}
    assert {f"studio_sheet_key_{name}" for name in drawn} <= set(table)
