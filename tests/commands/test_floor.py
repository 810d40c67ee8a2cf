"""``ivr-server floor``: the record beside Asterisk's own, a day's figures, and the live picture as lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr_server.commands.floor import command
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Member, Picture, QueueNow, Talk, Waiting
from ivr_server.floor.words import picture_lines
from tests.doubles.floor import standing

LOG = Path(__file__).parent.parent / "floor" / "recorded" / "afternoon.queue_log"


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The command, on a state folder of its own."""
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"state: {tmp_path / 'state'}\noperator: {{zone: UTC}}\n")

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, ["--settings", str(settings), *words])

    return run


def test_what_we_were_not_told_is_shown_taken_over_and_then_agrees(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Ends with 1 and a line for each missing event; after --write with 0; the day's figures are then complete."""
    log = tmp_path / "queue_log"
    shutil.copy(LOG, log)
    before = run("reconcile", str(log))
    assert before.exit_code == 1
    assert "answered\t0\t6" in before.output.splitlines()
    assert any(line.startswith("only Asterisk's\t") for line in before.output.splitlines())
    written = run("reconcile", str(log), "--write")
    assert written.exit_code == 0, written.output
    assert run("reconcile", str(log)).exit_code == 0
    day = LOG.read_text().splitlines()[1].split("|")[0]
    figures = run("figures", "--day", "2026-11-25").output.splitlines()
    assert day.startswith("17956") and figures[0].startswith("queue\toffered")
    assert figures[1].split("\t")[:5] == ["hall", "10", "6", "3", "1"]
    agents = {line.split("\t")[0]: line.split("\t")[1:5] for line in figures[3:]}
    assert agents["agent 2001"] == ["6", "0", "2", "0"] and agents["agent 2002"][3] == "2"


def test_mistakes_are_sentences(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """No day, a file without calls, no Asterisk."""
    empty = tmp_path / "empty"
    empty.write_text("1|NONE|NONE|NONE|QUEUESTART|\n")
    assert '"today" is no day' in run("figures", "--day", "today").output
    assert "tells of no call" in run("reconcile", str(empty)).output


def test_the_picture_as_lines() -> None:
    """Who waits with place and wait, a call-back as such, each member with what they do; an old picture says so."""
    members = (
        Member("PJSIP/1001", "Li Wei", state="in_use"),
        Member("PJSIP/1002", "Wang", paused=True, reason="meal"),
        Member("PJSIP/1003", "Zhao"),
        Member("PJSIP/1004", "Sun", state="away"),
    )
    waiting = (Waiting("1.1", "c", "13800138000", 1, 100.0), Waiting("1.2", "c", "139", 2, 160.0, call_back=7))
    talk = Talk("1.0", "hall", "PJSIP/1001", "c", "a", 40.0, "Li Wei", "1.9", "1370000")
    picture = Picture({"hall": QueueNow("hall", waiting, members)}, {"1.0": talk}, live=True)
    assert list(picture_lines(picture, 165.0)) == [
        "hall: 2 wait, the longest 1:05; 1 of 4 free",
        "    1   1:05  13800138000",
        "    2   0:05  call-back 7",
        "      Li Wei (PJSIP/1001): talks with 1370000, 2:05",
        "      Wang (PJSIP/1002): paused (meal)",
        "      Zhao (PJSIP/1003): free",
        "      Sun (PJSIP/1004): away",
    ]
    assert next(picture_lines(Picture({"hall": standing("hall", "1.1")}), 1.0)).startswith("Asterisk is not there")
    assert Happening(what="joined", at=1.0).queue == ""
