"""What the draft's words say of recordings: for each language and prompt its text, its recording, and whether it may
have one. Read file by file, so that a word that is missing in one language hides nothing of the other. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marked_yaml
from ivr_server.drafting import naming
from marked_yaml import Marked, Mistakes
from prompts import catalogue
from prompts.catalogue import Catalogue, Prompt

Shape = dict[str, Any]


def listed(files: Mapping[str, str]) -> Shape:
    """{prompts: {language: {name: {text, raw, slots, file, says, stale, line}}}, unread: [files with problems]}."""
    prompts: Shape = {}
    unread = []
    for file, text in naming.prompts(files).items():
        try:
            one = catalogue.read(text, file)
        except Mistakes:
            unread.append(file)
        else:
            prompts[one.language] = _rows(one, _raw(text, file))
    return {"prompts": prompts, "unread": unread}


def _rows(one: Catalogue, raw: Mapping[str, str]) -> Shape:
    return {name: _row(prompt, raw.get(name, "")) for name, prompt in one.prompts.items()}


def _row(prompt: Prompt, raw: str) -> Shape:
    words = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in prompt.parts)
    told = {"text": words, "raw": raw, "slots": bool(prompt.slots), "line": prompt.line}
    return {**told, "file": prompt.recording, "says": prompt.says, "stale": prompt.stale}


def _raw(text: str, file: str) -> dict[str, str]:
    """Prompt -> its text as the file has it."""
    document, _ = marked_yaml.read(text, file)
    top = document.value if document and isinstance(document.value, dict) else {}
    prompts = top["prompts"][1].value if "prompts" in top else {}
    return {name: _text(value) for name, (_, value) in prompts.items()} if isinstance(prompts, dict) else {}


def _text(value: Marked) -> str:
    found = value.value["text"][1] if isinstance(value.value, dict) and "text" in value.value else value
    return found.value if isinstance(found.value, str) else ""


def edits(name: str, row: Shape, path: str) -> list[Shape]:
    """What makes this recording say the prompt; with "" what gives it back to the voice."""
    place = ["prompts", name]
    if not path:
        return [{"do": "set", "path": place, "value": row["raw"]}]
    if not row["file"]:
        return [{"do": "set", "path": place, "value": {"text": row["raw"], "file": path, "says": row["text"]}}]
    return [
        {"do": "set", "path": [*place, "file"], "value": path},
        {"do": "set", "path": [*place, "says"], "value": row["text"]},
    ]
