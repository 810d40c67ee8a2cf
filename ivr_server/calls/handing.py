"""What an agent is handed with a call: one line of words, and each step in detail. Pure: records in, values out.

Everything is text that may be shown as it is: bounded (200 steps, 8 KiB; FAULTS J3), one line each, without signs that
cannot be seen (A9), and free of secrets, since no note of the trail holds one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, tzinfo
from itertools import zip_longest
from typing import Any, Final

from crm_bridge.fax_jobs import FaxRow
from crm_bridge.journal import CallRecord
from crm_bridge.trails import Found
from flows import trail
from flows.turns import Note
from ivr_server.calls.recording import LEVELS, as_note

LINE_BYTES: Final = trail.LINE_BYTES
MOST_WORDS: Final = 200  # characters of a name from outside

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "identity_": "未核实身份",
        "identity_open": "按号码识别，未设查询密码",
        "identity_password": "已用查询密码核实",
        "identity_code": "已用账单服务代码核实",
        "fees": "话费",
        "arrears": "欠费",
        "password": "查询密码",
        "fax": "传真账单",
        "fault": "故障报修",
        "complaint": "投诉",
        "suggestion": "建议",
        "consultation": "业务咨询",
        "call_back": "预约回电",
        "": "未选择业务",
        "ended_served": "已办理",
        "ended_goodbye": "道别",
        "ended_enqueued": "转人工",
        "ended_call_back": "已登记回电",
        "ended_silent": "长时间无按键",
        "ended_hung_up": "来电者挂机",
        "ended_failed": "系统故障",
        "ended_refused": "未接听",
        "ended_fax_machine": "传真机来电",
        "ended_": "未结束",
        "earlier": "{business}，{ended}",
        "fax_job": "任务 {job}：{month} 账单传真到 {number}，{state}",
    },
    "en": {
        "identity_": "identity not checked",
        "identity_open": "known by number; no query password is set",
        "identity_password": "checked by query password",
        "identity_code": "checked by the code on the bill",
        "fees": "Bills",
        "arrears": "Overdue bills",
        "password": "Query password",
        "fax": "Bill by fax",
        "fault": "Fault report",
        "complaint": "Complaint",
        "suggestion": "Suggestion",
        "consultation": "Consultation",
        "call_back": "Call-back",
        "": "No business chosen",
        "ended_served": "served",
        "ended_goodbye": "said goodbye",
        "ended_enqueued": "put through",
        "ended_call_back": "call-back noted",
        "ended_silent": "no key for a long time",
        "ended_hung_up": "the caller hung up",
        "ended_failed": "ended by a fault",
        "ended_refused": "not answered",
        "ended_fax_machine": "a fax machine called",
        "ended_": "not finished",
        "earlier": "{business}: {ended}",
        "fax_job": "Job {job}: bill of {month} by fax to {number}, {state}",
    },
}


@dataclass(frozen=True, slots=True)
class HandedStep:
    """One step. ``at_s``: seconds since the call began, -1 when not known; ``heard``: 0 to 1 of what was spoken."""

    at_s: int
    what: str  # a word of flows.turns.Note, or "left_out"
    words: str
    heard: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A look-up and how it was answered, in words; ``outcome`` of one that failed is the fault."""

    words: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier call. ``at``: by the operator's clock, to be shown; ``at_iso``: UTC."""

    call: str
    at: str
    at_iso: str
    words: str


@dataclass(frozen=True, slots=True)
class OpenFax:
    """A fax that is not at its end."""

    job: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """All of it. ``identity``: none, number or password; ``minutes``: with the voice; ``waited_s``: since then.

    ``tags`` are the flow's own words, ``tag_words`` what they are called; ``queue`` and ``business`` are names, "" for
    none. ``customer`` is the id that the call found, "" when it found nobody.
    """

    call: str
    line: str
    steps: tuple[HandedStep, ...]
    tags: tuple[str, ...]
    tag_words: tuple[str, ...]
    language: str
    identity: str
    identity_words: str
    minutes: int
    faults: tuple[str, ...]
    look_ups: tuple[Asked, ...]
    earlier: tuple[Earlier, ...]
    faxes: tuple[OpenFax, ...]
    queue: str
    business: str
    business_words: str
    waited_s: int
    number: str
    customer: str
    began: str

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Telling:
    """In which words: the reader's language, what names are called in it, the operator's zone, and the instant."""

    language: str
    titles: Mapping[str, str]
    zone: tzinfo
    now: datetime

    def word(self, name: str) -> str:
        """One of this file's words."""
        return _WORDS["zh" if self.language.startswith("zh") else "en"].get(name, "")

    def name(self, name: str) -> str:
        """What a tag, a look-up, an outcome or a fault is called."""
        return self.word(name) or trail.named(clean(name), self.language, self.titles)


def handed(found: Found, telling: Telling) -> Handed:
    """What is handed of a call whose legs are these, in order; ValueError when there are none."""
    if not found.legs:
        raise ValueError("no such call")
    first, last = found.legs[0], found.legs[-1]
    notes = _notes(found.legs)
    known = next((leg for leg in reversed(found.legs) if leg.identity), last)
    tags = tuple(dict.fromkeys(_details(notes, "tagged", "tag")))
    business = next((leg.business for leg in reversed(found.legs) if leg.business), "")
    return Handed(
        call=clean(first.call),
        line=trail.line([note for note, _ in notes], telling.language, LINE_BYTES, telling.titles),
        steps=_steps(notes, telling),
        tags=tags,
        tag_words=tuple(map(telling.name, tags)),
        language=last.language or first.language,
        identity=LEVELS.get(known.identity, "none"),
        identity_words=telling.word(f"identity_{known.identity}") or telling.word("identity_"),
        minutes=round(_lasted(first, telling.now) / 60),
        faults=tuple(map(telling.name, dict.fromkeys(_details(notes, "failed", "fault")))),
        look_ups=_look_ups(notes, telling),
        earlier=tuple(earlier(record, telling) for record in found.earlier),
        faxes=tuple(_fax(row, telling) for row in found.faxes),
        queue=clean(next((leg.queue for leg in reversed(found.legs) if leg.queue), "")),
        business=clean(business),
        business_words=telling.name(business),
        waited_s=_waited(found.legs, telling.now),
        number=clean(first.caller),
        customer=clean(next((leg.customer for leg in reversed(found.legs) if leg.customer), "")),
        began=first.started.astimezone(UTC).isoformat(timespec="seconds"),
    )


def earlier(record: CallRecord, telling: Telling) -> Earlier:
    """One earlier call in a line."""
    ended = telling.word(f"ended_{record.disposition}") or telling.word("ended_")
    words = telling.word("earlier").format(business=telling.name(record.business), ended=ended)
    local = record.started.astimezone(telling.zone)
    iso = record.started.astimezone(UTC).isoformat(timespec="seconds")
    return Earlier(clean(record.call), f"{local:%Y-%m-%d %H:%M}", iso, words)


def clean(text: str) -> str:
    """Text from outside in one line, without signs that cannot be seen, and not too long (FAULTS A9)."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MOST_WORDS])


def _notes(legs: Sequence[CallRecord]) -> list[tuple[Note, int]]:
    """The notes of all legs with their seconds since the call began; a question whose answer follows is left out."""
    began = legs[0].started
    told = [(as_note(row), _second(row, leg, began)) for leg in legs for row in leg.notes]
    return [one for one, after in zip_longest(told, told[1:]) if not _answered_by(one[0], after and after[0])]


def _second(row: Mapping[str, Any], leg: CallRecord, began: datetime) -> int:
    at = row.get("at_s")
    return -1 if not isinstance(at, int | float) else round((leg.started - began).total_seconds() + at)


def _answered_by(note: Note, after: Note | None) -> bool:
    if note.what != "asked" or after is None or after.what not in ("answered", "failed"):
        return False
    return after.what == "failed" or dict(note.detail).get("look_up") == dict(after.detail).get("look_up")


def _steps(notes: Sequence[tuple[Note, int]], telling: Telling) -> tuple[HandedStep, ...]:
    said = trail.told([note for note, _ in notes], telling.language, telling.titles)
    return tuple(
        HandedStep(-1, "left_out", words) if at < 0 else _step(*notes[at], words) for at, words in said if words
    )


def _step(note: Note, at_s: int, words: str) -> HandedStep:
    share = dict(note.detail).get("share", "") if note.what == "heard" else ""
    return HandedStep(at_s, note.what, words, int(share) / 100 if share.isdecimal() else None)


def _look_ups(notes: Sequence[tuple[Note, int]], telling: Telling) -> tuple[Asked, ...]:
    """Each look-up's last answer, in the order of the first asking."""
    answers: dict[str, str] = {}
    for note, _ in notes:
        detail = dict(note.detail)
        if note.what == "answered":
            answers[detail.get("look_up", "")] = detail.get("outcome", "")
        elif note.what == "asked":  # never answered: the caller left
            answers.setdefault(detail.get("look_up", ""), "unknown")
    return tuple(Asked(telling.name(name), telling.name(outcome)) for name, outcome in answers.items() if name)


def _details(notes: Iterable[tuple[Note, int]], what: str, key: str) -> list[str]:
    found = (dict(note.detail).get(key, "") for note, _ in notes if note.what == what)
    return [clean(value) for value in found if value]


def _fax(row: FaxRow, telling: Telling) -> OpenFax:
    state = telling.name("retrying" if row.state == "retrying" else row.state)
    words = telling.word("fax_job").format(job=row.id, month=row.month, number=clean(row.number), state=state)
    return OpenFax(row.id, words)


def _lasted(leg: CallRecord, now: datetime) -> float:
    return max(0.0, ((leg.ended or now) - leg.started).total_seconds())


def _waited(legs: Sequence[CallRecord], now: datetime) -> int:
    """Since the voice first put the call through; 0 when it did not, or when that is long ago."""
    since = next((leg.ended for leg in legs if leg.disposition == "enqueued" and leg.ended), None)
    waited = (now - since).total_seconds() if since else 0.0
    return round(waited) if 0 <= waited < 4 * 3_600 else 0


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value
