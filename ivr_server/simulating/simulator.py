"""Simulated calls for the console, in a child of their own: nobody waits for a proof. Nothing of a call is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.internet.threads import deferToThreadPool

from ivr_server.drafting.bench import Bench
from ivr_server.publishing.judging import Ground
from ivr_server.simulating.speaking import Mute, Speaker

CALL_S: Final = 20.0
MODULE: Final = "ivr_server.simulating.child"
Shape = dict[str, Any]


class Simulator:
    """``hours``: those of the exchange as they are now, as ``HoursFile.plain``; None is open at any time.

    ``speaker`` None: calls are only read.
    """

    def __init__(
        self, reactor: Any, ground: Ground, hours: Callable[[], Shape] | None = None, speaker: Speaker | None = None
    ) -> None:
        self._reactor, self.speaker = reactor, speaker
        self._bench = Bench(reactor, waiting=16, module=MODULE)
        self.ground, self._hours = ground, hours

    async def call(self, files: Mapping[str, str], setup: Any, moves: Any) -> Shape:
        """{call} as ``showing.told``, or {refused}. Raises BenchFault."""
        return await self._bench.ask(self._asked("simulate", files, setup=setup, moves=moves), CALL_S)

    async def record(self, files: Mapping[str, str], title: str, setup: Any, moves: Any) -> Shape:
        """{text}: the dialogue file with this call in it; or {refused}. Raises BenchFault."""
        return await self._bench.ask(self._asked("record", files, title=title, setup=setup, moves=moves), CALL_S)

    async def sound(self, files: Mapping[str, str], line: Any, setup: Any, moves: Any) -> Shape:
        """{wav}: bytes of what is said in a line of the call; or {refused}. Raises BenchFault."""
        return await self._spoken(self._asked("speech", files, line=line, setup=setup, moves=moves))

    async def say(self, files: Mapping[str, str], prompt: str, language: str) -> Shape:
        """{wav}: bytes of one prompt with samples in its slots; or {refused}. Raises BenchFault."""
        return await self._spoken(self._asked("say", files, prompt=prompt, language=language))

    async def retell(self, files: Mapping[str, str], recorded: Shape) -> Shape:
        """{said: {note: {words, language, sampled}}} of a recorded call; or {refused}. Raises BenchFault.

        ``recorded``: {call, flow, language, caller, dialled, notes: [[step, flow, node, what, [[name, word]]]]}.
        """
        return await self._bench.ask(self._asked("retell", files, recorded=recorded), CALL_S)

    async def retold(self, files: Mapping[str, str], recorded: Shape, note: int) -> Shape:
        """{wav}: bytes of what was said at one of its notes; or {refused}. Raises BenchFault."""
        return await self._spoken(self._asked("retold", files, recorded=recorded, note=note))

    async def _spoken(self, asked: Shape) -> Shape:
        told = await self._bench.ask(asked, CALL_S)
        if "refused" in told or self.speaker is None:
            return {"refused": told.get("refused", "mute")}
        pieces = [tuple(piece) for piece in told["pieces"]]
        pool = self._reactor.getThreadPool()
        try:
            return {"wav": await deferToThreadPool(self._reactor, pool, self.speaker.wav, pieces)}
        except Mute:
            return {"refused": "mute"}

    async def stop(self) -> None:
        """The end of the child."""
        await self._bench.stop()

    def _asked(self, what: str, files: Mapping[str, str], **more: Any) -> Shape:
        hours = self._hours() if self._hours else None
        return {"do": what, "files": dict(files), "ground": self.ground.plain(), "hours": hours, **more}
