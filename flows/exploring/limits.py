"""What the explorer holds a flow to."""

from __future__ import annotations

from dataclasses import dataclass

from flows.interpreter import BUDGET, LIMIT, TRIES_A_CALL
from flows.pages import SILENCE_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that are proved, and the budgets of the interpreter that the walk spends in one stroke.

    ``keys_to_human``: from every point where keys are taken, so many keys at most reach a queue.
    ``wait_ms``: windows of silence added up between two keys. ``depth``: sub-flows inside each other.
    ``turns`` leads to ``always.too_long``, ``hard_turns`` ends the call, ``wrong`` entries lead to ``always.tired``.
    ``states``: the walk stops there and says so, for it proves nothing about what it has not seen.
    """

    keys_to_human: int = 2
    wait_ms: int = SILENCE_MS
    depth: int = 16
    turns: int = BUDGET
    hard_turns: int = LIMIT
    wrong: int = TRIES_A_CALL
    states: int = 1_000_000
