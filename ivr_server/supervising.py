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
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr_server.heart import HEART_FD

FIRST_BEAT_S = 60.0  # a start may migrate a database


@dataclass(frozen=True, slots=True)
class Ward:
    """What is watched: the command line of the service, and how long its silence is borne."""

    command: Sequence[str]
    patience_s: float = 4.0
    say: Callable[[str], None] = print


@dataclass(slots=True)
class Life:
    """One life of the service: its process and our end of its pipe."""

    process: subprocess.Popen[bytes]
    pipe: int
    stopping: bool = False


def supervise(ward: Ward) -> int:
    """Keep the service alive until SIGINT or SIGTERM; gives its last exit status."""
    pause_s = 0.2
    while True:
        began = time.monotonic()
        status, asked = _live(ward)
        if asked:
            return status
        pause_s = 0.2 if time.monotonic() - began > 30 else min(pause_s * 2, 30.0)
        ward.say(f"The service ended by itself (status {status}); it starts again in {pause_s:.1f} s.")
        time.sleep(pause_s)


def _live(ward: Ward) -> tuple[int, bool]:
    life = _begin(ward)

    def pass_on(number: int, _frame: object) -> None:
        life.stopping = True
        life.process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _watch(ward, life)
        return life.process.wait(), life.stopping
    finally:
        os.close(life.pipe)
        for number, was in before.items():
            signal.signal(number, was)


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


def _watch(ward: Ward, life: Life) -> None:
    patience = FIRST_BEAT_S
    while True:
        ready, _, _ = select.select([life.pipe], [], [], patience)
        if ready and not os.read(life.pipe, 4096):
            return  # the pipe's other end is closed: the service is gone
        if not ready and not life.stopping:
            ward.say(f"The service gave no sign of life for {patience:.0f} s; it is killed, callers go to the queue.")
            life.process.kill()
            return
        patience = ward.patience_s
