"""What the world answers in a dialogue test: outcomes and facts as the author wrote them, in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from flows.exploring.answers import sample
from flows.facts import Fact, Saying
from flows.flow import Library, LookUpSignature, Problem
from flows.rehearsing.script import Answer, Dialogue
from flows.turns import Answered, Failed, LookUp
from marked_yaml import Marked, meant


class Stuck(Exception):
    """The dialogue cannot go on; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class World:
    """Answers the look-ups of one dialogue."""

    def __init__(self, library: Library, dialogue: Dialogue) -> None:
        self.library, self.dialogue = library, dialogue
        self.asked: Counter[str] = Counter()

    def answer(self, command: LookUp) -> Answered | Failed:
        """The next answer to this look-up. Raises Stuck."""
        answers = self.dialogue.answers.get(command.name)
        if not answers:
            text = f'the flow asks "{command.name}"; say under "answers" what it answers'
            raise Stuck(Problem(self.dialogue.file, self.dialogue.line, 1, text))
        answer = answers[min(self.asked[command.name], len(answers) - 1)]
        self.asked[command.name] += 1
        if answer.fails:
            return Failed(answer.fails)
        return self._answered(self.library.look_ups[command.name], answer)

    def _answered(self, signature: LookUpSignature, answer: Answer) -> Answered:
        gives = signature.outcomes.get(answer.outcome)
        if gives is None:
            known = ", ".join(signature.outcomes)
            raise self.stuck(answer, f'"{signature.name}" never answers "{answer.outcome}"; it answers {known}')
        for name in answer.facts:
            if name not in gives:
                raise self.stuck(answer, f'"{answer.outcome}" gives no fact "{name}"{meant(name, gives)}')
        wanted = {name: kind for name, kind in gives.items() if name in answer.facts or not kind.endswith("?")}
        return Answered(answer.outcome, tuple(sorted(self._facts(wanted, answer.facts).items())))

    def _facts(self, wanted: Mapping[str, str], written: Mapping[str, Marked]) -> dict[str, Fact]:
        """Facts as written, samples for the others."""
        made = {}
        for name, kind in ((name, kind.rstrip("?")) for name, kind in wanted.items()):
            made[name] = self._fact(kind, written[name]) if name in written else sample(self.library, kind)
        return made

    def _fact(self, kind: str, at: Marked) -> Fact:
        if kind == "sayings":
            return Fact(kind, tuple(self._saying(each) for each in (at.value if isinstance(at.value, list) else [at])))
        if not isinstance(at.value, str):
            raise self.stuck(at, f"a fact of kind {kind} is one value")
        if kind == "money":
            return Fact(kind, self._money(at))
        if kind == "count":
            return Fact(kind, self._number(at, at.value))
        return Fact(kind, at.value)

    def _money(self, at: Marked) -> int:
        """128.50, or 12850 in the smallest unit."""
        whole, point, cents = str(at.value).partition(".")
        return self._number(at, whole + (cents + "00")[:2] if point else whole)

    def _number(self, at: Marked, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise self.stuck(at, f'"{at.value}" is no number') from None

    def _saying(self, at: Marked) -> Saying:
        """``{prompt: part_line, part: part_rental, sum: 28.00}``, or a prompt's name."""
        tree = at.value if isinstance(at.value, dict) else {"prompt": (at, at)}
        prompt = str(tree["prompt"][1].value) if "prompt" in tree else ""
        kinds = self.library.prompts.get(prompt)
        if kinds is None:
            raise self.stuck(at, f'there is no prompt "{prompt}"{meant(prompt, self.library.prompts)}')
        written = {name: value for name, (_, value) in tree.items() if name != "prompt"}
        return Saying(prompt, tuple(sorted(self._facts(kinds, written).items())))

    def stuck(self, at: Marked | Answer, text: str) -> Stuck:
        """The exception for a mistake at this place of the file."""
        return Stuck(Problem(self.dialogue.file, at.line, at.column, text))
