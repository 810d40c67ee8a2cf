"""What is kept too long is deleted, each hour, a few hundred rows at a time: nobody waits for it (FAULTS J5)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from crm_bridge import keeping
from crm_bridge.answers import LookUpFault
from crm_bridge.database import Database
from ivr_server.again import again
from ivr_server.agents import playback
from ivr_server.settings import Keep

log = Logger()
DAY_S: Final = 86_400.0
EACH_S: Final = 3_600.0
FIRST_S: Final = 60.0  # after the start, which has enough to do


@dataclass(slots=True)
class Keeper:
    """``recordings``: the folder of recorded talks, None where there is none. ``now``: seconds since 1970."""

    database: Database
    keep: Keep
    recordings: Path | None = None
    now: Callable[[], float] = time.time
    in_thread: Callable[..., Awaitable[Any]] = deferToThread

    def start(self, reactor: Any) -> Callable[[], None]:
        """Begin; what is given ends it."""
        loop = again(reactor, lambda: Deferred.fromCoroutine(self._round()))
        begun = reactor.callLater(FIRST_S, loop.start, EACH_S)
        return lambda: begun.cancel() if begun.active() else loop.stop()

    async def sweep(self) -> Counter[str]:
        """Delete all that is too old: table (or "recordings") -> how many. LookUpFault while the database is away."""
        now, keep = self.now(), self.keep
        ages = keeping.Before(*(now - days * DAY_S for days in (keep.calls, keep.receptions, keep.audits)))
        gone: Counter[str] = Counter()
        while True:
            found = await self.database.run(keeping.forget, ages, write=True)
            gone.update(found)
            if max(found.values(), default=0) < keeping.BATCH:
                break
        if self.recordings is not None:
            gone["recordings"] = await self.in_thread(playback.forget, self.recordings, now - keep.recordings * DAY_S)
        return +gone

    async def _round(self) -> None:
        try:
            gone = await self.sweep()
        except LookUpFault as fault:
            log.info("What is kept too long is deleted later: {fault}", fault=str(fault))
            return
        except Exception:
            log.failure("what is kept too long could not be deleted; the next hour tries again")
            return
        if gone:
            log.info(
                "Kept long enough and deleted: {gone}", gone=", ".join(f"{n} of {what}" for what, n in gone.items())
            )
