"""No flow answers a call before every turn that it can take has been walked: at the start, once for each content.

The walk takes some seconds; what was proved is remembered by a digest of everything it depends on (the flows, what
they may name, and the code that walks them), in the cache of the user who runs the service.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import flows
from flows.explorer import explore
from flows.flow import Library

Say = Callable[[str], None]


class Unproved(Exception):
    """Callers could get lost in these flows; the text holds every finding with a call that shows it."""


def prove(library: Library, say: Say) -> None:
    """Walk every root flow unless this very content was walked before. Raises Unproved."""
    mark = _cache() / _digest(library)
    if mark.exists():
        return
    roots = sorted(name for name, flow in library.flows.items() if flow.always)
    say(f"Walking every turn that a call can take ({', '.join(roots)})")
    findings = [finding for root in roots for finding in explore(library, root).findings]
    if findings:
        raise Unproved("callers could get lost in the flows:\n" + "\n".join(map(str, findings)))
    with suppress(OSError):  # a cache that cannot be written costs the next start the same seconds
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _cache() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named else Path.home() / ".cache") / "ivr-server" / "proved"


def _digest(library: Library) -> str:
    """Of the flows' text and all that they may name, and of the code that reads, moves and walks them."""
    named = (library.prompts, library.look_ups, library.queues, library.languages, library.spoken)
    told = hashlib.sha256(library.version.encode())
    told.update(repr([_stable(part) for part in named]).encode())
    for source in sorted(Path(flows.__file__).parent.rglob("*.py")):
        told.update(source.read_bytes())
    return told.hexdigest()


def _stable(part: object) -> object:
    """The same for equal values in every process: sets have no order of their own."""
    if isinstance(part, Mapping):
        return sorted((name, _stable(value)) for name, value in part.items())
    return sorted(part) if isinstance(part, frozenset) else part
