"""The database is away at the end of a fax (FAULTS H6): PostgreSQL stands still, then is killed and comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from ivr_server.pbx import fetch
from tests.doubles.postgresql import PostgreSQL
from tests.live.fax_exchange import number, wait_until
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A real PostgreSQL."""
    made = PostgreSQL()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def town(installed: fetch.Installed, server: PostgreSQL) -> Iterator[FaxTown]:
    """Everything, running on PostgreSQL."""
    with fax_town(installed, url=server.url("faxes"), at_once=4) as made:
        made.thin(2)
        yield made


def sending(town: FaxTown, asked: str) -> int:
    """A job whose only page is on its way."""
    job = town.ask(asked)
    town.wait(job, "sending", 90)
    return job


def test_H6_it_stands_still_at_the_end_of_a_fax(town: FaxTown, server: PostgreSQL) -> None:
    """SUCCESS is seen and cannot be written for longer than the lease: it is written when it can be, and not resent."""
    job = sending(town, number("fine", 1))
    server.signal_all(signal.SIGSTOP)
    wait_until(lambda: town.exchange.received(number("fine", 1)), "the fax is through", 90)
    time.sleep(town.product.settings.fax.lease_s + 4)
    server.signal_all(signal.SIGCONT)
    row = town.end(job, 60)
    (call,) = town.must_match(job)
    assert (row.state, row.tries, row.delivered, call.pages) == ("sent", 1, 1, 1)


def test_H6_it_is_killed_at_the_end_of_a_fax(town: FaxTown, server: PostgreSQL) -> None:
    """The same with a database that dies and recovers, while the service is killed and starts anew as well."""
    job = sending(town, number("fine", 2))
    server.kill()
    wait_until(lambda: town.exchange.received(number("fine", 2)), "the fax is through", 90)
    town.kill()
    server.start()
    town.product.start()
    row = town.end(job, 60)
    (call,) = town.must_match(job)
    assert (row.state, row.tries, row.delivered, call.pages) == ("sent", 1, 1, 1)
