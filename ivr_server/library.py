"""The flows on disk with all they may name: the one place where flows, prompts and look-ups meet as one Library.

Mistakes of flow files and of prompt catalogues come out alike, as ``Mistakes`` with every problem and its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crm_bridge.signatures import SIGNATURES
from flows.flow import Library, LookUpSignature, World
from flows.reading import read_folder
from ivr_server.calls.look_ups import LOCAL, from_bridge
from prompts import catalogue
from prompts.catalogue import Catalogue

HOUSE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a library comes from: folders of YAML, and the queues that flows may name."""

    flows: Path = HOUSE / "flows" / "library"
    prompts: Path = HOUSE / "prompts" / "library"
    queues: frozenset[str] = frozenset({"service", "billing"})


def from_folder(sources: Sources, folder: Path | None) -> Sources:
    """The same with the flows of another folder (or its ``library``), if one is given."""
    return sources if folder is None else replace(sources, flows=flow_folder(folder))


def load_library(sources: Sources) -> Library:
    """The flows of a folder, read and checked against prompts, look-ups and queues. Raises Mistakes, OSError."""
    return read_folder(files(sources.flows), load_world(sources))


def load_world(sources: Sources) -> World:
    """What the flows may name. Raises Mistakes of the catalogues, OSError."""
    return world_of(load_catalogues(sources.prompts), sources.queues)


def world_of(catalogues: Mapping[str, Catalogue], queues: frozenset[str]) -> World:
    """What flows may name that go with these prompts and queues."""
    prompts, spoken = catalogue.signatures(catalogues), catalogue.spoken(catalogues)
    return World(prompts, look_ups(), queues, tuple(sorted(catalogues, reverse=True)), spoken)


def load_catalogues(folder: Path) -> dict[str, Catalogue]:
    """Language -> catalogue. Raises Mistakes, OSError."""
    return catalogue.read_all(files(folder))


def look_ups() -> dict[str, LookUpSignature]:
    """Every look-up a flow may name: the bridge's and the hub's own."""
    return {**from_bridge(SIGNATURES), **LOCAL}


def files(folder: Path) -> dict[str, str]:
    """The YAML files of a folder, by the path as it was given, so that messages can be clicked. Raises OSError."""
    return {str(path): path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.suffix in (".yaml", ".yml")}


def flow_folder(folder: Path) -> Path:
    """The folder that holds the flow files: the one given, or its ``library``."""
    return folder if any(folder.glob("*.yaml")) or not (folder / "library").is_dir() else folder / "library"


def words(catalogues: Mapping[str, Catalogue], language: str) -> dict[str, str]:
    """Prompt -> its text in a language, slots by their names in braces: for pictures and titles."""
    one = catalogues.get(language)
    return {name: _text(one, name) for name in one.prompts} if one else {}


def _text(one: Catalogue, name: str) -> str:
    parts = one.prompts[name].parts
    return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in parts)
