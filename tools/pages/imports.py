"""Which room imports which, read from the code's own import lines; nothing is imported to find out."""

from __future__ import annotations

import ast
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("marked_yaml", "flows", "prompts", "fax", "crm_bridge", "ivr_server")
HUB = "ivr_server"
WIRING = "wiring"
SETTINGS = ("settings", "library", "hours", "hours_file", "notice")  # single modules that rooms read their part of
COMMANDS = "commands"
FILES = (("floor", "queue_file"), ("agents", "forms"))  # files that admins edit, which the settings name and read
PUBLISHING = (
    "proving",
    "whispers",
    "loading",
)  # single modules of one work: what is proved and made before flows go live


def rooms() -> dict[str, set[str]]:
    """Room -> the rooms it imports. A folder of ivr_server is a room; its single modules together are the wiring,
    but for the settings with the files that they name, which rooms read, and for what belongs to publishing.
    """
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((HOUSE / package).rglob("*.py")):
            here = _room(path.relative_to(HOUSE).with_suffix("").parts)
            found.setdefault(here, set()).update(_imports(path) - {here})
    return found


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that another way makes: what a room's own imports already lead to."""
    return {
        room: {to for to in direct if not any(to in reach(graph, other) for other in direct - {to})}
        for room, direct in graph.items()
    }


def reach(graph: dict[str, set[str]], start: str) -> set[str]:
    """Every room that can be come to from here."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for to in graph.get(ahead.pop(), ()):
            if to not in seen:
                seen.add(to)
                ahead.append(to)
    return seen


def _imports(path: Path) -> set[str]:
    """Imports that run; those for the type checker alone are no arrows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {id(node) for block in ast.walk(tree) if _for_types(block) for node in ast.walk(block)}
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {_room(tuple(name.split("."))) for name in names if name.split(".")[0] in PACKAGES}


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _room(parts: tuple[str, ...]) -> str:
    if parts[0] != HUB or len(parts) == 1:
        return parts[0]
    if parts[1] in ("command_line", COMMANDS):
        return COMMANDS
    if parts[1] == "metrics":
        return "metrics"
    if parts[1] in SETTINGS or parts[1:3] in FILES:
        return "settings"
    if parts[1] in PUBLISHING:
        return "publishing"
    return parts[1] if (HOUSE / HUB / parts[1]).is_dir() else WIRING
