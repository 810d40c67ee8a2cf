"""Station 5: what a call leaves behind. The trail as plain rows, and what is read off it for the call's own row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flows.forms import told
from flows.turns import Answered, Note

PLACE: Final = ("step", "flow", "node", "what", "at_s")

# (look-up, outcome) -> how the caller is known from then on
IDENTITIES: Final = {
    ("find_customer", "no_password"): "open",
    ("check_password", "right"): "password",
    ("prove_identity", "proved"): "code",
}
LEVELS: Final = {"": "none", "open": "number", "password": "password", "code": "password"}


def level(notes: Sequence[Note]) -> str:
    """How sure it is who is calling: none, number or password."""
    return LEVELS[identity(notes)]


def identity(notes: Sequence[Note]) -> str:
    """How the caller was known at last: "open" (no password is set), "password", "code"; "" when they were not."""
    for note in reversed(notes):
        if note.what == "answered":
            detail = dict(note.detail)
            known = IDENTITIES.get((detail["look_up"], detail["outcome"]))
            if known:
                return known
    return ""


def business(notes: Sequence[Note]) -> str:
    """What the call was about at last: the word of the last tag that it came by; "" for none."""
    return next((dict(note.detail)["tag"] for note in reversed(notes) if note.what == "tagged"), "")


def fault(notes: Sequence[Note]) -> str:
    """The last fault of the world that the call met, as one word; "" for none."""
    return next((dict(note.detail).get("fault", "") for note in reversed(notes) if note.what == "failed"), "")


def as_row(note: Note, at_s: float | None = None) -> dict[str, Any]:
    """A note as the journal keeps it; ``at_s``: seconds since the call began, to a tenth."""
    at = {} if at_s is None else {"at_s": round(at_s, 1)}
    return {"step": note.step, "flow": note.flow, "node": note.node, "what": note.what, **at, **dict(note.detail)}


def as_note(plain: Mapping[str, Any]) -> Note:
    """A note out of its plain data: what it tells beyond its place is in ``detail`` or beside it (the journal)."""
    detail = plain["detail"] if "detail" in plain else {key: plain[key] for key in plain if key not in PLACE}
    texts = tuple((str(key), str(value)) for key, value in detail.items())
    step, flow, node, what = (plain.get(key, "") for key in PLACE[:4])
    return Note(int(step or 0), str(flow), str(node), str(what), texts)


def late(notes: Sequence[Note], look_up: str, answer: Answered) -> Note:
    """A write that was finished after the caller had left: at the place where they left, and not heard."""
    last = notes[-1] if notes else Note(0, "", "", "")
    detail = (("look_up", look_up), ("outcome", answer.outcome), ("heard", "no"))
    return Note(last.step, last.flow, last.node, "answered", detail + told(answer.facts))
