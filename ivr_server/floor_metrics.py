"""The floor for Prometheus: who waits and who answers as it is now, and what waits have been."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Member, Picture

WAITS: Final = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0)
ENDS: Final = frozenset({"answered", "abandoned", "timed_out"})


class FloorMetrics(Collector):
    """Gauges are taken from the picture when Prometheus asks; waits and misses are counted as they happen."""

    def __init__(self, registry: CollectorRegistry, picture: Callable[[], Picture], now: Callable[[], float]) -> None:
        self._picture = picture
        self._now = now
        self._waits = Histogram(
            "ivr_queue_wait_seconds", "Waits that ended, by how", ["queue", "end"], buckets=WAITS, registry=registry
        )
        self._missed = Counter("ivr_agent_missed", "Calls that an agent did not take", ["queue"], registry=registry)
        self._handed_on = Counter("ivr_calls_handed_on", "Talks that agents transferred", registry=registry)
        registry.register(self)

    def happened(self, what: Happening) -> None:
        """A listener of the floor."""
        if what.what in ENDS and what.queue:
            self._waits.labels(what.queue, what.what).observe(what.seconds)
        elif what.what == "missed":
            self._missed.labels(what.queue).inc()
        elif what.what == "transferred":
            self._handed_on.inc()

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: queues come and go."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The picture as gauges."""
        picture = self._picture()
        live = GaugeMetricFamily("ivr_floor_live", "1 while the picture of the queues is Asterisk's")
        live.add_metric([], float(picture.live))
        waiting = GaugeMetricFamily("ivr_queue_waiting", "Callers who wait", labels=["queue"])
        longest = GaugeMetricFamily("ivr_queue_longest_wait_seconds", "Of those who wait now", labels=["queue"])
        agents = GaugeMetricFamily("ivr_queue_agents", "Members of queues, by state", labels=["queue", "state"])
        for name, queue in picture.queues.items():
            waiting.add_metric([name], len(queue.waiting))
            longest.add_metric([name], max((self._now() - one.since for one in queue.waiting), default=0.0))
            states = Counted(map(_state, queue.members))
            for state in ("idle", "ringing", "in_use", "paused", "away"):
                agents.add_metric([name, state], states[state])
        talks = GaugeMetricFamily("ivr_talks", "Callers who talk with an agent")
        talks.add_metric([], len(picture.talks))
        yield from (live, waiting, longest, agents, talks)


def _state(member: Member) -> str:
    if member.away:
        return "away"
    return "paused" if member.paused else member.state
