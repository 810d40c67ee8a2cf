"""Three texts into one: what two people made of the same text, with the places where both changed the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from merge3 import Merge3


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of lines of the merged text. ``conflict``: both changed these lines; they are in ``mine`` and ``theirs``.

    ``whose``: "" for lines that nobody changed, "mine", "theirs" or "both".
    """

    whose: str
    lines: tuple[str, ...] = ()
    conflict: bool = False
    mine: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()

    def taken(self, choice: str) -> tuple[str, ...]:
        """The lines of a clash that was decided: mine, theirs, or both."""
        return {"mine": self.mine, "theirs": self.theirs}.get(choice, self.mine + self.theirs)

    def told(self) -> dict[str, object]:
        """The piece for a page."""
        texts = {name: "".join(getattr(self, name)) for name in ("lines", "mine", "theirs")}
        return {"whose": self.whose, "conflict": self.conflict, **texts}


@dataclass(frozen=True, slots=True)
class Merged:
    """The pieces in order; ``text`` holds the whole when ``clean``, else it takes mine where both changed."""

    pieces: tuple[Piece, ...]

    @property
    def clean(self) -> bool:
        """Whether nobody has to decide anything."""
        return not any(piece.conflict for piece in self.pieces)

    @property
    def text(self) -> str:
        """The whole."""
        return "".join("".join(piece.mine if piece.conflict else piece.lines) for piece in self.pieces)

    def settled(self, choices: Sequence[str]) -> str | None:
        """The whole, with mine, theirs or both at each clash; None while there is not a choice for each."""
        if len(choices) != sum(piece.conflict for piece in self.pieces):
            return None
        left = iter(choices)
        return "".join("".join(piece.taken(next(left)) if piece.conflict else piece.lines) for piece in self.pieces)


WHOSE = {"unchanged": "", "a": "mine", "b": "theirs", "same": "both"}


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Both changes of ``base`` in one text, as far as they touch different lines."""
    if theirs in (mine, base):
        return Merged((Piece("mine", tuple(mine.splitlines(keepends=True))),))
    if mine == base:
        return Merged((Piece("theirs", tuple(theirs.splitlines(keepends=True))),))
    texts = [text.splitlines(keepends=True) for text in (base, mine, theirs)]
    pieces = []
    for kind, *found in Merge3(*texts).merge_groups():
        if kind == "conflict":
            pieces.append(Piece("", (), True, tuple(found[1]), tuple(found[2])))
        else:
            pieces.append(Piece(WHOSE[kind], tuple(found[0])))
    return Merged(tuple(pieces))
