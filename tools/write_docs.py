"""The reference pages and the pictures, made from the code: ``make docs``. A test holds them to what is committed.

.venv/bin/python -m tools.write_docs           write them
.venv/bin/python -m tools.write_docs --check   say which would change, and exit with 1
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ivr_server.console.api import openapi
from tools.pages import drawn_flows, flow_language, pictures, tables
from tools.pages.agent_states import agent_states
from tools.pages.fax_states import fax_states

HOUSE = Path(__file__).resolve().parent.parent


def http_api() -> str:
    """The HTTP API for another system."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/flow-language.md": flow_language.page,
    "docs/reference/flow.schema.json": flow_language.schema,
    "docs/reference/look-ups.md": tables.look_ups,
    "docs/reference/settings.md": tables.settings_page,
    "docs/reference/queues.md": tables.queues_page,
    "docs/reference/mapping.md": tables.mapping_page,
    "docs/reference/commands.md": tables.commands,
    "docs/reference/metrics.md": tables.metrics,
    "docs/reference/prompts.md": tables.prompts,
    "docs/reference/dialogues.md": tables.dialogues,
    "docs/reference/openapi.json": http_api,
    "docs/pictures/house.svg": pictures.house,
    "docs/pictures/stations.svg": pictures.stations,
    "docs/pictures/line.svg": pictures.line,
    "docs/pictures/journal.svg": pictures.journal,
    "docs/pictures/fax-job.svg": fax_states,
    "docs/pictures/agent.svg": agent_states,
}


def paths() -> list[str]:
    """Every generated file, without making any."""
    return [*PAGES, *drawn_flows.paths()]


def generated() -> dict[str, str]:
    """Path in the project -> its text, for everything that is made from the code."""
    return {path: make() for path, make in PAGES.items()} | drawn_flows.pictures()


def stale() -> list[str]:
    """The generated files that are not what the code gives now."""
    return [path for path, text in generated().items() if _committed(path) != text]


def _committed(path: str) -> str:
    try:
        return (HOUSE / path).read_text(encoding="utf-8")
    except OSError:
        return ""


def main(arguments: list[str]) -> int:
    """Write what changed, or only say it."""
    old = stale()
    if "--check" in arguments:
        print(*(f"{path} is not what the code gives; run make docs" for path in old), sep="\n")
        return 1 if old else 0
    made = generated()
    for path in old:
        (HOUSE / path).parent.mkdir(parents=True, exist_ok=True)
        (HOUSE / path).write_text(made[path], encoding="utf-8")
        print(f"wrote {path}")
    print(f"{len(made)} generated files, {len(old)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
