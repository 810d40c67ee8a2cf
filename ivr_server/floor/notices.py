"""From one notice to the next picture, and what happened by it: the floor as a pure function of what Asterisk tells.

``after`` may be given notices twice, late, in another order, or not at all; it may be given forged ones. It never
fails, a repeated notice changes nothing, and whatever it believed wrongly is put right by the next ``resync``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ivr_server.ami.wire import Message
from ivr_server.floor import bridges, callers, legs
from ivr_server.floor.callers import Change
from ivr_server.floor.happenings import Happening
from ivr_server.floor.maps import put
from ivr_server.floor.picture import Member, Picture
from ivr_server.floor.reading import instant, member, stamped, text


def after(picture: Picture, notice: Message, at: float) -> Change:
    """The picture with this notice taken in, and what happened. ``at``: now, where Asterisk does not stamp it."""
    step = STEPS.get(notice.name)
    if step is None:
        return picture, ()
    changed, told = step(picture, notice, at)
    return (changed, told) if changed is picture else (replace(changed, at=max(picture.at, at)), told)


def member_seen(picture: Picture, notice: Message, at: float) -> Change:
    """A member as it is now."""
    queue, now = text(notice, "Queue"), member(notice)
    if not queue or now is None or _late(picture, notice, queue, at):
        return picture, ()
    before = picture.members(now.interface).get(queue)
    picture = _noted(picture, notice, queue, at)
    if before == now:
        return picture, ()
    detail = change(before, now)
    told = (_told(queue, now, instant(notice, at), detail),) if detail else ()
    return seat(picture, queue, now), told


def change(before: Member | None, now: Member) -> str:
    """What is new about it, as a happening's detail; "" for what nobody needs to be told."""
    if before is None:
        return "added"
    if (before.paused, before.reason) != (now.paused, now.reason):
        return "paused" if now.paused else "ready"
    return now.state if before.state != now.state else ""


def member_removed(picture: Picture, notice: Message, at: float) -> Change:
    """A member no longer."""
    queue, now = text(notice, "Queue"), member(notice)
    if not queue or now is None or _late(picture, notice, queue, at):
        return picture, ()
    picture = _noted(picture, notice, queue, at)
    before = picture.members(now.interface).get(queue)
    if before is None:
        return picture, ()
    return unseat(picture, queue, now.interface), (_told(queue, before, instant(notice, at), "removed"),)


def seat(picture: Picture, queue: str, now: Member) -> Picture:
    """With this member in the queue, as it is now."""
    others = [one for one in picture.queue(queue).members if one.interface != now.interface]
    members = tuple(sorted((*others, now), key=lambda one: one.interface))
    return replace(picture, queues={**picture.queues, queue: replace(picture.queue(queue), members=members)})


def unseat(picture: Picture, queue: str, interface: str) -> Picture:
    """Without it."""
    members = tuple(one for one in picture.queue(queue).members if one.interface != interface)
    return replace(picture, queues={**picture.queues, queue: replace(picture.queue(queue), members=members)})


def _key(notice: Message, queue: str) -> str:
    return f"{queue} {text(notice, 'Interface')}"


def _late(picture: Picture, notice: Message, queue: str, at: float) -> bool:
    return stamped(notice) and instant(notice, at) <= picture.known.moved.get(_key(notice, queue), 0.0)


def _noted(picture: Picture, notice: Message, queue: str, at: float) -> Picture:
    moved = put(picture.known.moved, _key(notice, queue), instant(notice, at))
    return replace(picture, known=replace(picture.known, moved=moved))


def _told(queue: str, one: Member, at: float, detail: str) -> Happening:
    return Happening(what="member", at=at, queue=queue, interface=one.interface, agent=one.name, detail=detail)


Step = Callable[[Picture, Message, float], Change]
STEPS: Final[Mapping[str, Step]] = {
    "QueueCallerJoin": callers.joined,
    "QueueCallerLeave": callers.left,
    "QueueCallerAbandon": callers.abandoned,
    "QueueMemberAdded": member_seen,
    "QueueMemberStatus": member_seen,
    "QueueMemberPause": member_seen,
    "QueueMemberPenalty": member_seen,
    "QueueMemberRemoved": member_removed,
    "AgentCalled": legs.called,
    "AgentConnect": legs.answered,
    "AgentComplete": legs.completed,
    "AgentRingNoAnswer": legs.missed,
    "AgentDump": legs.dumped,
    "DialBegin": legs.dialled,
    "DialEnd": legs.dial_ended,
    "BridgeEnter": bridges.entered,
    "BridgeLeave": bridges.left,
    "BlindTransfer": bridges.blind,
    "AttendedTransfer": bridges.attended,
    "Hangup": bridges.hung_up,
}
CRITICAL: Final = frozenset(STEPS) - {"DialBegin", "DialEnd", "QueueMemberStatus", "BridgeLeave"}
