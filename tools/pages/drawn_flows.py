"""The flows that callers meet first and in a queue, in each language, as ``ivr-server check --svg`` draws them."""

from __future__ import annotations

from flows.drawing import svg
from ivr_server import library as libraries
from ivr_server.settings import Settings

DRAWN = ("main", "human", "waiting")


def paths() -> list[str]:
    """Where the pictures lie."""
    return [f"docs/pictures/{flow}.{language}.svg" for flow in DRAWN for language in ("zh-CN", "en-US")]


def pictures() -> dict[str, str]:
    """Path -> picture."""
    sources = Settings().sources()
    library = libraries.load_library(sources)
    catalogues = libraries.load_catalogues(sources.prompts)
    return {
        f"docs/pictures/{flow}.{language}.svg": svg(library, flow, language, libraries.words(catalogues, language))
        for flow in DRAWN
        for language in library.languages
    }
