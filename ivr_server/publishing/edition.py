"""One version as calls use it: its library, its words, its sounds. A call keeps the one it began with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from flows.flow import Library
from flows.pages import page
from ivr_server import library as libraries
from ivr_server.publishing.judging import Words
from ivr_server.publishing.versions import Version
from prompts.store import Folders, Store, Trouble


@dataclass(frozen=True, slots=True)
class Edition:
    """``titles``: language -> prompt -> its words, slots in braces."""

    version: Version
    words: Words
    store: Store
    titles: Callable[[str], Mapping[str, str]]

    @property
    def library(self) -> Library:
        """Its flows."""
        return self.words.library


def edition(version: Version, words: Words, shelf: tuple[Folders, Callable[[Trouble], None]]) -> Edition:
    """The same as calls use it; ``shelf``: where the sounds lie, and who is told of those that do not."""
    titles = lru_cache(maxsize=8)(lambda language: libraries.words(words.catalogues, language))
    return Edition(version, words, Store(words.wording, *shelf), titles)


def requeued(made: Edition, queues: frozenset[str]) -> Edition:
    """The same version among other queues: flows may lead to these, and to no others."""
    return replace(made, words=replace(made.words, library=replace(made.library, queues=queues)))


def warmed(made: Edition) -> Edition:
    """Made ready in a thread: the index of sounds read, every page built, so that the first call waits for nothing."""
    made.store.look()
    library = made.library
    for flow in library.flows.values():
        for name in flow.nodes:
            for language in library.languages:
                page(library, (flow.name, name, language))
    return made
