"""One dialogue, performed: the flow on one side, the author's caller and world on the other.

The session is dumped and loaded between every two turns, so each dialogue also shows that a stored call goes on alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from flows import digits
from flows.exploring.telling import spoken
from flows.facts import Fact, Script
from flows.flow import Library, Problem
from flows.interpreter import advance, start
from flows.rehearsing.answering import Stuck, World
from flows.rehearsing.script import Dialogue, Step
from flows.session import Offer, Turn
from flows.storing import dump, load
from flows.turns import Answered, Collect, End, Enqueue, Event, HungUp, Keyed, LookUp, NoInput, Play, Played
from marked_yaml import meant

Words = Callable[[Script], str]
_DIALLED: Final = "10086"
_CUT: Final = 0.3  # how much of a text is heard when keys are typed ahead


@dataclass(frozen=True, slots=True)
class Result:
    """How a dialogue went: nothing in ``problems`` means passed. ``tale``: the call, line by line."""

    dialogue: Dialogue
    problems: tuple[Problem, ...]
    tale: tuple[str, ...]
    turns: int


def perform(library: Library, dialogue: Dialogue, words: Words | None = None) -> Result:
    """Run one dialogue. ``words`` renders a script as it is spoken; without it, words are not asserted."""
    return _Performance(library, dialogue, words).run()


def prompts_of(script: Script) -> Iterator[str]:
    """Every prompt that a script speaks, those inside slots and lists included, in order."""
    for saying in script:
        yield saying.prompt
        for _, fact in saying.slots:
            yield from _inside(fact)


def _inside(fact: Fact) -> Iterator[str]:
    if fact.kind == "prompt":
        yield str(fact.value)
    elif isinstance(fact.value, tuple):
        yield from prompts_of(fact.value)


class _Performance:
    def __init__(self, library: Library, dialogue: Dialogue, words: Words | None) -> None:
        self.library, self.dialogue, self.words = library, dialogue, words
        self.world = World(library, dialogue)
        self.keys: deque[str] = deque()
        self.heard: list[str] = []  # prompts since the caller last did something
        self.said: list[str] = []  # their words
        self.passed = 0  # how many of the heard ones a step has accounted for
        self.tale: list[str] = []
        self.tags: list[str] = []
        self.turns = 0
        self.turn: Turn

    def run(self) -> Result:
        """The whole dialogue, up to its first problem."""
        problems: list[Problem] = []
        try:
            self._begin()
            for step in self.dialogue.talk:
                self._do(step)
            problems += self._end()
        except Stuck as stuck:
            problems.append(stuck.problem)
        return Result(self.dialogue, tuple(problems), tuple(self.tale), self.turns)

    def _begin(self) -> None:
        dialogue = self.dialogue
        flow = self.library.flows.get(dialogue.flow)
        if flow is None or flow.always is None:
            roots = [name for name, each in self.library.flows.items() if each.always]
            raise self._stuck(f'no call begins in the flow "{dialogue.flow}"{meant(dialogue.flow, roots)}')
        known = {"dialled": dialogue.dialled or _DIALLED, "caller": dialogue.caller}
        facts = tuple((name, Fact("digits", value)) for name, value in sorted(known.items()) if value)
        language = dialogue.language or self.library.languages[0]
        self._arrive(start(self.library, Offer("dialogue", dialogue.flow, language, facts)))
        self._settle()

    def _arrive(self, turn: Turn) -> None:
        """Take a turn: what it speaks is heard, its session is stored and fetched again."""
        self.turns += 1
        again = load(dump(turn.session))
        if again != turn.session:
            raise self._stuck("the session is another one after it was stored and loaded")
        self.turn = Turn(again, turn.command, turn.notes)
        self.tags += (
            word for note in turn.notes if note.what == "tagged" for name, word in note.detail if name == "tag"
        )
        command = turn.command
        if isinstance(command, (Play, Collect)):
            self.heard += prompts_of(command.script)
            self.said += [self.words(command.script)] if self.words else []
            self.tale.append(f"hears: {spoken(command.script)}")
        if isinstance(command, Collect) and not command.typed_ahead:
            self.keys.clear()

    def _advance(self, event: Event) -> None:
        self._arrive(advance(self.library, self.turn.session, event))

    def _settle(self) -> None:
        """Go on until the caller has to do something, or the call is over."""
        while True:
            command = self.turn.command
            if isinstance(command, Play):
                self._advance(Played(_CUT if self.keys and command.interruptible else 1.0))
            elif isinstance(command, LookUp):
                self._look_up(command)
            elif not isinstance(command, Collect) or not self._enter(command):
                return

    def _look_up(self, command: LookUp) -> None:
        event = self.world.answer(command)
        answer = event.outcome if isinstance(event, Answered) else f"fails: {event.fault}"
        self.tale.append(f"look-up {command.name} -> {answer}")
        self._advance(event)

    def _enter(self, command: Collect) -> bool:
        """Make an entry of the keys that wait; False when there is none."""
        if not self.keys:
            return False
        entry = digits.Entry(command.rule)
        while self.keys and entry.closed is None:
            entry = digits.press(entry, self.keys.popleft())
        if entry.closed is None and not entry.typed:
            return False
        entry = digits.lapse(entry)
        keys = entry.closed or ""
        self.tale.append(f"caller: {'a secret' if command.secret and not entry.option else keys or '#'}")
        handle = f"secret-{self.turns}" if command.secret and not entry.option else keys
        self._advance(Keyed(handle, len(keys)))
        return True

    # steps

    def _do(self, step: Step) -> None:
        doing = {"hears": self._hears, "does_not_hear": self._does_not_hear, "words": self._are_words}
        if step.what in doing:
            return doing[step.what](step)
        if not isinstance(self.turn.command, Collect):
            raise self._stuck(f'the call is over ("{self.turn.session.ended}") before this', step)
        self.heard, self.said, self.passed = [], [], 0
        if step.what == "presses":
            self.keys.extend("".join(step.words))
        elif step.what == "waits":
            self._wait(sum(map(int, step.words)) * 1000)
        else:
            self.tale.append("caller: hangs up")
            self._advance(HungUp())
        return self._settle()

    def _wait(self, left_ms: int) -> None:
        """Let whole windows of silence go by, as many as there is time for."""
        while isinstance(self.turn.command, Collect) and left_ms >= self.turn.command.rule.first_ms:
            window = self.turn.command.rule.first_ms
            left_ms -= window
            self.tale.append(f"caller: (no key for {window // 1000} s)")
            self._advance(NoInput(window))
            self._settle()

    def _hears(self, step: Step) -> None:
        for prompt in step.words:
            if prompt in self.heard[self.passed :]:
                self.passed = self.heard.index(prompt, self.passed) + 1
                continue
            known = (
                ""
                if prompt in self.library.prompts
                else f"; there is no such prompt{meant(prompt, self.library.prompts)}"
            )
            raise self._stuck(f'"{prompt}" is not heard here{known or self._instead()}', step)

    def _instead(self) -> str:
        rest = self.heard[self.passed :]
        return f"; heard: {', '.join(rest)}" if rest else "; nothing more is heard"

    def _does_not_hear(self, step: Step) -> None:
        for prompt in step.words:
            if prompt in self.heard:
                raise self._stuck(f'"{prompt}" is heard here', step)

    def _are_words(self, step: Step) -> None:
        if self.words is None:
            return
        said = " ".join(" ".join(self.said).split())
        for words in step.words:
            if " ".join(words.split()) not in said:
                raise self._stuck(f'the words "{words}" are not spoken here; spoken: {said}', step)

    # the end

    def _end(self) -> Iterator[Problem]:
        """What is not as the dialogue says it ends."""
        command, session, wanted = self.turn.command, self.turn.session, self.dialogue
        if not isinstance(command, (End, Enqueue)):
            frame = session.frames[-1]
            yield self._problem(f'the call has not ended; it waits at "{frame.node}" of "{frame.flow}"')
            return
        found = {
            "ends": session.ended,
            "queue": command.queue if isinstance(command, Enqueue) else "",
            "business": command.business if isinstance(command, Enqueue) else "",
            "ends_in": session.language,
        }
        self.tale.append(f"call ends: {session.ended} {found['queue']}".rstrip())
        for name, value in found.items():
            expected = getattr(wanted, name)
            if expected and expected != value:
                yield self._problem(f'{name}: "{value}", and not "{expected}"')
        if wanted.tags and wanted.tags != tuple(self.tags):
            yield self._problem(f"tags: {', '.join(self.tags) or 'none'}, and not {', '.join(wanted.tags)}")

    def _problem(self, text: str, step: Step | None = None) -> Problem:
        line, column = (step.line, step.column) if step else (self.dialogue.line, 1)
        return Problem(self.dialogue.file, line, column, text)

    def _stuck(self, text: str, step: Step | None = None) -> Stuck:
        return Stuck(self._problem(text, step))
