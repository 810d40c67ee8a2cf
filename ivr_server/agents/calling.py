"""What an agent does with the call in hand: reject, transfer, ask and return, complete, join, hang up, dial.

Whatever is asked names the call; it must be the agent's own. The talk's channels are the floor's, as Asterisk told
them; what comes of an act is told by Asterisk's notices, and the state follows those.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ivr_server.agents import state
from ivr_server.agents.asked import By, Hidden, Kind, NotNow
from ivr_server.agents.control import REJECTED, CallControl
from ivr_server.agents.house import House
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import Agent, Device, Illegal
from ivr_server.floor.picture import Talk

DIGITS: Final = re.compile(r"[0-9]{3,20}\Z")


@dataclass(frozen=True, slots=True)
class Calling:
    """The acts, around one house."""

    house: House
    roll: Roll
    control: CallControl

    async def transfer(self, by: By, call: str, to: str, kind: Kind) -> None:
        """Give the caller to somebody else, or ask there first."""
        agent, device, talk = self._talking(by, call)
        self._sure_place(agent, to, kind)
        if agent.contact is None or agent.contact.phase != "talking":
            raise NotNow("talking")
        if kind == "blind":
            self.roll.give(call, agent.name)
            await self.control.transfer(device, talk.agent_channel, to)
            return
        self.roll.give(call, agent.name)
        await self.control.consult(device, talk.agent_channel, to)
        self.roll.try_move(by.name, lambda one, now: state.consult(one, to, now))

    async def act(self, by: By, call: str, what: str) -> None:
        """One of the acts that need no more than their name."""
        acts: Mapping[str, Callable[[By, str], Awaitable[None]]] = {
            "answer": self._answer,
            "reject": self._reject,
            "return": self._return,
            "complete": self._complete,
            "join": self._join,
            "rejoin": self._rejoin,
            "hang-up": self._hang_up,
            "done": self._done,
        }
        await acts[what](by, call)

    async def dial(self, by: By, number: str) -> None:
        """Ring the agent's telephone, then the number: a colleague's device, or outside by the allow-list."""
        agent, device = self._seated(by)
        if device.kind != "telephone":
            raise NotNow("browser")
        if agent.state in ("ringing", "talking"):
            raise NotNow("ringing" if agent.state == "ringing" else "in_call")
        if number not in self._devices() and not (self.house.dials_out() and DIGITS.match(number)):
            raise NotNow("dial", 422)
        self.roll.dialled[agent.name] = number
        await self.control.dial(device, number)

    async def back_to_queue(self, agent: Agent) -> bool:
        """The agent's caller goes first in the queue they came from; False when there is no such talk."""
        talk = self.roll.talk_of(agent)
        if talk is None or talk.call != agent.call:
            return False
        queue = talk.queue or (agent.contact.queue if agent.contact else "")
        names = self.house.queues.names
        await self.control.send(talk.channel, queue if queue in names else names[0])
        return True

    # --- acts

    async def _answer(self, by: By, call: str) -> None:
        """A telephone is answered by lifting its receiver, and a soft phone by itself."""
        self._own(by, call)
        raise NotNow("now")

    async def _reject(self, by: By, call: str) -> None:
        agent, device = self._own(by, call)
        if agent.state != "ringing":
            raise NotNow("call")
        self.roll.try_move(by.name, lambda one, now: state.reject(one, call, now))  # before Asterisk calls it a miss
        if device.kind == "telephone":  # a soft phone says so itself
            await self.control.hang_up_all(device, REJECTED)

    async def _return(self, by: By, call: str) -> None:
        _agent, device, talk = self._asking(by, call)
        await self.control.come_back(device, talk.agent_channel)
        self.roll.try_move(by.name, state.come_back)

    async def _complete(self, by: By, call: str) -> None:
        _agent, device, talk = self._asking(by, call)
        await self.control.hang_up(device, talk.agent_channel)

    async def _join(self, by: By, call: str) -> None:
        agent, device, talk = self._asking(by, call)
        if agent.contact is not None and agent.contact.phase == "joined":
            return
        asked = agent.contact.with_ if agent.contact else ""
        self.roll.try_move(by.name, state.join)  # before Asterisk tells that the agent is with the caller again
        try:
            await self.control.join(device, talk.agent_channel)
        except NotNow:
            self.roll.try_move(by.name, lambda one, now: state.consult(one, asked, now))
            raise

    async def _rejoin(self, by: By, call: str) -> None:
        """The page was loaded anew: the caller rings at the seat once more, and the page takes it by itself."""
        _agent, device, talk = self._talking(by, call)
        if device.kind != "browser":
            raise NotNow("now")
        self.roll.rejoin(by.name)
        await self.control.send(talk.channel, device.name)

    async def _hang_up(self, by: By, call: str) -> None:
        agent, device = self._own(by, call)
        talk = self.roll.talk_of(agent)
        if agent.state not in ("talking", "ringing"):
            raise NotNow("call")
        if talk is not None and talk.call == call:
            await self.control.hang_up(device, talk.agent_channel)
        else:  # a call that the agent dialled, or one that a colleague asks in
            await self.control.hang_up_all(device)

    async def _done(self, by: By, call: str) -> None:
        self._own(by, call)
        try:
            self.roll.move(by.name, state.done)
        except Illegal:
            raise NotNow("call") from None

    # --- whose, and which

    def _seated(self, by: By) -> tuple[Agent, Device]:
        agent = self.roll.of(by.name)
        if agent.device is None:
            raise NotNow("seated")
        return agent, agent.device

    def _own(self, by: By, call: str) -> tuple[Agent, Device]:
        """The agent, when this is the call in their hands; what is somebody else's is hidden (FAULTS I4)."""
        agent = self.roll.of(by.name)
        if agent.call != call:
            raise Hidden(f"call {call}")
        return self._seated(by)

    def _talking(self, by: By, call: str) -> tuple[Agent, Device, Talk]:
        agent, device = self._own(by, call)
        talk = self.roll.talk_of(agent)
        if agent.state != "talking" or talk is None or talk.call != call:
            raise NotNow("talking")
        return agent, device, talk

    def _asking(self, by: By, call: str) -> tuple[Agent, Device, Talk]:
        agent, device, talk = self._talking(by, call)
        if agent.contact is None or agent.contact.phase not in ("consulting", "joined"):
            raise NotNow("consulting")
        return agent, device, talk

    def _sure_place(self, agent: Agent, to: str, kind: Kind) -> None:
        """Whether a call may go there: to a colleague who can take it, to a queue (not to be asked), or outside."""
        if to in self.house.queues.names:
            if kind == "consult":
                raise NotNow("place", 422)
            return
        holder = self.roll.at(f"PJSIP/{to}")
        if holder is not None and holder.name != agent.name:
            if holder.away or holder.state in ("ringing", "talking"):
                raise NotNow("place_busy")
            return
        if to in self._devices() or not (self.house.dials_out() and DIGITS.match(to)):
            raise NotNow("place", 422)

    def _devices(self) -> frozenset[str]:
        return frozenset((*self.house.seats, *self.house.telephones))
