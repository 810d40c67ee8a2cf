"""The whole picture from what Asterisk lists when it is asked (QueueStatus, CoreShowChannels). Pure.

What is listed is at least as new as every notice that was told so far, so it replaces the picture; what the old one
knew and a list cannot say (since when exactly, why somebody left) is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ivr_server.ami.wire import Message
from ivr_server.floor.bridges import gone, pair
from ivr_server.floor.callers import Change, doubt, enter, linked
from ivr_server.floor.happenings import Happening
from ivr_server.floor.notices import change, seat, unseat
from ivr_server.floor.picture import Member, Picture, QueueNow, Waiting
from ivr_server.floor.reading import call_back, member, number, text


@dataclass(slots=True)
class _Listed:
    """One queue as it was listed."""

    waiting: list[Waiting] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)


def listed_queues(picture: Picture, items: Iterable[Message], at: float, only: str = "") -> Change:
    """The queues of an answer to QueueStatus, in place of all that the picture had, or of the queue ``only``."""
    listed = _read(items, at)
    told: tuple[Happening, ...] = ()
    names = {only} if only else {*picture.queues, *listed}
    for name in sorted(names):
        picture, more = _queue(picture, name, listed.get(name, _Listed()), at)
        told += more
    if not only:
        picture = replace(picture, queues={name: picture.queue(name) for name in sorted(listed)})
    return replace(picture, at=max(picture.at, at)), told


def _read(items: Iterable[Message], at: float) -> dict[str, _Listed]:
    listed: dict[str, _Listed] = {}
    for item in items:
        queue = text(item, "Queue")
        if not queue:
            continue
        found = listed.setdefault(queue, _Listed())
        if item.name == "QueueMember" and (one := member(item)) is not None:
            found.members.append(one)
        elif item.name == "QueueEntry" and text(item, "Uniqueid"):
            found.waiting.append(_entry(item, at))
    return listed


def _entry(item: Message, at: float) -> Waiting:
    call = text(item, "Uniqueid")
    return Waiting(
        call=call,
        channel=text(item, "Channel"),
        number=text(item, "CallerIDNum"),
        place=number(item, "Position"),
        since=at - number(item, "Wait"),
        priority=number(item, "Priority"),
        call_back=call_back(call),
        name=text(item, "CallerIDName"),
    )


def _queue(picture: Picture, name: str, listed: _Listed, at: float) -> Change:
    picture, told = _members(picture, name, listed.members, at)
    here = {one.call for one in listed.waiting}
    for one in picture.queue(name).waiting:
        if one.call not in here:
            picture = doubt(picture, one.call, at)
    for one in sorted(listed.waiting, key=lambda each: each.place):
        before = picture.waiting(one.call)
        if before is None or picture.queue_of(one.call) != name:
            picture = enter(picture, name, one)
            told += (Happening(what="joined", at=one.since, queue=name, call=one.call, number=one.number),)
    before_by_call = {one.call: one for one in picture.queue(name).waiting}
    waiting = tuple(
        replace(one, place=place, since=before_by_call[one.call].since)
        for place, one in enumerate(sorted(listed.waiting, key=lambda each: each.place), start=1)
    )
    now = QueueNow(name, waiting, picture.queue(name).members)
    return replace(picture, queues={**picture.queues, name: now}), told


def _members(picture: Picture, name: str, listed: Sequence[Member], at: float) -> Change:
    before = {one.interface: one for one in picture.queue(name).members}
    told: list[Happening] = []
    for one in listed:
        detail = change(before.pop(one.interface, None), one)
        picture = seat(picture, name, one)
        if detail:
            told.append(_told(name, one, at, detail))
    for one in before.values():
        picture = unseat(picture, name, one.interface)
        told.append(_told(name, one, at, "removed"))
    return picture, tuple(told)


def _told(queue: str, one: Member, at: float, detail: str) -> Happening:
    return Happening(what="member", at=at, queue=queue, interface=one.interface, agent=one.name, detail=detail)


def listed_channels(picture: Picture, items: Sequence[Message], at: float) -> Change:
    """Talks from an answer to CoreShowChannels: whoever is not listed any more is gone, bridges are as listed.

    A caller who was in Queue() and now stands in a bridge talks, though nobody told us of it.
    """
    here = {text(item, "Uniqueid"): item for item in items if text(item, "Uniqueid")}
    told: tuple[Happening, ...] = ()
    known = picture.known
    ours = {*known.entries, *picture.talks, *(talk.leg for talk in picture.talks.values()), *picture.rings}
    for unique in sorted(ours - here.keys()):
        picture, more = gone(picture, unique, at)
        told += more
    bridges: dict[str, dict[str, str]] = {}
    for unique, item in here.items():
        if bridge := text(item, "BridgeId"):
            bridges.setdefault(bridge, {})[unique] = text(item, "Channel")
    picture = _callers(picture, here, at)
    picture = replace(picture, known=replace(picture.known, bridges=bridges))
    for bridge in sorted(bridges):
        picture, more = pair(picture, bridge, at)
        told += more
    return picture, told


def _callers(picture: Picture, here: dict[str, Message], at: float) -> Picture:
    """Callers whom Queue() has put through before we came: they are no longer listed as waiting."""
    entries, came_from = dict(picture.known.entries), dict(picture.known.came_from)
    for unique, item in here.items():
        if item.only("Application") == "Queue" and text(item, "BridgeId") and unique not in entries:
            since = at - _seconds(item.only("Duration"))
            entries[unique] = Waiting(
                unique, text(item, "Channel"), text(item, "CallerIDNum"), 0, since, call_back=call_back(unique)
            )
            came_from[unique] = item.only("ApplicationData").partition(",")[0][:80]
        if unique in entries:
            picture = linked(picture, item)
    return replace(picture, known=replace(picture.known, entries=entries, came_from=came_from))


def _seconds(duration: str) -> float:
    """Of HH:MM:SS; 0 when it is none."""
    parts = duration.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return 0.0
    hours, minutes, seconds = map(int, parts)
    return float(hours * 3_600 + minutes * 60 + seconds)
