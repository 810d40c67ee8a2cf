"""What was done to the versions, a line each, on disk before it is done: the database's audit is fed from here.

So a roll back needs no database, and none of it can be lost with one. Each line is a JSON object; its number is its
place in the file. A deed that a kill cut off is followed by one that says so (``settle``).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ivr_server.publishing import files as disk

NAME: Final = "deeds.jsonl"
PLACE: Final = "place"
WHATS: Final = ("publish", "roll_back", "take_in", "import", "not_done")


@dataclass(frozen=True, slots=True)
class Deed:
    """One line. ``version``: the number that is live then; ``at``: seconds since 1970; ``what``: a word of WHATS."""

    number: int
    at: float
    who: str
    what: str
    version: int
    about: str = ""
    address: str = ""


class Deeds:
    """The file, in the folder of versions. To be written under the versions' lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def place(self) -> str:
        """The name of this folder of versions, given once: two services may share a database."""
        try:
            return disk.read(self.folder, PLACE).decode()
        except FileNotFoundError:
            disk.replace(self.folder / PLACE, secrets.token_hex(8).encode())
            return disk.read(self.folder, PLACE).decode()

    def all(self) -> list[Deed]:
        """Every line in order; one that a power cut left half written, at the end, is none."""
        return list(self._read())

    def add(self, deed: Deed) -> Deed:
        """Append it with the next number; it is on the disk when this returns."""
        kept = self.all()
        made = Deed(**{**asdict(deed), "number": len(kept) + 1})
        line = json.dumps(asdict(made), ensure_ascii=False, separators=(",", ":")) + "\n"
        handle = os.open(self.folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
        try:
            self._close_torn_line(handle)
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        return made

    def settle(self, published: int, now: float) -> None:
        """Where the last deed was cut off before it was done, say so."""
        last = next(reversed(self.all()), None)
        if last is not None and last.version != published:
            self.add(Deed(0, now, "", "not_done", published, f"{last.number}"))

    def _read(self) -> Iterator[Deed]:
        try:
            text = (self.folder / NAME).read_bytes()
        except FileNotFoundError:
            return
        for line in text.split(b"\n"):
            with suppress(ValueError, TypeError):
                yield Deed(**json.loads(line))

    @staticmethod
    def _close_torn_line(handle: int) -> None:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            os.write(handle, b"\n")
