"""A call at an agent's device: it rings, is answered, is over. Pure.

Theory. Each attempt is a channel of its own, a *leg*, whose unique id stands in every notice about it. A leg goes
through its steps once and in one direction: rings (1), answered (2), over (3). A notice that would take it back or keep
it where it is is late or repeated, and changes nothing; one that takes it two steps on tells both.

Talks are also found by what stands in a bridge: a caller who once waited, and the channel of a member's device. That is
how a talk after a transfer begins, for no queue announces it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivr_server.ami.wire import Message
from ivr_server.floor.callers import Change, out
from ivr_server.floor.happenings import Happening, What
from ivr_server.floor.maps import put, without
from ivr_server.floor.picture import Picture, Ring, Talk
from ivr_server.floor.reading import device, instant, number, text

RINGS, ANSWERED, OVER = 1, 2, 3
_ENDERS: Final = {"caller": "caller", "agent": "agent", "transfer": "transfer"}
_REJECTED: Final = frozenset({"BUSY", "CONGESTION", "CHANUNAVAIL", "DONTCALL", "TORTURE"})


def called(picture: Picture, notice: Message, at: float) -> Change:
    """A queue rings at a member."""
    ring = _ring(picture, notice, instant(notice, at))
    interface = text(notice, "Interface")
    return rings(picture, replace(ring, interface=interface)) if interface and ring.queue else (picture, ())


def dialled(picture: Picture, notice: Message, at: float) -> Change:
    """A caller who once waited is put through to a member's device without a queue, or that agent is asked first."""
    ring, known = _ring(picture, notice, instant(notice, at)), picture.known
    call = ring.call if ring.call in known.entries else known.links.get(text(notice, "Linkedid"), "")
    interface = device(text(notice, "DestChannel"))
    agent = _agent(picture, interface)
    if call not in known.entries or not agent:
        return picture, ()
    ring = replace(ring, call=call, queue="", interface=interface, agent=agent, number=known.entries[call].number)
    return rings(picture, replace(ring, consult=call in picture.talks))


def rings(picture: Picture, ring: Ring) -> Change:
    """It rings, unless that leg has gone further."""
    known = picture.known
    if not (ring.call and ring.leg) or ring.leg in known.legs or {ring.leg, ring.call} & known.gone.keys():
        return picture, ()
    known = replace(known, legs=put(known.legs, ring.leg, RINGS))
    told = _about("ringing", ring, (ring.began, 0.0), "consult" if ring.consult else "")
    return replace(picture, rings=put(picture.rings, ring.leg, ring), known=known), (told,)


def dial_ended(picture: Picture, notice: Message, at: float) -> Change:
    """How a dial ended: kept, for the notice of the miss does not say it. A transfer's ring ends with it."""
    leg, how = text(notice, "DestUniqueid"), text(notice, "DialStatus")
    if leg not in picture.known.legs:
        return picture, ()
    picture = replace(picture, known=replace(picture.known, dials=put(picture.known.dials, leg, how)))
    ring = picture.rings.get(leg)
    if ring is None or ring.queue or how == "ANSWER":
        return picture, ()
    return _unanswered(picture, ring, instant(notice, at), how not in ("CANCEL", "ABORT"))


def missed(picture: Picture, notice: Message, at: float) -> Change:
    """It rang in vain."""
    leg, at = text(notice, "DestUniqueid"), instant(notice, at)
    ring = picture.rings.get(leg)
    if ring is None:
        ring = _ring(picture, notice, at - number(notice, "RingTime") / 1_000)
    return _unanswered(picture, ring, at, True)


def _unanswered(picture: Picture, ring: Ring, at: float, told: bool) -> Change:
    known = picture.known
    if not ring.leg or not ring.call or known.legs.get(ring.leg, 0) >= ANSWERED:
        return picture, ()
    known = replace(known, legs=put(known.legs, ring.leg, OVER))
    picture = replace(picture, rings=without(picture.rings, ring.leg), known=known)
    if not told:
        return picture, (stopped(ring, at),)
    why = "rejected" if known.dials.get(ring.leg) in _REJECTED else "no_answer"
    return picture, (_about("missed", ring, (at, max(0.0, at - ring.began)), why),)


def stopped(ring: Ring, at: float) -> Happening:
    """It rings no longer, and the agent did not miss it."""
    return _about("stopped", ring, (at, max(0.0, at - ring.began)), "consult" if ring.consult else "")


def consulted(picture: Picture, leg: str, at: float) -> Change:
    """An agent who is asked by another one has answered."""
    ring = picture.rings.get(leg)
    if ring is None or not ring.consult:
        return picture, ()
    known = replace(picture.known, consults=put(picture.known.consults, leg, ring))
    told = _about("answered", ring, (at, 0.0), "consult")
    return replace(picture, rings=without(picture.rings, leg), known=known), (told,)


def consult_over(picture: Picture, leg: str, at: float) -> Change:
    """An agent who was asked has hung up, or was hung up on."""
    ring, known = picture.known.consults.get(leg), picture.known
    if ring is None:
        return picture, ()
    known = replace(known, consults=without(known.consults, leg), legs=put(known.legs, leg, OVER))
    told = _about("ended", ring, (at, max(0.0, at - ring.began)), "consult")
    return replace(picture, known=known), (told,)


def dumped(picture: Picture, notice: Message, at: float) -> Change:
    """The agent hung up while the whisper was played: the caller waits on."""
    ring = picture.rings.get(text(notice, "DestUniqueid"))
    if ring is None:
        return picture, ()
    known = replace(picture.known, dials=put(picture.known.dials, ring.leg, "BUSY"))
    return _unanswered(replace(picture, known=known), ring, instant(notice, at), True)


def answered(picture: Picture, notice: Message, at: float) -> Change:
    """An agent and a caller talk from now on."""
    at = instant(notice, at)
    ring = picture.rings.get(text(notice, "DestUniqueid")) or _ring(picture, notice, at)
    return begin(picture, _talk(ring, notice, at))


def begin(picture: Picture, talk: Talk) -> Change:
    """This talk is under way, unless its leg has gone further."""
    known = picture.known
    if not (talk.call and talk.leg) or known.legs.get(talk.leg, 0) >= ANSWERED:
        return picture, ()
    if {talk.leg, talk.call} & known.gone.keys():
        return picture, ()
    waited = talk.waited
    open_, one = known.unsettled.get(talk.call), picture.waiting(talk.call)
    if open_ is not None:
        waited = open_.waited
    elif one is not None:
        waited = max(0.0, talk.began - one.since)
    talk = replace(talk, waited=waited)
    picture = out(picture, talk.call)
    known = replace(
        known,
        legs=put(known.legs, talk.leg, ANSWERED),
        unsettled=without(known.unsettled, talk.call),
        withdrawn=without(known.withdrawn, talk.call),
        came_from=put(known.came_from, talk.call, talk.queue or known.came_from.get(talk.call, "")),
    )
    known = replace(known, consults=without(known.consults, talk.leg))
    picture = replace(picture, talks=put(picture.talks, talk.call, talk), known=known)
    picture, quiet = silence(picture, talk.call, talk.began, talk.leg)
    return picture, (*quiet, _spoken("answered", talk, (talk.began, waited)))


def silence(picture: Picture, call: str, at: float, answered_at: str = "") -> Change:
    """This call rings nowhere any more; ``answered_at`` is the leg that answered, if one did."""
    over = [ring for ring in picture.rings.values() if ring.call == call]
    rest = {leg: ring for leg, ring in picture.rings.items() if ring.call != call}
    told = tuple(stopped(ring, at) for ring in over if ring.leg != answered_at)
    return (replace(picture, rings=rest), told) if over else (picture, ())


def completed(picture: Picture, notice: Message, at: float) -> Change:
    """A talk that a queue brought is over; where the answer was never heard of, it is told as well."""
    at, leg, call = instant(notice, at), text(notice, "DestUniqueid"), text(notice, "Uniqueid")
    if picture.known.legs.get(leg, 0) >= OVER:
        return picture, ()
    before: tuple[Happening, ...] = ()
    talk = picture.talks.get(call)
    if talk is None or talk.leg != leg:
        ring = picture.rings.get(leg) or _ring(picture, notice, at)
        began = _talk(ring, notice, at - number(notice, "TalkTime"))
        picture, before = begin(picture, replace(began, waited=float(number(notice, "HoldTime"))))
        talk = picture.talks.get(call)
    if talk is None or talk.leg != leg:
        return picture, before
    reason = _ENDERS.get(notice.only("Reason"), "agent")
    picture, after = finish(picture, talk, at, reason)
    return picture, (*before, *after)


def finish(picture: Picture, talk: Talk, at: float, who: str) -> Change:
    """This talk is over: ``who`` ended it, "caller" or "agent"; "transfer" when it went on elsewhere."""
    if who == "transfer":
        return hand_on(picture, talk, at, "")
    return _over(picture, talk), (_spoken("ended", talk, (at, max(0.0, at - talk.began)), who),)


def hand_on(picture: Picture, talk: Talk, at: float, target: str) -> Change:
    """This talk is over for its agent, who sent the caller to ``target`` ("": not known)."""
    return _over(picture, talk), (_spoken("transferred", talk, (at, max(0.0, at - talk.began)), target),)


def _over(picture: Picture, talk: Talk) -> Picture:
    known = replace(picture.known, legs=put(picture.known.legs, talk.leg, OVER))
    return replace(picture, talks=without(picture.talks, talk.call), known=known)


# --- within


def _ring(picture: Picture, notice: Message, at: float) -> Ring:
    interface = text(notice, "Interface")
    return Ring(
        call=text(notice, "Uniqueid"),
        queue=text(notice, "Queue"),
        interface=interface,
        agent=text(notice, "MemberName") or _agent(picture, interface),
        leg=text(notice, "DestUniqueid"),
        began=at,
        number=text(notice, "CallerIDNum"),
    )


def _talk(ring: Ring, notice: Message, at: float) -> Talk:
    return Talk(
        call=ring.call,
        queue=ring.queue,
        interface=ring.interface,
        channel=text(notice, "Channel"),
        agent_channel=text(notice, "DestChannel"),
        began=at,
        agent=ring.agent,
        leg=ring.leg,
        number=ring.number,
        waited=float(number(notice, "HoldTime")),
    )


def _agent(picture: Picture, interface: str) -> str:
    """The name of the member at this device; "" when it is no member's."""
    return next((one.name for one in picture.members(interface).values()), "") if interface else ""


def _about(what: What, ring: Ring, when: tuple[float, float], detail: str = "") -> Happening:
    """``when``: the instant, and how long it had lasted."""
    return Happening(
        what=what,
        at=when[0],
        queue=ring.queue,
        call=ring.call,
        interface=ring.interface,
        agent=ring.agent,
        number=ring.number,
        detail=detail,
        seconds=when[1],
        leg=ring.leg,
    )


def _spoken(what: What, talk: Talk, when: tuple[float, float], detail: str = "") -> Happening:
    ring = Ring(talk.call, talk.queue, talk.interface, talk.agent, talk.leg, talk.began, talk.number)
    return _about(what, ring, when, detail)
