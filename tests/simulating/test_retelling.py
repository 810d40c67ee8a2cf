"""A recorded call told again with its words: as its version said them, in the language and with the values of then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.recalling import Recorded
from flows.turns import Note
from ivr_server.publishing.judging import words_of
from ivr_server.publishing.reruns import recorded
from ivr_server.simulating.retelling import read, spoken
from tests.publishing.calling import call
from tests.publishing.small import GROUND, files

WORDS = words_of(files(), GROUND)
OWES = next(
    one
    for one in (recorded(call(WORDS.library, seed)) for seed in range(200))
    if one.language == "en-US" and any("you_owe" in dict(note.detail).get("prompts", "") for note in one.notes)
)


def test_every_call_is_told_again_where_its_version_is_known() -> None:
    """Each note of something heard has its words; a key is named as it was on the menu."""
    for seed in range(60):
        one = recorded(call(WORDS.library, seed))
        told = spoken(WORDS.library, WORDS.wording, one)
        heard = [n for n, note in enumerate(one.notes) if note.what == "heard"]
        assert list(told) == heard
        assert {each.language for each in told.values()} <= {one.language}
        menus = [told[n].words for n in heard if one.notes[n].node == "menu" and "option_bill" in str(one.notes[n])]
        assert all("press one" in words or "请按一" in words for words in menus)


def test_a_sum_is_the_one_that_was_told_and_a_sample_says_that_it_is_one() -> None:
    """The trail has what the look-up answered; where it does not, nobody is told that it was so."""
    place = next(n for n, note in enumerate(OWES.notes) if "you_owe" in dict(note.detail).get("prompts", ""))
    known = spoken(WORDS.library, WORDS.wording, _with_sum(OWES, "86.40"))[place]
    assert "eighty-six yuan" in known.words
    assert not known.sampled
    unknown = spoken(WORDS.library, WORDS.wording, _with_sum(OWES, ""))[place]
    assert unknown.words.startswith("You owe") and "eighty-six" not in unknown.words
    assert unknown.sampled


def _with_sum(one: Recorded, told: str) -> Recorded:
    def other(note: Note) -> Note:
        if ("look_up", "total_owed") not in note.detail or note.what != "answered":
            return note
        kept = tuple(pair for pair in note.detail if pair[0] != "sum")
        return replace(note, detail=(*kept, ("sum", told)) if told else kept)

    return replace(one, notes=tuple(map(other, one.notes)))


def test_notes_that_are_not_of_these_flows_are_told_by_their_own_prompts() -> None:
    """What the notes say goes before what the way would be."""
    notes = (
        Note(1, "main", "welcome", "heard", (("prompts", "shop_hours you_owe"), ("share", "100"))),
        Note(2, "main", "welcome", "heard", (("prompts", "nothing_here"), ("share", "100"))),
        Note(3, "main", "gone", "hung_up"),
    )
    told = spoken(WORDS.library, WORDS.wording, Recorded("1", "main", "en-US", notes))
    assert list(told) == [0]
    assert told[0].words.startswith("Nine to five. You owe ")
    assert told[0].sampled


@pytest.mark.parametrize("odd", [{}, {"notes": 1}, {"notes": [[1]]}, {"notes": [["x", "", "", "", []]]}])
def test_what_is_no_call_is_refused(odd: object) -> None:
    """One of these faults, and no other."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(odd)
