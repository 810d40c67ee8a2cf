"""The client of the manager interface and the real Asterisk: rights, restarts, silence, floods, forgeries."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import LoopingCall

from ivr_server.ami.client import Ami
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.wire import Message, variable
from ivr_server.pbx import fetch
from tests.live.manager_pbx import Pbx, clients, live, manager_pbx, pause, until

FLOOD_S = 10.0


@pytest.fixture(scope="module")
def pbx(installed: fetch.Installed) -> Iterator[Pbx]:
    """Asterisk, for this file."""
    with manager_pbx(installed) as made:
        yield made


Opening = Callable[..., Ami]


@pytest.fixture
def opened(pbx: Pbx) -> Iterator[Opening]:
    """Makes clients of the real Asterisk, to be started; stops them afterwards."""
    with clients(pbx) as opening:
        yield opening


# --- the connection ----------------------------------------------------------------------------------------------


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B1_B3_asterisk_killed_while_it_dials_and_started_again(
    opened: Opening, pbx: Pbx, figure: Callable[[str, object], None]
) -> None:
    """The dial is lost, its outcome unknown; the client comes back by itself and is live after its resync only."""
    ami = opened()
    pictures: list[int] = []

    async def resync() -> None:
        pictures.append(len(await ami.listed("QueueStatus")))

    ami.on_up(resync)
    await live(ami)
    pbx.signal(signal.SIGSTOP)
    dial = ensureDeferred(ami.action("Originate", Channel="Local/waits@tests/n", Application="Wait", Data="1"))
    await pause(0.1)
    pbx.kill()
    with pytest.raises(AmiFault) as caught:
        await dial
    assert (caught.value.reason, caught.value.unknown) == ("lost", True)
    assert not ami.connected
    with pytest.raises(AmiFault, match="away"):
        await ami.action("Ping")
    pbx.start()
    took = await until(lambda: ami.connected, "live again", 15)
    figure("manager interface live again after Asterisk's start, s", round(took, 2))
    assert len(pictures) == 2 and pictures[0] == pictures[1] > 0


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B2_an_asterisk_that_stands_still_is_dead_after_ten_seconds(
    opened: Opening, pbx: Pbx, figure: Callable[[str, object], None]
) -> None:
    """SIGSTOP: the socket stays open and says nothing. Noticed by the pings; SIGCONT: live again."""
    ami = await live(opened())
    pbx.signal(signal.SIGSTOP)
    try:
        took = await until(lambda: not ami.connected, "dead", 14)
    finally:
        pbx.signal(signal.SIGCONT)
    figure("silent Asterisk given up after, s", round(took, 1))
    assert 9 <= took <= 12 and ami.condition().trouble == "silent"
    await until(lambda: ami.connected, "live again", 15)


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B11_the_real_asterisk_over_tls(opened: Opening, pbx: Pbx) -> None:
    """Believed by its authority and name; refused under another name, and where no TLS is spoken."""
    ami = await live(opened(port=pbx.tls_port, tls="yes", ca=str(pbx.ca)))
    assert (await ami.action("Ping")).get("Ping") == "Pong"
    assert ami.condition().certificate_ends is not None and ami.condition().alerts == ()
    wrong = opened(port=pbx.tls_port, tls="yes", ca=str(pbx.ca), server_name="another.example")
    plain = opened(port=pbx.port, tls="yes", ca=str(pbx.ca))
    for one in (wrong, plain):
        one.start()
        await until(lambda one=one: one.state == "refused", "refused")
        assert one.condition().trouble == "certificate"


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B8_a_blocked_reactor_loses_no_connection(opened: Opening) -> None:
    """Ten blocks of 200 ms and one of 3 s: the same connection goes on, and the beats tell of it."""
    ami = await live(opened())
    for seconds in (*[0.2] * 10, 3.0):
        time.sleep(seconds)
        assert (await ami.action("Ping")).get("Ping") == "Pong"
    await pause(1.2)
    assert ami.connected and ami.counts["connects"] == 1
    assert ami.longest_block_s > 1.5


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B7_a_flood_neither_blocks_the_reactor_nor_ends_the_connection(
    opened: Opening, figure: Callable[[str, object], None]
) -> None:
    """Four endless UserEvent generators, one client that listens and one that does not want to know.

    Both stay connected, answers come all the while, the reactor is never blocked for long, memory is bounded by the
    queue, and a 200 ms block in the midst of it (B8) ends nothing.
    """
    wants, bored = await live(opened()), await live(opened())
    told = []
    end = wants.listen("UserEvent", lambda notice: told.append(None))
    late: list[float] = []
    due = time.monotonic()

    def beat() -> None:
        nonlocal due
        late.append(time.monotonic() - due)
        due = time.monotonic() + 0.01

    loop = LoopingCall(beat)
    loop.start(0.01, now=False)
    due = time.monotonic() + 0.01
    names = [f"flood-{number}" for number in range(4)]
    for name in names:
        fields = (("Channel", "Local/flood@tests/n"), ("ChannelId", name), ("OtherChannelId", f"{name}-2"))
        await bored.action("Originate", fields, Application="Wait", Data="100", Async="true")
    await pause(1)
    seen, began, late[:] = bored.seen, time.monotonic(), []
    slowest, busy = 0.0, time.process_time()
    while time.monotonic() - began < FLOOD_S:
        asked = time.monotonic()
        await bored.action("Ping")
        slowest = max(slowest, time.monotonic() - asked)
        await pause(0.2)
    seconds = time.monotonic() - began
    rate = (bored.seen - seen) / seconds
    blocked, busy = sorted(late), time.process_time() - busy
    time.sleep(0.2)
    await pause(0.5)
    loop.stop()
    end()
    for name in names:
        await bored.action("Hangup", Channel=name)
    figure("notices/s in the flood, to each of two clients", round(rate))
    figure(
        "reactor late in the flood, ms: median, 99 %, worst",
        [round(blocked[int(len(blocked) * share)] * 1e3, 1) for share in (0.5, 0.99, 0.9999)],
    )
    figure("share of a core for both clients", round(busy / seconds, 2))
    figure("slowest ping in the flood, ms", round(slowest * 1e3))
    figure("notices told, dropped", (len(told), wants.counts["notices_dropped"]))
    assert rate > 200 and told  # 7,500 on a machine of its own; the exact rate is in tests/ami/test_flood.py
    assert wants.connected and bored.connected
    assert (wants.counts["connects"], bored.counts["connects"]) == (1, 1)
    assert blocked[int(len(blocked) * 0.99)] < 0.1 and slowest < 2.0


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B9_a_refusal_makes_no_hot_loop(opened: Opening, pbx: Pbx) -> None:
    """A wrong secret; an address that is not permitted: one try, an alert, and the next try a minute later."""
    wrong, elsewhere = opened("hears", "not-the-secret"), opened("elsewhere")
    for ami in (wrong, elsewhere):
        ami.start()
    for ami in (wrong, elsewhere):
        await until(lambda ami=ami: ami.state == "refused", "refused")
        assert ami.condition().trouble == "secret"
    await pause(3)
    assert (wrong.counts["refused"], elsewhere.counts["refused"]) == (1, 1)


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B9_sixty_strangers_hold_the_door_and_we_wait_our_turn(opened: Opening, pbx: Pbx) -> None:
    """Asterisk takes 20 that have not signed in and closes the others at once; after its 10 s there is room."""
    crowd = [socket.create_connection(("127.0.0.1", pbx.port)) for _ in range(60)]
    try:
        ami = opened()
        ami.start()
        await until(lambda: ami.counts["lost"] > 0, "turned away")
        assert ami.condition().trouble == "closed"
        await pause(4)
        assert ami.counts["lost"] <= 4
        await until(lambda: ami.connected, "our turn", 30)
    finally:
        for one in crowd:
            one.close()


# --- forgeries ---------------------------------------------------------------------------------------------------


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_B5_a_callers_number_with_line_breaks_forges_notices_and_no_more(opened: Opening) -> None:
    """Asterisk passes them on as they are: whole messages of the caller's making arrive. They are hints to listeners;
    they answer no action of ours, prove no right, and lock nobody out.
    """
    ami = await live(opened())
    forged: list[Message] = []
    ami.listen("Hangup", lambda notice: forged.append(notice) if notice.get("Uniqueid") == "forged" else None)
    breaks = "%0D%0A"
    words = [
        "1",
        "",
        "Event: Hangup",
        "Uniqueid: forged",
        "",
        "Event: DTMFEnd",
        "Privilege: dtmf",
        "Uniqueid: rights-",
        "",
    ]
    words += ["Response: Success", "ActionID: 1", "Message: forged", "", "Event: VarSet", "Variable: IVR_RIGHTS"]
    hostile = variable("__HOSTILE", breaks.join(words))
    fields = (("Channel", "Local/hostile@tests/n"), hostile)
    dial = ensureDeferred(ami.action("Originate", fields, Application="Wait", Data="1"))
    await until(lambda: bool(forged), "the forged notice")
    assert (await dial).get("Message") == "Originate successfully queued"
    await pause(0.5)
    assert ami.connected and ami.counts["late"] > 0
