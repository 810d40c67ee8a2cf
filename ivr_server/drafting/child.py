"""The child: one line of JSON in, lines of JSON out. It reads and walks what people typed, away from the calls.

Its memory and its time are bounded, so that a bomb of a file kills nobody but this process (FAULTS G3).
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from ivr_server.drafting import calendars, sheets, spoken, work
from ivr_server.publishing.judging import ground_of

MEMORY: Final = 1536 * 1024 * 1024  # bytes of address space, the interpreter and its libraries included
EVERY: Final = 20  # lines of progress that are passed over, but for one


class Teller:
    """Writes lines; of progress only some, and those that begin something new."""

    def __init__(self, out: Any) -> None:
        self._out, self._count, self._root = out, 0, object()

    def line(self, **shape: Any) -> None:
        """One line."""
        self._out.write(json.dumps(shape, ensure_ascii=False) + "\n")
        self._out.flush()

    def progress(self, shape: work.Shape) -> None:
        """How far a walk is."""
        self._count += 1
        if shape.get("root") != self._root or self._count % EVERY == 0:
            self._root = shape.get("root")
            self.line(progress=shape)


def answer(asked: work.Shape, teller: Teller) -> work.Shape:
    """One job's answer."""
    if asked["do"] == "edit":
        return work.edit(asked["text"], asked["edits"])
    if asked["do"] == "tree":
        return work.tree(asked["text"])
    if asked["do"] == "spoken":
        return spoken.listed(asked["files"])
    if asked["do"] == "sheet":
        return sheets.checked(asked["sheet"], asked["text"], asked["edits"])
    if asked["do"] == "calendar":
        return calendars.rows(asked["text"], date.fromisoformat(asked["today"]))
    files, ground = asked["files"], ground_of(asked["ground"])
    return work.check(files, ground) if asked["do"] == "check" else work.prove(files, ground, teller.progress)


def serve(answer: Callable[[work.Shape, Teller], work.Shape]) -> None:
    """Answer until the parent is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    teller = Teller(sys.stdout)
    for line in sys.stdin:
        try:
            teller.line(answer=answer(json.loads(line), teller))
        except (MemoryError, RecursionError):
            teller.line(fault="too_big")
        except Exception as fault:
            teller.line(fault="failed", why=f"{type(fault).__name__}: {fault}"[:300])


if __name__ == "__main__":
    serve(answer)
