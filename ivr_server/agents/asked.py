"""What an agent's page asks, and how it is refused: values that the console and this room share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Shape = dict[str, Any]  # plain JSON
Kind = Literal["blind", "consult"]
SUPERVISES: Final = frozenset({"supervisor", "admin"})


@dataclass(frozen=True, slots=True)
class By:
    """Who asks: a person of the staff, in which language their page is, and from where."""

    name: str
    shown: str
    roles: frozenset[str] = frozenset()
    language: str = "zh-CN"
    address: str = ""

    @property
    def supervises(self) -> bool:
        """Whether everybody's calls, receptions and recordings are open to them."""
        return not SUPERVISES.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class Sitting:
    """Where somebody wants to sit: a ``browser`` at a seat (any free one when none is named), or a ``telephone``."""

    device: Literal["browser", "telephone"]
    telephone: str = ""
    seat: str = ""
    tab: str = ""


@dataclass(frozen=True, slots=True)
class FeeQuestion:
    """A fee query by an agent. ``month``: "YYYY-MM", or "" for the newest; ``reason`` is written down."""

    number: str
    month: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewReception:
    """A record of reception to be begun: of a ``call``, or of a ``number`` without one. ``key``: the page's own."""

    form: str
    call: str = ""
    number: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Saving:
    """Fields of a reception as typed; ``version`` is that on which they were typed."""

    id: str
    version: int
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded talk."""

    id: str
    path: Path


class NotNow(Exception):
    """It cannot be done: an HTTP ``status``, and ``why``, whose words stand under desk_not_<why>; ``more`` is sent too.

    409: the state does not allow it; 422: what was sent makes no sense; 503: Asterisk or the database is away.
    """

    def __init__(self, why: str, status: int = 409, more: Shape | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.more = more or {}


class Hidden(Exception):
    """Not theirs, whether it exists or not (FAULTS I4, I5). ``about`` is what the audit says."""

    def __init__(self, about: str) -> None:
        super().__init__(about)
        self.about = about


class Nowhere(Exception):
    """There is no such thing, and the asker may know that."""
