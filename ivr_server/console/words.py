"""The words of the pages, a folder of YAML tables per language, and which language a visitor gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

LANGUAGES: Final = ("zh-CN", "en-US")
FOLDER: Final = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True)
class Words:
    """One language: ``words("good_day", name="Li")``. KeyError for a word that is not in the table."""

    language: str
    table: Mapping[str, str]

    def __call__(self, key: str, **slots: object) -> str:
        """The words, with the slots filled in."""
        text = self.table[key]
        return text.format(**slots) if slots else text

    def starting(self, *prefixes: str) -> dict[str, str]:
        """The part of the table that a script in the page needs."""
        return {key: text for key, text in self.table.items() if key.startswith(prefixes)}


def read_words() -> dict[str, Words]:
    """Every language's words; ValueError when the tables do not have the same keys, or a key stands twice."""
    tables = {tag: _table(FOLDER / tag) for tag in LANGUAGES}
    keys = {tag: set(table) for tag, table in tables.items()}
    for tag, found in keys.items():
        if odd := found ^ keys[LANGUAGES[0]]:
            raise ValueError(f"words/{tag} and words/{LANGUAGES[0]} differ in: {', '.join(sorted(odd))}")
    return {tag: Words(tag, {key: str(text) for key, text in table.items()}) for tag, table in tables.items()}


def _table(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.yaml")):
        table = yaml.load(file.read_text("utf-8"), yaml.BaseLoader)
        if twice := found.keys() & table.keys():
            raise ValueError(f"words/{folder.name}: more than one file has {', '.join(sorted(twice))}")
        found |= table
    return found


def preferred(cookie: str, accept: str) -> str:
    """The language chosen before, else the first of Accept-Language that we speak, else the first of ours."""
    if cookie in LANGUAGES:
        return cookie
    for tag in _by_weight(accept):
        for language in LANGUAGES:
            if tag.split("-")[0] == language.split("-", maxsplit=1)[0].lower():
                return language
    return LANGUAGES[0]


def _by_weight(accept: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accept.lower().split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]
