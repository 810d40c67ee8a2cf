"""Calls as an agent needs them, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, inspect, update

from crm_bridge.database import Limits, engine_for
from crm_bridge.fax_jobs import NewFax, fax_jobs, put
from crm_bridge.journal import CallRecord, store
from crm_bridge.trails import Wanted, earlier, gather, legs, story
from crm_bridge.versions import prepare

BEGAN = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOTES = ({"step": 1, "what": "heard", "prompts": "welcome", "share": "80"},)


def record(call: str, days_ago: float = 0, **more: Any) -> CallRecord:
    """A finished call."""
    at = BEGAN - timedelta(days=days_ago)
    known: dict[str, Any] = {"caller": "13800138000", "flow": "main", "disposition": "enqueued", "notes": NOTES}
    return CallRecord(call=call, started=at, ended=at + timedelta(seconds=60), **{**known, **more})


CALLS = (
    record("5.1", customer="1"),
    record("5.1.waiting", -0.001, flow="waiting"),
    record("5.1.after_queue", -0.002, flow="after_queue"),
    record("4.1", 1),
    record("4.1.after_queue", 0.9, flow="after_queue"),
    record("3.1", 2, caller="13900139000", customer="1"),
    record("2.1", 3, caller="13900139000", customer="2"),
    record("1.1", 31),
    record("5.10", 5, caller=""),
)


def on(url: str, work: Callable[[Connection], Any]) -> Any:
    """What ``work(connection)`` gives on a fresh database with these calls."""
    engine = engine_for(url, Limits(wait_ms=20_000)).execution_options(write=True)
    with engine.begin() as connection:
        prepare(connection)
        store(connection, CALLS)
        given = work(connection)
    engine.dispose()
    return given


def since(days: float) -> float:
    """So many days before the last call."""
    return (BEGAN - timedelta(days=days)).timestamp()


def test_a_call_has_its_legs_in_order(url: str) -> None:
    """With their notes; no other call's, however alike its id; nothing for a call that was never."""
    found = on(url, lambda c: (legs(c, "5.1"), legs(c, "5"), legs(c, "%")))
    assert [leg.call for leg in found[0]] == ["5.1", "5.1.waiting", "5.1.after_queue"]
    assert found[0][0].notes == NOTES
    assert found[1:] == ((), ())


def test_earlier_calls_are_by_number_or_customer_and_not_older_than_asked(url: str) -> None:
    """Newest first, each once, no legs, not the call itself."""
    wanted = Wanted("5.1", "13800138000", "1", since(30))
    found = on(url, lambda c: earlier(c, wanted))
    assert [one.call for one in found] == ["4.1", "3.1"]
    assert found[0].notes == ()


def test_no_number_and_no_customer_are_nobodys_calls(url: str) -> None:
    """A withheld number must not show the calls of all who withhold theirs."""
    assert on(url, lambda c: earlier(c, Wanted("9.9", "", "", since(30)))) == ()


def test_as_many_as_asked(url: str) -> None:
    """The newest."""
    found = on(url, lambda c: earlier(c, Wanted("", "13800138000", "", since(90), 2)))
    assert [one.call for one in found] == ["5.1", "4.1"]


def test_faxes_that_are_not_at_their_end_go_with_the_call(url: str) -> None:
    """Of this customer; those sent or failed are history."""

    def work(connection: Any) -> Any:
        for number, customer in enumerate(("1", "1", "2")):
            fax = {"account": customer, "customer": customer, "month": "2026-10", "number": f"0206666888{number}"}
            put(connection, NewFax(key=f"k{number}", language="zh-CN", call="5.1", created=1.0, **fax))
        connection.execute(update(fax_jobs).where(fax_jobs.c.key == "k0").values(state="failed"))
        return gather(connection, Wanted("5.1", "", "1", since(30)))

    assert [row.number for row in on(url, work).faxes] == ["02066668881"]


def test_a_story_is_a_call_with_all_that_belongs_to_it(url: str) -> None:
    """Legs, earlier calls by its own number and customer; empty for a call that was never."""
    found = on(url, lambda c: (story(c, "5.1", 30 * 86_400.0), story(c, "7.7", 1.0)))
    assert [leg.call for leg in found[0].legs] == ["5.1", "5.1.waiting", "5.1.after_queue"]
    assert [one.call for one in found[0].earlier] == ["4.1", "3.1"]
    assert found[1].legs == ()


def test_a_database_of_before_gets_the_index_by_customer(url: str) -> None:
    """At the next start: a desk that rings does not wait for a walk through all calls."""

    def work(connection: Connection) -> Any:
        connection.exec_driver_sql("drop index calls_of_customer")
        prepare(connection)
        return {index["name"] for index in inspect(connection).get_indexes("calls")}

    assert "calls_of_customer" in on(url, work)
