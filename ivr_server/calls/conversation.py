"""Station 3: the only loop. A flow, a performer, and turn after turn until the last command.

The performer turns every trouble into ``Failed`` or ``HungUp``; what to do about it is the flow's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flows.flow import Library
from flows.interpreter import advance, start
from flows.session import Offer, Session, Turn
from flows.turns import Command, End, Enqueue, Event, Note

Witness = Callable[[Turn], None]


class Performs(Protocol):
    """Whoever can carry a command out: a line of Asterisk's, a script of a test."""

    async def perform(self, command: Command, session: Session) -> Event:
        """The one event that answers the command; never an exception for what the world does."""


async def converse(library: Library, offer: Offer, performer: Performs, witness: Witness) -> tuple[Turn, list[Note]]:
    """Talk until the flow ends; gives the last turn and the whole trail. ``witness`` sees every turn as it begins."""
    turn = start(library, offer)
    notes = list(turn.notes)
    witness(turn)
    while not isinstance(turn.command, End | Enqueue):
        event = await performer.perform(turn.command, turn.session)
        turn = advance(library, turn.session, event)
        notes.extend(turn.notes)
        witness(turn)
    return turn, notes
