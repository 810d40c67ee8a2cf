"""The sheets of a running service: looked at for changes by hand, kept, and taken live without a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from crm_bridge import flow_audit
from crm_bridge.answers import LookUpFault
from ivr_server.again import again
from ivr_server.publishing.asked import Author
from ivr_server.sheets.asked import Held, NotKept, Said, Weight
from ivr_server.sheets.sheet import Sheet
from marked_yaml import Mistakes

log = Logger()
LOOK_S: Final = 3.0  # until a change by hand is noticed


class Kind(Protocol):
    """What a sheet means to the service. Values are whatever ``read`` gives."""

    def read(self, text: str, file: str) -> Any:
        """The value of a text; raises Mistakes."""

    async def weigh(self, old: Any, new: Any) -> Weight:
        """What taking the new value would do, and whether that is forbidden."""

    async def take(self, old: Any, new: Any) -> Sequence[Said]:
        """The new value holds from now on; what was done, in sentences."""


class Store(Protocol):
    """What is used of ``crm_bridge.database.Database``."""

    async def run(self, function: Callable[..., Any], *arguments: Any, write: bool = ...) -> Any:
        """What ``function(connection, *arguments)`` gives; LookUpFault."""


@dataclass(slots=True)
class _Live:
    """One sheet, and the value that the service has of it. ``trouble``: why a newer file is not taken."""

    sheet: Sheet
    kind: Kind
    digest: str = ""
    value: Any = None
    trouble: str = ""
    lock: DeferredLock = field(default_factory=DeferredLock)


@dataclass(slots=True)
class SheetRoom:
    """``in_thread(work, *arguments)`` does what blocks. The face for the console is ``asked.Sheets``."""

    in_thread: Callable[..., Awaitable[Any]]
    database: Store
    reactor: Any
    _live: dict[str, _Live] = field(default_factory=dict)
    _looking: LoopingCall | None = None

    def add(self, name: str, sheet: Sheet, kind: Kind, value: Any) -> None:
        """A sheet of which the service has ``value``; its file is looked at from now on."""
        self._live[name] = _Live(sheet, kind, value=value)

    def start(self) -> None:
        """Look for changes by hand."""
        self._looking = again(self.reactor, lambda: Deferred.fromCoroutine(self.look()).addErrback(_told))
        self._looking.start(LOOK_S, now=True)

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None and self._looking.running:
            self._looking.stop()

    @property
    def troubles(self) -> tuple[str, ...]:
        """Why what stands in a file is not what holds, in sentences."""
        return tuple(f"{name}: {one.trouble}" for name, one in self._live.items() if one.trouble)

    # --- the face

    async def held(self, name: str) -> Held:
        """The sheet as its file has it now."""
        found: Held = await self.in_thread(self._live[name].sheet.held)
        return found

    async def copies(self, name: str) -> Sequence[Held]:
        """What it was, newest first."""
        found: Sequence[Held] = await self.in_thread(self._live[name].sheet.copies)
        return found

    async def copy(self, name: str, digest: str) -> str | None:
        """The text of one of them."""
        found: str | None = await self.in_thread(self._live[name].sheet.copy, digest)
        return found

    async def weigh(self, name: str, text: str) -> Weight:
        """What keeping this text would do. Raises Mistakes."""
        live = self._live[name]
        return await live.kind.weigh(live.value, live.kind.read(text, name))

    async def keep(self, name: str, text: str, seen: str, why: tuple[Author, str]) -> tuple[Held, Sequence[Said]]:
        """Keep it and take it live. Raises Moved, NotKept, Mistakes."""
        author, reason = why
        live = self._live[name]
        value = live.kind.read(text, name)
        await live.lock.acquire()
        try:
            if refused := (await live.kind.weigh(live.value, value)).refused:
                raise NotKept(refused)
            try:
                held = await self.in_thread(live.sheet.keep, text, seen, (author.name, author.address, reason))
            except OSError as fault:
                raise NotKept((Said("sheet_disk", {"why": fault.strerror or str(fault)}),)) from None
            done = await self._take(live, held, value)
        finally:
            live.lock.release()
        Deferred.fromCoroutine(self._write_down(live))
        return held, done

    async def broken(self, name: str) -> int:
        """The first row of its chain that is not what was written; 0: none is, or the database is away."""
        try:
            return (await self.verdict(name)).broken
        except LookUpFault:
            return 0

    async def verdict(self, name: str) -> flow_audit.Verdict:
        """Whether the chain of who kept this sheet is whole. LookUpFault."""
        live = self._live[name]
        await self._write_down(live)
        place, deeds = await self.in_thread(live.sheet.rows)
        found: flow_audit.Verdict = await self.database.run(
            flow_audit.verify, place, [flow_audit.as_row(deed) for deed in deeds]
        )
        return found

    # --- within

    async def _take(self, live: _Live, held: Held, value: Any) -> Sequence[Said]:
        old, live.value, live.digest, live.trouble = live.value, value, held.digest, ""
        return await live.kind.take(old, value)

    async def look(self) -> None:
        """Take what was changed by hand, once."""
        for name, live in self._live.items():
            await live.lock.acquire()
            try:
                await self._look_at(name, live)
            finally:
                live.lock.release()

    async def _look_at(self, name: str, live: _Live) -> None:
        """A file that was changed by hand is taken live like any other change, if nothing is wrong with it."""
        try:
            held = await self.in_thread(live.sheet.held)
        except (OSError, UnicodeDecodeError) as fault:
            live.trouble = f"the file cannot be read: {fault}"
            return
        if held.digest == live.digest:
            return
        before, live.digest = (live.digest, live.trouble), held.digest
        try:
            value = live.kind.read(held.text, name)
        except Mistakes as wrong:
            live.trouble = f"the file was changed by hand and has problems: {wrong.problems[0]}"
        else:
            if value == live.value:
                live.trouble = ""
            elif refused := (await live.kind.weigh(live.value, value)).refused:
                live.trouble = f"the file was changed by hand and is not taken: {_plain(refused)}"
                live.digest = before[0]  # what stands in its way may pass: it is weighed again
            else:
                await self._take(live, held, value)
                log.info("The sheet {name} was changed by hand, and taken.", name=name)
        if (live.digest, live.trouble) == before:
            return
        if live.trouble:
            log.warn("{name}: {trouble}", name=name, trouble=live.trouble)
        await self._write_down(live)

    async def _write_down(self, live: _Live) -> None:
        """The deeds as rows of the audit; while the database is away they wait on disk."""
        try:
            place, deeds = await self.in_thread(live.sheet.rows)
            rows = [flow_audit.as_row(deed) for deed in deeds]
            await self.database.run(flow_audit.add_rows, place, rows, write=True)
        except (LookUpFault, OSError) as fault:
            log.warn("the audit of a sheet waits on disk: {fault}", fault=fault)


def _told(failure: Failure) -> None:
    log.failure("the sheets cannot be looked at", failure)


def _plain(sentences: Sequence[Said]) -> str:
    """For the log and the health: the words' names with what they are about."""
    return "; ".join(f"{one.key} {' '.join(f'{key}={value}' for key, value in one.slots.items())}" for one in sentences)
