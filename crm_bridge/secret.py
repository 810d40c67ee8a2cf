"""A value that no text form shows: str, repr, format, JSON, pickle and a traceback's locals all give the mask."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

MASK: Final = "••••"


class Secret:
    """Holds a text; ``reveal()`` is the only way to it, so that every use can be found by search."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself."""
        return self.__text

    def __len__(self) -> int:
        return len(self.__text)

    def __eq__(self, other: object) -> bool:
        """In constant time, and only with another Secret."""
        return isinstance(other, Secret) and hmac.compare_digest(self.__text.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Pickling and copying by value are refused."""
        raise TypeError("a Secret is not written down")
