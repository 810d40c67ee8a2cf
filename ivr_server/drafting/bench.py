"""A bench with one child: jobs wait in a short line, each has a deadline, and a child that misses it is killed.

``Bench.ask`` gives the child's answer, or raises ``BenchFault``: busy, late, failed, too_big, gone.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

Shape = dict[str, Any]
MODULE: Final = "ivr_server.drafting.child"
LONGEST_LINE: Final = 32 * 1024 * 1024
_log = Logger()


class BenchFault(Exception):
    """The job has no answer; ``why``: busy, late, failed, too_big, gone."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Job:
    """One job: what is asked, who hears of its progress, and who waits."""

    asked: Shape
    deadline_s: float
    told: Callable[[Shape], None]
    done: Deferred[Shape] = field(default_factory=Deferred)
    timer: Any = None


class Bench:
    """One child process that runs ``module``, from the first job to ``stop`` or a long rest."""

    def __init__(self, reactor: Any, waiting: int = 32, rest_s: float = 900.0, module: str = MODULE) -> None:
        self._module = module
        self._reactor, self._most, self._rest_s = reactor, waiting, rest_s
        self._jobs: deque[Job] = deque()
        self._child: _Child | None = None
        self._rest: Any = None
        self._stopped = False

    async def ask(self, asked: Shape, deadline_s: float, told: Callable[[Shape], None] = lambda _shape: None) -> Shape:
        """The child's answer; ``told`` hears lines of progress."""
        if len(self._jobs) >= self._most or self._stopped:
            raise BenchFault("busy")
        job = Job(asked, deadline_s, told)
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._begin()
        return await job.done

    def abandon(self) -> None:
        """Give up what is being done now; the next job begins with a new child."""
        if self._jobs:
            self._kill("gone")

    async def stop(self) -> None:
        """The end: the child is killed, who waits is told."""
        self._stopped = True
        self._still()
        while self._jobs:
            self._kill("gone", go_on=False)
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _begin(self) -> None:
        self._still()
        job = self._jobs[0]
        if self._child is None:
            self._child = _Child(self)
            command = [sys.executable, "-P", "-m", self._module]  # -P: a "flows" in our folder is not ours
            self._reactor.spawnProcess(self._child, sys.executable, command, env=dict(os.environ))
        job.timer = self._reactor.callLater(job.deadline_s, self._kill, "late")
        self._child.ask(job.asked)

    def _kill(self, why: str, go_on: bool = True) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
        self._finish(_failure(why), go_on)

    def heard(self, child: _Child, line: Shape) -> None:
        """One line of the child's; of one that was killed nothing is heard any more."""
        if child is not self._child or not self._jobs:
            return
        if "progress" in line:
            self._jobs[0].told(line["progress"])
        elif "answer" in line:
            self._finish(line["answer"])
        else:
            _log.warn("a draft could not be worked on: {why}", why=line.get("why", ""))
            self._finish(_failure(str(line.get("fault", "failed"))))

    def lost(self, child: _Child) -> None:
        """The child is gone by itself."""
        if child is self._child:
            self._child = None
            if self._jobs:
                self._finish(_failure("too_big"))

    def _finish(self, answer: Any, go_on: bool = True) -> None:
        job = self._jobs.popleft()
        if job.timer is not None and job.timer.active():
            job.timer.cancel()
        if self._jobs and go_on:
            self._begin()
        elif not self._stopped:
            self._rest = self._reactor.callLater(self._rest_s, self._doze)
        job.done.callback(answer) if not isinstance(answer, Failure) else job.done.errback(answer)

    def _doze(self) -> None:
        child, self._child, self._rest = self._child, None, None
        if child is not None:
            child.kill()

    def _still(self) -> None:
        if self._rest is not None and self._rest.active():
            self._rest.cancel()
        self._rest = None


def _failure(why: str) -> Failure:
    return Failure(BenchFault(why))  # type: ignore[no-untyped-call]


class _Child(ProcessProtocol):
    """The wire to the child."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self._kept, self._size = bench, list[bytes](), 0

    def ask(self, asked: Shape) -> None:
        """Give it a job."""
        transport: Any = self.transport
        transport.write(json.dumps(asked, ensure_ascii=False).encode() + b"\n")

    def kill(self) -> None:
        """End it at once."""
        transport: Any = self.transport
        if transport is not None and transport.pid is not None:
            transport.signalProcess("KILL")

    def outReceived(self, data: bytes) -> None:
        """Lines as they come."""
        *whole, rest = data.split(b"\n")
        for piece in whole:
            line = b"".join((*self._kept, piece))
            self._kept, self._size = [], 0
            self._bench.heard(self, json.loads(line))
        if rest:
            self._kept.append(rest)
            self._size += len(rest)
        if self._size > LONGEST_LINE:
            self.kill()

    def errReceived(self, data: bytes) -> None:
        """What it complains of."""
        _log.warn("the studio's child: {text}", text=data.decode("utf-8", "replace")[:500])

    def processEnded(self, reason: Any) -> None:
        """It is gone."""
        self._bench.lost(self)
