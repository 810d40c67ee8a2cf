"""The kill loop of faxes: servers that are killed, an exchange that outlives them, and its ledger of what was sent.

The exchange is a process of its own: it takes dials from a pipe, prints pages, tears some lines with a page in the air,
writes an answer, and writes down all it did. Each life is a fork that leases, dials and settles until kill -9; the last
one works until all jobs are over. Then the exchange's ledger is judged beside the table.
Arguments: folder, database URL, lives, seed. Prints "ok LIVES DIALS" or what is wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path

from crm_bridge import fax_jobs
from crm_bridge.database import Limits, engine_for
from crm_bridge.fax_jobs import Capacity, Claim, FaxRow, NewFax
from crm_bridge.versions import prepare
from fax import job as machine
from fax.causes import outcome
from fax.job import FINAL, FaxJob, Moment, Rules

PAGES, JOBS, NUMBERS = 4, 40, 10
LEASE_S = 0.15
RULES = Rules(tries=12, busy_s=0.02, other_s=0.02, unknown_s=0.2)


# --- the exchange --------------------------------------------------------------------------------------------------


@dataclass
class Call:
    """A call that is up."""

    job: int
    dial: int
    token: str
    number: str
    first: int
    marked: int
    next: float
    confirmed: int = 0


def exchange(folder: Path, pipe: int, seed: int) -> None:
    """Until the pipe is closed and no call is up."""
    chance, calls, ledger, rest = random.Random(seed), [], (folder / "ledger").open("a", buffering=1), b""
    open_ = True
    while open_ or calls:
        if open_ and select.select([pipe], [], [], 0.002)[0]:
            more = os.read(pipe, 65_536)
            open_, rest = bool(more), rest + more
        *lines, rest = rest.split(b"\n")
        for told in map(json.loads, lines):
            if any(call.number == told["number"] for call in calls):
                ledger.write(f"wrong two calls to {told['number']}\n")
            calls.append(Call(**told, next=time.monotonic()))
            (folder / "up" / str(told["job"])).touch()
            ledger.write(f"dial {told['job']} {told['dial']}\n")
        for call in [call for call in calls if call.next < time.monotonic()]:
            _goes_on(folder, call, ledger, chance.random())
            if not (folder / "up" / str(call.job)).exists():
                calls.remove(call)


def _goes_on(folder: Path, call: Call, ledger, chance: float) -> None:
    page = call.first + call.confirmed
    call.next = time.monotonic() + 0.01
    if page <= PAGES and chance > 0.1:
        ledger.write(f"page {call.job} {call.dial} {page} {int(page == call.marked)}\n")
        if chance > 0.25:
            call.confirmed += 1
            return
    status = "SUCCESS" if page > PAGES else "FAILED"
    told = {
        "job": call.job, "try": call.dial, "token": call.token, "first": call.first, "dial": "ANSWER", "status": status,
        "text": "The call dropped prematurely", "pages": call.confirmed, "resolution": "8031x7700", "end": "yes",
    }  # fmt: skip
    half = folder / f"half-{call.job}"
    half.write_text("".join(f"{key}={value}\n" for key, value in told.items()))
    half.rename(folder / "answers" / f"{call.job}-{call.dial}")
    (folder / "up" / str(call.job)).unlink()


# --- a server ------------------------------------------------------------------------------------------------------


def live(folder: Path, url: str, pipe: int, chance: random.Random) -> None:
    """One life: it ends by kill -9, or when all jobs are over."""
    store = engine_for(url, Limits()).execution_options(write=True)
    held: list[FaxRow] = []
    while True:
        with store.begin() as connection:
            counted = fax_jobs.counts(connection)
            rows = fax_jobs.lease(connection, Claim(f"p{os.getpid()}", time.time(), LEASE_S), Capacity(at_once=4))
        if not set(counted) - FINAL:
            return
        stepped = [_step(folder, store, (row, pipe), chance) for row in held + rows]
        held = [row for row in stepped if row is not None]
        time.sleep(0.002)


def _step(folder: Path, store, work: tuple[FaxRow, int], chance: random.Random) -> FaxRow | None:
    """One step with a held job; None when it is out of hand."""
    row, pipe = work
    job = FaxJob(**{one.name: getattr(row, one.name) for one in fields(FaxJob)})
    moment = Moment(time.time(), chance.random(), RULES)
    answer = folder / "answers" / f"{job.id}-{job.tries}"
    duty = machine.duty(job, moment)
    if job.state in machine.ACTIVE and answer.exists():
        found = outcome(answer.read_bytes())
        assert found is not None
        new = machine.settle(job, found, moment)
    elif duty == "press":
        new = machine.pressed(job, PAGES, "d")
    elif duty == "dial":
        new = machine.begin(job, moment)
    elif duty == "lose":
        new = machine.lost(job, moment)
    elif duty == "look":
        new = machine.look(job, (folder / "up" / str(job.id)).exists(), moment)
    else:
        new = job
    over = new.state in FINAL or new.state == "retrying" or duty == "rest"
    with store.begin() as connection:
        saved = fax_jobs.save(
            connection, replace(row, **{one.name: getattr(new, one.name) for one in fields(FaxJob)}), row.fence
        )
        saved = saved and fax_jobs.renew(connection, row.id, row.fence, time.time() + LEASE_S)
        if saved and over:
            fax_jobs.release(connection, row.id, row.fence)
        after = fax_jobs.job(connection, row.id)
    if saved and duty == "dial":
        told = {"job": new.id, "dial": new.tries, "token": machine.token(new), "number": new.number, "first": new.first}
        os.write(pipe, json.dumps(told | {"marked": machine.repeat(job) or 0}).encode() + b"\n")
    return after if saved and not over else None


# --- the loop ------------------------------------------------------------------------------------------------------


def judge(folder: Path, rows: list[FaxRow]) -> list[str]:
    """What was promised and is not so."""
    lines = [line.split() for line in (folder / "ledger").read_text().splitlines()]
    wrong = [" ".join(line) for line in lines if line[0] == "wrong"]
    dials = Counter((line[1], line[2]) for line in lines if line[0] == "dial")
    wrong += [f"dialled twice: {dial}" for dial, many in dials.items() if many > 1]
    wrong += [f"job {row.id} is {row.state} for ever" for row in rows if row.state not in FINAL]
    for row in rows:
        wrong += _judge_paper(
            row, [(line[2], int(line[3]), line[4]) for line in lines if line[0] == "page" and line[1] == str(row.id)]
        )
    return wrong


def _judge_paper(row: FaxRow, paper: list[tuple[str, int, str]]) -> list[str]:
    had: set[int] = set()
    again: Counter[str] = Counter()
    wrong = []
    for dial, page, marked in paper:
        if page in had:
            again[dial] += 1
            wrong += [] if marked == "1" else [f"job {row.id}: page {page} came again in dial {dial} without a mark"]
        had.add(page)
    if max(again.values(), default=0) > 1:
        wrong.append(f"job {row.id}: more than one page came again in a dial")
    if row.state == "sent" and had != set(range(1, PAGES + 1)):
        wrong.append(f"job {row.id} is sent, and the receiver has pages {sorted(had)}")
    return wrong


def one_life(place: tuple[Path, str, int], chance: random.Random, last_s: float) -> None:
    """Fork, let it work, kill -9."""
    child = os.fork()
    if not child:
        with contextlib.suppress(Exception):
            live(*place, chance)
        os._exit(0)
    until = time.monotonic() + last_s
    while time.monotonic() < until and not os.waitpid(child, os.WNOHANG)[0]:
        time.sleep(0.003)
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def main(folder: Path, url: str, lives: int, seed: int) -> int:
    """All lives, a last one that ends, and the judgement."""
    for name in ("up", "answers"):
        (folder / name).mkdir(parents=True)
    store = engine_for(url, Limits())
    with store.execution_options(write=True).begin() as connection:
        prepare(connection)
        for n in range(JOBS):
            told = {"account": "a", "customer": "1", "month": "2026-10", "language": "zh-CN", "call": "c"}
            number = f"010123400{n * NUMBERS // JOBS:02}"  # neighbours share it
            fax_jobs.put(connection, NewFax(key=f"k{n}", number=number, created=time.time(), **told))
    store.dispose()
    read, write = os.pipe()
    if not os.fork():
        os.close(write)
        exchange(folder, read, seed)
        os._exit(0)
    os.close(read)
    for life in range(lives):
        one_life((folder, url, write), random.Random(seed + life), random.Random(seed + life).uniform(0.02, 0.3))
    one_life((folder, url, write), random.Random(seed), 60.0)
    os.close(write)
    os.wait()
    with engine_for(url, Limits()).connect() as connection:
        rows = fax_jobs.jobs(connection, fax_jobs.Filter(), 500)
    wrong = judge(folder, rows)
    dials = sum(line.startswith("dial") for line in (folder / "ledger").read_text().splitlines())
    print("\n".join(wrong[:20]) or f"ok {lives} {dials}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
