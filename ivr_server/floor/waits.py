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

from bisect import insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr_server.floor.happenings import Happening

SHARE: Final = 0.8  # of callers whose wait lies in the range
TAIL: Final = (1 - SHARE) / 2
GAPS: Final = 20  # answers that the pace is taken from
RATIOS: Final = 500  # outcomes that the quantiles are taken from
LEAST_GAPS, LEAST_RATIOS = 5, 20  # fewer: nothing is said
STALE_S: Final = 1_800.0  # without an answer for so long, the pace is not known any more
SILENT_S: Final = 120.0  # a wait below this is not spoken of
LEARN: Final = 0.01  # how far an outcome moves the quantiles; the first ones as far as FIRST, then less and less
FIRST, QUICK = 0.03, 3.0
WAITS: Final = frozenset({"joined", "answered", "abandoned", "timed_out", "left", "withdrawn"})
LONGEST_MIN: Final = 180
LOWEST: Final = -0.5  # of a tail: far beyond all that was seen


@dataclass(frozen=True, slots=True)
class WaitRange:
    """Minutes: four of five callers wait no shorter and no longer. ``low`` 0: at most ``high``, which is 2 or more."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Seconds:
    """A range before it is rounded for people."""

    low: float
    high: float


@dataclass(slots=True)
class _Open:
    """A caller who waits: the place and the point at their join, and what could be said then."""

    place: int
    point: float
    said: WaitRange | None


@dataclass(slots=True)
class Ratios:
    """How waits compared with their points, for callers at like places; ``tails``: the shares left out on each side."""

    latest: deque[float] = field(default_factory=lambda: deque(maxlen=RATIOS))
    ordered: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=lambda: [TAIL, TAIL])
    judged: int = 0

    def add(self, ratio: float) -> None:
        """One more came true; the oldest goes."""
        if len(self.latest) == self.latest.maxlen:
            self.ordered.remove(self.latest[0])
        self.latest.append(ratio)
        insort(self.ordered, ratio)

    def move(self, low: bool, high: bool) -> None:
        """A wait was below what was said, or above it, or neither."""
        step = max(LEARN, QUICK / (self.judged + QUICK / FIRST))
        self.judged += 1
        for side, outside in enumerate((low, high)):
            self.tails[side] = min(0.5, max(LOWEST, self.tails[side] + step * (TAIL - outside)))

    def range(self, point: float) -> Seconds:
        """The point's range."""
        below, above = self.tails
        return Seconds(point * quantile(self.ordered, below), point * quantile(self.ordered, 1 - above))


@dataclass(slots=True)
class QueueWaits:
    """What one queue has taught. Feed it joins and ends in order; ask ``expected``."""

    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))
    pools: dict[int, Ratios] = field(default_factory=dict)
    waiting: dict[str, _Open] = field(default_factory=dict)
    last: float = 0.0  # the latest answer, or when the queue began to be busy

    def joined(self, call: str, at: float) -> None:
        """A caller waits, behind everybody who waits already."""
        if not self.waiting:
            self.last = at
        if call not in self.waiting:
            place = len(self.waiting) + 1
            self.waiting[call] = _Open(place, self.point(place, at), self.expected(place, at))

    def answered(self, call: str, at: float, waited: float) -> None:
        """One of them is answered, after so long."""
        if self.last and at > self.last:
            self.gaps.append(at - self.last)
        self.last = at
        open_ = self.waiting.pop(call, None)
        if open_ is not None and open_.point > 0:
            pool = self.pools.setdefault(_likes(open_.place), Ratios())
            if open_.said is not None:
                pool.move(waited < open_.said.low * 60, waited > open_.said.high * 60)
            pool.add(waited / open_.point)

    def left(self, call: str) -> None:
        """One of them waits no longer, unanswered: nothing is learnt from that."""
        self.waiting.pop(call, None)

    def point(self, place: int, at: float) -> float:
        """Seconds that this place takes at the recent pace; 0.0 when the pace is not known."""
        if len(self.gaps) < LEAST_GAPS or place < 1 or (self.last and at - self.last > STALE_S):
            return 0.0
        return place * sum(self.gaps) / len(self.gaps)

    def expected(self, place: int, at: float) -> WaitRange | None:
        """What may be said to who stands at this place now; None when it is not known, or not worth saying."""
        point, pool = self.point(place, at), self.pools.get(_likes(place))
        if point <= 0 or pool is None or len(pool.ordered) < LEAST_RATIOS:
            return None
        return spoken(pool.range(point))


def _likes(place: int) -> int:
    """Places that are alike: 1, 2, 3-4, 5-8, 9-16 and so on. The further back, the more evens out."""
    return (place - 1).bit_length()


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of them lies, between two neighbours.

    A share below 0 or above 1 lies beyond all that was seen, by as much further as it is beyond: what was seen is not
    enough then.
    """
    at = share * (len(ordered) + 1) - 1
    if at < 0:
        return ordered[0] * (1 + at) if at > -1 else 0.0
    if at > len(ordered) - 1:
        return ordered[-1] * (1 + 4 * max(0.0, share - len(ordered) / (len(ordered) + 1)))
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spoken(seconds: Seconds) -> WaitRange | None:
    """As a caller hears it: whole minutes; None for what is under two minutes, or too long to mean much.

    What is judged afterwards is what was said, so that the rounding is made good by the quantiles.
    """
    if seconds.high < SILENT_S or seconds.high > LONGEST_MIN * 60:
        return None
    low = round(seconds.low / 60)
    return WaitRange(low, max(low + 1, 2, round(seconds.high / 60)))


class Waits:
    """All queues; fed with what happens."""

    def __init__(self) -> None:
        self.queues: dict[str, QueueWaits] = {}

    def take(self, what: Happening) -> None:
        """Learn from it, if it is about waiting."""
        if not what.queue or what.what not in WAITS:
            return
        queue = self.queues.setdefault(what.queue, QueueWaits())
        if what.what == "joined":
            queue.joined(what.call, what.at)
        elif what.what == "answered":
            queue.answered(what.call, what.at, what.seconds)
        else:
            queue.left(what.call)

    def only(self, waiting: Mapping[str, Sequence[str]], at: float) -> None:
        """Nobody else waits: calls by queue, in order. Whoever is new came unseen, and teaches nothing."""
        for name in {*self.queues, *waiting}:
            queue, calls = self.queues.setdefault(name, QueueWaits()), waiting.get(name, ())
            for call in [one for one in queue.waiting if one not in calls]:
                queue.left(call)
            if calls and not queue.waiting:
                queue.last = at
            for place, call in enumerate(calls, 1):
                queue.waiting.setdefault(call, _Open(place, 0.0, None))

    def expected(self, queue: str, place: int, at: float) -> WaitRange | None:
        """What a caller at this place may be told."""
        known = self.queues.get(queue)
        return known.expected(place, at) if known else None
