"""Records of reception and shifts, on both databases: one row each, versions, nothing lost that was acknowledged."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from crm_bridge import receptions, shifts
from crm_bridge.database import Limits, engine_for
from crm_bridge.receptions import Missed, NoReception, Reception, Saved, id_of
from crm_bridge.shifts import Shift
from crm_bridge.versions import prepare

HERE = Path(__file__).resolve().parent
NEW = Reception(id=id_of("li", "c-1"), agent="li", call="c-1", shown="Li", number="13800138000", form="fees", at=100.0)


@dataclass
class Store:
    """Transactions on one database."""

    url: str

    def __post_init__(self) -> None:
        self.engine = engine_for(self.url, Limits(threads=8, wait_ms=20_000)).execution_options(write=True)
        self(prepare)

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """One transaction."""
        with self.engine.begin() as connection:
            return function(connection, *arguments)


@pytest.fixture
def store(url: str) -> Store:
    """An empty one, on both."""
    made = Store(url)
    for table in (receptions.receptions, receptions.missed_calls, shifts.shifts, shifts.shift_log):
        made(lambda connection, table=table: connection.execute(table.delete()))
    return made


def save(store: Store, version: int, **typed: str) -> Saved:
    """What was typed on a version."""
    saved: Saved = store(receptions.save, NEW, version, typed)
    return saved


def test_a_save_makes_the_next_version(store: Store) -> None:
    """Fields with columns and the form's own; what is typed again changes nothing; others stay as they were."""
    assert save(store, 0, asked="why so much", matter="higher") == Saved(1)
    assert save(store, 1, done="explained", follow_up="yes", follow_up_on="2026-12-01") == Saved(2)
    assert save(store, 2, done="explained") == Saved(2)
    kept = store(receptions.one, NEW.id)
    assert (kept.asked, kept.done, kept.values, kept.version) == ("why so much", "explained", {"matter": "higher"}, 2)
    assert (kept.agent, kept.number, kept.at, kept.follow_up_on) == ("li", "13800138000", 100.0, "2026-12-01")


def test_I15_a_save_whose_answer_was_lost_is_told_the_version_it_made(store: Store) -> None:
    """The same words on the same old version; other words are refused with what stands there."""
    save(store, 0, asked="one")
    assert save(store, 0, asked="one") == Saved(1)
    refused = save(store, 0, asked="two")
    assert refused.other is not None and (refused.version, refused.other.asked) == (1, "one")
    assert save(store, 7, asked="one").other is not None
    assert store(receptions.one, NEW.id).asked == "one"


def test_I15_begun_and_saved_by_many_at_once_is_one_row(store: Store) -> None:
    """A hundred begin, forty save on the same version: one row, one of them wins."""
    won: list[str] = []

    def both(number: int) -> None:
        store(receptions.begin, NEW)
        if number < 40 and save(store, 0, asked=f"word {number}").other is None:
            won.append(f"word {number}")

    threads = [threading.Thread(target=both, args=(number,)) for number in range(100)]
    for start in range(0, 100, 8):
        for thread in threads[start : start + 8]:
            thread.start()
        for thread in threads[start : start + 8]:
            thread.join()
    assert store(lambda c: c.execute(select(func.count()).select_from(receptions.receptions)).scalar()) == 1
    assert won == [store(receptions.one, NEW.id).asked]


def test_I4_anothers_record_is_not_written(store: Store) -> None:
    """Whatever version is named."""
    store(receptions.begin, NEW)
    with pytest.raises(NoReception):
        store(receptions.save, replace(NEW, agent="wang"), 0, {"asked": "x"})


def test_hostile_words_are_kept_as_text_and_cut(store: Store) -> None:
    """NUL, quotes, too much of everything."""
    many = {f"field_{number}": "x" for number in range(200)}
    save(store, 0, asked="\0'; DROP TABLE receptions; --" + "y" * 9_000, business="b" * 500, **many)
    kept = store(receptions.one, NEW.id)
    assert kept.asked.startswith("␀'; DROP TABLE") and len(kept.asked) == receptions.LONGEST
    assert (len(kept.business), len(kept.values)) == (60, receptions.MOST_VALUES)
    store(receptions.miss, Missed(call="c\0" * 90, agent="li", number="n" * 90, business="b" * 90, at=1.0))
    assert len(store(receptions.newest_missed)[0].call) == 80


def test_the_latest_contacts_with_a_customer_or_a_number(store: Store) -> None:
    """Newest first, each once, by either; one of which nothing was written is left out."""
    for number in range(8):
        one = replace(NEW, id=f"r-{number}", call=f"c-{number}", at=float(number), customer="7" if number % 2 else "")
        store(receptions.begin, one)
        if number != 3:
            store(receptions.save, one, 0, {"asked": f"word {number}"})
    found = [one.id for one in store(receptions.about, "7", "13800138000")]
    assert found == ["r-7", "r-6", "r-5", "r-4", "r-2"]
    assert [one.id for one in store(receptions.about, "7", "")] == ["r-7", "r-5", "r-1"]
    assert store(receptions.about, "", "") == ()
    assert store(receptions.may_see, "li", "c-3") and not store(receptions.may_see, "wang", "c-3")
    assert not store(receptions.may_see, "li", "")
    assert store(receptions.calls_of, "li", 2) == ("c-7", "c-6")
    store(receptions.begin, replace(NEW, id="r-9", call="callback-1", trail="c-asked", at=9.0))
    assert store(receptions.may_see, "li", "c-asked") and not store(receptions.may_see, "wang", "c-asked")
    assert store(receptions.calls_of, "li", 1) == ("callback-1", "c-asked")
    assert [one.id for one in store(receptions.of_calls, ("c-asked",))] == ["r-9"]
    assert [one.call for one in store(receptions.of_calls, ("c-1", "c-5", "none"))] == ["c-1", "c-5"]


def test_what_is_known_later_and_how_long_it_took(store: Store) -> None:
    """Whom it was with and the length of the talk make no version: nothing was typed."""
    store(receptions.know, replace(NEW, customer="7", name="王小明"))
    store(receptions.talked, NEW.id, 61.5)
    kept = store(receptions.one, NEW.id)
    assert (kept.customer, kept.name, kept.talk_s, kept.version) == ("7", "王小明", 61.5, 0)


TYPED = st.dictionaries(st.sampled_from(["asked", "done", "matter", "business"]), st.text(max_size=8), max_size=3)


@given(st.lists(st.tuples(TYPED, st.integers(-1, 0), st.booleans()), max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_is_lost_in_silence(tmp_path: Path, steps: list[tuple[dict[str, str], int, bool]]) -> None:
    """Whatever two pages send in whatever order, old versions and repeats among it: a save is kept or refused."""
    store = Store(f"sqlite:///{tmp_path / 'own.db'}")
    store(lambda connection: connection.execute(receptions.receptions.delete()))
    wanted, version = store(receptions.begin, NEW), 0
    for typed, behind, twice in steps:
        asked_on = max(0, version + behind)
        for _ in range(1 + twice):
            saved = store(receptions.save, NEW, asked_on, typed)
            if saved.other is None:
                wanted = replace(receptions.written(wanted, typed), version=saved.version)
            version = saved.version
        assert store(receptions.one, NEW.id) == wanted


def test_D1_nothing_that_was_acknowledged_is_lost_by_a_kill(store: Store) -> None:
    """Kill -9 while a process saves as fast as it can: what it said it had saved is there."""
    for _ in range(3):
        command = [sys.executable, "-m", "tests.crm_bridge.typing_killed", store.url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1])
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(40)]
        process.kill()
        said += process.stdout.readlines()
        process.wait()
        acknowledged = [int(line) for line in said if line.endswith("\n") and line.strip().isdigit()]
        kept = store(receptions.one, id_of("typist", "c-1"))
        assert int(kept.asked) >= acknowledged[-1]
        assert kept.version >= len(acknowledged)


def test_shifts_keep_the_newest_and_log_what_changed(store: Store) -> None:
    """One row a person; a line of the log for another state or reason only; who is signed out is nobody's."""
    for at, state, reason in ((1.0, "ready", ""), (2.0, "busy", "meal"), (3.0, "busy", "meal"), (4.0, "busy", "break")):
        store(shifts.keep, Shift("li", state, at, reason, {"state": state, "reason": reason, "at": at}))
    store(shifts.keep, Shift("wang", "signed_out", 5.0, "", {"state": "signed_out"}))
    assert [(one.name, one.state, one.value["at"]) for one in store(shifts.everybody)] == [("li", "busy", 4.0)]
    assert store(shifts.log_of, "li", 0.0) == ((1.0, "ready", ""), (2.0, "busy", "meal"), (4.0, "busy", "break"))
    assert store(shifts.log_of, "li", 3.0) == ((4.0, "busy", "break"),)
    store(shifts.forget, 2.5 + shifts.KEPT_S)
    assert store(shifts.log_of, "li", 0.0) == ((4.0, "busy", "break"),)
