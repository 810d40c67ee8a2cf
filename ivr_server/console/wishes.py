"""What callers asked for and somebody must do: to be called back, to get a bill by fax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ivr_server.console.drawing import draw
from ivr_server.console.story import shown, subject
from ivr_server.console.visit import READS_CALLS, Reply, Visit
from ivr_server.console.words import Words

MOST_WISHES: Final = 200


@dataclass(frozen=True, slots=True)
class WishRow:
    """One wish in the table. ``link``: the story of its call, empty when there is none to read."""

    at: str
    at_iso: str
    what: str
    number: str
    about: str
    link: str


async def wishes(visit: Visit) -> Reply:
    """The latest wishes; with the stories of their calls for those who may read calls."""
    zone = ZoneInfo(visit.parts.zone)
    rows = [_row(visit.words, zone, wish) for wish in await visit.parts.calls.wishes(MOST_WISHES)]
    return draw(visit, "wishes.html", wishes=rows, may_read_calls=visit.has(READS_CALLS))


def _row(words: Words, zone: tzinfo, wish: Any) -> WishRow:
    return WishRow(
        at=f"{wish.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        at_iso=wish.at.isoformat(),
        what=wish.what,
        number=shown(wish.number) or words("wish_customer", customer=shown(wish.customer)),
        about=shown(wish.month) or subject(words, wish.queue),
        link="/calls/" + quote(wish.call, safe="") if wish.call else "",
    )
