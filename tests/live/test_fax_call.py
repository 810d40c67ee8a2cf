"""From the telephone to the paper: a real call asks for the bill, a real fax brings it, the next call tells of it.

And the other way round: a fax machine that calls the voice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_bridge import fax_jobs
from crm_bridge.demo import SHOWN
from ivr_server.pbx import fetch
from tests.live.fax_exchange import number, same, wait_until
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live

PHONE, PASSWORD = SHOWN[0].phone, SHOWN[0].password
FAX = number("fine", 1)
# English, the bill by fax, this number; the password when its sentence has begun, this month; a yes at the read-back
KEYS = [(2.0, "2"), (1.0, "41"), (7.0, PASSWORD), (2.0, "1"), (1.0, f"{FAX}#"), (8.0, "1")]


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[FaxTown]:
    """Everything, running."""
    with fax_town(installed) as made:
        made.thin(1)
        yield made


def ended(town: FaxTown, caller: str) -> dict[str, Any]:
    """The record of a caller's call, once it is over, with its notes."""
    record = town.product.journal(caller, 60.0)
    return record | {"notes": town.product.trail(record["call"])}


def outcome(record: dict[str, Any], look_up: str) -> dict[str, Any]:
    """What a look-up of the call answered."""
    (found,) = (note for note in record["notes"] if note["what"] == "answered" and note["look_up"] == look_up)
    return dict(found)


@pytest.fixture(scope="module")
def asked(town: FaxTown) -> dict[str, Any]:
    """The call in which the bill was asked for; the caller stayed on the line until it was through."""
    town.exchange.call(PHONE, KEYS)
    wait_until(lambda: town.run(fax_jobs.counts), "a job was made", 90)
    town.end(1)
    town.exchange.hang_up_callers()
    return ended(town, PHONE)


def test_a_caller_asks_and_the_pages_on_paper_are_the_bill(town: FaxTown, asked: dict[str, Any]) -> None:
    """Language, number, password, month, fax number, yes; then the receiver's paper, dot for dot."""
    found = outcome(asked, "request_fax")
    assert (found["outcome"], found["job"]) == ("accepted", "1")
    row = town.row(1)
    (call,) = town.must_match(1)
    assert (row.state, row.number, row.customer, row.language, row.call) == (
        "sent", FAX, "1", "en-US", asked["call"],
    )  # fmt: skip
    assert [same(*two) for two in zip(call.sheets(), town.bill(1), strict=True)] == [True] * row.pages
    assert PASSWORD not in str(asked["notes"])


def test_the_next_call_tells_that_it_was_received(town: FaxTown, asked: dict[str, Any]) -> None:
    """As soon as the caller is known, in one sentence: the journal says what was told, and that it was heard."""
    town.exchange.call(PHONE, [(3.0, "41"), (7.0, PASSWORD)])
    wait_until(lambda: town.row(1).heard, "the caller heard how it stands", 60)
    town.exchange.hang_up_callers()
    wait_until(lambda: ended(town, PHONE)["call"] != asked["call"], "the second call is in the journal", 30)
    second = ended(town, PHONE)
    told = [outcome(second, look_up)["outcome"] for look_up in ("earlier_outcome", "fax_heard", "fax_state")]
    assert told == ["fax_sent", "done", "none"]


@pytest.mark.usefixtures("asked")
def test_a_fax_machine_that_calls_the_voice_gets_a_polite_end(town: FaxTown) -> None:
    """Its tone is heard, one sentence is said, and the line is free; the journal says what called."""
    town.exchange.fax_the_voice("02188880000", town.spool.document(1) / "bill.tiff")
    told = "the journal says that a fax machine called"
    wait_until(lambda: ended(town, "02188880000")["disposition"] == "fax_machine", told, 40)
    town.exchange.wait_no_calls(30.0)
