"""A process whose files may not grow beyond 20,000 bytes (RLIMIT_FSIZE): what its journal says and keeps.

Arguments: folder, database URL. Prints JSON: how many calls were acknowledged and refused while the limit held, how
many afterwards, which acknowledged calls the database lacks at the end, and which files the spool still has.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList

from crm_bridge.breaker import BreakerRule
from crm_bridge.database import Database, Limits
from crm_bridge.journal import CallRecord, Journal, newest_calls
from crm_bridge.versions import prepare

SMALL = 20_000
WORDS = "x" * 3_000


def limited(size: int) -> None:
    """Python ignores SIGXFSZ, so a write beyond it is an OSError, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def finished(journal: Journal, calls: list[str]) -> tuple[list[str], list[str]]:
    """All at once: those acknowledged, and what was said of the others."""
    now = datetime.now(UTC)
    records = [CallRecord(call=call, started=now, ended=now, notes=({"what": WORDS},)) for call in calls]
    done: Any = DeferredList([Deferred.fromCoroutine(journal.finish(record)) for record in records], consumeErrors=True)
    told = list(zip(calls, await done, strict=True))
    return [call for call, (well, _) in told if well], [
        result.getErrorMessage() for _, (well, result) in told if not well
    ]


async def work(folder: Path, url: str) -> None:
    """The whole story."""
    database = Database(url, reactor, Limits(breaker=BreakerRule(failures=1_000_000)))
    database.start()
    await database.run(prepare, write=True)
    journal = Journal(folder, database, reactor)
    journal.start()
    limited(SMALL)
    kept, refused = await finished(journal, [f"during-{n}" for n in range(40)])
    limited(resource.RLIM_INFINITY)
    later, never = await finished(journal, [f"after-{n}" for n in range(10)])
    await journal.drain()
    stored = {one.call for one in await database.run(newest_calls, 100)}
    lost = [call for call in (*kept, *later) if call not in stored]
    words = sorted({words[:60] for words in (*refused, *never)})
    counts = {"during": len(kept), "refused": len(refused), "after": len(later), "stored": len(stored)}
    left = [path.name for path in folder.iterdir()]
    print(json.dumps({**counts, "lost": lost, "words": words, "left": left}))
    await journal.stop()
    await database.stop()


if __name__ == "__main__":
    whole = Deferred.fromCoroutine(work(Path(sys.argv[1]), sys.argv[2]))
    whole.addErrback(lambda failure: failure.printTraceback())
    whole.addBoth(lambda _: reactor.callWhenRunning(reactor.stop))
    reactor.run()
