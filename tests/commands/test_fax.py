"""``ivr-server fax``: the jobs as lines, what is decided about them, and the document to look at."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import Connection, select

from crm_bridge import demo, fax_jobs
from crm_bridge.database import Limits, engine_for
from crm_bridge.schema import bills, customers
from crm_bridge.staff import deeds
from crm_bridge.versions import prepare
from ivr_server.commands.fax import command
from tests.doubles.fax_rows import JOBS, fill

PHONE = demo.SHOWN[0].phone


@dataclass
class Desk:
    """A settings file, its database, and the command run on both."""

    folder: Path

    @property
    def settings(self) -> Path:
        """The file."""
        return self.folder / "settings.yaml"

    def run(self, *words: str) -> Result:
        """In this process."""
        return CliRunner().invoke(command, ["--settings", str(self.settings), *words])

    def run_apart(self, *words: str) -> subprocess.CompletedProcess[str]:
        """In a process of its own, for what needs a reactor."""
        line = [sys.executable, "-c", "from ivr_server.command_line import main; main()", "fax", "--settings"]
        return subprocess.run([*line, str(self.settings), *words], capture_output=True, text=True, check=False)

    def change(self, work: Callable[[Connection], Any]) -> Any:
        """In one transaction."""
        with engine_for(f"sqlite:///{self.folder / 'own.db'}", Limits()).execution_options(write=True).begin() as it:
            prepare(it)
            return work(it)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Without any job."""
    made = Desk(tmp_path)
    zone = "operator: {zone: Asia/Shanghai}"
    made.settings.write_text(f"state: {tmp_path / 'state'}\ndatabase: 'sqlite:///{tmp_path / 'own.db'}'\n{zone}\n")
    return made


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """With a job in every state."""
    desk.change(lambda connection: fill(connection, desk.folder / "faxes"))
    return desk


@pytest.fixture
def seeded(desk: Desk) -> Desk:
    """With the customers of the demonstration."""
    url = f"sqlite:///{desk.folder / 'own.db'}"
    line = [sys.executable, "-c", "from ivr_server.command_line import main; main()", "seed", "--customers", "10"]
    subprocess.run([*line, "--settings", str(desk.settings), "--url", url], check=True, capture_output=True)
    return desk


def test_the_jobs_are_lines_and_can_be_chosen(filled: Desk) -> None:
    """Newest first, why in words, hostile text on its own line and inert; nothing at all before the first job."""
    lines = [line.split("\t") for line in filled.run("list").output.splitlines()]
    assert [int(line[0]) for line in lines] == list(range(len(JOBS), 0, -1))
    assert {len(line) for line in lines} == {9}
    assert lines[5][2:] == [
        "customer 7",
        "2026-10",
        "02160001234",
        "To be tried again",
        "The number was busy",
        "0/3",
        "1",
    ]
    chosen = lambda *words: [line.split("\t")[0] for line in filled.run("list", *words).output.splitlines()]  # noqa: E731
    assert (chosen("--state", "retrying"), chosen("--number", "888"), chosen("--most", "2")) == (
        ["6", "5"],
        ["10"],
        ["10", "9"],
    )
    assert (chosen("--month", "2026-09"), chosen("--customer", "8"), len(chosen("--customer", "7"))) == ([], [], 10)
    assert filled.run("list", "--state", "gone").exit_code == 2
    assert "\x1b" not in filled.run("show", "10").output and "\u202e" not in filled.run("show", "10").output


def test_one_job_is_told_with_its_tries(filled: Desk) -> None:
    """Its facts a line each, then the dials; a job that is not there is said in one sentence."""
    told = filled.run("show", "2").output
    assert "Answered, but no fax machine spoke" in told
    assert [line.split("\t")[0] for line in told.splitlines() if line.startswith("Try ")] == ["Try 1", "Try 2"]
    missing = filled.run("show", "99")
    assert (missing.exit_code, missing.output) == (1, "Error: there is no fax 99\n")


def test_a_fax_is_sent_again_and_ended_and_it_is_written_down(filled: Desk) -> None:
    """With a reason, which must be given; what its state does not allow is said."""
    assert filled.run("retry", "2").exit_code == 2
    assert filled.run("retry", "2", "--reason", "rang").output == "Fax 2 is sent as soon as a line is free.\n"
    assert filled.run("cancel", "2", "--reason", "rang again").output == "Fax 2 is cancelled.\n"
    assert filled.run("cancel", "7", "--reason", "stop").output == "Fax 7 is being ended: a call is up.\n"
    for words in (("retry", "1"), ("cancel", "1"), ("retry", "7"), ("retry", "99")):
        assert filled.run(*words, "--reason", "x").exit_code == 1
    row = filled.change(lambda connection: fax_jobs.job(connection, 2))
    assert (row.state, row.cause) == ("failed", "cancelled")
    written = [(one.who, one.what, one.about) for one in filled.change(deeds)]
    assert written == [
        ("command line", "fax_cancel", "fax 7: stop"),
        ("command line", "fax_cancel", "fax 2: rang again"),
        ("command line", "fax_retry", "fax 2: rang"),
    ]


def newest_month(connection: Connection) -> str:
    """Of the first customer's bills."""
    whose = select(customers.c.id).where(customers.c.phone == PHONE).scalar_subquery()
    asked = select(bills.c.month).where(bills.c.customer == whose).order_by(bills.c.month.desc()).limit(1)
    return str(connection.execute(asked).scalar_one())


def test_a_bill_is_drawn_to_look_at_and_nothing_is_sent(seeded: Desk) -> None:
    """PDF and fax pages of a customer's month; nobody's bill, and what is no month, are said in one sentence."""
    month = seeded.change(newest_month)
    pdf, tiff = seeded.folder / "bill.pdf", seeded.folder / "bill.tiff"
    done = seeded.run_apart("bill", PHONE, month, "-o", str(pdf), "--tiff", str(tiff), "--language", "en-US")
    assert done.returncode == 0, done.stderr
    assert pdf.read_bytes().startswith(b"%PDF-")
    with Image.open(tiff) as pages:
        assert pages.width == 1728
        assert f"{pages.n_frames} page" in done.stdout  # type: ignore[attr-defined]
    assert seeded.change(lambda connection: fax_jobs.jobs(connection, fax_jobs.Filter())) == []
    for number, asked in ((PHONE, "1999-01"), ("13999999999", month), (PHONE, "October")):
        refused = seeded.run_apart("bill", number, asked, "-o", str(seeded.folder / "no.pdf"))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert not (seeded.folder / "no.pdf").exists()


def test_a_fax_is_asked_for_at_the_command_line(seeded: Desk) -> None:
    """A job of the customer's own account, to a number that may be faxed to; any other number is refused."""
    wish = ("--customer", PHONE, "--month", seeded.change(newest_month), "--reason", "asked by letter")
    done = seeded.run_apart("send", "021-60001234", *wish)
    assert (done.returncode, done.stdout) == (0, "Fax 1 to 02160001234 waits for the service.\n"), done.stderr
    row = seeded.change(lambda connection: fax_jobs.job(connection, 1))
    own = seeded.change(
        lambda connection: connection.execute(select(customers.c.id).where(customers.c.phone == PHONE)).scalar()
    )
    assert (row.state, row.account, row.customer, row.number) == ("waiting", str(own), str(own), "02160001234")
    assert seeded.run_apart("send", "110", *wish).returncode == 1
    assert [(one.what, one.about) for one in seeded.change(deeds)] == [("fax_send", "fax 1: asked by letter")]
