"""What is wrong with a library without running it: names that name nothing, ways that lead nowhere, bad manners.

A Problem refuses the library; a warning (``Problem.warning``) may be published with a reason. What a call would meet
on its way is the explorer's to find.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from flows.facts import KINDS
from flows.flow import Flow, Library, Path, Problem
from flows.forms import FORMS
from flows.human_key import unled, untold
from flows.nodes.ask import Ask
from flows.nodes.enqueue import EnqueueNode
from flows.nodes.forget import Forget
from flows.nodes.known import KnownNode
from flows.nodes.look_up import LookUpNode
from flows.nodes.menu import Menu
from flows.nodes.node import OTHERS, Collecting, Line, Node
from flows.nodes.return_node import Return
from flows.nodes.speak_in import SpeakIn
from flows.nodes.sub_flow import SubFlow
from flows.nodes.tries import Tries
from flows.tracing import ALWAYS, Kinds, Place, trace
from flows.ways import circles, depths, within
from marked_yaml.problems import meant

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
KEY: Final = re.compile(r"[0-9]{1,2}\Z|\*\Z")
_PLAIN = ("no_input", "operator_offer", "wrong_key", "wrong_entry", "yes_no", "comfort", "one_moment")
CORE: Final[dict[str, dict[str, str]]] = {  # prompts the core speaks by itself, with the slots it fills
    "press": {"task": "prompt", "key": "digits"},
    **{name: {} for name in _PLAIN},
}
MENU_WARN, MENU_REFUSE, DEPTH_WARN = 5, 7, 3
BETWEEN_MS: Final = (2_000, 6_000)
FIRST_MS: Final = (5_000, 10_000)


def inspect(library: Library, broken: frozenset[str] = frozenset(), *, fresh: bool = True) -> list[Problem]:
    """Every problem and warning, file by file. ``broken``: flows that could not be read, of which others have told.

    ``fresh``: callers do not have them yet, so that rules hold which came after others were published.
    """
    known = trace(library)
    problems: list[Problem] = []
    for flow in library.flows.values():
        look = _Look(library, flow, broken, known)
        problems += look.whole()
    problems += _core(library)
    problems += circles(library)
    problems += unled(library) if fresh and not broken else []
    problems += untold(library)
    return sorted(set(problems))


def look_over(library: Library, flow: Flow, broken: frozenset[str]) -> list[Problem]:
    """The same for what could be read of a flow that has mistakes: names only, since its ways are not whole."""
    look = _Look(library, flow, broken, {})
    for name, node in flow.nodes.items():
        look.node(name, node)
    return look.found


def strangers(flow: Flow, names: frozenset[str]) -> list[Problem]:
    """Ways to nodes that are not in the file. ``names``: all its nodes, those with mistakes included."""

    def problem(path: Path, text: str, node: str = "") -> Problem:
        return Problem(flow.file, *flow.marks.value(path), text, node)

    found = []
    heads: list[tuple[Path, str, str]] = [(("start",), "start", flow.start)]
    heads += [(("back",), "back", flow.back)] if flow.back else []
    if flow.always:
        heads += [(("always", where), f"always.{where}", getattr(flow.always, where)) for where in ALWAYS]
    for path, what, to in heads:
        if to not in names:
            found.append(problem(path, f'"{what}" goes to "{to}", which does not exist{meant(to, names)}'))
    for name, node in flow.nodes.items():
        for way in node.ways():
            if way.to and way.to not in names:
                text = f'node "{name}" goes to "{way.to}", which does not exist{meant(way.to, names)}'
                found.append(problem(way_path(name, node, way.name), text, name))
    return found


def way_path(name: str, node: Node, way: str) -> Path:
    """Where in the file a way out stands."""
    if isinstance(node, Menu) and way in node.options:
        return ("nodes", name, "options", way, "to")
    if isinstance(node, LookUpNode) and way in node.outcomes:
        return ("nodes", name, "outcomes", way)
    if isinstance(node, SubFlow):
        return ("nodes", name, "exits", way)
    return ("nodes", name, way)


class _Look:
    """One flow under inspection."""

    def __init__(self, library: Library, flow: Flow, broken: frozenset[str], known: Mapping[Place, Kinds]) -> None:
        self.library, self.flow, self.broken, self.known = library, flow, broken, known
        self.found: list[Problem] = []

    def say(self, path: Path, text: str, warning: bool = False) -> None:
        """One problem at the value of a path."""
        node = str(path[1]) if len(path) > 1 and path[0] == "nodes" else ""
        self.found.append(Problem(self.flow.file, *self.flow.marks.value(path), text, node, warning))

    def warn(self, path: Path, text: str) -> None:
        """One warning."""
        self.say(path, text, True)

    def named(self, path: Path, word: str, known: tuple[str, Collection[str]]) -> bool:
        """Whether a name names something; a problem with a suggestion if not."""
        what, names = known
        if word in names:
            return True
        self.say(path, f'unknown {what} "{word}"{meant(word, names)}')
        return False

    def whole(self) -> list[Problem]:
        """All there is to say about the flow."""
        self._head()
        self.found += strangers(self.flow, frozenset(self.flow.nodes))
        deep = depths(self.flow)
        for name, node in self.flow.nodes.items():
            self.node(name, node)
            if deep.get(name, 0) > DEPTH_WARN and isinstance(node, Menu):
                self.warn(("nodes", name), f'the menu "{name}" is {deep[name]} menus deep; {DEPTH_WARN} are enough')
        self._unreached()
        return self.found

    def _head(self) -> None:
        flow = self.flow
        stem = flow.file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml").removesuffix(".yml")
        if flow.name != stem:
            self.say(("flow",), f'the flow is called "{flow.name}", its file "{stem}"; they must be the same')
        if not NAME.match(flow.name):
            self.say(("flow",), _name_rule(flow.name))
        if flow.always is None and not flow.exits:
            self.say(("flow",), 'a flow has "always" (a call begins in it) or "exits" (another flow goes through it)')
        if flow.always is not None and flow.exits:
            self.say(("exits",), 'a flow with "always" has no "exits"')
        if not flow.nodes:
            self.say(("nodes",), "there are no nodes")
        for language in self.library.languages:
            if language not in flow.title:
                self.warn(("title",), f'the title is missing in "{language}"')
        returned = {node.exit for node in flow.nodes.values() if isinstance(node, Return)}
        for n, exit_ in enumerate(flow.exits):
            if exit_ not in returned | {"back"}:
                self.warn(("exits", n), f'no node returns by the exit "{exit_}"')

    def _unreached(self) -> None:
        flow = self.flow
        reached = {node for name, node in self.known if name == flow.name}
        if not reached and flow.always is None:
            if not self.broken:
                self.warn(("flow",), f'no flow goes through "{flow.name}"')
            reached = within(flow)
        if self.broken and not reached >= set(flow.nodes):
            reached |= within(flow)
        for name in flow.nodes:
            if name not in reached and not self.broken:
                self.say(("nodes", name), f'no way leads to the node "{name}"')

    def node(self, name: str, node: Node) -> None:
        """All there is to say about one node by itself."""
        path: Path = ("nodes", name)
        if not NAME.match(name):
            self.say(path, _name_rule(name))
        if node.tag and not NAME.match(node.tag):
            self.say((*path, "tag"), _name_rule(node.tag))
        for tail, line in node.spoken():
            self._line((*path, *tail), name, line)
        if isinstance(node, Collecting):
            self._collecting(path, node)
        if isinstance(node, Menu):
            self._menu(path, node)
        elif isinstance(node, Ask):
            self._ask(path, node)
        elif isinstance(node, LookUpNode):
            self._look_up(path, node)
        elif isinstance(node, SubFlow):
            self._sub_flow(path, node)
        else:
            self._simple(path, node)

    def _simple(self, path: Path, node: Node) -> None:
        """The kinds of which there is one thing to say."""
        if isinstance(node, Return):
            self.named((*path, "exit"), node.exit, ("exit", self.flow.exits))
        elif isinstance(node, EnqueueNode):
            self._enqueue(path, node)
        elif isinstance(node, SpeakIn):
            self.named((*path, "language"), node.language, ("language", self.library.languages))
        elif isinstance(node, KnownNode):
            self._fact((*path, "fact"), node.fact)
        elif isinstance(node, Forget):
            for n, fact in enumerate(node.facts):
                self._fact((*path, "facts", n), fact)
        elif isinstance(node, Tries) and not 1 <= node.most <= 10:
            self.say((*path, "most"), f"{node.most} rounds; callers fare well with 3")

    def _enqueue(self, path: Path, node: EnqueueNode) -> None:
        """A queue by its name, or by a fact: one of the two."""
        if bool(node.queue) == bool(node.queue_from):
            self.say(path, 'write "queue:" with a queue\'s name, or "queue_from:" with a fact, and not both')
        elif node.queue:
            self.named((*path, "queue"), node.queue, ("queue", self.library.queues))
        else:
            self._carries((*path, "queue_from"), str(path[1]), (node.queue_from, {"queue"}, "the queue"))

    def _collecting(self, path: Path, node: Collecting) -> None:
        """Timings and languages of a node that waits for keys."""
        for key, value, (low, high) in (
            ("between_ms", node.between_ms or BETWEEN_MS[0], BETWEEN_MS),
            ("first_ms", node.first_ms, FIRST_MS),
        ):
            if not low <= value <= high:
                say = self.warn if 0 < value <= 60_000 else self.say
                say((*path, key), f"{key} is {value}; callers fare well with {low} to {high}")
        for n, language in enumerate(node.languages):
            self.named((*path, "languages", n), language, ("language", self.library.languages))

    def _line(self, path: Path, name: str, line: Line) -> None:
        """A spoken prompt: it exists in every language, and each of its slots may be filled here."""
        prompts = self.library.prompts
        if not NAME.match(line.prompt):
            return self.say(path, _name_rule(line.prompt))
        if not self.named(path, line.prompt, ("prompt", prompts)):
            return None
        if line.language not in ("", OTHERS):
            self.named((*path, "language"), line.language, ("language", self.library.languages))
        for language, words in self.library.spoken.items():
            if line.prompt not in words and line.language in ("", OTHERS, language):
                self.say(path, f'the prompt "{line.prompt}" has no words in "{language}"')
        self._slots(path, name, line)
        return None

    def _slots(self, path: Path, name: str, line: Line) -> None:
        """The slots of a prompt: those it has, filled by facts of their kind."""
        signature, option = self.library.prompts[line.prompt], path[2] == "options"
        slots: Path = (*path[:-1], "slots") if option else (*path, "slots")
        if option and signature and not line.fixed:
            text = f'the prompt "{line.prompt}" has slots; write "slots:" beside it, and say {{key:digits}} in it'
            return self.say(path, text)
        if line.fixed and signature.get("key") != "digits":
            self.say(path, f'the prompt "{line.prompt}" must say its key, as in {{key:digits}}')
        for slot in line.bound:
            self.named((*slots, slot), slot, ("slot", signature))
        for slot, kind in signature.items():
            if slot not in dict(line.fixed):
                self._carries((*slots, slot), name, (line.bound.get(slot, slot), {kind}, f'slot "{slot}"'))
        return None

    def _carries(self, path: Path, name: str, wanted: tuple[str, set[str], str]) -> None:
        """A fact that is needed at a node may be known there, and is of one of the kinds."""
        fact, kinds, what = wanted
        here = self.known.get((self.flow.name, name))
        if here is None:
            return
        may = {kind for known, kind in here if known == fact}
        if not may:
            text = f'{what} needs the fact "{fact}", which no way to "{name}" brings'
            self.say(path, text + meant(fact, {known for known, _ in here}))
        elif not may & kinds:
            self.say(path, f'{what} is {_or(kinds)}, but the fact "{fact}" is {_or(may)}')
        elif "secret" in may and "secret" not in kinds:
            self.say(path, f'{what} cannot be the secret "{fact}"')

    def _fact(self, path: Path, fact: str) -> None:
        written = {name for kinds in self.known.values() for name, _ in kinds}
        reached = any(flow == self.flow.name for flow, _ in self.known)
        if reached and fact not in written and not self.broken:
            self.say(path, f'nothing brings the fact "{fact}"{meant(fact, written)}')

    def _menu(self, path: Path, node: Menu) -> None:
        count = len(node.options)
        if not count:
            self.say(path, 'there are no options (a key must be written in quotes: "1")')
        if count > MENU_REFUSE:
            self.say((*path, "options"), f"{count} options; nobody remembers more than {MENU_REFUSE}")
        elif count > MENU_WARN:
            self.warn((*path, "options"), f"{count} options; {MENU_WARN} are enough")
        for key, option in node.options.items():
            self._key((*path, "options", key), key)
            if option.tag and not NAME.match(option.tag):
                self.say((*path, "options", key, "tag"), _name_rule(option.tag))
            for fact, source in option.set.items():
                if not NAME.match(fact):
                    self.say((*path, "options", key, "set", fact), _name_rule(fact))
                self._fact((*path, "options", key, "set", fact), source)

    def _key(self, path: Path, key: str) -> None:
        where = self.flow.marks.key(path)
        problem = ""
        if not KEY.match(key):
            problem = f'"{key}" is no key for a choice; use one or two digits (# always ends or repeats)'
        elif key in ("0", "9", "*"):
            meaning = {"0": "a human", "9": "the main menu", "*": "back"}[key]
            text = f"the key {key} means {meaning} everywhere else; callers will be surprised"
            self.found.append(Problem(self.flow.file, *where, text, str(path[1]), True))
        if problem:
            self.found.append(Problem(self.flow.file, *where, problem, str(path[1])))

    def _ask(self, path: Path, node: Ask) -> None:
        shape, form, name = node.shape(), FORMS[node.form], str(path[1])
        if not NAME.match(node.into):
            self.say((*path, "into"), _name_rule(node.into))
        if not 1 <= shape.shortest <= shape.longest <= 32:
            self.say((*path, "longest"), f"lengths of {shape.shortest} to {shape.longest} digits make no sense")
        if node.form == "month" and (shape.shortest, shape.longest) != (form.shortest, form.longest):
            self.say((*path, "form"), "a month has six digits: YYYYMM")
        for key, fact in node.choices.items():
            self._key((*path, "choices", key), key)
            self._carries((*path, "choices", key), name, (fact, {form.kind}, f"choice {key}"))

    def _look_up(self, path: Path, node: LookUpNode) -> None:
        signature, name = self.library.look_ups.get(node.look_up), str(path[1])
        if signature is None:
            self.named((*path, "look_up"), node.look_up, ("look-up", self.library.look_ups))
            return
        for outcome in node.outcomes:
            if outcome not in signature.outcomes:
                where = self.flow.marks.key((*path, "outcomes", outcome))
                text = f'"{node.look_up}" has no outcome "{outcome}"{meant(outcome, signature.outcomes)}'
                self.found.append(Problem(self.flow.file, *where, text, name))
        for outcome in signature.outcomes:
            if outcome not in node.outcomes:
                self.say((*path, "outcomes"), f'the outcome "{outcome}" of "{node.look_up}" leads nowhere')
        for key, bound in (("with", node.with_), ("given", node.given)):
            for argument in bound:
                self.named((*path, key, argument), argument, ("argument", signature.needs))
        for argument, kind in signature.needs.items():
            if argument in node.given:
                self._given((*path, "given", argument), argument, (kind, node.given[argument]))
            elif not kind.endswith("?"):
                fact = node.with_.get(argument, argument)
                self._carries((*path, "with", argument), name, (fact, {kind}, f'argument "{argument}"'))
            elif argument in node.with_:
                self._fact((*path, "with", argument), node.with_[argument])

    def _given(self, path: Path, argument: str, bound: tuple[str, str]) -> None:
        kind, word = bound
        if kind.rstrip("?") not in ("text", "queue"):
            self.say(path, f'the argument "{argument}" is {kind.rstrip("?")}; only text can be given')
        elif argument == "queue":
            self.named(path, word, ("queue", self.library.queues))

    def _sub_flow(self, path: Path, node: SubFlow) -> None:
        if node.flow in self.broken:
            return
        if not self.named((*path, "flow"), node.flow, ("flow", self.library.flows)):
            return
        flow = self.library.flows[node.flow]
        if flow.always is not None:
            self.say((*path, "flow"), f'"{node.flow}" is a root flow; only a flow with "exits" can be gone through')
            return
        for exit_ in node.exits:
            self.named((*path, "exits", exit_), exit_, ("exit", flow.exits))
        for exit_ in flow.exits:
            if exit_ not in node.exits:
                self.say((*path, "exits"), f'the exit "{exit_}" of "{node.flow}" leads nowhere')


def _or(words: Collection[str]) -> str:
    return " or ".join(sorted(words))


def _name_rule(word: str) -> str:
    shown = ascii(word)[1:-1][:40]
    return f'"{shown}" is no name; use small letters a-z, digits and _, beginning with a letter'


def _core(library: Library) -> Iterator[Problem]:
    """The prompts that the core speaks by itself, and kinds nobody knows."""
    file = next((flow.file for flow in library.flows.values() if flow.always), "")
    for name, slots in CORE.items():
        if name not in library.prompts:
            yield Problem(file, 1, 1, f'the prompt "{name}", which every call may need, does not exist')
        elif dict(library.prompts[name]) != slots:
            wanted = " ".join(f"{{{slot}:{kind}}}" for slot, kind in slots.items()) or "no slots"
            yield Problem(file, 1, 1, f'the prompt "{name}" must have {wanted}')
        for language, words in library.spoken.items():
            if name in library.prompts and name not in words:
                yield Problem(file, 1, 1, f'the prompt "{name}" has no words in "{language}"')
    for signature in library.look_ups.values():
        for told in (signature.needs, *signature.outcomes.values()):
            for fact, kind in told.items():
                if kind.rstrip("?") not in KINDS:
                    text = f'the look-up "{signature.name}" tells "{fact}" as "{kind}", which is no kind'
                    yield Problem(file, 1, 1, text)
