"""An agent as plain JSON and back, for the table of shifts; what an older release wrote is read as far as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from crm_bridge.shifts import Shift
from ivr_server.agents.state import STATES, Agent, Contact, Device


def as_shift(agent: Agent, now: float) -> Shift:
    """To be kept."""
    return Shift(agent.name, agent.state, now, agent.reason, asdict(agent))


def as_agent(shift: Shift) -> Agent | None:
    """As it was kept; None for what makes no sense."""
    value = shift.value
    try:
        known = {**_known(Agent, value), "name": shift.name}
        known["device"] = Device(**_known(Device, value["device"])) if value.get("device") is not None else None
        known["contact"] = Contact(**_known(Contact, value["contact"])) if value.get("contact") is not None else None
        known["before"] = tuple(value.get("before", ("ready", "")))
        agent = Agent(**known)
    except (TypeError, KeyError, AttributeError):
        return None
    return agent if agent.state in STATES and (agent.device or agent.state == "signed_out") else None


def _known(kind: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: value[one.name] for one in fields(kind) if one.name in value}
