"""A stand-in Asterisk that answers every command at once: many calls in one epoll loop. Only for measuring.

It checks each command against the script, so that a server which says something else is found out, not measured.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from bench.script import STEPS, WAITING_AT, echo, header

STALLED_S: Final = 30.0


class OffScript(Exception):
    """The server sent something else than the script's command, or nothing for half a minute."""


@dataclass(slots=True)
class Call:
    """One call: its socket, the number of commands answered, and when the last answer went out."""

    socket: socket.socket
    caller: str
    done: int = 0
    answered_at: float = 0.0
    unread: bytes = b""


@dataclass(slots=True)
class Asterisk:
    """``pieces``: the environment in 24 writes. ``gaps`` gathers the seconds between an answer and the next command."""

    port: int
    callers: Iterable[str]
    pieces: bool = False
    timed: bool = False
    gaps: list[float] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)
    finished: int = 0
    _epoll: select.epoll = field(default_factory=select.epoll)
    _number: int = 0
    _callers: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._callers = cycle(self.callers)

    def dial(self) -> Call:
        """One more call: connect and send the environment."""
        self._number += 1
        call = Call(socket.create_connection(("127.0.0.1", self.port)), next(self._callers))
        call.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.calls[call.socket.fileno()] = call
        self._epoll.register(call.socket.fileno(), select.EPOLLIN)
        words = header(self._number, call.caller)
        if self.pieces:
            for line in words.splitlines(keepends=True):
                call.socket.send(line)
        else:
            call.socket.send(words)
        return call

    def many(self, calls: int, at_once: int) -> None:
        """So many calls from beginning to end, so many at once."""
        goal, dialled = self.finished + calls, 0
        while self.finished < goal:
            while dialled < calls and len(self.calls) < at_once:
                self.dial()
                dialled += 1
            self._turn(self._answer)

    def steadily(self, calls: int, per_second: float) -> None:
        """So many calls, each dialled when it is due, however the server fares; ``gaps`` are gathered."""
        goal, began, dialled = self.finished + calls, time.monotonic(), 0
        self.timed = True
        while self.finished < goal:
            while dialled < calls and time.monotonic() - began >= dialled / per_second:
                self.dial()
                dialled += 1
            due = began + dialled / per_second - time.monotonic() if dialled < calls else STALLED_S
            self._turn(self._answer, max(due, 0.0))
        self.timed = False

    def left_waiting(self, calls: int) -> None:
        """So many callers who listen to the menu."""
        waiting: set[int] = set()
        dialled = 0

        def until_the_menu(call: Call) -> None:
            if call.done < WAITING_AT:
                self._answer(call)
            else:
                if not call.socket.recv(65_536):
                    raise OffScript("closed while the menu was playing")
                waiting.add(call.socket.fileno())

        while len(waiting) < calls:
            while dialled < calls and dialled - len(waiting) < 100:
                self.dial()
                dialled += 1
            self._turn(until_the_menu)

    def hang_up_all(self) -> float:
        """Everybody hangs up at once; the seconds until the server has closed the last connection."""
        open_ = deque(self.calls.values())
        began = time.monotonic()
        for call in open_:
            call.socket.send(b"200 result=-1 endpos=8000\nHANGUP\n")
        goal = self.finished + len(open_)
        while self.finished < goal:
            self._turn(self._closed)
        return time.monotonic() - began

    def end(self) -> None:
        """Close whatever is still open."""
        for call in tuple(self.calls.values()):
            self._over(call)

    def _turn(self, then: Callable[[Call], None], wait_s: float = STALLED_S) -> None:
        ready = self._epoll.poll(wait_s, 1_024)
        if not ready and wait_s >= STALLED_S:
            raise OffScript(f"nothing came for {STALLED_S:.0f} s; {len(self.calls)} calls are open")
        for number, _ in ready:
            then(self.calls[number])

    def _answer(self, call: Call) -> None:
        data = call.socket.recv(65_536)
        if not data:
            if call.done != len(STEPS):
                raise OffScript(f"closed after {call.done} of {len(STEPS)} commands")
            self._over(call)
            return
        if self.timed and call.answered_at:
            self.gaps.append(time.monotonic() - call.answered_at)
        if not data.endswith(b"\n") or call.unread:
            data = call.unread + data
            call.unread = b"" if data.endswith(b"\n") else data
        if not call.unread:
            self._reply(call, data)

    def _reply(self, call: Call, command: bytes) -> None:
        if call.done >= len(STEPS) or not command.startswith(STEPS[call.done].begins):
            raise OffScript(f"command {call.done + 1} is {command!r}")
        call.socket.send(STEPS[call.done].answer or echo(command, call.caller))
        call.done += 1
        if self.timed:
            call.answered_at = time.monotonic() if call.done < len(STEPS) else 0.0

    def _closed(self, call: Call) -> None:
        if not call.socket.recv(65_536):
            self._over(call)

    def _over(self, call: Call) -> None:
        number = call.socket.fileno()
        self._epoll.unregister(number)
        del self.calls[number]
        call.socket.close()
        self.finished += 1
