"""What stands on the card of a node: its kind, its name, the beginning of what it says, and a row for each way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flows.flow import Flow
from flows.nodes.ask import Ask
from flows.nodes.end import EndNode
from flows.nodes.enqueue import EnqueueNode
from flows.nodes.forget import Forget
from flows.nodes.known import KnownNode
from flows.nodes.look_up import LookUpNode
from flows.nodes.menu import Menu, Option
from flows.nodes.node import OTHERS, Collecting, Node
from flows.nodes.return_node import Return
from flows.nodes.speak_in import SpeakIn
from flows.nodes.sub_flow import SubFlow

WIDTH: Final = 250
HEADER: Final = 40
LINE: Final = 17
ROW: Final = 22
PADDING: Final = 8
ROOM: Final = 33  # letters on a line

_CHINESE: Final = {
    "say": "播报", "menu": "菜单", "ask": "输入", "confirm": "确认", "look_up": "查询", "known": "已知？",
    "forget": "清除", "speak_in": "语言", "sub_flow": "子流程", "return": "返回", "enqueue": "转人工", "end": "结束",
    "tries": "次数", "again": "再试", "enough": "已满", "yes": "是", "no": "否", "unavailable": "不可用", "to": "",
    "others": "其他语言",
}  # fmt: skip
_ENGLISH: Final = {
    "look_up": "look-up", "speak_in": "language", "sub_flow": "sub-flow", "enqueue": "to a human", "known": "known?",
    "others": "other languages", "to": "",
}  # fmt: skip
_KEYS: Final = {"yes": "1", "no": "2", "back": "*", "empty": "#", "repeat": "#"}


@dataclass(frozen=True, slots=True)
class Row:
    """One way out: a key or an outcome, in words, and the node it leads to."""

    key: str
    text: str
    to: str


@dataclass(frozen=True, slots=True)
class Card:
    """One node as it is drawn; sizes are pixels."""

    node: str
    kind: str
    label: str
    lines: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def height(self) -> int:
        """Of the whole card."""
        return HEADER + (len(self.lines) * LINE + PADDING if self.lines else 0) + len(self.rows) * ROW + PADDING // 2

    def row_y(self, row: int) -> int:
        """The middle of a row, from the top of the card."""
        return HEADER + (len(self.lines) * LINE + PADDING if self.lines else 0) + row * ROW + ROW // 2


def word(name: str, language: str) -> str:
    """A kind of node or a way out, in the reader's language."""
    table = _CHINESE if language.startswith("zh") else _ENGLISH
    return table.get(name, name.replace("_", " "))


def card(flow: Flow, name: str, language: str, words: Mapping[str, str]) -> Card:
    """The card of a node; ``words`` are the prompts' texts, by prompt."""
    node = flow.nodes[name]
    rows = []
    for way in node.ways():
        if way.to and isinstance(node, Menu) and way.name in node.options:
            rows.append(Row(way.name, _named(node.options[way.name], language, words), way.to))
        elif way.to:
            key = _KEYS.get(way.name, "") if isinstance(node, Collecting) else ""
            rows.append(Row(key, "" if key in ("*", "#") else word(way.name, language), way.to))
    return Card(name, node.kind, word(node.kind, language), _lines(node, language, words), tuple(rows))


def _named(option: Option, language: str, words: Mapping[str, str]) -> str:
    """An option as it is spoken; one that is spoken in another language, by the name of that."""
    if option.language in ("", language):
        return words.get(option.say, option.say.replace("_", " "))
    return word("others", language) if option.language == OTHERS else option.language


def _lines(node: Node, language: str, words: Mapping[str, str]) -> tuple[str, ...]:
    """At most three lines: what is asked, set or named here, and two of what is said."""
    subject = _subject(node, language)
    ours = [line for path, line in node.spoken() if path[0] == "say" and line.language in ("", language)]
    prompts = [line.prompt for line in ours]
    said = " ".join(words.get(prompt, prompt.replace("_", " ")) for prompt in prompts)
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{said}\N{RIGHT DOUBLE QUOTATION MARK}" if said else ""
    lines = [fitted(subject, ROOM)] if subject else []
    return (*lines, *wrapped(quoted))


def _subject(node: Node, language: str) -> str:
    match node:
        case Ask():
            return f"{node.form} \N{RIGHTWARDS ARROW} {node.into}"
        case LookUpNode():
            return f"{node.look_up} ?"
        case KnownNode():
            return f"{node.fact} ?"
        case Forget():
            return ", ".join(node.facts)
        case SpeakIn():
            return node.language
        case SubFlow():
            return node.flow
        case EnqueueNode():
            return node.queue or node.queue_from
        case EndNode():
            return node.disposition
        case Return():
            return node.exit
    return ""


def wrapped(text: str) -> list[str]:
    """The text on two lines, broken at a space where it has spaces, cut at the end of the second."""
    first = _reach(text, ROOM)
    if first == len(text):
        return [text] if text else []
    at = text.rfind(" ", 0, first + 1)
    at = at if at > 0 else first
    return [text[:at], fitted(text[at:].lstrip(), ROOM)]


def fitted(text: str, room: int) -> str:
    """The text, cut with an ellipsis where it would be wider than ``room`` letters; a Chinese one counts two."""
    reach = _reach(text, room)
    return text if reach == len(text) else text[: max(0, reach - 1)] + "\N{HORIZONTAL ELLIPSIS}"


def _reach(text: str, room: int) -> int:
    """How many characters have room."""
    wide = 0
    for at, letter in enumerate(text):
        wide += 2 if ord(letter) > 0x2E7F else 1
        if wide > room:
            return at
    return len(text)
