"""What callers do with the published flows, seen: where they are just now, hour by hour, and which calls took a way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crm_bridge import passed as journal
from crm_bridge import traffic as counted
from crm_bridge.journal import CallRecord
from crm_bridge.passed import Cursor, Passed
from flows.session import Session
from ivr_server.publishing.asked import Shape, WayQuestion

if TYPE_CHECKING:
    from crm_bridge.database import Database

SUMMED: Final = ("entered", "chosen", "wrong", "silent", "left", "human")


def number_of(tag: str) -> int:
    """The number of a version by the name that calls leave; 0 for one of before there were numbers."""
    head, dash, _ = tag.partition("-")
    return int(head) if dash and head.isascii() and head.isdigit() and len(head) <= 6 else 0


@dataclass(frozen=True, slots=True)
class Seen:
    """``callers``: where those are who talk with us now."""

    database: Database
    callers: Callable[[], Sequence[Session]]

    def inside(self) -> Shape:
        """{callers, versions: {number: {"flow/node": n}}}: everybody in every flow on their way down, by version."""
        found: dict[int, Counter[str]] = {}
        everybody = self.callers()
        for session in everybody:
            places = {f"{frame.flow}/{frame.node}" for frame in session.frames}
            found.setdefault(number_of(session.version), Counter()).update(places)
        return {"callers": len(everybody), "versions": {number: dict(each) for number, each in found.items()}}

    async def entered(self, since: float, until: float, version: int) -> Mapping[str, int]:
        """ "flow/node" -> how often it was come to, of every flow."""
        rows = await self.database.run(counted.counts, counted.Span(since, until, _tag(version)))
        return {f"{row.flow}/{row.node}": row.count for row in rows if row.what == "entered"}

    async def course(self, asked: WayQuestion) -> Shape:
        """{hours: [[epoch, {what: n}]], versions: [[number, {what: n}]]} of a node; the versions are all there are."""
        span = counted.Span(asked.since, asked.until, flow=asked.flow, node=asked.node)
        hours: dict[int, Counter[str]] = {}
        versions: dict[int, Counter[str]] = {}
        for hour, tag, what, count in await self.database.run(counted.course, span):
            number = number_of(tag)
            versions.setdefault(number, Counter())[what] += count
            if asked.version in (0, number):
                hours.setdefault(hour, Counter())[what] += count
        return {"hours": _summed(hours), "versions": _summed(versions)}

    async def calls(self, asked: WayQuestion, before: Cursor | None = None) -> Passed:
        """The calls that took the way, newest first."""
        span = counted.Span(asked.since, asked.until, _tag(asked.version))
        way = journal.Way(asked.flow, asked.node, asked.what, asked.exit)
        return await self.database.run(journal.passed, span, way, before)

    async def here(self, flow: str, node: str) -> Sequence[CallRecord]:
        """Those who are at this node just now; one whose beginning is not written yet is left out."""
        standing = (one.call for one in self.callers() if any((at.flow, at.node) == (flow, node) for at in one.frames))
        ids = list(standing)
        return await self.database.run(journal.begun, ids) if ids else ()


def _tag(version: int) -> str:
    return f"{version}-" if version else ""


def _summed(found: Mapping[int, Counter[str]]) -> list[list[Any]]:
    return [[key, {what: counts[what] for what in SUMMED}] for key, counts in sorted(found.items())]
