"""The whole state of one conversation: small, frozen, comparable, storable."""

from __future__ import annotations

from dataclasses import dataclass

from flows.facts import Facts
from flows.turns import Command, Note


@dataclass(frozen=True, slots=True)
class Offer:
    """A call as it is offered: its id, the root flow, the first language, the first facts (``caller``, ``dialled``)."""

    call: str
    flow: str
    language: str
    facts: Facts = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One flow on the stack of sub-flows: which node it is at, and how the caller fares there.

    ``stage``: which of the node's texts is being spoken: whole, short, help, offer or wrong.
    """

    flow: str
    node: str
    silences: int = 0  # re-prompts given for no input at this node
    misses: int = 0  # wrong entries at this node
    stage: str = "whole"
    rounds: int = 0  # entries refused in this flow since it was entered (kind ``tries``)


@dataclass(frozen=True, slots=True)
class Session:
    """``frames[-1]`` is where the call is. ``ended`` is a disposition, or "" while the call goes on."""

    call: str
    version: str  # digest of the library the call began with
    frames: tuple[Frame, ...]
    language: str
    facts: Facts = ()
    silent_ms: int = 0  # since the last key, over re-prompts
    wrong: int = 0  # wrong entries in the whole call
    steps: int = 0  # turns taken
    ended: str = ""
    failures: int = 0  # faults of the world since the last key
    apologised: bool = False  # whether one of them went to always.failed


@dataclass(frozen=True, slots=True)
class Turn:
    """What ``start`` and ``advance`` give: the next session, exactly one command, and notes for the trail."""

    session: Session
    command: Command
    notes: tuple[Note, ...] = ()
