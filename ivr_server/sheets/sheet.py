"""One sheet on disk: the file itself, what it was before, and a line for each time that it was kept.

Theory. A text is kept in three steps, each on disk before the next: its copy, under its digest; the deed, who wants it
and why; the file. Killed between the second and the third, the file is what it was, and the next look takes the deed
back with one of its own (``not_done``). A file that is another than the last deed says was changed by hand: that is a
deed, too. They feed a chain of digests in the database (``crm_bridge.flow_audit``), as those of the flows do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from ivr_server.places import Place
from ivr_server.publishing import files as disk
from ivr_server.publishing.deeds import Deed, Deeds
from ivr_server.sheets.asked import Held, Moved

KEEP, BY_HAND, FOUND, NOT_DONE = "keep", "by_hand", "found", "not_done"
COPIES: Final = 60  # texts that are at hand; of older ones the deed is left


def digest_of(text: str) -> str:
    """What names a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Sheet:
    """``where`` is asked each time: a shipped sheet has a file of its own once it was kept. To be used in a thread."""

    where: Callable[[], Place]
    now: Callable[[], float]
    _lock: Lock = field(default_factory=Lock)
    _doubt: bool = True  # whether the latest deed may have been cut off before the file was written

    def held(self) -> Held:
        """What the file says now. Raises OSError, UnicodeDecodeError."""
        with self._lock:
            return self._held()

    def copies(self) -> list[Held]:
        """What it was, newest first, without texts."""
        with self._lock:
            self._held()
            place = self.where()
            return [self._told(place, deed) for deed in reversed(_done(self._deeds(place).all()))]

    def copy(self, digest: str) -> str | None:
        """One of them; None when it is not at hand any more."""
        try:
            return disk.read(self.where().past, f"{digest}.yaml").decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def keep(self, text: str, seen: str, why: tuple[str, str, str]) -> Held:
        """The file is this text from now on; ``why``: who, from which address, the reason. Raises Moved, OSError."""
        with self._lock:
            now = self._held()
            if now.digest != seen:
                raise Moved(now)
            if now.text == text:
                return now
            place = self.where()
            self._doubt = True
            self._write_down(place, text, KEEP, why)
            place.target.parent.mkdir(parents=True, exist_ok=True)
            disk.replace(place.target, text.encode())
            self._sweep(place)
            return self._held()

    def rows(self) -> tuple[str, list[Deed]]:
        """The name of this chain in the audit, and its deeds."""
        with self._lock:
            deeds = self._deeds(self.where())
            return deeds.place, deeds.all()

    # --- within

    def _held(self) -> Held:
        found = self._seen()
        self._doubt = False
        return found

    def _seen(self) -> Held:
        place = self.where()
        text = place.file.read_text(encoding="utf-8")
        digest = digest_of(text)
        deeds = _done(self._deeds(place).all())
        if deeds and _digest(deeds[-1]) == digest:
            return self._told(place, deeds[-1], text)
        if self._doubt and len(deeds) > 1 and deeds[-1].what == KEEP and _digest(deeds[-2]) == digest:
            self._write_down(place, text, NOT_DONE, ("", "", ""))
            return self._told(place, deeds[-2], text)
        return self._told(place, self._write_down(place, text, BY_HAND if deeds else FOUND, ("", "", "")), text)

    def _write_down(self, place: Place, text: str, what: str, why: tuple[str, str, str]) -> Deed:
        digest, (who, address, reason) = digest_of(text), why
        place.past.mkdir(parents=True, exist_ok=True)
        copy = place.past / f"{digest}.yaml"
        if not copy.is_file():
            disk.replace(copy, text.encode())
        deeds = self._deeds(place)
        number = len(deeds.all()) + 1
        return deeds.add(Deed(0, self.now(), who, what, number, f"{digest} {reason}".strip(), address))

    def _sweep(self, place: Place) -> None:
        """Texts that only old deeds speak of are forgotten."""
        wanted = {_digest(deed) for deed in self._deeds(place).all()[-COPIES:]}
        for path in place.past.glob("*.yaml"):
            if path.stem not in wanted:
                path.unlink(missing_ok=True)

    @staticmethod
    def _deeds(place: Place) -> Deeds:
        place.past.mkdir(parents=True, exist_ok=True)
        return Deeds(place.past)

    @staticmethod
    def _told(place: Place, deed: Deed, text: str = "") -> Held:
        digest, _, reason = deed.about.partition(" ")
        there = bool(text) or (place.past / f"{digest}.yaml").is_file()
        return Held(digest, text, deed.what, deed.who, deed.at, reason, there)


def _done(deeds: list[Deed]) -> list[Deed]:
    """Without those that were taken back."""
    found: list[Deed] = []
    for deed in deeds:
        if deed.what != NOT_DONE:
            found.append(deed)
        elif found:
            found.pop()
    return found


def _digest(deed: Deed) -> str:
    return deed.about.partition(" ")[0]
