"""Invented customers, calls, forms and colleagues for the desk's stand-in, in both languages: desk_people.yaml."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any, Final

import yaml

Shape = dict[str, Any]
ALL: Final[Shape] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
KEPT: Final = {
    "call",
    "business",
    "queue",
    "what",
    "identity",
    "kind",
    "found_by",
    "form",
}  # what no page shows as it is


def told(name: str, language: str, evil: str = "") -> Any:
    """One of the parts in one language; with ``evil``, every string that a page shows is that."""
    made = _spoken(copy.deepcopy(ALL[name]), language == "zh-CN", time.time())
    return _poisoned(made, evil) if evil else made


def title(name: str, language: str) -> str:
    """The words of a queue, business or reason; "" for what has none."""
    found: str = told("titles", language).get(name, "")
    return found


def call_of(call: str, who: str, language: str, evil: str = "") -> dict[str, Shape]:
    """A call that rings: ``li`` is known and proved, ``new`` has no card. ``ringing`` and ``call`` as events."""
    found = told(who, language, evil)
    ringing = found["ringing"] | {"call": call, "since": time.time()}
    form = next(one for one in told("page", language)["forms"] if one["name"] == found["form"])
    return {"ringing": ringing, "call": ringing | found["more"] | {"form": form}}


def _spoken(value: Any, chinese: bool, now: float) -> Any:
    if isinstance(value, dict):
        made = {key: _spoken(one, chinese, now) for key, one in value.items()}
        return made | {"at": now + made["at"]} if isinstance(made.get("at"), float) else made
    if isinstance(value, list):
        return [_spoken(one, chinese, now) for one in value]
    return value.split(" | ")[-1 if chinese else 0] if isinstance(value, str) else value


def _poisoned(value: Any, evil: str) -> Any:
    if isinstance(value, dict):
        return {
            key: one if key in KEPT and isinstance(one, str) else _poisoned(one, evil) for key, one in value.items()
        }
    if isinstance(value, list):
        return [_poisoned(one, evil) for one in value]
    return evil if isinstance(value, str) else value
