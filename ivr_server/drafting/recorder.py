"""What people upload or say into the microphone becomes a recording: read in a child, kept by what is in it."""

from __future__ import annotations

import base64
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, TypeVarTuple

from twisted.internet.threads import deferToThreadPool

from ivr_server.drafting.bench import Bench
from ivr_server.publishing.recorded import Full, Recorded
from prompts import audio
from prompts.audio import NotASound
from prompts.recordings import Refused

MODULE: Final = "ivr_server.drafting.converting"
READ_S: Final = 20.0
COMING: Final = ".coming-"
OLD_S: Final = 3_600  # what a killed service left
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class NotTaken(Exception):
    """It is no recording; ``why``: big, kind, long, short, silent, full, disk."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Taken:
    """One that is kept. ``path``: under recordings/; ``clipped``: it was spoken too loud."""

    path: str
    ms: int
    clipped: bool


class Recorder:
    """``recorded``: where recordings lie."""

    def __init__(self, reactor: Any, recorded: Recorded) -> None:
        self._reactor, self.recorded = reactor, recorded
        self._bench = Bench(reactor, waiting=4, module=MODULE)

    async def take(self, what: str, content: bytes) -> Taken:
        """Keep a sound; ``what`` begins its name. Raises NotTaken, ``bench.BenchFault``."""
        try:
            coming = await self._in_thread(self._laid, content)
        except OSError:
            raise NotTaken("disk") from None
        try:
            found = await self._bench.ask({"do": "take", "file": coming}, READ_S)
        finally:
            await self._in_thread(_gone, coming)
        if "refused" in found:
            raise NotTaken(found["refused"])
        try:
            path = await self._in_thread(self.recorded.keep, what, base64.b64decode(found["wav"]))
        except OSError as fault:
            raise NotTaken("full" if isinstance(fault, Full) else "disk") from None
        return Taken(path, found["ms"], found["clipped"])

    async def sound(self, path: str) -> bytes | None:
        """The WAV that callers hear; None when it is not there."""
        return await self._in_thread(self._sound, path)

    async def lengths(self, paths: Iterable[str]) -> dict[str, int]:
        """Path -> ms of those that are there."""
        return await self._in_thread(self._lengths, tuple(paths))

    async def stop(self) -> None:
        """The end of the child."""
        await self._bench.stop()

    def _laid(self, content: bytes) -> str:
        """Where the child finds it."""
        folder = self.recorded.kept
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{COMING}*"):
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - OLD_S:
                    _gone(str(left))
        handle, path = tempfile.mkstemp(prefix=COMING, dir=folder)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        return path

    def _sound(self, path: str) -> bytes | None:
        try:
            return audio.wav(audio.finished(audio.read_wav(self.recorded.find(path))).samples)
        except (Refused, NotASound):
            return None

    def _lengths(self, paths: tuple[str, ...]) -> dict[str, int]:
        found = {}
        for path in paths:
            with suppress(Refused, NotASound):
                found[path] = audio.read_wav(self.recorded.find(path)).ms
        return found

    async def _in_thread(self, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        found: T = await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work, *arguments)
        return found


def what(prompt: str, language: str) -> str:
    """How a recording's name begins."""
    return f"{prompt}-{language[:2]}"


def _gone(path: str) -> None:
    with suppress(OSError):
        Path(path).unlink()
