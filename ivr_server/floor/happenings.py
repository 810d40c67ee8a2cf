"""What happens on the floor, as one value for everybody who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

What = Literal[
    "joined", "left", "abandoned", "withdrawn", "timed_out", "ringing", "stopped", "missed", "answered", "ended",
    "transferred", "returned", "member", "resync",
]  # fmt: skip
LOGGED: Final = frozenset(
    {"joined", "left", "abandoned", "withdrawn", "timed_out", "missed", "answered", "ended", "transferred"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. ``at``: seconds since 1970; ``agent`` is a member's name, ``number`` the caller's.

    ``seconds``: answered, abandoned, left, withdrawn, timed_out: the wait; ended, transferred: the talk; missed: the
    ringing; else 0. ``leg``: the attempt at an agent, which no other has ("" where there is none). ``detail``: ended:
    who ended it (caller, agent, transfer); transferred: where to; member: added, removed, paused, ready, or a state;
    missed: why it rang no longer (no_answer, rejected); ringing, stopped, answered, ended of an agent who is only asked
    by another one: consult; resync: lost, when the connection to Asterisk is.

    "returned": the agent is alone with the caller again, after having asked somebody else.
    "stopped": it rings no longer, and the agent did not miss it: the caller left, or another one answered.
    """

    what: What
    at: float
    queue: str = ""
    call: str = ""
    interface: str = ""
    agent: str = ""
    number: str = ""
    detail: str = ""
    seconds: float = 0.0
    leg: str = ""


Listener = Callable[[Happening], None]
