"""Which server works on which fax job, on both databases: leases with a fence, one call to a number, kill -9."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert

from crm_bridge import fax_jobs
from crm_bridge.fax_jobs import Capacity, Claim, FaxRow
from tests.crm_bridge.fax_store import HERE, NOW, Store, store

__all__ = ["store"]


# --- leases --------------------------------------------------------------------------------------------------------


def test_H12_a_job_is_leased_to_one_only(store: Store) -> None:
    """Until the lease runs out; then to another, with a higher fence."""
    store.put("k")
    (row,) = store.lease("a")
    assert (row.worker, row.fence, row.leased_until) == ("a", 1, NOW + 30)
    assert store.lease("b", NOW + 29.9) == []
    (again,) = store.lease("b", NOW + 30)
    assert (again.id, again.worker, again.fence > row.fence) == (row.id, "b", True)


def test_H12_a_paused_servers_late_writes_are_refused(store: Store) -> None:
    """Saving, renewing and releasing, once another has the job; and nothing of them is written."""
    store.put("k")
    (old,) = store.lease("a")
    (new,) = store.lease("b", NOW + 31)
    assert not store.save(old, state="dialling", tries=1)
    assert not store(fax_jobs.renew, old.id, old.fence, NOW + 999)
    assert not store(fax_jobs.release, old.id, old.fence)
    assert store.job(old.id) == new
    assert store.save(new, state="dialling", tries=1)


def test_H12_H10_a_lapsed_lease_is_worth_nothing_once_its_number_was_given_to_another_job(store: Store) -> None:
    """A pauses with job 1; B gets job 2 to the same number; A awakes, and may not begin to dial."""
    store.put("k1")
    (old,) = store.lease("a", capacity=Capacity(at_once=1))
    store.put("k0", old.number, created=NOW - 9)
    (other,) = store.lease("b", NOW + 31)
    assert other.id != old.id
    assert not store.save(old, state="dialling")
    assert not store(fax_jobs.renew, old.id, old.fence, NOW + 999)


def test_a_lease_that_is_kept_up_does_not_run_out(store: Store) -> None:
    """Renewed in time, again and again; and given back, it is free at once."""
    store.put("k")
    (row,) = store.lease("a")
    for passed in (20, 40, 60):
        assert store(fax_jobs.renew, row.id, row.fence, NOW + passed + 30)
        assert store.lease("b", NOW + passed + 29) == []
    assert store(fax_jobs.release, row.id, row.fence)
    assert not store(fax_jobs.renew, row.id, row.fence, NOW + 999)
    assert len(store.lease("b", NOW + 60)) == 1


def test_only_what_is_due_is_leased_the_longest_due_first(store: Store) -> None:
    """Final jobs never; a job of tomorrow not today."""
    ids = [store.put(f"k{n}", f"0101234{n:04}", created=NOW - n) for n in range(4)]
    rows = {row.id: row for row in store.lease()}
    assert list(rows) == ids[::-1]
    assert store.save(rows[ids[0]], due=NOW + 1_000, state="retrying")
    assert store.save(rows[ids[1]], state="sent")
    assert store.save(rows[ids[2]], state="failed")
    for row in rows.values():
        store(fax_jobs.release, row.id, row.fence)
    assert [row.id for row in store.lease(now=NOW + 1)] == [ids[3]]
    assert [row.id for row in store.lease(now=NOW + 1_000)] == [ids[3], ids[0]]


@pytest.mark.parametrize("state", ["dialling", "sending", "unknown"])
def test_H10_a_number_stays_taken_while_a_call_to_it_may_be_up(store: Store, state: str) -> None:
    """Even when its worker is dead: that job is taken over first; the other one waits until it is over."""
    store.put("k1")
    second = store.put("k2")
    (row,) = store.lease("a")
    assert store.save(row, state=state, tries=1)
    for now in (NOW + 1, NOW + 31, NOW + 62):
        assert [one.id for one in store.lease("b", now)] == ([row.id] if now > NOW + 30 else [])
    held = store.job(row.id)
    assert store.save(held, state="sent")
    assert store(fax_jobs.release, held.id, held.fence)
    assert [one.id for one in store.lease("b", NOW + 63)] == [second]


def test_H10_of_a_thousand_jobs_to_one_number_one_is_leased(store: Store) -> None:
    """And beside it the one to another number that was asked for last."""
    blank = {**fax_jobs._BLANK, "account": "a", "customer": "1", "month": "2026-10", "language": "zh-CN", "call": "c"}
    rows = [
        {**blank, "key": f"k{n}", "number": "01012345678", "created": NOW, "since": NOW, "due": NOW - 1_000 + n}
        for n in range(1_000)
    ]
    store(lambda connection: connection.execute(insert(fax_jobs.fax_jobs), rows))
    last = store.put("last", "02187654321")
    leased = store.lease()
    assert [row.number for row in leased] == ["01012345678", "02187654321"]
    assert leased[1].id == last
    assert store.lease("b") == []


def test_no_more_are_in_work_than_the_limit_over_all_servers(store: Store) -> None:
    """Two, though three servers ask; one that is over makes room for one; one that may be up does not."""
    for n in range(6):
        store.put(f"k{n}", f"0101234{n:04}")
    two = Capacity(at_once=2)
    first = store.lease("a", capacity=two)
    assert (len(first), store.lease("b", capacity=two), store.lease("c", capacity=two)) == (2, [], [])
    assert store.save(first[0], state="sent") and store(fax_jobs.release, first[0].id, first[0].fence)
    assert len(store.lease("b", capacity=two)) == 1
    assert store.save(first[1], state="unknown") and store(fax_jobs.release, first[1].id, first[1].fence)
    assert [row.id for row in store.lease("c", capacity=two)] == [first[1].id]
    assert store.lease("d", NOW + 10, Capacity(at_once=2, most=5)) == []


def test_a_server_takes_no_more_than_it_asked_for(store: Store) -> None:
    """One by one, of what was left under way as of what is due."""
    for n in range(4):
        store.put(f"k{n}", f"0101234{n:04}")
    one = Capacity(at_once=100, most=1)
    assert [len(store.lease("a", capacity=one)) for _ in range(2)] == [1, 1]
    for row in store.lease("a"):
        assert store.save(row, state="sending")
    assert [len(store.lease("b", NOW + 31, one)) for _ in range(5)] == [1, 1, 1, 1, 0]


def test_D10_H12_servers_that_ask_together_never_get_the_same_job_nor_the_same_number(store: Store) -> None:
    """Six at once, forty jobs to ten numbers, a limit of eight."""
    for n in range(40):
        store.put(f"k{n}", f"010123400{n % 10:02}")
    gate = threading.Barrier(6)

    def ask(name: str) -> list[FaxRow]:
        gate.wait()
        return store.lease(name, capacity=Capacity(at_once=8, most=3))

    with ThreadPoolExecutor(6) as pool:
        leased = [row for rows in pool.map(ask, "abcdef") for row in rows]
    assert len(leased) == len({row.id for row in leased}) == len({row.number for row in leased}) == 8


def test_a_job_for_a_late_answer_is_taken_by_its_number_unless_somebody_has_it(store: Store) -> None:
    """A failed one too; not one whose number another job is calling; the fence is a new one."""
    id, other = store.put("k1"), store.put("k2")
    (row,) = store.lease("a")
    take = Claim("b", NOW + 1, 30.0)
    assert store(fax_jobs.take, id, take) is None
    assert store(fax_jobs.take, other, take) is None
    assert store.save(row, state="failed") and store(fax_jobs.release, id, row.fence)
    taken = store(fax_jobs.take, id, take)
    assert (taken.id, taken.fence, taken.state) == (id, row.fence + 1, "failed")
    assert store(fax_jobs.take, 999, take) is None


# --- kill -9 -------------------------------------------------------------------------------------------------------


def test_H5_twenty_five_random_kills_of_the_sending_server(tmp_path: Path, url: str) -> None:
    """No dial twice, no two calls to a number, no page twice without a mark, an end for each job: the ledgers agree."""
    command = [sys.executable, str(HERE / "fax_killed.py"), str(tmp_path / "exchange"), url, "25", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, cwd=HERE.parent.parent, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    word, lives, dials = done.stdout.split()
    assert (word, lives) == ("ok", "25")
    assert int(dials) > 40
