"""The notice by telephone: a password counted before it is compared, what is switched by whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from crm_bridge.database import Limits, engine_for
from crm_bridge.hashing import matches
from crm_bridge.secret import Secret
from crm_bridge.versions import prepare
from flows.facts import Fact
from ivr_server.command_line import main
from ivr_server.notice import NoticeText, parsed
from ivr_server.notice_switching import PASSWORD_FILE, NoticeSwitch
from ivr_server.publishing.asked import Author
from ivr_server.sheets.asked import Held, Moved, Said
from tests.doubles.sheets import SheetsDouble

NOON = datetime(2026, 11, 25, 4, 0, 30, tzinfo=UTC)
PROMPTS: dict[str, dict[str, str]] = {"notice_now": {"notice": "prompt"}, "notice_outage": {}, "notice_upgrade": {}}
PROMPTS["welcome"] = {}


class Store:
    """The database, without a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self, function: Callable[..., Any], *arguments: Any, write: bool = False) -> Any:
        with self._engine.execution_options(write=write).begin() as connection:
            return function(connection, *arguments)


class Racing(SheetsDouble):
    """Somebody else keeps a notice each time before ours is kept, so many times."""

    others = 1

    async def keep(self, name: str, text: str, seen: str, why: tuple[Author, str]) -> tuple[Held, Sequence[Said]]:
        if self.others:
            self.others -= 1
            raise Moved(self.kept[name][0])
        return await super().keep(name, text, seen, why)


class Stand:
    """A switch on a database of its own, with a clock that is moved by hand."""

    def __init__(self, folder: Path, sheets: SheetsDouble) -> None:
        self.now, self.sheets, self.folder = NOON, sheets, folder
        url = f"sqlite:///{folder / 'ivr.db'}"
        engine = engine_for(url, Limits())
        with engine.execution_options(write=True).begin() as connection:
            prepare(connection)

        async def compared(kept: str | None, password: Secret) -> bool:
            return matches(kept, password)

        self.switch = NoticeSwitch(
            sheets=lambda: self.sheets,
            prompts=lambda: PROMPTS,
            store=Store(engine),
            matches=compared,
            folder=folder,
            zone=ZoneInfo("Asia/Shanghai"),
            now=lambda: self.now,
        )

    def password(self, *words: str, given: str = "") -> Any:
        """The command."""
        settings = self.folder / "settings.yaml"
        settings.write_text(f"state: {self.folder}\n")
        return CliRunner().invoke(main, ["notice", "--settings", str(settings), "password", *words], input=given)

    async def ask(self, name: str, call: str = "call-1", **given: Any) -> tuple[str, dict[str, Fact]]:
        """An answer."""
        found = await self.switch.ask(name, given, call)
        return found.outcome, dict(found.facts)

    async def tried(self, digits: str, call: str = "call-1") -> str:
        """A password."""
        return (await self.ask("notice_password", call, password=Secret(digits)))[0]

    @property
    def notice(self) -> NoticeText:
        """What is kept."""
        return parsed(self.sheets.kept["notice"][0].text)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """With the password 482915."""
    made = Stand(tmp_path, SheetsDouble())
    assert made.password("--password-stdin", given="482915\n").exit_code == 0
    return made


def test_the_right_password_lets_in_and_a_wrong_one_is_counted(stand: Stand) -> None:
    """Three in a call; in other calls two more, then the wait; the right one is none of the failures."""
    for digits, word in (("111111", "wrong"), ("482915", "right"), ("222222", "wrong"), ("333333", "last_wrong")):
        assert run(stand.tried(digits)) == word
    assert run(stand.tried("482915")) == "last_wrong"  # no more in this call, not even the right one
    assert run(stand.tried("111111", "call-2")) == "wrong"
    assert run(stand.tried("111111", "call-2")) == "wait"
    assert run(stand.tried("482915", "call-3")) == "wait"
    stand.now += timedelta(hours=2)
    assert run(stand.tried("482915", "call-4")) == "right"


def test_ten_failures_lock_it_until_another_password_is_set(stand: Stand) -> None:
    """Whoever may set the password forgives what was tried."""
    words = []
    for n in range(10):
        stand.now += timedelta(hours=3)
        words.append(run(stand.tried("000000", f"call-{n}")))
    assert words[-1] == "locked" and run(stand.tried("482915", "call-x")) == "locked"
    assert stand.password("--password-stdin", given="739154\n").exit_code == 0
    assert run(stand.tried("739154", "call-y")) == "right"


def test_without_a_password_nobody_is_let_in(stand: Stand) -> None:
    """Off is off at once; a file that holds no hash lets nobody in either."""
    stand.password("--off")
    assert run(stand.tried("482915")) == "off"
    (stand.folder / PASSWORD_FILE).write_text("482915")
    assert run(stand.tried("482915")) == "wrong"


def test_the_password_is_kept_as_a_hash_for_its_owner_only(stand: Stand) -> None:
    """Not in the file, not in what the command says; one that is made is shown once."""
    path = stand.folder / PASSWORD_FILE
    assert path.stat().st_mode & 0o777 == 0o600 and "482915" not in path.read_text()
    told = stand.password("--password-stdin", given="482915\n").output
    assert "482915" not in told and "notice_switch" in told
    made = stand.password().output
    digits = made.split("It is ")[1][:6]
    assert digits.isdigit() and run(stand.tried(digits)) == "right"
    assert "six digits" in stand.password("--password-stdin", given="12345\n").output


def test_a_notice_is_switched_on_for_four_hours_and_off(stand: Stand) -> None:
    """What is told is what is kept, by the operator's clock; who did it is known by their number."""
    assert run(stand.ask("notice_state", switcher="telephone")) == ("none", {})
    word, facts = run(stand.ask("switch_notice_on", switcher="telephone", notice="notice_outage", caller="13800138000"))
    assert (word, facts["time"].value, facts["date"].value) == ("done", "16:00", "2026-11-25")
    assert stand.notice == NoticeText("notice_outage", datetime(2026, 11, 25, 8, tzinfo=UTC))
    assert run(stand.ask("notice_state", switcher="telephone"))[0] == "set"
    newest = stand.sheets.kept["notice"][0]
    assert (newest.who, newest.reason) == ("telephone", "by telephone")
    assert run(stand.ask("switch_notice_off", switcher="telephone")) == ("done", {})
    assert stand.notice == NoticeText()
    stand.now += timedelta(hours=5)
    assert run(stand.ask("notice_state", switcher="telephone"))[0] == "none"


def test_only_notices_are_offered_one_after_the_other(stand: Stand) -> None:
    """Prompts that are meant for it and have nothing to fill in; after the last one the first."""
    found = [run(stand.ask("next_notice", notice=before))[1]["notice"].value for before in ("", "notice_outage", "z")]
    assert found == ["notice_outage", "notice_upgrade", "notice_outage"]
    assert run(stand.ask("switch_notice_on", notice="welcome"))[0] == "refused"
    assert run(stand.ask("switch_notice_on", notice="notice_now"))[0] == "refused"
    assert stand.notice == NoticeText()


def test_somebody_else_at_the_same_moment_does_not_lose_it(stand: Stand) -> None:
    """It is switched after theirs."""
    stand.sheets = Racing()
    assert run(stand.ask("switch_notice_on", notice="notice_outage"))[0] == "done"
    assert stand.notice.prompt == "notice_outage"


def run(work: Any) -> Any:
    """What a coroutine gives that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
