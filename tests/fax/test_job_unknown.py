"""The fax job as a value, when nobody knows: what ends it, and answers that come twice, late, or from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fax.causes import Outcome
from fax.job import (
    Illegal,
    begin,
    drop,
    duty,
    first_page,
    look,
    lost,
    progress,
    repeat,
    settle,
    token,
)
from tests.fax.jobs import NEW, NOON, READY, after, at, came, dialled

# --- unknown -------------------------------------------------------------------------------------------------------


def test_B3_nothing_is_dialled_while_the_window_runs() -> None:
    """Gone from the channel list is believed after the window only; then the job waits as after any failure."""
    job = lost(progress(dialled(READY), 2, at(20)), at(30))
    assert (job.state, job.cause, job.due) == ("unknown", "lost", NOON + 90)
    assert look(job, False, at(89)) == job
    with pytest.raises(Illegal):
        begin(job, at(89))
    job = look(job, False, at(90))
    assert (job.state, job.cause, first_page(job), repeat(job), job.due) == ("retrying", "lost", 3, 3, NOON + 390)


def test_B3_a_channel_that_is_there_is_taken_up_again() -> None:
    """By the list, or by pages that move."""
    job = lost(dialled(READY), at(30))
    assert look(job, True, at(500)).state == "dialling"
    assert (progress(job, 1, at(500)).state, progress(job, 1, at(500)).delivered) == ("sending", 1)


def test_H6_an_answer_ends_the_unknown_at_once() -> None:
    """Inside the window and long after."""
    job = lost(dialled(READY), at(30))
    assert settle(job, came("sent", 5), at(31)).state == "sent"
    assert settle(job, came("busy"), at(5_000)).cause == "busy"


def test_H5_a_dial_that_nobody_watched_any_more_is_lost_and_never_simply_dialled_again() -> None:
    """What a worker finds under way is to be declared lost, whatever the clock says."""
    for job in (dialled(READY), progress(dialled(READY), 1, at())):
        assert duty(job, at(1)) == duty(job, at(1_000_000)) == "lose"
        with pytest.raises(Illegal):
            begin(job, at(1_000_000))


# --- answers that come twice, late, or from elsewhere --------------------------------------------------------------


def test_B4_an_answer_twice_changes_nothing() -> None:
    """Retrying stays with one failure; sent stays sent; failed stays failed."""
    for outcomes in ([came("cut", 2)], [came("sent", 5)], [came("refused")] * 2):
        job = after(READY, *outcomes)
        assert settle(job, replace(outcomes[-1], dial=job.tries), at(9_000, chance=1.0)) == job


def test_B4_pages_seen_late_or_out_of_order_change_nothing() -> None:
    """Fewer than before, or after the end."""
    job = progress(progress(dialled(READY), 3, at()), 1, at())
    assert job.delivered == 3
    job = settle(job, came("cut", 3), at(9))
    assert progress(job, 5, at(10)) == job


def test_a_late_answer_tells_what_arrived_after_all() -> None:
    """Given up as lost with one page seen; the answer comes later: three pages, then even all."""
    job = look(lost(progress(dialled(READY), 1, at(5)), at(9)), False, at(99))
    late = settle(job, Outcome(cause="cut", pages=3, partial=True, dial=1), at(200))
    assert (late.state, late.delivered, repeat(late), late.failures) == ("retrying", 3, 4, ("lost",))
    assert settle(job, Outcome(cause="sent", pages=5, dial=1), at(200)).state == "sent"


def test_a_late_answer_makes_even_a_failed_job_sent_but_not_a_sent_one_failed() -> None:
    """Unknown to failed by age, then the answer is found."""
    job = drop(lost(dialled(READY), at(1)), at(90_000))
    assert (job.state, job.cause) == ("failed", "too_old")
    assert settle(job, Outcome(cause="sent", pages=5, dial=1), at(90_001)).state == "sent"
    some = settle(job, Outcome(cause="cut", pages=2, dial=1), at(90_001))
    assert (some.state, some.delivered) == ("failed", 2)
    sent = after(READY, came("sent", 5))
    assert settle(sent, Outcome(cause="cut", pages=0, dial=1), at(9)) == sent


def test_a_late_answer_during_the_next_dial_leaves_that_dial_alone() -> None:
    """It only adds its pages, counted from the page with which that dial began."""
    job = dialled(look(lost(dialled(READY), at(9)), False, at(99)))
    late = settle(job, Outcome(cause="cut", pages=2, dial=1, first=1), at(600))
    assert (late.state, late.delivered, late.settled) == ("dialling", 2, 1)


def test_J6_an_answer_of_a_dial_that_a_restored_ledger_has_forgotten_is_believed_by_its_token() -> None:
    """Yesterday's row says waiting; the spool holds the answer of a dial that was made since."""
    made = dialled(after(READY, came("busy")))
    answer = Outcome(cause="sent", pages=5, dial=2, token=token(made), first=1)
    assert settle(READY, answer, at(9)).state == settle(NEW, answer, at(9)).state == "sent"
    adopted = settle(NEW, replace(answer, cause="cut", pages=2), at(9))
    assert (adopted.state, adopted.tries, adopted.delivered) == ("retrying", 2, 2)
    with pytest.raises(Illegal):
        settle(READY, replace(answer, token=""), at(9))


def test_an_answer_with_another_jobs_token_is_refused() -> None:
    """A job number that was given twice, after a backup was put back, does not mix two customers up."""
    job = dialled(READY)
    stranger = dialled(replace(READY, account="a-2"))
    with pytest.raises(Illegal):
        settle(job, Outcome(cause="sent", pages=5, dial=1, token=token(stranger)), at())
    assert settle(job, Outcome(cause="sent", pages=5, dial=1, token=token(job)), at()).state == "sent"


def test_a_token_is_of_one_dial_only_and_survives_a_database() -> None:
    """The next dial has another; an instant that comes back as a whole number makes no difference."""
    job = dialled(READY)
    assert token(job) != token(replace(job, tries=2))
    assert token(job) == token(replace(job, created=int(job.created)))
