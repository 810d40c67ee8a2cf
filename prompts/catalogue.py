"""The catalogue of one language: prompt -> text with slots, read from YAML with every problem placed.

A text holds ``{name:kind}`` slots, ``{name:count one/many}`` slots that carry the thing counted, and
``{constant}`` words of the file's ``words:``; ``{{`` and ``}}`` are braces. ``{text: .., file: recordings/x.wav}``
lets a recording replace the voice; ``says: ..`` beside it keeps the words that were recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import marked_yaml
from marked_yaml import Marked, Mistakes, Problem, meant
from prompts import recordings, speaking

_SLOT: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SPACES: Final = re.compile(r"\s+")  # a text over several lines is still one sentence to a voice
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
FALLBACK: Final = ("apology",)  # what a file without ``fallback:`` keeps under fixed names
_RECORDED: Final = ("text", "file", "says")
_KEYS: Final = ("language", "words", "fallback", "prompts")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a fact; ``units`` are the words for one and for many things counted, or ("", "")."""

    name: str
    kind: str
    units: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said: texts and slots in order.

    ``recording``: a path under recordings/, or ""; ``says``: the words it was made for, "" where nobody noted them.
    """

    name: str
    parts: tuple[str | Slot, ...]
    recording: str = ""
    says: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def stale(self) -> bool:
        """Whether the recording says something else than the words that stand here by now."""
        return bool(self.recording and self.says) and self.says != "".join(map(str, self.parts))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots in the order in which they are spoken."""
        return tuple(part for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every prompt of one language. ``fallback``: prompts also kept under fixed names, for when our server is gone."""

    language: str
    prompts: Mapping[str, Prompt]
    fallback: tuple[str, ...] = ()
    file: str = ""

    def signature(self, prompt: str) -> dict[str, str]:
        """Slot -> kind of fact that it takes (a phone is spoken from digits)."""
        return {slot.name: fact_kind(slot.kind) for slot in self.prompts[prompt].slots}


def fact_kind(kind: str) -> str:
    """The kind of fact behind a slot's kind."""
    return "digits" if kind == "phone" else kind


def read(text: str, file: str) -> Catalogue:
    """One language's file; raises Mistakes with all its problems."""
    catalogue, problems = _read(text, file)
    if problems or catalogue is None:
        raise Mistakes(problems)
    return catalogue


def read_all(files: Mapping[str, str]) -> dict[str, Catalogue]:
    """Language -> catalogue of several files, which must say the same things; raises Mistakes for all of them."""
    found: dict[str, Catalogue] = {}
    problems: list[Problem] = []
    for file, text in sorted(files.items()):
        catalogue, more = _read(text, file)
        problems += more
        if catalogue and catalogue.language in found:
            first = found[catalogue.language].file
            problems.append(Problem(file, 1, 1, f"{catalogue.language} is given twice (first in {first})"))
        elif catalogue:
            found[catalogue.language] = catalogue
    problems += _differences(list(found.values()))
    if problems:
        raise Mistakes(problems)
    return found


def signatures(catalogues: Mapping[str, Catalogue]) -> dict[str, dict[str, str]]:
    """Prompt -> {slot: kind of fact}, over all languages."""
    return {name: one.signature(name) for one in catalogues.values() for name in one.prompts}


def spoken(catalogues: Mapping[str, Catalogue]) -> dict[str, frozenset[str]]:
    """Language -> the prompts that have words in it."""
    return {language: frozenset(one.prompts) for language, one in catalogues.items()}


def _differences(catalogues: list[Catalogue]) -> Iterator[Problem]:
    for one in catalogues:
        for other in catalogues:
            for prompt in other.prompts.values():
                if other is not one and prompt.name not in one.prompts:
                    text = f'"{prompt.name}" has no words in {one.language} ({one.file})'
                    yield Problem(other.file, prompt.line, prompt.column, text)
    for one in catalogues[1:]:
        for name in sorted(one.prompts.keys() & catalogues[0].prompts.keys()):
            mine, first = one.signature(name), catalogues[0].signature(name)
            if mine != first:
                text = f'"{name}" has the slots {_listed(mine)}, but {_listed(first)} in {catalogues[0].language}'
                yield Problem(one.file, one.prompts[name].line, one.prompts[name].column, text)


def _listed(slots: Mapping[str, str]) -> str:
    return ", ".join(f"{name}:{kind}" for name, kind in sorted(slots.items())) or "(none)"


def _read(text: str, file: str) -> tuple[Catalogue | None, list[Problem]]:
    document, problems = marked_yaml.read(text, file)
    if document is None:
        return None, problems
    reader = _Reader(file, problems)
    return reader.catalogue(document), problems


class _Reader:
    """Walks one document; problems gather in ``problems``."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.words: dict[str, str] = {}

    def wrong(self, place: Marked, text: str, offset: int = 0) -> None:
        column = place.column + (offset if place.plain else 0)
        self.problems.append(Problem(self.file, place.line, column, text))

    def catalogue(self, document: Marked) -> Catalogue | None:
        top = self._mapping(document, "the file")
        for name, (key, _) in top.items():
            if name not in _KEYS:
                self.wrong(key, f'unknown key "{name}"{meant(name, _KEYS)}')
        for name in ("language", "prompts"):
            if name not in top:
                self.wrong(document, f'"{name}" is missing')
        language = self._language(top["language"][1]) if "language" in top else ""
        if "words" in top:
            for name, (_, value) in self._mapping(top["words"][1], '"words"').items():
                self.words[name] = self._text(value, f'the word "{name}"')
        prompts = self._mapping(top["prompts"][1], '"prompts"') if "prompts" in top else {}
        found = {name: self._prompt(key, value) for name, (key, value) in prompts.items()}
        apology = FALLBACK if all(name in found and not found[name].slots for name in FALLBACK) else ()
        fallback = self._fallback(top["fallback"][1], found) if "fallback" in top else apology
        return Catalogue(language, found, fallback, self.file) if language else None

    def _mapping(self, place: Marked, what: str) -> dict[str, tuple[Marked, Marked]]:
        if isinstance(place.value, dict):
            return place.value
        self.wrong(place, f"{what} must be a mapping (key: value)")
        return {}

    def _text(self, place: Marked, what: str) -> str:
        if isinstance(place.value, str) and place.value.strip():
            return place.value
        self.wrong(place, f"{what} must be a text")
        return ""

    def _language(self, place: Marked) -> str:
        tag = self._text(place, '"language"')
        if not re.fullmatch(r"(zh|en)-[A-Z]{2}", tag):
            self.wrong(place, f'"{tag}" is no language we speak; write zh-CN or en-US')
            return ""
        return tag

    def _prompt(self, key: Marked, place: Marked) -> Prompt:
        name, recording, says = str(key.value), "", ""
        if not _NAME.fullmatch(name):
            self.wrong(key, f'"{name}" is not a prompt\'s name: small letters, digits and _ only')
        if isinstance(place.value, dict):
            for word, (key_place, _) in place.value.items():
                if word not in _RECORDED:
                    self.wrong(key_place, f'unknown key "{word}"{meant(word, _RECORDED)}')
            recording, says = self._recording(place.value), self._says(place.value)
            if "text" not in place.value:
                self.wrong(place, f'"text" is missing in "{name}": the words are needed even where a file speaks')
                return Prompt(name, (), recording, says, self.file, key.line, key.column)
            place = place.value["text"][1]
        parts = self._parts(place, name)
        if recording and any(isinstance(part, Slot) for part in parts):
            self.wrong(place, f'"{name}" has slots, so a recorded file cannot replace it')
        return Prompt(name, parts, recording, says, self.file, key.line, key.column)

    def _fallback(self, place: Marked, prompts: Mapping[str, Prompt]) -> tuple[str, ...]:
        entries = place.value if isinstance(place.value, list) else []
        if not entries:
            self.wrong(place, '"fallback" must be a list of prompts')
        names = [(entry, str(entry.value)) for entry in entries]
        for entry, name in names:
            if name not in prompts:
                self.wrong(entry, f'unknown prompt "{name}"{meant(name, prompts)}')
            elif prompts[name].slots:
                self.wrong(entry, f'"{name}" has slots, so it cannot be spoken without us')
        return tuple(name for _, name in names)

    def _recording(self, entry: dict[str, tuple[Marked, Marked]]) -> str:
        if "file" not in entry:
            return ""
        place = entry["file"][1]
        path = self._text(place, '"file"')
        fault = recordings.fault(path) if path else ""
        if fault:
            self.wrong(place, fault)
        return "" if fault else path

    def _says(self, entry: dict[str, tuple[Marked, Marked]]) -> str:
        if "says" not in entry:
            return ""
        if "file" not in entry:
            self.wrong(entry["says"][0], '"says" is told of a recording: "file" is missing')
        return self._text(entry["says"][1], '"says"')

    def _parts(self, place: Marked, name: str) -> tuple[str | Slot, ...]:
        text = self._text(place, f'the prompt "{name}"')
        parts: list[str | Slot] = []
        end = 0
        for found in _SLOT.finditer(text):
            _append(parts, text[end : found.start()])
            end = found.end()
            if found[0] in ("{{", "}}"):
                _append(parts, found[0][0])
            elif found[1] is None:
                self.wrong(place, f'a lonely "{found[0]}"; write it twice to say a brace', found.start())
            else:
                self._hole(place, found, parts)
        _append(parts, text[end:])
        self._doubled(place, parts)
        return tuple(part if isinstance(part, Slot) else _SPACES.sub(" ", part) for part in parts)

    def _hole(self, place: Marked, found: re.Match[str], parts: list[str | Slot]) -> None:
        name, colon, kind = found[1].strip().partition(":")
        if not colon:
            if name not in self.words:
                hint = meant(name, self.words) or "; a slot needs its kind, as in {sum:money}"
                self.wrong(place, f'unknown word "{{{name}}}"{hint}', found.start())
            _append(parts, self.words.get(name, ""))
            return
        kind, _, units = kind.strip().partition(" ")
        if kind not in speaking.KINDS:
            self.wrong(place, f'unknown kind "{kind}"{meant(kind, speaking.KINDS)}', found.start())
        elif not _NAME.fullmatch(name):
            self.wrong(place, f'"{name}" is not a slot\'s name', found.start())
        elif units and kind != "count":
            self.wrong(place, f'only a count carries a thing counted, not "{kind}"', found.start())
        one, _, many = units.strip().partition("/")
        parts.append(Slot(name, kind, (one.strip(), (many or one).strip())))

    def _doubled(self, place: Marked, parts: list[str | Slot]) -> None:
        kinds: dict[str, str] = {}
        for part in parts:
            if isinstance(part, Slot) and fact_kind(kinds.setdefault(part.name, part.kind)) != fact_kind(part.kind):
                self.wrong(place, f'the slot "{part.name}" is both {kinds[part.name]} and {part.kind}')


def _append(parts: list[str | Slot], text: str) -> None:
    """Text joined to the text before it, so that constants melt into their sentence."""
    if text and parts and isinstance(parts[-1], str):
        parts[-1] += text
    elif text:
        parts.append(text)
