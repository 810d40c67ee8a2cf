"""A running Asterisk takes other queues: asked by the service, done by the command that started it, once for each."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ivr_server import renewing, whereabouts
from ivr_server.floor import queue_file
from ivr_server.pbx.plan import from_settings
from ivr_server.pbx.renewing import Renewer
from ivr_server.settings import Settings

TEXT = queue_file.SHIPPED.read_text("utf-8")
VIP = TEXT.replace("name: billing", "name: vip").replace("skill: billing", "skill: vip")


class AsteriskDouble:
    """Has the queues of its configuration once it was told to read it again; ``deaf``: it never does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.deaf, self.hangs = folder, False, False
        self.asked: list[str] = []
        self.queues: list[str] = []

    def cli(self, command: str) -> str:
        """One command of its console."""
        if self.hangs:
            raise subprocess.TimeoutExpired(command, 20)
        self.asked.append(command)
        if command == "queue reload all" and not self.deaf:
            lines = (self.folder / "ivr" / "queues.conf").read_text().splitlines()
            self.queues = [line[1:].partition("]")[0] for line in lines if line.endswith("](ivr-queue)")]
        name = command.removeprefix("queue show ")
        return f"{name} has 0 calls (max 200)\n" if name in self.queues else f"No such queue: {name}.\n"


class Beside:
    """A state folder, an Asterisk, and the one who renews it."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(state=str(folder / "state"))
        self.settings.folder.mkdir()
        plan = from_settings(self.settings, folder / "etc")
        self.asterisk = AsteriskDouble(plan.folder)
        self.clock = Clock()
        self.renewal = renewing.Renewal(self.settings.folder, self.clock)
        self.make: Callable[[], Renewer] = lambda: Renewer(self.asterisk, plan, self.settings)  # type: ignore[arg-type]
        self.renewer = self.make()
        self.renewer.begin()

    def write(self, text: str) -> None:
        """The queue file as an admin keeps it."""
        path = self.settings.folder / "sheets" / "queues.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def ask(self) -> list[str]:
        """The service asks; its answer comes into the list."""
        said: list[str] = []
        Deferred.fromCoroutine(self.renewal.ask()).addCallback(said.append)
        return said


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    """Both sides."""
    return Beside(tmp_path)


def test_what_the_service_wishes_is_written_read_and_looked_for(beside: Beside) -> None:
    """The configuration has the new queue; the dialplan is read before the queues; then the service knows."""
    beside.write(VIP)
    said = beside.ask()
    beside.renewer.look()
    assert beside.asterisk.asked == ["dialplan reload", "queue reload all", "queue show service", "queue show vip"]
    assert "Queue(vip," in (beside.asterisk.folder / "ivr" / "waiting.conf").read_text()
    assert "billing" not in (beside.asterisk.folder / "ivr" / "queues.conf").read_text()
    beside.clock.advance(renewing.LOOK_S)
    assert said == [""]


def test_a_wish_is_fulfilled_once_and_one_of_before_the_start_by_the_start(beside: Beside) -> None:
    """Nothing is read again for nothing."""
    beside.write(VIP)
    beside.ask()
    beside.renewer.look()
    count = len(beside.asterisk.asked)
    beside.renewer.look()
    later: Any = beside.make()
    later.begin()
    later.look()
    assert len(beside.asterisk.asked) == count
    beside.ask()
    later.look()
    assert len(beside.asterisk.asked) == 2 * count


@pytest.mark.parametrize(
    ("text", "deaf", "why"),
    [("queues: [\n", False, "this is not YAML"), (VIP, True, "Asterisk has no queue service, vip")],
)
def test_why_it_was_not_done_is_told(beside: Beside, text: str, deaf: bool, why: str) -> None:
    """To the service, which tells the admin."""
    beside.write(text)
    beside.asterisk.deaf = deaf
    said = beside.ask()
    beside.renewer.look()
    beside.clock.advance(renewing.LOOK_S)
    assert why in said[0]


def test_a_command_that_does_not_answer_is_not_waited_for(beside: Beside) -> None:
    """After twenty seconds the admin is told."""
    said = beside.ask()
    for _ in range(round(renewing.PATIENCE_S / renewing.LOOK_S) + 1):
        beside.clock.advance(renewing.LOOK_S)
    assert said == ["ivr-server pbx did not answer"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"wish": 3}', '{"wish": {"a": 1}}'])
def test_a_broken_file_is_no_wish(beside: Beside, text: str) -> None:
    """Whoever wrote it."""
    (beside.settings.folder / renewing.WISH).write_text(text)
    assert renewing.wished(beside.settings.folder) == ""
    beside.renewer.look()
    assert beside.asterisk.asked == []


def test_ours_is_an_asterisk_that_runs_beside_us(beside: Beside) -> None:
    """As the command tells through the state folder."""
    assert not beside.renewal.ours
    whereabouts.write_asterisk(beside.settings.folder, 5038, 8088, box=True)
    assert beside.renewal.ours


def test_a_console_that_hangs_ends_neither_asterisk_nor_the_command(beside: Beside) -> None:
    """The service is told why; the next wish is looked at like any other."""
    beside.write(VIP)
    said, beside.asterisk.hangs = beside.ask(), True
    beside.renewer.look()
    beside.clock.advance(renewing.LOOK_S)
    assert "timed out" in said[0]
    said, beside.asterisk.hangs = beside.ask(), False
    beside.renewer.look()
    beside.clock.advance(renewing.LOOK_S)
    assert said == [""]


def test_a_full_disk_ends_neither_asterisk_nor_the_command(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer cannot be written; the service gives up after its patience."""
    beside.ask()
    monkeypatch.setattr(renewing, "answer", Mock(side_effect=OSError(28, "No space left on device")))
    beside.renewer.look()
