"""What a visitor sets before and during a simulated call, and what they do in it; read from the page with bounds.

A move is {do: key, key}, {do: wait, seconds}, {do: hang_up}, {do: answer, outcome, facts} or {do: fail, fault}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

Shape = dict[str, Any]
FOLDER: Final = Path(__file__).with_name("accounts")
COMMON: Final = "common"
ACCOUNTS: Final = ("usual", "owing", "credit", "password", "wrong_password", "stranger")
FAULTS: Final = frozenset({"billing_slow", "billing_empty", "billing_failing", "nobody"})
KEYS: Final = frozenset("0123456789*#")
MOST_MOVES: Final = 600
LONGEST_WAIT_S: Final = 600
LONGEST_FACT: Final = 2000
_NUMBER: Final = re.compile(r"[0-9]{0,20}\Z")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{0,80}\Z")


class Misfit(ValueError):
    """What the page sent is no setup or no move."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Who calls, when, and what the world is like. ``at``: the wall clock at the exchange when the call begins."""

    flow: str
    at: datetime
    caller: str = ""
    language: str = ""
    account: str = "usual"
    holiday: bool = False
    by_hand: bool = False
    faults: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that the visitor does. ``word``: the key, the outcome or the fault."""

    do: str
    word: str = ""
    seconds: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)


def read_setup(shape: Any) -> Setup:
    """From the page's JSON. Raises Misfit."""
    if not isinstance(shape, dict):
        raise Misfit("setup")
    found = Setup(
        flow=_text(shape.get("flow", "main"), _WORD),
        at=_moment(shape.get("at")),
        caller=_text(shape.get("caller", ""), _NUMBER),
        language=_text(shape.get("language", ""), _WORD),
        account=_text(shape.get("account", "usual"), _WORD),
        holiday=shape.get("holiday") is True,
        by_hand=shape.get("by_hand") is True,
        faults=FAULTS.intersection(map(str, shape.get("faults") or ())),
    )
    if found.account not in ACCOUNTS:
        raise Misfit("account")
    return found


def read_moves(shape: Any) -> tuple[Move, ...]:
    """From the page's JSON. Raises Misfit."""
    if not isinstance(shape, list) or len(shape) > MOST_MOVES:
        raise Misfit("moves")
    return tuple(map(_move, shape))


def _move(shape: Any) -> Move:
    if not isinstance(shape, dict):
        raise Misfit("move")
    do = shape.get("do")
    if do == "key" and isinstance(shape.get("key"), str) and shape["key"] in KEYS:
        return Move("key", shape["key"])
    if do == "wait" and isinstance(shape.get("seconds"), int) and 0 < shape["seconds"] <= LONGEST_WAIT_S:
        return Move("wait", seconds=shape["seconds"])
    if do == "hang_up":
        return Move("hang_up")
    if do == "fail":
        return Move("fail", _text(shape.get("fault", ""), _WORD) or "unavailable")
    if do == "answer":
        return Move("answer", _text(shape.get("outcome", ""), _WORD), facts=_facts(shape.get("facts", {})))
    raise Misfit("move")


def _facts(shape: Any) -> dict[str, str]:
    if not isinstance(shape, dict) or len(shape) > 40:
        raise Misfit("facts")
    for name, value in shape.items():
        if not isinstance(value, str) or len(value) > LONGEST_FACT or not _WORD.match(name):
            raise Misfit("facts")
    return dict(shape)


def _text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.match(value):
        raise Misfit("text")
    return value


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        raise Misfit("at") from None
