"""The forms of a typed entry: which digits it may begin with, how long it is, and the fact it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flows.facts import Fact, Facts

TOLD: Final = frozenset({"money", "month", "date", "time", "count", "digits"})  # kinds the trail tells of an answer
ANY: Final = "0123456789"


def _as_typed(keys: str) -> str | None:
    return keys if keys.isascii() and keys.isdigit() else None


def _month(keys: str) -> str | None:
    """YYYYMM -> "YYYY-MM"; None when there is no such month."""
    if _as_typed(keys) is None or not "01" <= keys[4:] <= "12":
        return None
    return f"{keys[:4]}-{keys[4:]}"


def _handle(keys: str) -> str | None:
    return keys


@dataclass(frozen=True, slots=True)
class Form:
    """``kind`` of the fact, first digits and lengths of the entry; ``read`` makes the value, None when it is wrong."""

    kind: str
    first: str
    shortest: int
    longest: int
    read: Callable[[str], str | None]

    def fact(self, keys: str, length: int) -> Fact | None:
        """The fact that the keys (or the handle of a secret) stand for, or None when they are no such entry."""
        if not self.shortest <= length <= self.longest:
            return None
        if self.kind != "secret" and keys[:1] not in self.first:
            return None
        value = self.read(keys)
        return None if value is None else Fact(self.kind, value)


FORMS: Final = {
    "phone": Form("digits", ANY, 7, 12, _as_typed),
    "month": Form("month", "12", 6, 6, _month),
    "digits": Form("digits", ANY, 1, 20, _as_typed),
    "password": Form("secret", ANY, 6, 6, _handle),
    "code": Form("digits", ANY, 4, 12, _as_typed),
}


def shown(fact: Fact) -> str:
    """A fact as the trail may show it; nothing of a secret."""
    if fact.kind == "secret":
        return ""
    if fact.kind == "money" and isinstance(fact.value, int):
        return f"{'-' if fact.value < 0 else ''}{abs(fact.value) // 100}.{abs(fact.value) % 100:02d}"
    return "" if isinstance(fact.value, tuple) else str(fact.value)


def told(facts: Facts) -> tuple[tuple[str, str], ...]:
    """What the trail tells of an answer's facts."""
    return tuple((name, shown(fact)) for name, fact in facts if fact.kind in TOLD)
