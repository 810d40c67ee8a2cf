"""What is done again and again: a mistake of ours in one round is told, and the next round comes all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger()


def again(clock: IReactorTime, round_: Callable[[], object]) -> LoopingCall:
    """A loop to be started with its seconds; a bare LoopingCall ends for good, in silence, with the first exception."""

    def one() -> Any:
        try:
            return round_()
        except Exception:
            log.failure("in what is done again and again; it goes on")
            return None

    loop = LoopingCall(one)
    loop.clock = clock
    return loop
