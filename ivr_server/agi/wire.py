"""AGI on the wire: bytes to values and back. Pure: no sockets, no clock.

Theory (measured on Asterisk 22.10.1). Asterisk opens with a header, ``agi_name: value`` lines up to an empty line, in
an order that never varies. After that every line from Asterisk is one of

- a reply, ``200 result=... (value) endpos=...``, or a refusal, ``510 ...`` and ``511 ...``;
- a block, ``520-...`` up to ``520 ...``, which is one reply of many lines;
- ``HANGUP``, bare, at any place, once or twice: a notice, never a reply.

Callers can put line breaks into what Asterisk sends (a name, a number), so whatever is not of this shape is a
``Violation``; nothing is guessed. ``Reader`` takes bytes cut anywhere and gives values; ``encode`` is the only way to
make a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

MAX_COMMAND: Final = 4_096  # bytes; Asterisk reads 8,191 and would run the rest as a second command
MAX_HEADER: Final = 32_768  # bytes
MAX_HEADER_LINES: Final = 64
MAX_HEADER_LINE: Final = 4_096  # bytes
MAX_LINE: Final = 16_384  # bytes of one reply
MAX_BLOCK_LINES: Final = 200

HEADER_NAMES: Final = (
    "network", "network_script", "request", "channel", "language", "type", "uniqueid", "version", "callerid",
    "calleridname", "callingpres", "callingani2", "callington", "callingtns", "dnid", "rdnis", "context", "extension",
    "priority", "enhanced", "accountcode", "threadid",
)  # fmt: skip
_LINES: Final = tuple(
    f"agi_{name}: " for name in (*HEADER_NAMES, *(f"arg_{n}" for n in range(1, MAX_HEADER_LINES + 1)))
)


@dataclass(frozen=True, slots=True)
class Header:
    """What Asterisk says of the call at its beginning. Hostile text: show it escaped, decide nothing by it."""

    channel: str
    uniqueid: str
    caller: str  # "" when unknown or withheld
    dialled: str
    language: str
    script: str  # path of the AGI URL, without slashes at its ends
    arguments: tuple[str, ...]
    raw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command. ``value`` is what stood in brackets; ``text`` the rest of a refusal."""

    code: int
    result: str = ""
    value: str | None = None
    endpos: int = 0  # samples at 8 kHz
    text: str = ""


@dataclass(frozen=True, slots=True)
class HangUpNotice:
    """The caller is gone."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The peer broke the protocol; ``reason`` is one word for the count. Nothing is read after it."""

    reason: str


Value = Header | Reply | HangUpNotice | Violation
HANG_UP: Final = HangUpNotice()
SIMPLE: Final = {digits: Reply(200, digits) for digits in ("-2", "-1", *map(str, range(256)))}

_ENDPOS: Final = re.compile(r" endpos=(-?\d{1,15})$")


class CommandRefused(ValueError):
    """A command that must not go on the wire: a line break, a NUL, text that is no text, or too long."""


# --- out ---------------------------------------------------------------------------------------------------------

_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.:+@-]+\Z")
_BREAKS: Final = re.compile(r"[\r\n\0]")


def encode(*words: str) -> bytes:
    """One command as one line, its words quoted for Asterisk's splitter; CommandRefused when that is not safe."""
    line = " ".join([word if _PLAIN.match(word) else _quoted(word) for word in words])
    try:
        command = line.encode() + b"\n"
    except UnicodeEncodeError:
        raise CommandRefused("a command holds half a character") from None
    if len(command) > MAX_COMMAND:
        raise CommandRefused(f"a command of {len(command)} bytes; at most {MAX_COMMAND} go through")
    return command


def _quoted(word: str) -> str:
    if _BREAKS.search(word):
        raise CommandRefused("a command may hold no line break and no NUL")
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- in ----------------------------------------------------------------------------------------------------------


def read_header(block: bytes) -> Header | Violation:
    """The header from its bytes, without the empty line: no line unknown, missing, twice, or out of order."""
    lines = block.decode("utf-8", "replace").split("\n")
    if len(lines) > MAX_HEADER_LINES:
        return Violation("header_lines")
    if len(block) > MAX_HEADER_LINE and max(map(len, block.split(b"\n"))) > MAX_HEADER_LINE:
        return Violation("header_line")
    values = [line[len(name) :] for line, name in zip(lines, _LINES, strict=False) if line.startswith(name)]
    if len(values) < len(lines):
        return Violation("header_order")
    if len(values) < len(HEADER_NAMES):
        return Violation("header_missing")
    raw = dict(zip(HEADER_NAMES, values, strict=False))
    arguments = values[len(HEADER_NAMES) :]
    return _header(raw, tuple(arguments))


def _header(raw: dict[str, str], arguments: tuple[str, ...]) -> Header:
    return Header(
        channel=raw["channel"],
        uniqueid=raw["uniqueid"],
        caller=_known(raw["callerid"]),
        dialled=_known(raw["dnid"]) or raw["extension"],
        language=raw["language"],
        script=raw["network_script"].partition("?")[0].strip("/"),
        arguments=arguments,
        raw=raw,
    )


def _known(number: str) -> str:
    return "" if number == "unknown" else number


def read_line(line: bytes) -> Value:
    """One line after the header, outside a block, without its line break."""
    if line == b"HANGUP":
        return HANG_UP
    text = line.decode("utf-8", "replace")
    if text.startswith("200 result="):
        result, _, rest = text[11:].partition(" ")
        return _full(result, " " + rest) if rest else SIMPLE.get(result) or Reply(200, result)
    if not (text[:3].isascii() and text[:3].isdigit() and text[3:4] == " "):
        return Violation("no_reply")
    code, rest = int(text[:3]), text[4:]
    return Reply(code, text=rest) if code >= 500 else Violation("no_reply")


def _full(result: str, rest: str) -> Reply | Violation:
    """A reply with a value or a position; a bracket left open on its line was cut by a line break in the value."""
    endpos = _ENDPOS.search(rest)
    if endpos:
        rest = rest[: endpos.start()]
    value = None
    if rest.startswith(" ("):
        if not rest.endswith(")"):
            return Violation("cut_value")
        value = rest[2:-1]
    return Reply(200, result, value, int(endpos[1]) if endpos else 0)


class Reader:
    """Bytes in, values out; knows whether the header is over and whether a block of many lines is open."""

    __slots__ = ("_block", "_block_lines", "_broken", "_buffer", "in_header")

    def __init__(self) -> None:
        self.in_header = True
        self._buffer = b""
        self._block = b""  # b"520 ": the line that ends the open block begins so
        self._block_lines = 0
        self._broken = False

    def feed(self, data: bytes) -> list[Value]:
        """The values these bytes complete, in order; after a Violation nothing more ever."""
        if self._broken:
            return []
        if not self.in_header and not self._buffer and not self._block and data.find(b"\n") == len(data) - 1:
            value = self._line(data[:-1]) if len(data) <= MAX_LINE else Violation("line")
            if type(value) is Reply:
                return [value]
            values = [value]
        else:
            self._buffer += data
            values = self._read_header() if self.in_header else self._read_lines()
        if values and isinstance(values[-1], Violation):
            self._broken, self._buffer = True, b""
        return [value for value in values if value is not None]

    def _read_header(self) -> list[Value | None]:
        end = self._buffer.find(b"\n\n")
        block = self._buffer if end < 0 else self._buffer[:end]
        if len(block) > MAX_HEADER:
            return [Violation("header_size")]
        if end < 0:
            return [Violation("header_lines")] if block.count(b"\n") > MAX_HEADER_LINES else []
        header = read_header(block)
        self._buffer = self._buffer[end + 2 :]
        self.in_header = False
        if isinstance(header, Violation) or not self._buffer:
            return [header]
        return [header, *self._read_lines()]

    def _read_lines(self) -> list[Value | None]:
        *lines, self._buffer = self._buffer.split(b"\n")
        values: list[Value | None] = []
        for line in lines:
            values.append(self._line(line) if len(line) < MAX_LINE else Violation("line"))
            if isinstance(values[-1], Violation):
                return values
        if len(self._buffer) >= MAX_LINE:
            values.append(Violation("line"))
        return values

    def _line(self, line: bytes) -> Value | None:
        if self._block:
            return self._block_line(line)
        if line[3:4] == b"-" and line[:1] == b"5" and line[:3].isdigit():
            self._block, self._block_lines = line[:3] + b" ", 0
            return None
        return read_line(line)

    def _block_line(self, line: bytes) -> Value | None:
        if line == b"HANGUP":
            return HANG_UP
        self._block_lines += 1
        if self._block_lines > MAX_BLOCK_LINES:
            return Violation("block")
        if not line.startswith(self._block):
            return None
        code, self._block = int(self._block), b""
        return Reply(code, text="usage")


def plain(value: str) -> str:
    """A value that came through URIENCODE, as text."""
    return unquote(value, "utf-8", "replace")
