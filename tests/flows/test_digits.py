"""From keys to entries."""

from __future__ import annotations

import itertools

import pytest

from flows.digits import MOST, Entry, lapse, press
from flows.turns import EntryRule

MENU = EntryRule(("1", "2", "0", "9", "*"))
TWO = EntryRule(("1", "12", "0", "9", "*"), "", 1, 2, 10_000, 3_000)
PHONE = EntryRule(("0", "9", "*"), "0123456789", 7, 12)
MONTH = EntryRule(("1", "3", "0", "9", "*"), "12", 6, 6)


def typed(rule: EntryRule, keys: str) -> tuple[Entry, str]:
    """The entry the keys make, and the keys that were left for the next one."""
    entry = Entry(rule)
    for n, key in enumerate(keys):
        if entry.closed is not None:
            return entry, keys[n:]
        entry = press(entry, key)
    return entry, ""


@pytest.mark.parametrize(
    ("rule", "keys", "closed", "left"),
    [
        (MENU, "1", "1", ""),
        (MENU, "7", "7", ""),
        (MENU, "0", "0", ""),
        (MENU, "*", "*", ""),
        (MENU, "#", "", ""),
        (MENU, "21", "2", "1"),
        (MENU, "AD1", "1", ""),
        (TWO, "1", None, ""),
        (TWO, "1#", "1", ""),
        (TWO, "12", "12", ""),
        (TWO, "13", "13", ""),
        (TWO, "1*0", "0", ""),
        (PHONE, "0", None, ""),
        (PHONE, "0#", "0", ""),
        (PHONE, "05551234567", None, ""),
        (PHONE, "05551234567#", "05551234567", ""),
        (PHONE, "0555123456789", "055512345678", "9"),
        (PHONE, "555*1234567#", "1234567", ""),
        (PHONE, "#", "", ""),
        (PHONE, "5**", "*", ""),
        (MONTH, "202609", "202609", ""),
        (MONTH, "3", "3", ""),
        (MONTH, "1", None, ""),
        (MONTH, "1#", "1", ""),
        (MONTH, "0", "0", ""),
        (MONTH, "512345", "512345", ""),
    ],
)
def test_keys_make_the_entry(rule: EntryRule, keys: str, closed: str | None, left: str) -> None:
    """Options close at once unless something longer begins so; typed entries at full length or by #."""
    entry, rest = typed(rule, keys)
    assert (entry.closed, rest) == (closed, left)


def test_time_takes_what_is_typed() -> None:
    """The timer closes a part-typed entry with what there is; with nothing typed it is no input."""
    assert lapse(press(Entry(PHONE), "5")).closed == "5"
    silent = lapse(Entry(PHONE))
    assert silent.closed is None and silent.lapsed


def test_the_wait_is_longer_before_the_first_key() -> None:
    """Ten seconds for the first key, the rule's time between keys, ten again after * cleared the entry."""
    entry = Entry(TWO)
    assert entry.wait_ms == 10_000
    assert press(entry, "1").wait_ms == 3_000
    assert press(press(entry, "1"), "*").wait_ms == 10_000


def test_options_are_told_as_they_are() -> None:
    """A driver may say the keys of an option or of an empty entry, even of a secret."""
    assert typed(MENU, "0")[0].option and typed(MENU, "#")[0].option
    assert not typed(PHONE, "1234567#")[0].option


def test_E2_a_flood_of_keys_closes_the_entry() -> None:
    """100,000 keys without end make entries of 64 presses each, of 64 digits at most."""
    for flood in ("1*", "A", "*", "5" * 7):
        rule = EntryRule((), "5", 1, 99)
        entries, entry = 0, Entry(rule)
        for key in itertools.islice(itertools.cycle(flood), 100_000):
            entry = press(entry, key)
            if entry.closed is not None:
                assert len(entry.closed) <= MOST
                entries, entry = entries + 1, Entry(rule)
        assert entries == 100_000 // MOST


@pytest.mark.parametrize("rule", [MENU, TWO, PHONE, MONTH])
def test_E4_every_string_of_four_signs(rule: EntryRule) -> None:
    """All 69,904 strings over the 16 keys: digits, * or nothing come out, leading zeros stay, A to D never appear."""
    allowed = set("0123456789")
    for length in range(1, 5):
        for keys in itertools.product("0123456789*#ABCD", repeat=length):
            entry = Entry(rule)
            for key in keys:
                if entry.closed is not None:
                    break
                entry = press(entry, key)
            closed = lapse(entry).closed
            assert closed is None or closed == "*" or set(closed) <= allowed
            assert (
                closed is None
                or closed == "*"
                or closed in "".join(keys).replace("A", "").replace("B", "").replace("C", "").replace("D", "")
            )
