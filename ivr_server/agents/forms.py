"""The forms of receptions: what is written down of which business. Admins edit the file; it is read as flows are.

The first form takes every business that no other names. What was asked, what was done and the follow-up belong to every
reception and are no fields of a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter, with_config

from ivr_server.floor.queue_file import BUSINESSES, LANGUAGES
from marked_yaml import Marked, Mistakes, Problem, at_path, meant, read, shaped

SHIPPED: Final = Path(__file__).with_name("forms.yaml")
STRICT: Final = ConfigDict(extra="forbid")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
TAKEN: Final = frozenset({"asked", "done", "follow_up", "follow_up_on", "business", "form", "version", "csrf"})
MOST_FIELDS: Final = 20
MOST_CHOICES: Final = 30
Kind = Literal["text", "long", "choice", "date", "number", "yes_no"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers of a field."""

    name: str
    title: dict[str, str]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to be written down."""

    name: str
    label: dict[str, str]
    kind: Kind = "text"
    choices: tuple[Choice, ...] = ()
    required: bool = False


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is asked of contacts about some businesses."""

    name: str
    title: dict[str, str]
    businesses: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def shown(self, language: str) -> dict[str, Any]:
        """The form in one language, as JSON takes it."""
        return {
            "name": self.name,
            "title": _in(self.title, language),
            "fields": [
                {
                    "name": one.name,
                    "label": _in(one.label, language),
                    "kind": one.kind,
                    "choices": [{"name": each.name, "title": _in(each.title, language)} for each in one.choices],
                    "required": one.required,
                }
                for one in self.fields
            ],
        }


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    """The whole file."""

    forms: tuple[Form, ...] = field(default_factory=tuple)

    def form(self, name: str) -> Form | None:
        """The form of a name."""
        return next((form for form in self.forms if form.name == name), None)

    def for_business(self, business: str) -> Form:
        """The form that names the business, else the first."""
        return next((form for form in self.forms if business in form.businesses), self.forms[0])

    @property
    def businesses(self) -> tuple[str, ...]:
        """Every business that a form names, in the file's order."""
        return tuple(business for form in self.forms for business in form.businesses)


def _in(titles: Mapping[str, str], language: str) -> str:
    return titles.get(language) or next(iter(titles.values()), "")


def read_forms(path: Path) -> FormFile:
    """The file; raises Mistakes with everything that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Mistakes([Problem(str(path), 1, 1, f"the forms cannot be read: {fault}")]) from None
    return parsed(text, str(path))


def parsed(text: str, file: str) -> FormFile:
    """What stands in a text, told as ``file``; raises Mistakes with everything that is wrong in it."""
    marked, problems = read(text, file)
    if marked is None or problems:
        raise Mistakes(problems)
    found = shaped(TypeAdapter(FormFile), marked, file, WORDS)
    if wrong := [Problem(file, at.line, at.column, text) for at, text in _wrong(found, marked)]:
        raise Mistakes(wrong)
    return found


_KEPT: Final[dict[str, FormFile]] = {}


def kept(path: str) -> FormFile:
    """The same, read once in a process; then what was taken last."""
    if path not in _KEPT:
        _KEPT[path] = read_forms(Path(path))
    return _KEPT[path]


def take(path: str, file: FormFile) -> None:
    """Another one from now on, for everybody in this process who asks for it."""
    _KEPT[path] = file


WORDS: Final = tuple(sorted({name for one in (FormFile, Form, Field, Choice) for name in one.__slots__}))
Wrong = Iterator[tuple[Marked, str]]


def _wrong(file: FormFile, marked: Marked) -> Wrong:
    if not file.forms:
        yield at_path(marked, "forms"), "there is no form; the first one takes every business that no other names"
    yield from _twice([form.name for form in file.forms], marked, "forms")
    seen: set[str] = set()
    for index, form in enumerate(file.forms):
        at = at_path(marked, "forms", index)
        yield from _wrong_form(form, at)
        for place, business in enumerate(form.businesses):
            if not NAME.match(business):
                yield at_path(at, "businesses", place), f'"{business}" is no business{meant(business, BUSINESSES)}'
            elif business in seen:
                yield at_path(at, "businesses", place), f'"{business}" has another form already'
            seen.add(business)


def _wrong_form(form: Form, at: Marked) -> Wrong:
    if not NAME.match(form.name):
        yield at_path(at, "name"), f'"{form.name}" is no name of a form; use small letters, digits and _'
    yield from _wrong_title(form.title, at_path(at, "title"), "title")
    if len(form.fields) > MOST_FIELDS:
        yield at_path(at, "fields"), f"a form has {MOST_FIELDS} fields at most"
    yield from _twice([one.name for one in form.fields], at, "fields")
    for index, one in enumerate(form.fields):
        yield from _wrong_field(one, at_path(at, "fields", index))


def _wrong_field(one: Field, at: Marked) -> Wrong:
    if one.name in TAKEN:
        yield at_path(at, "name"), f'"{one.name}" belongs to every reception; call the field otherwise'
    elif not NAME.match(one.name):
        yield at_path(at, "name"), f'"{one.name}" is no name of a field; use small letters, digits and _'
    yield from _wrong_title(one.label, at_path(at, "label"), "label")
    if (one.kind == "choice") != bool(one.choices):
        text = "a field of kind choice needs choices" if one.kind == "choice" else "only kind choice has choices"
        yield at_path(at, "choices" if one.choices else "kind"), text
    if len(one.choices) > MOST_CHOICES:
        yield at_path(at, "choices"), f"a field has {MOST_CHOICES} choices at most"
    yield from _twice([each.name for each in one.choices], at, "choices")
    for index, choice in enumerate(one.choices):
        yield from _wrong_title(choice.title, at_path(at, "choices", index, "title"), "title")


def _wrong_title(titles: Mapping[str, str], at: Marked, what: str) -> Wrong:
    for language in LANGUAGES:
        if not titles.get(language, "").strip():
            yield at, f"the {what} in {language} is missing"


def _twice(names: list[str], at: Marked, part: str) -> Wrong:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield at_path(at, part, index, "name"), f'"{name}" stands there twice'
