"""The numbering plan: which digit strings are telephone numbers here.

A pattern is written as in a dialplan: a digit is itself, X is 0-9, Z is 1-9, N is 2-9, [3-9] or [357] is a set, and a
"." at the end is one or more digits. Patterns never see anything but digits, so nothing typed can widen them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

CHINA: Final = (
    "1[3-9]XXXXXXXXX",  # mobile
    "0[12]XXXXXXXXX",  # landline with a three-digit area code
    "0[3-9]XXXXXXXXX",  # landline, four-digit area code, seven digits
    "0[3-9]XXXXXXXXXX",  # landline, four-digit area code, eight digits
)
FIXED: Final = CHINA[1:]  # where a fax machine may stand
_CLASSES: Final = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": "[0-9]+"}
_TOKEN: Final = re.compile(r"[0-9XZN]|\[(?:[0-9]-[0-9]|[0-9])+\]|\.\Z")
LONGEST: Final = 20


def _expression(pattern: str) -> str:
    tokens = _TOKEN.findall(pattern)
    if not pattern or "".join(tokens) != pattern:
        raise ValueError(f'numbering pattern "{pattern}" may hold digits, X, Z, N, [sets], and "." at the end only')
    return "".join(_CLASSES.get(token, token) for token in tokens)


@dataclass(frozen=True, slots=True)
class Numbering:
    """``country_code`` is taken off a number that fits only without it (8613… and 008613… are 13…)."""

    patterns: tuple[str, ...] = CHINA
    country_code: str = "86"
    _whole: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        joined = "|".join(_expression(pattern) for pattern in self.patterns)
        object.__setattr__(self, "_whole", re.compile(f"(?:{joined})\\Z", re.ASCII))

    def national(self, number: str) -> str:
        """The number as customers' records hold it, or "" when it is none of this plan."""
        if len(number) > LONGEST:
            return ""
        for start in ("", "+" + self.country_code, "00" + self.country_code, self.country_code):
            rest = number[len(start) :]
            if number.startswith(start) and self._whole.match(rest):
                return rest
        return ""
