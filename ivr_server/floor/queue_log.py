"""Asterisk's own record of its queues (the file queue_log): read, and compared with ours. Pure.

A line is ``seconds|call|queue|agent|EVENT|data...``, measured on Asterisk 22.10.1 and 16.28. What it calls an agent is
the member's name. It tells no talk that no queue brought, so a transfer to a seat ends there for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from crm_bridge.queue_events import QueueEvent, kind, nearest
from ivr_server.floor.reading import clean

COMPARED: Final = (
    "joined",
    "abandoned",
    "timed_out",
    "withdrawn",
    "left",
    "missed",
    "answered",
    "ended",
    "transferred",
)
_LEFT: Final = {"EXITEMPTY": "left", "EXITWITHKEY": "left", "EXITWITHTIMEOUT": "timed_out", "WITHDRAW": "withdrawn"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, taken apart."""

    at: float
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...] = ()

    def number(self, index: int) -> float:
        """Of its data; 0 when it is none, or not there."""
        word = self.data[index] if index < len(self.data) else ""
        return float(word) if word.isascii() and word.isdigit() and len(word) <= 12 else 0.0


def read_line(text: str) -> LogLine | None:
    """A line, or None when it is none of a call (NONE, MANAGER), torn, or something else."""
    parts = text.rstrip("\r\n").split("|")
    if len(parts) < 5 or not parts[0].isascii() or not parts[0].replace(".", "", 1).isdigit():
        return None
    stamp, call, queue, agent, event, *data = map(clean, parts)
    if call in ("NONE", "MANAGER", "REALTIME", "") or queue in ("NONE", ""):
        return None
    return LogLine(float(stamp), call, queue, "" if agent == "NONE" else agent, event, tuple(data))


def events(lines: Iterable[str]) -> list[QueueEvent]:
    """What the lines tell, in our words and their order; lines of other things are passed over."""
    read = _Reading()
    for text in lines:
        line = read_line(text)
        if line is not None:
            read.take(line)
    return read.found


class _Reading:
    """Keeps who talks: the end of a talk does not name its leg, a join alone names the caller."""

    def __init__(self) -> None:
        self.found: list[QueueEvent] = []
        self._legs: dict[str, tuple[str, float]] = {}  # call -> leg of its talk, and since when
        self._numbers: dict[str, str] = {}
        self._joined: dict[str, float] = {}

    def take(self, line: LogLine) -> None:
        """One line."""
        event, call = line.event, line.call
        if event == "ENTERQUEUE":
            self._numbers[call] = line.data[1] if len(line.data) > 1 else ""
            self._joined[call] = line.at
            self._tell(line, "joined")
        elif event == "CONNECT":
            self._legs[call] = line.data[1] if len(line.data) > 1 else "", line.at
            self._tell(line, "answered", seconds=line.number(0), leg=self._legs[call][0])
        elif event in ("COMPLETEAGENT", "COMPLETECALLER"):
            self._talk_over(line, "ended", event.removeprefix("COMPLETE").lower(), line.number(1))
        elif event in ("BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER"):
            self._talk_over(line, "transferred", line.data[0] if line.data else "")
        elif event == "RINGNOANSWER":
            self._tell(line, "missed", seconds=line.number(0) / 1_000)
        elif event == "ABANDON":
            self._tell(line, "abandoned", seconds=line.number(2))
        elif event in _LEFT:
            self._tell(line, _LEFT[event], seconds=max(0.0, line.at - self._joined.get(call, line.at)))

    def _talk_over(self, line: LogLine, what: str, detail: str, seconds: float = 0.0) -> None:
        leg, since = self._legs.pop(line.call, ("", line.at))
        self._tell(line, what, detail, seconds or line.at - since, leg)

    def _tell(  # noqa: PLR0913, PLR0917
        self, line: LogLine, what: str, detail: str = "", seconds: float = 0.0, leg: str = ""
    ) -> None:
        number = self._numbers.get(line.call, "")
        one = QueueEvent(
            call=line.call, what=what, at=line.at, queue=line.queue, agent=line.agent, number=number, source="log"
        )
        self.found.append(replace(one, detail=detail, seconds=seconds, leg=leg))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside Asterisk's. ``counts``: kind -> (ours, theirs); ``only_ours`` and ``only_theirs`` are the rest."""

    counts: dict[str, tuple[int, int]]
    only_ours: tuple[QueueEvent, ...]
    only_theirs: tuple[QueueEvent, ...]

    @property
    def agree(self) -> bool:
        """Whether both tell the same."""
        return not (self.only_ours or self.only_theirs)


def compare(ours: Sequence[QueueEvent], theirs: Sequence[QueueEvent]) -> Comparison:
    """Pair what is the same; a talk that no queue brought is not looked for in the queue log."""
    ours = [replace(one, source="live") for one in ours if one.queue and one.what in COMPARED]
    theirs = [one for one in theirs if one.what in COMPARED]
    open_: dict[tuple[str, str], list[QueueEvent]] = {}
    for one in ours:
        open_.setdefault((one.call, kind(one)), []).append(one)
    only_theirs = []
    for one in theirs:
        if nearest(one, open_.get((one.call, kind(one)), [])) is None:
            only_theirs.append(one)
    mine, other = Counter(one.what for one in ours), Counter(one.what for one in theirs)
    counts = {what: (mine[what], other[what]) for what in COMPARED if mine[what] or other[what]}
    return Comparison(counts, tuple(one for rest in open_.values() for one in rest), tuple(only_theirs))
