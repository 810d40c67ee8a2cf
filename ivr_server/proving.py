"""No flow answers a call before every turn that it can take has been walked: once for each content.

The walk takes some seconds; what was proved is remembered by a digest of everything it depends on (the flows, what
they may name, and the code that walks them), in the cache of the user who runs the service.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import flows
from flows.explorer import Finding, Report, explore
from flows.flow import Library

Say = Callable[[str], None]
Told = Callable[[str, int, int], None]  # root flow, states, still ahead


class Unproved(Exception):
    """Callers could get lost in these flows; the text holds every finding with a call that shows it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one root flow: what was walked, how far a human is in keys at most, the longest silence, and calls to both."""

    states: int
    turns: int
    keys_to_human: int
    wait_ms: int
    farthest: tuple[str, ...] = ()
    longest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk of every root flow found; ``reports`` is empty where it is only remembered."""

    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, Figures] = field(default_factory=dict)
    reports: tuple[Report, ...] = field(default=(), compare=False, repr=False)


def prove(library: Library, say: Say) -> None:
    """Walk every root flow unless this very content was walked before. Raises Unproved."""
    roots = _roots(library)
    said: list[str] = []

    def told(root: str, states: int, ahead: int) -> None:
        if not said:
            said.append(root)
            say(f"Walking every turn that a call can take ({', '.join(roots)})")

    findings = proof(library, told).findings
    if findings:
        raise Unproved("callers could get lost in the flows:\n" + "\n".join(map(str, findings)))


def proof(library: Library, told: Told = lambda root, states, ahead: None, anew: bool = False) -> Proof:
    """Walk every root flow, or remember how it was unless it shall be walked ``anew``. ``told`` hears how far it is."""
    mark = _cache() / _digest(library)
    if not anew and (known := _remembered(mark)) is not None:
        return Proof((), known)
    reports = tuple(_walked(library, told))
    findings = tuple(finding for report in reports for finding in report.findings)
    figures = {report.root: _figures(report) for report in reports}
    if not findings:
        _remember(mark, figures)
    return Proof(findings, figures, reports)


def _walked(library: Library, told: Told) -> Iterator[Report]:
    for root in _roots(library):
        told(root, 0, 1)
        yield explore(library, root, told=lambda states, ahead, root=root: told(root, states, ahead))  # type: ignore[misc]


def _roots(library: Library) -> list[str]:
    return sorted(name for name, flow in library.flows.items() if flow.always)


def _figures(report: Report) -> Figures:
    worst = (report.keys_to_human, report.wait_ms)
    return Figures(report.states, report.turns, *worst, report.farthest, report.longest)


def _remembered(mark: Path) -> dict[str, Figures] | None:
    try:
        told = json.loads(mark.read_text("utf-8"))
        return {root: Figures(**figures) for root, figures in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _remember(mark: Path, figures: Mapping[str, Figures]) -> None:
    with suppress(OSError):  # a cache that cannot be written costs the next start the same seconds
        mark.parent.mkdir(parents=True, exist_ok=True)
        beside = mark.with_name(f"{mark.name}.{os.getpid()}")
        beside.write_text(json.dumps({root: asdict(each) for root, each in figures.items()}), "utf-8")
        beside.replace(mark)


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
