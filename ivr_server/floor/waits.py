"""How long a caller will wait, as a range that is honest; silent when it does not know.

Theory. Nothing is assumed of how calls come or how long talks take. The *point* is the caller's place times the mean
gap between recent answers, while somebody waited (an idle queue's gaps say nothing of a busy one's). The *range* is the
point times two quantiles of the ratios that came true: of each caller who was answered, the wait that followed over the
point at their join. That is split conformal prediction on ratios; and as the world changes under it, the quantiles that
are asked for are moved after each outcome, further apart when a wait fell outside its range and closer when it did not
(adaptive conformal inference, Gibbs and Candès 2021), each side for itself. So the stated share holds in the long run
whatever the world does.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr_server.floor.happenings import Happening

SHARE: Final = 0.8  # of callers whose wait lies in the range
GAPS: Final = 20  # answers that the pace is taken from
RATIOS: Final = 200  # outcomes that the quantiles are taken from
LEAST_GAPS, LEAST_RATIOS = 5, 20  # fewer: nothing is said
STALE_S: Final = 1_800.0  # without an answer for so long, the pace is not known any more
SILENT_S: Final = 120.0  # a wait below this is not spoken of
LEARN: Final = 0.02  # how fast the quantiles move
LONGEST_MIN: Final = 180


@dataclass(frozen=True, slots=True)
class WaitRange:
    """Minutes, ``low`` to ``high``, both at least 1; four of five callers wait no shorter and no longer."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Seconds:
    """A range before it is rounded for people."""

    low: float
    high: float


@dataclass(slots=True)
class _Open:
    """A caller who waits: the point at their join, and the range that stood then."""

    point: float
    range: Seconds | None


@dataclass(slots=True)
class QueueWaits:
    """What one queue has taught. Feed it joins and ends in order; ask ``seconds``."""

    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))
    ratios: deque[float] = field(default_factory=lambda: deque(maxlen=RATIOS))
    ordered: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=lambda: [(1 - SHARE) / 2] * 2)  # below the range, above it
    waiting: dict[str, _Open] = field(default_factory=dict)
    last: float = 0.0  # the latest answer, or when the queue began to be busy
    inside: int = 0
    judged: int = 0

    def joined(self, call: str, at: float) -> None:
        """A caller waits, behind everybody who waits already."""
        if not self.waiting:
            self.last = at
        if call not in self.waiting:
            point = self.point(len(self.waiting) + 1, at)
            self.waiting[call] = _Open(point, self._range(point))

    def answered(self, call: str, at: float, waited: float) -> None:
        """One of them is answered, after so long."""
        if self.last and at > self.last:
            self.gaps.append(at - self.last)
        self.last = at
        open_ = self.waiting.pop(call, None)
        if open_ is not None and open_.point > 0:
            self._judge(open_, waited)

    def left(self, call: str) -> None:
        """One of them waits no longer, unanswered: nothing is learnt from that."""
        self.waiting.pop(call, None)

    def point(self, place: int, at: float) -> float:
        """Seconds that this place takes at the recent pace; 0.0 when the pace is not known."""
        if len(self.gaps) < LEAST_GAPS or place < 1 or (self.last and at - self.last > STALE_S):
            return 0.0
        return place * sum(self.gaps) / len(self.gaps)

    def seconds(self, place: int, at: float) -> Seconds | None:
        """The range for who stands at this place now; None when it is not known."""
        return self._range(self.point(place, at))

    def _range(self, point: float) -> Seconds | None:
        if point <= 0 or len(self.ratios) < LEAST_RATIOS:
            return None
        below, above = self.tails
        return Seconds(point * quantile(self.ordered, below), point * quantile(self.ordered, 1 - above))

    def _judge(self, open_: _Open, waited: float) -> None:
        if open_.range is not None:
            low, high = waited < open_.range.low, waited > open_.range.high
            self.judged += 1
            self.inside += not (low or high)
            target = (1 - SHARE) / 2
            self.tails[0] = min(0.5, max(0.0, self.tails[0] + LEARN * (target - low)))
            self.tails[1] = min(0.5, max(0.0, self.tails[1] + LEARN * (target - high)))
        ratio = waited / open_.point
        if len(self.ratios) == self.ratios.maxlen:
            self.ordered.remove(self.ratios[0])
        self.ratios.append(ratio)
        insort(self.ordered, ratio)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of them lies, between two neighbours; beyond the ends, somewhat further out."""
    at = share * (len(ordered) + 1) - 1
    if at < 0:
        return max(0.0, ordered[0] * (1 + at))
    if at > len(ordered) - 1:
        return ordered[-1] * (1 + 0.5 * (at - len(ordered) + 1))
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spoken(seconds: Seconds | None) -> WaitRange | None:
    """As a caller hears it: whole minutes, outwards; None for what is under two minutes, or too long to mean much."""
    if seconds is None or seconds.high < SILENT_S or seconds.high > LONGEST_MIN * 60:
        return None
    low = max(1, math.floor(seconds.low / 60))
    return WaitRange(low, max(low + 1, math.ceil(seconds.high / 60)))


class Waits:
    """All queues; fed with what happens."""

    def __init__(self) -> None:
        self.queues: dict[str, QueueWaits] = {}

    def take(self, what: Happening) -> None:
        """Learn from it, if it is about waiting."""
        if not what.queue or what.what in ("member", "ringing", "missed", "ended", "transferred"):
            return
        queue = self.queues.setdefault(what.queue, QueueWaits())
        if what.what == "joined":
            queue.joined(what.call, what.at)
        elif what.what == "answered":
            queue.answered(what.call, what.at, what.seconds)
        else:
            queue.left(what.call)

    def expected(self, queue: str, place: int, at: float) -> WaitRange | None:
        """What a caller at this place may be told."""
        known = self.queues.get(queue)
        return spoken(known.seconds(place, at)) if known else None
