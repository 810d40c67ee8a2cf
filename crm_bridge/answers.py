"""What a look-up gives back: a declared outcome with its facts, or a fault in one word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from crm_bridge.secret import Secret

Value = str | int | tuple["Saying", ...]
Fact = tuple[str, Value]  # kind, value; the kinds are those of the flows
Saying = tuple[str, Mapping[str, Fact]]  # prompt, its slots
Argument = str | int | Secret
Arguments = Mapping[str, Argument]
Reason = Literal["deadline", "unavailable", "garbage", "busy"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the look-up's declared outcomes, with the facts that outcome gives."""

    outcome: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


class LookUpFault(Exception):
    """The world's fault: deadline (too slow), unavailable (not there), garbage (not to be believed), busy."""

    def __init__(self, reason: Reason, text: str = "") -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason: Reason = reason
        self.text = text


def word(arguments: Arguments, name: str) -> str:
    """The argument as text, "" when it is absent; never a Secret."""
    value = arguments.get(name, "")
    if isinstance(value, Secret):
        raise TypeError(f"argument {name} is secret")
    return str(value)


def secret(arguments: Arguments, name: str) -> Secret:
    """The argument as a Secret, empty when it is absent."""
    value = arguments.get(name, "")
    return value if isinstance(value, Secret) else Secret(str(value))
