"""A bill by fax: the number, the wish, and how it stands.

The job and the effect that remembers the wish are written in one transaction; asked again while a job is under way, the
caller is told that job's number. What became of a job is told once in any call (``earlier_outcome``), and a failed one
is offered again for a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from crm_bridge.answers import Answer, Arguments, Fact, word
from crm_bridge.fax_jobs import FINAL, FaxRow, NewFax
from crm_bridge.ledger import Effect
from crm_bridge.look_ups import effects
from crm_bridge.look_ups.effects import Wish, key_of
from crm_bridge.room import Room, Rules

FAX: Final = "fax"  # the intent of the effect
ASKED: Final = "asked"  # what ``fax_heard`` is given when the job's number was spoken
DAY: Final = 86_400.0
TOLD_FOR: Final = 7 * DAY  # nobody hears of older jobs
REASONS: Final = {
    "busy": "fax_busy",
    "no_answer": "fax_no_answer",
    "no_carrier": "fax_no_machine",
    "cut": "fax_cut",
    "lost": "fax_cut",
    "refused": "fax_not_reached",
    "cancelled": "fax_cancelled",
    "too_old": "fax_too_late",
}
_OURS: Final = "fax_our_fault"


def check_fax_number(rules: Rules, arguments: Arguments) -> Answer:
    """The number as it is dialled, when faxes may go there; else whether it is a telephone number at all."""
    typed = word(arguments, "fax_number")
    number = rules.fax.numbers.national(typed)
    if number:
        return Answer("allowed", {"fax_number": ("digits", number)})
    return Answer("not_allowed" if rules.numbering.national(typed) else "malformed")


def offered_fax_number(rules: Rules, arguments: Arguments) -> Answer:
    """The calling number, when faxes may go there."""
    number = rules.fax.numbers.national(word(arguments, "caller"))
    return Answer("offered", {"fax_number": ("digits", number)}) if number else Answer("none")


def request_fax(room: Room, arguments: Arguments) -> Answer:
    """One job for the month and the number, while one is under way; the number was checked, and there is a bill."""
    customer, month = word(arguments, "customer"), word(arguments, "month")
    number = room.rules.fax.numbers.national(word(arguments, "fax_number"))
    if not number:
        return Answer("not_allowed")
    room.ledger.hold(customer)
    such = [row for row in _recent(room, customer) if (row.month, row.number) == (month, number)]
    going = next((row for row in such if row.state not in FINAL), None)
    if going is not None:
        return _taken(room, going.id) if going.call == room.call else Answer("under_way", {"job": _spoken(going.id)})
    if room.ledger.faxes_since(customer, room.now - DAY) >= room.rules.fax.daily:
        return Answer("too_many", {"count": ("count", room.rules.fax.daily)})
    return _taken(room, _asked(room, Wish(FAX, customer, _content(month, number)), word(arguments, "language")))


def fax_state(room: Room, arguments: Arguments) -> Answer:
    """How the customer's faxes stand: what ended and was not told, what is under way, what failed and may be tried."""
    rows = _recent(room, word(arguments, "customer"))
    row = _ended_untold(rows) or next((row for row in rows if row.state not in FINAL), None)
    if row is not None:
        return _STATES[row.state](room, row)
    if rows and rows[0].state == "failed" and room.now - rows[0].since < DAY:
        return Answer("once_more", {"job": _spoken(rows[0].id), **_wish(rows[0])})
    return Answer("none")


def earlier_outcome(room: Room, arguments: Arguments) -> Answer:
    """What an earlier call did, or a fax became, and nobody was told: a password that was set goes first."""
    password = effects.earlier_password(room, arguments)
    return password if password.outcome != "none" else _earlier_fax(room, word(arguments, "customer"))


def _earlier_fax(room: Room, customer: str) -> Answer:
    rows = _recent(room, customer)
    row = _ended_untold(rows)
    if row is not None and row.state == "sent":
        return Answer("fax_sent", _sent(room, row).facts)
    if row is not None:
        return Answer("fax_failed", {"job": _spoken(row.id), "reason": _reason(row)})
    asked = room.ledger.newest_effect(FAX, customer)
    if asked is None or asked.heard or asked.call == room.call:
        return Answer("none")
    for row in rows:
        if (row.created, _content(row.month, row.number)) == (asked.at, asked.content):
            return Answer("fax_asked", {"job": _spoken(row.id), "month": ("month", row.month)})
    return Answer("none")


def fax_heard(room: Room, arguments: Arguments) -> Answer:
    """The caller was told: that the job was taken (``ASKED``), or the state in which it ended."""
    customer, job, state = (word(arguments, name) for name in ("customer", "job", "state"))
    room.ledger.heard(customer)
    row = room.ledger.fax(int(job)) if job.isascii() and job.isdigit() and len(job) < 10 else None
    if row is not None and row.customer == customer and state in FINAL:
        room.ledger.fax_heard(row.id, state)
    return Answer("done")


# --- asking --------------------------------------------------------------------------------------------------------


def _asked(room: Room, wish: Wish, language: str) -> int:
    """The effect and the job, in this transaction."""
    month, number = wish.content.split(" ")
    key = key_of(wish, f"{room.now:.3f}")
    room.ledger.put_effect(Effect(key, wish.intent, wish.account, wish.content, room.call, room.now))
    new = NewFax(
        key=key,
        account=wish.account,
        customer=wish.account,
        month=month,
        number=number,
        language=language[:12],
        call=room.call,
        created=room.now,
    )
    return room.ledger.put_fax(new)


def _taken(room: Room, job: int) -> Answer:
    return Answer("accepted", {"job": _spoken(job), "tries": ("count", room.rules.fax.tries)})


def _content(month: str, number: str) -> str:
    return f"{month} {number}"


def _spoken(job: int) -> Fact:
    return "digits", str(job)


# --- how it stands -------------------------------------------------------------------------------------------------


def _recent(room: Room, customer: str) -> list[FaxRow]:
    """The customer's jobs that are under way, or that somebody may still want to hear of; the newest first."""
    rows = room.ledger.faxes(customer)
    return [row for row in rows if row.state not in FINAL or room.now - row.since < TOLD_FOR]


def _ended_untold(rows: Sequence[FaxRow]) -> FaxRow | None:
    return next((row for row in rows if row.state in FINAL and not row.heard), None)


def _wish(row: FaxRow) -> dict[str, Fact]:
    return {"month": ("month", row.month), "fax_number": ("digits", row.number)}


def _waiting(room: Room, row: FaxRow) -> Answer:
    return Answer("waiting", {"job": _spoken(row.id)})


def _dialling(room: Room, row: FaxRow) -> Answer:
    return Answer("dialling", {"job": _spoken(row.id)})


def _sending(room: Room, row: FaxRow) -> Answer:
    if not row.pages:
        return _dialling(room, row)
    counts: dict[str, Fact] = {"arrived": ("count", row.delivered), "pages": ("count", row.pages)}
    return Answer("sending", {"job": _spoken(row.id), **counts})


def _retrying(room: Room, row: FaxRow) -> Answer:
    minutes = max(1, ceil((row.due - room.now) / 60))
    return Answer("retrying", {"job": _spoken(row.id), "reason": _reason(row), "minutes": ("count", minutes)})


def _unknown(room: Room, row: FaxRow) -> Answer:
    return Answer("unknown", {"job": _spoken(row.id)})


def _sent(room: Room, row: FaxRow) -> Answer:
    day = room.day(row.dialled or row.created)
    return Answer("sent", {"job": _spoken(row.id), "pages": ("count", row.pages), "date": ("date", day)})


def _failed(room: Room, row: FaxRow) -> Answer:
    return Answer("failed", {"job": _spoken(row.id), "reason": _reason(row), **_wish(row)})


def _reason(row: FaxRow) -> Fact:
    return "prompt", REASONS.get(row.cause, _OURS)


_STATES: Final = {
    "waiting": _waiting,
    "dialling": _dialling,
    "sending": _sending,
    "retrying": _retrying,
    "unknown": _unknown,
    "sent": _sent,
    "failed": _failed,
}
