"""The two pieces of Asterisk's language that a command meets: how a line is split, and how ``${...}`` is filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

MAX_WORDS: Final = 127


def split(line: str) -> list[str]:
    """The words of a command as res_agi finds them: quotes toggle, a backslash takes the next character as it is."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for char in line:
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif char in " \t" and not quoted and not escaped:
            between = True
        elif char == "\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append("")
                between = False
            words[-1] += char
        escaped = False
    return words[:MAX_WORDS]


def filled(text: str, value: Callable[[str], str]) -> str:
    """The text with every ``${name}`` replaced by ``value(name)``, inner ones first; values are not looked into."""
    out = ""
    while (start := text.find("${")) >= 0:
        end = _closing(text, start + 2)
        out += text[:start] + value(filled(text[start + 2 : end], value))
        text = text[end + 1 :]
    return out + text


def _closing(text: str, at: int) -> int:
    depth = 1
    for place in range(at, len(text)):
        depth += text.startswith("${", place) - (text[place] == "}")
        if depth == 0:
            return place
    return len(text)


def uri_encoded(text: str) -> str:
    """What URIENCODE makes of it."""
    return quote(text, safe="-_.!~*'()", errors="surrogateescape")
