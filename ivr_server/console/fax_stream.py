"""The fax jobs as they change, as server-sent events: ``row``, ``gone``, ``counts``, ``away``, ``resync``, ``bye``.

Theory. One look at the table a second, while anybody watches, compares every job that may change with what it was; a
reader is told the difference, and keeps what its browser does not take in (``streaming``).

A reader begins with ``resync``, sent after a look: whatever changed before is in the list that is fetched then, and
whatever changes after it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.fax_jobs import FaxRow
from ivr_server.console.fax_lines import Moment, drawn
from ivr_server.console.feed import TooSlow
from ivr_server.console.parts import Fax, Faxes
from ivr_server.console.streaming import EventStream
from ivr_server.console.visit import Visit

LOOK_S: Final = 1.0
MOST_READERS: Final = 200
_log = Logger()


class Watch:
    """Looks at the jobs while there are readers, and tells them what changed."""

    def __init__(self, reactor: Any, faxes: Faxes) -> None:
        self._faxes = faxes
        self._readers: dict[FaxStream, bool] = {}  # whether it was told of a look already
        self._known: dict[int, FaxRow] | None = None  # None: not looked yet
        self._counts: Mapping[str, int] = {}
        self._away = False
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor

    def has_room(self) -> bool:
        """Whether another reader may come."""
        return len(self._readers) < MOST_READERS

    def join(self, reader: FaxStream) -> Callable[[], None]:
        """Tell this reader from the next look on; the answer ends it. TooSlow when there are too many."""
        if not self.has_room():
            raise TooSlow("too many readers")
        self._readers[reader] = False
        if not self._looking.running:
            self._known, self._counts = None, {}
            self._looking.start(LOOK_S)
        return lambda: self._leave(reader)

    def _leave(self, reader: FaxStream) -> None:
        self._readers.pop(reader, None)
        if not self._readers and self._looking.running:
            self._looking.stop()

    def _look(self) -> Deferred[None]:
        return ensureDeferred(self._seen()).addErrback(lambda failure: _log.failure("looking at faxes", failure))

    async def _seen(self) -> None:
        try:
            moving = await self._faxes.moving()
            faxes = [*moving.faxes, *await self._ended({fax.row.id for fax in moving.faxes})]
        except LookUpFault:
            self._away = True
            for reader in tuple(self._readers):
                reader.tell("away", "away", {})
            return
        self._tell(faxes)
        if moving.counts != self._counts:
            self._counts = moving.counts
            for reader in tuple(self._readers):
                reader.tell("counts", "counts", dict(self._counts))
        self._begin()

    async def _ended(self, seen: set[int]) -> list[Fax]:
        """Jobs that are no more among those that may change; one that is gone altogether is told as such."""
        found = [(id, await self._faxes.one(id)) for id in (self._known or {}).keys() - seen]
        for id, fax in found:
            if fax is None:
                for reader in tuple(self._readers):
                    reader.gone(id)
        return [fax for _id, fax in found if fax is not None]

    def _tell(self, faxes: list[Fax]) -> None:
        known = self._known
        for fax in reversed(faxes) if known is not None else ():  # the newest last: it comes to stand on top
            if known is not None and known.get(fax.row.id) != as_seen(fax.row):
                for reader in tuple(self._readers):
                    reader.changed(fax)
        self._known = {fax.row.id: as_seen(fax.row) for fax in faxes}

    def _begin(self) -> None:
        """Readers that are new, and all of them after the database was away, fetch the list."""
        for reader, begun in tuple(self._readers.items()):
            if self._away or not begun:
                reader.resync()
                self._readers[reader] = True
        self._away = False


def as_seen(row: FaxRow) -> FaxRow:
    """The row without what no page shows: the lease, and what the caller heard."""
    return replace(row, worker="", fence=0, leased_until=0.0, heard=False)


class FaxStream(EventStream):
    """One browser's stream. ``wanted``: whether a job is one of those that its page shows."""

    def __init__(self, watch: Watch, visit: Visit, wanted: Callable[[Fax], bool]) -> None:
        super().__init__(visit)
        self._watch = watch
        self._wanted = wanted
        self._leave: Callable[[], None] = lambda: None

    def join(self) -> None:
        """From the next look on."""
        self._leave = self._watch.join(self)

    def leave(self) -> None:
        """No more."""
        self._leave()

    def changed(self, fax: Fax) -> None:
        """A job is new or another; one that this page does not show is to leave it."""
        if not self._wanted(fax):
            self.gone(fax.row.id)
            return
        html = drawn(fax, Moment.of(self.visit))
        self.tell(fax.row.id, "row", {"id": fax.row.id, "state": fax.row.state, "html": html})

    def gone(self, id: int) -> None:
        """A job is none of this page's."""
        self.tell(id, "gone", {"id": id})
