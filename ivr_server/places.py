"""Where a sheet (the queue file, the forms) lies. The file that the settings name is the truth; a shipped one is not
written to: what admins make of it lies in the state folder, and goes before it from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = "sheets"  # in the state folder: <name>.yaml, and <name>/ with what it was


@dataclass(frozen=True, slots=True)
class Place:
    """``file`` is read; ``target`` is written to; ``past`` holds what the sheet was, and who kept it why."""

    name: str
    file: Path
    target: Path
    past: Path


def place(name: str, named: str, shipped: Path, state: Path) -> Place:
    """Of the sheet that the settings name ``named``."""
    own = state / FOLDER / f"{name}.yaml"
    past = state / FOLDER / name
    if Path(named) != shipped:
        return Place(name, Path(named), Path(named), past)
    return Place(name, own if own.is_file() else shipped, own, past)
