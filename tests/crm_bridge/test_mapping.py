"""Mapping files: what is wrong is said with line and column; other shapes of schema; hostile values."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor

from crm_bridge import northstar
from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.demo import SHOWN, Seeding
from crm_bridge.hashing import Hashing
from crm_bridge.mapping import Foreign, MappedDesk
from crm_bridge.mapping_file import read_mapping
from crm_bridge.room import Rules
from marked_yaml import Mistakes
from tests.doubles.bridges import MAPPING, NOON, fact

NAMES = {"NORTHSTAR_CRM": "sqlite://", "NORTHSTAR_INVOICING": "sqlite://"}
SHIPPED = MAPPING.read_text(encoding="utf-8")

PLAIN = """
mapping: plain
databases: {all: "sqlite:///%s"}
money: {unit: whole, currency: CNY}
forms: {date: YYYYMMDD, month: YYYYMM}
passwords: sql
readings:
  customer: {database: all, table: who, columns: {customer: id, phone: tel, service_code: code, password: pw}}
  span: {database: all, table: month_sums, columns: {customer: id, month: ym}}
  bills: {database: all, table: month_sums, columns: &c}
  unpaid:
    database: all
    sql: SELECT id AS customer, ym AS month, due, rent AS rental, paid FROM month_sums WHERE id = :customer
""".replace("columns: &c", "columns: {customer: id, month: ym, due: due, rental: rent, data: mb, paid: paid}")


def mistakes(content: str) -> list[str]:
    """What is said of it."""
    with pytest.raises(Mistakes) as raised:
        read_mapping(content, "m.yaml", NAMES)
    return [str(one) for one in raised.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("deadline_ms: 2000", "deadline: 2000", 'm.yaml:8:1: unknown key "deadline"; did you mean "deadline_ms"?'),
        ("deadline_ms: 2000", "deadline_ms: soon", "m.yaml:8:14: deadline_ms: input should be a valid integer"),
        ("unit: smallest  ", "unit: fen", "m.yaml:16:9: unit: input should be 'smallest' or 'whole'"),
        ("database: crm\n    sql", "database: crn\n    sql", 'there is no database "crn"'),
        (":phone AND", ":phon AND", '":phon" is not known here; there are :phone'),
        ("WHERE acct = :customer AND inv", "WHERE inv", '":customer" is not used'),
        ("SELECT min", "DELETE min", "one SELECT"),
        ("acct_no, credit", "acct_no; drop, credit", "is no name of a table or column"),
        ("mapping: northstar", "mapping: &a northstar", "anchors and aliases are not allowed"),
        ("mapping: northstar", "mapping: !x northstar", "tags are not allowed"),
        ("  rental: [", "  rentall: [", "m.yaml:20:3: rentall: input should be 'rental'"),
        ("mapping: northstar", "mapping: northstar\nmapping: two", '"mapping" is given twice'),
        ("  span:", "  spam:", 'unknown key "spam"'),
        ("${NORTHSTAR_CRM}", "${NOBODY}", "the environment has no NOBODY"),
        ("readings:", "readings: [", "m.yaml:"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, said: str) -> None:
    """Each kind of mistake, in the shipped mapping."""
    assert old in SHIPPED
    told = mistakes(SHIPPED.replace(old, new))
    assert any(said in one for one in told), told
    assert all(one.startswith("m.yaml:") for one in told)


def test_all_mistakes_are_told_at_once() -> None:
    """Two wrong keys and a missing reading: three lines."""
    told = mistakes(SHIPPED.replace("deadline_ms", "deadline").replace("  span:", "  spam:"))
    assert len(told) == 3
    assert any('"span" is missing' in one for one in told)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """Size, depth, and a list where a mapping should be."""
    assert mistakes("x" * 2_000_000) == ["m.yaml:1:1: the file has 2000000 characters; at most 1048576 are read"]
    assert mistakes("- a") == ["m.yaml:1:1: the file must be a mapping of keys"]
    assert "more than 32 levels" in mistakes("a: " + "{a: " * 40 + "1" + "}" * 40)[0]


@fact
async def test_another_shape_runs_too(tmp_path: Path) -> None:
    """Tables and columns instead of SQL, yuan with decimals, text dates, passwords of theirs, no credit reading."""
    path = tmp_path / "theirs.db"
    theirs = sqlite3.connect(path)
    theirs.executescript(
        "CREATE TABLE who (id TEXT, tel TEXT, code TEXT, pw TEXT);"
        "INSERT INTO who VALUES ('A-7', '13800138000', '1234', NULL), ('A-8', '13800138001', '1', 'x');"
        "CREATE TABLE month_sums (id TEXT, ym TEXT, due TEXT, rent REAL, mb TEXT, paid REAL);"
        "INSERT INTO month_sums VALUES ('A-7', '202611', '20261220', 19.90, '0.35', 0);"
        "INSERT INTO month_sums VALUES ('A-7', '202610', '20261120', 19.905, '0', 0);"
    )
    theirs.commit()
    mapping = read_mapping(PLAIN % path, "m.yaml")
    desk = MappedDesk(mapping, Rules(), lambda: NOON, reactor)
    desk.start()
    look_ups = LookUps(desk, Hashing(reactor), Rules())
    bill = await look_ups.ask("bill", {"customer": "A-7", "month": "2026-11"}, "c")
    assert (bill.facts["sum"], bill.facts["due"]) == (("money", 2025), ("date", "2026-12-20"))
    with pytest.raises(LookUpFault, match="not whole"):
        await look_ups.ask("bill", {"customer": "A-7", "month": "2026-10"}, "c")
    assert (await look_ups.ask("find_customer", {"phone": "13800138000"}, "c")).facts["customer"] == ("text", "A-7")
    assert (await look_ups.ask("find_customer", {"phone": "13800138001"}, "c")).outcome == "password_needed"
    with pytest.raises(LookUpFault, match="only read"):
        await look_ups.ask("remember_language_en", {"caller": "1"}, "c")
    await desk.stop()


@fact
async def test_the_connection_is_read_only(postgresql: Any, tmp_path: Path) -> None:
    """A statement that writes is refused by the database itself."""
    for url in (postgresql.url("theirs"), f"sqlite:///{tmp_path / 'theirs.db'}"):
        mapping = read_mapping(SHIPPED, "m.yaml", dict.fromkeys(NAMES, url))
        desk = MappedDesk(mapping, Rules(), lambda: NOON, reactor)
        desk.start()
        with pytest.raises(LookUpFault, match=r"read-only|readonly"):
            await desk.databases["crm"].run(lambda c: c.exec_driver_sql("CREATE TABLE t (n INTEGER)"))
        await desk.stop()


@pytest.mark.parametrize(
    ("value", "smallest", "whole"),
    [
        (5, 5, 500),
        (Decimal("5"), 5, 500),
        ("12.30", None, 1230),
        (12.3, None, 1230),
        (Decimal("12.345"), None, None),
        (float("nan"), None, None),
        (Decimal("NaN"), None, None),
        (float("inf"), None, None),
        (None, None, None),
        (True, None, None),
        ("", None, None),
        ("12,5", None, None),
        (b"5", None, None),
        (-5, -5, -500),
    ],
)
def test_C12_their_amounts_are_exact_or_refused(value: Any, smallest: int | None, whole: int | None) -> None:
    """In either unit; a negative one is refused later, with the bill."""
    for unit, expected in (("smallest", smallest), ("whole", whole)):
        foreign = Foreign(read_mapping(SHIPPED.replace("unit: smallest", f"unit: {unit}"), "m.yaml", NAMES))
        if expected is not None:
            assert foreign.as_money(value) == expected
            continue
        with pytest.raises(LookUpFault):
            foreign.as_money(value)


def test_bridge_check_shows_answers_and_faults(tmp_path: Path) -> None:
    """Exit 0 with every answer on the worked operator; exit 1 and the fault when a table is gone."""
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in NAMES}
    northstar.make(urls["NORTHSTAR_CRM"], urls["NORTHSTAR_INVOICING"], Seeding(20))
    whole = run(urls, SHOWN[0].phone)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "arrears          some count=" in whole.stdout
    assert re.search(rf"^charges +\d+ single charges in 2026-11, for .+, {SHOWN[0].phone}$", whole.stdout, re.MULTILINE)
    sqlite3.connect(tmp_path / "NORTHSTAR_INVOICING.db").executescript("DROP TABLE invoice")
    broken = run(urls, SHOWN[0].phone)
    assert broken.returncode == 1
    assert "total_owed       FAULT unavailable" in broken.stdout and "no such table" in broken.stdout


def run(urls: dict[str, str], phone: str) -> subprocess.CompletedProcess[str]:
    """``ivr-server bridge check``."""
    command = [sys.executable, "-m", "ivr_server", "bridge", "check", "--mapping", str(MAPPING), "--phone", phone]
    command[1:3] = ["-c", "from ivr_server.command_line import main; main()"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **urls}, check=False)
