"""Dialogue tests: what an author may write, what is found wrong with it, and what a failing dialogue says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.dialogues import Result, perform, read
from flows.facts import Script
from flows.rehearsing.script import Answer
from marked_yaml import Mistakes
from tests.doubles.worlds import changed, small_library

BILL = """
dialogue: hears what is owed
flow: main
caller: "13900139000"
answers:
  bill: [none, {found: {sum: 128.50}}]
talk:
  - hears: [welcome, menu, option_bill]
  - presses: "1"
  - hears: ask
  - presses: 13800138000#
  - hears: read_back
  - presses: "1"
  - hears: [not_found, menu]
  - does_not_hear: owed
  - presses: "113800138000#1"
  - words: "owed 12850"
  - hears: [owed, menu]
  - waits: 60
  - hears: bye
ends: silent
"""


def spoken(script: Script) -> str:
    """Words that show a prompt's name and its values."""
    return " ".join(f"{said.prompt} {' '.join(str(fact.value) for _, fact in said.slots)}".strip() for said in script)


def played(*changes: tuple[str, str]) -> Result:
    """The dialogue with some of its text changed, played."""
    [dialogue] = read(changed(BILL, *changes), "bill.yaml")
    return perform(small_library(), dialogue, spoken)


def test_a_call_goes_as_its_author_says() -> None:
    """Keys, answers in turn, silence and the end are as written; the tale can be read."""
    result = played()
    assert result.problems == ()
    assert result.tale[:5] == (
        "hears: welcome",
        "hears: menu, press(1, option_bill), press(2, option_human)",
        "caller: 1",
        "hears: ask",
        "caller: 13800138000",
    )
    assert "look-up bill -> none" in result.tale and result.tale[-1] == "call ends: silent"
    assert result.turns > 15


def test_keys_beyond_an_entry_are_typed_ahead() -> None:
    """All keys of a known way may be pressed in one go; the texts are cut and the keys kept."""
    talk = BILL[BILL.index("talk:") :]
    [dialogue] = read(BILL.replace(talk, 'talk:\n  - presses: "113800138000#10"\nends: enqueued\n'), "b.yaml")
    tale = perform(small_library(), replace(dialogue, answers={**dialogue.answers, "hours": (Answer("open"),)})).tale
    assert [line for line in tale if line.startswith("caller")] == [
        "caller: 1",
        "caller: 13800138000",
        "caller: 1",
        "caller: 0",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "hears: ask",
            "hears: aks",
            'bill.yaml:10:5: "aks" is not heard here; there is no such prompt; did you mean "ask"?',
        ),
        ("hears: ask", "hears: bye", 'bill.yaml:10:5: "bye" is not heard here; heard: ask'),
        ("does_not_hear: owed", "does_not_hear: menu", 'bill.yaml:15:5: "menu" is heard here'),
        ("ends: silent", "ends: served", 'bill.yaml:2:1: ends: "silent", and not "served"'),
        ("  bill: [none", "  bil: [none", 'bill.yaml:2:1: the flow asks "bill"; say under "answers" what it answers'),
        ("[none,", "[nothing,", 'bill.yaml:6:10: "bill" never answers "nothing"; it answers found, none'),
        ("{sum: 128.50}", "{sun: 128.50}", 'bill.yaml:6:16: "found" gives no fact "sun"; did you mean "sum"?'),
        ("{sum: 128.50}", "{sum: much}", 'bill.yaml:6:30: "much" is no number'),
        ("flow: main", "flow: mian", 'bill.yaml:2:1: no call begins in the flow "mian"; did you mean "main"?'),
        ("waits: 60", "waits: 20", 'bill.yaml:20:5: "bye" is not heard here; heard: no_input, press'),
        ("  - hears: bye", '  - presses: "1"', 'bill.yaml:20:5: the call is over ("silent") before this'),
        (
            "  - hears: bye\n",
            "  - hears: bye\n  - hangs_up\n",
            'bill.yaml:21:5: the call is over ("silent") before this',
        ),
    ],
)
def test_what_is_not_so_is_told_with_its_place(old: str, new: str, said: str) -> None:
    """The first thing that is not as the author says, with the line it stands in."""
    result = played((old, new))
    assert [str(problem) for problem in result.problems][:1][0].startswith(said)


def test_the_words_spoken_are_asserted_where_they_can_be_rendered() -> None:
    """With a renderer wrong words fail; without one the step is passed by."""
    text = changed(BILL, ("owed 12850", "owed 99"))
    [dialogue] = read(text, "bill.yaml")
    [problem] = perform(small_library(), dialogue, spoken).problems
    assert 'the words "owed 99" are not spoken here; spoken: ask read_back' in problem.text
    assert perform(small_library(), dialogue).problems == ()


def test_a_fault_behind_us_and_a_hang_up() -> None:
    """``fails`` makes a look-up fail; ``hangs_up`` ends the call."""
    text = """
dialogues:
  - dialogue: billing is down
    flow: main
    answers: {bill: {fails: deadline}, hours: open}
    talk: [{presses: "1138001380001#1"}, {hears: sorry}]
    ends: enqueued
    queue: service
  - dialogue: gone
    flow: main
    talk: [hangs_up]
    ends: hung_up
    ends_in: zh-CN
"""
    results = [perform(small_library(), dialogue) for dialogue in read(text, "two.yaml")]
    assert [result.problems for result in results] == [(), ()]
    assert results[0].tale[-1] == "call ends: enqueued service"


def test_a_call_that_has_not_ended_fails() -> None:
    """A dialogue is a whole call."""
    [dialogue] = read("dialogue: d\nflow: main\ntalk: [hears: menu]\nends: served\n", "d.yaml")
    [problem] = perform(small_library(), dialogue).problems
    assert str(problem) == 'd.yaml:1:1: the call has not ended; it waits at "menu" of "main"'


def test_mistakes_in_the_file_are_told_all_at_once() -> None:
    """Unknown keys, keys no phone has, missing parts: each with line and column."""
    text = (
        "dialogue: d\nflow: main\nlanguag: en-US\ntalk:\n  - presses: 1x\n  - hear: menu\n  - waits: long\n  - hears:\n"
    )
    with pytest.raises(Mistakes) as caught:
        read(text, "d.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        'd.yaml:1:1: "ends" is missing',
        'd.yaml:3:1: unknown key "languag"; did you mean "language"?',
    ]
    with pytest.raises(Mistakes) as caught:
        read(text.replace("languag:", "language:") + "ends: served\n", "d.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "d.yaml:5:14: keys are 0-9, * and #",
        'd.yaml:6:5: unknown key "hear"; did you mean "hears"?',
        'd.yaml:7:12: "waits" takes seconds',
        'd.yaml:8:5: "hears" needs something after it',
    ]
