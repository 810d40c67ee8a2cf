"""Is the expected wait honest? Simulated queues of several kinds, and recorded ones: how often the stated range holds.

``make bench-waits`` prints a line for each kind; tests/floor/test_waits.py holds every figure to 75-85 %.
"""

from __future__ import annotations

import gzip
import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from crm_bridge.queue_events import QueueEvent
from ivr_server.floor.happenings import Happening
from ivr_server.floor.queue_log import events
from ivr_server.floor.waits import Waits

QUEUE = "q"
RECORDED = Path(__file__).parent.parent / "tests/floor/recorded/hour.queue_log.gz"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A kind of queue. ``gap_s(at)``: mean seconds between callers, ``agents(at)``: how many work, as time goes.

    ``talk(chance)`` gives one talk's seconds; ``patience_s``: mean of what a caller bears, 0: for ever.
    """

    name: str
    talk: Callable[[random.Random], float]
    gap_s: Callable[[float], float]
    agents: Callable[[float], int]
    patience_s: float = 0.0
    hours: float = 60.0


def exponential(mean: float) -> Callable[[random.Random], float]:
    """Talks as the simplest theory has them."""
    return lambda chance: chance.expovariate(1 / mean)


def lognormal(mean: float, sigma: float = 0.9) -> Callable[[random.Random], float]:
    """Talks as call centres really have them (Brown et al. 2005): many short, a few very long."""
    return lambda chance: mean * chance.lognormvariate(-sigma * sigma / 2, sigma)


def _hour(at: float) -> float:
    return at / 3_600 % 12


REGIMES = (
    Regime(name="steady, 5 agents", talk=exponential(180), gap_s=lambda at: 39, agents=lambda at: 5),
    Regime(name="steady, 1 agent", talk=exponential(240), gap_s=lambda at: 290, agents=lambda at: 1, hours=500),
    Regime(name="lognormal talks", talk=lognormal(200), gap_s=lambda at: 36.5, agents=lambda at: 6),
    Regime(
        name="impatient callers",
        talk=lognormal(240),
        gap_s=lambda at: 40,
        agents=lambda at: 5,
        patience_s=900,
    ),
    Regime(
        name="a day's waves",
        talk=lognormal(180),
        gap_s=lambda at: 21 if 2 < _hour(at) < 4 or 8 < _hour(at) < 10 else 32,
        agents=lambda at: 7,
        patience_s=2_400,
        hours=96,
    ),
    Regime(
        name="shifts change",
        talk=lognormal(200),
        gap_s=lambda at: 40,
        agents=lambda at: (8, 4, 6, 3)[int(at / 7_200) % 4],
        patience_s=1_800,
        hours=96,
    ),
)


@dataclass(slots=True)
class _Floor:
    """Callers in order, agents who are free, and who talks until when."""

    waiting: list[tuple[str, float, float]] = field(default_factory=list)  # call, since, gives up at
    talking: list[float] = field(default_factory=list)


def simulated(regime: Regime, seed: int = 1) -> Iterator[Happening]:
    """What happens in such a queue, in order."""
    chance, floor, at, number = random.Random(seed), _Floor(), 0.0, 0
    arrives = chance.expovariate(1 / regime.gap_s(0))
    while at < regime.hours * 3_600:
        gives_up = min((one[2] for one in floor.waiting), default=float("inf"))
        free = floor.talking[0] if floor.talking else float("inf")
        at = min(arrives, free, gives_up)
        if at == free:
            heapq.heappop(floor.talking)
        elif at == gives_up:
            gone = min(floor.waiting, key=lambda one: one[2])
            floor.waiting.remove(gone)
            yield Happening(what="abandoned", at=at, queue=QUEUE, call=gone[0], seconds=at - gone[1])
        else:
            number += 1
            patience = chance.expovariate(1 / regime.patience_s) if regime.patience_s else float("inf")
            floor.waiting.append((str(number), at, at + patience))
            arrives = at + chance.expovariate(1 / regime.gap_s(at))
            yield Happening(what="joined", at=at, queue=QUEUE, call=str(number))
        while floor.waiting and len(floor.talking) < regime.agents(at):
            call, since, _ = floor.waiting.pop(0)
            heapq.heappush(floor.talking, at + 5 + regime.talk(chance))
            yield Happening(what="answered", at=at, queue=QUEUE, call=call, seconds=at - since)


def from_record(rows: Iterable[QueueEvent], slower: float = 1.0) -> Iterator[Happening]:
    """The same of rows of a record, or of Asterisk's queue log; one that was made in a hurry is slowed down.

    The queue log has whole seconds. Slowed down they would be whole minutes, as what is said is, and half of all edges
    would count as held; so each instant is moved within its second first.
    """
    chance, joined = random.Random(1), dict[str, float]()
    for second, group in groupby(rows, key=lambda one: one.at):
        of_it = list(group)
        for part, one in zip(sorted(chance.random() for _ in of_it), of_it, strict=True):
            at = (second + part) * slower
            waited = at - joined.setdefault(one.call, at)
            yield Happening(what=one.what, at=at, queue=QUEUE, call=one.call, seconds=waited)  # type: ignore[arg-type]


@dataclass(slots=True)
class Outcome:
    """How ranges fared: ``said`` to callers who were answered, ``held`` of them, and ``silent`` ones who waited long.

    ``width``: of all ranges together, in minutes.
    """

    said: int = 0
    held: int = 0
    silent: int = 0
    width: float = 0.0

    @property
    def share(self) -> float:
        """Of the ranges, how many held."""
        return self.held / self.said if self.said else float("nan")


def judged(happenings: Iterable[Happening], later_s: float = 0.0) -> Outcome:
    """Say to each caller what they would be told at their coming, or so much later; see whether it came true."""
    waits, outcome = Waits(), Outcome()
    line: list[str] = []
    told: dict[str, tuple[float, float, float]] = {}
    due: list[tuple[float, str]] = []
    for what in happenings:
        while due and due[0][0] <= what.at:
            at, call = heapq.heappop(due)
            if call in line:
                _say(waits, (call, line.index(call) + 1, at), told)
        waits.take(what)
        if what.what == "joined":
            line.append(what.call)
            heapq.heappush(due, (what.at + later_s, what.call))
            if not later_s:
                heapq.heappop(due)
                _say(waits, (what.call, len(line), what.at), told)
        elif what.call in line:
            line.remove(what.call)
            if what.what == "answered":
                _judge(what, told.pop(what.call, None), outcome)
    return outcome


def _say(waits: Waits, caller: tuple[str, int, float], told: dict[str, tuple[float, float, float]]) -> None:
    call, place, at = caller
    said = waits.expected(QUEUE, place, at)
    if said is not None:
        told[call] = at, said.low * 60.0, said.high * 60.0


def _judge(what: Happening, told: tuple[float, float, float] | None, outcome: Outcome) -> None:
    if told is None:
        outcome.silent += what.seconds >= 120
        return
    at, low, high = told
    outcome.said += 1
    outcome.held += low <= what.at - at <= high
    outcome.width += (high - low) / 60


def main() -> None:
    """A line for each regime, and one for what a real Asterisk recorded."""
    print("kind of queue             said   held at coming  a minute later  mean width, min  long waits unannounced")
    kinds = {regime.name: (lambda regime=regime: simulated(regime)) for regime in REGIMES}
    lines = gzip.decompress(RECORDED.read_bytes()).decode().splitlines()
    kinds["recorded, 60 x slower"] = lambda: from_record(events(lines), 60)
    for name, happenings in kinds.items():
        came, later = judged(happenings()), judged(happenings(), 60)
        width = came.width / max(1, came.said)
        print(f"{name:22} {came.said:7} {came.share:16.1%} {later.share:15.1%} {width:16.1f} {came.silent:23}")


if __name__ == "__main__":
    main()
