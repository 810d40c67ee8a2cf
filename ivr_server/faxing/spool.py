"""The folder that the server and Asterisk share about faxes.

    documents/JOB/             bill.pdf and bill.tiff, kept as long as the settings say
    outgoing/JOB.TRY.tiff      the pages of one dial: what Asterisk sends
    tickets/JOB.TRY.TOKEN      the leave to make one dial; its time is when the leave ends
    answers/JOB.TRY            what became of it: the dialplan's last act
    received/                  what the fax machine in a box took in (no line set)

Theory of the ticket. A server that was paused between its last check and the wire could ask for a dial that its
successor makes as well. So Asterisk dials only with a ticket whose time is not over. The ticket is written before the
intent to dial is saved under the lease's fence, and a successor removes it before it takes the job for lost: whatever
it then sees in Asterisk's list of calls is all that there will ever be of that dial.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("documents", "outgoing", "tickets", "answers", "received")
SPARE = 64 << 20  # bytes that stay free on the disk for the journal
MOST_ANSWER = 8_192  # bytes; more is no answer of ours


@dataclass(frozen=True, slots=True)
class Dial:
    """One dial of one job: the names of its files, and of its call in Asterisk."""

    job: int
    number: int  # FaxJob.tries
    token: str

    @property
    def name(self) -> str:
        """The name of its answer."""
        return f"{self.job}.{self.number}"

    @property
    def call(self) -> str:
        """What its call is linked by in Asterisk; nobody else can know the token."""
        return f"fax-{self.job}-{self.number}-{self.token}"


class Spool:
    """The folder, and everything that is done in it. Small files only: for the reactor's thread, but for ``ready``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folders: for the server's user and its group, which is Asterisk's."""
        for name in FOLDERS:
            folder = self.root / name
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError):  # somebody else's: an administrator has arranged it
                folder.chmod(0o2770)

    def document(self, job: int) -> Path:
        """Where a job's bill.pdf and bill.tiff lie."""
        return self.root / "documents" / str(job)

    def outgoing(self, dial: Dial) -> Path:
        """The pages that a dial sends."""
        return self.root / "outgoing" / f"{dial.name}.tiff"

    def room(self) -> bool:
        """Whether the disk has space for more (H9)."""
        try:
            return shutil.disk_usage(self.root).free > SPARE
        except OSError:
            return False

    def ready(self, dial: Dial, pages: Path, until: float) -> None:
        """Lay the pages of a dial out and give it its ticket, good until an instant in seconds since 1970."""
        _copied(pages, self.outgoing(dial))
        ticket = self._ticket(dial)
        with ticket.open("wb"):
            os.utime(ticket, (until, until))

    def good_for(self, dial: Dial, until: float) -> None:
        """The dial's leave lasts longer, or shorter."""
        with suppress(FileNotFoundError):
            os.utime(self._ticket(dial), (until, until))

    def withdraw(self, dial: Dial) -> None:
        """Take the leave of a dial back: Asterisk makes it no more, if it has not begun."""
        self._ticket(dial).unlink(missing_ok=True)

    def done(self, dial: Dial) -> None:
        """The dial is over and written down: its pages and its ticket go, its answer stays."""
        self.withdraw(dial)
        self.outgoing(dial).unlink(missing_ok=True)

    def answer(self, job: int, number: int) -> bytes | None:
        """What the dialplan wrote about a dial, if it has."""
        try:
            with (self.root / "answers" / f"{job}.{number}").open("rb") as file:
                return file.read(MOST_ANSWER)
        except OSError:
            return None

    def answers(self, since: float) -> list[tuple[int, int]]:
        """Job and number of every dial with an answer from since then."""
        found = []
        with suppress(OSError), os.scandir(self.root / "answers") as entries:
            for entry in entries:
                job, _, number = entry.name.partition(".")
                if job.isdecimal() and number.isdecimal() and entry.stat().st_mtime >= since:
                    found.append((int(job), int(number)))
        return sorted(found)

    def forget(self, jobs: list[int]) -> None:
        """Remove everything about these jobs."""
        gone = {str(job) for job in jobs}
        for job in gone:
            shutil.rmtree(self.root / "documents" / job, ignore_errors=True)
        for name in ("outgoing", "tickets", "answers"):
            for path in (self.root / name).iterdir():
                if path.name.partition(".")[0] in gone:
                    path.unlink(missing_ok=True)

    def forget_old(self, before: float) -> None:
        """Remove what the box took in, and answers, from before an instant."""
        for path in (*(self.root / "received").iterdir(), *(self.root / "answers").iterdir()):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _ticket(self, dial: Dial) -> Path:
        return self.root / "tickets" / f"{dial.name}.{dial.token}"


def _copied(source: Path, target: Path) -> None:
    """A copy that Asterisk's group may read; there is a whole one or none."""
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    part.chmod(0o640)
    part.replace(target)
