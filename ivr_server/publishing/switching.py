"""How a version goes live in a running service: judged, rendered, then switched in one stroke, then written through.

Everything that takes time is done in a child or in a thread; on the reactor the switch is one assignment. Another
process (the command ``ivr-server flows``) may publish, too: the pointer is looked at each second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, TypeVarTuple

from twisted.internet.defer import DeferredLock, ensureDeferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from ivr_server.publishing import rendering
from ivr_server.publishing.asked import Author, Files, PublishWish, Refusal, Shape
from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.differing import diff
from ivr_server.publishing.edition import Edition, edition, warmed
from ivr_server.publishing.folder import prints
from ivr_server.publishing.judging import tagged, words_of
from ivr_server.publishing.naming import digest, unfit
from ivr_server.publishing.opening import House
from ivr_server.publishing.recorded import pinned
from ivr_server.publishing.versions import Damaged, Moved, NoVersion, Version
from ivr_server.publishing.workbench import Workbench, WorkFault
from ivr_server.settings import Settings
from marked_yaml import Mistakes

log = Logger()
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LOOKED_AT_S: Final = 1.0
AGAIN_S: Final = 60.0  # until a version that could not go live is tried again


@dataclass(slots=True, kw_only=True)
class Switch:
    """``live`` is what new calls get; ``take`` gives it to them; ``shelf``: as ``edition`` needs it.

    ``step``: what is being done (judge, render, switch, folder), how much of it, of how much (0: nobody can tell).
    """

    house: House
    bench: Workbench
    settings: Settings
    reactor: Any
    shelf: Any
    live: Edition
    take: Callable[[Edition], None]
    clock: Callable[[], float] = time.time
    busy: str = ""
    step: tuple[str, int, int] = ("", 0, 0)
    trouble: str = ""
    after: Callable[[], None] = lambda: None
    _lock: DeferredLock = field(default_factory=DeferredLock)
    _loop: LoopingCall | None = None
    _missed: tuple[int, float] = (0, 0.0)

    def start(self) -> None:
        """Look at the pointer each second."""
        self._loop = LoopingCall(lambda: ensureDeferred(self._look()).addErrback(failed))
        self._loop.clock = self.reactor
        self._loop.start(LOOKED_AT_S, now=False)

    def stop(self) -> None:
        """No more."""
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        self.bench.stop()

    async def publish(self, by: Author, wish: PublishWish) -> Shape:
        """Judge, render, write, switch, write through."""
        self._may(wish.reason)
        self.busy = "publish"
        try:
            return await self._publish(by, wish)
        finally:
            self._rest()

    async def roll_back(self, by: Author, number: int, reason: str) -> Shape:
        """Make an older version live again."""
        self._may(reason)
        self.busy = "roll_back"
        try:
            files = await self._files(number)
            await self._judged(files)
            heard, live = await self._heard(number), await self._heard(self.live.version.number)
            if not await self.in_thread(rendering.ready, self.settings, heard, live):
                await self._rendered(heard)
            deed = Deed(0, self.clock(), by.name, "roll_back", number, reason, by.address)
            return await self._switched(lambda: self._pointed(number, deed), files)
        finally:
            self._rest()

    def _rest(self) -> None:
        self.busy, self.step = "", ("", 0, 0)

    def _stepping(self, what: str) -> Callable[[Any], None]:
        """Hears a child's steps: [root, done, still ahead] of a proof, ["", done, of] of anything else."""
        self.step = (what, 0, 0)

        def told(step: Any) -> None:
            self.step = (what, step[1], step[1] + step[2] if what == "judge" else step[2])

        return told

    def _may(self, reason: str) -> None:
        if self.busy:
            raise Refusal("busy", more={"busy": self.busy})
        if not reason.strip():
            raise Refusal("reason", 422)

    async def _publish(self, by: Author, wish: PublishWish) -> Shape:
        files, live = dict(wish.files), self.live.version
        if any(unfit(files)):
            raise Refusal("unproved", 422, {"proof": await self._judgement(files)})
        pins = await self._pins(files)
        if (digest(files), pins) == (live.digest, live.recordings):
            raise Refusal("same")
        if wish.base != live.number:
            raise await self._stale(wish, live.number)
        proof = await self._judged(files)
        missing = [one for one in proof["warnings"] if not wish.excuses.get(one["key"], "").strip()]
        if missing:
            raise Refusal("excuses", 422, {"warnings": missing})
        await self._rendered(pinned(files, pins))
        excuses = {one["key"]: wish.excuses[one["key"]] for one in proof["warnings"]}
        at = self.clock()
        version = Version(author=by.name, reason=wish.reason, at=at, source=wish.source, excuses=excuses)
        version = replace(version, recordings=pins)
        what = "import" if wish.source == "import" else "publish"
        deed = Deed(0, at, by.name, what, 0, wish.reason, by.address)
        return await self._switched(
            lambda: self.house.versions.publish(files, version, wish.base, deed), files, wish.folder
        )

    async def _stale(self, wish: PublishWish, published: int) -> Refusal:
        """G8: somebody published meanwhile; what that was is shown."""
        change = await self.in_thread(diff, await self._files(wish.base), await self._files(published))
        return Refusal("stale", more={"published": published, "diff": change})

    async def _files(self, number: int) -> Files:
        try:
            return await self.in_thread(self.house.versions.files, number)
        except NoVersion:
            raise Refusal("no_version", 404) from None
        except Damaged as fault:
            raise Refusal("damaged", more={"text": str(fault)}) from None

    async def _heard(self, number: int) -> Files:
        """The same with its recordings by their content."""
        await self._files(number)
        return await self.in_thread(self.house.versions.heard, number)

    async def _pins(self, files: Files) -> dict[str, str]:
        try:
            return await self.in_thread(self.house.recorded.pins, files)
        except OSError as fault:
            raise Refusal("disk", 503, {"text": fault.strerror or str(fault)}) from None

    async def _judged(self, files: Files) -> Shape:
        proof = await self._judgement(files)
        if not proof["passed"]:
            raise Refusal("unproved", 422, {"proof": proof})
        return proof

    async def _judgement(self, files: Files) -> Shape:
        try:
            return await self.bench.judge(files, self._stepping("judge"))
        except WorkFault as fault:
            raise Refusal("work", 503, {"text": str(fault)}) from None

    async def speak(self) -> None:
        """What is missing of the sounds of what is live is rendered: those for agents say other queues. Refusal."""
        if self.busy:  # two that render at once would each forget the other's sounds
            raise Refusal("busy", more={"busy": self.busy})
        self.busy = "publish"
        try:
            warned = await self._rendered(await self._heard(self.live.version.number))
        finally:
            self._rest()
        if warned:
            raise Refusal("sounds", 503, {"text": "; ".join(warned)})

    async def _rendered(self, files: Files) -> Sequence[str]:
        """The sounds lie ready before anybody is led to them; those that callers hear now stay. What was warned of."""
        kept = await self.in_thread(rendering.latest, self.house.versions, self.live.version.number)
        try:
            wish = {"do": "render", **rendering.wish(self.settings, [files, *kept])}
            done = await self.bench.do(wish, self._stepping("render"))
        except WorkFault as fault:
            raise Refusal("sounds", 503, {"text": str(fault)}) from None
        return tuple(done["warned"])

    def _pointed(self, number: int, deed: Deed) -> Version:
        self.house.versions.point(number, self.live.version.number, deed)
        return self.house.versions.about(number)

    async def _switched(self, write: Callable[[], Version], files: Files, folder: str = "") -> Shape:
        """Written, then live, then in the folder."""
        await self._lock.acquire()
        self.step = ("switch", 0, 0)
        try:
            version = await self.in_thread(write)
            await self._go_live(version, files)
        except Moved as moved:
            raise Refusal("stale", more={"published": moved.published}) from None
        except OSError as fault:
            raise Refusal("disk", 503, {"text": fault.strerror or str(fault)}) from None
        finally:
            self._lock.release()
        self.step = ("folder", 0, 0)
        return {"number": version.number, "folder": await self.in_thread(self._through, version.number, files, folder)}

    async def _go_live(self, version: Version, files: Files) -> None:
        made = await self.in_thread(self._made, version, files)
        self.live = made
        self.take(made)
        self.trouble = ""
        self.after()

    def _made(self, version: Version, files: Files) -> Edition:
        words = words_of(pinned(files, version.recordings), self.house.ground)
        return warmed(edition(version, tagged(words, version.tag), self.shelf))

    def _through(self, number: int, files: Files, merged: str) -> str:
        """Into the folder of YAML, if nobody changed it meanwhile; how it stands then."""
        folder = self.house.folder
        base = folder.mark().files
        try:
            if merged:
                now = folder.read()
                base = prints(now) if digest(now) == merged else base
            return folder.write(number, files, base).state
        except (OSError, Mistakes) as fault:
            log.warn("the folder of flows could not be written: {fault}", fault=fault)
            return "unwritten"

    async def _look(self) -> None:
        """Follow a pointer that another process moved."""
        if self.busy or self._lock.locked:
            return
        live = self.live
        try:
            number = await self.in_thread(self.house.versions.published)
            if self.busy or self.live is not live:  # what was read may be older than what we published meanwhile
                return
            if number in (0, live.version.number) or self._tried(number):
                return
            await self._follow(number)
        except (Damaged, OSError) as fault:
            self.trouble = str(fault)

    async def _follow(self, number: int) -> None:
        self.busy = "publish"
        try:
            files = await self._files(number)
            await self._judged(files)
            await self._rendered(await self._heard(number))
            await self._go_live(await self.in_thread(self.house.versions.about, number), files)
        except (Refusal, Damaged, NoVersion, Mistakes, OSError) as fault:
            self._missed = (number, self.reactor.seconds())
            self.trouble = f"version {number} was published and cannot be used here: {fault}"
            log.error("{trouble}", trouble=self.trouble)
        finally:
            self._rest()

    def _tried(self, number: int) -> bool:
        missed, at = self._missed
        return number == missed and self.reactor.seconds() < at + AGAIN_S

    async def in_thread(self, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Something that blocks."""
        found: T = await deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)
        return found


def failed(failure: Failure) -> None:
    """Our own mistake in something that is done again and again: told, and done again."""
    log.failure("publishing failed in our own code", failure)
