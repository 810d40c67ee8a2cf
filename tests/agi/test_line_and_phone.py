"""The line and the phone, joined in memory on a virtual clock: what a call says and what the caller hears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from ivr_server.agi.line import Line, LineBroken, LineGone
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from ivr_server.phone.phone import Dialling, Phone

KEYS = "0123456789*#"


@dataclass
class Notebook:
    """An ear that writes down."""

    heard: list[str] = field(default_factory=list)
    variables: dict[str, str] | None = None

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound."""
        self.heard.append(words or path)

    def silent(self) -> None:
        """Silence."""
        self.heard.append("-")

    def ended(self, variables: dict[str, str]) -> None:
        """The end."""
        self.variables = variables


@dataclass
class Stage:
    """A server and a phone joined in memory; ``done`` collects what the call's coroutine gave."""

    clock: Clock
    ear: Notebook
    phone: Phone
    factory: FastAgiFactory
    done: list[object]

    def pass_s(self, seconds: float) -> None:
        """Time passes in steps of 10 ms, so that timers set by timers fire in order."""
        for _ in range(round(seconds / 0.01)):
            self.clock.advance(0.01)


Talk = Callable[[Line], Awaitable[object]]


def stage(talk: Talk, **dialling: object) -> Stage:
    """Call ``talk`` with the line of a fresh call."""
    done: list[object] = []

    async def on_call(line: Line) -> None:
        try:
            done.append(await talk(line))
        except (LineGone, LineBroken) as error:
            done.append(error)
            raise

    clock, ear = Clock(), Notebook()
    factory = FastAgiFactory(FastAgiSettings(token="t0ken"), on_call, clock)
    phone = Phone(clock, ear, Dialling(**{"token": "t0ken", "caller": "13800138000", **dialling}))  # type: ignore[arg-type]
    server = factory.buildProtocol(None)
    assert server is not None
    phone.plug(server)
    return Stage(clock, ear, phone, factory, done)


@pytest.fixture
def sounds(tmp_path: Path) -> Callable[[str, float], str]:
    """Makes a sound of so many seconds, with its words beside it; gives its path."""

    def make(name: str, seconds: float) -> str:
        (tmp_path / f"{name}.ulaw").write_bytes(b"\xff" * int(seconds * 8000))
        (tmp_path / f"{name}.txt").write_text(f"<{name}>")
        return str(tmp_path / name)

    return make


Sounds = Callable[[str, float], str]


def test_a_call_plays_takes_a_key_and_sets_its_result(sounds: Sounds) -> None:
    """The whole of a small call: prompt cut by a key, a further key waited for, a variable set, the end."""

    async def talk(line: Line) -> object:
        heard = await line.play(sounds("menu", 4), KEYS)
        further = await line.wait_for_key(5_000)
        await line.set_variable("IVR_RESULT", "done")
        return heard.key, heard.ms, further, await line.caller_number()

    call = stage(talk)
    call.pass_s(1)
    call.phone.press("1")
    call.pass_s(0.5)
    call.phone.press("2")
    assert call.done == [("1", 1000, "2", "13800138000")]
    assert call.ear.heard == ["<menu>", "-"]
    assert call.ear.variables and call.ear.variables["IVR_RESULT"] == "done"
    assert not call.factory.lines and not call.factory.counts


def test_keys_pressed_while_the_server_thinks_are_kept_in_order(sounds: Sounds) -> None:
    """Four keys during silence, one that cuts the prompt: all five arrive, in the order they were pressed."""

    async def talk(line: Line) -> object:
        await line._wire.pause(4)  # look-up
        heard = await line.play(sounds("menu", 4), KEYS)
        return heard.key + await line.typed_ahead()

    call = stage(talk)
    for key in "1234":
        call.pass_s(0.5)
        call.phone.press(key)
    call.pass_s(3)
    call.phone.press("5")
    assert call.done == ["12345"]


def test_without_store_dtmf_the_call_goes_on_and_says_so_once(sounds: Sounds) -> None:
    """An Asterisk that lacks StoreDTMF: keys within commands work, those between are lost, it is counted once."""

    async def talk(line: Line) -> object:
        heard = await line.play(sounds("menu", 4), KEYS)
        return heard.key, await line.typed_ahead(), await line.wait_for_key(5_000), line.keeps_keys

    call = stage(talk, store_dtmf=False)
    call.pass_s(1)
    call.phone.press("7")
    call.pass_s(1)
    call.phone.press("8")
    assert call.done == [("7", "", "8", False)]
    assert call.factory.counts == {"no_storedtmf": 1}


def test_comfort_is_cut_the_moment_it_is_told_and_replies_pair_afterwards(sounds: Sounds) -> None:
    """The comfort sound never answers once cut; the next command gets its own reply, and a key pressed is kept."""

    async def talk(line: Line) -> object:
        line.start_comfort(sounds("comfort", 9))
        await line._wire.pause(2)
        await line.stop_comfort()
        await line.set_variable("X", 'a "b" \\ $,&%{')
        return await line.variable("X"), await line.typed_ahead(), await line.variable("NOT_SET")

    call = stage(talk)
    call.pass_s(1)
    call.phone.press("6")
    call.pass_s(1.5)
    assert call.done == [('a "b" \\ $,&%{', "6", None)]
    assert call.ear.heard == ["<comfort>", "-"]


def test_comfort_that_ended_by_itself_leaves_no_reply_behind(sounds: Sounds) -> None:
    """The sound is over before it is stopped: nothing to cut, nothing mispaired."""

    async def talk(line: Line) -> object:
        line.start_comfort(sounds("comfort", 1))
        await line._wire.pause(2)
        await line.stop_comfort()
        await line.prove()
        return (await line.play(sounds("menu", 1), "")).ms

    call = stage(talk)
    call.pass_s(4)
    assert call.done == [1000]


def test_a_secret_is_in_no_channel_variable(sounds: Sounds) -> None:
    """Between typed_off and typed_on no key reaches the keys variable; afterwards they are kept again."""

    async def talk(line: Line) -> object:
        await line.typed_off()
        secret = (await line.play(sounds("ask", 4), KEYS)).key + await line.wait_for_key(5_000)
        await line.typed_on()
        await line._wire.pause(2)
        return secret, await line.typed_ahead()

    call = stage(talk)
    for key in "423":
        call.pass_s(1)
        call.phone.press(key)
    assert call.phone.variables["IVR_KEYS"] == "3"
    call.pass_s(2)
    assert call.done == [("42", "3")]


def test_A2_hang_up_inside_a_sound_consumes_both_the_reply_and_the_notice(sounds: Sounds) -> None:
    """-1 and HANGUP are both read; LineGone says how much was heard; no further command is sent."""

    async def talk(line: Line) -> object:
        return await line.play(sounds("menu", 4), KEYS)

    call = stage(talk)
    call.pass_s(1.5)
    call.phone.hang_up()
    assert isinstance(call.done[0], LineGone) and call.done[0].ms == 1500
    assert call.phone.side.commands[-1].startswith("STREAM FILE")
    assert not call.factory.counts


def test_A4_a_dead_channel_means_gone_and_is_not_asked_again(sounds: Sounds) -> None:
    """Without AGIEXITONHANGUP the channel lives on dead: media commands raise LineGone unsent, variables still work."""

    async def talk(line: Line) -> object:
        gone: list[object] = []
        line.when_hung_up().addCallback(lambda _: gone.append("told"))
        await line._wire.pause(2)
        with pytest.raises(LineGone):
            await line.play(sounds("menu", 4), KEYS)
        await line.set_variable("IVR_RESULT", "done")
        return gone, line.hung_up

    call = stage(talk, exit_on_hang_up=False)
    call.pass_s(1)
    call.phone.hang_up()
    call.pass_s(2)
    assert call.done == [(["told"], True)]
    assert call.phone.variables["IVR_RESULT"] == "done"
    assert not any("STREAM" in command for command in call.phone.side.commands)


def test_A17_a_call_on_a_dead_channel_is_recognised_by_its_first_511(sounds: Sounds) -> None:
    """The run began on a dead channel and no HANGUP told: the first 511 does, without a retry."""

    async def talk(line: Line) -> object:
        with pytest.raises(LineGone):
            await line.play(sounds("menu", 4), KEYS)
        await line.set_variable("SEEN", "yes")
        return "bookkeeping"

    clock, ear, done = Clock(), Notebook(), []

    async def on_call(line: Line) -> None:
        done.append(await talk(line))

    factory = FastAgiFactory(FastAgiSettings(), on_call, clock)
    phone = Phone(clock, ear, Dialling(exit_on_hang_up=False))
    phone.side.gone = True
    server = factory.buildProtocol(None)
    assert server
    phone.plug(server)
    assert done == ["bookkeeping"]
    assert sum("STREAM" in command for command in phone.side.commands) == 1


def test_A18_a_missing_file_is_no_hang_up(sounds: Sounds) -> None:
    """-1 with a living channel is a missing file: told, counted, and the call goes on."""

    async def talk(line: Line) -> object:
        return await line.play("/nowhere/at/all", KEYS), await line.play(sounds("menu", 1), KEYS)

    call = stage(talk)
    call.pass_s(2)
    missing, played = call.done[0]  # type: ignore[misc]
    assert missing.missing and played.ms == 1000
    assert call.factory.counts == {"prompt_missing": 1}


def test_queue_staffed_asks_asterisk(sounds: Sounds) -> None:
    """Somebody signed in: True; nobody: False; a name with anything odd in it never goes out."""

    async def talk(line: Line) -> object:
        with pytest.raises(ValueError, match="no name"):
            await line.queue_staffed("x,y)}${SHELL(ls)")
        return await line.queue_staffed("billing"), await line.queue_staffed("service")

    assert stage(talk, staffed=("billing",)).done == [(True, False)]


def test_E2_a_hundred_thousand_keys_are_bounded_and_the_call_goes_on(sounds: Sounds) -> None:
    """A flood of keys: 64 at most are held, Asterisk's variable stays short, later keys are heard again."""

    async def talk(line: Line) -> object:
        await line._wire.pause(2)
        flood = await line.typed_ahead()
        await line._wire.pause(2)
        return len(flood), await line.typed_ahead()

    call = stage(talk)
    call.phone.press("1" * 100_000)
    assert len(call.phone.variables["IVR_KEYS"]) <= 500
    call.pass_s(3)
    call.phone.press("42")
    call.pass_s(2)
    assert call.done == [(64, "42")]


def test_refusing_a_call_tells_the_dialplan(sounds: Sounds) -> None:
    """``failure`` ends the run as AGISTATUS=FAILURE and leaves IVR_RESULT unset."""

    async def talk(line: Line) -> object:
        await line.refuse()
        return "refused"

    call = stage(talk)
    assert call.ear.variables and call.ear.variables["AGISTATUS"] == "FAILURE"
    assert "IVR_RESULT" not in call.ear.variables


def test_the_echo_of_a_key_given_out_is_no_second_key(sounds: Sounds) -> None:
    """A short tone is in the variable 60 ms before Asterisk answers with it: once only, and the sound goes on."""

    async def talk(line: Line) -> object:
        await line._wire.pause(1.02)
        first = await line.typed_ahead()
        heard = await line.play(sounds("menu", 4), KEYS)
        return first, heard.key, heard.ms, await line.wait_for_key(100)

    call = stage(talk, echo_ms=60)
    call.pass_s(1)
    call.phone.press("1")
    call.pass_s(6)
    assert call.done == [("1", "", 4000, "")]


def test_the_echo_of_a_key_is_no_part_of_a_secret(sounds: Sounds) -> None:
    """The key that led to the password prompt is not its first digit."""

    async def talk(line: Line) -> object:
        await line._wire.pause(1.02)
        await line.typed_off()
        return await line.wait_for_key(5_000)

    call = stage(talk, echo_ms=60)
    call.pass_s(1)
    call.phone.press("1")
    call.pass_s(1)
    call.phone.press("4")
    call.pass_s(1)
    assert call.done == ["4"]
