"""``ivr-server staff``: accounts of the console are made, listed, mended, and mistakes are told in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crm_bridge import factor_rows
from crm_bridge.database import Limits, engine_for
from ivr_server.commands.staff import command


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A settings file with a state folder of its own."""
    path = tmp_path / "settings.yaml"
    path.write_text(f"state: {tmp_path / 'state'}\n")
    return str(path)


def run(settings: str, *words: str, typed: str = "") -> Result:
    """The command, with what is typed at standard input."""
    return CliRunner().invoke(command, ["--settings", settings, *words], input=typed)


def test_somebody_is_added_with_a_password_that_is_shown_once(settings: str) -> None:
    """And listed afterwards with their roles, without it."""
    made = run(settings, "add", "Li Hua", "--role", "supervisor", "--role", "agent")
    assert made.exit_code == 0
    password = made.output.strip().splitlines()[-1].partition(": ")[2]
    assert len(password) >= 12
    listed = run(settings, "list").output
    assert listed.strip() == "Li Hua\tsupervisor, agent"


def test_a_password_may_come_from_a_pipe_and_is_not_repeated(settings: str) -> None:
    """For scripts."""
    made = run(settings, "add", "wang", "--role", "admin", "--password-stdin", typed="four words and more\n")
    assert made.exit_code == 0
    assert "four words" not in made.output
    assert "Password" not in made.output


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (["add", "wang", "--role", "admin", "--password-stdin"], "short\n", "12 characters at least"),
        (["add", "wang", "--role", "admin", "--password-stdin"], "xxxxxxxxxxxxxxxxx\n", "easy to guess"),
        (["add", "wang", "--role", "admin", "--password-stdin"], "wang wang wang 12\n", "easy to guess"),
        (["add", " ", "--role", "admin"], "", "a name is needed"),
        (["add", "there", "--role", "agent"], "", "there is somebody called there already"),
        (["add", "wang", "--role", "king"], "", "'king' is not one of"),
        (["reset-password", "nobody"], "", "nobody is called nobody"),
        (["roles", "nobody", "--role", "agent"], "", "nobody is called nobody"),
    ],
)
def test_a_mistake_is_told_in_words(settings: str, words: list[str], typed: str, why: str) -> None:
    """Exit status not 0, no traceback."""
    run(settings, "add", "There", "--role", "agent")
    made = run(settings, *words, typed=typed)
    assert made.exit_code not in (0, None)
    assert why in made.output
    assert made.exception is None or isinstance(made.exception, SystemExit)


def test_roles_and_password_can_be_changed(settings: str) -> None:
    """The list shows the new roles."""
    run(settings, "add", "Chen", "--role", "agent")
    assert "is now admin" in run(settings, "roles", "chen", "--role", "admin").output
    assert "Password, shown this once" in run(settings, "reset-password", "CHEN").output
    assert run(settings, "list").output.strip() == "Chen\tadmin"


def test_settings_that_are_wrong_are_told_with_their_place(tmp_path: Path) -> None:
    """File, line and column."""
    path = tmp_path / "settings.yaml"
    path.write_text("stat: x\n")
    made = run(str(path), "list")
    assert made.exit_code == 1
    assert "settings.yaml:1:1" in made.output


def test_a_second_factor_is_listed_and_taken_away(settings: str, tmp_path: Path) -> None:
    """Who has none is told so; the list shows who has one, until it is reset."""
    run(settings, "add", "Chen", "--role", "admin")
    refused = run(settings, "reset-factor", "chen")
    assert refused.exit_code == 1
    assert "chen has no second factor" in refused.output
    with engine_for(f"sqlite:///{tmp_path / 'state' / 'ivr.db'}", Limits()).begin() as connection:
        factor_rows.set_out(connection, "chen", "sealed", 1.0)
        factor_rows.confirm(connection, "chen", 1, 2.0)
    assert run(settings, "list").output.strip() == "Chen\tadmin\tsecond factor"
    assert "no second factor now" in run(settings, "reset-factor", "chen").output
    assert run(settings, "list").output.strip() == "Chen\tadmin"
