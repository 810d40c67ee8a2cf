"""How a call ended, and what an agent is handed with it, in the words of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr_server.console.story import shown, subject
from ivr_server.console.words import Words

BETWEEN_STEPS: Final = " | "  # in IVR_TRAIL, as flows.trail.line writes it


def how(words: Words, disposition: str) -> dict[str, str]:
    """The disposition and its words; both empty when it is not known."""
    text = words.table.get(f"disposition_{disposition}", "")
    return {"name": disposition if text else "", "words": text}


def handed(words: Words, variables: Mapping[str, str]) -> dict[str, Any] | None:
    """What the dialplan got for the agent: queue, language, business, and the trail step by step; None without one."""
    if variables.get("IVR_RESULT") != "queue":
        return None
    language = variables.get("IVR_LANGUAGE", "").replace("_", "-")
    return {
        "queue": subject(words, variables.get("IVR_QUEUE", "")),
        "language": words.table.get(f"lang_{language}", shown(language)),
        "business": subject(words, variables.get("IVR_BUSINESS", "")),
        "steps": [shown(step) for step in variables.get("IVR_TRAIL", "").split(BETWEEN_STEPS) if step],
    }
