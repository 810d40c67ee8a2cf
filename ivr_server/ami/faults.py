"""How an action can fail, and what is known afterwards."""

from __future__ import annotations

from typing import Literal

from ivr_server.ami.wire import Message

Reason = Literal["away", "deadline", "refused", "lost"]


class AmiFault(Exception):
    """An action that brought no good answer. ``reason`` says what is known of it (FAULTS B3):

    away      it was never sent: no connection, not signed in, or too many actions wait already
    refused   Asterisk answered no; ``answer`` holds its message, ``text`` its words
    lost      it was sent, and the connection ended before the answer: whether it was done is unknown
    deadline  it was sent, and no answer came in time: unknown as well
    """

    def __init__(self, reason: Reason, text: str, answer: Message | None = None) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason: Reason = reason
        self.text = text
        self.answer = answer

    @property
    def unknown(self) -> bool:
        """Whether Asterisk may have done it."""
        return self.reason in ("lost", "deadline")
