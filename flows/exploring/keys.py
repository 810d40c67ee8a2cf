"""When two sessions are the same state.

A session has endless values, a flow has few states. Left out of a state:

- values of facts: they never choose an exit. Of a fact that a node asks for the *presence* of (``watched``), presence
  and kind stay in; of all others a state keeps what every path to it has in common (``walking`` narrows it down);
- the language: it says how a script sounds, never where a call goes (each script is checked in every language);
- the stage of a node's text: it says what is spoken (each turn of the walk is looked at), not what comes of the answer;
- the budgets ``steps`` and ``wrong``: each only grows, and each is spent in one stroke from every state instead of in
  hundreds (``walking``); that they do grow is checked on every edge.

``silent_ms`` stays in, capped: the windows of one silence are walked one by one. All else stays in, also what a
session may come to hold later, for the fields are taken from the classes.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Final

from flows.flow import Library
from flows.nodes.ask import Ask
from flows.nodes.known import KnownNode
from flows.nodes.menu import Menu
from flows.session import Frame, Session

Key = tuple[object, ...]

_LEFT_OUT: Final = ("call", "version", "facts", "frames", "silent_ms", "wrong", "steps", "language", "ended")
_frame = attrgetter(*(one.name for one in fields(Frame) if one.name != "stage"))
_REST: Final = tuple(one.name for one in fields(Session) if one.name not in _LEFT_OUT)


def tested(library: Library) -> frozenset[str]:
    """The facts whose presence some node forks on, and those from which such a fact may be copied."""
    nodes = [node for flow in library.flows.values() for node in flow.nodes.values()]
    found = {node.fact for node in nodes if isinstance(node, KnownNode)}
    found |= {fact for node in nodes if isinstance(node, Ask) for fact in node.choices.values()}
    options = [option for node in nodes if isinstance(node, Menu) for option in node.options.values()]
    copies = [(into, source) for option in options for into, source in option.set.items()]
    while more := {source for into, source in copies if into in found} - found:
        found |= more
    return frozenset(found)


def place(session: Session, watched: frozenset[str]) -> Key:
    """Where a session is, how long it has been silent aside: what a random walk and the explorer must agree on."""
    if session.ended:
        return ("ended", session.ended)
    presence = tuple((name, fact.kind) for name, fact in session.facts if name in watched)
    return (*map(_frame, session.frames), presence, *(getattr(session, name) for name in _REST))


def key(session: Session, watched: frozenset[str], cap_ms: int) -> Key:
    """The state of a session: its place, and its silence up to ``cap_ms``."""
    return (*place(session, watched), min(session.silent_ms, cap_ms))
