"""The files that a draft may hold, by name: no path of a visitor's ever touches a disk (FAULTS G4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = re.compile(
    r"(flows/[a-z][a-z0-9_]{0,63}|flows/dialogues/[a-z][a-z0-9_]{0,63}|prompts/[a-z]{2,3}-[A-Z]{2})\.yaml\Z", re.ASCII
)
FLOW: Final = re.compile(r"flows/([a-z][a-z0-9_]{0,63})\.yaml\Z", re.ASCII)
MOST_FILES: Final = 400
LARGEST: Final = 1024 * 1024  # characters of one file, as ``marked_yaml`` reads


def fit(name: str) -> bool:
    """Whether a file may be called so: ``flows/main.yaml``, ``flows/dialogues/fees.yaml``, ``prompts/en-US.yaml``."""
    return NAME.match(name) is not None


def flow_of(name: str) -> str:
    """The flow that a file holds, "" when it is no flow file."""
    found = FLOW.match(name)
    return found[1] if found else ""


def flows(files: Mapping[str, str]) -> dict[str, str]:
    """Those files that hold a flow."""
    return {name: text for name, text in files.items() if flow_of(name)}


def dialogues(files: Mapping[str, str]) -> dict[str, str]:
    """Those files that hold dialogues."""
    return {name: text for name, text in files.items() if name.startswith("flows/dialogues/")}


def prompts(files: Mapping[str, str]) -> dict[str, str]:
    """Those files that hold words, one for each language."""
    return {name: text for name, text in files.items() if name.startswith("prompts/")}


def in_folders(flow_folder: Path, prompt_folder: Path) -> dict[str, str]:
    """The files of the two folders by their names here; links and other names are left out. Raises OSError."""
    rooms = (("flows/", flow_folder), ("flows/dialogues/", flow_folder / "dialogues"), ("prompts/", prompt_folder))
    found = {}
    for room, folder in rooms:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        for path in paths:
            name = room + path.name
            if fit(name) and path.is_file() and not path.is_symlink():
                found[name] = path.read_text("utf-8")
    return found
