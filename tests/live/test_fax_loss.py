"""Bills faxed over a line that loses packets: the kernel drops some of what both Asterisks send, sound and T.38."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from ivr_server.pbx import fetch
from tests.live.fax_exchange import number, same
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live

Figure = Callable[[str, object], None]
LOST = 3  # of 100 packets, each way: a call that people would complain of
BILL = 2  # customer


def nft(*commands: str) -> int:
    """Tell the kernel's packet filter; how many packets it has dropped for us, when that is asked."""
    tool = shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert tool, "nft is missing: sh tools/system.sh installs it"
    told = subprocess.run([tool, "; ".join(commands)], check=True, capture_output=True, text=True, timeout=20).stdout
    return int(told.split(" packets ")[1].split()[0]) if " packets " in told else 0


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[FaxTown]:
    """Everything, running; no line loses anything yet."""
    if os.geteuid():
        pytest.skip("dropping packets takes root")
    with fax_town(installed, at_once=12) as made:
        made.thin(BILL)
        yield made


@pytest.fixture(scope="module")
def dropped(town: FaxTown) -> Iterator[Callable[[], int]]:
    """From here on packets are lost; how many were."""
    first, last = town.exchange.media
    table = f"inet lossy_{first}"
    chain = f"{table} arriving"
    nft(
        f"add table {table}",
        f"add chain {chain} {{ type filter hook input priority 0; }}",
        f"add rule {chain} udp dport {first}-{last} numgen random mod 100 < {LOST} counter drop",
    )
    try:
        yield lambda: nft(f"list table {table}")
    finally:
        nft(f"delete table {table}")


@pytest.fixture(scope="module")
def jobs(town: FaxTown, dropped: Callable[[], int]) -> dict[str, int]:
    """A job to each kind of machine, ended."""
    made = {behaviour: town.ask(number(behaviour), BILL) for behaviour in ("fine", "audio", "plain")}
    for job in made.values():
        town.end(job, 300)
    return made


def test_H4_what_a_job_says_is_what_arrived(
    town: FaxTown, jobs: dict[str, int], dropped: Callable[[], int], figure: Figure
) -> None:
    """Sent when the receiver has every page, failed when it has not, however many packets were lost."""
    assert dropped() > 100
    for job in jobs.values():
        town.must_match(job)
    figure(
        f"faxes of one page sent while {LOST} of 100 packets are lost: T.38, audio, audio without error correction",
        {behaviour: town.row(job).state for behaviour, job in jobs.items()},
    )


def test_H4_t38_makes_good_what_is_lost(town: FaxTown, jobs: dict[str, int]) -> None:
    """Each packet carries the ones before it: every dot arrives."""
    row = town.row(jobs["fine"])
    assert (row.state, row.delivered) == ("sent", 1)
    paper = town.exchange.received(row.number)[-1]
    assert [same(*two) for two in zip(paper.sheets(), town.bill(row.id), strict=True)] == [True]
