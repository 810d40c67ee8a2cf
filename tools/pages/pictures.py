"""The pictures of the architecture page, as SVG: the house from the real imports, the others from tables here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from tools.pages.imports import HUB, reduced, rooms

WORDS: Final = {
    "commands": "ivr-server ...",
    "pbx": "Asterisk's configuration",
    "wiring": "settings in, a service out",
    "calls": "route, converse, end",
    "console": "pages, keypad phone",
    "publishing": "versions of flows",
    "drafting": "flows being written",
    "sheets": "queues, forms, hours",
    "simulating": "calls that are tried",
    "faxing": "the delivery of faxes",
    "agents": "people at seats",
    "floor": "queues, talks, live",
    "agi": "the line to Asterisk",
    "ami": "the manager interface",
    "metrics": "what is counted",
    "settings": "settings, library, hours",
    "phone": "Asterisk's side of AGI",
    "flows": "the conversation, pure",
    "prompts": "words to sound",
    "fax": "the bill as a document",
    "crm_bridge": "everything SQL",
    "marked_yaml": "YAML with places",
}
LEAVES: Final = ("flows", "prompts", "fax", "crm_bridge")
COLOURS: Final = {"hub": "#e3edf7", "leaf": "#e4f2e7", "base": "#f6ecd9", "note": "#f1f1ef", "bad": "#f8e3e0"}
STYLE: Final = (
    "text{font-family:system-ui,'Noto Sans','Noto Sans CJK SC',sans-serif;fill:#1f2933}"
    ".name{font-size:14px;font-weight:600}.words{font-size:11.5px;fill:#52606d}.title{font-size:13px;fill:#52606d}"
    ".way{fill:none;stroke:#7b8794;stroke-width:1.5}.far{stroke:#b3bfca}"
)
ARROW: Final = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#7b8794"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """A named box with a line or more of words."""

    x: int
    y: int
    name: str
    words: tuple[str, ...]
    colour: str
    width: int = 176
    height: int = 52


def svg(width: int, height: int, parts: Iterable[str], title: str) -> str:
    """A whole picture; ``title`` is what a screen reader says."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">\n<style>{STYLE}</style>{ARROW}\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def box(box: Box) -> str:
    """A rounded box with its name and words."""
    middle = box.x + box.width // 2
    lines = [f'<text class="name" x="{middle}" y="{box.y + 21}" text-anchor="middle">{escape(box.name)}</text>']
    lines += [
        f'<text class="words" x="{middle}" y="{box.y + 39 + 15 * n}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(box.words)
    ]
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{box.colour}" '
        f'stroke="#9aa5b1"/>' + "".join(lines)
    )


def _way(start: tuple[int, int], end: tuple[int, int], across: bool = False) -> str:
    """A curve with an arrow; paler when it passes behind a row of boxes."""
    (x, y), (u, v) = start, end
    far = " far" if not across and v - y > 60 else ""
    bend = f"{(x + u) // 2} {y} {(x + u) // 2} {v}" if across else f"{x} {(y + v) // 2} {u} {(y + v) // 2}"
    return f'<path class="way{far}" d="M{x} {y}C{bend} {u} {v}" marker-end="url(#a)"/>'


def text(x: int, y: int, words: str, kind: str = "title") -> str:
    """``kind``: "title" begins at x; "words" stands around it."""
    anchor = "start" if kind == "title" else "middle"
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


# the house


def house() -> str:
    """The rooms in layers, an arrow for each import that no other way makes."""
    whole = rooms()
    whole.pop(HUB, None)  # its __init__ is empty
    graph = reduced({room: {to for to in direct if to != HUB} for room, direct in whole.items()})
    levels = _levels(graph)
    width = max(960, 34 + 226 * max(map(len, levels)))
    boxes = {name: box for level, names in enumerate(levels) for name, box in _row(level, names, width // 2).items()}
    ways = [
        _way((boxes[room].x + 88, boxes[room].y + 52), (boxes[to].x + 88, boxes[to].y - 2))
        for room in sorted(graph)
        for to in sorted(graph[room])
    ]
    hub = [box for name, box in boxes.items() if name not in (*LEAVES, "marked_yaml")]
    bottom = max(box.y for box in hub) + 66
    size = f'width="{width - 40}" height="{bottom - 30}"'
    frame = f'<rect x="20" y="30" {size} rx="14" fill="#f7fafd" stroke="#c3d0de"/>' + text(
        34, 50, "ivr_server: everything that listens, and the wiring"
    )
    height = max(box.y for box in boxes.values()) + 80
    return svg(width, height, [frame, *ways, *map(box, boxes.values())], "The rooms and which imports which")


def _levels(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Rooms by the longest way down to them; the four leaves stand side by side."""
    level = dict.fromkeys(graph, 0)
    for _ in graph:
        for room, direct in graph.items():
            for to in direct:
                level[to] = max(level[to], level[room] + 1)
    line = max(level[room] for room in graph if room not in (*LEAVES, "marked_yaml")) + 1
    level |= dict.fromkeys(LEAVES, line) | {"marked_yaml": line + 1}
    return [sorted((r for r in graph if level[r] == n), key=list(WORDS).index) for n in range(line + 2)]


def _row(level: int, names: list[str], middle: int) -> dict[str, Box]:
    step = 226
    left = middle - (len(names) * step - 50) // 2
    boxes = {}
    for place, name in enumerate(names):
        colour = COLOURS["leaf"] if name in LEAVES else COLOURS["base"] if name == "marked_yaml" else COLOURS["hub"]
        boxes[name] = Box(left + place * step, 64 + level * 96, name, (WORDS[name],), colour)
    return boxes


# the stations

STATIONS: Final = (
    ("1 accept", ("agi/protocol", "TCP, header to Line"), "hostile header: refused, counted"),
    ("2 route", ("calls/routing", "script or number to flow"), "no flow: refused"),
    ("3 converse", ("calls/conversation", "flow and line to last Turn"), "trouble: an event for the flow"),
    ("4 end", ("calls/ending", "last Turn to Ending"), "made even if the line is gone"),
    ("5 record", ("crm_bridge/journal", "Ending and trail to disk"), "database down: kept in the spool"),
    ("6 publish", ("console/feed", "notes to who watches"), "slow reader: dropped"),
)


def stations() -> str:
    """A call's way through the six stations, and what each does when something goes wrong."""
    parts = []
    for n, (name, words, wrong) in enumerate(STATIONS):
        x, y = 20 + (n % 3) * 320, 50 + (n // 3) * 170
        parts.append(box(Box(x, y, name, words, COLOURS["hub"], 240, 72)))
        parts.append(box(Box(x, y + 84, "", (), COLOURS["bad"], 240, 30)))
        parts.append(text(x + 120, y + 103, wrong, "words"))
        if n % 3 < 2:
            parts.append(_way((x + 240, y + 36), (x + 318, y + 36), across=True))
    parts.append('<path class="way" d="M780 164L780 194L140 194L140 218" marker-end="url(#a)"/>')
    parts.append(text(20, 30, "Each station hands the next one value, never calls back. Station 3 is the only loop."))
    return svg(920, 350, parts, "The six stations of a call")


# the line to Asterisk


def line() -> str:
    """The states of one connection from Asterisk."""
    boxes = [
        Box(20, 90, "header", ("up to the empty line,", "5 s in all"), COLOURS["hub"], 200, 72),
        Box(340, 90, "talking", ("one command in flight,", "others wait their turn"), COLOURS["hub"], 220, 72),
        Box(680, 90, "over", ("every answer has failed,", "what arrives is ignored"), COLOURS["note"], 200, 72),
        Box(340, 220, "gone", ("the caller hung up:", "only variables are set"), COLOURS["note"], 220, 72),
    ]
    ways = [
        _way((220, 126), (338, 126), across=True),
        _way((560, 126), (678, 126), across=True),
        _way((450, 162), (450, 218)),
        '<path class="way" d="M560 256C660 256 780 240 780 164" marker-end="url(#a)"/>',
        '<path class="way" d="M120 90C120 20 780 20 780 88" marker-end="url(#a)"/>',
        '<path class="way" d="M400 90C380 44 520 44 500 88" marker-end="url(#a)"/>',
    ]
    words = [
        text(279, 116, "token, nonce", "words"),
        text(619, 116, "flow ended", "words"),
        text(516, 196, "HANGUP, 511 or -1", "words"),
        text(720, 268, "flow told, closed", "words"),
        text(600, 28, "wrong shape, too late, not allowed: refused and counted", "words"),
        text(450, 80, "command, reply", "words"),
    ]
    return svg(900, 310, [*ways, *map(box, boxes), *words], "States of a connection from Asterisk")


# the durable journal


def journal() -> str:
    """How a call's record survives."""
    boxes = [
        Box(20, 70, "call ends", ("record and trail",), COLOURS["hub"], 150),
        Box(240, 62, "spool", ("file in the state folder,", "checksum, fsync"), COLOURS["leaf"], 190, 68),
        Box(510, 62, "drain", ("in the background,", "batches, idempotent"), COLOURS["hub"], 170, 68),
        Box(760, 70, "database", ("calls, trail",), COLOURS["leaf"], 150),
    ]
    ways = [
        _way((170, 96), (238, 96), across=True),
        _way((430, 96), (508, 96), across=True),
        _way((680, 96), (758, 96), across=True),
        '<path class="way" d="M595 130C595 190 335 190 335 132" marker-end="url(#a)"/>',
        '<path class="way" d="M95 70C95 10 835 10 835 68" stroke-dasharray="5 4" marker-end="url(#a)"/>',
    ]
    words = [
        text(465, 196, "database away, kill -9, power cut: it stays, and is taken up again", "words"),
        text(465, 44, "disk full: straight to the database", "words"),
    ]
    return svg(930, 220, [*ways, *map(box, boxes), *words], "The way of a call's record to the database")
