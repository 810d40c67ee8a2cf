"""``ivr-server seed`` and ``bridge upgrade``: a database is filled and brought up to date, or left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crm_bridge.demo import SHOWN
from ivr_server.command_line import main


def run(*words: str) -> Result:
    """The command with these words."""
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A settings file with a state folder of its own."""
    (tmp_path / "settings.yaml").write_text(f"state: {tmp_path / 'state'}\n")
    return str(tmp_path / "settings.yaml")


def test_the_demonstration_is_filled_and_shown(settings: str, tmp_path: Path) -> None:
    """The customers to try are named with what one needs to try them; seeding again replaces, and does not add."""
    for _ in range(2):
        result = run("seed", "--settings", settings, "--customers", "7")
        assert result.exit_code == 0, result.output
    for shown in SHOWN:
        assert shown.phone in result.output and shown.service_code in result.output
    with sqlite3.connect(tmp_path / "state" / "ivr.db") as database:
        assert database.execute("select count(*) from customers").fetchone() == (7,)
    assert "version" in run("bridge", "--settings", settings, "upgrade").output


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "the database URL cannot be read"),
        ("mysql://ivr:canary-word@localhost/x", "mysql is not supported"),
        ("postgresql+psycopg://ivr:canary-word@127.0.0.1:9/none", "refused"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence(settings: str, url: str, why: str) -> None:
    """No traceback, and no password."""
    result = run("seed", "--settings", settings, "--url", url, "--customers", "7")
    assert result.exit_code == 1
    assert why in result.output
    assert "canary-word" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_somebody_elses_database_is_left_alone(settings: str, tmp_path: Path) -> None:
    """A database with a table of one of our names, but never ours: nothing is deleted, nothing is made."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("create table customers (name text)")
        theirs.execute("insert into customers values ('a real one')")
    result = run("seed", "--settings", settings, "--url", f"sqlite:///{path}", "--customers", "7")
    assert result.exit_code == 1
    assert 'holds a table "customers" of something else' in result.output
    with sqlite3.connect(path) as theirs:
        assert theirs.execute("select * from customers").fetchall() == [("a real one",)]
        assert theirs.execute("select name from sqlite_master").fetchall() == [("customers",)]


def test_real_customers_are_never_replaced_by_the_demonstration(settings: str, tmp_path: Path) -> None:
    """Our own tables, filled by an operator: the seed refuses."""
    run("seed", "--settings", settings, "--customers", "7")
    with sqlite3.connect(tmp_path / "state" / "ivr.db") as database:
        database.execute("update customers set name = 'a real one'")
    result = run("seed", "--settings", settings, "--customers", "7")
    assert result.exit_code == 1
    assert "are left alone" in result.output
    with sqlite3.connect(tmp_path / "state" / "ivr.db") as database:
        assert database.execute("select distinct name from customers").fetchall() == [("a real one",)]
