"""Station 5: what a call leaves behind. The trail as plain rows, and what is read off it for the call's own row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flows.forms import told
from flows.turns import Answered, Note

# (look-up, outcome) -> how the caller is known from then on
IDENTITIES: Final = {
    ("find_customer", "no_password"): "open",
    ("check_password", "right"): "password",
    ("prove_identity", "proved"): "code",
}


def identity(notes: Sequence[Note]) -> str:
    """How the caller was known at last: "open" (no password is set), "password", "code"; "" when they were not."""
    for note in reversed(notes):
        if note.what == "answered":
            detail = dict(note.detail)
            known = IDENTITIES.get((detail["look_up"], detail["outcome"]))
            if known:
                return known
    return ""


def fault(notes: Sequence[Note]) -> str:
    """The last fault of the world that the call met, as one word; "" for none."""
    return next((dict(note.detail).get("fault", "") for note in reversed(notes) if note.what == "failed"), "")


def as_row(note: Note) -> dict[str, Any]:
    """A note as the journal keeps it."""
    return {"step": note.step, "flow": note.flow, "node": note.node, "what": note.what, **dict(note.detail)}


def late(notes: Sequence[Note], look_up: str, answer: Answered) -> Note:
    """A write that was finished after the caller had left: at the place where they left, and not heard."""
    last = notes[-1] if notes else Note(0, "", "", "")
    detail = (("look_up", look_up), ("outcome", answer.outcome), ("heard", "no"))
    return Note(last.step, last.flow, last.node, "answered", detail + told(answer.facts))
