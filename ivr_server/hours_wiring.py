"""What the hours and the notice mean to this service: the next call, and the next simulated one, go by the new ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr_server import hours_file, notice
from ivr_server.hours import utc_now
from ivr_server.hours_file import HoursFile
from ivr_server.notice import NoticeText
from ivr_server.places import FOLDER, Place
from ivr_server.publishing import files as disk
from ivr_server.settings import Settings
from ivr_server.sheets.asked import Said, Weight
from ivr_server.sheets.room import SheetRoom
from ivr_server.sheets.sheet import Sheet


@dataclass(frozen=True, slots=True)
class HoursKind:
    """The hours file."""

    settings: Settings
    now: Callable[[], datetime] = utc_now

    def read(self, text: str, file: str) -> HoursFile:
        """Its value."""
        return hours_file.parsed(text, file)

    async def weigh(self, old: HoursFile, new: HoursFile) -> Weight:
        """Nothing forbids it; that the next caller meets another state than the last one is told."""
        before, after = (self._opening(one) for one in (old, new))
        now = () if before == after else (Said(f"hours_now_{after}"),)
        return Weight((), (*now, Said("hours_live_at_once")))

    async def take(self, old: HoursFile, new: HoursFile) -> Sequence[Said]:
        """Whoever asks from now on is told by these."""
        hours_file.take(str(self.settings.sheet("hours").file), new)
        return ()

    def _opening(self, file: HoursFile) -> str:
        return file.opening(self.settings.operator.time_zone).at(self.now())


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """The emergency notice; calls look at its file by themselves."""

    def read(self, text: str, file: str) -> NoticeText:
        """Its value; a text that is no notice is none."""
        return notice.parsed(text)

    async def weigh(self, old: NoticeText, new: NoticeText) -> Weight:
        """What may be said is checked by whoever writes it."""
        return Weight()

    async def take(self, old: NoticeText, new: NoticeText) -> Sequence[Said]:
        """Nothing is left to do."""
        return ()


def add(room: SheetRoom, settings: Settings) -> None:
    """Both sheets, with the values that the service begins with. Raises OSError."""
    place = settings.sheet("hours")
    if place.file.suffix == hours_file.BEGUN:
        place.past.mkdir(parents=True, exist_ok=True)
        disk.replace(place.file, hours_file.written(settings.operator.hours, settings.operator.holidays).encode())
    room.add("hours", Sheet(lambda: settings.sheet("hours"), time.time), HoursKind(settings), settings.hours_file())
    value = notice.read_notice(settings.folder / notice.FILE)
    room.add("notice", Sheet(lambda: notice_place(settings), time.time), NoticeKind(), value)


def notice_place(settings: Settings) -> Place:
    """Where the notice lies: a file of the state folder; one that is missing is read as "no notice"."""
    own = settings.folder / notice.FILE
    return Place("notice", own if own.is_file() else notice.NONE, own, settings.folder / FOLDER / "notice")
