"""Who stands in a bridge with whom, hang-ups and transfers: how talks go on when no queue tells of them. Pure."""

from __future__ import annotations

from dataclasses import replace

from ivr_server.ami.wire import Message
from ivr_server.floor.callers import Change, out, settle
from ivr_server.floor.happenings import Happening
from ivr_server.floor.legs import OVER, begin, consult_over, consulted, finish, hand_on, silence, stopped
from ivr_server.floor.maps import put, without
from ivr_server.floor.picture import Picture, Talk
from ivr_server.floor.reading import device, instant, text


def entered(picture: Picture, notice: Message, at: float) -> Change:
    """A channel stands in a bridge."""
    bridge, unique, channel = text(notice, "BridgeUniqueid"), text(notice, "Uniqueid"), text(notice, "Channel")
    if not (bridge and unique and channel) or unique in picture.known.gone:
        return picture, ()
    known = picture.known
    channels = {**known.bridges.get(bridge, {}), unique: channel}
    picture = replace(picture, known=replace(known, bridges=put(known.bridges, bridge, channels)))
    picture, told = pair(picture, bridge, instant(notice, at))
    picture, more = consulted(picture, unique, instant(notice, at))
    picture, back = _returned(picture, bridge, unique, instant(notice, at))
    return picture, (*told, *more, *back)


def left(picture: Picture, notice: Message, at: float) -> Change:
    """A channel stands in a bridge no longer. The talk goes on: it may be on hold, or consulting."""
    bridge, unique = text(notice, "BridgeUniqueid"), text(notice, "Uniqueid")
    talk, known = _talk_at(picture, unique), picture.known
    if talk is not None and talk.call in known.bridges.get(bridge, {}):
        picture = replace(picture, known=replace(known, aside=put(known.aside, unique, instant(notice, at))))
    return _less(picture, bridge, unique), ()


def _talk_at(picture: Picture, leg: str) -> Talk | None:
    return next((one for one in picture.talks.values() if leg and one.leg == leg), None)


def _returned(picture: Picture, bridge: str, leg: str, at: float) -> Change:
    """Whoever was asked is no more, or never was there: the agent who asked has the caller alone."""
    talk, known = _talk_at(picture, leg), picture.known
    if talk is None or leg not in known.aside or set(known.bridges[bridge]) != {talk.call, leg}:
        return picture, ()
    picture = replace(picture, known=replace(known, aside=without(known.aside, leg)))
    told = Happening(
        what="returned", at=at, queue=talk.queue, call=talk.call, interface=talk.interface, agent=talk.agent,
        number=talk.number, leg=leg,
    )  # fmt: skip
    return picture, (told,)


def pair(picture: Picture, bridge: str, at: float) -> Change:
    """A caller who once waited and a member's device in one bridge, without a talk of that caller: it begins."""
    known = picture.known
    channels = known.bridges.get(bridge, {})
    for call in channels:
        if call in known.entries and call not in picture.talks:
            for leg, channel in channels.items():
                talk = _found(picture, call, (leg, channel), at)
                if talk is not None and known.legs.get(leg, 0) < OVER:
                    return begin(picture, replace(talk, channel=channels[call]))
    return picture, ()


def _found(picture: Picture, call: str, leg: tuple[str, str], at: float) -> Talk | None:
    unique, channel = leg
    interface = device(channel)
    names = [one.name for one in picture.members(interface).values()]
    if unique == call or not names:
        return None
    ring = picture.rings.get(unique)
    queue, number = (ring.queue, ring.number) if ring else ("", picture.known.entries[call].number)
    return Talk(call, queue, interface, "", channel, at, names[0], unique, number)


def hung_up(picture: Picture, notice: Message, at: float) -> Change:
    """A channel is gone for good, whichever it was."""
    unique, at = text(notice, "Uniqueid"), instant(notice, at)
    if not unique or unique in picture.known.gone:
        return picture, ()
    return gone(picture, unique, at)


def gone(picture: Picture, unique: str, at: float) -> Change:
    """The same, where no notice told it."""
    known = replace(picture.known, gone=put(picture.known.gone, unique, at))
    picture, told = _caller_gone(replace(picture, known=known), unique, at)
    picture, more = _leg_gone(picture, unique, at)
    for bridge in [name for name, channels in picture.known.bridges.items() if unique in channels]:
        picture = _less(picture, bridge, unique)
        picture, again = pair(picture, bridge, at)
        more += again
    return picture, (*told, *more)


def _caller_gone(picture: Picture, call: str, at: float) -> Change:
    told: tuple[Happening, ...] = ()
    one, queue = picture.waiting(call), picture.queue_of(call)
    if one is not None:  # the notices of the queue were lost
        waited = max(0.0, at - one.since)
        told = (Happening(what="abandoned", at=at, queue=queue, call=call, number=one.number, seconds=waited),)
        picture = out(picture, call)
    picture, settled = settle(picture, call, at, hung_up=True)
    talk = picture.talks.get(call)
    if talk is not None:
        picture, ended = finish(picture, talk, at, "caller")
        settled += ended
    picture, quiet = silence(picture, call, at)
    known = picture.known
    known = replace(known, entries=without(known.entries, call), came_from=without(known.came_from, call))
    return replace(picture, known=known), (*told, *settled, *quiet)


def _leg_gone(picture: Picture, leg: str, at: float) -> Change:
    talk = _talk_at(picture, leg)
    if talk is not None:
        picture, told = _agent_gone(picture, talk, at)
        picture, more = _pair_again(picture, talk.call, at)
        return picture, (*told, *more)
    picture, told = consult_over(picture, leg, at)
    known = picture.known
    if leg not in known.legs or told:
        return picture, told
    ring = picture.rings.get(leg)
    known = replace(known, legs=put(known.legs, leg, OVER))
    told = (stopped(ring, at),) if ring else ()
    return replace(picture, rings=without(picture.rings, leg), known=known), told


def _agent_gone(picture: Picture, talk: Talk, at: float) -> Change:
    """An agent who leaves two others talking has handed the caller on: to whom else stands in the bridge."""
    for channels in picture.known.bridges.values():
        if talk.call in channels:
            others = [channel for unique, channel in channels.items() if unique not in (talk.call, talk.leg)]
            if others:
                return hand_on(picture, talk, at, device(others[0]).rpartition("/")[2])
    return finish(picture, talk, at, "agent")


def blind(picture: Picture, notice: Message, at: float) -> Change:
    """An agent sent the caller elsewhere."""
    leg = text(notice, "TransfererUniqueid")
    return _handed_on(picture, notice, leg, instant(notice, at))


def attended(picture: Picture, notice: Message, at: float) -> Change:
    """An agent who asked another one first handed the caller on; in a talk of three nobody has, yet."""
    at = instant(notice, at)
    if notice.only("DestType") == "Threeway":
        return picture, ()
    for key in ("OrigTransfererUniqueid", "SecondTransfererUniqueid"):
        picture, told = _handed_on(picture, notice, text(notice, key), at)
        if told:
            return picture, told
    return picture, ()


def _handed_on(picture: Picture, notice: Message, leg: str, at: float) -> Change:
    talk = _talk_at(picture, leg)
    if talk is None or notice.only("Result") != "Success":
        return picture, ()
    target = text(notice, "Extension") or _target(notice)
    picture, told = hand_on(picture, talk, at, target)
    picture, more = _pair_again(picture, talk.call, at)
    return picture, (*told, *more)


def _pair_again(picture: Picture, call: str, at: float) -> Change:
    """Whoever else stands in a bridge with this caller talks with them now."""
    told: tuple[Happening, ...] = ()
    for bridge in [name for name, channels in picture.known.bridges.items() if call in channels]:
        picture, more = pair(picture, bridge, at)
        told += more
    return picture, told


def _target(notice: Message) -> str:
    """The extension or seat at which an attended transfer ended."""
    keys = ("TransferTargetExten", "TransferTargetCallerIDNum", "TransferTargetChannel")
    return next((found for key in keys if (found := text(notice, key))), "")


def _less(picture: Picture, bridge: str, unique: str) -> Picture:
    known = picture.known
    channels = without(known.bridges.get(bridge, {}), unique)
    bridges = put(known.bridges, bridge, channels) if channels else without(known.bridges, bridge)
    return replace(picture, known=replace(known, bridges=bridges))
