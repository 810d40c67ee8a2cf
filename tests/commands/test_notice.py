"""``ivr-server notice``: in force at once and until its end, which it always has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr_server.command_line import main
from ivr_server.notice import Notice, NoticeText, write_notice

SOON = datetime.now(UTC) + timedelta(hours=2)


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A settings file with a state folder of its own."""
    path = tmp_path / "settings.yaml"
    path.write_text(f"state: {tmp_path / 'state'}\noperator: {{zone: America/Lima}}\n")
    return str(path)


def run(settings: str, *words: str) -> Result:
    """The command with these words."""
    return CliRunner().invoke(main, ["notice", "--settings", settings, *words])


def test_a_notice_is_spoken_until_its_end_and_can_be_cleared(settings: str, tmp_path: Path) -> None:
    """No restart: the running service sees the file; at its end, and when it is cleared, nothing is spoken."""
    now = [datetime.now(UTC)]
    notice = Notice(tmp_path / "state" / "notice.yaml", lambda: now[0])
    assert notice.prompt() == ""
    assert run(settings, "set", "notice_outage", "--until", SOON.isoformat()).exit_code == 0
    assert notice.prompt() == "notice_outage"
    assert run(settings, "show").output.startswith("notice_outage until ")
    now[0] = SOON
    assert notice.prompt() == ""
    now[0] = SOON - timedelta(minutes=1)
    assert notice.prompt() == "notice_outage"
    run(settings, "clear")
    assert notice.prompt() == ""
    assert run(settings, "show").output == "No notice is spoken.\n"


def test_a_moment_without_a_zone_is_by_the_operators_clock(settings: str, tmp_path: Path) -> None:
    """Seven in Lima is noon in Greenwich."""
    local = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    words = (local - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S")
    assert run(settings, "set", "notice_outage", "--until", words).exit_code == 0
    assert local.isoformat() in (tmp_path / "state" / "notice.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["set", "notice_outage"], "Missing option '--until'"),
        (["set", "notice_outage", "--until", "tomorrow"], "is no moment"),
        (["set", "notice_outage", "--until", "2001-01-01T00:00"], "in the next 31 days"),
        (["set", "notice_outage", "--until", "2999-01-01T00:00"], "in the next 31 days"),
        (["set", "no_such_prompt", "--until", SOON.isoformat()], '"no_such_prompt" is no prompt'),
        (["set", "bill_sum", "--until", SOON.isoformat()], '"bill_sum" is no prompt without slots'),
    ],
)
def test_a_notice_that_could_go_wrong_is_refused_in_words(settings: str, words: list[str], why: str) -> None:
    """No end, an end in the past or too far away, a prompt that is not there or has something to fill in."""
    result = run(settings, *words)
    assert result.exit_code != 0
    assert why in result.output
    assert isinstance(result.exception, SystemExit)


def test_wrong_settings_are_told_with_their_place(tmp_path: Path) -> None:
    """Not with a stack trace."""
    (tmp_path / "settings.yaml").write_text("speech: {library: 1}\nqueus: []\n")
    result = run(str(tmp_path / "settings.yaml"), "show")
    assert result.exit_code == 1
    assert 'settings.yaml:2:1: unknown key "queus"; did you mean "queues"?' in result.output


def test_prompts_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """The folder's name, no stack trace."""
    (tmp_path / "settings.yaml").write_text(f"speech: {{library: {tmp_path / 'nowhere'}}}\n")
    result = run(str(tmp_path / "settings.yaml"), "set", "notice_outage", "--until", SOON.isoformat())
    assert result.exit_code == 1
    assert "the prompts cannot be read" in result.output and "nowhere" in result.output


NO_NOTICES = ["", "prompt: x\n", "prompt: x\nuntil: soon\n", "[]\n", "\x00", "prompt: &a x\n"]
NO_NOTICES += ["prompt: x\nuntil: 0001-01-01T00:00+08:00\n", "# 公告\n".encode("gbk").decode("latin-1")]


@pytest.mark.parametrize("text", NO_NOTICES)
def test_a_file_that_is_no_notice_is_none(tmp_path: Path, text: str) -> None:
    """Half written, edited by hand, emptied: callers hear no notice, and nothing fails."""
    path = tmp_path / "notice.yaml"
    path.write_text(text, encoding="latin-1")
    assert Notice(path, lambda: datetime.now(UTC)).prompt() == ""


def test_a_notice_that_is_replaced_is_seen(tmp_path: Path) -> None:
    """The next call hears the new one."""
    path = tmp_path / "notice.yaml"
    notice = Notice(path, lambda: datetime.now(UTC))
    for prompt in ("notice_outage", "notice_upgrade"):
        write_notice(path, NoticeText(prompt, SOON))
        assert notice.prompt() == prompt
