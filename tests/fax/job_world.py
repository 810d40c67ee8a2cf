"""A world for fax jobs: receivers, an Asterisk, a clock, and two servers on one table, each of which may break.

The truth is kept apart from what the servers know: which channels are up, which pages each receiver printed, which it
confirmed. A server sees the channel list, the session it polls, and answers, which may come late, twice or never. What
the rules promise is checked against the truth, at each step and at the end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from crm_bridge import fax_jobs
from crm_bridge.fax_jobs import Capacity, Claim, FaxRow, NewFax
from crm_bridge.versions import prepare
from fax import job as machine
from fax.causes import Outcome
from fax.job import ACTIVE, FINAL, IDLE, FaxJob, Moment, Rules

NOON: Final = 1_795_406_400.0
LEASE_S: Final = 30.0
PAGES: Final = 3
AT_ONCE: Final = 2
RULES: Final = Rules(unknown_s=60.0)


def job_of(row: FaxRow) -> FaxJob:
    """The machine's part of a row."""
    return FaxJob(**{one.name: getattr(row, one.name) for one in fields(FaxJob)})


def row_of(row: FaxRow, job: FaxJob) -> FaxRow:
    """The row with the machine's part as it is now."""
    return replace(row, **{one.name: getattr(job, one.name) for one in fields(FaxJob)})


@dataclass
class Channel:
    """A call that is up: the truth about one dial."""

    job: int
    dial: int
    token: str
    number: str
    first: int
    marked: int | None
    confirmed: int = 0
    answered: bool = False


@dataclass
class Printed:
    """A page that a receiver has on paper."""

    page: int
    dial: int
    marked: bool
    known: bool = False  # its confirmation was seen by a server, or told by an answer


@dataclass
class Server:
    """One server: what it holds, as it believes."""

    name: str
    held: dict[int, FaxRow] = field(default_factory=dict)


class Wrong(AssertionError):
    """A promise is broken."""


class World:
    """All of it; the moves are its methods, and ``check`` is to be called after each."""

    def __init__(self, numbers: list[int]) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self.now = NOON
        self.chance = 0.5
        self.servers = [Server("a"), Server("b")]
        self.channels: list[Channel] = []
        self.paper: dict[int, list[Printed]] = {}
        self.answers: list[tuple[float, Outcome, int]] = []  # when to be seen at the latest, what, of which job
        self.seen: list[tuple[Outcome, int]] = []
        self.dials: Counter[int] = Counter()
        self.faults: Counter[int] = Counter()  # of the dials, those that ended by a fault of ours
        self.delivered: dict[int, int] = {}
        self.excused: set[int] = set()
        self.store(prepare)
        for place, number in enumerate(numbers):
            told = NewFax(
                key=f"k{place}", account="a", customer="1", month="2026-10", number=f"0101234000{number}",
                language="zh-CN", call="c", created=NOON,
            )  # fmt: skip
            self.paper[self.store(fax_jobs.put, told)] = []

    def store(self, function: Any, *arguments: Any) -> Any:
        """One transaction."""
        with self.engine.begin() as connection:
            return function(connection, *arguments)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.chance, RULES)

    # --- what the servers do -------------------------------------------------------------------------------------

    def lease(self, server: Server) -> None:
        """Ask for jobs, and do at once what is to be done first with each."""
        for row in self.store(fax_jobs.lease, Claim(server.name, self.now, LEASE_S), Capacity(AT_ONCE)):
            server.held[row.id] = row

    def work(self, server: Server, crash: bool = False) -> None:
        """One step with each job it believes to hold; with ``crash`` it dies between the intent and the dial."""
        for row in list(server.held.values()):
            self._step(server, row, crash)
        if crash:
            server.held.clear()

    def _step(self, server: Server, row: FaxRow, crash: bool) -> None:
        job = job_of(row)
        if job.state in ACTIVE and self._settled(server, row):
            return
        if job.state in ("dialling", "sending") and row.tries == self._begun_by(server, row):
            return self._watch(server, row)
        duty = machine.duty(job, self.moment)
        steps = {"cancel": machine.cancel, "drop": machine.drop, "lose": machine.lost}
        if duty in steps:
            self._save(server, row, steps[duty](job, self.moment))
        elif duty == "press":
            self._save(server, row, machine.pressed(job, PAGES, "d"))
        elif duty == "look":
            self._save(server, row, machine.look(job, self._up(job.id) is not None, self.moment))
        elif duty == "dial":
            self._dial(server, row, crash)
        else:
            self._release(server, row)

    def _begun_by(self, server: Server, row: FaxRow) -> int:
        """The dial of this job that the server made itself, or took up after a look."""
        up = self._up(row.id)
        return row.tries if (row.id, row.tries) in self._mine(server) or (up and row.state == "sending") else -1

    def _mine(self, server: Server) -> set[tuple[int, int]]:
        return self.__dict__.setdefault(f"dials of {server.name}", set())  # type: ignore[no-any-return]

    def _dial(self, server: Server, row: FaxRow, crash: bool) -> None:
        before = job_of(row)
        truth = self.store(fax_jobs.job, row.id)
        marked = machine.repeat(before)
        job = machine.begin(before, self.moment)
        if not self._save(server, row, job) or crash:
            return
        if truth.state not in IDLE or self.now < truth.due:
            raise Wrong(f"job {row.id} was dialled while it was {truth.state}, due in {truth.due - self.now} s")
        if any(channel.number == job.number for channel in self.channels):
            raise Wrong(f"two calls to {job.number}")
        self._mine(server).add((job.id, job.tries))
        self.dials[job.id] += 1
        self.channels.append(Channel(job.id, job.tries, machine.token(job), job.number, job.first, marked))

    def _watch(self, server: Server, row: FaxRow) -> None:
        """Poll the session; a channel that is gone without an answer is lost."""
        up, job = self._up(row.id), job_of(row)
        if up is None:
            self._save(server, row, machine.lost(job, self.moment))
        elif up.answered and self._save(server, row, machine.progress(job, up.confirmed, self.moment)):
            self._known(up.job, up.dial)
            self.store(fax_jobs.renew, row.id, row.fence, self.now + LEASE_S)

    def _settled(self, server: Server, row: FaxRow) -> bool:
        """Settle what answers say of the held job."""
        for outcome, id in self.seen:
            if id == row.id and outcome.dial > row.settled:
                self._apply(server, row, outcome)
                return True
        return False

    def _apply(self, server: Server, row: FaxRow, outcome: Outcome) -> None:
        if self._save(server, row, machine.settle(job_of(row), outcome, self.moment)):
            self._known(row.id, outcome.dial)

    def late(self, server: Server, which: int) -> None:
        """An answer that was seen before comes again, or late: take the job and settle."""
        if not self.seen:
            return
        outcome, id = self.seen[which % len(self.seen)]
        row = self.store(fax_jobs.take, id, Claim(server.name, self.now, LEASE_S))
        if row is not None:
            self._apply(server, row, outcome)
            server.held.pop(id, None)
            self.store(fax_jobs.release, id, row.fence)

    def _save(self, server: Server, row: FaxRow, job: FaxJob) -> bool:
        """Save under the fence; let go of what is somebody else's, and of what is over."""
        new = row_of(row, job)
        if not self.store(fax_jobs.save, new, row.fence):
            server.held.pop(row.id, None)
            return False
        server.held[row.id] = self.store(fax_jobs.job, row.id)
        if job.state in FINAL or (job.state == "retrying" and self.now < job.due):
            self._release(server, new)
        return True

    def _release(self, server: Server, row: FaxRow) -> None:
        self.store(fax_jobs.release, row.id, row.fence)
        server.held.pop(row.id, None)

    def crash(self, server: Server) -> None:
        """kill -9: it forgets what it held; the lease runs on."""
        server.held.clear()
        self._mine(server).clear()

    # --- what the world does -------------------------------------------------------------------------------------

    def _up(self, id: int) -> Channel | None:
        return next((channel for channel in self.channels if channel.job == id), None)

    def _watched(self, id: int) -> bool:
        """Whether a server that holds the job really polls its session."""
        row = self.store(fax_jobs.job, id)
        return any(
            id in server.held and server.held[id].fence == row.fence and row.tries == self._begun_by(server, row)
            for server in self.servers
        )

    def _known(self, id: int, dial: int) -> None:
        for one in self.paper[id]:
            one.known = one.known or one.dial == dial

    def page(self, which: int, confirmed: bool) -> None:
        """A receiver prints the next page; it confirms it, or the line breaks just before that."""
        if not self.channels:
            return
        channel = self.channels[which % len(self.channels)]
        page = channel.first + channel.confirmed
        if page > PAGES:
            return self.over(which, "sent")
        channel.answered = True
        self.paper[channel.job].append(Printed(page, channel.dial, channel.marked == page))
        if not confirmed:
            return self.over(which, "cut")
        channel.confirmed += 1
        if self._watched(channel.job):  # a server polls faster than a page takes
            for server in self.servers:
                if channel.job in server.held:
                    self._step(server, server.held[channel.job], False)

    def over(self, which: int, cause: str, patience: float = 0.0) -> None:
        """A call ends, and its answer is written; it is seen within ``patience`` seconds."""
        if not self.channels:
            return
        channel = self.channels.pop(which % len(self.channels))
        if cause != "sent" and channel.answered:
            cause = "cut"
        if cause == "sent" and channel.first + channel.confirmed <= PAGES:
            cause = "cut"
        self.faults[channel.job] += cause == "fault"
        outcome = Outcome(
            cause=cause, pages=channel.confirmed, partial=cause == "cut", dial=channel.dial, token=channel.token,
            first=channel.first,
        )  # fmt: skip
        self.answers.append((self.now + min(patience, RULES.unknown_s - 1), outcome, channel.job))
        self.tick(0.0)

    def tick(self, seconds: float) -> None:
        """Time goes by; answers become visible by the time they must."""
        self.now += seconds
        self.seen += [(outcome, id) for until, outcome, id in self.answers if until <= self.now]
        self.answers = [one for one in self.answers if one[0] > self.now]

    def asterisk_dies(self) -> None:
        """No channel is left, and no answer of them will ever come.

        What a receiver had confirmed meanwhile is known only if a server was watching: that much is excused.
        """
        for channel in self.channels:
            if not self._watched(channel.job) and any(not one.known for one in self.paper[channel.job]):
                self.excused.add(channel.job)
        self.channels.clear()

    # --- what is promised ----------------------------------------------------------------------------------------

    def check(self) -> None:
        """At each step."""
        rows = self.store(fax_jobs.jobs, fax_jobs.Filter())
        for row in rows:
            self._check_row(row)
        taken = [row for row in rows if row.state in ACTIVE or (row.state in IDLE and row.leased_until > self.now)]
        if len(taken) > AT_ONCE or len(self.channels) > AT_ONCE:
            raise Wrong(f"{len(taken)} jobs in work, {len(self.channels)} calls up")
        if max(Counter(row.number for row in taken).values(), default=0) > 1:
            raise Wrong("two jobs in work to one number")

    def _check_row(self, row: FaxRow) -> None:
        holders = [s.name for s in self.servers if row.id in s.held and s.held[row.id].fence == row.fence]
        if len(holders) > 1:
            raise Wrong(f"job {row.id} is held by {holders}")
        if row.delivered < self.delivered.get(row.id, 0):
            raise Wrong(f"job {row.id}: {row.delivered} pages delivered, {self.delivered[row.id]} before")
        self.delivered[row.id] = row.delivered
        if not set(range(1, row.delivered + 1)) <= {one.page for one in self.paper[row.id]}:
            raise Wrong(f"job {row.id}: {row.delivered} pages delivered, but the receiver has not all of them")
        if row.tries > len(row.failures) + 1 + 12 or self.dials[row.id] > 12:
            raise Wrong(f"job {row.id} was dialled {self.dials[row.id]} times")

    def check_end(self) -> None:
        """When no more can happen: each job is final, and the paper at the receivers is as promised."""
        for id, paper in self.paper.items():
            row = self.store(fax_jobs.job, id)
            if row.state not in FINAL:
                raise Wrong(f"job {id} is {row.state} for ever")
            if row.state == "sent" and {one.page for one in paper} != set(range(1, PAGES + 1)):
                raise Wrong(f"job {id} is sent, and the receiver has {paper}")
            if self.dials[id] - self.faults[id] > RULES.tries or self.faults[id] > RULES.faults:
                raise Wrong(f"job {id} was dialled {self.dials[id]} times")
            if id not in self.excused:
                _check_paper(id, paper)

    def end(self) -> None:
        """Everybody recovers: calls end, one server works on, until nothing is left to do."""
        for server in self.servers:
            self.crash(server)
        for _ in range(400):
            while self.channels:
                self.over(0, "no_answer")
            self.tick(61.0)
            self.lease(self.servers[0])
            self.work(self.servers[0])
            self.check()
            if all(self.store(fax_jobs.job, id).state in FINAL for id in self.paper):
                break
        for which in range(len(self.seen)):
            self.late(self.servers[1], which)
            self.check()
        self.check_end()


def _check_paper(id: int, paper: list[Printed]) -> None:
    """A page that came again was marked as such, and each dial brought one of these at most."""
    had: set[int] = set()
    again: Counter[int] = Counter()
    for one in paper:
        if one.page in had:
            again[one.dial] += 1
            if not one.marked:
                raise Wrong(f"job {id}: page {one.page} came again in dial {one.dial} without a mark: {paper}")
        had.add(one.page)
    if max(again.values(), default=0) > 1:
        raise Wrong(f"job {id}: a dial repeated more than one page: {paper}")
