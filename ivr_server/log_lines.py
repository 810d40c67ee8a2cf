"""The log: one JSON object per line, each value escaped, so that no caller's name can forge a line or a colour."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Protocol

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import implementer

LONGEST = 4_000  # characters of one value
_OURS = ("log_", "isError")


class Stream(Protocol):
    """A text file, or Twisted's LogFile, which rotates itself."""

    def write(self, data: str) -> Any:
        """Add the text."""

    def flush(self) -> Any:
        """To the disk's cache."""


@implementer(ILogObserver)
class JsonLines:
    """Writes events of ``level`` and above to a stream; a failure gives its type, message and innermost place only.

    A traceback's local values never appear: a failure is told by where it happened, not by what it held.
    """

    def __init__(self, stream: Stream, level: LogLevel = LogLevel.info) -> None:
        self._stream = stream
        self._level = level

    def __call__(self, event: LogEvent) -> None:
        """One line for one event; a stream that cannot take it (a full disk) loses the line, not the call."""
        if event.get("log_level", LogLevel.info) < self._level:
            return
        try:
            self._stream.write(json.dumps(line(event), ensure_ascii=True) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


def line(event: LogEvent) -> dict[str, Any]:
    """The event as plain values: time, level, from, words, and what was given by name."""
    level = event.get("log_level", LogLevel.info)
    shown: dict[str, Any] = {
        "time": datetime.fromtimestamp(event.get("log_time", 0.0), UTC).isoformat(timespec="milliseconds"),
        "level": level.name,
        "from": event.get("log_namespace", ""),
        "words": (formatEvent(event) or "")[:LONGEST],
    }
    failure = event.get("log_failure")
    if failure is not None:
        place = failure.getTracebackObject()
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        shown["fault"] = f"{failure.type.__name__}: {failure.getErrorMessage()}"[:LONGEST]
        if place is not None:
            shown["at"] = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
    named = {k: str(v)[:LONGEST] for k, v in event.items() if not k.startswith(_OURS) and k not in shown}
    return {**shown, **{key: value for key, value in named.items() if key in ("call", "look_up", "port", "count")}}
