"""A dialogue as its author writes it, read with all mistakes at once.

dialogue: hears what is owed
flow: main
caller: "13800138000"            # left out: the number is withheld
answers:                         # what each look-up answers; a list answers in turn, its last one stays
  caller_language: en_us         # an outcome; facts that are not written are samples of their kind
  bill: {found: {sum: 128.50}}
  difference: fails              # a fault behind us; also {fails: deadline}
talk:
  - hears: [welcome, main_menu]  # in this order among all that was spoken since the last key or wait
  - presses: "1"                 # keys as they are pressed; those beyond an entry are typed ahead
  - waits: 10                    # seconds without a key
  - does_not_hear: [notice]
  - words: "Your bill"           # part of the words that were spoken
  - hangs_up
ends: served
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from flows.flow import Problem
from marked_yaml import Marked, Mistakes, meant, read

KEYS: Final = frozenset("0123456789*#ABCD")
_TEXTS: Final = ("dialogue", "flow", "caller", "dialled", "language", "clock", "ends", "queue", "business", "ends_in")
_HEAD: Final = (*_TEXTS, "answers", "talk", "tags")
_STEPS: Final = ("hears", "does_not_hear", "presses", "waits", "words", "hangs_up")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the talk: ``what`` is a word of the format, ``words`` what comes after it; and where it stands."""

    what: str
    words: tuple[str, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a look-up: an outcome and its facts as written, or the fault when it fails."""

    outcome: str
    facts: Mapping[str, Marked] = field(default_factory=dict)
    fails: str = ""
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One dialogue test. ``ends``: a disposition; the other expectations are "" or empty when nothing is expected."""

    title: str
    flow: str
    file: str
    line: int
    talk: tuple[Step, ...]
    ends: str
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    caller: str = ""
    dialled: str = ""
    language: str = ""
    clock: str = ""
    queue: str = ""
    business: str = ""
    ends_in: str = ""  # the language at the end
    tags: tuple[str, ...] = ()


def read_dialogues(text: str, file: str) -> list[Dialogue]:
    """The dialogues of one file: one at its top, or a list under ``dialogues:``. Raises Mistakes."""
    root, wrong = read(text, file)
    reader = _Reader(file)
    reader.problems += wrong
    found = reader.all(root) if root is not None else []
    if reader.problems:
        raise Mistakes(tuple(sorted(reader.problems)))
    return found


def read_usual(text: str, file: str) -> Mapping[str, tuple[Answer, ...]]:
    """What look-ups answer in every dialogue of a folder that says nothing of them: ``usual:``. Raises Mistakes."""
    root, wrong = read(text, file)
    reader = _Reader(file)
    reader.problems += wrong
    tree = reader.mapping(root) if root is not None else {}
    reader.known(tree, ("usual",))
    answers = reader.answers(tree["usual"][1]) if "usual" in tree else {}
    if reader.problems:
        raise Mistakes(tuple(sorted(reader.problems)))
    return answers


class _Reader:
    """Walks the tree of one file; problems gather in ``problems``."""

    def __init__(self, file: str) -> None:
        self.file, self.problems = file, list[Problem]()

    def wrong(self, at: Marked, text: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.file, at.line, at.column, text))

    def all(self, root: Marked) -> list[Dialogue]:
        """Every dialogue of the file."""
        tree = self.mapping(root)
        if "dialogues" in tree:
            found = [self.one(each) for each in self.listed(tree["dialogues"][1])]
        else:
            found = [self.one(root)]
        return [dialogue for dialogue in found if dialogue is not None]

    def one(self, root: Marked) -> Dialogue | None:
        """One dialogue; None when something that it cannot do without is missing."""
        tree = self.mapping(root)
        self.known(tree, _HEAD)
        texts: dict[str, str] = {name: self.text(tree[name][1]) for name in _TEXTS if name in tree}
        for name in ("dialogue", "flow", "talk", "ends"):
            if name not in tree:
                self.wrong(root, f'"{name}" is missing')
        if self.problems:
            return None
        texts["title"] = texts.pop("dialogue")
        talk = tuple(step for each in self.listed(tree["talk"][1]) for step in self.step(each))
        tags = tuple(self.text(each) for each in self.listed(tree["tags"][1])) if "tags" in tree else ()
        answers = self.answers(tree["answers"][1]) if "answers" in tree else {}
        return Dialogue(file=self.file, line=root.line, talk=talk, answers=answers, tags=tags, **texts)

    def step(self, at: Marked) -> Iterator[Step]:
        """One line of the talk."""
        if isinstance(at.value, str):
            tree: dict[str, tuple[Marked, Marked]] = {at.value: (at, Marked(None, at.line, at.column))}
        else:
            tree = self.mapping(at)
        self.known(tree, _STEPS)
        for what, (key, value) in tree.items():
            words = tuple(self.text(each) for each in self.listed(value)) if value.value else ()
            if what == "presses" and not all(set(word) <= KEYS and word for word in words):
                self.wrong(value, "keys are 0-9, * and #")
            elif what == "waits" and not all(word.isdigit() for word in words):
                self.wrong(value, '"waits" takes seconds')
            elif what != "hangs_up" and not words:
                self.wrong(key, f'"{what}" needs something after it')
            yield Step(what, words, key.line, key.column)

    def answers(self, at: Marked) -> dict[str, tuple[Answer, ...]]:
        """Look-up -> its answers, in turn."""
        given = self.mapping(at).items()
        return {name: tuple(map(self.answer, self.listed(value))) for name, (_, value) in given}

    def answer(self, at: Marked) -> Answer:
        """``outcome``, ``{outcome: {fact: value}}``, ``fails`` or ``{fails: deadline}``."""
        place = (at.line, at.column)
        if isinstance(at.value, str):
            return Answer("", {}, "unavailable", *place) if at.value == "fails" else Answer(at.value, {}, "", *place)
        tree = self.mapping(at)
        if len(tree) != 1:
            self.wrong(at, "an answer is one outcome: {outcome: {fact: value}}")
            return Answer("")
        [(outcome, (_, value))] = tree.items()
        if outcome == "fails":
            return Answer("", {}, self.text(value), *place)
        facts = self.mapping(value) if value.value else {}
        return Answer(outcome, {name: fact for name, (_, fact) in facts.items()}, "", *place)

    def known(self, tree: Mapping[str, tuple[Marked, Marked]], words: tuple[str, ...]) -> None:
        """Complain of keys that are none of these words."""
        for name, (key, _) in tree.items():
            if name not in words:
                self.wrong(key, f'unknown key "{name}"{meant(name, words)}')

    def mapping(self, at: Marked) -> dict[str, tuple[Marked, Marked]]:
        """The mapping, or an empty one and a complaint."""
        if isinstance(at.value, dict):
            return at.value
        self.wrong(at, "this must be a mapping (key: value)")
        return {}

    def listed(self, at: Marked) -> list[Marked]:
        """The list; one thing that stands alone is a list of one."""
        return at.value if isinstance(at.value, list) else [at]

    def text(self, at: Marked) -> str:
        """The text, or "" and a complaint."""
        if isinstance(at.value, str):
            return at.value
        self.wrong(at, "this must be text")
        return ""
