"""Two desks through everything that can go wrong, in any order: in the end states, queues and Asterisk agree.

B1 B4 D1 C2: notices that are lost while the connection is gone, kills of the server, a database that is away, desks
that sleep, calls that come, ring out, are answered, handed on and over. After a resync and a database that is back,
nobody is in a talk that is over, nobody is paused for another reason than their state's, and nobody has no queue.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ivr_server.agents.asked import NotNow, Sitting
from ivr_server.floor.happenings import Happening
from tests.agents.conftest import LI, WANG
from tests.doubles.agents import Office, done

PEOPLE = {"PJSIP/1001": LI, "PJSIP/1002": WANG}
DESK = st.sampled_from(sorted(PEOPLE))


class Walk(RuleBasedStateMachine):
    """One office, walked through by chance."""

    office: Office
    calls = 0

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.office = Office(f"sqlite:///{Path(self.folder.name) / 'ivr.db'}")
        self.loud = self.office.floor.happen
        self.office.floor.happen = self.told  # type: ignore[method-assign]
        self.awake = set(PEOPLE)
        for who in PEOPLE.values():
            self.office.open(who)
        self.sit("PJSIP/1001")
        self.sit("PJSIP/1002")

    def told(self, what: Happening) -> None:
        """What happens while the connection is gone is told to nobody."""
        if self.office.floor.picture.live:
            self.loud(what)

    def try_(self, work: Any) -> None:
        """What may be refused."""
        try:
            done(work)
        except NotNow:
            return

    # --- people

    @rule(desk=DESK)
    def sit(self, desk: str) -> None:
        seat = desk.rpartition("/")[2]
        self.try_(self.office.room.sit(PEOPLE[desk], Sitting("browser", seat=seat, tab="tab-1")))

    @rule(desk=DESK)
    def rise(self, desk: str) -> None:
        self.try_(self.office.room.rise(PEOPLE[desk]))

    @rule(desk=DESK, busy=st.booleans())
    def turn(self, desk: str, busy: bool) -> None:
        self.try_(self.office.room.turn(PEOPLE[desk], "busy" if busy else "ready", "meal"))

    @rule(desk=DESK)
    def nod_off(self, desk: str) -> None:
        self.awake.discard(desk)

    @rule(desk=DESK)
    def wake(self, desk: str) -> None:
        self.awake.add(desk)

    @rule(seconds=st.sampled_from([1, 4, 21]))
    def time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.office.clock.advance(1)
            for desk in self.awake:
                self.office.room.beat(PEOPLE[desk], "tab-1")

    # --- calls: Asterisk rings only at members who are free

    @rule(desk=DESK)
    def ring(self, desk: str) -> None:
        floor = self.office.floor.picture
        members = floor.members(desk).values()
        busy = any(one.interface == desk for one in (*floor.rings.values(), *floor.talks.values()))
        if members and not any(one.paused for one in members) and not busy:
            self.calls += 1
            self.office.ring(desk, f"c-{self.calls}")

    @rule(desk=DESK)
    def answer(self, desk: str) -> None:
        if self._rings(desk):
            self.office.answer(desk)

    @rule(desk=DESK, rejected=st.booleans(), seconds=st.sampled_from([1.0, 20.0]))
    def miss(self, desk: str, rejected: bool, seconds: float) -> None:
        if self._rings(desk):
            self.office.miss(desk, rejected=rejected, seconds=seconds)

    @rule(desk=DESK)
    def give_up(self, desk: str) -> None:
        if self._rings(desk):
            self.office.give_up(desk)

    @rule(desk=DESK, handed=st.booleans())
    def end(self, desk: str, handed: bool) -> None:
        talks = [talk for talk in self.office.floor.picture.talks.values() if talk.interface == desk]
        for talk in talks:
            self.office.end(talk.call, what="transferred" if handed else "ended")

    def _rings(self, desk: str) -> bool:
        return any(ring.interface == desk for ring in self.office.floor.picture.rings.values())

    # --- what goes wrong

    @rule()
    def lose(self) -> None:
        self.office.lose()

    @rule()
    def resync(self) -> None:
        self.office.floor.picture = replace(self.office.floor.picture, live=True)
        self.loud(Happening(what="resync", at=self.office.now()))

    @rule(away=st.booleans())
    def database(self, away: bool) -> None:
        self.office.store.away = away

    @rule()
    def kill(self) -> None:
        """The server is gone, as kill -9 ends it, and begins anew with the database there."""
        self.office.store.away = False
        self.office.floor._listeners.clear()
        self.office.clock.calls.clear()
        self.office.room = self.office._room()
        done(self.office.room.recover())
        for who in PEOPLE.values():
            self.office.open(who)
        if self.office.floor.picture.live:
            self.loud(Happening(what="resync", at=self.office.now()))

    # --- what holds

    @rule()
    def settle(self) -> None:
        """Everything is back: now it must be right."""
        self.office.store.away = False
        if not self.office.floor.picture.live:
            self.resync()
        self.time(4)
        for desk, who in PEOPLE.items():
            agent = self.office.room.roll.of(who.name)
            talks = {talk.call for talk in self.office.floor.picture.talks.values() if talk.interface == desk}
            rings = {ring.call for ring in self.office.floor.picture.rings.values() if ring.interface == desk}
            if agent.device is None:
                assert self.office.pause_of(desk) == set(), (agent, self.office.floor.picture.members(desk))
                continue
            assert (agent.state == "talking") == bool(talks), (agent, talks)
            assert agent.state != "talking" or agent.call in talks
            assert agent.state != "ringing" or agent.call in rings, (agent, rings)
            asleep = agent.away and self.office.now() - agent.slept >= 60
            wanted = set() if asleep else {agent.paused}
            assert self.office.pause_of(desk) == wanted, (agent, self.office.floor.picture.members(desk))

    def teardown(self) -> None:
        if hasattr(self, "office"):
            self.settle()
            self.office.store.engine.dispose()
            self.folder.cleanup()


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
