"""The fax job as a value: what may come when, how often it is dialled, and what counts as delivered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fax import job as machine
from fax.causes import CAUSES, Outcome
from fax.job import (
    FINAL,
    MANNERS,
    STATES,
    TABLE,
    FaxJob,
    Illegal,
    Moment,
    again,
    begin,
    cancel,
    drop,
    duty,
    first_page,
    how,
    look,
    lost,
    pressed,
    progress,
    repeat,
    settle,
    token,
    trouble,
)
from tests.fax.jobs import NEW, NOON, READY, after, at, came, dialled

# --- the ordinary way ----------------------------------------------------------------------------------------------


def test_a_fax_that_goes_through_is_sent_with_its_pages() -> None:
    """Waiting, dialling, sending page by page, sent."""
    job = dialled(READY)
    assert (job.state, job.tries, job.first) == ("dialling", 1, 1)
    for page in range(6):
        job = progress(job, page, at(10))
        assert (job.state, job.delivered) == ("sending", page if page < 5 else 5)
    job = settle(job, came("sent", 5), at(60))
    assert (job.state, job.cause, job.delivered, job.settled, job.repeated) == ("sent", "sent", 5, 1, 0)


def test_the_intent_is_counted_before_the_dial() -> None:
    """``begin`` alone, with nothing known of a dial, is a try."""
    assert (dialled(READY).tries, dialled(READY).dialled) == (1, NOON)


def test_success_with_fewer_pages_than_were_sent_is_a_cut() -> None:
    """And goes on with the page behind the last confirmed one."""
    job = after(READY, came("sent", 3))
    assert (job.state, job.cause, job.delivered, first_page(job)) == ("retrying", "cut", 3, 4)


def test_H3_a_cut_goes_on_behind_the_last_confirmed_page_and_marks_one() -> None:
    """Pages 1 and 2 arrived; page 3 was on its way and is marked; the second dial counts from there."""
    job = after(READY, came("cut", 2))
    assert (job.state, first_page(job), repeat(job)) == ("retrying", 3, 3)
    job = after(job, came("cut", 1))
    assert (job.delivered, first_page(job), repeat(job)) == (3, 4, 4)
    job = after(job, came("sent", 2))
    assert (job.state, job.delivered, repeat(job)) == ("sent", 5, None)


def test_H3_a_mark_outlives_a_busy_line_between() -> None:
    """The page is still the one that may arrive twice."""
    assert repeat(after(READY, came("cut", 2), came("busy"))) == 3


def test_a_dial_that_broke_off_before_any_page_marks_none() -> None:
    """Busy, and a negotiation that failed, bring no page."""
    assert repeat(after(READY, came("busy"))) is None
    assert repeat(after(READY, Outcome(cause="cut"))) is None


def test_H3_all_pages_confirmed_is_sent_whatever_the_ending_said() -> None:
    """The line went down after the last page: there is nothing left to send."""
    assert after(READY, came("cut", 5)).state == "sent"
    assert after(READY, came("cut", 2), came("cut", 3)).state == "sent"


def test_more_pages_than_the_document_has_are_not_believed() -> None:
    """The count stops at the document's last page."""
    assert after(READY, came("cut", 900)).delivered == 5


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause != "sent"])
def test_H11_nothing_but_sent_is_success(cause: str) -> None:
    """Whatever else came, with four of five pages: not sent."""
    assert after(READY, came(cause, 4)).state in ("retrying", "failed")


# --- again and again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "dials"),
    [("busy", 3), ("no_answer", 3), ("cut", 3), ("lost", 3), ("no_carrier", 2), ("refused", 2), ("fault", 5)],
)
def test_H2_each_cause_has_its_number_of_dials(cause: str, dials: int) -> None:
    """Three in all; no carrier and refused two; our own faults five, as they do not count against the caller."""
    job = READY
    for _ in range(dials):
        assert job.state != "failed"
        job = after(job, came(cause))
    assert (job.state, job.cause, job.tries) == ("failed", cause, dials)


def test_faults_of_ours_do_not_use_the_callers_tries_up() -> None:
    """Four faults and two busy lines leave a dial."""
    job = after(READY, *[came("fault")] * 4, came("busy"), came("busy"))
    assert job.state == "retrying"
    assert after(job, came("busy")).state == "failed"


def test_H1_twelve_dials_are_the_end_whatever_the_settings_say() -> None:
    """A hundred tries allowed, and one can be had each second."""
    generous = {"tries": 100, "most_dials": 100, "busy_s": 1.0}
    job = after(READY, *[came("busy")] * 12, **generous)
    assert (job.state, job.tries) == ("failed", 12)


def test_H1_three_hours_after_the_first_dial_there_is_none_whatever_the_settings_say() -> None:
    """A hundred tries an hour apart, a window of a week: four dials; and the window begins with the first dial."""
    generous = {"tries": 100, "busy_s": 3_590.0, "window_s": 600_000.0, "jitter": 0.0}
    job = after(replace(READY, due=NOON + 40_000), *[came("busy")] * 4, **generous)
    assert (job.state, job.tries, job.dialled - job.begun) == ("failed", 4, 3 * 3_590.0)
    assert after(replace(READY, due=NOON), *[came("busy")] * 3, **generous).state == "retrying"


@pytest.mark.parametrize(("cause", "middle"), [("busy", 180.0), ("no_answer", 300.0), ("cut", 300.0), ("fault", 300.0)])
def test_H1_waits_go_by_the_cause_give_or_take_half(cause: str, middle: float) -> None:
    """From half of it to one and a half, by chance."""
    job = dialled(READY)
    due = [settle(job, came(cause), at(chance=chance)).due - NOON for chance in (0.0, 0.5, 1.0)]
    assert due == [0.5 * middle, middle, 1.5 * middle]


def test_nothing_is_dialled_before_it_is_due() -> None:
    """Not a second earlier."""
    job = after(READY, came("busy"))
    assert duty(job, at(179)) == "rest"
    with pytest.raises(Illegal):
        begin(job, at(179))
    assert (duty(job, at(180)), begin(job, at(180)).tries) == ("dial", 2)


def test_H4_the_manner_steps_down_with_broken_negotiations_only() -> None:
    """T.38; audio; audio, slow, without error correction. A busy line changes nothing."""
    assert how(READY) == MANNERS[0] == machine.Manner(True, 14_400, True)
    assert how(after(READY, came("busy"), came("no_answer"))) == MANNERS[0]
    assert how(after(READY, came("cut", 1))) == MANNERS[1] == machine.Manner(False, 14_400, True)
    assert how(after(READY, came("no_carrier"), came("cut"))) == MANNERS[2] == machine.Manner(False, 9_600, False)
    assert how(replace(READY, failures=("cut",) * 9)) == MANNERS[2]


def test_a_document_that_cannot_be_made_is_tried_again_and_then_fails() -> None:
    """Undialled, it does not count as a try of the caller's."""
    job = NEW
    for _ in range(5):
        assert job.state != "failed"
        job = trouble(job, "out of memory", at())
    assert (job.state, job.cause, job.detail, job.tries) == ("failed", "fault", "out of memory", 0)


def test_H13_another_document_is_not_gone_on_with() -> None:
    """Two pages of the first have arrived: the third of another would be nonsense. Untouched, it may change."""
    assert pressed(READY, 4, "d2").pages == 4
    job = after(READY, came("cut", 2))
    assert pressed(job, 5, "d1") == job
    assert (pressed(job, 5, "d2").state, pressed(job, 5, "d2").cause) == ("failed", "fault")


# --- people --------------------------------------------------------------------------------------------------------


def test_a_person_cancels_at_once_what_is_not_under_way() -> None:
    """Waiting and retrying end; a dial under way ends when it is hung up, and what arrived is known."""
    assert (cancel(READY, at()).state, cancel(READY, at()).cause) == ("failed", "cancelled")
    job = cancel(dialled(READY), at())
    assert (job.state, job.stop) == ("dialling", True)
    ended = settle(job, came("cut", 2), at(9))
    assert (ended.state, ended.cause, ended.delivered) == ("failed", "cancelled", 2)
    assert settle(job, came("sent", 5), at(9)).state == "sent"


def test_a_stop_that_the_worker_missed_is_done_by_the_next_one() -> None:
    """It is not dialled, whatever its state says."""
    job = replace(READY, stop=True)
    assert duty(job, at()) == "cancel"
    with pytest.raises(Illegal):
        begin(job, at())


def test_again_starts_a_new_round_behind_the_pages_that_arrived() -> None:
    """With all its tries; a dial's number is never used twice."""
    job = after(READY, came("cut", 2), came("busy"), came("busy"))
    assert job.state == "failed"
    job = again(job, at(50_000))
    assert (job.state, job.tries, first_page(job), repeat(job), job.due) == ("waiting", 3, 3, 3, NOON + 50_000)
    job = after(job, came("busy"), came("busy"))
    assert (job.state, job.tries) == ("retrying", 5)


def test_J6_what_is_older_than_a_day_waits_for_a_persons_word() -> None:
    """It is dropped, never dialled; after that word it counts from then."""
    assert duty(READY, at(86_400)) == "dial"
    assert duty(READY, at(86_401)) == "drop"
    with pytest.raises(Illegal):
        begin(READY, at(86_401))
    job = again(drop(READY, at(86_401)), at(90_000))
    assert duty(job, at(90_001)) == "dial"
    assert duty(READY, at(200, old_s=100.0)) == "drop"


def test_an_unknown_job_is_not_dropped_before_its_window_has_run() -> None:
    """A person could say "again" while the call is still up."""
    job = lost(dialled(READY), at(86_399))
    assert duty(job, at(86_410)) == "look"
    with pytest.raises(Illegal):
        drop(job, at(86_410))
    assert duty(job, at(86_470)) == "drop"


def test_fewer_dials_allowed_than_were_made_is_a_drop_and_no_endless_wait() -> None:
    """The rules of the day count."""
    job = after(READY, came("busy"), came("busy"))
    moment = at(5_000, most_dials=2)
    assert duty(job, moment) == "drop"
    assert (drop(job, moment).state, drop(job, moment).cause) == ("failed", "busy")


def test_each_duty_is_an_event_that_may_come() -> None:
    """What a worker is told to do first is never Illegal."""
    assert [duty(job, at()) for job in (NEW, READY, dialled(READY), lost(dialled(READY), at()))] == [
        "press",
        "dial",
        "lose",
        "look",
    ]
    assert duty(after(READY, came("sent", 5)), at()) == "rest"


# --- the table -----------------------------------------------------------------------------------------------------


def all_arrived(job: FaxJob) -> Outcome:
    """The answer of its last dial; of its first when this ledger knows none."""
    dial = job.tries or 1
    return Outcome(cause="sent", pages=5, dial=dial, token=token(replace(job, tries=dial)))


EVENTS = {
    "pressed": lambda job, moment: pressed(job, 5, "d1"),
    "begin": begin,
    "progress": lambda job, moment: progress(job, 1, moment),
    "settle": lambda job, moment: settle(job, all_arrived(job), moment),
    "trouble": lambda job, moment: trouble(job, "", moment),
    "lost": lost,
    "look": lambda job, moment: look(job, True, moment),
    "cancel": cancel,
    "drop": lambda job, moment: drop(job, replace(moment, now=NOON + 1_000_000)),
    "again": again,
}
IN_STATE = {
    "waiting": READY,
    "dialling": dialled(READY),
    "sending": progress(dialled(READY), 1, at()),
    "unknown": lost(dialled(READY), at()),
    "retrying": after(READY, came("cut", 2)),
    "sent": after(READY, came("sent", 5)),
    "failed": after(READY, came("refused"), came("refused")),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_the_table_is_what_the_code_does(state: str, event: str) -> None:
    """A pair that it holds may come and leads where it says; any other is Illegal."""
    job = IN_STATE[state]
    assert job.state == state
    moment = Moment(max(job.due, NOON))
    if (state, event) in TABLE:
        assert EVENTS[event](job, moment).state in TABLE[state, event]
    else:
        with pytest.raises(Illegal):
            EVENTS[event](job, moment)


def test_the_table_knows_the_states_and_events_and_no_way_out_of_the_end_but_two() -> None:
    """``again`` by a person, and a late answer that says all arrived."""
    assert {state for state, _ in TABLE} == set(STATES) == set(IN_STATE)
    assert {event for _, event in TABLE} == set(EVENTS)
    out = {(state, event) for (state, event), to in TABLE.items() if state in FINAL and set(to) != {state}}
    assert out == {("failed", "again"), ("failed", "settle")}
