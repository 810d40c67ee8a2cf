"""Station 4: how a call leaves us, made even when the line is gone.

The dialplan believes one thing only: the channel variable IVR_RESULT, set as our last act. Unset means that we
crashed; AGISTATUS says SUCCESS even when the server was killed in mid-call (measured on Asterisk 22.10.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from flows import trail
from flows.session import Turn
from flows.turns import Enqueue, Note
from ivr_server.calls.recording import level

TRAIL_BYTES = 800  # of IVR_TRAIL; AMI shows it in every event of the channel


@dataclass(frozen=True, slots=True)
class Ending:
    """``result``: done, queue or refused; the rest as DISPOSITIONS, the queue's name and the words for an agent.

    ``identity``: none, number or password. ``waits``: the call was taken out of its queue for a moment, and what it is
    about stands; ``place``: where it goes back to, 0: where it was.
    """

    result: str
    disposition: str
    queue: str = ""
    business: str = ""
    language: str = ""
    trail: str = ""
    priority: int = 0
    identity: str = "none"
    waits: bool = False
    place: int = 0

    def variables(self, call: str) -> tuple[tuple[str, str], ...]:
        """The channel variables in the order they are set: IVR_RESULT last. ``call``: the id of its first leg."""
        handed: tuple[tuple[str, str], ...] = (("IVR_TRAIL_ID", call),)
        if self.waits:
            handed = (("IVR_PLACE", str(self.place)),) if self.place else ()
        elif self.result == "queue":
            handed += (
                ("IVR_TRAIL", self.trail),
                ("IVR_LANGUAGE", self.language.replace("-", "_")),
                ("IVR_BUSINESS", self.business),
                ("IVR_PRIORITY", str(self.priority)),
                ("IVR_IDENTITY", self.identity),
                ("IVR_QUEUE", self.queue),
            )
        return (*handed, ("IVR_RESULT", self.result))


def ending(turn: Turn, notes: list[Note], titles: dict[str, str]) -> Ending:
    """The ending of a conversation that came to its last command; ``notes``: of the whole call."""
    language = turn.session.language
    if isinstance(turn.command, Enqueue):  # only an agent reads the words
        words = trail.line(notes, language, TRAIL_BYTES, titles)
        queue, business = turn.command.queue, turn.command.business
        known = any(name == "customer" for name, _ in turn.session.facts)
        return Ending("queue", "enqueued", queue, business, language, words, identity=level(notes if known else ()))
    # a flow that failed for good: the dialplan has a recorded apology and the queue still
    result = "refused" if turn.session.ended == "failed" else "done"
    return Ending(result, turn.session.ended, language=language)
