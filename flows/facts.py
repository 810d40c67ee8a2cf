"""Facts: what a call has learnt, typed by what it is, so that it can be spoken; never a reason to choose an exit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KINDS: Final = frozenset(
    {
        "money",  # int, smallest unit of the operator's currency (fen, cents); may be negative
        "month",  # str "YYYY-MM"
        "date",  # str "YYYY-MM-DD"
        "time",  # str "HH:MM", 24 hours
        "digits",  # str of 0-9, spoken one by one: phone numbers, codes, menu keys
        "count",  # int, a number of things
        "prompt",  # str, the name of a prompt: spoken as that prompt
        "sayings",  # tuple of Saying: a list spoken in order
        "queue",  # str, the name of a queue of agents; never spoken
        "text",  # str, carried and shown, never spoken (a customer's id)
        "secret",  # str, a handle into the driver's vault; the secret itself never enters a session
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known; ``kind`` is a word of KINDS and says the shape of ``value``."""

    kind: str
    value: str | int | tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """One prompt to be spoken, with the facts for its slots and the language tag ("zh-CN")."""

    prompt: str
    slots: tuple[tuple[str, Fact], ...] = ()
    language: str = ""


Script = tuple[Saying, ...]
Facts = tuple[tuple[str, Fact], ...]  # sorted by name, so that equal sessions are equal values


def plus(facts: Facts, more: Iterable[tuple[str, Fact]]) -> Facts:
    """``facts`` with ``more`` laid over them, still sorted by name."""
    return tuple(sorted({**dict(facts), **dict(more)}.items()))
