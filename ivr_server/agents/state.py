"""An agent as a machine: a value that moves from state to state. Pure: no clock, Asterisk or database.

Theory. An agent is *signed out*, or sits at a device and is *ready* for calls, *busy* for a reason, *ringing*,
*talking*, or in *wrap-up* after a talk. Three things are not states, since they may be so in several of them:

- *away*: the desk sleeps (no beat from its page). Nothing is to ring there; with the next beat all is as it was;
- ``next``: what a talk or a wrap-up ends in. An agent may say "busy" in the middle of a talk;
- ``before``: what ringing interrupted. A caller who gives up, or is answered elsewhere, leaves the agent as it was.

A call that rang out makes its agent busy, so that the next one does not ring at an empty chair; the second in a row
signs the desk out, so that a third never rings there. Asterisk's notices may come late, twice or never: each event says
which call it is about, one about another call than the agent's changes nothing, and an answer without its ring counts.

``TABLE`` says which event may come in which state and where it leads; any other pair is ``Illegal``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

State = Literal["signed_out", "ready", "busy", "ringing", "talking", "wrap_up"]
Phase = Literal["", "talking", "consulting", "joined"]
STATES: Final[tuple[State, ...]] = ("signed_out", "ready", "busy", "ringing", "talking", "wrap_up")
MISSED, REJECTED, AWAY, WRAP_UP = "missed", "rejected", "away", "wrap_up"  # reasons that no file names
MOST_MISSES: Final = 2
MOST_TABS: Final = 8

TABLE: Final[Mapping[tuple[State, str], tuple[State, ...]]] = {
    # (state, event) -> the states it may lead to
    ("signed_out", "sit"): ("ready",),
    ("ready", "sit"): ("ready",),  # at another device
    ("busy", "sit"): ("busy",),
    ("wrap_up", "sit"): ("wrap_up",),
    ("signed_out", "rise"): ("signed_out",),
    ("ready", "rise"): ("signed_out",),
    ("busy", "rise"): ("signed_out",),
    ("wrap_up", "rise"): ("signed_out",),
    ("ready", "ready"): ("ready",),
    ("busy", "ready"): ("ready",),
    ("wrap_up", "ready"): ("ready",),
    ("talking", "ready"): ("talking",),  # afterwards
    ("ready", "busy"): ("busy",),
    ("busy", "busy"): ("busy",),
    ("wrap_up", "busy"): ("busy",),
    ("talking", "busy"): ("talking",),  # afterwards
    ("ready", "ring"): ("ringing",),
    ("busy", "ring"): ("ringing",),  # given by a colleague, or on its way when "busy" was said
    ("wrap_up", "ring"): ("ringing",),
    ("ringing", "ring"): ("ringing",),
    ("talking", "ring"): ("talking",),  # late, or the same caller back at a page that was loaded anew
    ("ready", "answer"): ("talking",),
    ("busy", "answer"): ("talking",),
    ("wrap_up", "answer"): ("talking",),
    ("ringing", "answer"): ("talking",),
    ("talking", "answer"): ("talking",),
    ("ringing", "miss"): ("busy", "signed_out"),
    ("ringing", "reject"): ("busy",),
    ("ringing", "gone"): ("ready", "busy"),
    ("talking", "consult"): ("talking",),
    ("talking", "return"): ("talking",),
    ("talking", "join"): ("talking",),
    ("talking", "over"): ("ready", "busy", "wrap_up"),
    ("wrap_up", "done"): ("ready", "busy"),
    **{(state, event): (state,) for state in STATES for event in ("sleep", "wake")},
}


class Illegal(Exception):
    """An event that may not come in this state."""

    def __init__(self, state: State, event: str) -> None:
        super().__init__(f"{event} while {state}")
        self.state = state
        self.event = event


@dataclass(frozen=True, slots=True)
class Device:
    """What rings for an agent: the browser of a ``seat``, or a desk ``telephone``; ``name`` is its SIP account."""

    kind: Literal["browser", "telephone"]
    name: str

    @property
    def interface(self) -> str:
        """Asterisk's word for it."""
        return f"PJSIP/{self.name}"


@dataclass(frozen=True, slots=True)
class Contact:
    """The call in hand. ``call``: unique id of the caller's channel; ``began``: of the talk, 0 while it rings.

    ``given``: the agent who transferred it. ``out``: dialled by the agent. ``with_``: who is consulted or joined.
    """

    call: str
    queue: str = ""
    number: str = ""
    rang: float = 0.0
    began: float = 0.0
    phase: Phase = ""
    with_: str = ""
    given: str = ""
    out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One person of the floor. Instants: seconds since 1970 UTC; 0 when there is none."""

    name: str
    shown: str = ""
    state: State = "signed_out"
    reason: str = ""  # busy: why
    since: float = 0.0  # in this state
    device: Device | None = None
    away: bool = False
    slept: float = 0.0  # away: since when
    contact: Contact | None = None  # ringing, talking; in wrap-up the one that ended
    before: tuple[State, str] = ("ready", "")  # ringing: what it interrupted, and its reason
    next: str = ""  # talking, wrap-up: busy for this reason afterwards; "": ready
    wrap_until: float = 0.0
    misses: int = 0  # in a row
    tab: str = ""  # the page that holds the soft phone
    tabs: tuple[str, ...] = ()  # pages that were seen, the newest last

    @property
    def call(self) -> str:
        """The call in hand, "" when there is none."""
        return self.contact.call if self.contact else ""

    @property
    def paused(self) -> str:
        """Why nothing may ring here, "" when it may."""
        if self.away:
            return AWAY
        if self.state == "busy":
            return self.reason
        if self.state == "wrap_up":
            return WRAP_UP
        if self.state == "ringing" and self.before[0] != "ready":
            return self.before[1] or WRAP_UP
        return self.next if self.state == "talking" else ""

    @property
    def free(self) -> bool:
        """Whether a call may ring here now."""
        return self.state == "ready" and not self.away


# --- events --------------------------------------------------------------------------------------------------------


def sit(agent: Agent, device: Device, now: float) -> Agent:
    """The agent sits at a device, and is ready; one who sits already changes it and nothing else."""
    if agent.state == "signed_out":
        fresh = replace(agent, device=device, away=False, contact=None, next="", misses=0, wrap_until=0.0)
        return _to(fresh, "sit", "ready", now)
    return _to(replace(agent, device=device), "sit", agent.state, now)


def rise(agent: Agent, now: float) -> Agent:
    """The agent is signed out of all queues; not in the middle of a call."""
    return _to(replace(agent, device=None, away=False, contact=None, next=""), "rise", "signed_out", now)


def ready(agent: Agent, now: float) -> Agent:
    """The agent wants calls; after the talk that is going on."""
    if agent.state == "talking":
        return _to(replace(agent, next=""), "ready", "talking", now)
    return _to(replace(agent, contact=None, next=""), "ready", "ready", now)


def busy(agent: Agent, reason: str, now: float) -> Agent:
    """The agent wants no calls, for a reason; after the talk that is going on."""
    if agent.state == "talking":
        return _to(replace(agent, next=reason), "busy", "talking", now)
    return _to(replace(agent, contact=None, next=""), "busy", "busy", now, reason)


def ring(agent: Agent, contact: Contact, now: float) -> Agent:
    """A call rings here."""
    if agent.state == "talking":
        return _to(agent, "ring", "talking", now)
    if agent.state == "ringing":
        kept = agent.contact if agent.call == contact.call else contact
        return _to(replace(agent, contact=kept), "ring", "ringing", now)
    before = (agent.state, agent.reason if agent.state == "busy" else agent.next)
    return _to(replace(agent, contact=replace(contact, rang=now), before=before), "ring", "ringing", now)


def answer(agent: Agent, contact: Contact, now: float) -> Agent:
    """The agent talks. Out of a busy state the talk ends in it again."""
    old = agent.contact if agent.contact and agent.call == contact.call else None
    if agent.state == "talking":  # the same talk once more, or what a talk that we did not see end gave way to
        phase = old.phase if old else "talking"
        kept = replace(old or contact, phase=phase, began=old.began if old else now)
        return _to(replace(agent, contact=kept), "answer", "talking", now)
    known = replace(contact, given=contact.given or old.given, rang=old.rang, out=old.out) if old else contact
    before = agent.before if agent.state == "ringing" else (agent.state, agent.reason or agent.next)
    after = before[1] if before[0] in ("busy", "wrap_up") else ""
    talk = replace(known, phase="talking", began=now)
    return _to(replace(agent, contact=talk, next=after, misses=0), "answer", "talking", now)


def miss(agent: Agent, call: str, now: float) -> Agent:
    """It rang out. The second in a row signs the desk out."""
    if agent.state == "ringing" and agent.call != call:
        return agent
    told = replace(agent, contact=None, misses=agent.misses + 1, next="")
    if told.misses >= MOST_MISSES:
        return _to(replace(told, device=None, away=False), "miss", "signed_out", now, MISSED)
    return _to(told, "miss", "busy", now, MISSED)


def reject(agent: Agent, call: str, now: float) -> Agent:
    """The agent did not want it: it goes to somebody else."""
    if agent.state == "ringing" and agent.call != call:
        return agent
    return _to(replace(agent, contact=None, next=""), "reject", "busy", now, REJECTED)


def gone(agent: Agent, call: str, now: float) -> Agent:
    """The caller gave up, or was answered elsewhere, while it rang here: the agent is as before."""
    if agent.state == "ringing" and agent.call != call:
        return agent
    state, reason = agent.before
    if state == "wrap_up":
        return _to(replace(agent, contact=None, next=reason), "gone", "ready" if not reason else "busy", now, reason)
    return _to(replace(agent, contact=None), "gone", state, now, reason)


def open_tab(agent: Agent, tab: str, _now: float) -> Agent:
    """A page is there: one that was never seen takes the soft phone, one that comes back takes nothing."""
    if tab in agent.tabs:
        return agent
    return replace(agent, tab=tab, tabs=(*agent.tabs, tab)[-MOST_TABS:])


def take_over(agent: Agent, tab: str, _now: float) -> Agent:
    """This page takes the soft phone: the one that held it is silent."""
    return replace(open_tab(agent, tab, _now), tab=tab)


def consult(agent: Agent, with_: str, now: float) -> Agent:
    """The agent asks somebody while the caller hears music."""
    return _phase(agent, ("consult", "consulting"), with_, now)


def come_back(agent: Agent, now: float) -> Agent:
    """The agent is with the caller again, alone."""
    return _phase(agent, ("return", "talking"), "", now)


def join(agent: Agent, now: float) -> Agent:
    """All three hear each other."""
    return _phase(agent, ("join", "joined"), agent.contact.with_ if agent.contact else "", now)


def over(agent: Agent, call: str, now: float, wrap_up_s: float) -> Agent:
    """The talk is over: time to write follows, where there is some."""
    if agent.state == "talking" and agent.call != call:
        return agent
    if wrap_up_s <= 0:
        return _rest(agent, "over", now)
    ended = replace(agent.contact, phase="") if agent.contact else None
    return _to(replace(agent, contact=ended, wrap_until=now + wrap_up_s), "over", "wrap_up", now)


def done(agent: Agent, now: float) -> Agent:
    """Wrap-up is over, by the agent's word or by time."""
    return _rest(agent, "done", now)


def sleep(agent: Agent, now: float) -> Agent:
    """No sign of life from the desk."""
    slept = agent.slept if agent.away else now
    return _to(replace(agent, away=True, slept=slept), "sleep", agent.state, now, agent.reason)


def wake(agent: Agent, now: float) -> Agent:
    """It lives: all is as it was."""
    return _to(replace(agent, away=False), "wake", agent.state, now, agent.reason)


def _rest(agent: Agent, event: str, now: float) -> Agent:
    state: State = "busy" if agent.next else "ready"
    return _to(replace(agent, contact=None, next=""), event, state, now, agent.next)


def _phase(agent: Agent, move: tuple[str, Phase], with_: str, now: float) -> Agent:
    event, phase = move
    contact = replace(agent.contact, phase=phase, with_=with_) if agent.contact else None
    return _to(replace(agent, contact=contact), event, "talking", now)


def _to(agent: Agent, event: str, state: State, now: float, reason: str = "") -> Agent:  # noqa: PLR0913, PLR0917
    """The agent in the state that the event leads to; ``since`` only where it is another one."""
    if state not in TABLE.get((agent.state, event), ()):
        raise Illegal(agent.state, event)
    why = (reason or (agent.reason if agent.state == state else "")) if state in ("busy", "signed_out") else ""
    same = agent.state == state and agent.reason == why
    until = agent.wrap_until if state == "wrap_up" else 0.0
    return replace(agent, state=state, reason=why, since=agent.since if same else now, wrap_until=until)
