"""Mappings that never change: each step gives a new one, and none grows without end."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final, TypeVar

V = TypeVar("V")
MOST: Final = 4_000


def put(mapping: Mapping[str, V], key: str, value: V, most: int = MOST) -> Mapping[str, V]:
    """With this value under the key, as its newest; the oldest go beyond ``most``."""
    rest = {**mapping, key: value}
    return rest if len(rest) <= most else dict(islice(rest.items(), len(rest) - most, None))


def without(mapping: Mapping[str, V], key: str) -> Mapping[str, V]:
    """Without the key."""
    return {other: value for other, value in mapping.items() if other != key} if key in mapping else mapping
