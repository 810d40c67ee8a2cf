"""Letting a customer in: the transactions around a password or a service code; hashing happens between them."""

from __future__ import annotations

import hmac

from crm_bridge.answers import Answer
from crm_bridge.ledger import Effect, Try
from crm_bridge.look_ups.effects import PASSWORD_SET
from crm_bridge.records import Customer
from crm_bridge.room import Room
from crm_bridge.tries import Admission, admit, minutes


def account_of(customer: Customer | None, phone: str) -> str:
    """The name tries are counted under: a number that nobody has is an account of its own."""
    return customer.id if customer is not None else "?" + phone


def admission(room: Room, kind: str, account: str) -> Admission:
    """Count a try, or refuse it."""
    return admit(room.ledger, Try(kind, account, room.call, room.now), room.rules.tries)


def refusal(admitted: Admission) -> Answer:
    """What a caller hears who may not try."""
    if admitted.word == "wait":
        return Answer("wait", {"minutes": ("count", minutes(admitted.wait_s))})
    return Answer("last_wrong" if admitted.word == "call_spent" else "locked")


def wrong(admitted: Admission) -> Answer:
    """What a caller hears whose counted try was wrong."""
    if admitted.then == "wait":
        return Answer("wait", {"minutes": ("count", minutes(admitted.wait_s))})
    if admitted.then == "wrong":
        return Answer("wrong", {"tries_left": ("count", admitted.left)})
    return Answer(admitted.then)


def confirm(room: Room, number: int, customer: Customer) -> bool:
    """Take the try back, unless the password was changed while it was compared."""
    room.ledger.hold(customer.id)
    if (room.ledger.password(customer.id) or customer.password) != customer.password:
        return False
    room.ledger.mark_right(number)
    return True


def prove(room: Room, customer: Customer | None, phone: str, code: str) -> Answer:
    """Compare the service code; proved identity lifts the locks and forgives the failures."""
    admitted = admission(room, "code", account_of(customer, phone))
    if admitted.word != "go":
        return Answer("last_wrong" if admitted.word == "call_spent" else "locked")
    return Answer("proved" if _same(customer, code) else admitted.then if admitted.then != "wait" else "locked")


def accept(room: Room, customer: Customer) -> None:
    """Identity was proved: forgive, in a transaction after the try was counted in its own."""
    room.ledger.hold(customer.id)
    room.ledger.forgive(customer.id)


def _same(customer: Customer | None, code: str) -> bool:
    real = customer.service_code if customer is not None else ""
    return bool(real) and hmac.compare_digest(real.encode(), code.encode())


def put_password(room: Room, customer: Customer, hashed: str, key: str) -> Answer:
    """The new password in place of the old one, and the effect that remembers it, in one transaction."""
    room.ledger.hold(customer.id)
    if room.ledger.effect(key) is None:
        room.ledger.put_password(customer.id, hashed, room.now)
        room.ledger.put_effect(Effect(key, PASSWORD_SET, customer.phone, "", room.call, room.now))
    return Answer("set")


def done_under(room: Room, key: str) -> bool:
    """Whether the effect of this key was committed."""
    return room.ledger.effect(key) is not None


def set_in_this_call(room: Room, phone: str) -> bool:
    """Whether this very call already set the number's password."""
    newest = room.ledger.newest_effect(PASSWORD_SET, phone)
    return newest is not None and newest.call == room.call
