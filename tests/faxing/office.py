"""The worker's surroundings in memory, on a clock that stands still: Asterisk, the table, billing, the shared folder.

The client of the manager interface is the product's own; behind it a double of Asterisk that dials as the dialplan
does: with a ticket that is there and good, else not. What a dial comes to is the test's to say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.task import Clock

from crm_bridge import fax_jobs
from crm_bridge.answers import LookUpFault
from crm_bridge.database import Limits, engine_for
from crm_bridge.fax_attempts import Attempt, attempts
from crm_bridge.fax_jobs import FaxRow, NewFax
from crm_bridge.records import Bill, Charge, Faxable
from crm_bridge.versions import prepare
from ivr_server.faxing.deliveries import Deliveries
from ivr_server.faxing.delivery import Tools
from ivr_server.faxing.spool import Dial, Spool
from ivr_server.faxing.switchboard import Switchboard
from ivr_server.settings import Fax, Settings
from tests.ami.stage import Stage
from tests.doubles.asterisk_manager import Asked, Pairs

T = TypeVar("T")
NOON = 1_795_406_400.0
NUMBER = "01062345678"
SENT = {"dial": "ANSWER", "status": "SUCCESS", "text": "OK", "resolution": "8031x7700", "mode": "T38", "ecm": "yes"}
CUT = {"dial": "ANSWER", "status": "FAILED", "error": "HANGUP", "text": "The call dropped prematurely",
       "resolution": "8031x7700", "mode": "T38", "ecm": "yes"}  # fmt: skip
BUSY = {"dial": "BUSY", "hangup_cause": "17"}


class Desk(Clock):
    """A clock that does what its threads hand back at once."""

    def callFromThread(self, function: Callable[..., object], *arguments: object) -> None:
        """At once."""
        function(*arguments)


class AtOnce:
    """A pool of threads that has none."""

    def callInThreadWithCallback(self, done: Any, function: Callable[..., Any], *arguments: object) -> None:
        """Now, in the caller's thread."""
        try:
            found = function(*arguments)
        except Exception as fault:
            done(False, fault)
        else:
            done(True, found)


@dataclass
class Table:
    """The database, asked at once. ``away``: nobody answers; ``deaf``: what is written does not get there."""

    url: str
    away: bool = False
    deaf: bool = False

    def __post_init__(self) -> None:
        self._engine = engine_for(self.url, Limits()).execution_options(write=True)
        self.now(prepare)

    def now(self, function: Callable[..., T], *arguments: object) -> T:
        """In a transaction, whatever is away."""
        with self._engine.begin() as connection:
            return function(connection, *arguments)

    async def run(self, function: Callable[..., T], *arguments: object, write: bool = False) -> T:
        """As ``Database.run``."""
        if self.away or (write and self.deaf):
            raise LookUpFault("unavailable", "the database is away")
        return self.now(function, *arguments)


@dataclass
class Billing:
    """One customer's October. ``account`` may be somebody else's; ``lines``: of the bill; None of it: no bill."""

    account: str = "7"
    lines: int = 3
    nothing: bool = False
    asked: int = 0

    async def faxable(self, customer: str, month: str, call: str) -> Faxable | None:
        """As the bridge gives it."""
        self.asked += 1
        bill = Bill(customer, month, "2026-11-20", (0, 100 * self.lines, 0, 0, 0), 100 * self.lines, 0, 0, "CNY")
        at = [f"{month}-01 10:{n // 60:02d}:{n % 60:02d}" for n in range(self.lines)]
        charges = tuple(Charge(customer, month, one, "local", "10010", 60, 100) for one in at)
        return None if self.nothing else Faxable(bill, charges, "李静", "13800138000", self.account, ())


@dataclass
class Office:
    """Everything. ``hire`` gives a worker; ``go`` lets time pass; ``dials`` are the dials that Asterisk made."""

    folder: Path
    fax: Fax = field(default_factory=lambda: Fax(channel="PJSIP/{number}@line", at_once=2))
    billing: Billing = field(default_factory=Billing)
    allowed: bool = True  # the manager user has the rights

    def __post_init__(self) -> None:
        self.clock = Desk()
        self.stage = Stage(clock=self.clock)
        self.stage.manager.answers["Originate"] = self._originate
        self.settings = Settings(state=str(self.folder), fax=self.fax)
        self.spool = Spool(self.folder / "fax")
        self.table = Table(f"sqlite:///{self.folder / 'ivr.db'}")
        self.dials: list[dict[str, str]] = []
        self.refused: list[dict[str, str]] = []
        self.counted: list[tuple[str, int]] = []
        self.stage.live()
        self.go(2.0)
        self.asterisk.asked.clear()  # the questions about our rights

    @property
    def asterisk(self) -> Any:
        """The double."""
        return self.stage.manager

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return NOON + self.clock.seconds()

    def go(self, seconds: float) -> None:
        """Let so much time pass, in steps of a fifth of a second."""
        for _ in range(max(1, round(seconds * 5))):
            self.clock.advance(seconds and 0.2)
            self.stage.go()

    def hire(self, name: str = "a") -> Deliveries:
        """A worker, not started."""
        switchboard = Switchboard(self.stage.ami, self.spool, self.clock.seconds, lambda: self.allowed)
        return Deliveries(
            Tools(
                database=self.table, switchboard=switchboard, spool=self.spool, billing=self.billing,
                settings=self.settings, reactor=self.clock, pool=AtOnce(), worker=name, now=lambda: self.now,
                chance=lambda: 0.5, counted=lambda cause, pages: self.counted.append((cause, pages)),
            )  # type: ignore[arg-type]
        )  # fmt: skip

    def work(self, name: str = "a") -> Deliveries:
        """A worker at work."""
        worker = self.hire(name)
        worker.start()
        self.go(0.0)
        return worker

    def ask(self, number: str = NUMBER, key: str = "") -> int:
        """A wish for customer 7's October."""
        wish = NewFax(key=key or f"k-{number}", account="7", customer="7", month="2026-10", number=number,
                      language="zh-CN", call="c", created=self.now)  # fmt: skip
        return self.table.now(fax_jobs.put, wish)

    def row(self, job: int) -> FaxRow:
        """As the table has it."""
        found = self.table.now(fax_jobs.job, job)
        assert found is not None
        return found

    def attempts(self, job: int) -> list[Attempt]:
        """Its dials, as people see them."""
        return self.table.now(attempts, job)

    def dial(self, place: int = -1) -> Dial:
        """A dial that Asterisk made."""
        told = self.dials[place]
        return Dial(int(told["JOB"]), int(told["TRY"]), told["TOKEN"])

    def session(self, pages: int, dial: Dial | None = None, **other: str) -> None:
        """The dial's fax session, with so many pages confirmed; ``other`` makes it another."""
        dial = dial or self.dial()
        file = str(self.spool.outgoing(dial))
        told = {"Channel": "PJSIP/line-1", "SessionNumber": "5", "SessionType": "G.711", "Operation": "send",
                "State": "ACTIVE", "Files": file, "FileName": file, "PagesTransmitted": str(pages),
                "ImageResolution": "8031x7700"}  # fmt: skip
        self.asterisk.fax_sessions[:] = [told | other]

    def answer(self, values: dict[str, str], pages: int = 0, dial: Dial | None = None) -> None:
        """The dial is over, and the dialplan has written its answer."""
        dial = dial or self.dial()
        told = {"job": dial.job, "try": dial.number, "token": dial.token, "first": 1, **values, "pages": pages}
        lines = [f"{key}={value}" for key, value in told.items()]
        (self.spool.root / "answers" / dial.name).write_text("\n".join([*lines, "end=yes", ""]))
        self.hang_up(dial)

    def hang_up(self, dial: Dial | None = None) -> None:
        """The dial's call is gone."""
        gone = (dial or self.dial()).call
        self.asterisk.channels[:] = [one for one in self.asterisk.channels if one["Linkedid"] != gone]
        self.asterisk.fax_sessions.clear()

    def _originate(self, asked: Asked) -> Pairs | None:
        if "@ivr-fax/" not in asked.get("Channel"):
            return (("Response", "Success"), ("Message", "Originate successfully queued"))
        told = {name.removeprefix("__IVR_FAX_"): value for name, value in asked.variables().items()}
        ticket = self.spool.root / "tickets" / f"{told['JOB']}.{told['TRY']}.{told['TOKEN']}"
        good = False
        with suppress(OSError):
            good = ticket.stat().st_mtime > self.now
        (self.dials if good else self.refused).append(told)
        if good:
            call = asked.get("ChannelId")
            self.asterisk.channels.append({"Channel": "PJSIP/line-1", "Linkedid": call, "Application": "Dial"})
        return (("Response", "Success"), ("Message", "Originate successfully queued"))


def files(folder: Path) -> list[str]:
    """The names in a folder, sorted."""
    return sorted(os.listdir(folder))


def each_second(office: Office, seconds: int) -> Iterator[int]:
    """Let time pass, a second at a time."""
    for second in range(seconds):
        office.go(1.0)
        yield second


def lost_answer(connection: Connection, job: int) -> None:
    """As a backup that was put back: the table knows of no dial."""
    values = {"state": "waiting", "tries": 0, "settled": 0, "dialled": 0.0, "begun": 0.0, "due": 0.0, "delivered": 0}
    connection.execute(fax_jobs.fax_jobs.update().where(fax_jobs.fax_jobs.c.id == job).values(**values))
