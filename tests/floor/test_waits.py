"""The expected wait: what is said holds for four callers of five, in every kind of queue; else nothing is said."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench.waits import REGIMES, Regime, from_record, judged, simulated
from ivr_server.floor.happenings import Happening
from ivr_server.floor.queue_log import events
from ivr_server.floor.waits import LEAST_RATIOS, STALE_S, QueueWaits, Seconds, Waits, quantile, spoken

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.name)
def test_the_stated_range_holds_in_75_to_85_percent(regime: Regime) -> None:
    """At the coming and a minute later, in minutes as they are said; and hardly a long wait comes unannounced."""
    happenings = list(simulated(regime, seed=11))
    came, later = judged(happenings), judged(happenings, 60)
    assert came.said > 1_000
    assert 0.75 <= came.share <= 0.85 and 0.75 <= later.share <= 0.85, (came, later)
    assert came.silent < 0.3 * came.said


@pytest.mark.parametrize("slower", [45, 60, 90, 120])
def test_it_holds_on_what_a_real_asterisk_recorded(slower: float) -> None:
    """Its queue_log of a quarter of an hour, 596 callers, three agents who talk for 3 s; slowed down to real talks."""
    lines = gzip.decompress((RECORDED / "hour.queue_log.gz").read_bytes()).decode().splitlines()
    for later in (0, 60):
        outcome = judged(from_record(events(lines), slower), later)
        assert outcome.said > 100 and 0.75 <= outcome.share <= 0.85, outcome


def lesson(queue: QueueWaits, count: int, gap_s: float = 120.0, ahead: int = 3) -> float:
    """So many callers, each answered a gap after the one before, each behind others; when it ends."""
    at = 0.0
    for number in range(ahead):
        queue.joined(f"first-{number}", at)
    for number in range(count):
        queue.joined(str(number), at)
        at += gap_s
        done = f"first-{number}" if number < ahead else str(number - ahead)
        queue.answered(done, at, gap_s * (ahead if number >= ahead else number + 1))
    return at


def test_it_is_silent_until_it_knows() -> None:
    """Nothing without outcomes of its own, after half an hour without an answer, or of an unknown queue."""
    queue = QueueWaits()
    at = lesson(queue, LEAST_RATIOS)
    assert queue.expected(4, at) is None
    at = lesson(queue := QueueWaits(), 60)
    assert queue.expected(4, at) is not None
    assert queue.expected(4, at + STALE_S + 1) is None
    assert queue.expected(200, at) is None  # nobody ever stood there
    assert Waits().expected("elsewhere", 1, at) is None


def test_a_range_is_said_in_minutes() -> None:
    """Two minutes at least in its upper end, three hours at most; low may be 0: at most so many minutes."""
    assert spoken(Seconds(20.0, 110.0)) is None
    assert spoken(Seconds(600.0, 4 * 3_600.0)) is None
    found = spoken(Seconds(10.0, 130.0))
    assert found is not None and (found.low, found.high) == (0, 2)
    found = spoken(Seconds(290.0, 610.0))
    assert found is not None and (found.low, found.high) == (5, 10)


def test_who_gives_up_teaches_nothing() -> None:
    """A caller who left unanswered is no outcome; calls that nobody saw come are none either."""
    queue = QueueWaits()
    queue.joined("1", 0.0)
    queue.left("1")
    queue.answered("2", 10.0, 10.0)
    assert not queue.pools


def test_quantiles() -> None:
    """Between neighbours; beyond the ends further out, never below nothing."""
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0], 0.25) == 1.0
    assert quantile([1.0, 2.0, 3.0], -0.4) == 0.0
    assert quantile([1.0, 2.0, 3.0], 1.2) > quantile([1.0, 2.0, 3.0], 1.0) > 3.0


def test_it_learns_from_what_happens_on_the_floor() -> None:
    """Happenings of each queue go to its own lesson; those that are no wait are passed over."""
    waits = Waits()
    for what in ("ringing", "missed", "ended", "member", "resync"):
        waits.take(Happening(what=what, at=1.0, queue="hall", call="1"))  # type: ignore[arg-type]
    assert not waits.queues
    waits.take(Happening(what="joined", at=1.0, queue="hall", call="1"))
    waits.take(Happening(what="answered", at=2.0, queue="", call="1"))
    assert list(waits.queues["hall"].waiting) == ["1"]
