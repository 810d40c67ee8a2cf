"""What is done with calls, over Asterisk's manager interface; contexts and keys are those of the shipped dialplan.

A channel's name comes out of notices: it is used only when it is a channel of the agent's own device (FAULTS B5). What
an agent asks for while another one listens is pressed for them as keys of features.conf.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from ivr_server.agents.asked import NotNow
from ivr_server.agents.state import Device
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Message

TRANSFER: Final = "ivr-transfer"
AGENTS: Final = "ivr-agents"
THREE_WAY: Final = "*#73"
RING_MS: Final = 30_000
REJECTED: Final = "21"  # the cause of a call that somebody does not want
NEEDS: Final = ("Redirect", "BlindTransfer", "Atxfer", "CancelAtxfer", "PlayDTMF", "Hangup", "Originate")


class Actions(Protocol):
    """What is used of ``ivr_server.ami.client.Ami``."""

    async def action(self, name: str, fields: tuple[tuple[str, str], ...] = (), **more: str) -> Message:
        """Asterisk's answer; AmiFault when it is no good one."""


class CallControl:
    """Each raises NotNow when Asterisk does not do it; ``None``: no Asterisk is known."""

    def __init__(self, ami: Actions | None) -> None:
        self._ami = ami

    async def transfer(self, device: Device, channel: str, to: str) -> None:
        """The caller goes there at once; the agent is out."""
        await self._do("BlindTransfer", Channel=own(device, channel), Context=TRANSFER, Exten=to)

    async def consult(self, device: Device, channel: str, to: str) -> None:
        """The caller hears music, and the agent whoever is there."""
        await self._do("Atxfer", Channel=own(device, channel), Context=TRANSFER, Exten=to)

    async def come_back(self, device: Device, channel: str) -> None:
        """The one who was asked is let go; the agent has the caller again."""
        await self._do("CancelAtxfer", Channel=own(device, channel))

    async def join(self, device: Device, channel: str) -> None:
        """All three hear each other."""
        for key in THREE_WAY:
            await self._do("PlayDTMF", Channel=own(device, channel), Digit=key, Receive="true", Duration="100")

    async def hang_up(self, device: Device, channel: str) -> None:
        """The agent leaves; after a consultation, the other two talk on."""
        await self._do("Hangup", Channel=own(device, channel), Cause="16")

    async def hang_up_all(self, device: Device, cause: str = "16") -> None:
        """Whatever is at the device ends."""
        await self._do("Hangup", Channel=f"/^PJSIP\\/{re.escape(device.name)}-/", Cause=cause)

    async def send(self, caller: str, to: str) -> None:
        """The caller, by channel, goes to a device or a queue, away from the agent."""
        await self._do("Redirect", Channel=caller, Context=TRANSFER, Exten=to, Priority="1")

    async def dial(self, device: Device, number: str) -> None:
        """The device rings, and then the number."""
        where = {"Channel": device.interface, "Context": AGENTS, "Exten": number, "Priority": "1"}
        await self._do("Originate", **where, CallerID=f'"{number}" <{number}>', Timeout=str(RING_MS), Async="true")

    async def _do(self, action: str, **fields: str) -> None:
        if self._ami is None:
            raise NotNow("asterisk", 503)
        try:
            await self._ami.action(action, tuple(fields.items()))
        except ValueError:
            raise NotNow("field", 422) from None
        except AmiFault as fault:
            raise NotNow("asterisk" if fault.unknown or fault.reason == "away" else "now") from fault


def own(device: Device, channel: str) -> str:
    """The channel, when it is one of the device; NotNow else."""
    if not channel.startswith(f"{device.interface}-"):
        raise NotNow("call")
    return channel
