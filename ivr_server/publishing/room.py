"""The face of this room (``console.studio_parts.Publishing``): versions, what a change would do, what callers do.

Reads blocks in threads, heavy work in children; says what it says in the asker's language.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from crm_bridge import flow_audit
from crm_bridge import traffic as counted
from crm_bridge.answers import LookUpFault
from crm_bridge.journal import read_call
from flows.session import Session
from ivr_server.library import words as words_in
from ivr_server.publishing import reruns, telling
from ivr_server.publishing import traffic as shown
from ivr_server.publishing.asked import Author, Files, PublishWish, Refusal, RerunWish, Shape, TrafficQuestion
from ivr_server.publishing.deeds import Deeds
from ivr_server.publishing.differing import Change, changes, diff, speaking, word_changes
from ivr_server.publishing.impact import links, uses
from ivr_server.publishing.judging import Words, words_of
from ivr_server.publishing.packing import Unpackable
from ivr_server.publishing.passing import packed, taken_in
from ivr_server.publishing.seeing import Seen, number_of
from ivr_server.publishing.switching import Switch, failed
from ivr_server.publishing.versions import Damaged, NoVersion, Version
from ivr_server.publishing.workbench import WorkFault
from marked_yaml import Mistakes
from prompts import recordings

if TYPE_CHECKING:
    from crm_bridge.database import Database

log = Logger()
MONTH_S: Final = 30 * 86_400.0
TALLIED_EVERY_S: Final = 30.0
LATE_S: Final = 6 * 3_600.0  # how late a call's record may come, but for what the start counts


@dataclass(slots=True)
class _Rerun:
    """The last one of an asker."""

    id: int
    wish: RerunWish
    words: Words
    done: int = 0
    of: int = 0
    result: Shape | None = None
    fault: str = ""


@dataclass(slots=True, kw_only=True)
class Room:
    """``callers``: where those are who talk with us now."""

    switch: Switch
    database: Database
    callers: Callable[[], Sequence[Session]]
    clock: Callable[[], float] = time.time
    _reruns: dict[str, _Rerun] = field(default_factory=dict)
    _loop: LoopingCall | None = None
    _counted_once: bool = False

    # --- its life

    def start(self) -> None:
        """Look for what others publish, write the audit, count the calls."""
        self.switch.after = self._after
        self.switch.start()
        self._loop = LoopingCall(lambda: ensureDeferred(self.count()).addErrback(failed))
        self._loop.clock = self.switch.reactor
        self._loop.start(TALLIED_EVERY_S, now=True)

    def stop(self) -> None:
        """No more; children are ended."""
        self.switch.stop()
        if self._loop is not None and self._loop.running:
            self._loop.stop()

    def _after(self) -> None:
        ensureDeferred(self.write_down()).addErrback(failed)

    async def count(self) -> None:
        """Add up what calls did since; again later when the database is away."""
        now = self.clock()
        since = now - LATE_S if self._counted_once else 0.0
        try:
            await self.write_down()
            while await self.database.run(counted.tally, since, now, write=True) == counted.BATCH:
                continue
            if not self._counted_once:
                await self.database.run(counted.forget_old, now, write=True)
            self._counted_once = True
        except LookUpFault as fault:
            log.warn("the calls are not counted yet: {fault}", fault=fault)

    async def write_down(self) -> None:
        """Deeds into the audit of the database; again later when it is away."""
        deeds = self.switch.house.versions.deeds
        try:
            place, rows = await self.switch.in_thread(
                lambda: (deeds.place, [flow_audit.as_row(d) for d in deeds.all()])
            )
            await self.database.run(flow_audit.add_rows, place, rows, write=True)
        except (LookUpFault, OSError) as fault:
            log.warn("the audit waits on disk: {fault}", fault=fault)

    # --- versions

    @property
    def published(self) -> int:
        """The number of what new calls get."""
        return self.switch.live.version.number

    def progress(self) -> Shape:
        """What is being done, and how far it is."""
        step, done, of = self.switch.step
        return {"busy": self.switch.busy, "step": step, "done": done, "of": of}

    async def files(self, number: int) -> Files:
        """What stands in a version."""
        return await self._read(self.switch.house.versions.files, number)

    async def heard(self, number: int) -> Files:
        """The same with its recordings by what was in them when it was made."""
        return await self._read(self.switch.house.versions.heard, number)

    async def _read(self, read: Callable[[int], Files], number: int) -> Files:
        try:
            return await self.switch.in_thread(read, number)
        except NoVersion:
            raise Refusal("no_version", 404) from None
        except Damaged as fault:
            raise Refusal("damaged", more={"text": str(fault)}) from None

    async def versions(self, by: Author) -> Shape:
        """All of them, newest first."""
        callers = Counter(number_of(session.version) for session in self.callers())
        rows = await self.switch.in_thread(self._rows)
        told = [self._row(row, by, callers) for row in reversed(rows)]
        folder = await self.folder(by)
        return {"published": self.published, "versions": told, "folder": folder, "busy": self.switch.busy}

    def _rows(self) -> list[Version | int]:
        found: list[Version | int] = []
        for number in self.switch.house.versions.numbers():
            try:
                found.append(self.switch.house.versions.about(number))
            except (Damaged, NoVersion):
                found.append(number)
        return found

    def _row(self, row: Version | int, by: Author, callers: Mapping[int, int]) -> Shape:
        version = Version(number=row, author="", reason="", at=0.0, source="") if isinstance(row, int) else row
        tell = telling.words(by.language)
        return {
            "number": version.number,
            "at": version.at,
            "author": version.author,
            "reason": version.reason,
            "source": version.source,
            "source_words": tell(version.source) if version.source else "",
            "parent": version.parent,
            "digest": version.digest,
            "published": version.number == self.published,
            "callers": callers.get(version.number, 0),
            "damaged": isinstance(row, int),
        }

    async def version(self, by: Author, number: int) -> Shape:
        """One with its files."""
        files = await self.files(number)
        version = await self.switch.in_thread(self.switch.house.versions.about, number)
        told = [{"file": name, "lines": text.count("\n") + 1} for name, text in files.items()]
        flows = [name[6:].partition(".")[0] for name in files if name.startswith("flows/") and name.count("/") == 1]
        return {**self._row(version, by, {}), "files": told, "flows": flows, "excuses": dict(version.excuses)}

    async def folder(self, by: Author) -> Shape:
        """How the folder stands."""
        seen = await self.switch.in_thread(self.switch.house.folder.look, self.published)
        files = [{"file": name, "change": how} for name, how in seen.changed.items()]
        words = telling.words(by.language)(f"{seen.state}_state")
        told = {"state": seen.state, "words": words, "digest": seen.digest, "files": files}
        return {**told, "version": seen.version, "trouble": self.switch.trouble}

    async def folder_files(self) -> Files:
        """What stands there."""
        try:
            return await self.switch.in_thread(self.switch.house.folder.read)
        except (OSError, Mistakes) as fault:
            raise Refusal("folder", more={"text": str(fault)}) from None

    async def publish(self, by: Author, wish: PublishWish) -> Shape:
        """Make files the version that new calls get."""
        return await self.switch.publish(by, wish)

    async def roll_back(self, by: Author, number: int, reason: str) -> Shape:
        """Make an older version live again."""
        return await self.switch.roll_back(by, number, reason)

    async def export(self, by: Author, number: int) -> bytes:
        """As a ZIP."""
        await self.files(number)
        try:
            return await self.switch.in_thread(packed, self.switch.house, number)
        except recordings.Refused as fault:
            raise Refusal("damaged", more={"text": str(fault)}) from None

    async def unpack(self, by: Author, content: bytes) -> Files:
        """Out of a ZIP."""
        try:
            return await self.switch.in_thread(taken_in, self.switch.house, content)
        except Unpackable as fault:
            raise Refusal("archive", 422, {"text": str(fault)}) from None
        except OSError as fault:
            raise Refusal("disk", 503, {"text": str(fault)}) from None

    async def audit(self, by: Author, limit: int = 200) -> Shape:
        """Who did what, and whether the chain holds."""
        await self.write_down()
        deeds = self.switch.house.versions.deeds
        place, kept = await self.switch.in_thread(_rows_of, deeds)
        rows = await self.database.run(flow_audit.newest_rows, place, limit)
        verdict = await self.database.run(flow_audit.verify, place, kept)
        tell = telling.words(by.language)
        told = [
            {"number": row.number, "at": row.at, "who": row.who, "what": row.what, "what_words": tell(row.what)}
            | {"version": row.version, "about": row.about}
            for row in rows
        ]
        return {"rows": told, "whole": not verdict.broken, "broken": verdict.broken}

    # --- what a change is, and what it would do

    async def diff(self, by: Author, old: int, new: int | Files) -> Shape:
        """Two versions, or a version and files."""
        before = await self.files(old)
        after = await self.files(new) if isinstance(new, int) else new
        return await self.switch.in_thread(self._diff, by, before, after)

    def _diff(self, by: Author, old: Files, new: Files) -> Shape:
        titles = self.switch.live.titles(by.language)
        told: dict[tuple[str, str], Shape] = {}
        for one in changes(old, new):
            how = one.how if not one.path else "changed"
            row = told.setdefault(
                (one.flow, one.node), {"flow": one.flow, "node": one.node, "change": how, "words": []}
            )
            row["words"].append(telling.change(one, by.language, titles))
        said = [
            {"prompt": one.prompt, "language": one.language, "old": one.old, "new": one.new}
            for one in word_changes(old, new)
        ]
        otherwise = speaking(new, {one["prompt"] for one in said})
        return {**diff(old, new), "changes": list(told.values()), "prompts": said, "speaking": otherwise}

    async def impact(self, by: Author, files: Files) -> Shape:
        """Callers inside, uses of what changes, who links here."""
        old = await self.files(self.published)
        found = await self.switch.in_thread(changes, old, files)
        now = self.clock()
        rows = await self.database.run(counted.counts, counted.Span(now - MONTH_S, now))
        inside = Counter(session.frames[-1].flow for session in self.callers())
        library, touched = self.switch.live.library, {one.flow for one in found}
        return {
            "inside": {"callers": inside.total(), "flows": self._inside(inside, by)},
            "options": self._uses(found, rows, by),
            "links": [
                {"flow": flow, "from": [{"flow": name, "node": node} for name, node in links(library, flow)]}
                for flow in sorted(touched)
            ],
            "days": 30,
        }

    def _inside(self, inside: Mapping[str, int], by: Author) -> list[Shape]:
        library = self.switch.live.library
        return [
            {"flow": flow, "title": telling.place((flow, ""), by.language, library), "callers": count}
            for flow, count in sorted(inside.items())
        ]

    def _uses(self, found: Sequence[Change], rows: Sequence[counted.Counted], by: Author) -> list[Shape]:
        return [
            {"flow": flow, "node": node, "exit": exit_, "uses": count, "words": self._named((flow, node), exit_, by)}
            for (flow, node, exit_), count in uses(found, rows).items()
        ]

    def _named(self, at: tuple[str, str], exit_: str, by: Author) -> str:
        where = telling.place(at, by.language, self.switch.live.library)
        return f"{where}, {telling.words(by.language)('option', key=exit_)}" if exit_ else where

    # --- recorded calls

    async def rerun(self, by: Author, wish: RerunWish) -> Shape:
        """Begin one."""
        last = self._reruns.get(by.name)
        if last is not None and last.result is None and not last.fault:
            raise Refusal("busy", more={"busy": "rerun"})
        try:
            words = await self.switch.in_thread(words_of, wish.files, self.switch.house.ground)
        except Mistakes as wrong:
            raise Refusal("unproved", 422, {"text": str(wrong)}) from None
        made = self._reruns[by.name] = _Rerun((last.id if last else 0) + 1, wish, words)
        ensureDeferred(self._run(made)).addErrback(failed)
        return {"id": made.id}

    async def _run(self, one: _Rerun) -> None:
        def told(step: Any) -> None:
            one.done, one.of = step[1], step[2]

        wish, ground = one.wish, self.switch.house.ground
        task = {
            "do": "rerun",
            "url": self.database.url,
            "files": dict(wish.files),
            "ground": {"queues": sorted(ground.queues), "numbers": dict(ground.numbers), "currency": ground.currency},
            **{"since": wish.since, "until": wish.until, "flow": wish.flow, "most": wish.most},
        }
        try:
            one.result = await self.switch.bench.do(task, told)
        except WorkFault as fault:
            one.fault = str(fault)

    async def rerun_state(self, by: Author) -> Shape:
        """How far it is."""
        one = self._reruns.get(by.name)
        if one is None:
            return {}
        running = one.result is None and not one.fault
        groups = reruns.in_words(one.result, by.language, one.words.library) if one.result else []
        done = one.result["of"] if one.result else one.done
        told = {"id": one.id, "running": running, "done": done, "of": one.result["of"] if one.result else one.of}
        unreadable = next((group["count"] for group in groups if group["kind"] == "unreadable"), 0)
        kept = [group for group in groups if group["kind"] != "unreadable"]
        wish = {name: getattr(one.wish, name) for name in ("since", "until", "flow", "fed", "digest")}
        return {**told, **wish, "groups": kept, "unreadable": unreadable, "fault": one.fault}

    async def side_by_side(self, by: Author, call: str) -> Shape:
        """One call as it was and as it would be."""
        one = self._reruns.get(by.name)
        record = await self.database.run(read_call, call) if one else None
        if one is None or record is None:
            raise Refusal("no_call", 404)
        titles = (self.switch.live.titles(by.language), words_in(one.words.catalogues, by.language))
        return await self.switch.in_thread(reruns.side_by_side, one.words.library, record, by.language, titles)

    # --- what callers do

    async def traffic(self, by: Author, asked: TrafficQuestion) -> Shape:
        """Counts of a flow."""
        until = asked.until or self.clock()
        span = counted.Span(asked.since or until - asked.hours * 3_600, until, flow=asked.flow)
        first = await self._counts(span, asked.version)
        second = await self._counts(span, asked.versus) if asked.versus else []
        hours = await self.database.run(counted.hours, _of(span, asked.version))
        known = await self.database.run(counted.versions, span)
        return {
            "nodes": shown.nodes(first),
            "hours": [list(row) for row in hours],
            "versions": sorted({number for name in known if (number := number_of(name))}),
            "compared": shown.compared(first, second) if asked.versus else [],
        }

    @property
    def seen(self) -> Seen:
        """Where callers are, hour by hour, and which calls took a way."""
        return Seen(self.database, self.callers)

    async def _counts(self, span: counted.Span, version: int) -> list[counted.Counted]:
        return await self.database.run(counted.counts, _of(span, version))


def _rows_of(deeds: Deeds) -> tuple[str, list[flow_audit.AuditRow]]:
    return deeds.place, [flow_audit.as_row(deed) for deed in deeds.all()]


def _of(span: counted.Span, version: int) -> counted.Span:
    return counted.Span(span.since, span.until, f"{version}-" if version else "", span.flow)
