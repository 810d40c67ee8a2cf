"""Everybody who sits: their states as the floor's happenings and their own words move them, kept and put to Asterisk.

Theory. A move is made in memory at once, and whoever listens is told. What follows from it is *settled* behind it, one
settling for each person at a time, the newest state only: the row of the shift in the database, and the device's place
in its queues (member or not, paused for which reason). Settling compares what should be with the floor's picture, so it
can be done again at any time: it is, once a second for whatever failed, and for everybody after each resync.

The database may be away: the state lives on in memory. Asterisk may be away: members are put right at the resync. A
device of ours in a queue at which nobody sits is taken out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from crm_bridge import shifts
from crm_bridge.answers import LookUpFault
from ivr_server.again import again
from ivr_server.agents import state
from ivr_server.agents.house import FloorFace, House, Store
from ivr_server.agents.keeping import as_agent, as_shift
from ivr_server.agents.state import Agent, Contact, Illegal
from ivr_server.ami.faults import AmiFault
from ivr_server.floor.happenings import Happening
from ivr_server.floor.picture import Ring, Talk

SWEEP_S: Final = 1.0
LOST_S: Final = 2.0  # how long a ring or a talk may be missing in the picture before it is believed to be over
MOST_GIVEN: Final = 2_000
GONE_S: Final = 60.0  # a desk asleep so long counts as nobody: Asterisk would let callers wait for it
SHORT_S: Final = 5.0  # a ring that was over sooner, because the caller's own time was, is no miss of the agent's
Event = Callable[[Agent, float], Agent]
Changed = Callable[[Agent, Agent, Happening | None], None]  # before, after, what made it
REJOIN_S: Final = 25.0
log = Logger()


class Roll:
    """The people. ``changed`` is told of each move. ``start`` it, ``await stop()`` it."""

    def __init__(self, house: House, floor: FloorFace, store: Store, reactor: Any) -> None:
        self.house = house
        self.floor = floor
        self.agents: dict[str, Agent] = {}
        self.changed: list[Changed] = []
        self._store = store
        self._reactor = reactor
        self._due: dict[str, None] = {}
        self._settling: set[str] = set()
        self._waiting: list[Deferred[None]] = []
        self._unsaved: set[str] = set()
        self._recovered = False  # until then a member whom we do not know may be one of ours
        self.dialled: dict[str, str] = {}  # agent -> the number that their telephone was asked to dial
        self._given: OrderedDict[str, str] = OrderedDict()  # call -> the agent who transferred it
        self._missing: dict[str, float] = {}  # agent -> since when their call is not in the picture
        self._rejoining: dict[str, float] = {}  # agent -> until when their talk may be on its way to a new leg
        self._end: Callable[[], None] = lambda: None
        self._sweeping = again(reactor, self.sweep)

    def start(self) -> None:
        """Follow the floor."""
        self._end = self.floor.listen(self.heard)
        self._sweeping.start(SWEEP_S, now=False)

    async def recover(self) -> int:
        """Who sat when the last process ended; how many. LookUpFault while the database is away."""
        for shift in await self._store.run(shifts.everybody):
            agent, known = as_agent(shift), self.of(shift.name)
            if agent is not None and known.device is None:  # a page that was quicker than the database sits nowhere
                self._restore(known, agent)
        self._recovered = True
        if self.floor.picture.live:
            self.resynced()
        return len(self.agents)

    def _restore(self, known: Agent, agent: Agent) -> None:
        for tab in known.tabs:
            agent = state.open_tab(agent, tab, self.house.now())
        self.agents[agent.name] = agent
        self.settle(agent.name)
        for told in self.changed:
            told(known, agent, None)

    async def stop(self) -> None:
        """Settle what can be settled. Members stay: Asterisk goes on without us."""
        self._end()
        if self._sweeping.running:
            self._sweeping.stop()
        await self.settled()
        for name in tuple(self._unsaved):
            await self._save(name)

    # --- who is where

    def of(self, name: str) -> Agent:
        """The agent of a name; one who never sat is signed out."""
        return self.agents.get(name) or Agent(name=name)

    def at(self, interface: str) -> Agent | None:
        """Who sits at a device."""
        return next((one for one in self.agents.values() if one.device and one.device.interface == interface), None)

    def ring_of(self, agent: Agent) -> Ring | None:
        """What rings at the agent's device."""
        interface = agent.device.interface if agent.device else ""
        return next((ring for ring in self.floor.picture.rings.values() if ring.interface == interface), None)

    def talk_of(self, agent: Agent) -> Talk | None:
        """The talk at the agent's device."""
        interface = agent.device.interface if agent.device else ""
        return next((talk for talk in self.floor.picture.talks.values() if talk.interface == interface), None)

    # --- moves

    def move(self, name: str, event: Event, why: Happening | None = None) -> Agent:
        """Apply an event to the agent; Illegal when the state does not allow it."""
        before = self.of(name)
        after = event(before, self.house.now())
        self.agents[name] = after
        if after != before:
            self.settle(name)
            for told in self.changed:
                told(before, after, why)
        return after

    def try_move(self, name: str, event: Event, why: Happening | None = None) -> None:
        """The same for what Asterisk tells: a notice that comes too late changes nothing."""
        try:
            self.move(name, event, why)
        except Illegal as late:
            log.debug("for {name}: {late}", name=name, late=str(late))

    def give(self, call: str, name: str) -> None:
        """Remember who transferred a call, for who gets it."""
        self._given[call] = name
        self._given.move_to_end(call)
        while len(self._given) > MOST_GIVEN:
            self._given.popitem(last=False)

    def rejoin(self, name: str) -> None:
        """The agent's caller is on the way to a new leg: the end of the old one is no end of the talk."""
        self._rejoining[name] = self.house.now() + REJOIN_S

    def _on_the_way(self, name: str) -> bool:
        return self.house.now() < self._rejoining.get(name, 0.0)

    # --- what the floor tells

    def heard(self, what: Happening) -> None:
        """A happening of the floor."""
        if what.what == "resync":
            self.resynced()
            return
        agent = self.at(what.interface) if what.interface else None
        if agent is not None:
            self._about(agent, what)
        if what.call and what.what != "ringing":
            self._elsewhere(what)
            self._refused(what)

    def _about(self, agent: Agent, what: Happening) -> None:
        contact = Contact(what.call, what.queue, what.number, given=self._given.get(what.call, ""))
        moves: dict[str, Event] = {
            "ringing": lambda one, now: state.ring(one, contact, now),
            "answered": lambda one, now: state.answer(one, contact, now),
            "missed": lambda one, now: _unanswered(what)(one, what.call, now),
            "stopped": lambda one, now: state.gone(one, what.call, now),
            "ended": lambda one, now: state.over(one, what.call, now, self._wrap_up_s(one, what)),
            "transferred": lambda one, now: state.over(one, what.call, now, self._wrap_up_s(one, what)),
        }
        if what.what == "transferred":
            self.give(what.call, agent.name)
        if what.what == "ended" and what.call == agent.call and self._on_the_way(agent.name):
            return
        if what.what == "answered":
            self._rejoining.pop(agent.name, None)
        if what.what == "returned" and agent.contact is not None and agent.contact.phase == "consulting":
            self.try_move(agent.name, state.come_back, what)
        if what.what in moves:
            self.try_move(agent.name, moves[what.what], what)
        elif what.what == "member":
            self._own_call(agent, what)

    def _own_call(self, agent: Agent, what: Happening) -> None:
        """The device is in use, and no call of the floor is there: the agent dialled."""
        known = self.ring_of(agent) or self.talk_of(agent)
        if what.detail == "in_use" and not known and agent.state in ("ready", "busy", "wrap_up"):
            device = agent.device.name if agent.device else ""
            number = self.dialled.pop(agent.name, "")
            contact = Contact(f"out-{device}-{what.at:.0f}", number=number, out=True)
            self.try_move(agent.name, lambda one, now: state.answer(one, contact, now), what)
        elif what.detail in ("idle", "away") and agent.contact and agent.contact.out and agent.state == "talking":
            self.try_move(agent.name, lambda one, now: state.over(one, one.call, now, 0), what)

    def _wrap_up_s(self, agent: Agent, what: Happening) -> float:
        """Time to write: that of the queue; none after one was asked by a colleague only."""
        if what.detail == "consult":
            return 0.0
        queue = self.house.queues.queue(what.queue or (agent.contact.queue if agent.contact else ""))
        return float((queue or self.house.queues.queues[0]).wrap_up_s)

    def _elsewhere(self, what: Happening) -> None:
        """The caller gave up, or was answered by somebody else: it rings no more at the others."""
        for agent in tuple(self.agents.values()):
            if agent.state == "ringing" and agent.call == what.call and self.ring_of(agent) is None:
                self.try_move(agent.name, lambda one, now: state.gone(one, what.call, now), what)

    def _refused(self, what: Happening) -> None:
        """Whoever was asked did not answer, or is gone: the agent who asked has the caller again."""
        for agent in tuple(self.agents.values()):
            asks = agent.contact is not None and agent.contact.phase == "consulting" and agent.call == what.call
            other = agent.device is not None and agent.device.interface != what.interface
            if asks and other and what.what in ("missed", "ended"):
                self.try_move(agent.name, state.come_back, what)

    def resynced(self) -> None:
        """What Asterisk says now is so: rings and talks that we do not know, and those that are over."""
        for agent in tuple(self.agents.values()):
            self._missing.pop(agent.name, None)
            self.reconcile(agent)
            self.settle(agent.name)
        if self._recovered:
            self._take_out_strangers()

    def reconcile(self, agent: Agent) -> None:
        """Bring the agent to what the picture shows at their device."""
        ring, talk = self.ring_of(agent), self.talk_of(agent)
        if talk is not None and (agent.state != "talking" or agent.call != talk.call):
            contact = Contact(talk.call, talk.queue, talk.number, given=self._given.get(talk.call, ""))
            self.try_move(agent.name, lambda one, now: state.answer(one, contact, now))
        elif ring is not None and talk is None and agent.state != "talking" and agent.call != ring.call:
            contact = Contact(ring.call, ring.queue, ring.number, given=self._given.get(ring.call, ""))
            self.try_move(agent.name, lambda one, now: state.ring(one, contact, now))
        elif agent.state == "ringing" and ring is None:
            self.try_move(agent.name, lambda one, now: state.gone(one, one.call, now))
        elif agent.state == "talking" and talk is None and not self._in_use(agent):
            what = Happening(what="ended", at=self.house.now(), call=agent.call)
            self.try_move(agent.name, lambda one, now: state.over(one, one.call, now, self._wrap_up_s(one, what)), what)

    def _in_use(self, agent: Agent) -> bool:
        members = self.floor.picture.members(agent.device.interface) if agent.device else {}
        return any(one.state == "in_use" for one in members.values())

    # --- by the clock

    def sweep(self) -> None:
        """Once a second: wrap-ups that are over, calls that vanished, what could not be settled."""
        now = self.house.now()
        for agent in tuple(self.agents.values()):
            if agent.state == "wrap_up" and now >= agent.wrap_until:
                self.try_move(agent.name, state.done)
            if self.floor.picture.live:
                self._look_for(agent, now)
        for name in (*self._unsaved, *self._unsettled()):
            self.settle(name)

    def _look_for(self, agent: Agent, now: float) -> None:
        """A ring or a talk that the picture has not had for a while is over, though nobody told."""
        ring, talk = self.ring_of(agent), self.talk_of(agent)
        there = ring is not None and ring.call == agent.call
        if agent.state == "talking":
            there = talk.call == agent.call if talk is not None else self._in_use(agent)
        if agent.state not in ("ringing", "talking") or there or self._on_the_way(agent.name):
            self._missing.pop(agent.name, None)
        elif now - self._missing.setdefault(agent.name, now) >= LOST_S:
            del self._missing[agent.name]
            self.reconcile(agent)

    def _unsettled(self) -> list[str]:
        if not self.floor.picture.live:
            return []
        return [one.name for one in self.agents.values() if one.device and self._members_wrong(one)]

    # --- settling

    def settle(self, name: str) -> None:
        """Keep and carry out what the agent's state asks for, behind whatever is being settled for them."""
        self._due[name] = None
        if name not in self._settling:
            self._settling.add(name)
            Deferred.fromCoroutine(self._settle(name))

    async def settled(self) -> None:
        """When nothing is being settled any more."""
        while self._settling:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            await waiting

    async def _settle(self, name: str) -> None:
        try:
            while name in self._due:
                del self._due[name]
                await self._carry_out(name)
                await self._save(name)
        except Exception:
            log.failure("the state of {name} cannot be settled", name=name)
        finally:
            self._settling.discard(name)
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.callback(None)

    async def _save(self, name: str) -> None:
        self._unsaved.add(name)
        if not self._recovered:  # what stands there is not read yet
            return
        agent = self.of(name)
        try:
            await self._store.run(shifts.keep, as_shift(agent, agent.since or self.house.now()), write=True)
        except LookUpFault as fault:
            log.warn("the state of {name} is not in the database yet: {fault}", name=name, fault=fault)
            return
        if self.of(name) == agent:
            self._unsaved.discard(name)

    async def _carry_out(self, name: str) -> None:
        agent = self.of(name)
        if not self.floor.picture.live or not (self._recovered or agent.device):
            return
        try:
            await self._leave_others(agent)
            if agent.device is not None:
                await self._be_member(agent, agent.device.interface)
        except AmiFault as fault:
            log.warn("the device of {name} is not as it should be yet: {fault}", name=name, fault=fault)

    async def _be_member(self, agent: Agent, interface: str) -> None:
        wanted = self.memberships(agent)
        there = self.floor.picture.members(interface)
        refused: AmiFault | None = None
        for queue, penalty in wanted.items():
            if queue not in there or there[queue].penalty != penalty or there[queue].name != agent.name:
                if queue in there and there[queue].name != agent.name:
                    await self.floor.member_remove(queue, interface)
                try:
                    await self.floor.member_add(queue, interface, agent.name, penalty, agent.paused)
                except AmiFault as fault:  # a queue that Asterisk does not have keeps nobody out of the others
                    if fault.reason != "refused":
                        raise
                    refused = fault
        for queue in there.keys() - wanted.keys():
            await self.floor.member_remove(queue, interface)
        if any((one.reason if one.paused else "") != agent.paused for one in there.values()):
            await self.floor.member_pause(interface, bool(agent.paused), agent.paused)
        if refused is not None:
            raise refused

    def memberships(self, agent: Agent) -> Mapping[str, int]:
        """Queue -> penalty of every queue that the agent's device is to be in now."""
        asleep = agent.away and self.house.now() - agent.slept >= GONE_S
        return {} if asleep else self.house.queues.memberships(agent.name)

    async def _leave_others(self, agent: Agent) -> None:
        """Out of every device that bears the agent's name but is not theirs any more."""
        own = agent.device.interface if agent.device else ""
        for queue in tuple(self.floor.picture.queues.values()):
            for member in queue.members:
                if member.name == agent.name and member.interface != own and member.interface in self.house.interfaces:
                    await self.floor.member_remove(queue.name, member.interface)

    def _members_wrong(self, agent: Agent) -> bool:
        assert agent.device is not None
        there = self.floor.picture.members(agent.device.interface)
        wanted = self.memberships(agent)
        paused = {one.reason if one.paused else "" for one in there.values()}
        return there.keys() != wanted.keys() or (bool(there) and paused != {agent.paused})

    def _take_out_strangers(self) -> None:
        """Devices of ours in a queue, at which nobody sits."""
        held = {one.device.interface for one in self.agents.values() if one.device}
        for queue in self.floor.picture.queues.values():
            for member in queue.members:
                if member.interface in self.house.interfaces - held:
                    Deferred.fromCoroutine(self._take_out(queue.name, member.interface))

    async def _take_out(self, queue: str, interface: str) -> None:
        try:
            await self.floor.member_remove(queue, interface)
        except AmiFault as fault:
            log.warn("{interface} stays in {queue}: {fault}", interface=interface, queue=queue, fault=fault)


def _unanswered(what: Happening) -> Callable[[Agent, str, float], Agent]:
    """Why it rings no more."""
    if what.detail == "rejected":
        return state.reject
    return state.miss if what.seconds >= SHORT_S else state.gone
