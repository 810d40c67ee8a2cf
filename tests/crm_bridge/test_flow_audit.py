"""The audit of published flows: a row that is altered or deleted breaks its chain (FAULTS J4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, delete, update

from crm_bridge.flow_audit import AuditRow, add_rows, flow_audit, newest_rows, verify
from crm_bridge.schema import metadata

ROWS = [AuditRow(n, float(n), "ann", "publish", n, f"reason {n}", "127.0.0.1") for n in range(1, 8)]


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A database with seven rows of one place and one of another."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as made:
        add_rows(made, "here", ROWS[:4])
        add_rows(made, "there", ROWS[:1])
        add_rows(made, "here", ROWS)
        yield made
    engine.dispose()


def test_rows_are_chained_once_and_in_order(connection: Connection) -> None:
    """Fed again, nothing is added; the newest come first; the chain holds, and so it does beside its file."""
    assert add_rows(connection, "here", ROWS) == 0
    assert newest_rows(connection, "here", 2) == [ROWS[6], ROWS[5]]
    assert verify(connection, "here").broken == 0
    assert verify(connection, "here", ROWS).rows == 7 and verify(connection, "here", ROWS).broken == 0


@pytest.mark.parametrize("name", ["at", "who", "what", "version", "about", "address"])
def test_J4_a_row_that_was_altered_is_found(connection: Connection, name: str) -> None:
    """Whatever of it was changed."""
    value = "x" if name not in ("at", "version") else 99
    connection.execute(update(flow_audit).where(flow_audit.c.number == 3).values({name: value}))
    found = verify(connection, "here")
    assert found.broken == 3 and "not what was written" in found.why


def test_J4_a_row_that_was_deleted_is_found(connection: Connection) -> None:
    """In the middle by the chain; at the end by the file that it came from."""
    connection.execute(delete(flow_audit).where(flow_audit.c.number == 7))
    assert verify(connection, "here").broken == 0
    assert "the last 1 rows are not there" in verify(connection, "here", ROWS).why
    connection.execute(delete(flow_audit).where(flow_audit.c.number == 2))
    assert verify(connection, "here").broken == 2


def test_J4_a_chain_that_was_made_anew_is_found_by_the_file(connection: Connection) -> None:
    """Somebody changes a row and computes every digest after it: the chain holds, the file says otherwise."""
    connection.execute(delete(flow_audit).where(flow_audit.c.place == "here"))
    forged = [row if row.number != 2 else AuditRow(2, 2.0, "mallory", "publish", 2) for row in ROWS]
    add_rows(connection, "here", forged)
    assert verify(connection, "here").broken == 0
    assert verify(connection, "here", ROWS).broken == 2


def test_hostile_words_fit(connection: Connection) -> None:
    """Long names and NUL are taken as far as the table takes them, and the chain holds beside the file."""
    rows = [AuditRow(1, 1.0, "a" * 300, "publish", 1, "nul \0 here", "x" * 99)]
    add_rows(connection, "third", rows)
    assert verify(connection, "third", rows).broken == 0
