"""The legs of a call: the one that began it, those in which it is spoken to as it waits, and the one after its queue.

All have Asterisk's same id. In the journal the first has it as its own, the others have the flow's name behind it;
IVR_TRAIL_ID is the first one's in all of them. The rounds in which a caller who waits is spoken to are one leg.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from crm_bridge.journal import CallRecord
from flows.turns import Note
from ivr_server.agi.line import Line
from ivr_server.agi.wire import Header
from ivr_server.calls.recording import as_note
from ivr_server.calls.trails import Trails

MAIN: Final = "main"
WAITING: Final = "waiting"
MOST_NOTES: Final = 400  # of all rounds of a wait
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}\Z")
_DIGITS: Final = re.compile(r"[1-9][0-9]{0,3}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Leg:
    """``call``: the id of the first leg; ``name``: of this one; ``before``: what is known of the others, in order.

    ``queue`` and ``place``: where the caller was taken out of, in a round of a wait; "" and 0 otherwise.
    """

    call: str
    name: str
    before: tuple[CallRecord, ...] = ()
    queue: str = ""
    place: int = 0

    @property
    def waits(self) -> bool:
        """Whether this is a round of a wait."""
        return bool(self.queue)

    def notes(self) -> list[Note]:
        """The trail until now."""
        return [as_note(row) for leg in self.before for row in leg.notes]

    def joined(self, record: CallRecord) -> CallRecord:
        """A round's record with those of the rounds before it."""
        same = next((leg for leg in self.before if leg.call == record.call), None)
        if same is None:
            return record
        later = (record.started - same.started).total_seconds()
        rows = (*same.notes, *({**row, "at_s": round(row.get("at_s", 0.0) + later, 1)} for row in record.notes))
        return replace(record, started=same.started, notes=_fewer(rows))


def name_of(header: Header, flow: str) -> str:
    """The id of a leg in the journal."""
    return header.uniqueid if header.script == MAIN else f"{header.uniqueid}.{flow}"


async def leg_of(line: Line, flow: str, trails: Trails | None) -> Leg:
    """The leg that begins on this line. Raises LineGone, LineBroken."""
    header = line.header
    if header.script == MAIN:
        return Leg(header.uniqueid, header.uniqueid)
    told = await line.variable("IVR_TRAIL_ID") or ""
    call = told if _ID.match(told) else header.uniqueid
    name = f"{call}.{flow}"
    before = trails.legs(call) if trails else ()
    if trails and flow == WAITING and not any(leg.call == name for leg in before):
        older = await trails.leg(call, name)
        before = (*before, older) if older else before
    queue, place = ("", "") if flow != WAITING else [await line.variable(v) or "" for v in ("IVR_QUEUE", "IVR_PLACE")]
    return Leg(call, name, before, queue, int(place) if _DIGITS.match(place) else 0)


def _fewer(rows: Sequence[Any]) -> tuple[Any, ...]:
    """The first tenth and the last."""
    if len(rows) <= MOST_NOTES:
        return tuple(rows)
    return (*rows[: MOST_NOTES // 10], *rows[-(MOST_NOTES - MOST_NOTES // 10) :])
