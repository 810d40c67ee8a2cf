"""How often one may try a password or a service code: counted before comparing, across calls, restarts and processes.

A try is written as failed in a transaction of its own before anything is compared, and only a right one is taken back;
so a crash, a hang-up or a second process can never win a free try. Three limits per account and one per call (CALLERS),
one for all accounts together (FAULTS P3). The owner's own success clears nothing (P2); proving identity does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from crm_bridge.ledger import Ledger, Try

HOUR: Final = 3_600.0
MONTH: Final = 30 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class TryRule:
    """Counts of failures; seconds. ``delays``: after the 5th failure of the month, the 6th, and so on."""

    in_a_call: int = 3
    in_an_hour: int = 5
    in_a_month: int = 10
    delays: tuple[float, ...] = (30.0, 120.0, 480.0, 1_800.0, 3_600.0)
    budget: int = 1_000  # failures over all accounts
    budget_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Admission:
    """``go`` with the try's number, or why not. ``left``: tries left in this call should this one be wrong."""

    word: Literal["go", "call_spent", "locked", "wait"]
    number: int = 0
    left: int = 0
    wait_s: float = 0.0
    then: Literal["wrong", "last_wrong", "locked", "wait"] = "wrong"  # what a wrong one means


def admit(ledger: Ledger, attempt: Try, rule: TryRule) -> Admission:
    """Count the attempt, or refuse it uncounted. To be run as a write."""
    ledger.hold(attempt.account)
    ledger.bring_back(attempt.account, attempt.at)
    of_call = ledger.failures_of_call(attempt.kind, attempt.call)
    if of_call >= rule.in_a_call:
        return Admission("call_spent")
    failures = ledger.failures(attempt.kind, attempt.account, attempt.at - MONTH)
    if _shut(ledger, attempt, len(failures), rule):
        return Admission("locked")
    wait = wait_after(failures, attempt.at, rule)
    if wait > 0:
        return Admission("wait", wait_s=wait)
    return _counted(ledger, attempt, (failures, of_call + 1), rule)


def _shut(ledger: Ledger, attempt: Try, failed: int, rule: TryRule) -> bool:
    if failed >= rule.in_a_month:
        ledger.lock(attempt.kind, attempt.account, attempt.at)
    if ledger.locked(attempt.kind, attempt.account):
        return True
    return ledger.failures_of_all(attempt.at - rule.budget_s, rule.budget) >= rule.budget


def _counted(ledger: Ledger, attempt: Try, before: tuple[list[float], int], rule: TryRule) -> Admission:
    failures, of_call = before
    number = ledger.add_try(attempt)
    failures = [attempt.at, *failures]
    wait = wait_after(failures, attempt.at, rule)
    left = min(rule.in_a_call - of_call, rule.in_a_month - len(failures))
    if len(failures) >= rule.in_a_month:
        return Admission("go", number, 0, 0, "locked")
    if of_call >= rule.in_a_call:
        return Admission("go", number, 0, wait, "last_wrong")
    return Admission("go", number, left, wait, "wait" if wait else "wrong")


def wait_after(failures: list[float], now: float, rule: TryRule) -> float:
    """Seconds until the next try: the rising delay after the newest failure, and never more than so many an hour."""
    if len(failures) < rule.in_an_hour:
        return 0.0
    step = min(len(failures) - rule.in_an_hour, len(rule.delays) - 1)
    rising = failures[0] + rule.delays[step] - now
    hourly = failures[rule.in_an_hour - 1] + HOUR - now
    return max(0.0, rising, hourly)


def minutes(seconds: float) -> int:
    """Whole minutes to tell a caller, at least one."""
    return max(1, math.ceil(seconds / 60))
