"""A node made ready for one language: its scripts and commands built once, so that a turn only fills in facts.

A page is kept in its library; it depends on nothing but the library, the node and the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flows.facts import Fact, Saying, Script
from flows.flow import Library, LookUpSignature
from flows.nodes.look_up import LookUpNode
from flows.nodes.node import LANGUAGE, OTHERS, STAGES, WINDOW_MS, Collecting, Known, Node
from flows.nodes.say import Say
from flows.turns import ANSWERS, Collect, Command, EntryRule, Event, LookUp, Play

SILENCE_MS: Final = 60_000
SHORTEST_WINDOW_MS: Final = 1_000


class Missing(Exception):
    """A fact is needed here that the call has not learnt; ``args[0]`` names it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One saying; ``bound`` are the slots to be filled from facts, by (slot, fact)."""

    saying: Saying
    bound: tuple[tuple[str, str], ...]

    def filled(self, known: Known) -> Saying:
        """The saying with its facts; Missing when one is not there."""
        if not self.bound:
            return self.saying
        slots = list(self.saying.slots)
        for slot, name in self.bound:
            fact = known.get(name)
            if fact is None:
                raise Missing(name)
            slots.append((slot, _in_language(fact, self.saying.language)))
        slots.sort(key=_first)
        return Saying(self.saying.prompt, tuple(slots), self.saying.language)


@dataclass(frozen=True, slots=True)
class Speech:
    """The text of one stage. ``names``: its prompts, for the trail; ``fixed``: the script, where no fact is in it."""

    pieces: tuple[Piece, ...]
    names: str
    fixed: Script | None

    def script(self, known: Known) -> Script:
        """What is spoken, given the facts."""
        if self.fixed is not None:
            return self.fixed
        return tuple(piece.filled(known) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Page:
    """One node in one language. ``answers``: the events it takes; ``commands``: those that never change, by stage."""

    node: Node
    language: str
    speeches: Mapping[str, Speech]
    answers: tuple[type[Event], ...]
    rule: EntryRule = field(default_factory=EntryRule)
    options: frozenset[str] = frozenset()
    signature: LookUpSignature | None = None
    comfort: Script = ()
    apology: Script = ()
    commands: dict[str, Command] = field(default_factory=dict, compare=False)

    def command(self, stage: str, known: Known, silent_ms: int) -> Command:
        """What the node asks for now; Missing when a fact is not there."""
        whole_window = silent_ms + WINDOW_MS <= SILENCE_MS
        if whole_window and stage in self.commands:
            return self.commands[stage]
        made = self._make(stage, known)
        if isinstance(made, Collect) and not whole_window:
            left = max(SHORTEST_WINDOW_MS, SILENCE_MS - silent_ms)
            return replace(made, rule=replace(made.rule, first_ms=min(made.rule.first_ms, left)))
        if not isinstance(made, LookUp) and self.speeches[stage].fixed is not None:
            self.commands[stage] = made
        return made

    def _make(self, stage: str, known: Known) -> Command:
        node = self.node
        if isinstance(node, LookUpNode):
            return self._look_up(node, known)
        script = self.speeches[stage].script(known)
        if isinstance(node, Collecting):
            ahead = stage != "wrong" and not node.drops_typed_ahead()
            return Collect(script, self.rule, ahead, node.secret())
        return Play(script, node.interruptible if isinstance(node, Say) else True)

    def _look_up(self, node: LookUpNode, known: Known) -> LookUp:
        signature = self.signature
        if signature is None:
            raise Missing(node.look_up)
        arguments = []
        for argument, kind in signature.needs.items():
            name = node.with_.get(argument, argument)
            fact = self._given(node, argument, kind) or known.get(name)
            if fact is not None:
                arguments.append((argument, fact))
            elif not kind.endswith("?"):
                raise Missing(name)
        return LookUp(node.look_up, tuple(arguments), signature.deadline_ms, self.comfort, self.apology)

    def _given(self, node: LookUpNode, argument: str, kind: str) -> Fact | None:
        """What the flow itself says, or the language it is spoken in."""
        if argument in node.given:
            return Fact(kind.rstrip("?"), node.given[argument])
        return Fact("text", self.language) if argument == LANGUAGE and argument not in node.with_ else None


def page(library: Library, where: tuple[str, str, str]) -> Page:
    """The page of (flow, node, language); made at the first asking."""
    made: Page | None = library.made.get(where)
    if made is None:
        made = library.made[where] = _page(library, where)
    return made


def _page(library: Library, where: tuple[str, str, str]) -> Page:
    flow, name, language = where
    node = library.flows[flow].nodes[name]
    if not node.awaits:
        return Page(node, language, {}, ())
    stages = STAGES if isinstance(node, Collecting) else STAGES[:1]
    speeches = {stage: speech(library, node, (stage, language)) for stage in stages}
    answers = ANSWERS[{"Play": Play, "Collect": Collect, "LookUp": LookUp}[node.awaits]]
    if isinstance(node, LookUpNode):
        waiting = (Saying("comfort", (), language),), (Saying("one_moment", (), language),)
        signature = library.look_ups.get(node.look_up)
        return Page(node, language, speeches, answers, EntryRule(), frozenset(), signature, *waiting)
    rule = node.rule() if isinstance(node, Collecting) else EntryRule()
    return Page(node, language, speeches, answers, rule, frozenset(rule.options))


def speech(library: Library, node: Node, spoken: tuple[str, str]) -> Speech:
    """The node's text of (stage, language)."""
    stage, language = spoken
    lines = [(line, tongue) for line in node.lines(stage) for tongue in _tongues(library, line.language, language)]
    pieces = []
    for line, tongue in lines:
        fixed = tuple((slot, _in_language(fact, tongue)) for slot, fact in line.fixed)
        slots = {**{slot: slot for slot in library.prompts.get(line.prompt, ())}, **line.bound}
        given = dict(fixed)
        bound = tuple((slot, name) for slot, name in slots.items() if slot not in given)
        pieces.append(Piece(Saying(line.prompt, fixed, tongue), bound))
    whole = None if any(piece.bound for piece in pieces) else tuple(piece.saying for piece in pieces)
    return Speech(tuple(pieces), " ".join(dict.fromkeys(line.name for line, _ in lines)), whole)


def _tongues(library: Library, wanted: str, language: str) -> tuple[str, ...]:
    """The languages in which a line is spoken."""
    if wanted == OTHERS:
        return tuple(other for other in library.languages if other != language)
    return (wanted or language,)


def _first(slot: tuple[str, Fact]) -> str:
    return slot[0]


def _in_language(fact: Fact, language: str) -> Fact:
    """A list of sayings takes the language it is spoken in; look-ups do not know it."""
    if not isinstance(fact.value, tuple):
        return fact
    said = tuple(
        Saying(saying.prompt, tuple((slot, _in_language(inner, language)) for slot, inner in saying.slots), language)
        for saying in fact.value
    )
    return Fact(fact.kind, said)
