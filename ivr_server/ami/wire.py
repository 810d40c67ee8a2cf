"""AMI on the wire: bytes to values and back. Pure: no sockets, no clock.

Theory (measured on Asterisk 22.10.1). A message is lines ``Name: value``, each ended by CRLF, and an empty line. The
first line says what it is: ``Response:`` answers the action whose ``ActionID`` it repeats, ``Event:`` is a *notice*.
An action that lists something answers ``EventList: start``; its items are notices that carry its ``ActionID``, and the
last of them says ``EventList: Complete``. Some messages are followed by one empty line too many.

What is hostile in it: a caller's name may hold any byte, so a value may hold a bare line feed (data: only CRLF ends a
line) and bytes that are no text (replaced). It must be thought able to hold CRLF as well, and thereby forge a message;
so nothing of weight follows from a notice, and an ``ActionID`` cannot be guessed. Sizes are bounded: a message that
is too large is skipped and counted, and costs no memory.

Speed: in a flood almost every message is a notice that nobody wants. Such a one is found by its name and dropped
before anything is built from it; ``Reader.wanted`` says what is wanted, ``Reader.mark`` what an ActionID of ours
begins with.

Outwards Asterisk takes a line feed alone as the end of a line, refuses lines of over 1,022 bytes (and may take the
rest as a second action) and messages of over 128 lines: ``encode`` refuses all three.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MAX_LINE: Final = 1_000  # bytes of one line outwards; Asterisk takes 1,022
MAX_LINES: Final = 120  # of an action; Asterisk takes 128
MAX_MESSAGE: Final = 131_072  # bytes inwards; the longest known, ListCommands with every module, has 20,000
MAX_MESSAGE_LINES: Final = 2_000
MAX_GREETING: Final = 200  # bytes
ASTERISK: Final = b"Asterisk Call Manager/"

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Message:
    """What Asterisk says: ``kind`` and ``name`` are its first line, ``fields`` all the others, in order.

    ``name`` of a response is Success, Error or the like, of a notice what happened.
    """

    kind: Literal["response", "notice"]
    name: str
    fields: tuple[tuple[str, str], ...] = ()

    def get(self, key: str, otherwise: str = "") -> str:
        """The first value under a key."""
        return next((value for name, value in self.fields if name == key), otherwise)

    def all(self, key: str) -> tuple[str, ...]:
        """Every value under a key, in order."""
        return tuple(value for name, value in self.fields if name == key)

    def only(self, key: str) -> str:
        """The value under a key that stands there once, else "": what was forged into a value adds a second one."""
        found = self.all(key)
        return found[0] if len(found) == 1 else ""


# --- out ---------------------------------------------------------------------------------------------------------

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\Z")
_VARIABLE: Final = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,70}\Z")
_BREAKS: Final = re.compile(r"[\r\n\0]")
_SEPARATES: Final = re.compile(r'([\\,"()\[\]])')


def encode(action: str, fields: Fields = ()) -> bytes:
    """One action as bytes; ValueError names the field that must not go on the wire, and never its value."""
    lines = [_line("Action", action), *(_line(key, value) for key, value in fields)]
    if not _NAME.match(action):
        raise ValueError("Action: no name of an action")
    if len(lines) > MAX_LINES:
        raise ValueError(f"{action}: {len(lines)} lines; at most {MAX_LINES} go through")
    return b"".join(lines) + b"\r\n"


def _line(key: str, value: str) -> bytes:
    if not _NAME.match(key):
        raise ValueError("a field's name may hold letters and digits only")
    if _BREAKS.search(value):
        raise ValueError(f"{key}: a value may hold no line break and no NUL")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError:
        raise ValueError(f"{key}: a value holds half a character") from None
    if len(line) > MAX_LINE:
        raise ValueError(f"{key}: a line of {len(line)} bytes; at most {MAX_LINE} go through")
    return line


def variable(name: str, value: str) -> tuple[str, str]:
    """The field of Originate that sets a channel variable; a comma in it would otherwise begin a second variable."""
    if not _VARIABLE.match(name):
        raise ValueError("Variable: no name of a channel variable")
    escaped = _SEPARATES.sub(r"\\\1", value)
    return "Variable", f"{name}={escaped}"


# --- in ----------------------------------------------------------------------------------------------------------

_KINDS: Final[dict[str, Literal["response", "notice"]]] = {"Response": "response", "Event": "notice"}


def read_message(block: bytes) -> Message | None:
    """A message from its bytes without the empty line; None when it is neither response nor notice, or too large."""
    if len(block) > MAX_MESSAGE or block.count(b"\r\n") >= MAX_MESSAGE_LINES:
        return None
    first, *rest = block.decode("utf-8", "replace").split("\r\n")
    key, colon, name = first.partition(": ")
    kind = _KINDS.get(key)
    if kind is None or not colon:
        return None
    pairs = [line.partition(":") for line in rest]
    return Message(kind, name, tuple([(key, value.removeprefix(" ")) for key, colon, value in pairs if colon]))


class Reader:
    """Bytes in, messages out. The greeting line comes first and is kept in ``greeting``.

    ``wanted`` holds the names (as bytes) of the notices that are built. ``mark`` is how our ActionIDs begin: whatever
    carries it is built too. ``unwanted``, ``oversized`` and ``odd`` count what was dropped, ``seen`` all messages.
    """

    __slots__ = (
        "_buffer", "_mark", "_searched", "_skipping", "greeting", "odd", "oversized", "seen", "unwanted", "wanted",
    )  # fmt: skip

    def __init__(self, wanted: Container[bytes] = (), mark: str = "") -> None:
        self.wanted = wanted
        self.greeting: bytes | None = None
        self.seen = self.unwanted = self.oversized = self.odd = 0
        self._mark = b"\r\nActionID: " + mark.encode() if mark else b""
        self._buffer = b""
        self._searched = 0  # no message ends before this byte of the buffer
        self._skipping = False  # within a message that is too large

    def feed(self, data: bytes) -> list[Message]:
        """The messages these bytes complete, in order."""
        self._buffer += data
        if self.greeting is None and not self._greet():
            return []
        if self._buffer.find(b"\r\n\r\n", self._searched) < 0:
            self._wait()
            return []
        *blocks, self._buffer = self._buffer.split(b"\r\n\r\n")
        if self._skipping:
            self._skipping = False
            del blocks[0]
        self._wait()
        return [message for block in blocks if (message := self._read(block)) is not None]

    def _greet(self) -> bool:
        line, ended, rest = self._buffer.partition(b"\r\n")
        if not ended and len(line) <= MAX_GREETING:
            return False
        self.greeting, self._buffer = line[:MAX_GREETING], rest
        return True

    def _wait(self) -> None:
        """Keep what is no whole message yet, up to the size of one."""
        if len(self._buffer) > MAX_MESSAGE + 3:
            self.seen += not self._skipping
            self.oversized += not self._skipping
            self._skipping = True
        if self._skipping:
            self._buffer = self._buffer[-3:]
        self._searched = max(0, len(self._buffer) - 3)

    def _read(self, block: bytes) -> Message | None:
        block = block.removeprefix(b"\r\n")  # the line too many after the message before
        if not block:
            return None
        self.seen += 1
        if block.startswith(b"Event: ") and not self._wants(block):
            self.unwanted += 1
            return None
        message = read_message(block)
        if message is None and len(block) > MAX_MESSAGE:
            self.oversized += 1
        elif message is None:
            self.odd += 1
        return message

    def _wants(self, block: bytes) -> bool:
        name = block[7:].partition(b"\r\n")[0]
        return name in self.wanted or (bool(self._mark) and self._mark in block)
