"""Bills faxed for real: two Asterisks, SIP, SendFAX to ReceiveFAX. One machine of each behaviour, all called at once.

Each test looks at one side of what happened. What the job says and what the receiver has on its paper must be one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from crm_bridge import fax_jobs
from ivr_server.pbx import fetch
from tests.live.fax_exchange import number, same
from tests.live.fax_town import FaxTown, fax_town

pytestmark = pytest.mark.live

Figure = Callable[[str, object], None]
ONE_PAGE, THREE_PAGES, FIVE_PAGES = 2, 5, 7  # customers
ASKED = {
    "fine": ONE_PAGE, "audio": FIVE_PAGES, "plain": ONE_PAGE, "busy": ONE_PAGE, "silent_ring": ONE_PAGE,
    "congested": ONE_PAGE, "voice": ONE_PAGE, "person": ONE_PAGE, "torn": THREE_PAGES,
}  # fmt: skip


@pytest.fixture(scope="module")
def town(installed: fetch.Installed) -> Iterator[FaxTown]:
    """Everything, running, with room for all calls at once."""
    with fax_town(installed, at_once=12) as made:
        made.fatten(THREE_PAGES, 3)
        made.fatten(FIVE_PAGES, 5)
        yield made


@pytest.fixture(scope="module")
def jobs(town: FaxTown) -> dict[str, int]:
    """A job to each kind of machine, ended; and one that a person cancelled when its first page was through."""
    made = {behaviour: town.ask(number(behaviour), customer) for behaviour, customer in ASKED.items()}
    made["cancelled"] = town.ask(number("fine", 2), FIVE_PAGES)
    until = time.monotonic() + 150
    while town.row(made["cancelled"]).delivered < 1 and time.monotonic() < until:
        time.sleep(0.2)
    town.run(fax_jobs.stop, made["cancelled"])
    for job in made.values():
        town.end(job, 240)
    return made


def test_every_end_state_is_what_the_receiver_has(town: FaxTown, jobs: dict[str, int], figure: Figure) -> None:
    """A page that counts as delivered is on paper, in every job; at most one page more of each call that broke off."""
    for job in jobs.values():
        town.must_match(job)
    figure("fax jobs of one behaviour each, whose end is the receiver's page count", len(jobs))


@pytest.mark.parametrize(("behaviour", "pages"), [("fine", 1), ("audio", 5), ("plain", 1)])
def test_the_pages_on_paper_are_the_pages_of_the_bill(
    town: FaxTown, jobs: dict[str, int], behaviour: str, pages: int
) -> None:
    """T.38, audio, and audio without error correction: every dot of every page."""
    row = town.row(jobs[behaviour])
    paper = town.exchange.received(row.number)[-1]
    assert (row.state, row.pages, row.delivered) == ("sent", pages, pages)
    assert [same(*two) for two in zip(paper.sheets(), town.bill(row.id), strict=True)] == [True] * pages


def test_H4_the_way_of_sending_is_told(town: FaxTown, jobs: dict[str, int], figure: Figure) -> None:
    """T.38 where the line can do it, audio where not; the time of a page is measured."""
    manners = {behaviour: town.dials(jobs[behaviour])[-1].manner for behaviour in ("fine", "audio", "plain")}
    assert manners == {"fine": "T.38", "audio": "audio", "plain": "audio"}
    dial = town.dials(jobs["audio"])[-1]
    figure("seconds a fax page took, dialling included", round((dial.ended - dial.began) / dial.pages, 1))


def test_H1_busy_is_tried_three_times(town: FaxTown, jobs: dict[str, int]) -> None:
    """Each dial is there with its cause."""
    row = town.row(jobs["busy"])
    assert (row.state, row.cause, row.tries) == ("failed", "busy", 3)
    assert [dial.cause for dial in town.dials(row.id)] == ["busy"] * 3


def test_H2_nobody_answers_and_a_refused_number(town: FaxTown, jobs: dict[str, int]) -> None:
    """No answer three times; a number that the network refuses, twice."""
    row, refused = town.row(jobs["silent_ring"]), town.row(jobs["congested"])
    assert (row.state, row.cause, row.tries) == ("failed", "no_answer", 3)
    assert (refused.state, refused.cause, refused.tries) == ("failed", "refused", 2)


@pytest.mark.parametrize("behaviour", ["voice", "person"])
def test_H2_a_person_is_rung_twice_at_most_and_not_beeped_at_for_long(
    town: FaxTown, jobs: dict[str, int], behaviour: str
) -> None:
    """No fax tones: two dials, each ended by us soon after the answer (Asterisk alone would go on for 104 s)."""
    row = town.row(jobs[behaviour])
    assert (row.state, row.cause, row.tries) == ("failed", "no_carrier", 2)
    longest = max(dial.ended - dial.began for dial in town.dials(row.id))
    assert longest < town.product.settings.fax.mute_s + 12, town.dials(row.id)


def test_H3_a_cut_after_page_one_is_gone_on_with_at_page_two(town: FaxTown, jobs: dict[str, int]) -> None:
    """The second call begins with page 2, marked as a possible repeat; no page is lost, one at most came twice."""
    row = town.row(jobs["torn"])
    first, *_, last = town.dials(row.id)
    calls = town.exchange.received(row.number)
    assert (row.state, row.pages, row.delivered) == ("sent", 3, 3)
    assert first.cause == "cut"
    assert (first.manner, last.manner) == ("T.38", "audio")  # H4: a broken sending goes one step down
    assert last.first == first.pages + 1
    assert sum(call.pages for call in calls) <= row.pages + 1
    bill, paper = town.bill(row.id), calls[-1].sheets()
    assert len(paper) == row.pages - first.pages
    assert not same(paper[0], bill[first.pages])  # stamped
    assert [same(*two) for two in zip(paper[1:], bill[first.pages + 1 :], strict=True)] == [True] * (len(paper) - 1)


def test_a_person_cancels_while_it_is_sent(town: FaxTown, jobs: dict[str, int]) -> None:
    """The call ends; what had arrived by then is known."""
    row = town.row(jobs["cancelled"])
    assert (row.state, row.cause) == ("failed", "cancelled")
    assert 1 <= row.delivered < row.pages
    assert row.tries == 1


def test_nothing_is_left_over(town: FaxTown, jobs: dict[str, int]) -> None:
    """No channel, no ticket, no pages laid out; an answer of each dial; no fault of ours in the log."""
    assert jobs
    town.exchange.wait_no_calls()
    left = [path.name for name in ("tickets", "outgoing") for path in (town.spool.root / name).iterdir()]
    assert left == []
    dials = {(job, dial.dial) for job in jobs.values() for dial in town.dials(job)}
    assert set(town.spool.answers(0)) == dials
    assert '"level": "critical"' not in town.product.log()
