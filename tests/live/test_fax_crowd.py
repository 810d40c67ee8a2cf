"""Ten bills at once on a line for two, three of them to one number."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ivr_server.pbx import fetch
from tests.live.fax_exchange import number, numbers_of
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live

Figure = Callable[[str, object], None]


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[FaxTown]:
    """Everything, running, two calls at most."""
    with fax_town(installed, at_once=2) as made:
        made.thin(2)
        yield made


def test_H10_ten_jobs_go_out_two_at_a_time_and_one_at_a_time_to_a_number(town: FaxTown, figure: Figure) -> None:
    """All arrive, each once; never a third call, never two to one number."""
    numbers = [*numbers_of("fine", 7), *[number("fine", 8)] * 3]
    seen: list[list[str]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.4):
            told = town.exchange.far.cli("core show channels concise")
            seen.append([line.split("!")[2] for line in told.splitlines() if line.startswith("PJSIP/")])

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    jobs = [town.ask(one) for one in numbers]
    rows = [town.end(job, 300) for job in jobs]
    over.set()
    watcher.join()
    assert [row.state for row in rows] == ["sent"] * 10
    assert max(map(len, seen)) == 2
    assert all(len(set(one)) == len(one) for one in seen)
    papers = town.exchange.received()
    assert sorted(paper.number for paper in papers) == sorted(numbers)
    assert all(paper.pages == 1 for paper in papers)
    figure("seconds for ten faxes of one page, two at a time", round(time.monotonic() - began))
