"""The measurements. Servers take turns on one core, round after round; what counts are ratios within a round."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import stock
from bench.servers import Server, callers, ours, started

AT_ONCE: Final = 100
WARM_UP: Final = 400
CALLERS: Final = 200
PER_SECOND: Final = 200
FLOWS_LOADED: Final = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure. ``customers``: of the large database, 0 to leave it out."""

    rounds: int = 7
    calls: int = 500
    customers: int = 1_000_000
    waiting: int = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """A ratio over rounds: its median, and between what it lay."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} × ({self.least:.2f}–{self.most:.2f})"


def share(values: Sequence[float], of: Sequence[float]) -> Share:
    """Round by round."""
    ratios = [one / other for one, other in zip(values, of, strict=True)]
    return Share(statistics.median(ratios), min(ratios), max(ratios))


class Bench:
    """Servers are started for one measurement and ended after it; ``folder`` is for their state."""

    def __init__(self, plan: Plan, folder: Path, say: stock.Say) -> None:
        self.plan, self.say = plan, say
        self._folder = folder
        self._sounds = stock.sounds()
        self._started = 0
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))

    def costs(self) -> dict[str, dict[str, Share]]:
        """CPU per call as shares of pystrix: how the environment is sent -> server -> share."""
        small = stock.customers(10_000, self.say)
        with ExitStack() as stack:
            servers = {
                "ours, all in memory": stack.enter_context(self._ours(small.count)),
                "ours, SQLite and journal": stack.enter_context(self._ours(small.count, database=small.url)),
                "bare LineOnlyReceiver": stack.enter_context(started("bare")),
                "pystrix": stack.enter_context(started("pystrix", "threads")),
            }
            found = {}
            for pieces in (False, True):
                spent = self._turns(servers, pieces)
                of = spent["pystrix"]
                found["24 pieces" if pieces else "whole"] = {name: share(each, of) for name, each in spent.items()}
            return found

    def waiting(self, durable: bool) -> dict[str, float]:
        """Memory with many waiting callers, and how long it takes when all hang up at once."""
        small = stock.customers(10_000, self.say)
        plan = {"database": small.url} if durable else {}
        with self._ours(small.count, **plan) as server:
            server.asterisk().many(WARM_UP, AT_ONCE)
            before, asterisk = server.memory_mb(), server.asterisk()
            asterisk.left_waiting(self.plan.waiting)
            held = server.memory_mb()
            began = server.cpu_s()
            seconds = asterisk.hang_up_all()
            spent = server.cpu_s() - began
            return {"before": before, "grown": held - before, "held": held, "seconds": seconds, "cpu": spent}

    def waiting_bare(self) -> float:
        """Memory of the bare responder with as many callers."""
        with started("bare") as server:
            asterisk = server.asterisk()
            asterisk.left_waiting(self.plan.waiting)
            held = server.memory_mb()
            asterisk.end()
            return held

    def gaps(self) -> dict[str, Share]:
        """Between an answer and the next command at 200 calls a second: p50 and p99 as shares of the bare one's."""
        with self._ours(10_000) as our, started("bare") as bare:
            seen: dict[str, list[tuple[float, float]]] = {"ours": [], "bare": []}
            for server in (our, bare):
                server.asterisk().many(WARM_UP, AT_ONCE)
            for _ in range(3 * self.plan.rounds):  # short ones: a neighbour disturbs some, not most
                for name, server in (("ours", our), ("bare", bare)):
                    asterisk = server.asterisk()
                    asterisk.steadily(PER_SECOND, PER_SECOND)
                    cuts = statistics.quantiles(asterisk.gaps, n=100)
                    seen[name].append((cuts[49], cuts[98]))
            return {
                word: share([one[place] for one in seen["ours"]], [one[place] for one in seen["bare"]])
                for place, word in enumerate(("p50", "p99"))
            }

    def with_customers(self) -> tuple[Share, stock.Customers]:
        """CPU per call with the large database as a share of that with 10,000 customers; and the large one."""
        small, large = stock.customers(10_000, self.say), stock.customers(self.plan.customers, self.say)
        with ExitStack() as stack:
            servers = {
                each.url: stack.enter_context(self._ours(each.count, database=each.url)) for each in (small, large)
            }
            spent = self._turns(servers, False)
        return share(spent[large.url], spent[small.url]), large

    def with_flows(self) -> Share:
        """CPU per call with 200 flows loaded as a share of that with one."""
        flows = stock.many_flows(self._folder / "flows", FLOWS_LOADED)
        with self._ours(10_000) as one, self._ours(10_000, flows=str(flows)) as many:
            spent = self._turns({"one": one, "many": many}, False)
        return share(spent["many"], spent["one"])

    def _ours(self, customers: int, **plan: Any) -> Any:
        self._started += 1
        state = self._folder / f"state-{self._started}"
        state.mkdir()
        (state / "sounds").symlink_to(self._sounds)
        return ours("ours", state, numbers=callers(customers, CALLERS), **plan)

    def _turns(self, servers: Mapping[str, Server], pieces: bool) -> dict[str, list[float]]:
        """CPU seconds of each server in each round, in alternating order; the first round only warms up."""
        for server in servers.values():
            server.asterisk(pieces).many(WARM_UP, AT_ONCE)
        spent: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(self.plan.rounds):
            names = list(servers) if number % 2 else list(servers)[::-1]
            for name in names:
                before = servers[name].cpu_s()
                servers[name].asterisk(pieces).many(self.plan.calls, AT_ONCE)
                spent[name].append(servers[name].cpu_s() - before)
        return spent
