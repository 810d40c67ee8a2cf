"""The product, sending faxes: real service, both Asterisks, and jobs put into the table as a call would put them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import Connection, create_engine, delete, insert

from crm_bridge import demo, fax_jobs, schema
from crm_bridge.fax_attempts import Attempt, attempts
from crm_bridge.fax_jobs import FaxRow, NewFax
from ivr_server.faxing.spool import Spool
from ivr_server.pbx import fetch
from ivr_server.pbx.plan import port_or_free
from ivr_server.settings import read_settings, token
from tests.doubles.sounds import rendered
from tests.live.fax_exchange import FaxExchange, Received, fax_exchange, free_ports, same, sheets, wait_until
from tests.live.product import Product

T = TypeVar("T")
QUICK = {"busy_s": 2.0, "other_s": 3.0, "unknown_s": 6.0, "ring_s": 6, "mute_s": 25.0, "lease_s": 6.0}
LINES_A_PAGE = 95  # about; two columns


@dataclass(slots=True)
class FaxTown:
    """Product and Asterisks, and the tests' hold on the job table."""

    product: Product
    exchange: FaxExchange
    url: str
    ended: dict[int, FaxRow] = field(default_factory=dict)

    @property
    def spool(self) -> Spool:
        """The product's folder of faxes."""
        return Spool(self.product.settings.fax_folder)

    @property
    def month(self) -> str:
        """The newest month that billing holds."""
        return datetime.now(ZoneInfo(self.product.settings.operator.zone)).strftime("%Y-%m")

    def ask(self, number: str, customer: int = 2) -> int:
        """A caller has asked for this month's bill; the job's number."""
        now = time.time()
        key = f"test-{number}-{customer}-{time.monotonic_ns()}"
        new = NewFax(
            key=key, account=str(customer), customer=str(customer), month=self.month, number=number, language="en-US",
            call="test", created=now,
        )  # fmt: skip
        return self.run(fax_jobs.put, new)

    def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Something with the database, in a transaction."""
        engine = create_engine(self.url, connect_args={"timeout": 20} if self.url.startswith("sqlite") else {})
        with engine.begin() as connection:
            try:
                return function(connection, *arguments)
            finally:
                engine.dispose()

    def row(self, job: int) -> FaxRow:
        """A job as it is now."""
        found = self.run(fax_jobs.job, job)
        assert found is not None
        return found

    def dials(self, job: int) -> list[Attempt]:
        """Its dials."""
        return self.run(attempts, job)

    def wait(self, job: int, states: str, seconds: float = 90.0) -> FaxRow:
        """The job once it is in one of these states, written with spaces between."""
        wait_until(lambda: self.row(job).state in states.split(), f"job {job} {states}, is {self.row(job)}", seconds)
        return self.row(job)

    def end(self, job: int, seconds: float = 180.0) -> FaxRow:
        """The job once it is sent or has failed, and its calls are over."""
        self.ended[job] = self.wait(job, "sent failed", seconds)
        return self.ended[job]

    def fatten(self, customer: int, pages: int) -> None:
        """Give the customer's newest bill about so many pages, by short lines that cost nothing: pages soon sent."""
        self.run(_fatten, customer, self.month, (pages - 1) * LINES_A_PAGE)

    def thin(self, customer: int) -> None:
        """Leave nothing of the customer's newest bill but its sums: a page soon sent."""
        self.run(_thin, customer, self.month)

    def kill(self) -> None:
        """As kill -9, of the service and its supervisor."""
        service = self.product.pid
        assert self.product.supervisor is not None
        self.product.supervisor.kill()
        self.product.supervisor.wait()
        os.kill(service, signal.SIGKILL)

    def must_match(self, job: int) -> list[Received]:
        """The job's end state is the truth: each page that it calls delivered is on the receiver's paper.

        Gives the receiver's calls. A number belongs to one job in these tests.
        """
        row = self.row(job)
        calls = self.exchange.received(row.number)
        told = self.dials(job)
        kept = sum(one.pages for one in calls)
        assert row.delivered <= kept <= row.delivered + len(calls), (row, calls, told)
        assert (row.state == "sent") == (row.pages > 0 and row.delivered == row.pages), row
        return calls

    def bill(self, job: int) -> list[Image.Image]:
        """The job's pages as they were pressed."""
        return sheets(self.spool.document(job) / "bill.tiff")


def _fatten(connection: Connection, customer: int, month: str, lines: int) -> None:
    def line(n: int) -> dict[str, object]:
        words = {"at": f"{month}-01 00:00:00", "part": "rental", "number": "", "quantity": 0, "amount": 0}
        return {"customer": customer, "month": month, "line": 1_000 + n, **words}

    made = list(map(line, range(lines)))
    connection.execute(insert(schema.charges), made)


def _thin(connection: Connection, customer: int, month: str) -> None:
    own = schema.charges.c
    connection.execute(delete(schema.charges).where(own.customer == customer, own.month == month))


@contextmanager
def fax_town(installed: fetch.Installed, url: str = "", **fax: object) -> Iterator[FaxTown]:
    """The whole, running. ``fax``: settings of the section fax beside ``QUICK``; ``url``: of the database."""
    folder = Path(tempfile.mkdtemp(prefix="fx-"))
    ports = free_ports()
    state = folder / "state"
    words = {"channel": "'PJSIP/{number}@line'", **QUICK, **fax}
    lines = "".join(f"  {name}: {value}\n" for name, value in words.items())
    text = f"state: {state}\nagi: {{port: {port_or_free(0)}}}\nweb: {{port: {port_or_free(0)}}}\n"
    text += f"ami: {{port: {ports.ami}}}\nfax:\n{lines}" + (f"database: {url}\n" if url else "")
    (folder / "settings.yaml").write_text(text)
    settings = read_settings(folder / "settings.yaml")
    rendered(state)
    newest = datetime.now(ZoneInfo(settings.operator.zone)).strftime("%Y-%m")
    demo.seed(settings.database_url(), demo.Seeding(30, newest=newest))
    token(settings)
    Spool(settings.fax_folder).prepare()
    product = Product(folder, settings)
    try:
        with fax_exchange(installed, Path(tempfile.mkdtemp(prefix="fy-")), settings, ports) as exchange:
            try:
                product.start()
                yield FaxTown(product, exchange, settings.database_url())
            finally:
                product.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["FaxTown", "fax_town", "same"]
