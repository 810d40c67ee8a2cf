"""What a notice says, read with suspicion: a field that stands there twice was forged into a value and says nothing."""

from __future__ import annotations

import re
from typing import Final

from ivr_server.ami.wire import Message
from ivr_server.floor.picture import AWAY, Member, MemberState

LONGEST: Final = 80
_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CALL_BACK: Final = re.compile(r"callback-0*([1-9][0-9]{0,17})-[0-9a-z-]{1,20}\Z")
_STATES: Final[dict[str, MemberState]] = {
    "0": "away", "1": "idle", "2": "in_use", "3": "in_use", "4": "away", "5": "away", "6": "ringing", "7": "ringing",
    "8": "in_use",
}  # fmt: skip


def text(notice: Message, key: str) -> str:
    """The words under a key, without control characters and direction marks, at most 80 of them."""
    found = notice.only(key)
    return "" if found == "<unknown>" else clean(found)


def clean(words: str) -> str:
    """Without control characters and direction marks, at most 80 characters."""
    return _ODD.sub("", words)[:LONGEST]


def number(notice: Message, key: str) -> int:
    """A count from 0 to 999,999,999,999; 0 when it is none."""
    found = notice.only(key)
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 12 else 0


def stamp(notice: Message) -> float | None:
    """When it happened, as Asterisk says where ``timestampevents`` is set; None when it does not say."""
    try:
        return float(notice.only("Timestamp"))
    except ValueError:
        return None


def instant(notice: Message, otherwise: float) -> float:
    """Asterisk's own stamp, if there is one that can be true; else ``otherwise``."""
    found = stamp(notice)
    return found if found is not None and abs(found - otherwise) < 86_400 else otherwise


def stamped(notice: Message) -> bool:
    """Whether Asterisk says when it happened."""
    return bool(notice.only("Timestamp"))


def call_back(call: str) -> int:
    """The id of the call-back behind a virtual caller's unique id; 0 when it is a caller's own call."""
    found = _CALL_BACK.match(call)
    return int(found.group(1)) if found else 0


def device(channel: str) -> str:
    """The interface that a channel belongs to: PJSIP/1001 of PJSIP/1001-0000002a."""
    return channel.rpartition("-")[0]


def member(item: Message) -> Member | None:
    """A member from a notice or from an item of QueueStatus; None when it names no device."""
    interface = text(item, "Interface") or text(item, "Location")
    if not interface:
        return None
    paused = item.only("Paused") == "1"
    return Member(
        interface=interface,
        name=text(item, "MemberName") or text(item, "Name") or interface,
        penalty=number(item, "Penalty"),
        paused=paused,
        reason=text(item, "PausedReason") if paused else "",
        state=_STATES.get(item.only("Status"), AWAY),  # type: ignore[arg-type]
        calls=number(item, "CallsTaken"),
        last_call=float(number(item, "LastCall")),
    )
