"""Effects: what a caller wishes is done once, and told again when nobody heard that it was done (FAULTS A3, E6)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from crm_bridge.answers import Answer, Arguments, word
from crm_bridge.ledger import Effect, Letter
from crm_bridge.room import Room

PASSWORD_SET = "password_set"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to happen once: the intent, on which account, with what confirmed content."""

    intent: str
    account: str
    content: str


def record_call_back(room: Room, arguments: Arguments) -> Answer:
    """A wish to be called back, on the number given or else the calling one; once within the window."""
    numbering = room.rules.numbering
    number = numbering.national(word(arguments, "phone")) or numbering.national(word(arguments, "caller"))
    if not number:
        return Answer("no_number")
    wish = Wish("call_back", number, word(arguments, "queue") or "service")
    if not _done_once(room, wish, {"number": number, "queue": wish.content}):
        return Answer("already")
    return Answer("recorded", {"call_back_number": ("digits", number)})


def record_fax_wish(room: Room, arguments: Arguments) -> Answer:
    """A wish for a month's bill by fax; once within the window."""
    wish = Wish("fax_bill", word(arguments, "customer"), word(arguments, "month"))
    done = _done_once(room, wish, {"customer": wish.account, "month": wish.content})
    return Answer("recorded" if done else "already")


def earlier_password(room: Room, arguments: Arguments) -> Answer:
    """A password set for this number whose confirmation nobody heard."""
    phone = room.rules.numbering.national(word(arguments, "phone"))
    found = room.ledger.newest_effect(PASSWORD_SET, phone) if phone else None
    if found is None or found.heard:
        return Answer("none")
    return Answer(PASSWORD_SET, {"date": ("date", room.day(found.at))})


def outcome_heard(room: Room, arguments: Arguments) -> Answer:
    """The caller was told of everything done for this number."""
    phone = room.rules.numbering.national(word(arguments, "phone"))
    if phone:
        room.ledger.heard(phone)
    return Answer("done")


def key_of(wish: Wish, window: str) -> str:
    """The idempotency key of a wish in a window."""
    return hashlib.sha256("\0".join((wish.intent, wish.account, wish.content, window)).encode()).hexdigest()


def _done_once(room: Room, wish: Wish, letter: dict[str, str]) -> bool:
    """Do it unless it was done within the window; asked again in the same call it is the same doing."""
    room.ledger.hold(wish.account)
    newest = room.ledger.newest_effect(wish.intent, wish.account, wish.content)
    if newest is not None and abs(room.now - newest.at) < room.rules.same_s:
        return newest.call == room.call
    key = key_of(wish, f"{room.now:.3f}")
    room.ledger.put_effect(Effect(key, wish.intent, wish.account, wish.content, room.call, room.now))
    content = json.dumps({**letter, "call": room.call}, ensure_ascii=False, sort_keys=True)
    room.ledger.post(Letter(key, wish.intent, wish.account, content, room.now))
    return True
