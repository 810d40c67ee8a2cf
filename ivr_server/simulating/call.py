"""A simulated call: the moves of a visitor, played from the beginning against a library and a scripted world.

The whole call is made anew from its moves each time, so that a step back is one move less, two who look at the same
moves see the same call, and nothing of it is kept anywhere. The flow's side is ``start`` and ``advance``, as for a real
call; times are virtual. What a dialogue can say of the call gathers in ``talk`` and ``answers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from flows import digits
from flows.dialogues import prompts_of
from flows.exploring.telling import spoken
from flows.facts import Fact, Script
from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer, Turn
from flows.turns import Collect, End, Enqueue, Event, Failed, HungUp, Keyed, LookUp, NoInput, Play, Played
from ivr_server.drafting import figures
from ivr_server.hours import Hours
from ivr_server.simulating.setup import Move, Setup
from ivr_server.simulating.world import Answers, Given, Scripted, text
from prompts.speaking import Unspeakable
from prompts.wording import Wording

DIALLED: Final = "10086"
HIDDEN: Final = "\N{BULLET}"
SLOW_S: Final = 1.0  # from then on the comfort is heard
SORRY_S: Final = 6.0  # from then on the apology is heard
Step = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. ``what``: hears, meanwhile, keyed, silent, answered, failed, hung_up, queue, ended."""

    what: str
    flow: str
    node: str
    at_s: float
    text: str = ""
    words: dict[str, str] = field(default_factory=dict)
    language: str = ""  # the call's, when words are spoken
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """What a call is simulated on. ``usual``: what look-ups answer where the account says nothing."""

    library: Library
    wording: Wording
    usual: Answers
    hours: Hours | None = None


class Call:
    """One call; ``play`` takes moves, the rest is to be read."""

    def __init__(self, stage: Stage, setup: Setup) -> None:
        self.stage, self.setup = stage, setup
        self.world = Scripted(stage.library, setup, stage.usual, stage.hours)
        self.elapsed_s = 0.0
        self.idle_ms = 0  # without a key, in this command
        self.entry: digits.Entry | None = None
        self.raw = ""  # the keys of the entry that is being typed
        self.lines: list[Line] = []
        self.scripts: dict[int, Script] = {}  # of the lines that are spoken, by their place
        self.path: list[tuple[str, str]] = []
        self.talk: list[Step] = []
        self.answers: dict[str, list[Any]] = {}
        self.tags: list[str] = []
        self.tellable = True  # whether a dialogue can say all that happened
        self.turn: Turn
        caller = (("caller", Fact("digits", setup.caller)),) if setup.caller else ()
        language = setup.language if setup.language in stage.library.languages else stage.library.languages[0]
        offer = Offer("simulated", setup.flow, language, (*caller, ("dialled", Fact("digits", DIALLED))))
        self._arrive(start(stage.library, offer))
        self._settle()

    @property
    def now(self) -> datetime:
        """What the clock at the exchange shows."""
        return self.setup.at + timedelta(seconds=int(self.elapsed_s))

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return bool(self.turn.session.ended)

    def play(self, moves: Sequence[Move]) -> int:
        """How many of the moves fitted; the first that does not ends it."""
        for count, move in enumerate(moves):
            if self.over or not self._does(move):
                return count
        return len(moves)

    def _does(self, move: Move) -> bool:
        command = self.turn.command
        if move.do == "hang_up":
            return self._hang_up()
        if move.do == "wait":
            return self._wait(move.seconds)
        if move.do == "key":
            return isinstance(command, Collect) and self._key(move.word, command)
        given = self.world.by_hand(command, move) if isinstance(command, LookUp) else None
        return given is not None and isinstance(command, LookUp) and self._answer(command, given)

    # what the caller does

    def _hang_up(self) -> bool:
        self._line("hung_up")
        self.tellable = self.tellable and isinstance(self.turn.command, Collect)
        self.talk.append(("hangs_up", ()))
        self._advance(HungUp())
        return True

    def _key(self, key: str, command: Collect) -> bool:
        self.idle_ms = 0
        self.entry = digits.press(self.entry or digits.Entry(command.rule), key)
        self.raw += key
        if self.entry.closed is not None:
            self._enter(command, self.entry)
        return True

    def _enter(self, command: Collect, entry: digits.Entry) -> None:
        """A whole entry; a secret is carried on as a handle, shown as dots, recorded as other keys of its length."""
        secret = command.secret and not entry.option
        keys = entry.closed or ""
        self._line("keyed", HIDDEN * len(keys) if secret else self.raw)
        self.talk.append(("presses", (_stand_in(command, len(keys)) if secret else self.raw,)))
        handle = f"secret-{self.turn.session.steps}" if secret else keys
        self._advance(Keyed(handle, len(keys)))
        self._settle()

    def _wait(self, seconds: int) -> bool:
        """Let time go by: windows of silence, entries that nobody finishes, look-ups that miss their deadline."""
        left = seconds * 1000
        while left and not self.over:
            step = min(left, self._until())
            left -= step
            self.idle_ms += step
            self.elapsed_s += step / 1000
            if self._until() == 0:
                self._time_is_up()
        return True

    def _until(self) -> int:
        """Milliseconds until the command that waits waits no longer."""
        command = self.turn.command
        if isinstance(command, LookUp):
            return max(0, command.deadline_ms - self.idle_ms)
        assert isinstance(command, Collect)
        return max(0, (self.entry or digits.Entry(command.rule)).wait_ms - self.idle_ms)

    def _time_is_up(self) -> None:
        command = self.turn.command
        if isinstance(command, LookUp):
            self._answer(command, Given(Failed("deadline"), {"fails": "deadline"}, 0))
            return
        assert isinstance(command, Collect)
        entry = digits.lapse(self.entry or digits.Entry(command.rule))
        if entry.closed is not None:
            return self._enter(command, entry)
        self._line("silent", str(command.rule.first_ms // 1000))
        if self.raw:  # keys that came to nothing (a star that cleared all): no dialogue says that
            self.tellable = False
        self.talk.append(("waits", (str(-(-command.rule.first_ms // 1000)),)))
        self._advance(NoInput(command.rule.first_ms))
        return self._settle()

    # what the world and the flow do

    def _answer(self, command: LookUp, given: Given) -> bool:
        self._take(command, given)
        self._settle()
        return True

    def _take(self, command: LookUp, given: Given) -> None:
        """An answer, and what is heard while it is waited for."""
        self._meanwhile(command, given.took_s)
        event, name = given.event, command.name
        self.world.answered(name)
        self.answers.setdefault(name, []).append(given.written)
        outcome = event.fault if isinstance(event, Failed) else event.outcome
        facts = () if isinstance(event, Failed) else tuple((fact, shown(one)) for fact, one in event.facts)
        what = "failed" if isinstance(event, Failed) else "answered"
        self.lines.append(Line(what, *self.place, self.elapsed_s, f"{name} {outcome}", facts=facts))
        self._advance(event)

    def _meanwhile(self, command: LookUp, took_s: float) -> None:
        self.elapsed_s += took_s
        waited = max(took_s, self.idle_ms / 1000)
        for script, after in ((command.comfort, SLOW_S), (command.apology, SORRY_S)):
            if script and waited >= after:
                self.lines.append(self._said("meanwhile", script))

    def _settle(self) -> None:
        """Go on until the caller has to do something, the visitor has to answer, or the call is over."""
        while True:
            command = self.turn.command
            if isinstance(command, Play):
                self._advance(Played())
            elif isinstance(command, LookUp):
                given = None if self.setup.by_hand else self.world.answer(command, self.now)
                if given is None:
                    return
                self._take(command, given)
            else:
                return

    def _advance(self, event: Event) -> None:
        self._arrive(advance(self.stage.library, self.turn.session, event))

    def _arrive(self, turn: Turn) -> None:
        self.turn, self.entry, self.raw, self.idle_ms = turn, None, "", 0
        for note in turn.notes:
            self._pass(note.flow, note.node)
            if note.what == "tagged":
                self.tags += [word for name, word in note.detail if name == "tag"]
        command = turn.command
        self._pass(*self.place)
        if isinstance(command, (Play, Collect)) and command.script:
            self.lines.append(self._said("hears", command.script))
            self.talk.append(("hears", tuple(prompts_of(command.script))))
            self.elapsed_s += figures.spoken_s(self.lines[-1].words[turn.session.language])
        if isinstance(command, (End, Enqueue)):
            queue = isinstance(command, Enqueue)
            self._line("queue" if queue else "ended", command.queue if queue else turn.session.ended)  # type: ignore[union-attr]

    @property
    def place(self) -> tuple[str, str]:
        """The flow and the node where the call is."""
        frames = self.turn.session.frames
        return (frames[-1].flow, frames[-1].node) if frames else ("", "")

    def _pass(self, flow: str, node: str) -> None:
        if node and (not self.path or self.path[-1] != (flow, node)):
            self.path.append((flow, node))

    def _line(self, what: str, text: str = "") -> None:
        self.lines.append(Line(what, *self.place, self.elapsed_s, text))

    def _said(self, what: str, script: Script) -> Line:
        ours, wording = self.turn.session.language, self.stage.wording
        self.scripts[len(self.lines)] = script
        words = {language: _spoken(script, (ours, language), wording) for language in wording.catalogues}
        return Line(what, *self.place, self.elapsed_s, words=words, language=ours)


def _spoken(script: Script, languages: tuple[str, str], wording: Wording) -> str:
    """The words, what is in the first language told in the second; any other stays as it is."""
    ours, other = languages
    turned = (replace(said, language=other) if said.language in ("", ours) else said for said in script)
    try:
        return wording.words(turned, other)
    except Unspeakable:
        return spoken(script)


def shown(fact: Fact) -> str:
    """A fact as the page shows it; a secret is dots."""
    return HIDDEN * 6 if fact.kind == "secret" else text(fact)


def _stand_in(command: Collect, length: int) -> str:
    """Keys that make an entry of this length, and are nobody's secret."""
    keys = next((key for key in command.rule.first if key not in command.rule.options), "1") * length
    return keys if length >= command.rule.longest else f"{keys}#"
