"""The explorer's dialogues through everything between the interpreter and Asterisk's side, in memory.

Each dialogue of a cover of the shipped flows (every event that a node may meet) is played by a phone:
keys are pressed, time passes, look-ups answer, sounds are missing, the caller hangs up. The performer must give the
interpreter the very events that the explorer chose, and ask for the very commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from crm_bridge.answers import LookUpFault
from flows.explorer import dialogues, explore
from flows.interpreter import advance
from flows.session import Offer, Session
from flows.turns import Answered, Collect, Command, Event, Failed, HungUp, Keyed, LookUp, NoInput, Play
from ivr_server.calls import answering
from ivr_server.calls.performer import Performer
from tests.doubles.stage import Stage, words

Step = tuple[Command, Event]


class Replayed:
    """One dialogue on its way through a call; ``met`` is what really happened."""

    def __init__(self, folder: Path, offer: Offer, steps: list[Step]) -> None:
        self.steps = steps
        self.met: list[Step] = []
        self.asked: Command | None = None
        self.pending: Deferred[Answered] | None = None
        self.offer = offer
        self.stage = Stage(folder, {}, fast=True, script=offer.flow.replace("_", "-"))
        self.stage.ear.playing = self._playing  # type: ignore[method-assign]
        lost = {index for index, (command, event) in enumerate(steps) if _loses_a_sound(command, event)}
        self.stage.calls.desk.tools.sound.lost = lambda: len(self.met) in lost  # type: ignore[attr-defined]
        self.stage.call()

    def follow(self) -> None:
        """Play the dialogue to its last event."""
        for _ in range(20 * len(self.steps) + 200):
            if len(self.met) >= len(self.steps):
                return
            self._act(*self.steps[len(self.met)])
        raise AssertionError(f"at turn {len(self.met)}, instead of {self.steps[len(self.met)]}: {self.asked}")

    def _playing(self, path: str, ms: int, words: str) -> None:
        """A caller who leaves while a sound plays."""
        if len(self.met) < len(self.steps) and isinstance(self.steps[len(self.met)][1], HungUp):
            self.stage.phone.hang_up()

    def _act(self, command: Command, event: Event) -> None:
        stage, before = self.stage, len(self.met)
        if isinstance(event, HungUp):
            stage.phone.hang_up()
        elif isinstance(event, Keyed) and isinstance(command, Collect):
            stage.clock.advance(0)
            for key in _pressed(command, event):
                stage.phone.press(key)
                stage.clock.advance(0.01)
            for _ in range(command.rule.between_ms // 100 + 2):  # an entry that something longer may follow
                if len(self.met) == before:
                    stage.clock.advance(0.1)
        elif isinstance(event, Failed) and self.pending is not None:
            pending, self.pending = self.pending, None
            pending.errback(LookUpFault("deadline"))
        elif isinstance(event, Answered) and self.pending is not None:
            pending, self.pending = self.pending, None
            pending.callback(event)
        elif isinstance(event, NoInput) and isinstance(command, Collect):
            stage.clock.advance(0.5)
        else:
            stage.clock.advance(0.01)


def _pressed(command: Collect, event: Keyed) -> str:
    keys = event.keys
    if command.secret and keys not in command.rule.options and keys:
        return "7391824650"[: event.length] + "#" * (event.length < command.rule.longest)
    return keys + "#" * (keys == "" or (keys not in command.rule.options and len(keys) < command.rule.longest))


@pytest.fixture
def now_playing(monkeypatch: pytest.MonkeyPatch) -> list[Replayed]:
    """The dialogue in hand: the performer tells each event, look-ups and sounds do as the dialogue says."""
    hands: list[Replayed] = []

    async def perform(self: Performer, command: Command, session: Session) -> Event:
        [replayed] = hands
        replayed.asked = command
        event = await real(self, command, session)
        replayed.met.append((command, event))
        return event

    async def ask(self: Any, name: str, arguments: Any, asker: Any) -> Answered:
        [replayed] = hands
        replayed.pending = Deferred()
        return await replayed.pending

    async def offered(self: Any, *_: Any) -> Offer:
        [replayed] = hands
        return replayed.offer

    real = Performer.perform
    monkeypatch.setattr(Performer, "perform", perform)
    monkeypatch.setattr("ivr_server.calls.look_ups.LookUps.ask", ask)
    monkeypatch.setattr(answering.Talk, "_offer", offered)
    return hands


def covers() -> Iterator[tuple[Offer, list[Step]]]:
    """Dialogues over every root flow."""
    library = words()[0]
    for root, flow in library.flows.items():
        if flow.always:
            yield from dialogues(explore(library, root), per_node=True)


def test_every_covering_dialogue_happens_as_explored(tmp_path: Path, now_playing: list[Replayed]) -> None:
    """Same commands, same kinds of event, same keys and outcomes, to the last turn."""
    count = turns = 0
    for offer, steps in covers():
        replayed = Replayed.__new__(Replayed)
        now_playing[:] = [replayed]
        replayed.__init__(tmp_path, offer, steps)  # type: ignore[misc]
        replayed.follow()
        assert [_shown(*step) for step in replayed.met[: len(steps)]] == [_shown(*step) for step in steps]
        replayed.stage.phone.hang_up()
        replayed.stage.pass_s(6)
        count, turns = count + 1, turns + len(steps)
    print(f"{count} dialogues replayed through the protocol, {turns} turns")
    assert count > 200


def _loses_a_sound(command: Command, event: Event) -> bool:
    return isinstance(event, Failed) and isinstance(command, Play | Collect)


def _shown(command: Command, event: Event) -> tuple[Any, ...]:
    """What must agree: the command, and of the event what a flow can tell apart; a vault's handles have other names."""
    if isinstance(command, LookUp):
        names = tuple((name, fact.kind if fact.kind == "secret" else fact) for name, fact in command.arguments)
        command = replace(command, arguments=names)  # type: ignore[arg-type]
    if isinstance(event, Keyed):
        secret = isinstance(command, Collect) and command.secret and event.keys not in command.rule.options
        return command, "keyed", event.length if secret and event.keys else event.keys
    if isinstance(event, Answered):
        return command, "answered", event.outcome, event.facts
    if isinstance(command, LookUp) and isinstance(event, Failed):
        return command, "failed", event.fault
    return command, type(event)


def test_a_replay_that_differs_is_noticed() -> None:
    """The comparison is not blind: another key is another event."""
    library, _, _ = words()
    offer, steps = next(covers())
    command, event = next((c, e) for c, e in steps if isinstance(e, Keyed))
    assert _shown(command, event) != _shown(command, Keyed("nothing", 7))
    assert advance is not None
    assert offer.flow in library.flows
