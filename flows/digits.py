"""Key presses and elapsed time -> one entry. Pure: the driver brings the keys and the time.

An entry is open until it closes. What closes it:

- an option, at once, unless something longer begins with it (then ``#`` or the timer);
- a typed entry at full length; shorter ones by ``#`` or the timer;
- ``#`` alone: the empty entry;
- ``*`` clears what is typed; on nothing typed it is an option like another, where the rule has it;
- a digit that fits no option where nothing can be typed (a menu): at once, for the flow to call it wrong.

The timer with nothing typed does not close it: that is no input (``lapsed``). A to D and all other signs are nothing.
The 64th press closes an entry with what is typed: whoever leans on the keypad does not hold the call open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flows.turns import EntryRule

MOST: Final = 64
DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Entry:
    """``typed`` so far; ``presses``: all keys; ``closed``: None while open, then the entry ("" for a lone ``#``)."""

    rule: EntryRule
    typed: str = ""
    presses: int = 0
    closed: str | None = None
    lapsed: bool = False

    @property
    def wait_ms(self) -> int:
        """How long to wait for the next key."""
        return self.rule.between_ms if self.typed else self.rule.first_ms

    @property
    def option(self) -> bool:
        """Whether the closed entry is one of the rule's options, or empty: such keys are told as they are."""
        return self.closed == "" or self.closed in self.rule.options


def press(entry: Entry, key: str) -> Entry:
    """The entry after one key."""
    if entry.closed is not None:
        return entry
    rule, typed, closed = entry.rule, entry.typed, None
    if key == "#":
        closed = typed
    elif key == "*":
        closed = "*" if not typed and "*" in rule.options else None
        typed = ""
    elif key in DIGITS:
        typed += key
        closed = typed if _complete(rule, typed) else None
    if closed is None and entry.presses + 1 >= MOST:
        closed = typed
    return Entry(rule, typed, entry.presses + 1, closed)


def lapse(entry: Entry) -> Entry:
    """The entry after its timer ran out: what is typed is taken, nothing typed is no input."""
    if entry.closed is not None:
        return entry
    return Entry(entry.rule, entry.typed, entry.presses, entry.typed or None, not entry.typed)


def _complete(rule: EntryRule, typed: str) -> bool:
    """Whether nothing that may follow could still belong to the entry."""
    if any(option != typed and option.startswith(typed) for option in rule.options):
        return False
    if not rule.first:
        return True
    if typed in rule.options and typed[0] not in rule.first:
        return True
    return len(typed) >= rule.longest
