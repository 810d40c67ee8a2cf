"""Which files a version may hold: their names, their size, how many, and no secret in them (FAULTS G3, G4, G11)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from flows.reading import leaks
from ivr_server.publishing.asked import Files
from marked_yaml import Problem
from marked_yaml.composing import LARGEST

FLOWS, DIALOGUES, PROMPTS = "flows", "flows/dialogues", "prompts"
FOLDERS: Final = (FLOWS, DIALOGUES, PROMPTS)
MOST_FILES: Final = 400
MOST_BYTES: Final = 8 << 20
_NAME: Final = re.compile(r"(flows/(dialogues/)?[a-z][a-z0-9_]{0,63}|prompts/(zh|en)-[A-Z]{2})\.ya?ml\Z", re.ASCII)


def fits(name: str) -> bool:
    """Whether a version may hold a file of this name."""
    return bool(_NAME.match(name))


def unfit(files: Files) -> Iterator[Problem]:
    """What is not even read: a name, a size, a number of files."""
    if len(files) > MOST_FILES:
        yield Problem("flows", 1, 1, f"{len(files)} files; at most {MOST_FILES} are taken")
        return
    total = sum(len(text) for text in files.values())
    if total > MOST_BYTES:
        yield Problem("flows", 1, 1, f"{total} characters together; at most {MOST_BYTES} are taken")
        return
    for name, text in files.items():
        if not fits(name):
            shown = ascii(name)[1:-1][:80]
            yield Problem(shown, 1, 1, "this is no name of a file here: small letters a-z, digits and _, then .yaml")
        elif len(text) > LARGEST:
            yield Problem(name, 1, 1, f"the file has {len(text)} characters; at most {LARGEST} are taken")


def secrets(files: Files) -> Iterator[Problem]:
    """Something like a secret in dialogues and words; flows are looked at when they are read."""
    for name, text in files.items():
        if not name.startswith("flows/") or name.startswith(DIALOGUES):
            yield from leaks(text, name)


def under(files: Files, folder: str) -> dict[str, str]:
    """Those that lie in this folder itself."""
    return {name: text for name, text in files.items() if str(PurePosixPath(name).parent) == folder}


def digest(files: Files) -> str:
    """The same for the same names and texts, and for nothing else."""
    told = json.dumps(sorted(files.items()), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def fingerprint(text: str) -> str:
    """Of one file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
