"""Who was recognised lately: a call can be hung up, and a desk's beat is believed, while the database is away.

Only routes that say so are served from this memory, and for ``LASTS_S`` at most; whoever signs out or loses a role does
so in the database, which must be there for it.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from crm_bridge.answers import LookUpFault

if TYPE_CHECKING:
    from crm_bridge.staff import Person
    from ivr_server.console.parts import Staff

LASTS_S: Final = 1_800.0
MOST: Final = 5_000


class Lately:
    """Sessions by the hash of their token, the latest last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[bytes, tuple[Person, float]] = OrderedDict()

    def seen(self, token: str) -> Person | None:
        """Who showed this token lately: enough to take a longer body from, never to let anybody in."""
        person, at = self._seen.get(hashlib.sha256(token.encode()).digest(), (None, 0.0))
        return person if self._clock() - at <= LASTS_S else None

    async def who(self, staff: Staff, token: str, *, lasting: bool) -> Person | None:
        """Whose session this is; where the database is away and ``lasting``, whose it was. LookUpFault else."""
        key = hashlib.sha256(token.encode()).digest()
        try:
            person = await staff.who(token)
        except LookUpFault:
            person, at = self._seen.get(key, (None, 0.0))
            if not lasting or person is None or self._clock() - at > LASTS_S:
                raise
            return person
        self._seen.pop(key, None)
        if person is not None:
            self._seen[key] = (person, self._clock())
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)
        return person
