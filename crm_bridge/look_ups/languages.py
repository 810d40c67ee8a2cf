"""The language a calling number chose last."""

from __future__ import annotations

from crm_bridge.answers import Answer, Arguments, word
from crm_bridge.room import Room

_OUTCOMES = {"zh-CN": "zh_cn", "en-US": "en_us"}
_LONGEST = 20


def caller_language(room: Room, arguments: Arguments) -> Answer:
    """What was remembered for the number."""
    caller = word(arguments, "caller")
    language = room.ledger.language(caller) if _told(caller) else None
    return Answer(_OUTCOMES.get(language or "", "unknown"))


def remember_language_zh(room: Room, arguments: Arguments) -> Answer:
    """Remember Mandarin."""
    return _remember(room, arguments, "zh-CN")


def remember_language_en(room: Room, arguments: Arguments) -> Answer:
    """Remember English."""
    return _remember(room, arguments, "en-US")


def _remember(room: Room, arguments: Arguments, language: str) -> Answer:
    caller = word(arguments, "caller")
    if _told(caller):
        room.ledger.put_language(caller, language, room.now)
    return Answer("done")


def _told(caller: str) -> bool:
    return caller.isascii() and caller.isdigit() and len(caller) <= _LONGEST
