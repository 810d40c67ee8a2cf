"""The floor, the client and a double of Asterisk with one queue, in memory, on a clock that stands still."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.wire import Message
from ivr_server.floor.callers import settle_all
from ivr_server.floor.floor import Floor, FloorRules
from ivr_server.floor.happenings import Happening
from ivr_server.floor.notices import after
from ivr_server.floor.picture import Picture
from tests.ami.stage import SECRET, Stage
from tests.doubles.asterisk_manager import AsteriskManager
from tests.doubles.hall import QUEUE, Hall

RECORDED = Path(__file__).parent / "recorded"


def replay(picture: Picture, notices: list[Message]) -> tuple[Picture, list[Happening]]:
    """The picture after these notices, each at its own stamp, and what happened."""
    told: list[Happening] = []
    for notice in notices:
        at = float(notice.get("Timestamp") or picture.at)
        for step in (lambda now, at=at: settle_all(now, at), lambda now, at=at, one=notice: after(now, one, at)):
            picture, more = step(picture)
            told += more
    return picture, told


def recorded(name: str) -> list[Message]:
    """The notices of a recorded log; the file says in its first line how it was made."""
    lines = gzip.decompress((RECORDED / f"{name}.jsonl.gz").read_bytes()).decode().splitlines()[1:]
    return [
        Message("notice", name, tuple((key, value) for key, value in fields)) for name, fields in map(json.loads, lines)
    ]


@dataclass
class FloorStage:
    """``go(seconds)`` lets time pass; ``told`` is everything that happened. ``start()`` brings it to live."""

    announce_s: float = 45.0
    stage: Stage = field(default_factory=Stage)
    told: list[Happening] = field(default_factory=list)
    stamps: bool = True

    def __post_init__(self) -> None:
        self.manager: AsteriskManager = self.stage.manager
        self.manager.write = "call,reporting,originate,agent"
        self.hall = Hall(self.manager, stamps=self.stamps)
        wish = AmiSettings(secret=Secret(SECRET), needs=())
        self.ami = self.stage.ami = Ami(self.stage.clock, wish, self.manager.endpoint(), lambda: 0.5)
        rules = FloorRules(announce_s={QUEUE: self.announce_s})
        began = self.hall.epoch
        self.floor = Floor(self.ami, self.stage.clock, lambda: began + self.stage.clock.seconds(), rules)
        self.floor.listen(self.told.append)
        self.floor.start()

    def start(self) -> FloorStage:
        self.ami.start()
        self.go(2.5)
        assert self.floor.picture.live, self.ami.condition()
        return self

    def go(self, seconds: float = 0.0) -> None:
        self.stage.go(seconds)

    def kinds(self, *unwanted: str) -> list[str]:
        """What happened, in order, without members' changes."""
        return [one.what for one in self.told if one.what not in ("member", *unwanted)]

    def wrong(self) -> list[str]:
        """Where the picture is not the truth."""
        hall, now = self.hall, self.floor.picture.queue(QUEUE)
        seen = [one.call for one in now.waiting]
        talks = sorted((one.call, one.interface) for one in self.floor.picture.talks.values())
        members = sorted((one.interface, one.paused, one.reason, one.state) for one in now.members)
        states = {1: "idle", 2: "in_use", 5: "away", 6: "ringing"}
        truth = sorted((one.interface, bool(one.paused), one.paused, states[one.status]) for one in hall.seats)
        wrong = []
        if seen != [one.call for one in hall.waiting]:
            wrong.append(f"waiting: {seen}, in truth {[one.call for one in hall.waiting]}")
        if talks != sorted((one.call, one.seat.interface) for one in hall.talking if one.seat):
            wrong.append(f"talks: {talks}, in truth {[one.call for one in hall.talking]}")
        if members != truth:
            wrong.append(f"members: {members}, in truth {truth}")
        return wrong
