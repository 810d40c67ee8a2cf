"""What is asked of the sheets, and what is told: values that the console and this room share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ivr_server.publishing.asked import Author


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence for people: words of the console under studio_<key>, with its slots."""

    key: str
    slots: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A sheet as it was at some time. ``how``: keep (on its page), by_hand (in the file), found (the first look at it).

    ``there``: its text is at hand.
    """

    digest: str
    text: str = ""
    how: str = "keep"
    who: str = ""
    at: float = 0.0
    reason: str = ""
    there: bool = True


@dataclass(frozen=True, slots=True)
class Weight:
    """What hangs on a change: sentences that forbid it, and sentences about what it does."""

    refused: Sequence[Said] = ()
    effects: Sequence[Said] = ()


class Moved(Exception):
    """Somebody else kept the sheet since it was looked at; ``now`` is theirs."""

    def __init__(self, now: Held) -> None:
        super().__init__(now.digest)
        self.now = now


class NotKept(Exception):
    """The sheet is not kept, for these reasons."""

    def __init__(self, refused: Sequence[Said]) -> None:
        super().__init__(", ".join(one.key for one in refused))
        self.refused = refused


class Sheets(Protocol):
    """The sheets, by name."""

    async def held(self, name: str) -> Held:
        """The sheet as it is now, with its text."""

    async def copies(self, name: str) -> Sequence[Held]:
        """What it was, newest first, the present one included; without texts."""

    async def broken(self, name: str) -> int:
        """The first row of who kept it that is not what was written; 0: none is, or the database is away."""

    async def copy(self, name: str, digest: str) -> str | None:
        """The text of one of them; None when it is not kept any more."""

    async def weigh(self, name: str, text: str) -> Weight:
        """What keeping this text would do. The text has no problems."""

    async def keep(self, name: str, text: str, seen: str, why: tuple[Author, str]) -> tuple[Held, Sequence[Said]]:
        """Keep it in place of the one with the digest ``seen``; what was done then. Raises Moved, NotKept.

        ``why``: who wants it, and their reason.
        """
