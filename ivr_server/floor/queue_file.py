"""The queue file: which business waits where, who may answer it, why an agent may be away. Admins edit it.

Read as flows are: every mistake at once, with file, line and column. The first queue takes every business that no
other names, and callers after a fault. A caller's queue depends on the business and the language only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from pydantic import ConfigDict, TypeAdapter, with_config

from ivr_server.hours import WEEKDAYS, Hours, Span
from marked_yaml import Marked, Mistakes, Problem, at_path, meant, read, shaped

SHIPPED: Final = Path(__file__).with_name("queues.yaml")
BUSINESSES: Final = ("fees", "arrears", "password", "fault", "complaint", "suggestion", "consultation")
LANGUAGES: Final = ("zh-CN", "en-US")  # of the console: a title is needed in each
WORST_LEVEL: Final = 9
STRICT = ConfigDict(extra="forbid")
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,79}\Z")  # it stands in a dialplan: no "&", no ",", no "/" (G10)
SMALLEST: Final = {"ring_s": 5, "wrap_up_s": 0, "wait_s": 60, "most_waiting": 1, "announce_s": 20, "priority": 0}
LARGEST: Final = {"ring_s": 120, "wrap_up_s": 3600, "wait_s": 14_400, "most_waiting": 9999, "priority": 1000}


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue. Lengths are in seconds; ``hours`` "operator" means those of the settings; no languages: all."""

    name: str
    title: dict[str, str]
    businesses: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    skill: str = ""
    priority: int = 0
    hours: Literal["always", "operator"] | dict[str, tuple[str, ...]] = "operator"
    ring_s: int = 20
    wrap_up_s: int = 20
    wait_s: int = 1_800
    most_waiting: int = 200
    announce_s: int = 45

    @property
    def needs(self) -> str:
        """The skill that its agents have; its own name when the file gives none."""
        return self.skill or self.name

    def speaks(self, language: str) -> bool:
        """Whether it takes callers of a language; "" is a caller whose language is not known."""
        return not self.languages or not language or language in self.languages

    def opening(self, operator: Hours) -> Hours:
        """When its callers are put through."""
        if self.hours == "operator":
            return operator
        if self.hours == "always":
            return Hours(operator.zone, dict.fromkeys(WEEKDAYS, (Span.parse("00:00-24:00"),)))
        weekly = {day: tuple(map(Span.parse, spans)) for day, spans in self.hours.items()}
        return replace(operator, weekly=weekly)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What a person can do: skill -> level (1 is best); no languages: all of them."""

    name: str
    skills: dict[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class BusyReason:
    """Why an agent who is signed in takes no calls."""

    name: str
    title: dict[str, str]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFile:
    """The whole file."""

    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...] = ()
    busy_reasons: tuple[BusyReason, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the queues, in the file's order; the first takes callers after a fault."""
        return tuple(queue.name for queue in self.queues)

    def queue(self, name: str) -> Queue | None:
        """The queue of a name."""
        return next((queue for queue in self.queues if queue.name == name), None)

    def for_business(self, business: str, language: str = "") -> Queue:
        """Where callers with this business wait: the queue that names it and speaks the language, else the first."""
        fitting = [one for one in self.queues if business in one.businesses and one.speaks(language)]
        speaking = [one for one in self.queues if one.speaks(language)]
        return (*fitting, *speaking, *self.queues)[0]

    def memberships(self, agent: str) -> Mapping[str, int]:
        """Queue -> penalty (0 rings first) of every queue that this person may take calls of."""
        known = next((one for one in self.agents if one.name == agent), None)
        if known is None:
            return dict.fromkeys(self.names, 0)
        fitting = (queue for queue in self.queues if queue.needs in known.skills and _understood(queue, known))
        return {queue.name: known.skills[queue.needs] - 1 for queue in fitting}


def _understood(queue: Queue, agent: Agent) -> bool:
    return not agent.languages or (bool(queue.languages) and set(queue.languages) <= set(agent.languages))


def read_queue_file(path: Path) -> QueueFile:
    """The queue file; raises Mistakes with everything that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Mistakes([Problem(str(path), 1, 1, f"the queue file cannot be read: {fault}")]) from None
    return parsed(text, str(path))


def parsed(text: str, file: str) -> QueueFile:
    """What stands in a text, told as ``file``; raises Mistakes with everything that is wrong in it."""
    marked, problems = read(text, file)
    if marked is None or problems:
        raise Mistakes(problems)
    shape = shaped(TypeAdapter(QueueFile), marked, file, WORDS)
    if wrong := [Problem(file, at.line, at.column, text) for at, text in _wrong(shape, marked)]:
        raise Mistakes(wrong)
    return shape


_KEPT: Final[dict[str, QueueFile]] = {}


def kept(path: str) -> QueueFile:
    """The same, read once in a process; then what was taken last."""
    if path not in _KEPT:
        _KEPT[path] = read_queue_file(Path(path))
    return _KEPT[path]


def take(path: str, file: QueueFile) -> None:
    """Another one from now on, for everybody in this process who asks for it."""
    _KEPT[path] = file


WORDS: Final = tuple(sorted({name for one in (Queue, Agent, BusyReason, QueueFile) for name in one.__slots__}))
Wrong = Iterator[tuple[Marked, str]]


def _wrong(file: QueueFile, marked: Marked) -> Wrong:
    """What the shape of the values does not tell."""
    if not file.queues:
        yield at_path(marked, "queues"), "there is no queue; callers after a fault need one"
    yield from _same_names(file, marked)
    for index, queue in enumerate(file.queues):
        yield from _wrong_queue(queue, at_path(marked, "queues", index))
    yield from _shared_businesses(file, marked)
    for index, agent in enumerate(file.agents):
        yield from _wrong_agent(agent, file, at_path(marked, "agents", index))
    for index, reason in enumerate(file.busy_reasons):
        yield from _wrong_name(reason.name, "reason", at_path(marked, "busy_reasons", index))
        yield from _wrong_title(reason.title, at_path(marked, "busy_reasons", index))


def _same_names(file: QueueFile, marked: Marked) -> Wrong:
    for part in ("queues", "agents", "busy_reasons"):
        seen: set[str] = set()
        for index, one in enumerate(getattr(file, part)):
            if one.name in seen:
                yield at_path(marked, part, index, "name"), f'"{one.name}" stands there twice'
            seen.add(one.name)


def _wrong_queue(queue: Queue, at: Marked) -> Wrong:
    yield from _wrong_name(queue.name, "queue", at)
    yield from _wrong_title(queue.title, at)
    for index, business in enumerate(queue.businesses):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", business):
            text = f'"{business}" is no business; use small letters, digits and _{meant(business, BUSINESSES)}'
            yield at_path(at, "businesses", index), text
    for key in sorted(SMALLEST):
        value = getattr(queue, key)
        if not SMALLEST[key] <= value <= LARGEST.get(key, 3600):
            yield at_path(at, key), f"{key} must lie between {SMALLEST[key]} and {LARGEST.get(key, 3600)}, not {value}"
    if isinstance(queue.hours, dict):
        yield from _wrong_hours(queue.hours, at_path(at, "hours"))


def _wrong_name(name: str, what: str, at: Marked) -> Wrong:
    if not NAME.match(name):
        yield at_path(at, "name"), f'"{name}" is no name of a {what}; use letters, digits, - and _'


def _wrong_title(title: Mapping[str, str], at: Marked) -> Wrong:
    for language in LANGUAGES:
        if not title.get(language, "").strip():
            yield at_path(at, "title"), f"the title in {language} is missing"


def _wrong_hours(hours: Mapping[str, tuple[str, ...]], at: Marked) -> Wrong:
    for day, spans in hours.items():
        if day not in WEEKDAYS:
            yield at_path(at, day), f'"{day}" is no day of the week; use {", ".join(WEEKDAYS)}'
        for index, span in enumerate(spans):
            try:
                Span.parse(span)
            except ValueError as wrong:
                yield at_path(at, day, index), str(wrong)


def _shared_businesses(file: QueueFile, marked: Marked) -> Wrong:
    """One business in two queues is clear only when their callers speak different languages."""
    for index, queue in enumerate(file.queues):
        for place, business in enumerate(queue.businesses):
            for other in file.queues[:index]:
                if business in other.businesses and _overlap(queue, other):
                    text = f'"{business}" goes to the queue "{other.name}" already, in the same language'
                    yield at_path(marked, "queues", index, "businesses", place), text


def _overlap(one: Queue, other: Queue) -> bool:
    return not one.languages or not other.languages or bool(set(one.languages) & set(other.languages))


def _wrong_agent(agent: Agent, file: QueueFile, at: Marked) -> Wrong:
    skills = sorted({queue.needs for queue in file.queues})
    for skill, level in agent.skills.items():
        if skill not in skills:
            yield at_path(at, "skills", skill), f'no queue asks for the skill "{skill}"{meant(skill, skills)}'
        if not 1 <= level <= WORST_LEVEL:
            yield at_path(at, "skills", skill), f"a level lies between 1 (best) and {WORST_LEVEL}, not {level}"
