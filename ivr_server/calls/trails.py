"""The trails of calls, for whoever takes them over: those of the last hour in memory, all others out of the journal.

A call is put here before Asterisk hears that it goes to a queue, so that its trail is there when the first desk rings,
whatever the database does. What the database adds (earlier calls, open faxes) is waited for only so long.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Protocol

from crm_bridge.answers import LookUpFault
from crm_bridge.journal import CallRecord
from crm_bridge.trails import Found, Wanted, gather, story
from ivr_server.calls import handing
from ivr_server.calls.handing import Earlier, Handed, Telling

if TYPE_CHECKING:
    from crm_bridge.database import Database

BACK_S: Final = 30 * 86_400.0  # how far back earlier calls count
KEPT_S: Final = 3_600.0
MOST_KEPT: Final = 5_000
PATIENCE_MS: Final = 700  # for the database, while a desk rings
MOST_EARLIER: Final = 10


class Shelf(Protocol):
    """Where calls lie for good. Each may raise LookUpFault."""

    async def story(self, call: str) -> Found:
        """A call's legs and what belongs to them; no legs when there is no such call."""

    async def gather(self, wanted: Wanted) -> Found:
        """What belongs to a call in hand."""


@dataclass(frozen=True, slots=True)
class DatabaseShelf:
    """The journal's tables."""

    database: Database

    async def story(self, call: str) -> Found:
        """A call's legs and what belongs to them."""
        return await self.database.run(story, call, BACK_S, deadline_ms=PATIENCE_MS)

    async def gather(self, wanted: Wanted) -> Found:
        """What belongs to a call in hand."""
        return await self.database.run(gather, wanted, deadline_ms=PATIENCE_MS)


@dataclass(slots=True)
class Trails:
    """``titles``: language -> what prompts, look-ups and outcomes are called in it; ``zone``: the operator's.

    ``first``: the call in whose stead another one waits (a call-back that keeps its place); any other is itself.
    ``enqueued``: told (call, queue, number) when a call is put through for the first time.
    """

    shelf: Shelf
    titles: Callable[[str], Mapping[str, str]]
    zone: tzinfo
    now: Callable[[], datetime]
    first: Callable[[str], str] = lambda call: call
    enqueued: Callable[[str, str, str], None] = lambda call, queue, number: None
    _kept: OrderedDict[str, dict[str, CallRecord]] = field(default_factory=OrderedDict)

    def keep(self, call: str, leg: CallRecord) -> None:
        """Remember a leg of a call (its id in the journal is ``leg.call``) in place of what was known of it."""
        new = leg.call not in self._kept.get(call, {})
        self._kept.setdefault(call, {})[leg.call] = leg
        if new and leg.call == call and leg.disposition == "enqueued":
            self.enqueued(call, leg.queue, leg.caller)
        self._kept.move_to_end(call)
        oldest = self.now() - timedelta(seconds=KEPT_S)
        while self._kept and (len(self._kept) > MOST_KEPT or _newest(self._kept) < oldest):
            self._kept.popitem(last=False)

    def legs(self, call: str) -> tuple[CallRecord, ...]:
        """The legs that are in memory, in order."""
        return tuple(sorted(self._kept.get(self.first(call), {}).values(), key=_begun))

    async def leg(self, call: str, name: str) -> CallRecord | None:
        """One leg, from memory, else from the journal; None as well while the journal is away."""
        if name in self._kept.get(call, {}):
            return self._kept[call][name]
        try:
            found = await self.shelf.story(call)
        except LookUpFault:
            return None
        return next((leg for leg in found.legs if leg.call == name), None)

    async def handed(self, call: str, language: str) -> Handed | None:
        """What an agent is handed; None when there is no such call. LookUpFault: only the database could tell."""
        found = await self._found(self.first(call))
        return handing.handed(found, self.telling(language)) if found.legs else None

    async def earlier(
        self, number: str, customer: str = "", language: str = "en-US", limit: int = MOST_EARLIER
    ) -> tuple[Earlier, ...]:
        """The calls of the last 30 days from a number or about a customer, newest first. Raises LookUpFault."""
        since = self.now().timestamp() - BACK_S
        found = await self.shelf.gather(Wanted("", number, customer, since, limit))
        return self.told(found.earlier, language)

    def told(self, records: Sequence[CallRecord], language: str) -> tuple[Earlier, ...]:
        """Calls as lines."""
        telling = self.telling(language)
        return tuple(handing.earlier(record, telling) for record in records)

    def telling(self, language: str) -> Telling:
        """The words of a reader."""
        return Telling(language, self.titles(language), self.zone, self.now())

    async def _found(self, call: str) -> Found:
        kept = self.legs(call)
        if not any(leg.call == call for leg in kept):  # its beginning was another process's
            found = await self.shelf.story(call)
            legs = {leg.call: leg for leg in (*found.legs, *kept)}
            return replace(found, legs=tuple(sorted(legs.values(), key=_begun)))
        first = kept[0]
        customer = next((leg.customer for leg in reversed(kept) if leg.customer), "")
        wanted = Wanted(call, first.caller, customer, first.started.timestamp() - BACK_S, MOST_EARLIER)
        try:
            return replace(await self.shelf.gather(wanted), legs=kept)
        except LookUpFault:  # the trail itself is worth more than what goes with it
            return Found(kept)


def _begun(leg: CallRecord) -> tuple[datetime, str]:
    return leg.started, leg.call


def _newest(kept: OrderedDict[str, dict[str, CallRecord]]) -> datetime:
    """When the call that was touched longest ago last ended."""
    return max(leg.ended or leg.started for leg in next(iter(kept.values())).values())
