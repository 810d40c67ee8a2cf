"""Many bills faxed for real: two Asterisks, SIP, SendFAX to ReceiveFAX, machines that each behave in one way.

While they go out, our service is killed once and the Asterisk that sends is killed once. At the end each job is held
against the receiver's own count of pages. Beside them, in the same run on the same Asterisk, bare calls are made: one
page, SendFAX alone, without the product.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from crm_bridge.fax_attempts import Attempt
from crm_bridge.fax_jobs import fax_jobs
from tests.live.ami import Ami
from tests.live.fax_exchange import number, same
from tests.live.fax_town import FaxTown

ONE_PAGE: Final = 2  # customers
THREE_PAGES: Final = 5
FIVE_PAGES: Final = 7
MIX: Final = (  # behaviour, customer, how many of 200 jobs
    ("fine", ONE_PAGE, 100), ("audio", ONE_PAGE, 20), ("plain", ONE_PAGE, 14), ("fine", FIVE_PAGES, 12),
    ("torn", THREE_PAGES, 14), ("torn_twice", THREE_PAGES, 6), ("busy", ONE_PAGE, 10), ("silent_ring", ONE_PAGE, 6),
    ("congested", ONE_PAGE, 6), ("voice", ONE_PAGE, 6), ("person", ONE_PAGE, 6),
)  # fmt: skip
BARE: Final = 901  # numbers of bare calls begin here
STALLED_S: Final = 300.0
Say = Callable[[str], None]


class Stalled(Exception):
    """No job has come further for minutes."""


@dataclass(slots=True)
class Sessions:
    """What was found. ``wrong``: jobs whose end is not what the receiver has. Seconds are of one call each."""

    jobs: int = 0
    matching: int = 0
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    dials: int = 0
    sessions: int = 0
    pages: int = 0
    twice: int = 0
    compared: int = 0
    identical: int = 0
    one_page_s: list[float] = field(default_factory=list)
    five_pages_s: list[float] = field(default_factory=list)
    audio_s: list[float] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)


def orders(jobs: int) -> list[tuple[str, int]]:
    """Number and customer of each, mixed so that every kind is under way at any time."""
    kinds: list[tuple[float, str, int]] = []
    used: Counter[str] = Counter()
    for behaviour, customer, share in MIX:
        count = max(1, round(share * jobs / 200))
        for n in range(count):
            used[behaviour] += 1
            kinds.append(((n + 0.5) / count, number(behaviour, used[behaviour]), customer))
    return [(called, customer) for _, called, customer in sorted(kinds)]


def measure(town: FaxTown, count: int, say: Say) -> Sessions:
    """Send so many bills, and look at what became of them."""
    town.fatten(THREE_PAGES, 3)
    town.fatten(FIVE_PAGES, 5)
    asked = {town.ask(called, customer): called for called, customer in orders(count)}
    found = Sessions(jobs=len(asked))
    bare = Bare(town, min(asked))
    try:
        _until_over(town, asked, say)
    finally:
        found.bare_s = bare.end()
    town.exchange.wait_no_calls(30.0)
    for job in asked:
        _look_at(town, job, found)
    return found


def _until_over(town: FaxTown, asked: dict[int, str], say: Say) -> None:
    """Until no job is open; the service is killed after a third, Asterisk after two thirds."""
    kills = [(len(asked) // 3, _kill_service), (2 * len(asked) // 3, lambda it: it.exchange.restart_product())]
    over, moved = -1, time.monotonic()
    while over < len(asked):
        now = town.run(_ended)
        if now > over:
            over, moved = now, time.monotonic()
            say(f"{over} of {len(asked)} jobs are over")
        if kills and over >= kills[0][0]:
            kills.pop(0)[1](town)
        if time.monotonic() - moved > STALLED_S:
            raise Stalled(f"{over} of {len(asked)} jobs were over, and no more came: {town.run(_open)}")
        time.sleep(1.0)


def _kill_service(town: FaxTown) -> None:
    town.kill()
    town.product.start()


def _ended(connection: Connection) -> int:
    rows = connection.execute(select(fax_jobs.c.state)).scalars()
    return sum(state in ("sent", "failed") for state in rows)


def _open(connection: Connection) -> Sequence[object]:
    wanted = select(fax_jobs.c.id, fax_jobs.c.number, fax_jobs.c.state, fax_jobs.c.cause)
    return connection.execute(wanted.where(fax_jobs.c.state.not_in(("sent", "failed")))).all()


def _look_at(town: FaxTown, job: int, found: Sessions) -> None:
    row, dials = town.row(job), town.dials(job)
    calls = town.exchange.received(row.number)
    try:
        town.must_match(job)
        found.matching += 1
    except AssertionError as wrong:
        found.wrong.append(f"job {job} to {row.number}: {str(wrong).splitlines()[0][:300]}")
    found.states[row.state if row.state == "sent" else row.cause] += 1
    found.dials += len(dials)
    found.sessions += len(calls)
    found.pages += sum(call.pages for call in calls)
    found.twice += max(0, sum(call.pages for call in calls) - row.pages) if row.state == "sent" else 0
    if row.state == "sent" and len(calls) == 1:
        pairs = list(zip(calls[0].sheets(), town.bill(job), strict=False))
        found.compared += row.pages
        found.identical += sum(same(*pair) for pair in pairs)  # type: ignore[arg-type]
        if row.tries == 1:
            _time(found, dials[-1])


def _time(found: Sessions, dial: Attempt) -> None:
    """Seconds of a dial that went through, by what it was."""
    if dial.manner != "T.38":
        found.audio_s.append(dial.ended - dial.began)
    elif dial.pages == 5:
        found.five_pages_s.append(dial.ended - dial.began)
    elif dial.pages == 1:
        found.one_page_s.append(dial.ended - dial.began)


class Bare:
    """Calls of one page that Asterisk makes by itself, one after the other beside the jobs. ``first``: whose page."""

    def __init__(self, town: FaxTown, first: int) -> None:
        self._town = town
        self._page = town.spool.document(first) / "bill.tiff"
        self._seconds: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> list[float]:
        """No more; the seconds of each that arrived."""
        self._over.set()
        self._thread.join(60.0)
        return self._seconds

    def _run(self) -> None:
        for which in range(BARE, BARE + 1_000):
            while not self._page.exists():
                if self._over.wait(0.5):
                    return
            seconds = self._one(number("fine", which))
            if seconds:
                self._seconds.append(seconds)
            if self._over.wait(2.0):
                return

    def _one(self, called: str) -> float:
        """Seconds from the wish to the receiver's end; 0 when it did not arrive (Asterisk is being killed)."""
        plan = self._town.exchange.plan
        began = time.monotonic()
        try:
            ami = Ami(plan.ports.ami, "ivr", plan.ami_secret)
            ami.action("Originate", Channel=f"PJSIP/{called}@line", Application="SendFAX", Data=f"{self._page},zf",
                       Async="true", Timeout="30000")  # fmt: skip
            ami.close()
        except (OSError, AssertionError, EOFError):
            return 0.0
        while not self._town.exchange.received(called):
            if self._over.wait(0.1) or time.monotonic() - began > 60.0:
                return 0.0
        return time.monotonic() - began
