"""start() and advance(): the only code that moves a session.

A turn answers one event, then walks through the nodes that do not wait until one asks for a command. What is the
same everywhere is here: the keys 0 9 * #, re-prompts for no input, the count of wrong entries, faults, the budget of
turns. What differs from node to node is decided by the node.
"""

from __future__ import annotations

from typing import Final

from flows.facts import Fact, Facts
from flows.flow import Always, Flow, Library
from flows.forms import told
from flows.nodes.node import BUSINESS, Again, Detail, Everywhere, Fault, Go, Into, Out, Wrong
from flows.nodes.sub_flow import SubFlow
from flows.pages import SILENCE_MS, Missing, Page, page
from flows.session import Frame, Offer, Session, Turn
from flows.turns import Answered, Command, End, Enqueue, Event, Failed, HungUp, Keyed, NoInput, Note

BUDGET: Final = 200  # turns; then always.too_long, once
LIMIT: Final = 230  # turns; then the end, whatever the flow says
TRIES: Final = 3  # wrong entries at a node
TRIES_A_CALL: Final = 10
FAULTS: Final = 3  # of the world in a row, with no key between
HOPS: Final = 100  # nodes passed in one turn


class IllegalEvent(Exception):
    """The event does not answer the command that the session waits with."""


def start(library: Library, offer: Offer) -> Turn:
    """The first turn of a call. KeyError when there is no such flow; ValueError when it is a sub-flow."""
    flow = library.flows[offer.flow]
    if flow.always is None:
        raise ValueError(f'the flow "{offer.flow}" is a sub-flow; a call begins in one that has "always"')
    frame = Frame(offer.flow, flow.start)
    walk = _Walk(library, Session(offer.call, library.version, (frame,), offer.language, offer.facts))
    return walk.settle()


def advance(library: Library, session: Session, event: Event) -> Turn:
    """The next turn. IllegalEvent when the call is over, is another library's, or the event answers something else."""
    if session.ended or session.version != library.version:
        raise IllegalEvent(f"the call has ended: {session.ended}" if session.ended else "another library's session")
    frame = session.frames[-1]
    here = page(library, (frame.flow, frame.node, session.language))
    if type(event) not in here.answers:
        raise IllegalEvent(f"{type(event).__name__} does not answer {here.node.awaits} of {frame.flow}.{frame.node}")
    walk = _Walk(library, session)
    walk.take(here, event)
    return walk.settle()


def pending(library: Library, session: Session) -> Command | None:
    """The command the session waits with, for a driver that takes it up again; None when the call is over."""
    if session.ended:
        return None
    frame = session.frames[-1]
    here = page(library, (frame.flow, frame.node, session.language))
    return here.command(frame.stage, dict(session.facts), session.silent_ms)


class _Walk:
    """A session while it moves; lives for one turn."""

    __slots__ = (
        "_facts",
        "apologised",
        "ended",
        "failures",
        "frames",
        "known",
        "language",
        "last",
        "library",
        "notes",
        "old",
        "silent_ms",
        "steps",
        "wrong",
    )

    def __init__(self, library: Library, session: Session) -> None:
        self.library, self.old = library, session
        self.frames = list(session.frames)
        self.known: dict[str, Fact] = dict(session.facts)
        self._facts: Facts | None = session.facts  # None when ``known`` has changed
        self.language, self.ended = session.language, ""
        self.last: Enqueue | End = _NOTHING
        self.silent_ms, self.wrong = session.silent_ms, session.wrong
        self.failures, self.apologised = session.failures, session.apologised
        self.steps = session.steps + 1
        self.notes: list[Note] = []

    # answering the event

    def take(self, here: Page, event: Event) -> None:
        """Let the event have its effect: afterwards the call stands at the next node, or is over."""
        if not isinstance(event, Answered):
            self._heard(here, event.heard)
        if isinstance(event, HungUp):
            self.note("hung_up")
            return self.over(End("hung_up"))
        if isinstance(event, NoInput):
            self._silence(here, event)
        elif isinstance(event, Failed):
            self.fail(event.fault, _unavailable(here))
        else:
            self._answer(here, event)
        if self.steps >= LIMIT:
            self.over(End("failed"))
        elif self.steps == BUDGET and not self.ended and self.silent_ms < SILENCE_MS:  # silence is on its way out
            self.unwind("too_long")
        return None

    def _heard(self, here: Page, share: float) -> None:
        names = here.speeches[self.frames[-1].stage].names
        if names:
            part = min(100, max(0, round(100 * share)))
            self.note("heard", (("prompts", names), ("share", str(part))))

    def _silence(self, here: Page, event: NoInput) -> None:
        """Another re-prompt, or the end of patience."""
        frame = self.frames[-1]
        window = min(event.elapsed_ms, here.rule.first_ms)
        self.silent_ms += max(0, event.elapsed_ms if frame.silences or self.silent_ms else window)
        self.note("silent", (("times", str(frame.silences + 1)),))
        if self.silent_ms >= SILENCE_MS:
            return self.unwind("silent")
        if to := getattr(here.node, "silence", ""):
            self.frames[-1] = _at(frame, to)
            return None
        stage = ("short", "help", "offer")[min(frame.silences, 2)]
        self.frames[-1] = Frame(frame.flow, frame.node, frame.silences + 1, frame.misses, stage, frame.rounds)
        return None

    def _answer(self, here: Page, event: Event) -> None:
        if isinstance(event, Keyed):
            self._key(here, event)
        if isinstance(event, Answered):
            detail = (("look_up", getattr(here.node, "look_up", "")), ("outcome", event.outcome))
            self.note("answered", detail + told(event.facts))
        answer = here.node.answer(event, self.known)
        if isinstance(answer, Go):
            if isinstance(event, Answered) and not _declared(here, event):
                return self.fail("garbage", _unavailable(here))
            return self.follow(answer)
        if isinstance(answer, Everywhere):
            return self._everywhere(answer.where)
        if isinstance(answer, Wrong):
            return self._miss(answer.shown)
        return self.fail(answer.fault if isinstance(answer, Fault) else "crash", _unavailable(here))

    def _key(self, here: Page, event: Keyed) -> None:
        """Somebody is there: patience begins anew. A secret that comes in clear is the driver's mistake."""
        if here.node.secret() and event.keys.isdigit() and event.keys not in here.options:
            raise IllegalEvent("the keys of a secret came in clear, not as a handle")
        self.silent_ms = self.failures = 0
        self.apologised = False
        frame = self.frames[-1]
        if frame.silences:
            self.frames[-1] = Frame(frame.flow, frame.node, 0, frame.misses, frame.stage, frame.rounds)

    def _miss(self, keys: str) -> None:
        frame = self.frames[-1]
        self.wrong += 1
        self.note("wrong", (("keys", keys[:20]), ("times", str(frame.misses + 1))))
        if frame.misses + 1 >= TRIES or self.wrong >= TRIES_A_CALL:
            return self.unwind("tired")
        self.frames[-1] = Frame(frame.flow, frame.node, 0, frame.misses + 1, "wrong", frame.rounds)
        return None

    def _everywhere(self, where: str) -> None:
        if where == "back":
            self.note("went", (("to", "back"),))
            return self._back()
        if where in ("human", "main"):
            return self.unwind(where)
        frame = self.frames[-1]
        self.note("went", (("to", "repeat"),))
        to = getattr(self.library.flows[frame.flow].nodes[frame.node], "repeat", "")
        self.frames[-1] = _at(frame, to) if to else Frame(frame.flow, frame.node, 0, frame.misses, rounds=frame.rounds)
        return None

    # moving

    def _back(self) -> None:
        frame = self.frames[-1]
        flow = self.library.flows[frame.flow]
        to = getattr(flow.nodes[frame.node], "back", "") or flow.back
        if to:
            self.frames[-1] = _at(frame, to)
        elif "back" in flow.exits and len(self.frames) > 1:
            self.out("back")
        else:
            self.unwind("main", told=True)

    def follow(self, go: Go) -> None:
        """Go where a node says, with what it learnt."""
        for what, detail in go.notes:
            self.note(what, detail)
        if go.facts:
            self.known.update(go.facts)
            self._facts = None
        for name in go.forget:
            if self.known.pop(name, None) is not None:
                self._facts = None
        self.language = go.language or self.language
        self.frames[-1] = _at(self.frames[-1], go.to)

    def out(self, exit_: str) -> None:
        """Leave a sub-flow; where its caller does not know the exit, the way is ``always.failed``."""
        self.frames.pop()
        if not self.frames:
            return self.over(End("failed"))
        above = self.frames[-1]
        caller = self.library.flows[above.flow].nodes[above.node]
        to = caller.exits.get(exit_, "") if isinstance(caller, SubFlow) else ""
        if not to:
            return self.fail("exit")
        self.frames[-1] = _at(above, to)
        return None

    def unwind(self, where: str, told: bool = False) -> None:
        """To one of the root flow's ``always`` nodes, out of all sub-flows."""
        if not told:
            self.note("went", (("to", where),))
        root = self.frames[0].flow if self.frames else self.old.frames[0].flow
        self.frames = [Frame(root, getattr(_always(self.library.flows[root]), where))]

    def fail(self, fault: str, to: str = "") -> None:
        """The world's fault: the node's own way, else always.failed, once. The fourth without a key ends the call."""
        self.note("failed", (("fault", fault),))
        if self.silent_ms >= SILENCE_MS:  # even the goodbye cannot be spoken: nobody is left to be sent anywhere
            return self.over(End("silent"))
        self.failures += 1
        if self.failures > FAULTS or (self.apologised and not to):
            return self.over(End("failed"))
        if to:
            self.frames[-1] = _at(self.frames[-1], to)
        else:
            self.apologised = True
            self.unwind("failed", told=True)
        return None

    def over(self, command: Enqueue | End) -> None:
        """The last command; the session is closed with its disposition."""
        self.ended = "enqueued" if isinstance(command, Enqueue) else command.disposition
        self.last = command

    # until something is to be done

    def settle(self) -> Turn:
        """Pass through nodes until one waits or ends; the turn that comes of it."""
        hops = 0
        while not self.ended:
            frame = self.frames[-1]
            here = page(self.library, (frame.flow, frame.node, self.language))
            if here.node.tag and (self.old.steps == 0 or frame is not self.old.frames[-1]) and frame.stage == "whole":
                self.note("tagged", (("tag", here.node.tag),))
            if here.answers:
                try:
                    command = here.command(frame.stage, self.known, self.silent_ms)
                except Missing as missing:
                    self.fail(f"missing {missing.args[0]}", _unavailable(here))
                    continue
                if here.signature:
                    self.note("asked", (("look_up", here.signature.name),))
                return Turn(self._session(), command, tuple(self.notes))
            self._pass(here)
            hops += 1
            if hops > HOPS:
                self.over(End("failed"))
        return self._ended()

    def _pass(self, here: Page) -> None:
        move = here.node.move(self.known)
        if isinstance(move, Go):
            self.follow(move)
        elif isinstance(move, Into):
            self.frames.append(Frame(move.flow, self.library.flows[move.flow].start))
        elif isinstance(move, Out):
            self.out(move.exit)
        elif isinstance(move, Again):
            self._another_round(move)
        else:
            self.over(self._known_queue(here, move) if isinstance(move, Enqueue) else move)

    def _known_queue(self, here: Page, command: Enqueue) -> Enqueue:
        """A queue that the world named and we do not know is the first one: nobody is lost for a wrong word."""
        written = getattr(here.node, "queue", "")
        return command if written or command.queue in self.library.queues else Enqueue("", command.business)

    def _another_round(self, move: Again) -> None:
        """An entry that a look-up refused counts as a wrong one of the call."""
        frame = self.frames[-1]
        self.wrong += 1
        if self.wrong >= TRIES_A_CALL:
            return self.unwind("tired")
        rounds = frame.rounds + 1
        enough = rounds >= move.most
        to = move.enough if enough else move.again
        self.frames[-1] = Frame(frame.flow, to, rounds=0 if enough else rounds)
        return None

    def _ended(self) -> Turn:
        command = self.last
        detail: Detail = (("disposition", self.ended),)
        if isinstance(command, Enqueue):
            detail += (("queue", command.queue), ("business", command.business))
        self.note("ended", detail)
        return Turn(self._session(), command, tuple(self.notes))

    def note(self, what: str, detail: Detail = ()) -> None:
        """A line for the trail, said of where the call stands now."""
        if what == "tagged":
            self.known[BUSINESS], self._facts = Fact("text", detail[0][1]), None
        frame = self.frames[-1] if self.frames else self.old.frames[0]
        self.notes.append(Note(self.steps, frame.flow, frame.node, what, detail))

    def _session(self) -> Session:
        old = self.old
        frames = tuple(self.frames) or old.frames[:1]
        facts = tuple(sorted(self.known.items())) if self._facts is None else self._facts
        state = (self.silent_ms, self.wrong, self.steps, self.ended, self.failures, self.apologised)
        return Session(old.call, old.version, frames, self.language, facts, *state)


_NOTHING: Final = End("failed")


def _at(frame: Frame, node: str) -> Frame:
    """Another node of the same flow."""
    return Frame(frame.flow, node, rounds=frame.rounds)


def _always(flow: Flow) -> Always:
    if flow.always is None:
        raise ValueError(f'"{flow.name}" has no "always"')
    return flow.always


def _unavailable(here: Page) -> str:
    return str(getattr(here.node, "unavailable", ""))


def _declared(here: Page, event: Answered) -> bool:
    """Whether the answer brings what its outcome declares: nothing missing, nothing else, each of its kind."""
    declared = here.signature.outcomes.get(event.outcome) if here.signature else None
    if declared is None:
        return False
    brought = {name: fact.kind for name, fact in event.facts}
    needed = {name for name, kind in declared.items() if not kind.endswith("?")}
    if not needed <= brought.keys():
        return False
    return all(declared.get(name, "").rstrip("?") == kind for name, kind in brought.items())
