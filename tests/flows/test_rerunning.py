"""Recorded calls go through the flows they were recorded with as they went, and through others as one can say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.flow import Library
from flows.recalling import Recorded, recall
from flows.rerunning import Rerunner, marks
from flows.turns import Note
from ivr_server import library as libraries
from ivr_server.publishing.judging import words_of
from ivr_server.publishing.reruns import recorded
from tests.publishing.calling import call
from tests.publishing.small import BILL, GROUND, MAIN, files


@pytest.fixture(scope="module")
def shipped() -> Library:
    """The flows that ship."""
    return libraries.load_library(libraries.Sources())


def talked(library: Library, seed: int, flow: str = "main") -> Recorded:
    """A random call through the real core, as the journal gives it back."""
    return recorded(call(library, seed, flow))


@pytest.mark.parametrize("flow", ["main", "after_queue", "waiting", "fax_machine", "notice_switch"])
def test_every_recorded_call_goes_its_own_way_again(shipped: Library, flow: str) -> None:
    """Silence, secrets, wrong keys, faults, hang-ups at any place: nothing is lost in the notes that chooses a way."""
    rerunner = Rerunner(shipped)
    for seed in range(400):
        one = talked(shipped, seed, flow)
        found = rerunner.verdict(one)
        assert found.kind == "same", (found, *one.notes)
        assert marks(rerunner.way(one).notes) == marks(one.notes)


# --- other flows than those that they were recorded with


def small(main: str = MAIN, bill: str = BILL, **words: str) -> Library:
    """The small service line, changed."""
    changed = {**files(**words), "flows/main.yaml": main, "flows/bill.yaml": bill}
    return words_of(changed, GROUND).library


def said(*turns: tuple[str, str, str, dict[str, str]]) -> Recorded:
    """A call as its notes, a step each."""
    notes = [Note(n, flow, node, what, tuple(detail.items())) for n, (flow, node, what, detail) in enumerate(turns, 1)]
    return Recorded("1", "main", "en-US", tuple(notes), "13800138000")


SHOP = said(
    ("main", "welcome", "heard", {"prompts": "welcome", "share": "100"}),
    ("main", "welcome", "heard", {"prompts": "welcome", "share": "100"}),
    ("main", "menu", "chosen", {"key": "2", "prompt": "option_shop"}),
    ("main", "goodbye", "ended", {"disposition": "goodbye"}),
)
OPTIONS = '      "1": {say: option_bill, to: bill, tag: fees}\n      "2": {say: option_shop, to: shop}\n'


def verdict(library: Library, one: Recorded = SHOP) -> tuple[str, tuple[str, str], str, str]:
    """Kind, place, why and about."""
    found = Rerunner(library).verdict(one)
    return found.kind, found.at, found.why, found.about


def test_other_words_are_the_same_way() -> None:
    """What is heard is not compared, what is done is."""
    assert verdict(small(welcome="Good day to you."))[0] == "same"


def test_an_option_on_another_key_is_another_menu() -> None:
    """The caller wants the shop, wherever it is now; that they must press another key is told."""
    moved = MAIN.replace(OPTIONS, OPTIONS.replace('"2"', '"3"'))
    assert verdict(small(moved)) == ("menu", ("main", "menu"), "", "")


def test_another_prompt_on_the_same_key_is_the_same_way() -> None:
    """An option that is worded anew under a new name."""
    renamed = MAIN.replace("say: option_shop", "say: option_opening")
    assert verdict(small(renamed, option_opening="For opening hours"))[0] == "same"


def test_an_option_that_is_gone_leaves_the_caller_stuck() -> None:
    """The key is pressed as it was, is wrong, and nobody knows what they would press then."""
    gone = MAIN.replace('      "2": {say: option_shop, to: shop}\n', "").replace(
        "  shop: {kind: say, say: [shop_hours], to: goodbye}\n", ""
    )
    gone = gone.replace("  goodbye: {kind: end, disposition: goodbye}\n", "")
    assert verdict(small(gone)) == ("stuck", ("main", "menu"), "asks", "")


def test_a_menu_that_is_new_leaves_them_stuck_unless_it_offers_what_they_chose() -> None:
    """Between the welcome and the menu."""
    before = "  bill: {kind: sub_flow"
    asks = "  which: {kind: menu, say: [menu], options: {'1': {say: option_bill, to: menu}}, tail: [human_key]}\n"
    new = MAIN.replace("say: [welcome], to: menu", "say: [welcome], to: which").replace(before, asks + before)
    assert verdict(small(new)) == ("stuck", ("main", "which"), "asks", "")
    offers = asks.replace("'1': {say: option_bill, to: menu}", "'4': {say: option_shop, to: shop}")
    both = new.replace(asks, offers)
    assert verdict(small(both)) == ("menu", ("main", "which"), "", "")


def test_an_end_of_another_kind_ends_otherwise() -> None:
    """The shop now hands over to a person."""
    other = MAIN.replace("say: [shop_hours], to: goodbye", "say: [shop_hours], to: to_human")
    other = other.replace("  goodbye: {kind: end, disposition: goodbye}\n", "")
    assert verdict(small(other))[0] == "ends"


def test_a_look_up_that_was_never_asked_leaves_them_stuck() -> None:
    """Nobody knows what it would have answered then."""
    asks = "  shop: {kind: look_up, look_up: hours, outcomes: {open: said, closed: said, holiday: said}}\n"
    new = MAIN.replace("  shop: {kind: say,", asks + "  said: {kind: say,")
    assert verdict(small(new)) == ("stuck", ("main", "shop"), "look_up", "hours")


def test_a_flow_that_is_gone_and_a_call_that_was_cut_are_told() -> None:
    """A call of a root flow that there is not any more; notes that do not go to an end."""
    assert verdict(small(), replace(SHOP, flow="gone")) == ("stuck", ("", ""), "flow", "gone")
    assert verdict(small(), replace(SHOP, notes=SHOP.notes[:2]))[0] == "unreadable"


def test_outcomes_stand_in_for_secrets() -> None:
    """Of the password its length was kept, of the check its outcome: the call goes on as it went."""
    library = small()
    for seed in range(200):
        one = talked(library, seed)
        assert Rerunner(library).verdict(one).kind == "same"
    assert any(act.what == "secret" for seed in range(200) for act in recall(talked(library, seed).notes).acts)


def test_the_same_calls_and_flows_give_the_same_verdicts(shipped: Library) -> None:
    """Whatever was re-run before, and in whatever order."""
    calls = [talked(shipped, seed) for seed in range(100)]
    first = [Rerunner(shipped).verdict(each) for each in calls]
    one = Rerunner(shipped)
    assert [one.verdict(each) for each in reversed(calls)] == first[::-1]
