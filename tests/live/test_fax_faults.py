"""The world breaks while a bill is being sent: Asterisk restarts, the service is killed, stopped, or comes too late."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ivr_server.pbx import fetch
from tests.live.ami import Ami
from tests.live.fax_exchange import number, same, wait_until
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live

PAGES = 2
CUSTOMER = 5


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[FaxTown]:
    """Everything, running."""
    with fax_town(installed, at_once=4) as made:
        made.fatten(CUSTOMER, PAGES)
        yield made


def under_way(town: FaxTown, number: str, pages: int = 1) -> int:
    """A job of which the receiver has confirmed so many pages, and the next is on its way."""
    job = town.ask(number, CUSTOMER)
    wait_until(lambda: town.row(job).delivered >= pages, f"page {pages} of job {job}: {town.row(job)}", 120)
    time.sleep(2)
    assert town.row(job).state == "sending"
    return job


def test_H3_asterisk_dies_while_it_sends(town: FaxTown) -> None:
    """Nothing is known of the dial: the job waits out its window, then goes on behind the last confirmed page."""
    job = under_way(town, number("fine", 1))
    town.exchange.restart_product()
    town.wait(job, "unknown", 30)
    row = town.end(job)
    first, second = town.dials(job)
    assert (row.state, row.delivered, first.cause) == ("sent", PAGES, "lost")
    assert second.first > 1
    calls = town.must_match(job)
    assert sum(call.pages for call in calls) <= PAGES + 1
    assert not same(calls[-1].sheets()[0], town.bill(job)[second.first - 1])  # it says that it may be a repeat


def test_H5_the_service_is_killed_while_asterisk_sends(town: FaxTown) -> None:
    """Asterisk goes on; the next process finds the call and follows it to its end: one dial, no page twice."""
    job = under_way(town, number("fine", 2))
    town.kill()
    town.product.start()
    row = town.end(job)
    (call,) = town.must_match(job)
    assert (row.state, row.tries, row.delivered, call.pages) == ("sent", 1, PAGES, PAGES)


def test_H5_the_fax_ends_while_no_service_is_there(town: FaxTown) -> None:
    """The answer file waits for the next process."""
    job = under_way(town, number("fine", 3), PAGES - 1)
    town.kill()
    wait_until(lambda: town.exchange.received(number("fine", 3)), "the fax is through", 90)
    town.product.start()
    row = town.end(job, 30)
    (call,) = town.must_match(job)
    assert (row.state, row.tries, call.pages) == ("sent", 1, PAGES)


def test_D3_a_stop_lets_the_call_go_on(town: FaxTown) -> None:
    """SIGTERM: the lease is given back at once, the next process takes the dial up where it is."""
    job = under_way(town, number("fine", 4))
    assert town.product.stop() == 0
    assert town.row(job).worker == ""
    town.product.start()
    row = town.end(job)
    (call,) = town.must_match(job)
    assert (row.state, row.tries, call.pages) == ("sent", 1, PAGES)


def test_H12_a_dial_without_a_ticket_is_not_made(town: FaxTown) -> None:
    """A server that was paused asks too late: its leave is gone or run out, and Asterisk does not dial."""
    ami = Ami(town.exchange.plan.ports.ami, "ivr", town.exchange.plan.ami_secret)
    told = {"JOB": "77", "TRY": "1", "TOKEN": "ab12", "FIRST": "1", "NUMBER": number("fine", 5), "T38": "yes"}
    answer = ami.action(
        "Originate", Channel="Local/send@ivr-fax/n", Context="ivr-fax", Exten="answered", Priority="1", Async="true",
        ChannelId="fax-77-1-ab12", Variable=[f"__IVR_FAX_{name}={value}" for name, value in told.items()],
    )  # fmt: skip
    ami.close()
    assert answer["Response"] == "Success"
    log = town.exchange.product.log
    wait_until(lambda: "fax 77.1 has no valid ticket" in log.read_text(), "the refusal in Asterisk's log", 10)
    assert town.exchange.received(number("fine", 5)) == []
    assert town.spool.answer(77, 1) is None
