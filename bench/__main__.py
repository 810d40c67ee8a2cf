"""``python -m bench``: measure everything and print the table; ``--write`` puts it into docs/bench.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.asterisk import OffScript
from bench.cores import OTHER_CORE, pin
from bench.measuring import Bench, Plan
from bench.servers import HOUSE, NoServer

PAGE: Final = HOUSE / "docs" / "bench.md"
INTRODUCTION: Final = """# What a call costs

Written by `make bench`, here on {machine}.
Every server runs on one pinned core and answers the same caller's script of 14 AGI commands (a fee query:
`bench/flows/main.yaml`, four look-ups), 100 calls at once, from a stand-in Asterisk on the other core that answers
every command at once. The servers take turns, {rounds} rounds of {calls} calls; a figure is the median of the ratios
within each round, with the least and the most in brackets. × are CPU seconds per call.

The bare responder and pystrix send 14 fixed lines and understand nothing. Ours runs the whole service: the flow read
from YAML, prompts looked up and their files checked, keys kept by StoreDTMF, look-ups, trail, metrics, console.
"In memory" keeps customers and journal in memory; the other row asks SQLite four times a call and writes each call's
beginning and end durably (fsync). Python looks for garbage seldom (`gc.freeze` after the start).

pystrix's share depends on the neighbours: its threads cost less on a quiet machine, so that ours is then more of it;
the bare responder's share moves in the same way, so compare the two.

"""
Row = tuple[str, str, str]


def say(words: str) -> None:
    """A line for whoever waits."""
    print(words, file=sys.stderr, flush=True)


def rows(bench: Bench) -> list[Row]:
    """Figure, result, aim."""
    found: list[Row] = []
    say("CPU per call ...")
    aims = {"ours, all in memory": "≤ 0.5 ×", "ours, SQLite and journal": "≤ 1.0 ×"}
    for sent, shares in bench.costs().items():
        found += [
            (f"CPU per call beside pystrix, {name}; environment {sent}", str(each), aims.get(name, ""))
            for name, each in shares.items()
            if name != "pystrix"
        ]
    return found + _waiting(bench) + _gaps(bench) + _flat(bench)


def _waiting(bench: Bench) -> list[Row]:
    count = f"{bench.plan.waiting:,}"
    say(f"{count} callers who wait ...")
    memory, disk, bare = bench.waiting(durable=False), bench.waiting(durable=True), bench.waiting_bare()
    return [
        (f"Memory for {count} waiting callers, beyond an idle service", f"{memory['grown']:.0f} MB", "≤ 100 MB"),
        ("The whole process then; idle; the bare responder with as many",
         f"{memory['held']:.0f} MB; {memory['before']:.0f} MB; {bare:.0f} MB", ""),
        (f"{count} hang up at once: until the last is closed", _seconds(memory), "≤ 1 s"),
        ("The same, each call recorded durably first", _seconds(disk), ""),
    ]  # fmt: skip


def _seconds(found: dict[str, float]) -> str:
    return f"{found['seconds']:.2f} s ({found['cpu']:.2f} s of them on the core)"


def _gaps(bench: Bench) -> list[Row]:
    say("Gaps at 200 calls a second ...")
    return [
        (f"Gap between an answer and the next command at 200 calls/s, {word}, beside the bare responder", str(each), "")
        for word, each in bench.gaps().items()
    ]


def _flat(bench: Bench) -> list[Row]:
    say("1 and 200 flows ...")
    found = [("CPU per call with 200 flows loaded, beside 1", str(bench.with_flows()), "flat")]
    if bench.plan.customers:
        say(f"10,000 and {bench.plan.customers:,} customers ...")
        ratio, large = bench.with_customers()
        found += [
            (f"CPU per call with {large.count:,} customers, beside 10,000", str(ratio), "flat"),
            (f"The database of {large.count:,} customers", f"{large.mb:,.0f} MB, {large.seconds:,.0f} s to make", ""),
        ]
    return found


def page(plan: Plan, found: list[Row]) -> str:
    """The whole page."""
    load = f"load {os.getloadavg()[0]:.1f} at the end (about 1.5 is the bench itself)"
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {load}"
    words = INTRODUCTION.format(machine=machine, rounds=plan.rounds, calls=plan.calls)
    lines = ["| figure | result | aim |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in found)]
    return words + "\n".join(lines) + "\n"


def main() -> int:
    """The exit status."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--rounds", type=int, default=Plan().rounds)
    options.add_argument("--calls", type=int, default=Plan().calls, help="in each round")
    options.add_argument("--waiting", type=int, default=Plan().waiting, help="callers who wait and hang up at once")
    options.add_argument(
        "--customers",
        type=int,
        default=Plan().customers,
        help="of the large database (made once: minutes, 2.2 GB in the cache); 0 leaves it out",
    )
    options.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(HOUSE)}")
    chosen = vars(options.parse_args())
    write = chosen.pop("write")
    plan = Plan(**chosen)
    pin(OTHER_CORE)
    try:
        with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
            text = page(plan, rows(Bench(plan, Path(folder), say)))
    except (NoServer, OffScript) as fault:
        say(f"The bench cannot measure: {fault}")
        return 1
    print(text)
    if write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
