"""What is done again and again outlives a mistake of ours."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from ivr_server.again import again


def test_a_round_that_fails_is_told_and_the_next_one_comes() -> None:
    """Three rounds, the second of which raises: all are done, and the fault stands in the log."""
    clock, rounds, told = Clock(), [], []

    def one() -> None:
        rounds.append(clock.seconds())
        if len(rounds) == 2:
            raise RuntimeError("a mistake of ours")

    globalLogPublisher.addObserver(told.append)
    try:
        loop = again(clock, one)
        loop.start(1.0, now=False)
        clock.pump([1.0] * 3)
    finally:
        globalLogPublisher.removeObserver(told.append)
    assert rounds == [1.0, 2.0, 3.0]
    assert [event["log_failure"].getErrorMessage() for event in told if "log_failure" in event] == ["a mistake of ours"]
    loop.stop()
