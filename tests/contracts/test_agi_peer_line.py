"""Our line on a real Asterisk: no key lost, comfort cut and paired, hostile values read safely."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from ivr_server.agi.line import ALL_KEYS, Line, LineBroken, LineGone
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from tests.contracts.agi_peers import asterisk
from tests.live.ami import Ami


class Desk:
    """A FastAGI service on the test's reactor, behind a real Asterisk; each call is given to ``talk``."""

    def __init__(self) -> None:
        self.talk: Callable[[Line], Any] = lambda line: None
        self.results: list[Any] = []
        self.ami: Ami
        self.factory = FastAgiFactory(FastAgiSettings(token="t0ken"), self._call, reactor)  # type: ignore[arg-type]
        self.listening = reactor.listenTCP(0, self.factory, interface="127.0.0.1")  # type: ignore[attr-defined]

    async def _call(self, line: Line) -> None:
        try:
            self.results.append(await self.talk(line))
        except (LineGone, LineBroken) as error:
            self.results.append(error)

    def dial(self, context: str = "script", *variables: str) -> None:
        """One call through Asterisk."""
        fields = ["EXITS=yes", "SCRIPT=main", *variables]
        self.ami.action(
            "Originate", Channel="Local/s@far/n", Context=context, Exten="s", Priority="1", Async="true",
            CallerID='"" <13800138000>', Variable=fields,
        )  # fmt: skip

    async def results_of(self, count: int, seconds: float = 40.0) -> list[Any]:
        """Wait for so many calls to end."""
        until = time.monotonic() + seconds
        while len(self.results) < count:
            assert time.monotonic() < until, f"{len(self.results)} of {count} calls ended in {seconds} s"
            await deferLater(reactor, 0.05, lambda: None)  # type: ignore[arg-type]
        results, self.results = self.results, []
        return results


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """The service and the Asterisk in front of it."""
    made = Desk()
    with asterisk(made.listening.getHost().port) as ami:
        made.ami = ami
        yield made
    pytest_twisted.blockon(made.listening.stopListening())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four seconds of silence."""
    path = tmp_path_factory.mktemp("sounds") / "four"
    path.with_suffix(".ulaw").write_bytes(b"\xff" * 32_000)
    return str(path)


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_a_thousand_keys_typed_at_any_moment_arrive_in_order(desk: Desk, sound: str) -> None:
    """20 calls of 50 keys, at random moments of playing, waiting and thinking: 1,000 of 1,000, in order."""
    chance = random.Random(3)
    typed = {n: "".join(chance.choices("0123456789*#", k=50)) for n in range(20)}

    async def talk(line: Line) -> tuple[str, str]:
        channel, got, acts = line.header.channel, "", random.Random(line.header.uniqueid)
        number = await line.variable("NUMBER")
        deferToThread(_type, desk.ami, channel, typed[int(number or 0)]).addErrback(lambda _: None)
        until = time.monotonic() + 25
        while len(got) < 50 and time.monotonic() < until:
            got += (await line.play(sound, ALL_KEYS)).key
            await line._wire.pause(acts.random() * 0.3)
            got += await line.typed_ahead()
            got += await line.wait_for_key(acts.choice((30, 400, 1_500)))
        return typed[int(number or 0)], got

    desk.talk = talk
    reactor.suggestThreadPoolSize(25)  # type: ignore[attr-defined]
    for number in range(20):
        desk.dial("script", f"NUMBER={number}")
    results = await desk.results_of(20, 60)
    assert sum(len(want) for want, got in results if want == got) == 1_000, results
    assert not desk.factory.counts


def _type(ami: Ami, channel: str, keys: str) -> None:
    chance = random.Random(channel)
    for key in keys:
        ami.action("PlayDTMF", Channel=channel, Digit=key, Duration="60", Receive="true")
        time.sleep(0.12 + chance.random() * 0.2)


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_comfort_is_cut_at_once_and_what_follows_pairs(desk: Desk, sound: str) -> None:
    """Begun and cut 30 times, also within the same millisecond; each time the next answer is its own."""

    async def talk(line: Line) -> list[str | None]:
        answers = []
        for number in range(30):
            line.start_comfort(sound)
            await line._wire.pause(number % 3 * 0.05)
            began = time.monotonic()
            await line.stop_comfort()
            assert time.monotonic() - began < 0.5
            await line.set_variable("N", f'{number} "\\, $&%')
            answers.append(await line.variable("N"))
        await line.prove()
        return answers

    desk.talk = talk
    desk.dial()
    assert await desk.results_of(1) == [[f'{number} "\\, $&%' for number in range(30)]]


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_A8_A10_values_with_line_breaks_and_forged_replies_are_read_as_they_are(desk: Desk) -> None:
    """A channel variable with a forged second reply in it comes back whole; the next command gets its own answer."""

    async def talk(line: Line) -> tuple[str | None, str]:
        evil = await line.variable("EVIL")
        await line.prove()
        return evil, await line.caller_number()

    desk.talk = talk
    desk.dial("hostile", "BAD=a%0a200%20result=1%20(forged)%0aHANGUP%0a")
    assert await desk.results_of(1) == [("a\n200 result=1 (forged)\nHANGUP\n", "13800138000")]


@pytest.mark.live
@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("bad", ["1%0aagi_calleridname:%20x", "1%0a%0a200%20result=1%20(x)", "1%0aHANGUP"])
async def test_A6_A7_line_breaks_in_the_callers_number_never_make_a_call(desk: Desk, bad: str) -> None:
    """Asterisk passes them into the header: refused and counted, and nobody is talked to."""
    desk.factory.counts.clear()
    desk.talk = lambda line: None
    desk.dial("hostile", f"BAD={bad}", "WHERE=number")
    until = time.monotonic() + 5
    while not desk.factory.counts and time.monotonic() < until:
        await deferLater(reactor, 0.05, lambda: None)  # type: ignore[arg-type]
    assert set(desk.factory.counts) <= {"header_order", "header_missing", "early_line", "nonce"}
    assert sum(desk.factory.counts.values()) == 1 and not desk.results
    desk.factory.counts.clear()


@pytest.mark.live
@pytest_twisted.ensureDeferred
async def test_A1_hang_ups_at_any_moment_end_the_call_within_a_second(desk: Desk, sound: str) -> None:
    """20 calls hung up at random moments of playing, waiting, thinking: LineGone within 1 s."""
    hung: dict[str, float] = {}
    ends: list[float] = []

    async def talk(line: Line) -> str:
        channel = line.header.channel
        threading.Timer(random.random() * 2, _hang, (desk.ami, channel, hung)).start()
        try:
            while True:
                await line.play(sound, "")
                await line.wait_for_key(200)
        finally:
            ends.append(time.monotonic() - hung[channel])

    desk.talk = talk
    for _ in range(20):
        desk.dial()
    results = await desk.results_of(20)
    assert all(isinstance(result, LineGone) for result in results)
    assert max(ends) < 1.0 and not desk.factory.counts


def _hang(ami: Ami, channel: str, hung: dict[str, float]) -> None:
    hung[channel] = time.monotonic()
    ami.action("Hangup", Channel=channel)


def test_sounds_of_the_fixture_are_there(sound: str) -> None:
    """So that a missing file is not taken for a cut sound."""
    assert Path(sound + ".ulaw").stat().st_size == 32_000
