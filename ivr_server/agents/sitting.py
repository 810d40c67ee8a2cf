"""Where people can sit: browsers at seats, and desk telephones. One device, one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivr_server.agents.asked import By, NotNow, Shape, Sitting
from ivr_server.agents.house import House
from ivr_server.agents.roll import Roll
from ivr_server.agents.state import Agent, Device

DOMAIN: Final = "ivr.invalid"  # the soft phone's own words; the socket leads to Asterisk whatever stands here
SOCKET: Final = "/sip"


@dataclass(frozen=True, slots=True)
class Seats:
    """The devices of one house."""

    house: House
    roll: Roll

    def choose(self, by: By, where: Sitting) -> Device:
        """The device asked for; a seat of their own, or any free one. NotNow when there is none for them."""
        if where.device == "telephone":
            if where.telephone not in self.house.telephones:
                raise NotNow("telephone", 422)
            device = Device("telephone", where.telephone)
        else:
            device = Device("browser", self._seat(by, where.seat))
        self._may_change(self.roll.of(by.name), device)
        holder = self.roll.at(device.interface)
        if holder is not None and holder.name != by.name:
            raise NotNow("seat_taken")
        return device

    def told(self, device: Device) -> Shape:
        """What the page needs for its soft phone; nothing for a telephone."""
        if device.kind == "telephone":
            return {"seat": device.name, "device": device.kind, "sip": None}
        password = self.house.seats[device.name].reveal()
        sip = {"uri": f"sip:{device.name}@{DOMAIN}", "user": device.name, "password": password, "url": SOCKET}
        return {"seat": device.name, "device": device.kind, "sip": sip}

    def _seat(self, by: By, asked: str) -> str:
        if asked:
            if asked not in self.house.seats:
                raise NotNow("seat", 422)
            return asked
        agent = self.roll.of(by.name)
        if agent.device is not None and agent.device.kind == "browser":
            return agent.device.name
        taken = {one.device.name for one in self.roll.agents.values() if one.device}
        free = next((seat for seat in self.house.seats if seat not in taken), "")
        if not free:
            raise NotNow("no_seat")
        return free

    @staticmethod
    def _may_change(agent: Agent, device: Device) -> None:
        """Not in the middle of a call; the same device again is no change."""
        if agent.device not in (None, device) and agent.state in ("ringing", "talking"):
            raise NotNow("ringing" if agent.state == "ringing" else "in_call")
