"""From a bill to the files that are sent: ``bill.pdf`` and ``bill.tiff``, made in a process of their own.

The process is bounded in time, memory, output and number of children, comes to an end with us, and is the first to go
when the machine runs out of memory. Whatever a document does to it, the caller gets a ``PressFault`` with a reason and
one plain sentence, no file half written and no process left. The calls block: they are for a worker thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from fax.bill import BillDocument
from fax.words import WORDS

PDF: Final = "bill.pdf"
TIFF: Final = "bill.tiff"
Reason = Literal["time", "memory", "document", "space"]
_HOUSE: Final = Path(__file__).resolve().parent.parent
_COMMAND: Final = (sys.executable, "-P", "-m", "fax.press_child")
_SAID: Final = 65_536  # bytes that are read of what the process says


class PressFault(Exception):
    """No fax could be made: too long, too much memory, a document that cannot be read, or no room on the disk."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason: Reason = reason
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may cost. ``spare`` is what must stay free on the disk for the journal and for other calls."""

    seconds: float = 60.0
    cpu: int = 40
    memory: int = 768 << 20  # bytes of address space
    pages: int = 60
    source: int = 20 << 20  # bytes of a PDF that is brought to us
    output: int = 64 << 20  # bytes of a file that is written
    spare: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Pressed:
    """What was made. ``digest`` is ``bound`` of it; ``lacking`` are characters that the pages show as □."""

    pages: int
    digest: str
    lacking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The pages from ``first`` on, with ``note`` stamped on the first of them.

    ``repeated`` is a page that the receiver may have already; it says so itself, in ``language``, if it has no note.
    """

    first: int = 1
    note: str = ""
    fine: bool = True
    group: Literal[3, 4] = 4
    repeated: int | None = None
    language: str = "zh-CN"


def press(document: BillDocument, folder: Path, limits: Limits = Limits()) -> Pressed:
    """Draws the bill and makes its fax; both files appear in ``folder`` together, or neither does."""
    made = _made({"do": "press", "document": document.to_json()}, folder, limits)
    return Pressed(made["pages"], bound(document.account, folder), made["lacking"])


def convert(pdf: Path, folder: Path, limits: Limits = Limits()) -> Pressed:
    """Makes a fax of any PDF, which may mean harm; the digest is bound to the account ``""``."""
    try:
        found = pdf.stat()
    except OSError as wrong:
        raise PressFault("document", f"{pdf.name} cannot be opened: {wrong.strerror}") from wrong
    if not stat.S_ISREG(found.st_mode):
        raise PressFault("document", f"{pdf.name} is not a file")
    if found.st_size > limits.source:
        raise PressFault("document", f"it has {found.st_size:,} bytes, and {limits.source:,} is the most")
    made = _made({"do": "convert", "pdf": str(pdf.resolve())}, folder, limits)
    return Pressed(made["pages"], bound("", folder))


def rest(folder: Path, wish: Rest, limits: Limits = Limits()) -> Path:
    """The TIFF to send now; ``bill.tiff`` itself where nothing is to be left out, stamped or coded otherwise."""
    if wish.first == 1 and not wish.note and wish.fine and wish.group == 4 and wish.repeated is None:
        return folder / TIFF
    mark = hashlib.sha256(json.dumps(asdict(wish)).encode()).hexdigest()[:8]
    name = f"rest-{wish.first}-{'fine' if wish.fine else 'standard'}-g{wish.group}-{mark}.tiff"
    _made({"do": "rest", "tiff": str((folder / TIFF).resolve()), "wish": asdict(wish), "name": name}, folder, limits)
    return folder / name


def continuation(language: str, first: int, repeated: int | None = None) -> str:
    """The line to stamp on a fax that goes on at ``first``; ``repeated`` may have come already."""
    words = WORDS[language]
    said = [words.resumed(first)] + ([words.repeat(repeated)] if repeated else [])
    return words.joined.join(said)


def bound(account: str, folder: Path) -> str:
    """A hash over the account and the pages: a fax that stands in for another customer's does not have it."""
    found = hashlib.sha256(f"{len(account.encode())}:{account}\n".encode())
    with (folder / TIFF).open("rb") as pages:
        while part := pages.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _made(task: Mapping[str, Any], folder: Path, limits: Limits) -> dict[str, Any]:
    """Has the process do the task in a folder of its own, then puts its files where they belong."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_space(folder, limits)
        with _room(folder) as room:
            made = _answer({**task, "room": str(room), "limits": asdict(limits), "parent": os.getpid()}, limits)
            for file in sorted(room.iterdir()):
                file.replace(folder / file.name)
        _sync(folder)
    except OSError as wrong:
        raise PressFault("space", f"the fax cannot be stored: {wrong.strerror}") from wrong
    return made


def _check_space(folder: Path, limits: Limits) -> None:
    free = shutil.disk_usage(folder).free
    if free < limits.spare:
        raise PressFault("space", f"{free:,} bytes are free on the disk, and {limits.spare:,} must stay free")


@contextlib.contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder for half-written files, on the same disk; one that a killed process left is removed first."""
    for left in folder.glob(".press-*"):
        shutil.rmtree(left, ignore_errors=True)
    room = Path(tempfile.mkdtemp(prefix=".press-", dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _sync(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _answer(task: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """What the process said; PressFault for anything but a plain success."""
    with _memory(json.dumps(task).encode()) as asked, _memory() as said, _memory() as complaint:
        ended = _run((asked, said, complaint), limits.seconds)
        answer, last = os.pread(said, _SAID, 0), os.pread(complaint, _SAID, 0)
    if ended is None:
        raise PressFault("time", f"it was not ready after {limits.seconds:g} seconds")
    if ended < 0:
        raise _killed(-ended, limits)
    try:
        made: dict[str, Any] = json.loads(answer)
    except ValueError as wrong:
        line = (last.decode(errors="replace").strip().splitlines() or ["no word"])[-1][:200]
        raise PressFault("document", f"the converter stopped: {line}") from wrong
    if "reason" in made:
        raise PressFault(made["reason"], made["text"])
    return made


def _killed(number: int, limits: Limits) -> PressFault:
    if number == signal.SIGXCPU:
        return PressFault("time", f"it took more than {limits.cpu} seconds of the processor")
    if number == signal.SIGKILL:
        return PressFault("memory", "the system stopped the converter to save memory")
    if number == signal.SIGABRT:  # pdfium's way when it is refused memory
        return PressFault("memory", f"it needs more than {limits.memory >> 20} MB of memory")
    return PressFault("document", f"the converter died of it ({signal.Signals(number).name})")


def _run(streams: tuple[int, int, int], seconds: float) -> int | None:
    """The process's end as ``Popen.returncode`` has it; None when its time was over. Nothing of its group is left."""
    asked, said, complaint = streams
    world = {"PATH": os.defpath, "PYTHONPATH": str(_HOUSE), "LANG": "C.UTF-8"}
    try:
        child = subprocess.Popen(
            _COMMAND, stdin=asked, stdout=said, stderr=complaint, env=world, cwd="/", start_new_session=True
        )
    except OSError as wrong:
        raise PressFault("memory", f"the converter cannot be started: {wrong.strerror}") from wrong
    try:
        ready = _ended(child.pid, seconds)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # before it is reaped: until then the group's number is ours
        child.wait()
    return child.returncode if ready else None


def _ended(process: int, seconds: float) -> bool:
    """Whether the process came to its end in this time; it is not reaped yet."""
    watched = os.pidfd_open(process)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watched)


@contextlib.contextmanager
def _memory(text: bytes = b"") -> Iterator[int]:
    """A file that is in memory only: a bill's words need not touch the disk, and reading it can never block."""
    place = os.memfd_create("press")
    try:
        if text:
            with open(place, "wb", closefd=False) as file:
                file.write(text)
            os.lseek(place, 0, os.SEEK_SET)
        yield place
    finally:
        os.close(place)
