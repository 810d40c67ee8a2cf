"""Recorded calls fed to other flows: who goes the same way, meets another menu, ends otherwise, gets stuck.

The caller is taken at their word, not at their key: who chose "your bill" chooses it again on whatever key it is now;
a key that was none is pressed as it was. Where the flows ask what the recorded caller was never asked, nobody knows
what they would have done, and the call is stuck there; so it is where a look-up is asked that was not asked then.
Nothing here depends on time or chance: the same call and the same flows give the same way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from flows.exploring.answers import sample
from flows.facts import KINDS, Fact, Script
from flows.flow import Library
from flows.interpreter import IllegalEvent, advance, start
from flows.nodes.menu import Menu
from flows.pages import SILENCE_MS
from flows.recalling import Act, Memory, Place, Recorded, Reply, facts_of, recall
from flows.session import Offer, Turn
from flows.turns import Answered, Collect, Event, Failed, HungUp, Keyed, LookUp, NoInput, Note, Play, Played

Kind = Literal["same", "menu", "ends", "stuck", "unreadable"]
KINDS_OF_WAYS: Final[tuple[Kind, ...]] = ("same", "menu", "ends", "stuck", "unreadable")
SECRET: Final = "\N{LOCK}recorded"  # the handle that stands for every secret
_COMPARED: Final = {
    "chosen": ("key",),
    "entered": ("fact",),
    "wrong": (),
    "silent": (),
    "asked": ("look_up",),
    "answered": ("outcome",),
    "went": ("to",),
    "failed": ("fault",),
    "hung_up": (),
    "ended": ("disposition", "queue", "business"),
}
Mark = tuple[str, ...]  # flow, node, what, and what matters of it


@dataclass(frozen=True, slots=True)
class Way:
    """How one call goes. ``why``: what holds it up, a word ("asks", "look_up", "flow", "crash"); ``about``: which.

    ``heard``: what was spoken, and in which language, for each note that tells of something heard.
    """

    notes: tuple[Note, ...]
    at: Place = ("", "")
    why: str = ""
    about: str = ""
    heard: tuple[tuple[Script, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One call's two ways. ``first``: the mark where they part, recorded and re-run; () where one has ended."""

    call: str
    kind: Kind
    at: Place = ("", "")
    why: str = ""
    about: str = ""
    first: tuple[Mark, Mark] = ((), ())


@dataclass(slots=True)
class Rerunner:
    """Feeds calls to one library."""

    library: Library
    _samples: dict[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._samples = {kind: sample(self.library, kind) for kind in sorted(KINDS)}

    def verdict(self, recorded: Recorded) -> Verdict:
        """What became of one call."""
        memory = recall(recorded.notes)
        if not memory.whole:
            return Verdict(recorded.call, "unreadable")
        way = self._way(recorded, memory)
        old, new = marks(recorded.notes), marks(way.notes)
        at = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
        at = min(len(old), len(new)) if at is None else at
        first = (old[at] if at < len(old) else (), new[at] if at < len(new) else ())
        if way.why:
            return Verdict(recorded.call, "stuck", way.at, way.why, way.about, first)
        place = (first[1] or first[0])[:2] or ("", "")
        kind: Kind = "same" if old == new else "menu" if old[-1][2:] == new[-1][2:] else "ends"
        return Verdict(recorded.call, kind, (str(place[0]), str(place[1])), first=first)

    def way(self, recorded: Recorded) -> Way:
        """The call through these flows, with its notes."""
        return self._way(recorded, recall(recorded.notes))

    def _way(self, recorded: Recorded, memory: Memory) -> Way:
        try:
            return _Caller(self, recorded, memory).through()
        except (KeyError, ValueError):
            return Way((), why="flow", about=recorded.flow)

    def stood_in(self, fact: Fact) -> bool:
        """Whether this fact is a sample, for one that the notes do not tell."""
        return any(fact is sample for sample in self._samples.values())

    def reply(self, look_up: str, reply: Reply, queue: str) -> Event:
        """The event that a recorded answer is."""
        if reply.fault:
            return Failed(reply.fault)
        wanted = facts_of(self.library, look_up, reply).items()
        facts = {name: self._fact(kind, told, queue) for name, (kind, told) in wanted}
        return Answered(reply.outcome, tuple(sorted(facts.items())))

    def _fact(self, kind: str, told: str | None, queue: str) -> Fact:
        stand_in = self._samples.get(kind, Fact(kind, ""))
        if kind == "queue":
            return Fact(kind, queue) if queue in self.library.queues else stand_in
        if not told:
            return stand_in
        if kind in ("money", "count"):
            sign = -1 if told.startswith("-") else 1
            digits = told.replace(".", "").lstrip("-")
            return Fact(kind, sign * int(digits)) if digits.isascii() and digits.isdigit() else stand_in
        return Fact(kind, told)


class _Stuck(Exception):
    def __init__(self, why: str, about: str = "") -> None:
        super().__init__(why)
        self.why, self.about = why, about


class _Caller:
    """One recorded caller on the way through flows."""

    def __init__(self, rerunner: Rerunner, recorded: Recorded, memory: Memory) -> None:
        self.rerunner, self.library, self.recorded = rerunner, rerunner.library, recorded
        self.acts = deque(memory.acts)
        self.replies = {name: deque(each) for name, each in memory.replies.items()}
        self.queue = next((value for note in recorded.notes for key, value in note.detail if key == "queue"), "")
        self.silent = False  # for good

    def through(self) -> Way:
        """To the end, or to where nobody knows what they would have done."""
        turn = start(self.library, self._offer())
        notes, heard = list(turn.notes), list[tuple[Script, str]]()
        while not turn.session.ended:
            place = (turn.session.frames[-1].flow, turn.session.frames[-1].node)
            spoken = (getattr(turn.command, "script", ()), turn.session.language)
            try:
                turn = advance(self.library, turn.session, self._event(turn, place))
            except _Stuck as stuck:
                return Way(tuple(notes), place, stuck.why, stuck.about, tuple(heard))
            except IllegalEvent:
                return Way(tuple(notes), place, "crash", heard=tuple(heard))
            heard += [spoken for note in turn.notes if note.what == "heard"]
            notes += turn.notes
        return Way(tuple(notes), heard=tuple(heard))

    def _offer(self) -> Offer:
        said = {"caller": self.recorded.caller, "dialled": self.recorded.dialled}
        facts = tuple((name, Fact("digits", value)) for name, value in sorted(said.items()) if value.isdigit())
        languages = self.library.languages
        language = self.recorded.language if self.recorded.language in languages else languages[0]
        return Offer(self.recorded.call, self.recorded.flow, language, facts)

    def _event(self, turn: Turn, place: Place) -> Event:
        command = turn.command
        if self.acts and self.acts[0].place == place and self.acts[0].what in ("hung_up", "failed"):
            act = self.acts.popleft()
            return HungUp() if act.what == "hung_up" else Failed(act.fault)
        if isinstance(command, Play):
            return Played()
        if isinstance(command, LookUp):
            return self._answer(command.name)
        assert isinstance(command, Collect)
        return self._act(command, place)

    def _answer(self, look_up: str) -> Event:
        """The next answer to this question; the last one stays. One that has one outcome only needs no record."""
        kept = self.replies.get(look_up)
        if kept:
            reply = kept.popleft() if len(kept) > 1 else kept[0]
            return self.rerunner.reply(look_up, reply, self.queue)
        outcomes = self.library.look_ups[look_up].outcomes if look_up in self.library.look_ups else {}
        if len(outcomes) == 1:
            return self.rerunner.reply(look_up, Reply(next(iter(outcomes))), self.queue)
        raise _Stuck("look_up", look_up)

    def _act(self, command: Collect, place: Place) -> Event:
        """The caller's next act as it is here."""
        act = self._next(command, place)
        if act.what == "hung_up":
            return HungUp()
        if act.what == "silent":
            self.silent = act.spent
            return NoInput(SILENCE_MS if act.spent else 1)
        if act.what == "option":
            return self._choice(act, place)
        if act.what == "secret" or (command.secret and act.keys and act.keys not in command.rule.options):
            return self._secret(command, act)
        if act.what == "wrong" and not act.keys:
            short = command.rule.shortest - 1 or command.rule.longest + 1
            return Keyed(SECRET if command.secret else "0" * short, short)
        return Keyed(act.keys, len(act.keys))

    def _secret(self, command: Collect, act: Act) -> Keyed:
        length = act.length or len(act.keys)
        return Keyed(SECRET if command.secret else "0" * length, length)

    def _next(self, command: Collect, place: Place) -> Act:
        """What they do here: the act of this place, one that means the same anywhere, or one that is offered here."""
        while self.acts and self.acts[0].what == "failed":
            self.acts.popleft()
        if not self.acts:
            if self.silent:
                return Act(place, "silent", spent=True)
            raise _Stuck("asks")
        if self.acts[0].place == place or self.acts[0].anywhere:
            return self.acts.popleft()
        ahead = next((n for n, act in enumerate(self.acts) if act.place == place), None)
        if ahead is not None:  # what they did in between belongs to menus that are gone
            for _ in range(ahead):
                self.acts.popleft()
            return self.acts.popleft()
        if self.acts[0].what == "option" and self._key_of(self.acts[0], place):
            return self.acts.popleft()
        raise _Stuck("asks")

    def _choice(self, act: Act, place: Place) -> Keyed:
        keys = self._key_of(act, place) or act.keys
        return Keyed(keys, len(keys))

    def _key_of(self, act: Act, place: Place) -> str:
        """The key that what they chose is on here: the same one, if it still is; "" when it is not offered."""
        node = self.library.flows[place[0]].nodes[place[1]]
        options = node.options if isinstance(node, Menu) else {}
        fitting = [key for key, option in options.items() if option.say == act.prompt]
        return act.keys if act.keys in fitting else next(iter(fitting), "")


def marks(notes: tuple[Note, ...]) -> list[Mark]:
    """What two ways are compared by: what was done and answered, where, and the end; not what was heard."""
    found: list[Mark] = []
    for note in notes:
        names = _COMPARED.get(note.what)
        if names is not None and ("heard", "no") not in note.detail:
            detail = dict(note.detail)
            found.append((note.flow, note.node, note.what, *(detail.get(name, "") for name in names)))
    return found or [("", "", "")]
