"""Heavy work in a child process, asked from the reactor: proving, rendering, re-running."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from ivr_server.publishing.asked import Files, Shape
from ivr_server.publishing.judging import Ground

log = Logger()
HOUSE: Final = Path(__file__).resolve().parents[2]
MOST_SAID: Final = 64 << 20  # bytes of an answer
Told = Callable[[Any], None]


class WorkFault(Exception):
    """The child could not do it; one sentence."""


class _Child(ProcessProtocol):
    """One task: sends it, hears the steps, gives the answer."""

    def __init__(self, task: Shape, told: Told) -> None:
        self.answer: Deferred[Any] = Deferred()
        self._task, self._told = task, told
        self._line = b""
        self._found: Shape = {}
        self._errors = b""

    def connectionMade(self) -> None:
        """Hand the task over."""
        assert self.transport is not None
        self.transport.write(json.dumps(self._task).encode())
        self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        """Whole lines, each a step or the answer."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "told" in said:
                self._told(said["told"])
            else:
                self._found = said
        if len(self._line) > MOST_SAID:
            self.end()

    def errReceived(self, data: bytes) -> None:
        """Kept for the log."""
        self._errors = (self._errors + data)[-4_000:]

    def processEnded(self, reason: Failure) -> None:
        """The answer, or why there is none."""
        if "answer" in self._found and isinstance(reason.value, ProcessDone):
            self.answer.callback(self._found["answer"])
            return
        if "fault" not in self._found and self._errors:
            log.error("publishing's child failed: {errors}", errors=self._errors.decode("utf-8", "replace"))
        fault = self._found.get("fault", "it took too long, or too much memory, and was ended")
        self.answer.errback(WorkFault(fault))

    def end(self) -> None:
        """Kill it."""
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            return


@dataclass(slots=True)
class Workbench:
    """Children of one service. ``ground``: what flows stand on."""

    reactor: Any
    ground: Ground
    _children: set[_Child] = field(default_factory=set)

    async def judge(self, files: Files, told: Told = lambda step: None) -> Shape:
        """``Judgement.plain()``; ``told`` hears [root flow ("": dialogues), done, still ahead]. Raises WorkFault."""
        answer: Shape = await self.do({"do": "judge", "files": dict(files), "ground": self.ground.plain()}, told)
        return answer

    async def do(self, task: Shape, told: Told = lambda step: None) -> Any:
        """Any task of ``child.WORK``. Raises WorkFault."""
        child = _Child({**task, "parent": os.getpid()}, told)
        self._children.add(child)
        command = [sys.executable, "-P", "-m", "ivr_server.publishing.child"]
        environment = {**os.environ, "PYTHONPATH": str(HOUSE), "PYTHONDONTWRITEBYTECODE": "1"}
        self.reactor.spawnProcess(child, command[0], command, environment, str(HOUSE))
        try:
            return await child.answer
        finally:
            self._children.discard(child)

    def stop(self) -> None:
        """End every child."""
        for child in tuple(self._children):
            child.end()
