"""A bill faxed by the oldest Asterisk that we support (16, of Debian 11) on the same generated files: a subset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ivr_server.pbx import fetch
from tests.live.conftest import FIGURES
from tests.live.fax_exchange import number, same
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def town() -> Iterator[FaxTown]:
    """Everything, running, both Asterisks of version 16; on Ubuntu, which has no Debian mirror, its own version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fetch.SUITE, "" if fetch._is_ubuntu(fetch._release()) else "bullseye")
        installed = fetch.find(print)
    FIGURES["older Asterisk, for faxes"] = installed.version
    with fax_town(installed, at_once=2) as made:
        made.thin(2)
        yield made


def test_a_bill_arrives_and_a_busy_line_is_told(town: FaxTown) -> None:
    """The manager user is taken, the page is the bill's dot for dot, each dial of a busy number has its cause."""
    arrives, busy = town.ask(number("fine")), town.ask(number("busy"))
    assert (town.end(arrives).state, town.end(busy).cause) == ("sent", "busy")
    (call,) = town.must_match(arrives)
    assert [same(*two) for two in zip(call.sheets(), town.bill(arrives), strict=True)] == [True]
    assert [dial.cause for dial in town.dials(busy)] == ["busy"] * 3
    town.exchange.wait_no_calls()
