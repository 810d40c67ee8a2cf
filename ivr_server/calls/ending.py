"""Station 4: how a call leaves us, made even when the line is gone.

The dialplan believes one thing only: the channel variable IVR_RESULT, set as our last act. Unset means that we
crashed; AGISTATUS says SUCCESS even when the server was killed in mid-call (measured on Asterisk 22.10.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from flows import trail
from flows.session import Turn
from flows.turns import Enqueue, Note

TRAIL_BYTES = 800  # of IVR_TRAIL; AMI shows it in every event of the channel


@dataclass(frozen=True, slots=True)
class Ending:
    """``result``: done, queue or refused; the rest as DISPOSITIONS, the queue's name and the words for an agent."""

    result: str
    disposition: str
    queue: str = ""
    business: str = ""
    language: str = ""
    trail: str = ""

    def variables(self, call: str) -> tuple[tuple[str, str], ...]:
        """The channel variables in the order they are set: IVR_RESULT last."""
        handed = (
            ("IVR_TRAIL_ID", call),
            ("IVR_TRAIL", self.trail),
            ("IVR_LANGUAGE", self.language.replace("-", "_")),
            ("IVR_BUSINESS", self.business),
            ("IVR_QUEUE", self.queue),
        )
        return (*(handed if self.result == "queue" else handed[:1]), ("IVR_RESULT", self.result))


def ending(turn: Turn, notes: list[Note], titles: dict[str, str]) -> Ending:
    """The ending of a conversation that came to its last command."""
    language = turn.session.language
    if isinstance(turn.command, Enqueue):  # only an agent reads the words
        words = trail.line(notes, language, TRAIL_BYTES, titles)
        return Ending("queue", "enqueued", turn.command.queue, turn.command.business, language, words)
    # a flow that failed for good: the dialplan has a recorded apology and the queue still
    result = "refused" if turn.session.ended == "failed" else "done"
    return Ending(result, turn.session.ended, language=language)
