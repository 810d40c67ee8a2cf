"""What an agent's page is told, as plain JSON: who I am, the bar, what rings, the talk. Pure over what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivr_server.agents.asked import By, Shape
from ivr_server.agents.house import House
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import MISSED, REJECTED, Agent, Contact
from ivr_server.calls.handing import clean
from ivr_server.floor.picture import QueueNow

PHASES: Final = {"talking": "talking", "consulting": "consulting", "joined": "joined", "": "over"}


@dataclass(frozen=True, slots=True)
class Figures:
    """An agent's day so far: calls answered, and the mean length of the talks in seconds."""

    answered: int = 0
    average_s: float = 0.0


def me(agent: Agent, roll: Roll, by: By, tab: str) -> Shape:
    """The agent's own state."""
    device, house = agent.device, roll.house
    members = roll.floor.picture.members(device.interface) if device else {}
    return {
        "name": agent.name,
        "state": agent.state,
        "reason": agent.reason,
        "state_words": why(agent, house, by.language),
        "since": round(agent.since, 3),
        "seat": device.name if device else "",
        "device": device.kind if device else "",
        "away": agent.away,
        "holds": agent.tab == tab,
        "next": agent.next,
        "wrap_until": round(agent.wrap_until, 3),
        "call": agent.call,
        "unreachable": bool(members) and all(one.state == "away" for one in members.values()),
        "queues": [house.called("queue", name, by.language) for name in house.queues.memberships(agent.name)],
    }


def why(agent: Agent, house: House, language: str) -> str:
    """Why the agent is in this state, in words; "" where that needs none."""
    words = house.titles(language)
    if agent.reason == MISSED:
        return words.get("desk_missed_twice" if agent.state == "signed_out" else "desk_missed", "")
    if agent.reason == REJECTED:
        return words.get("desk_rejected", "")
    if agent.away:
        return words.get("desk_away", "")
    return house.called("reason", agent.reason, language) if agent.state == "busy" else ""


def bar(agent: Agent, roll: Roll, by: By, figures: Figures) -> Shape:
    """The agent's day, and the queues: those that are theirs, or all for who supervises."""
    house, now = roll.house, roll.house.now()
    names = house.queues.names if by.supervises else tuple(house.queues.memberships(agent.name))
    return {
        "answered_today": figures.answered,
        "average_s": round(figures.average_s),
        "live": roll.floor.picture.live,
        "queues": [
            {"title": house.called("queue", name, by.language), **_queue(roll.floor.picture.queue(name), now)}
            for name in names
        ],
    }


def _queue(queue: QueueNow, now: float) -> Shape:
    longest = min((one.since for one in queue.waiting), default=0.0)
    return {
        "name": queue.name,
        "waiting": len(queue.waiting),
        "longest_s": round(max(0.0, now - longest)) if longest else 0,
        "longest_since": round(longest, 3),
        "agents_ready": sum(one.free for one in queue.members),
    }


def ringing(contact: Contact, roll: Roll, by: By, known: Shape) -> Shape:
    """What rings. ``known``: business and language, as far as the trail tells."""
    house = roll.house
    business = str(known.get("business", ""))
    return {
        "call": contact.call,
        "direction": "out" if contact.out else "in",
        "number": clean(contact.number),
        "queue": contact.queue,
        "queue_title": house.called("queue", contact.queue, by.language),
        "business": business,
        "business_words": house.called("business", business, by.language),
        "language": known.get("language", ""),
        "since": round(contact.rang or contact.began, 3),
        "call_back": contact.call.startswith("callback-"),
        "transferred_from": contact.given,
    }


def talk(agent: Agent, roll: Roll, over: Contact | None = None) -> Shape:
    """The talk as it stands; ``over``: the one that ended."""
    contact = over or agent.contact
    if contact is None:
        return {"call": "", "state": "over", "began": 0, "with": ""}
    state = "over" if over else PHASES.get(contact.phase, "talking")
    return {
        "call": contact.call,
        "state": state,
        "began": round(contact.began, 3),
        "with": _who(contact.with_, roll),
        "direction": "out" if contact.out else "in",
        "number": clean(contact.number),
    }


def _who(at: str, roll: Roll) -> str:
    """Who sits there; the number where nobody does."""
    agent = roll.at(f"PJSIP/{at}") if at else None
    return clean(agent.shown or agent.name) if agent else at


def places(by: By, roll: Roll) -> list[Shape]:
    """Where a call can be given to: people who sit, and queues; those who are free first."""
    house, own = roll.house, roll.of(by.name)
    people = [
        {
            "to": one.device.name,
            "kind": "telephone" if one.device.kind == "telephone" else "agent",
            "name": one.shown or one.name,
            "state": "away" if one.away else one.state,
            "note": house.called("reason", one.reason, by.language) if one.state == "busy" else "",
        }
        for one in roll.agents.values()
        if one.device is not None and one.name != own.name
    ]
    queues = [
        {
            "to": queue.name,
            "kind": "queue",
            "name": house.called("queue", queue.name, by.language),
            "state": "ready" if any(one.free for one in roll.floor.picture.queue(queue.name).members) else "busy",
            "note": "",
            "waiting": len(roll.floor.picture.queue(queue.name).waiting),
        }
        for queue in house.queues.queues
    ]
    return [*sorted(people, key=lambda one: (one["state"] != "ready", str(one["name"]))), *queues]
