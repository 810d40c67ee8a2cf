"""Who is calling, as far as a number says; unknown numbers look like those with a password (FAULTS P5)."""

from __future__ import annotations

from crm_bridge.answers import Answer, Arguments, word
from crm_bridge.records import Customer
from crm_bridge.room import Room


def offered_number(room: Room, arguments: Arguments) -> Answer:
    """The calling number as the records hold it, when it is a customer's."""
    phone = room.rules.numbering.national(word(arguments, "caller"))
    if phone and room.customer(phone) is not None:
        return Answer("offered", {"phone": ("digits", phone)})
    return Answer("none")


def find_customer(room: Room, arguments: Arguments) -> Answer:
    """Open to all when the customer has no password; else, and for a number nobody has, a password is needed."""
    customer = _open_customer(room, word(arguments, "phone"))
    if isinstance(customer, str):
        return Answer(customer)
    return Answer("no_password", {"customer": ("text", customer.id)})


def password_state(room: Room, arguments: Arguments) -> Answer:
    """Whether the customer of this number has a password; a number nobody has does, to anyone who asks."""
    customer = _open_customer(room, word(arguments, "phone"))
    if isinstance(customer, str):
        return Answer("malformed" if customer == "malformed" else "has_password")
    return Answer("no_password")


def _open_customer(room: Room, number: str) -> Customer | str:
    phone = room.rules.numbering.national(number)
    if not phone:
        return "malformed"
    customer = room.customer(phone)
    if customer is None or customer.password is not None or room.ledger.password(customer.id) is not None:
        return "password_needed"
    return customer
