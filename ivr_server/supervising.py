"""The parent of the service where no systemd is: starts it, kills it when it hangs, starts it again.

One rule each: no beat for ``patience_s`` -> SIGKILL, so that live callers reach the queue through the dialplan;
an end we did not ask for -> start again, after a pause that doubles from 0.2 s to 30 s while starts keep failing.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ivr_server.heart import HEART_FD

MISTAKEN = 78  # sysexits' EX_CONFIG: a start that fails until somebody mends a file; not tried again
LAST_BEAT_S = 30.0  # the heart stops before the last records are written
FIRST_BEAT_S = 120.0  # a start may migrate a database
SHORTEST_S, LONGEST_S = 0.2, 30.0  # pauses before another life


@dataclass(frozen=True, slots=True)
class Ward:
    """What is watched: the command line of the service, and how long its silence is borne."""

    command: Sequence[str]
    patience_s: float = 4.0
    say: Callable[[str], None] = print


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the service: its process and our end of its pipe."""

    process: subprocess.Popen[bytes]
    pipe: int


@dataclass(slots=True)
class Watch:
    """What a signal needs to know. ``bell`` wakes whoever waits: a pipe that a signal writes into."""

    bell: int
    asked: int = 0  # the signal that asked us to end; 0: none did
    life: Life | None = None

    def pass_on(self, number: int, _frame: object) -> None:
        """SIGINT or SIGTERM: the service ends, and no other begins."""
        self.asked = number
        if self.life is not None:
            with suppress(ProcessLookupError):
                self.life.process.send_signal(number)


def supervise(ward: Ward) -> int:
    """Keep the service alive until SIGINT or SIGTERM; gives its last exit status."""
    with _watching() as watch:
        pause_s, status = SHORTEST_S, 0
        while not watch.asked:
            began = time.monotonic()
            status = _live(ward, watch)
            if watch.asked or status == MISTAKEN:
                break
            pause_s = SHORTEST_S if time.monotonic() - began > LONGEST_S else min(pause_s * 2, LONGEST_S)
            ward.say(f"The service ended by itself (status {status}); it starts again in {pause_s:.1f} s.")
            select.select([watch.bell], [], [], pause_s)
        return status


@contextmanager
def _watching() -> Iterator[Watch]:
    """Signals are ours from the first life to the last, pauses included."""
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    watch = Watch(bell)
    wakes = signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    before = {number: signal.signal(number, watch.pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield watch
    finally:
        for number, was in before.items():
            signal.signal(number, was)
        signal.set_wakeup_fd(wakes)
        os.close(bell)
        os.close(ring)


def _live(ward: Ward, watch: Watch) -> int:
    life = watch.life = _begin(ward)
    try:
        if watch.asked:  # while it was being started
            watch.pass_on(watch.asked, None)
        _beating(ward, watch, life)
        return life.process.wait()
    finally:
        watch.life = None
        os.close(life.pipe)


def _begin(ward: Ward) -> Life:
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        list(ward.command),
        pass_fds=(theirs,),
        env={**os.environ, HEART_FD: str(theirs)},
        start_new_session=True,  # Ctrl-C reaches the service once, through us
    )
    os.close(theirs)
    return Life(process, ours)


def _beating(ward: Ward, watch: Watch, life: Life) -> None:
    """Until the service is gone, or is killed because it gave no beat."""
    patience = FIRST_BEAT_S
    while True:
        ready, _, _ = select.select([life.pipe], [], [], patience)
        if ready and not os.read(life.pipe, 4096):
            return  # the pipe's other end is closed: the service is gone
        if not ready:
            ward.say(f"The service gave no sign of life for {patience:.0f} s; it is killed, callers go to the queue.")
            life.process.kill()
            return
        patience = LAST_BEAT_S if watch.asked else ward.patience_s
