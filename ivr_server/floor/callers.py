"""Callers come into a queue and leave it: what each notice changes. Pure.

Theory (measured on Asterisk 22.10.1). A caller who is answered leaves first (QueueCallerLeave), and AgentConnect
follows at once. One who hangs up and one whose time is up both bring QueueCallerAbandon and then QueueCallerLeave; the
first one's Hangup follows at once, the second one goes on in the dialplan. So why a caller left is *unsettled* until
the next notice says it, or until ``SETTLED_S`` have passed.

Where Asterisk stamps its notices, a join or leave older than the call's latest is late or repeated and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivr_server.ami.wire import Message
from ivr_server.floor.happenings import Happening, What
from ivr_server.floor.maps import put, without
from ivr_server.floor.picture import Picture, Unsettled, Waiting
from ivr_server.floor.reading import call_back, instant, number, stamped, text

Change = tuple[Picture, tuple[Happening, ...]]
SETTLED_S: Final = 1.0
ASKED_OUT_S: Final = 60.0  # so long after we asked a caller out (who may ring first) is a leave that one
MOST_WAITING: Final = 2_000  # in one queue; beyond that somebody forges


def joined(picture: Picture, notice: Message, at: float) -> Change:
    """A caller waits from now on."""
    call, queue, channel = text(notice, "Uniqueid"), text(notice, "Queue"), text(notice, "Channel")
    at = instant(notice, at)
    if not (call and queue and channel) or call in picture.known.gone or _old(picture, notice, call, at):
        return picture, ()
    if picture.queue_of(call) == queue or len(picture.queue(queue).waiting) >= MOST_WAITING:
        return picture, ()
    picture, before = settle(picture, call, at)
    one = Waiting(
        call, channel, text(notice, "CallerIDNum"), 1, at, call_back=call_back(call), name=text(notice, "CallerIDName")
    )
    picture = linked(picture, notice)
    picture = enter(_moved(picture, call, at), queue, one, number(notice, "Position"))
    return picture, (*before, Happening(what="joined", at=at, queue=queue, call=call, number=one.number))


def linked(picture: Picture, item: Message) -> Picture:
    """With the call known by its linked id as well: what an agent dials for it carries that one."""
    link, known = text(item, "Linkedid"), picture.known
    return replace(picture, known=replace(known, links=put(known.links, link, text(item, "Uniqueid"))))


def enter(picture: Picture, queue: str, one: Waiting, place: int = 0) -> Picture:
    """With this caller in the queue, at this place (0: last), and in no other."""
    picture = out(picture, one.call)
    waiting = picture.queue(queue).waiting
    index = min(place - 1, len(waiting)) if place > 0 else len(waiting)
    picture = _line(picture, queue, (*waiting[:index], one, *waiting[index:]))
    known = picture.known
    entries, came_from = put(known.entries, one.call, one), put(known.came_from, one.call, queue)
    return replace(picture, known=replace(known, entries=entries, came_from=came_from))


def out(picture: Picture, call: str) -> Picture:
    """With this caller in no queue."""
    queue = picture.queue_of(call)
    if not queue:
        return picture
    return _line(picture, queue, tuple(one for one in picture.queue(queue).waiting if one.call != call))


def left(picture: Picture, notice: Message, at: float) -> Change:
    """A caller waits no longer; why is told by what follows."""
    call, queue = text(notice, "Uniqueid"), text(notice, "Queue")
    at = instant(notice, at)
    if _old(picture, notice, call, at) or not call:
        return picture, ()
    picture = _moved(picture, call, at)
    if picture.queue_of(call) != queue or not queue:
        return picture, ()
    return doubt(picture, call, at), ()


def doubt(picture: Picture, call: str, at: float) -> Picture:
    """The caller is out of the queue, for a reason that is not known yet."""
    one, queue, known = picture.waiting(call), picture.queue_of(call), picture.known
    if one is None:
        return picture
    open_ = Unsettled(queue, "left", at, max(0.0, at - one.since), one.number)
    unsettled = known.unsettled if call in known.unsettled else put(known.unsettled, call, open_)
    return replace(out(picture, call), known=replace(known, unsettled=unsettled))


def abandoned(picture: Picture, notice: Message, at: float) -> Change:
    """A caller hung up, or their time is up."""
    call, queue = text(notice, "Uniqueid"), text(notice, "Queue")
    at = instant(notice, at)
    one, known = picture.waiting(call), picture.known
    open_ = known.unsettled.get(call)
    if open_ is not None and open_.queue == queue and abs(open_.at - at) < SETTLED_S:  # it overtook the leave
        late = replace(known, unsettled=put(known.unsettled, call, replace(open_, what="abandoned")))
        return replace(picture, known=late), ()
    if _old(picture, notice, call, at) or one is None or picture.queue_of(call) != queue:
        return picture, ()
    open_ = Unsettled(queue, "abandoned", at, max(0.0, at - one.since), one.number)
    picture = replace(picture, known=replace(known, unsettled=put(known.unsettled, call, open_)))
    return _moved(out(picture, call), call, at), ()


def settle(picture: Picture, call: str, at: float, hung_up: bool = False) -> Change:
    """Say why this caller left, as far as it will ever be known."""
    known, open_ = picture.known, picture.known.unsettled.get(call)
    if open_ is None:
        return picture, ()
    what: What = "left"
    if hung_up:
        what = "abandoned"
    elif open_.at - known.withdrawn.get(call, -ASKED_OUT_S) < ASKED_OUT_S:
        what = "withdrawn"
    elif open_.what == "abandoned":
        what = "timed_out"
    settled = replace(known, unsettled=without(known.unsettled, call), withdrawn=without(known.withdrawn, call))
    told = Happening(what=what, at=open_.at, queue=open_.queue, call=call, number=open_.number, seconds=open_.waited)
    return replace(picture, known=settled), (told,)


def settle_all(picture: Picture, at: float) -> Change:
    """Settle whoever left more than ``SETTLED_S`` ago."""
    told: tuple[Happening, ...] = ()
    for call, open_ in tuple(picture.known.unsettled.items()):
        if at - open_.at >= SETTLED_S:
            picture, more = settle(picture, call, at)
            told += more
    return picture, told


def withdrawing(picture: Picture, call: str, at: float) -> Picture:
    """We have asked Asterisk to let this caller out."""
    known = picture.known
    return replace(picture, known=replace(known, withdrawn=put(known.withdrawn, call, at)))


# --- within


def _line(picture: Picture, queue: str, waiting: tuple[Waiting, ...]) -> Picture:
    placed = tuple(
        one if one.place == place else replace(one, place=place) for place, one in enumerate(waiting, start=1)
    )
    now = replace(picture.queue(queue), waiting=placed)
    return replace(picture, queues={**picture.queues, queue: now})


def _old(picture: Picture, notice: Message, call: str, at: float) -> bool:
    """Whether something later is known of this caller."""
    return stamped(notice) and at <= picture.known.moved.get(call, 0.0)


def _moved(picture: Picture, call: str, at: float) -> Picture:
    known = picture.known
    return replace(picture, known=replace(known, moved=put(known.moved, call, max(at, known.moved.get(call, 0.0)))))
