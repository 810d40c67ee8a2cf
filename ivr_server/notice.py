"""The emergency notice: which prompt is spoken before the main menu, until when. It always has an end.

Kept in a small file of its own, so that it is switched without a restart: by ``ivr-server notice set|clear|show``, on a
page of the console, or by telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from marked_yaml import read
from prompts.catalogue import Catalogue

FILE: Final = "notice.yaml"  # in the state folder
NONE: Final = Path(__file__).with_name("no_notice.yaml")
NEVER: Final = datetime.fromtimestamp(0, UTC)
LONGEST: Final = timedelta(days=31)
MEANT: Final = "notice_"  # how the names of prompts begin that are meant for it

class Notice:
    """Looks at the file when its time of change says that it is another; a file that cannot be read is no notice."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path, self._now = path, now
        self._stamp, self._held = 0, NoticeText()

    def prompt(self) -> str:
        """The name of the prompt to speak now, or ""."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except OSError:
            return ""
        if stamp != self._stamp:
            self._stamp = stamp
            self._held = read_notice(self._path)
        return self._held.prompt if self._held.holds(self._now()) else ""


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What the file says: a prompt, "" for no notice, and its end."""

    prompt: str = ""
    until: datetime = NEVER

    def holds(self, now: datetime) -> bool:
        """Whether it is spoken now."""
        return bool(self.prompt) and now < self.until

    @property
    def text(self) -> str:
        """As it is written down."""
        end = self.until.astimezone(UTC).isoformat()
        return f"prompt: {self.prompt}\nuntil: {end}\n" if self.prompt else NONE.read_text("utf-8")


def parsed(text: str) -> NoticeText:
    """What a text says; one that is no notice says that there is none."""
    marked, problems = read(text, FILE)
    if marked is None or problems or not isinstance(marked.value, dict):
        return NoticeText()
    values = {name: str(value.value) for name, (_, value) in marked.value.items()}
    try:
        return NoticeText(values["prompt"], datetime.fromisoformat(values["until"]).astimezone(UTC))
    except (KeyError, ValueError, OverflowError):  # no year 0
        return NoticeText()


def read_notice(path: Path) -> NoticeText:
    """The notice of a file; none when it is missing or is not a notice."""
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return NoticeText()


def write_notice(path: Path, notice: NoticeText) -> None:
    """Put a notice in force, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(notice.text, encoding="utf-8")
    fresh.replace(path)


def speakable(catalogues: Mapping[str, Catalogue]) -> list[str]:
    """The prompts that can be notices: there in every language, with nothing to fill in; those meant for it first."""
    each = [{name for name in one.prompts if not one.signature(name)} for one in catalogues.values()]
    found = set.intersection(*each) if each else set()
    return sorted(found, key=lambda name: (not name.startswith(MEANT), name))
