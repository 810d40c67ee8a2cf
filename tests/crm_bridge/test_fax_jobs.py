"""The store of fax jobs, on both databases: rows, what may not be undone, what a page may ask for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest

from crm_bridge import fax_attempts, fax_jobs
from crm_bridge.fax_attempts import Attempt
from crm_bridge.fax_jobs import FaxRow, Filter, NewFax
from fax.job import ACTIVE, FINAL, IDLE, FaxJob
from tests.crm_bridge.fax_store import NOW, Store, store

__all__ = ["store"]


# --- rows ----------------------------------------------------------------------------------------------------------


def test_a_row_holds_all_of_a_job_and_the_lease() -> None:
    """The two rooms know nothing of each other; their fields and states are the same."""
    of_job = {field.name for field in fields(FaxJob)}
    assert {field.name for field in fields(FaxRow)} == of_job | {"worker", "fence", "leased_until"}
    assert (set(fax_jobs.IDLE), set(fax_jobs.ACTIVE), set(fax_jobs.FINAL)) == (IDLE, ACTIVE, FINAL)


def test_what_is_saved_is_what_is_read(store: Store) -> None:
    """Each field of the machine's, with instants to the last bit; who asked for what stays as it was."""
    store.put("k")
    row = store.lease()[0]
    assert store.job(row.id) == row
    changes = {
        "since": NOW + 1.1, "state": "unknown", "cause": "lost", "detail": "d", "pages": 5, "digest": "f" * 64,
        "first": 3, "delivered": 4, "repeated": 5, "tries": 2, "settled": 1, "failures": ("busy", "cut"),
        "begun": NOW + 0.1, "dialled": NOW + 0.2, "due": NOW + 0.3,
    }  # fmt: skip
    assert store.save(row, **changes, number="999", account="a-2", stop=True, heard=True, worker="x")
    assert store.job(row.id) == replace(row, **changes)


def test_a_reason_of_any_length_and_bytes_can_be_kept(store: Store) -> None:
    """It may quote a stranger's file."""
    store.put("k")
    (row,) = store.lease()
    assert store.save(row, detail="a\0b" + "长" * 400)
    assert store.job(row.id).detail == "a b" + "长" * 197


def test_the_same_wish_again_is_the_same_job(store: Store) -> None:
    """By its key, in one transaction or in two; nothing of the first one is changed."""
    first = store.put("k", month="2026-09")
    assert store.put("k", month="2026-10") == first
    assert store.put("other") != first
    assert store.job(first).month == "2026-09"


def test_a_wish_lives_and_dies_with_the_transaction_it_is_part_of(store: Store) -> None:
    """Rolled back with the caller's effect, it was never there."""
    told = NewFax(
        key="k", account="a", customer="1", month="2026-10", number="010", language="en-US", call="c", created=1
    )
    with store.engine.connect() as connection:
        fax_jobs.put(connection, told)
        connection.rollback()
    assert store(fax_jobs.counts) == {}


@pytest.mark.parametrize("number", ["", "12", "010-1234", "0101234567;rm", "1" * 21, "010\n", "+", "１２３４５"])
def test_what_is_no_number_never_gets_in(store: Store, number: str) -> None:
    """Digits, with a plus before them or not."""
    with pytest.raises(ValueError, match="fax number"):
        store.put("k", number)


def test_two_at_once_with_one_key_make_one_job(store: Store) -> None:
    """Eight transactions together."""
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: store.put("k"), range(16)))
    assert len(ids) == 1
    assert store(fax_jobs.counts) == {"waiting": 1}


# --- what may not be undone ----------------------------------------------------------------------------------------


def test_pages_delivered_never_go_down(store: Store) -> None:
    """Whatever is written."""
    store.put("k")
    (row,) = store.lease()
    assert store.save(row, delivered=3)
    assert store.save(row, delivered=1)
    assert store.job(row.id).delivered == 3


def test_what_the_caller_heard_is_of_one_state(store: Store) -> None:
    """Heard stays until the state is another one; and only the state that was spoken is heard."""
    id = store.put("k")
    store(fax_jobs.heard, id, "sent")
    assert not store.job(id).heard
    store(fax_jobs.heard, id, "waiting")
    (row,) = store.lease()
    assert row.heard and store.save(row, pages=3) and store.job(id).heard
    assert store.save(row, state="dialling") and not store.job(id).heard


def test_a_stop_takes_an_idle_job_from_its_worker_and_is_only_noted_for_one_under_way(store: Store) -> None:
    """So that it is not dialled after all; a saving worker does not wipe the note out."""
    id = store.put("k")
    (row,) = store.lease()
    stopped = store(fax_jobs.stop, id)
    assert (stopped.stop, stopped.worker, stopped.fence) == (True, "", row.fence + 1)
    assert not store.save(row, state="dialling")
    (row,) = store.lease()
    assert store.save(row, state="dialling")
    running = store(fax_jobs.stop, id)
    assert (running.fence, running.worker, store(fax_jobs.stops, [id, 999])) == (row.fence, "w", {id})
    assert store.save(row, state="sending", stop=False) and store(fax_jobs.stops, [id]) == {id}
    assert store.save(row, state="failed") and store(fax_jobs.stop, id) is None


def test_a_failed_job_is_opened_again_once_and_others_never(store: Store) -> None:
    """Two people press together: one does it. The stop is over."""
    id = store.put("k")
    store(fax_jobs.stop, id)
    row = store.job(id)
    assert not store(fax_jobs.reopen, replace(row, state="waiting"))
    assert store.save(row, state="failed")
    failed = store.job(id)
    fresh = replace(failed, state="waiting", due=NOW + 9)
    assert store(fax_jobs.reopen, fresh)
    assert not store(fax_jobs.reopen, fresh)
    assert (store.job(id).state, store.job(id).stop, store.job(id).due) == ("waiting", False, NOW + 9)
    assert len(store.lease(now=NOW + 10)) == 1


# --- what people ask -----------------------------------------------------------------------------------------------


def test_jobs_are_found_by_what_may_be_asked_and_by_nothing_else(store: Store) -> None:
    """The newest first; a part of a number is enough, and its signs mean themselves."""
    store.put("k1", customer="1", month="2026-09")
    store.put("k2", "02187654321", customer="2")
    store.put("k3", "+862187654321", customer="1")

    def found(**asked: str) -> list[int]:
        return [row.id for row in store(fax_jobs.jobs, Filter.of(asked), 50)]

    assert [found(), found(customer="1"), found(number="8765"), found(month="2026-09")] == [
        [3, 2, 1],
        [3, 1],
        [3, 2],
        [1],
    ]
    assert [found(number="+86"), found(number="%"), found(number="_"), found(state="sent")] == [[3], [], [], []]
    assert found(state="waiting", customer="1", number="010") == [1]
    with pytest.raises(ValueError, match="digest"):
        Filter.of({"digest": "x"})


def test_a_hostile_filter_is_only_a_word(store: Store) -> None:
    """Quotes and comments find nothing and break nothing."""
    store.put("k1")
    for field in fields(Filter):
        assert store(fax_jobs.jobs, Filter(**{field.name: "' OR 1=1 --"}), 50) == []
    assert store(fax_jobs.counts) == {"waiting": 1}


def test_pages_of_jobs_neither_miss_nor_repeat_one_while_others_come_in(store: Store) -> None:
    """By the last number seen; a page has 500 at most and one at least."""
    for n in range(10):
        store.put(f"k{n}")
    first = store(fax_jobs.jobs, Filter(), 4)
    store.put("late")
    second = store(fax_jobs.jobs, Filter(), 4, first[-1].id)
    third = store(fax_jobs.jobs, Filter(), 4, second[-1].id)
    assert [row.id for row in first + second + third] == list(range(10, 0, -1))
    assert [len(store(fax_jobs.jobs, Filter(), limit)) for limit in (0, -5, 10_000)] == [1, 1, 11]


def test_H7_the_daily_cap_counts_what_was_asked_for_and_may_have_been_dialled(store: Store) -> None:
    """Of this account, since then; not what failed before any dial."""
    store.put("old", created=NOW - 90_000)
    store.put("theirs", "02187654321", account="a-2")
    store.put("k1", "0101")
    ours = store.put("k2", "0102")
    assert store(fax_jobs.sent_since, "a-1", NOW - 86_400) == 2
    row = next(row for row in store.lease() if row.id == ours)
    assert store.save(row, state="failed") and store(fax_jobs.sent_since, "a-1", NOW - 86_400) == 1
    assert store.save(row, state="failed", tries=1) and store(fax_jobs.sent_since, "a-1", NOW - 86_400) == 2


def test_the_customers_newest_job_the_counts_and_the_newest_dial(store: Store) -> None:
    """None and nothing at first."""
    assert (store(fax_jobs.newest_of, "1"), store(fax_jobs.counts), store(fax_jobs.newest_dial)) == (None, {}, 0.0)
    ids = [store.put(f"k{n}", f"010{n}") for n in range(3)]
    store.put("theirs", customer="2")
    assert store(fax_jobs.newest_of, "1").id == ids[-1]
    row = store.lease()[0]
    assert store.save(row, state="dialling", dialled=NOW + 3.5)
    assert (store(fax_jobs.counts), store(fax_jobs.newest_dial)) == ({"waiting": 3, "dialling": 1}, NOW + 3.5)


def test_old_jobs_that_are_over_are_forgotten_with_their_dials(store: Store) -> None:
    """Not those still open, however old."""
    done, kept = store.put("k1", "0101"), store.put("k2", "0102")
    rows = store.lease()
    assert store.save(rows[0], state="sent")
    for id in (done, kept):
        store(fax_attempts.put_attempt, Attempt(job=id, dial=1, began=NOW))
    assert store(fax_jobs.forget, NOW) == []
    assert store(fax_jobs.forget, NOW + 1) == [done]
    store(fax_attempts.forget_attempts, [done])
    assert (store(fax_attempts.attempts, done), len(store(fax_attempts.attempts, kept))) == ([], 1)


def test_a_dial_is_written_before_it_and_ended_after_it(store: Store) -> None:
    """How it began is not rewritten; a stranger's long words are cut."""
    before = Attempt(job=1, dial=2, began=NOW, first=3, manner="T.38, 14400, ECM", worker="a")
    store(fax_attempts.put_attempt, before)
    assert store(fax_attempts.attempts, 1) == [before]
    after = Attempt(job=1, dial=2, began=NOW + 9, ended=NOW + 60, pages=2, cause="cut", rate=9_600, remote="x" * 99)
    store(fax_attempts.put_attempt, replace(after, worker="b", manner=before.manner))
    store(fax_attempts.put_attempt, Attempt(job=1, dial=1, began=NOW - 9))
    assert [one.dial for one in store(fax_attempts.attempts, 1)] == [1, 2]
    wanted = replace(after, began=NOW, first=3, worker="a", manner=before.manner, remote="x" * 40)
    assert store(fax_attempts.attempts, 1)[1] == wanted
