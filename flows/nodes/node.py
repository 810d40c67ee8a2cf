"""What every kind of node has, and what a node may decide. A node decides where; only the interpreter moves.

Waiting nodes (``awaits`` names their command) answer an event with Go, Wrong, Everywhere or Fault. Passing nodes
(``awaits`` is None) say at once where to go: Go, Into a sub-flow, Out of one, Again, or the call's last command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from flows.facts import Fact, Facts
from flows.flow import Exit, LookUpSignature, Path
from flows.turns import End, Enqueue, EntryRule, Event

STAGES: Final = ("whole", "short", "help", "offer", "wrong")
EVERYWHERE: Final = {"": "repeat", "0": "human", "9": "main", "*": "back"}
WINDOW_MS: Final = 10_000
BUSINESS: Final = "business"  # the fact that holds the last tag of the call
LANGUAGE: Final = "language"  # the argument of a look-up that is the call's language, where no fact is bound to it
OTHERS: Final = "others"  # every language that is not the call's
Detail = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One prompt in a ``say`` list. ``slots``: slot -> fact, where the names differ; ``language``: a fixed one."""

    prompt: str
    slots: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One saying to be: its prompt, its bindings (slot -> fact), and slots whose value is fixed by the flow."""

    prompt: str
    bound: Mapping[str, str] = field(default_factory=dict)
    fixed: Facts = ()
    language: str = ""

    @property
    def name(self) -> str:
        """The prompt the trail names: for "for your bill, press 1" that of the bill."""
        return next((str(fact.value) for slot, fact in self.fixed if slot == "task"), self.prompt)


@dataclass(frozen=True, slots=True)
class Go:
    """On to a node of the same flow ("" leaves it to ``always``), with what was learnt and a note (what, detail)."""

    to: str
    facts: Facts = ()
    forget: tuple[str, ...] = ()
    language: str = ""
    notes: tuple[tuple[str, Detail], ...] = ()


@dataclass(frozen=True, slots=True)
class Into:
    """Down into a sub-flow."""

    flow: str


@dataclass(frozen=True, slots=True)
class Out:
    """Back out of a sub-flow by one of its exits."""

    exit: str


@dataclass(frozen=True, slots=True)
class Again:
    """One more round in this flow: ``again``, or ``enough`` when ``most`` of them were gone."""

    most: int
    again: str
    enough: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """An entry that fits nothing here; ``shown`` is what the trail may say of it."""

    shown: str


@dataclass(frozen=True, slots=True)
class Everywhere:
    """One of the keys that work everywhere: repeat, human, main or back."""

    where: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The world's answer is not one that the node declared."""

    fault: str


Known = Mapping[str, Fact]
Answer = Go | Wrong | Everywhere | Fault
Move = Go | Into | Out | Again | Enqueue | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The common part: ``tag`` leaves a word in the trail whenever the call comes by."""

    awaits: ClassVar[str] = ""  # "Play", "Collect" or "LookUp"; "" when the node never waits
    kind: str = ""
    tag: str = ""

    def ways(self) -> tuple[Exit, ...]:
        """Every way out, by name."""
        return ()

    def lines(self, stage: str) -> tuple[Line, ...]:
        """What is spoken at a stage (a word of STAGES)."""
        return ()

    def spoken(self) -> tuple[tuple[Path, Line], ...]:
        """Every prompt the file names here, each with its path inside the node."""
        return ()

    def brings(self, look_ups: Mapping[str, LookUpSignature]) -> Mapping[str, Mapping[str, str]]:
        """The facts that each way out brings: {exit: {fact: kind}}."""
        return {}

    def secret(self) -> bool:
        """Whether the keys go into the vault."""
        return False

    def move(self, known: Known) -> Move:
        """Where to, at once (passing nodes only)."""
        raise TypeError(f"a {self.kind} node waits")

    def answer(self, event: Event, known: Known) -> Answer:
        """Where to, given the event (waiting nodes only)."""
        raise TypeError(f"a {self.kind} node does not wait")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting(Node):
    """The common part of menu, ask and confirm: texts for the re-prompts, and where ``*`` and a lone ``#`` lead.

    ``silence``: where the first window without a key leads, in place of re-prompts. ``tail`` is spoken after the
    options. ``offer``: from the third re-prompt on in place of the offer of a human, where key 0 leads to nobody; the
    options follow it. ``languages``: what the core itself says here (no key, wrong key, a human) is said once in each,
    for the menu where nobody knows yet what the caller understands.
    """

    awaits: ClassVar[str] = "Collect"
    wrong_prompt: ClassVar[str] = "wrong_key"
    say: tuple[Spoken, ...] = ()
    short: tuple[Spoken, ...] = ()
    help: tuple[Spoken, ...] = ()
    offer: tuple[Spoken, ...] = ()
    tail: tuple[Spoken, ...] = ()
    languages: tuple[str, ...] = ()
    back: str = ""
    silence: str = ""
    repeat: str = ""  # "": this node again
    typed_ahead: bool = True
    first_ms: int = WINDOW_MS
    between_ms: int = 0  # 0: the default of the kind

    def rule(self) -> EntryRule:
        """What keys make an entry here."""
        return EntryRule()

    def drops_typed_ahead(self) -> bool:
        """Whether keys pressed before the text are dropped."""
        return not self.typed_ahead

    def choices_spoken(self) -> tuple[Line, ...]:
        """What is spoken after every text: the options."""
        return ()

    def lines(self, stage: str) -> tuple[Line, ...]:
        """The text of a stage; a re-prompt says first that nothing was heard, or that the key was wrong."""
        tail = self.choices_spoken() + as_lines(self.tail)
        whole = as_lines(self.say) + tail
        if stage == "short":
            return (*self._own("no_input"), *(as_lines(self.short if tail else self.short or self.say)), *tail)
        if stage == "help":
            return (*self._own("no_input"), *(as_lines(self.help or self.say)), *tail)
        if stage == "offer":
            return (*as_lines(self.offer), *tail) if self.offer else self._own("operator_offer")
        return (*self._own(self.wrong_prompt), *whole) if stage == "wrong" else whole

    def _own(self, prompt: str) -> tuple[Line, ...]:
        """What the core says by itself, in the call's language or in each of ``languages``."""
        return tuple(Line(prompt, language=language) for language in self.languages or ("",))

    def spoken(self) -> tuple[tuple[Path, Line], ...]:
        """The prompts of ``say``, ``short``, ``help``, ``offer`` and ``tail``."""
        texts = tuple((key, getattr(self, key)) for key in ("say", "short", "help", "offer", "tail"))
        return tuple(((key, n), line) for key, text in texts for n, line in enumerate(as_lines(text)))

    def back_ways(self) -> tuple[Exit, ...]:
        """The way of ``*``, "" is the flow's; those of a lone ``#`` and of silence, where they have their own."""
        more = (("repeat", self.repeat), ("silence", self.silence))
        return (Exit("back", self.back), *(Exit(name, to) for name, to in more if to))


def as_lines(text: tuple[Spoken, ...]) -> tuple[Line, ...]:
    """A ``say`` list as lines."""
    return tuple(Line(said.prompt, said.slots, (), said.language) for said in text)


def everywhere(keys: str) -> Everywhere | None:
    """The meaning of a key that works everywhere, or None."""
    where = EVERYWHERE.get(keys)
    return Everywhere(where) if where else None
