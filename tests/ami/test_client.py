"""The hold on the manager interface: reconnect, resync, refusals, rights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from twisted.internet.defer import CancelledError
from twisted.logger import globalLogPublisher

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.trouble import SENTENCES, Trouble
from tests.ami.stage import SECRET, Stage


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged meanwhile, a line each."""
    found: list[str] = []

    def note(event: dict[str, object]) -> None:
        found.append(str(event.get("log_format", "")).format(**event))

    globalLogPublisher.addObserver(note)  # type: ignore[arg-type]
    yield found
    globalLogPublisher.removeObserver(note)  # type: ignore[arg-type]


def test_it_connects_signs_in_and_is_live_and_stops() -> None:
    """Off, then live after the rights' second; stopped, it is off, and nothing is left on the clock."""
    stage = Stage()
    assert stage.ami.state == "off"
    stage.live()
    assert [one.action for one in stage.manager.asked[:3]] == ["Challenge", "Login", "ListCommands"]
    assert stage.begin(stage.ami.stop()).done
    assert stage.ami.state == "off" and not stage.manager.sessions
    assert stage.fault(stage.ami.action("Ping")).reason == "away"
    assert stage.clock.getDelayedCalls() == []


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.2])
def test_stop_ends_it_at_any_moment(after_s: float) -> None:
    """While it connects, proves its rights, or is live; what is in flight is lost, and nothing is left on the clock."""
    stage = Stage()
    stage.ami.start()
    if after_s:
        stage.go(after_s)
    stage.begin(stage.ami.stop())
    stage.go(0.1)
    assert stage.clock.getDelayedCalls() == [] and not stage.manager.sessions


def test_stop_during_the_wait_ends_the_wait() -> None:
    """Nobody listens; stopped, it does not try again."""
    stage = Stage()
    stage.manager.down = True
    stage.ami.start()
    stage.go(3)
    stage.begin(stage.ami.stop())
    assert stage.clock.getDelayedCalls() == []


def test_B1_a_broken_connection_comes_back_and_is_live_only_after_the_resync() -> None:
    """The picture is asked for anew each time; until it is there, the state is syncing and nobody is told a notice."""
    stage = Stage()
    pictures: list[int] = []
    heard: list[str] = []

    async def resync() -> None:
        heard.append("resync begins")
        pictures.append(len(await stage.ami.listed("CoreShowChannels")))
        heard.append("resync ends")

    stage.ami.on_up(resync)
    stage.ami.listen("Hangup", lambda notice: heard.append(notice.get("Cause")))
    stage.live()
    stage.manager.channels = [{"Channel": "PJSIP/a"}]
    stage.manager.notice("Hangup", (("Cause", "1"),))
    stage.manager.cut()
    stage.manager.delays["CoreShowChannels"] = 2.0
    stage.go(2.5)
    assert stage.ami.state == "syncing" and not stage.ami.connected
    stage.manager.notice("Hangup", (("Cause", "2"),))
    stage.go(0.5)
    assert heard[-1] == "resync begins"
    stage.go(2)
    assert stage.ami.connected and pictures == [0, 1]
    assert heard == ["resync begins", "resync ends", "resync begins", "resync ends", "2"]


def test_B1_a_resync_that_fails_is_no_picture_and_is_tried_again(lines: list[str]) -> None:
    """Its own fault, a deadline, a lost connection: not live, and from the beginning again."""
    stage = Stage()
    tries = []

    async def resync() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise KeyError("a fault of ours")
        if len(tries) == 2:
            raise AmiFault("deadline", "CoreShowChannels: no answer")
        if len(tries) == 3:
            stage.manager.cut()
            await stage.ami.action("Ping")
        if len(tries) == 4:
            raise CancelledError  # somebody's own, within the resync: no stop of ours

    stage.ami.on_up(resync)
    stage.ami.start()
    troubles = []
    for _ in range(600):
        stage.go(0.05)
        troubles += [stage.ami.condition().trouble] if stage.ami.condition().trouble not in troubles[-1:] else []
    assert stage.ami.connected and len(tries) == 5
    assert troubles == ["", "resync", "answer", "closed", "resync", ""]
    assert any("resync after a connect failed" in line for line in lines)


def test_B1_the_waits_grow_from_half_a_second_to_thirty_with_jitter() -> None:
    """Nobody listens: the n-th wait lies between half and the whole of 2^n seconds' row, capped at 30 s."""
    for chance, waits in ((0.0, [0.5, 1, 2, 4, 8, 15, 15]), (1.0, [1, 2, 4, 8, 16, 30, 30])):
        stage = Stage(chance=chance)
        stage.manager.down = True
        found = []
        stage.ami.start()
        for _ in waits:
            (call,) = stage.clock.getDelayedCalls()
            found.append(round(call.getTime() - stage.clock.seconds(), 3))
            stage.clock.advance(found[-1])
        assert found == waits
        assert stage.ami.condition().trouble == "unreachable"


def test_B1_a_connection_that_lived_starts_the_waits_anew_and_one_that_flaps_does_not() -> None:
    """After 30 s of life the first wait is short again; a peer that signs us in and cuts makes no hot loop."""
    stage = Stage()
    stage.live()
    for _ in range(3):
        stage.go(40)
        stage.manager.cut()
        stage.go(3)
        assert stage.ami.connected
    begun = stage.manager.connects
    for _ in range(1_200):
        if stage.ami.connected:
            stage.manager.cut()
        stage.go(0.1)
    assert stage.manager.connects - begun <= 12


def test_B1_a_starting_asterisk_is_waited_for_until_its_modules_are_there() -> None:
    """Its manager interface is there first: while two lists of actions differ, it is waited for."""
    stage = Stage()
    stage.manager.booting = {"Originate", "CoreShowChannels", "QueueStatus", "FAXSession"}
    stage.ami.start()
    for gone in ("Originate", "CoreShowChannels", "QueueStatus", "FAXSession"):
        stage.go(0.9)
        assert stage.ami.state == "checking"
        stage.manager.booting.discard(gone)
        stage.go(0.1)
    stage.go(2)
    assert stage.ami.connected and stage.manager.connects == 1


@pytest.mark.parametrize("wrong", ["secret", "user"])
def test_B9_a_refused_sign_in_makes_no_hot_loop_and_one_line(wrong: str, lines: list[str]) -> None:
    """Tried again after a minute or more; the log says it once; the health page says what to look at; then it works."""
    stage = Stage()
    setattr(stage.manager, wrong, "another")
    stage.ami.start()
    stage.go(600)
    assert stage.ami.state == "refused" and stage.ami.condition().trouble == "secret"
    assert stage.manager.connects <= 10
    assert [line for line in lines if "[ivr]" in line] == [stage.ami.condition().text]
    assert "manager.conf" in stage.ami.condition().text and "manager.conf" in stage.ami.condition("zh-CN").text
    assert SECRET not in "".join(lines)
    stage.manager.user, stage.manager.secret = "ivr", SECRET
    stage.go(100)
    assert stage.ami.connected and stage.ami.condition().trouble == ""


def test_B9_a_server_that_is_full_and_closes_at_once_makes_no_hot_loop() -> None:
    """As with the limit of connections that have not signed in: closed before a word; waits grow."""
    stage = Stage()
    stage.ami.start()
    for _ in range(2_000):
        stage.manager.cut()
        stage.go(0.05)
    assert stage.manager.connects <= 9
    assert stage.ami.condition().trouble == "closed"


def test_what_answers_and_is_no_asterisk_is_told() -> None:
    """Another greeting; a greeting that never comes."""
    stage = Stage()
    stage.manager.greeting = b"SSH-2.0-OpenSSH\r\n"
    stage.ami.start()
    stage.go(0.1)
    assert stage.ami.condition().trouble == "greeting"
    stage.manager.greeting = b""
    stage.go(12)
    assert stage.ami.condition().trouble == "silent"


RIGHTS = [
    ("read", "system", "[ivr] read = system"),
    ("read", "dialplan", "[ivr] read = dialplan"),
    ("read", "dtmf", "[ivr] read = dtmf"),
    ("read", "agi", "[ivr] read = agi"),
    ("write", "system", "[ivr] write = system"),
    ("write", "command", "[ivr] write = command"),
    ("write", "config", "[ivr] write = config"),
    ("write", "agi", "[ivr] write = agi"),
]


@pytest.mark.parametrize(("line", "right", "words"), RIGHTS)
def test_B13_a_user_with_one_right_too_many_is_refused_by_name(line: str, right: str, words: str) -> None:
    """The sentence names the class and the line; nobody gets to use the connection; mended, it works."""
    stage = Stage()
    before = getattr(stage.manager, line)
    setattr(stage.manager, line, f"{before},{right}")
    stage.ami.start()
    stage.go(3)
    assert stage.ami.state == "refused" and stage.ami.condition().trouble == "rights"
    assert f"{words}." in stage.ami.condition().text and words in stage.ami.condition("zh-CN").text
    assert stage.fault(stage.ami.action("Ping")).reason == "away"
    assert not stage.manager.sessions
    setattr(stage.manager, line, before)
    stage.go(100)
    assert stage.ami.connected


def test_B13_a_user_with_all_rights_is_refused_in_both_lines() -> None:
    """``all`` shows every class of write, and system of read, before anything is tried."""
    stage = Stage()
    stage.manager.read = stage.manager.write = "all"
    stage.ami.start()
    stage.go(3)
    assert "[ivr] read = system; write = system, command, config, agi" in stage.ami.condition().text
    assert not stage.manager.of("Originate")


def test_B13_a_right_that_shows_itself_late_ends_the_connection() -> None:
    """A busy Asterisk sends the proof after the second: it is proof all the same."""
    stage = Stage()
    stage.live()
    word = stage.manager.of("Setvar")[0].get("Value")
    stage.manager.notice("VarSet", (("Variable", "IVR_RIGHTS"), ("Value", word)))
    stage.go(0.1)
    assert stage.ami.state == "refused" and "[ivr] read = dialplan" in stage.ami.condition().text


def test_B5_forged_notices_prove_no_right_and_lock_nobody_out() -> None:
    """A caller writes DTMFEnd, AsyncAGIStart, VarSet and FullyBooted whole: without our word that is nothing."""
    stage = Stage()
    stage.ami.start()
    for _ in range(30):
        for name in ("FullyBooted", "DTMFEnd", "AsyncAGIStart", "VarSet", "Newexten"):
            stage.manager.notice(name, (("Privilege", "dtmf,all"), ("Uniqueid", "rights-"), ("Value", "rights-0")))
        stage.go(0.1)
    assert stage.ami.connected


def test_B13_rights_that_cannot_be_tested_are_an_alert_and_no_refusal() -> None:
    """Without our place in the dialplan nothing shows dtmf and agi; the health page says so."""
    stage = Stage()
    stage.manager.probe = False
    stage.live()
    (alert,) = stage.ami.condition().alerts
    assert alert == Trouble("untested", "probe@ivr-rights")
    assert "probe@ivr-rights" in alert.sentence("zh-CN")


def test_B13_a_user_with_too_few_rights_is_told_which() -> None:
    """Without originate there is no fax: said at the sign-in, not at the first job."""
    stage = Stage()
    stage.manager.write = "agent"
    stage.ami.start()
    stage.go(3)
    assert stage.ami.condition().trouble == "needs"
    assert "may not do Originate, Hangup, CoreShowChannels" in stage.ami.condition().text


def test_another_machine_without_tls_is_an_alert() -> None:
    """On this machine it is none."""
    for host, codes in (("127.0.0.1", []), ("::1", []), ("localhost", []), ("10.0.0.5", ["plain"]), ("pbx", ["plain"])):
        ami = Ami(Stage().clock, AmiSettings(host=host, secret=Secret("x")))
        assert [alert.code for alert in ami.condition().alerts] == codes


def test_every_trouble_has_both_languages_and_its_place_for_the_detail() -> None:
    """A missing translation would be a missing sentence on the health page."""
    for code, (english, chinese) in SENTENCES.items():
        assert ("{detail}" in english) == ("{detail}" in chinese), code
        assert Trouble(code, "x").sentence("zh-CN") != Trouble(code, "x").sentence("en-US")


def test_settings_show_no_secret_in_any_form() -> None:
    """repr, asdict's text, a format."""
    wish = AmiSettings(secret=Secret(SECRET))
    assert SECRET not in f"{wish!r}{wish}{[getattr(wish, field.name) for field in dataclasses.fields(wish)]}"
