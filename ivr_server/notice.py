"""The emergency notice: which prompt is spoken before the main menu, until when. It always has an end.

Kept in a small file of its own, so that it is switched without a restart: ``ivr-server notice set|clear|show``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from marked_yaml import read


class Notice:
    """Looks at the file when its time of change says that it is another; a file that cannot be read is no notice."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path, self._now = path, now
        self._stamp = 0
        self._prompt, self._until = "", datetime.fromtimestamp(0, UTC)

    def prompt(self) -> str:
        """The name of the prompt to speak now, or ""."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except OSError:
            return ""
        if stamp != self._stamp:
            self._stamp = stamp
            self._prompt, self._until = read_notice(self._path)
        return self._prompt if self._now() < self._until else ""


def read_notice(path: Path) -> tuple[str, datetime]:
    """(prompt, until); ("", 1970) when the file is not a notice."""
    none = "", datetime.fromtimestamp(0, UTC)
    try:
        marked, problems = read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        return none
    if marked is None or problems or not isinstance(marked.value, dict):
        return none
    values = {name: str(value.value) for name, (_, value) in marked.value.items()}
    try:
        return values["prompt"], datetime.fromisoformat(values["until"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):  # no year 0
        return none


def write_notice(path: Path, prompt: str, until: datetime) -> None:
    """Put a notice in force, in one step, until an instant that knows its zone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(f"prompt: {prompt}\nuntil: {until.astimezone(UTC).isoformat()}\n", encoding="utf-8")
    fresh.replace(path)
