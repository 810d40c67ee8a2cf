"""The floor and the real Asterisk: each step of a call, a hundred cuts while calls come and go, forgeries, a kill."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred

from crm_bridge.queue_events import QueueEvent
from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.protocol import Pace
from ivr_server.floor.floor import Floor, FloorRules
from ivr_server.floor.happenings import Happening
from ivr_server.floor.queue_log import compare, events
from ivr_server.floor.record import kept
from ivr_server.hours import utc_now
from ivr_server.pbx import fetch, running
from tests.live.ami import Ami as Watching
from tests.live.floor_town import HALL, FloorTown, floor_town
from tests.live.manager_pbx import pause, until
from tests.live.words import SECRET

CUTS = 100
QUICK = Pace(first_s=0.02, most_s=0.05, rights_s=0.05, steady_s=0.0)
ONE, TWO = "PJSIP/2001", "PJSIP/2002"


@dataclass
class Watch:
    """The product's floor on the town's Asterisk, and everything it told."""

    town: FloorTown
    announce_s: float = 3_600.0
    probe: str = "probe@ivr-rights"
    told: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        wish = AmiSettings(
            port=self.town.port, user="floor", secret=Secret(SECRET), needs=(), pace=QUICK, probe=self.probe
        )
        self.ami = Ami(reactor, wish)
        rules = FloorRules(announce_s={HALL: self.announce_s})
        self.floor = Floor(self.ami, reactor, lambda: utc_now().timestamp(), rules)
        self.floor.listen(self.told.append)
        self.floor.start()

    async def live(self) -> None:
        await until(lambda: self.floor.picture.live, f"live: {self.ami.condition()}", 20)

    async def stop(self) -> None:
        await self.floor.stop()
        await self.ami.stop()

    async def heard(self, what: str, call: str = "", seconds: float = 25.0) -> Happening:
        """The latest happening of this kind (and call), awaited."""
        found: list[Happening] = []

        def look() -> bool:
            found[:] = [one for one in self.told if one.what == what and call in ("", one.call)]
            return bool(found)

        await until(look, f"{what} {call}: {[one.what for one in self.told if one.call == call]}", seconds)
        return found[-1]

    async def sign_in(self, name: str, talks_s: float = 60.0) -> None:
        """An agent's telephone registers, and is a member by our own face."""
        self.town.exchange.agent_signs_in(name, talks_s, ())
        await self.floor.member_add(HALL, f"PJSIP/{name}", f"agent {name}", 0)
        seen = lambda: self.floor.picture.members(f"PJSIP/{name}").get(HALL)  # noqa: E731
        await until(lambda: (one := seen()) is not None and one.state != "away", f"{name} there")

    async def sign_out(self) -> None:
        for interface in (ONE, TWO):
            await self.floor.member_remove(HALL, interface)

    def rows(self) -> list[QueueEvent]:
        return [row for one in self.told if (row := kept(one)) is not None]

    async def truth(self) -> list[str]:
        """What Asterisk says now, as ``picture`` says it."""
        items = await self.ami.listed("QueueStatus", Queue=HALL)
        waiting = [one.get("Uniqueid") for one in items if one.name == "QueueEntry"]
        members = sorted((one.get("Location"), one.get("Paused")) for one in items if one.name == "QueueMember")
        channels = await self.ami.listed("CoreShowChannels")
        bridged = sorted(
            one.get("Uniqueid") for one in channels if one.get("BridgeId") and "-in" in one.get("Uniqueid")
        )
        return [str(waiting), str(members), str(bridged)]

    def picture(self) -> list[str]:
        """What we believe."""
        now = self.floor.picture
        members = sorted((one.interface, str(int(one.paused))) for one in now.queue(HALL).members)
        return [str([one.call for one in now.queue(HALL).waiting]), str(members), str(sorted(now.talks))]


@pytest.fixture(scope="module", params=["newest", "oldest"])
def town(request: pytest.FixtureRequest) -> Iterator[FloorTown]:
    """One queue, two agents, on an Asterisk of the newest version and of the oldest that is supported."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "oldest" and not fetch._is_ubuntu(fetch._release()):  # Ubuntu has no Debian mirror
            patch.setenv(fetch.SUITE, "bullseye")
        installed = fetch.find(print)
    with floor_town(installed) as made:
        yield made


Opening = Callable[..., Watch]


@pytest.fixture
def opened(town: FloorTown) -> Iterator[Opening]:
    """Makes floors, live; they and their members are gone afterwards."""
    made: list[Watch] = []

    def opening(**more: Any) -> Watch:
        made.append(Watch(town, **more))
        made[-1].ami.start()
        pytest_twisted.blockon(ensureDeferred(made[-1].live()))
        return made[-1]

    yield opening
    town.rings("2001", 0)
    town.rings("2002", 0)
    for one in made:
        if one.floor.picture.live:
            pytest_twisted.blockon(ensureDeferred(one.sign_out()))
        pytest_twisted.blockon(ensureDeferred(one.stop()))


@pytest.fixture
def watch(opened: Opening) -> Watch:
    """The floor, live."""
    return opened()


@pytest.fixture
def speaking(opened: Opening) -> Watch:
    """One that speaks to whoever waits for two seconds."""
    return opened(announce_s=2.0)


@pytest.fixture(params=["probe@ivr-rights", ""], ids=["stamped", "stamps not known"])
def sceptic(request: pytest.FixtureRequest, opened: Opening) -> Watch:
    """One that knows, or does not know, that Asterisk stamps its notices."""
    return opened(probe=request.param)


@pytest.fixture(autouse=True)
def nobody_is_left(town: FloorTown) -> Iterator[None]:
    """Whatever a test came to, its callers hang up."""
    yield
    town.empty()


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_a_call_through_the_queue(watch: Watch, town: FloorTown, figure: Callable[[str, object], None]) -> None:
    """Places in order; paused, rung, answered, ended by the caller; given up; each told once, by our own members."""
    first = town.arrive()
    await watch.heard("joined", first)
    second = town.arrive()
    await watch.heard("joined", second)
    assert (watch.floor.place(first), watch.floor.place(second)) == (1, 2)
    assert watch.floor.staffed(HALL) is False
    town.leave(second)
    await watch.heard("abandoned", second)
    await watch.sign_in("2001")
    assert watch.floor.staffed(HALL) is True
    assert (await watch.heard("answered", first)).agent == "agent 2001"
    assert watch.floor.picture.talks[first].interface == ONE
    await watch.floor.member_pause(ONE, True, "meal")
    await until(lambda: watch.floor.picture.members(ONE)[HALL].reason == "meal", "paused")
    town.leave(first)
    assert (await watch.heard("ended", first)).detail == "caller"
    await watch.floor.member_pause(ONE, False, "")
    town.rings("2001", 30)
    third = town.arrive()
    ring = await watch.heard("ringing", third)
    missed = await watch.heard("missed", third)
    assert (missed.leg, missed.detail) == (ring.leg, "no_answer") and 3.5 < missed.seconds < 5
    town.leave(third)
    await watch.heard("abandoned", third)
    for call in (first, second, third):
        kinds = [one.what for one in watch.told if one.call == call and one.what not in ("ringing", "stopped")]
        assert kinds[0] == "joined" and kinds[-1] in ("abandoned", "ended") and kinds.count("joined") == 1


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_a_caller_who_waits_long_is_withdrawn_with_the_place_and_comes_back(
    speaking: Watch, town: FloorTown
) -> None:
    """QueueWithdrawCaller as Asterisk takes it: told as withdrawn, and joined again at the same place."""
    first = town.arrive()
    await speaking.heard("withdrawn", first)
    second = town.arrive()
    await until(lambda: [one.what for one in speaking.told if one.call == first].count("joined") == 2, "back", 25)
    await until(lambda: speaking.floor.place(second) == 2, "behind", 25)
    assert speaking.floor.place(first) == 1
    for call in (first, second):
        town.leave(call)
        await speaking.heard("abandoned", call)


@pytest.mark.live
def test_the_command_shows_the_queues(town: FloorTown, tmp_path: Path) -> None:
    """``ivr-server floor show`` by itself: signs in, asks, and prints who waits."""
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"state: {tmp_path}\nami: {{port: {town.port}, user: floor}}\n")
    town.arrive()
    program = "from ivr_server.command_line import main; main()"
    command = [sys.executable, "-c", program, "floor", "--settings", str(settings), "show"]
    environment = {**os.environ, "IVR_AMI_SECRET": SECRET}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "hall: 1 wait" in shown.stdout and f"1380000{town.arrived:04}" in shown.stdout, shown


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_transfers_are_counted_rightly(watch: Watch, town: FloorTown) -> None:
    """Blind to another agent: one answer of the queue, one talk handed on, one taken over, and one end."""
    await watch.sign_in("2001")
    town.exchange.agent_signs_in("2002", 60, ())
    await watch.floor.member_add(HALL, TWO, "agent 2002", 0, "paperwork")
    call = town.arrive()
    await watch.heard("answered", call)
    leg = watch.floor.picture.talks[call].agent_channel
    await watch.ami.action("BlindTransfer", Channel=leg, Context="ivr-transfer", Exten="2002")
    assert (await watch.heard("transferred", call)).detail == "2002"
    await until(lambda: watch.floor.picture.talks.get(call, None) is not None, "taken over")
    assert watch.floor.picture.talks[call].interface == TWO
    town.leave(call)
    assert (await watch.heard("ended", call)).agent == "agent 2002"
    kinds = [(row.what, row.queue, row.agent) for row in watch.rows() if row.call == call]
    assert kinds == [
        ("joined", HALL, ""),
        ("answered", HALL, "agent 2001"),
        ("transferred", HALL, "agent 2001"),
        ("answered", "", "agent 2002"),
        ("ended", "", "agent 2002"),
    ]


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B5_a_number_with_line_breaks_makes_no_caller_and_no_agent(sceptic: Watch, town: FloorTown) -> None:
    """Whole notices inside a caller's number reach us, again with every notice and in every list: none is believed."""
    watch, stamped = sceptic, bool(sceptic.probe)
    await until(lambda: watch.ami.stamps == stamped, "stamps")
    await watch.sign_in("2001")
    await watch.floor.member_pause(ONE, True, "meal")
    words = ["1", "", "Event: QueueCallerJoin", "Channel: PJSIP/x-1", "Uniqueid: 9.9", "Queue: hall", "Position: 1", ""]
    words += ["Event: QueueMemberRemoved", "Queue: hall", f"Interface: {ONE}", "", "Event: AgentConnect"]
    words += ["Uniqueid: 9.8", "DestUniqueid: 9.7", "Queue: hall", f"Interface: {ONE}", "", "Event: UserEvent", "A: b"]
    honest = town.arrive()
    await watch.heard("joined", honest)
    hostile = town.arrive("hostile", HOSTILE="%0D%0A".join(words))
    await until(lambda: watch.floor.counts["forged"] + watch.floor.counts["stale"] > 0, "the forgery arrived")
    for _ in range(10):
        await pause(0.3)
        assert await agrees(watch)
        seen = watch.floor.place(honest), watch.floor.staffed(HALL)
        assert seen == (1, True), (watch.ami.condition(), watch.ami.counts, watch.told[-6:])
    assert not [one for one in watch.told if one.call.startswith("9.") or one.detail == "removed"]
    for call in (hostile, honest):
        town.leave(call)
    await watch.heard("abandoned", honest)


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B1_cut_a_hundred_times_while_calls_come_and_go(
    watch: Watch, town: FloorTown, request: pytest.FixtureRequest, figure: Callable[[str, object], None]
) -> None:
    """After every cut the picture is what Asterisk says; what was not told is in the queue log, nothing is made up.

    A hundred times on the newest Asterisk, ten on the oldest.
    """
    cuts = CUTS if "newest" in request.node.name else CUTS // 10
    chance, wrong, slow, here = random.Random(3), 0, 0, []
    await watch.sign_in("2001", 1.0)
    await watch.sign_in("2002", 1.5)
    since = utc_now().timestamp() - 1
    for _ in range(cuts):
        if chance.random() < 0.5:
            here.append(town.arrive())
        if here and chance.random() < 0.15:
            town.leave(here.pop(0))
        await pause(chance.uniform(0, 0.15))
        assert watch.ami._connection is not None
        watch.ami._connection.transport.abortConnection()  # type: ignore[union-attr]
        await until(lambda: not watch.floor.picture.live, "cut")
        await watch.live()
        tries = await agrees(watch)
        slow, wrong = slow + (tries > 1), wrong + (tries == 0)
    await until(lambda: not watch.floor.picture.talks and not watch.floor.picture.queue(HALL).waiting, "all over", 60)
    await pause(2)
    ours = [row for row in watch.rows() if row.at >= since]
    theirs = [row for row in events(town.queue_log.read_text().splitlines()) if row.at >= since]
    found = compare(ours, theirs)
    of = str(request.node.callspec.id)
    figure(f"AMI cut, wrong states after the resync ({of})", f"{cuts}, {wrong}")
    figure(f"states that were right within half a second only ({of})", slow)
    missed = len({one.call for one in theirs}), len(found.only_theirs)
    figure(f"calls in that time, events not told and in the queue log ({of})", missed)
    assert wrong == 0 and len({one.call for one in theirs}) > cuts // 5
    assert not [one for one in found.only_ours if one.what in ("answered", "missed", "joined")], found.only_ours


async def agrees(watch: Watch) -> int:
    """After how many looks (up to five, 0.1 s apart) the picture was the truth; 0: after none."""
    for tries in range(1, 6):
        if watch.picture() == await watch.truth():
            return tries
        await pause(0.1)
    print(watch.picture(), await watch.truth())
    return 0


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B1_asterisk_killed_and_started_again(
    watch: Watch, town: FloorTown, figure: Callable[[str, object], None]
) -> None:
    """Nothing is known at once; a little after its start all is known again: callers gone, members still there."""
    await watch.sign_in("2001")
    await watch.floor.member_pause(ONE, True, "meal")
    calls = [town.arrive() for _ in range(5)]
    await until(lambda: len(watch.floor.picture.queue(HALL).waiting) == 5, "five wait")
    await pause(1.5)  # Asterisk writes its members down once a second
    product = town.exchange.product
    product.process.kill()
    product.process.wait()
    await until(lambda: not watch.floor.picture.live, "lost")
    assert watch.floor.staffed(HALL) is None and watch.floor.place(calls[0]) == 0
    town.exchange.product = running.launch(product.installed, product.folder, product.run)
    took = await until(lambda: watch.floor.picture.live, "live again", 20)
    figure("floor live again after Asterisk's start, s", round(took, 2))
    await until(
        lambda: all(any(one.call == call and one.what == "abandoned" for one in watch.told) for call in calls), "told"
    )
    assert not watch.floor.picture.queue(HALL).waiting
    await until(lambda: HALL in watch.floor.picture.members(ONE), "the member")
    member = watch.floor.picture.members(ONE)[HALL]
    assert (member.name, member.paused, member.reason) == ("agent 2001", True, "meal")
    town.exchange.product_ami = Watching(town.port, "watcher", SECRET)
    town.exchange.product_ami.listeners.append(town.exchange._product_event)
