"""The scripted world of a simulated call: what an account, the clock and the switches of faults answer.

Nothing here asks anybody: answers stand in ``accounts/*.yaml`` in the notation of dialogues, and are answered by the
``World`` of the dialogues. A look-up that nothing answers is answered by the visitor.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final

from flows.dialogues import Answer, Dialogue, read_usual
from flows.exploring.answers import sample
from flows.facts import Fact, Saying
from flows.flow import Library
from flows.rehearsing.answering import Stuck, World
from flows.turns import Answered, Failed, LookUp
from ivr_server.hours import Hours
from ivr_server.simulating.setup import COMMON, FOLDER, Move, Setup
from marked_yaml import Marked, read

Answers = Mapping[str, tuple[Answer, ...]]
SLOW_S: Final = 8.0
BILLING: Final = frozenset({"recent_months", "bill", "total_owed", "difference", "arrears"})
EMPTY: Final = {
    "recent_months": "none",
    "bill": "empty_month",
    "total_owed": "nothing",
    "difference": "no_earlier",
    "arrears": "none",
}


@dataclass(frozen=True, slots=True)
class Given:
    """An answer and how long it takes; ``written`` is how a dialogue says it."""

    event: Answered | Failed
    written: Any
    took_s: float = 0.1


class Scripted:
    """The world of one call."""

    def __init__(self, library: Library, setup: Setup, usual: Answers, hours: Hours | None) -> None:
        self._library, self._setup, self._hours = library, setup, hours
        self._answers = {**usual, **_account(setup, min(library.queues, default=""))}
        self._asked: Counter[str] = Counter()

    def answer(self, command: LookUp, now: datetime) -> Given | None:
        """What it answers by itself; None when it has nothing to say."""
        name = command.name
        failing = name in BILLING and "billing_failing" in self._setup.faults
        answer = Answer("", {}, "unavailable") if failing else self._chosen(name, now)
        slow = name in BILLING and "billing_slow" in self._setup.faults
        return self._given(command, answer, SLOW_S if slow else 0.1) if answer else None

    def by_hand(self, command: LookUp, move: Move) -> Given | None:
        """What the visitor lets it answer; None when that does not fit."""
        if move.do == "fail":
            return _told(Failed(move.word), 0.1)
        signature = self._library.look_ups.get(command.name)
        gives = signature.outcomes.get(move.word, {}) if signature else {}
        facts = {name: _marked(text, gives.get(name, "")) for name, text in move.facts.items() if text}
        return self._given(command, Answer(move.word, facts), 0.1)

    def suggested(self, command: LookUp, now: datetime) -> tuple[str, dict[str, dict[str, str]]]:
        """The outcome that would be answered, and for every outcome its facts as text: the account's, or samples."""
        own = self._chosen(command.name, now)
        signature = self._library.look_ups[command.name]
        found = {}
        for outcome, gives in signature.outcomes.items():
            given = self._given(command, own, 0) if own and own.outcome == outcome else None
            known = dict(given.event.facts) if given and isinstance(given.event, Answered) else {}
            kinds = {name: kind.rstrip("?") for name, kind in gives.items()}
            found[outcome] = {
                name: text(known.get(name) or sample(self._library, kind)) for name, kind in kinds.items()
            }
        return (own.outcome if own else ""), found

    def answered(self, name: str) -> None:
        """One more answer of this look-up was given."""
        self._asked[name] += 1

    def _chosen(self, name: str, now: datetime) -> Answer | None:
        if "billing_empty" in self._setup.faults and name in EMPTY:
            return Answer(EMPTY[name])
        if name == "queue_staffed" and "nobody" in self._setup.faults:
            return Answer("empty")
        if name == "hours":
            return Answer(self._openness(now))
        answers = self._answers.get(name)
        return answers[min(self._asked[name], len(answers) - 1)] if answers else None

    def _openness(self, now: datetime) -> str:
        if self._setup.holiday:
            return "holiday"
        return self._hours.at(now.replace(tzinfo=self._hours.zone)) if self._hours else "open"

    def _given(self, command: LookUp, answer: Answer, took_s: float) -> Given | None:
        alone = Dialogue(title="", flow="", file="", line=1, talk=(), ends="", answers={command.name: (answer,)})
        try:
            return _told(World(self._library, alone).answer(command), took_s)
        except (Stuck, KeyError):
            return None


def _told(event: Answered | Failed, took_s: float) -> Given:
    if isinstance(event, Failed):
        return Given(event, {"fails": event.fault}, took_s)
    facts = {name: plain(fact) for name, fact in event.facts}
    return Given(event, {event.outcome: facts} if facts else event.outcome, took_s)


def plain(fact: Fact) -> Any:
    """A fact as a dialogue writes it."""
    if isinstance(fact.value, tuple):
        return [_said(saying) for saying in fact.value]
    if fact.kind == "money":
        sign, cents = "-" if int(fact.value) < 0 else "", abs(int(fact.value))
        return f"{sign}{cents // 100}.{cents % 100:02d}"
    return str(fact.value)


def text(fact: Fact) -> str:
    """The same as one field of a form."""
    found = plain(fact)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _said(saying: Saying) -> Any:
    return {"prompt": saying.prompt, **{name: plain(fact) for name, fact in saying.slots}}


def _marked(value: str, kind: str) -> Marked:
    """A field of the form as a dialogue's file would hold it."""
    if kind.rstrip("?") == "sayings":
        found, _ = read(value, "")
        if found is not None:
            return found
    return Marked(value, 1, 1)


def _account(setup: Setup, queue: str) -> dict[str, tuple[Answer, ...]]:
    """The account's answers, with the clock's months in them."""
    first = setup.at.date().replace(day=1)
    months = [_earlier(first, n) for n in range(24)]
    names = {"this_month": months[0], "last_month": months[1], "month_before": months[2], "first_month": months[23]}
    filled = {name: f"{month:%Y-%m}" for name, month in names.items()}
    filled |= {"due": f"{_earlier(first, -1):%Y-%m}-20", "caller": setup.caller or "13800138000", "queue": queue}
    found: dict[str, tuple[Answer, ...]] = {}
    for name in (COMMON, setup.account):
        written = _file(name)
        for slot, value in filled.items():
            written = written.replace(f'"{{{slot}}}"', json.dumps(value))
        found |= read_usual(written, f"{name}.yaml")
    return found if setup.caller else {**found, "offered_number": (Answer("none"),)}


@cache
def _file(name: str) -> str:
    return (FOLDER / f"{name}.yaml").read_text("utf-8")


def _earlier(month: date, count: int) -> date:
    """The first day of the month so many before."""
    at = month
    for _ in range(abs(count)):
        at = (at - timedelta(days=1) if count > 0 else at + timedelta(days=32)).replace(day=1)
    return at
