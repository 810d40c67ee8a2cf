"""A flow as an SVG picture: a card for each node, a row for each way out, lines to the cards they lead to.

Reads from left to right. A way that leads back, or far, carries the other card's name instead of a line, and is a link
to it. Colours and shapes tell the kinds apart; the ways that every node inherits stand once, below the title.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from flows.flow import Flow, Library
from flows.picture.cards import HEADER, LINE, WIDTH, Card, card, fitted, word
from flows.picture.layout import Layout, Line, lay_out

_COLOURS: Final = {
    "say": "#4c78a8", "menu": "#b7791f", "ask": "#b7791f", "confirm": "#b7791f", "look_up": "#2f855a",
    "known": "#2f855a", "sub_flow": "#6b46c1", "return": "#6b46c1", "enqueue": "#c53030", "end": "#4a5568",
    "speak_in": "#718096", "forget": "#718096",
}  # fmt: skip
_ROUND: Final = {"enqueue": 19, "end": 19, "return": 19, "say": 9, "look_up": 2, "known": 2}
_TOP: Final = 96
_STYLE: Final = """
text{font-family:system-ui,'Noto Sans','Noto Sans CJK SC','Noto Sans SC',sans-serif;fill:#1f2933}
.title{font-size:22px;font-weight:700}.always{font-size:13px;fill:#52606d}.kind{font-size:11px;fill:#fff;opacity:.85}
.name{font-size:13.5px;font-weight:600;fill:#fff}.said{font-size:12px;fill:#52606d}.way{font-size:12px}
.key{font-size:11.5px;font-weight:700}.sign{font-size:11px;fill:#52606d}.line{fill:none;stroke:#829ab1;stroke-width:1.6}
.line:hover{stroke:#d64545;stroke-width:2.6}a:hover .sign{fill:#d64545}
"""
_WAYS: Final = ("human", "main", "silent", "tired", "too_long", "failed")
_ALWAYS: Final = {
    "en": ("0 human", "9 main menu", "60 s of silence", "too many wrong keys", "too long", "failure"),
    "zh": ("0 人工", "9 主菜单", "60 秒无按键", "多次按错", "通话过长", "故障"),
}
_ARROW: Final = "\N{RIGHTWARDS ARROW}"
_SIGN: Final = "\N{RIGHTWARDS ARROW WITH HOOK}"


def svg(library: Library, flow: str, language: str = "", words: Mapping[str, str] | None = None) -> str:
    """The picture of one flow. ``language``: of titles and labels; ``words``: what the prompts say in it, by prompt."""
    drawn = library.flows[flow]
    tongue = language or (library.languages[0] if library.languages else "en-US")
    cards = {name: card(drawn, name, tongue, words or {}) for name in drawn.nodes}
    layout = lay_out(cards, drawn.start)
    return "\n".join(_picture(drawn, cards, layout, tongue))


def _picture(flow: Flow, cards: Mapping[str, Card], layout: Layout, language: str) -> list[str]:
    width, height = max(layout.width, 760), layout.height + _TOP
    title = flow.title.get(language) or flow.name
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" lang="{escape(language)}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#829ab1"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#f7f9fb"/>',
        *_heading(flow, title, language),
        f'<g transform="translate(0 {_TOP - 40})">',
        *(_line(line, cards) for line in layout.lines),
        *_all_cards(flow, cards, layout),
        "</g></svg>",
    ]


def _heading(flow: Flow, title: str, language: str) -> list[str]:
    parts = [
        f'<text class="title" x="40" y="42">{escape(title)} <tspan class="always">{escape(flow.name)}</tspan></text>'
    ]
    names = _ALWAYS["zh" if language.startswith("zh") else "en"]
    if flow.always:
        pairs = zip(names, _WAYS, strict=True)
        ways = "   \N{MIDDLE DOT}   ".join(f"{text} {_ARROW} {getattr(flow.always, way)}" for text, way in pairs)
    else:
        ways = f"{word('return', language)}: {', '.join(flow.exits)}"
    return [*parts, f'<text class="always" x="40" y="66">{escape(ways)}</text>']


def _all_cards(flow: Flow, cards: Mapping[str, Card], layout: Layout) -> list[str]:
    drawn = {(line.node, line.row) for line in layout.lines}
    return [part for name, one in cards.items() for part in _card(one, layout.corners[name], drawn, flow.start == name)]


def _card(one: Card, corner: tuple[float, float], drawn: set[tuple[str, int]], first: bool) -> list[str]:
    colour, curve = _COLOURS.get(one.kind, "#718096"), _ROUND.get(one.kind, 6)
    height, edge, thick = max(one.height, HEADER), "#1f2933" if first else colour, 3 if first else 1.2
    parts = [
        f'<g id="{escape(one.node)}" transform="translate({corner[0]:.1f} {corner[1]:.1f})">',
        f"<title>{escape(_told(one))}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="{curve}" fill="#fff" stroke="{edge}" stroke-width="{thick}"/>',
        f'<path d="{_header(curve, height == HEADER)}" fill="{colour}"/>',
        f'<text class="kind" x="14" y="15">{escape(one.label)}</text>',
        f'<text class="name" x="14" y="32">{escape(fitted(one.node.replace("_", " "), 29))}</text>',
    ]
    parts += [
        f'<text class="said" x="14" y="{HEADER + 16 + n * LINE}">{escape(text)}</text>'
        for n, text in enumerate(one.lines)
    ]
    for number in range(len(one.rows)):
        parts += _row(one, number, (one.node, number) in drawn)
    return [*parts, "</g>"]


def _header(curve: int, whole: bool) -> str:
    """The coloured head of a card: round above, and below too when there is nothing else."""
    across, corner = WIDTH - 2 * curve, f"a{curve} {curve} 0 0 1"
    above = f"M0 {curve}{corner} {curve}-{curve}h{across}{corner} {curve} {curve}"
    round_below = f"v{HEADER - 2 * curve}{corner}-{curve} {curve}h-{across}{corner}-{curve}-{curve}"
    return above + (round_below if whole else f"v{HEADER - curve}H0") + "z"


def _row(one: Card, number: int, drawn: bool) -> list[str]:
    row, y, left, parts = one.rows[number], one.row_y(number), 14, []
    name = fitted(row.to.replace("_", " "), 19)
    if row.key:
        wide = 12 + 7 * len(row.key)
        parts.append(f'<rect x="12" y="{y - 8}" width="{wide}" height="16" rx="4" fill="#e4e7eb"/>')
        parts.append(f'<text class="key" x="{12 + wide / 2}" y="{y + 4}" text-anchor="middle">{escape(row.key)}</text>')
        left = 12 + wide + 7
    room = 34 if drawn else 30 - len(name)
    parts.append(
        f'<text class="way" x="{left}" y="{y + 4}">{escape(fitted(row.text, room - 3 * bool(row.key)))}</text>'
    )
    if not drawn:
        place = f'x="{WIDTH - 10}" y="{y + 4}" text-anchor="end"'
        parts.append(f'<a href="#{escape(row.to)}"><text class="sign" {place}>{escape(name)} {_SIGN}</text></a>')
    return parts


def _line(line: Line, cards: Mapping[str, Card]) -> str:
    (x, y), path = line.points[0], []
    for to_x, to_y in line.points[1:]:
        bend = (to_x - x) / 2
        flat = f"L{to_x:.1f} {to_y:.1f}"
        curved = f"C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        path.append(flat if abs(to_y - y) < 0.5 else curved)
        x, y = to_x, to_y
    first, row = line.points[0], cards[line.node].rows[line.row]
    told = f"{line.node} {_ARROW} {row.key or row.text} {_ARROW} {line.to}"
    drawn = f'd="M{first[0]:.1f} {first[1]:.1f}{"".join(path)}" marker-end="url(#tip)"'
    return f'<path class="line" {drawn}><title>{escape(told)}</title></path>'


def _told(one: Card) -> str:
    """A card for those who do not see it: its kind, its name, its ways."""
    ways = "; ".join(f"{' '.join(filter(None, (row.key, row.text))) or _ARROW}: {row.to}" for row in one.rows)
    return f"{one.label}: {one.node}. {ways}".rstrip(". ")
