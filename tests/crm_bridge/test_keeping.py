"""J5: what is about people and past its keep time is gone, on both databases; what is not is there."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
import pytest_twisted
from sqlalchemy import Connection, Float, Integer, Table, Text, func, insert, select
from twisted.internet import reactor

import crm_bridge
from crm_bridge import keeping, schema
from crm_bridge.database import Database
from crm_bridge.versions import metadata, prepare
from ivr_server.agents.playback import forget
from ivr_server.keeping import DAY_S, Keeper
from ivr_server.settings import Keep

NOW = 1_800_000_000.0
FOR_EVER = {  # no people in them, or times of their own
    "schema_version", "customers", "profiles", "contracts", "bills", "charges", "payments", "passwords", "locks",
    "fax_jobs", "fax_attempts", "staff", "staff_roles", "staff_tries", "staff_factors", "staff_codes", "web_sessions",
    "web_halves", "shifts", "flow_audit", "flow_traffic", "flow_tallied", "draft_revisions",
}  # fmt: skip


def row(table: Table, at: float, n: int) -> dict[str, object]:
    """A row of that age; a number for each key."""
    made: dict[str, object] = {}
    for column in table.columns:
        if isinstance(column.type, Float):
            made[column.name] = at
        elif isinstance(column.type, Integer) or column.type.python_type is bool:
            made[column.name] = n if column.primary_key else 0
        else:
            made[column.name] = (
                f"{n}" if column.primary_key or column.name == "key" else "[]" if isinstance(column.type, Text) else ""
            )
    return made


def fill(connection: Connection, ages: list[float]) -> None:
    """A row of each age in each table that forgets; calls with trails."""
    tables = {at.table for at, _ in keeping.AGED} | {schema.calls, schema.trail}
    for table in tables:
        connection.execute(insert(table), [row(table, NOW - days * DAY_S, n) for n, days in enumerate(ages, 1)])


def counts(connection: Connection) -> dict[str, int]:
    """How many rows there are, by table."""
    tables = sorted({at.table.name for at, _ in keeping.AGED} | {"calls", "trail"})
    return {name: connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0 for name in tables}


@pytest_twisted.ensureDeferred
async def test_J5_what_is_past_its_time_is_deleted_and_nothing_else(url: str, tmp_path: Path) -> None:
    """By the clock: first the recordings, then the calls, then the records of reception, last who looked at them."""
    database, clock = Database(url, reactor), [NOW]
    database.start()
    await database.run(prepare, write=True)
    await database.run(fill, [0.0, 10.0], write=True)
    talk = tmp_path / f"call-1-{int(NOW - 10 * DAY_S)}.wav"
    talk.touch()
    (tmp_path / "another.txt").touch()
    keeper = Keeper(database, Keep(recordings=12, calls=14, receptions=16, audits=18), tmp_path, lambda: clock[0])
    assert not await keeper.sweep()
    held = await database.run(counts)
    assert set(held.values()) == {2}
    kept = {at.table.name: kind for at, kind in keeping.AGED} | {"calls": "calls", "trail": "calls"}
    for kind, days in (("recordings", 12), ("calls", 14), ("receptions", 16), ("audits", 18)):
        clock[0] = NOW + (days - 9) * DAY_S  # the older of two is past it
        gone = await keeper.sweep()
        expected = {name: 1 for name, of in kept.items() if of == kind and name != "trail"}
        assert dict(gone) == (expected or {"recordings": 1})
    assert set((await database.run(counts)).values()) == {1}
    assert [path.name for path in tmp_path.iterdir() if path.suffix in {".wav", ".txt"}] == ["another.txt"]
    await database.stop()


@pytest_twisted.ensureDeferred
async def test_J5_many_are_deleted_a_few_at_a_time(url: str) -> None:
    """Twelve hundred old calls: three transactions, and the younger stays."""
    database = Database(url, reactor)
    database.start()
    await database.run(prepare, write=True)
    await database.run(fill, [0.0, *[50.0] * 1_200], write=True)
    gone = await Keeper(database, Keep(calls=40), None, lambda: NOW).sweep()
    assert gone["calls"] == gone["queue_events"] == 1_200
    left = await database.run(counts)
    assert (left["calls"], left["trail"]) == (1, 1)
    await database.stop()


def test_J5_each_table_forgets_or_is_known_to_keep() -> None:
    """A new table must be put on one side or the other."""
    forgets = {at.table.name for at, _ in keeping.AGED} | {"calls", "trail"}
    for module in pkgutil.iter_modules(crm_bridge.__path__):
        importlib.import_module(f"crm_bridge.{module.name}")
    assert set(metadata.tables) == forgets | FOR_EVER
    assert not forgets & FOR_EVER


def test_J5_a_recording_that_may_not_be_deleted_keeps_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another user's; the rest goes, and only what went is counted."""
    for n in range(3):
        (tmp_path / f"call-{n}-1000000000.wav").touch()
    unlink = Path.unlink

    def may_not(path: Path, missing_ok: bool = False) -> None:
        if "call-1-" in path.name:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", may_not)
    assert forget(tmp_path, NOW) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["call-1-1000000000.wav"]
