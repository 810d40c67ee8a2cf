"""Simulated calls for the console, in a child of their own: nobody waits for a proof. Nothing of a call is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr_server.drafting.bench import Bench
from ivr_server.drafting.proving import Surroundings

CALL_S: Final = 20.0
MODULE: Final = "ivr_server.simulating.child"
Shape = dict[str, Any]


class Simulator:
    """``hours``: {zone, weekly: {day: [spans]}, dated: {date: [spans]}} of the exchange; None is open at any time."""

    def __init__(self, reactor: Any, around: Surroundings, hours: Shape | None = None) -> None:
        self._bench = Bench(reactor, waiting=16, module=MODULE)
        self._around, self._hours = around, hours

    async def call(self, files: Mapping[str, str], setup: Any, moves: Any) -> Shape:
        """{call} as ``showing.told``, or {refused}. Raises BenchFault."""
        return await self._bench.ask(self._asked("simulate", files, setup=setup, moves=moves), CALL_S)

    async def record(self, files: Mapping[str, str], title: str, setup: Any, moves: Any) -> Shape:
        """{text}: the dialogue file with this call in it; or {refused}. Raises BenchFault."""
        return await self._bench.ask(self._asked("record", files, title=title, setup=setup, moves=moves), CALL_S)

    async def stop(self) -> None:
        """The end of the child."""
        await self._bench.stop()

    def _asked(self, what: str, files: Mapping[str, str], **more: Any) -> Shape:
        around = {"queues": list(self._around.queues), "currency": self._around.currency, "hours": self._hours}
        return {"do": what, "files": dict(files), **around, **more}
