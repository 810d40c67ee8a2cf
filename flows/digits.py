"""Key presses and elapsed time -> one entry. Pure: the driver brings the keys and owns the one timer.

An entry is open until it closes; the driver starts ``wait_ms`` anew whenever it gets a new Entry, and lets it run on
when it gets the same one back. What closes it:

- an option, at once, unless something longer begins with it (then ``#`` or the timer);
- a typed entry at full length; shorter ones by ``#`` or the timer;
- ``#`` alone: the empty entry; the timer with nothing typed: no input (``lapsed``);
- ``*`` clears what is typed; on nothing typed it is an option like another, where the rule has it;
- a digit that fits no option where nothing is typed (a menu): at once, for the flow to call it wrong.

A to D and all other signs are nothing. After 64 presses an entry takes no more, and the timer ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flows.turns import EntryRule

MOST: Final = 64
DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Entry:
    """``keys`` typed so far; ``closed``: None while open, then the entry ("" after a lone ``#`` or when ``lapsed``)."""

    rule: EntryRule
    keys: str = ""
    presses: int = 0
    closed: str | None = None
    lapsed: bool = False

    @property
    def wait_ms(self) -> int:
        """How long to wait for the next key, from when this entry came to be."""
        return self.rule.between_ms if self.keys else self.rule.first_ms

    @property
    def option(self) -> bool:
        """Whether the closed entry is one of the rule's options, or empty: such keys are told as they are."""
        return self.closed in self.rule.options or self.closed == ""


def press(entry: Entry, key: str) -> Entry:
    """The entry after one key; the same object when the key was nothing to it."""
    if entry.closed is not None or entry.presses >= MOST:
        return entry
    rule, keys, presses = entry.rule, entry.keys, entry.presses + 1
    if key == "#":
        return Entry(rule, keys, presses, keys)
    if key == "*":
        if keys:
            return Entry(rule, "", presses)
        return Entry(rule, "", presses, "*") if "*" in rule.options else entry
    if key not in DIGITS:
        return entry
    keys += key
    return Entry(rule, keys, presses, keys if _complete(rule, keys) else None)


def lapse(entry: Entry) -> Entry:
    """The entry after its timer ran out: what is typed is taken, nothing typed is no input."""
    if entry.closed is not None:
        return entry
    return Entry(entry.rule, entry.keys, entry.presses, entry.keys, not entry.keys)


def _complete(rule: EntryRule, keys: str) -> bool:
    """Whether nothing that may follow could still belong to the entry."""
    if any(option != keys and option.startswith(keys) for option in rule.options):
        return False
    if not rule.first:
        return True
    if keys in rule.options and keys[0] not in rule.first:
        return True
    return len(keys) >= rule.longest
