"""The stand-in is held to the real Asterisk: the same script, the same replies at the same moments."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_server.agi.wire import encode
from tests.contracts.agi_peers import Real, Said, Script, Stand, Step, alike, asterisk

FOUR = 'STREAM FILE {sounds}/four "%s"'
HARD = 'a "quoted" \\ back\\slash, $ ${x} %% & \t tab'


def _quick(*commands: str) -> Script:
    return Script(tuple(Step(command) for command in commands))


SCRIPTS = {
    "variables": _quick(
        "GET VARIABLE NOPE",
        "GET FULL VARIABLE ${{NOPE}}",
        'SET VARIABLE X ""',
        "GET VARIABLE X",
        "set variable Y two",
        "GET FULL VARIABLE a${{Y}}b",
        'GET FULL VARIABLE "w1 ${{URIENCODE(a b/ü?)}} ${{URIENCODE(${{CALLERID(num)}})}}"',
        "GET FULL VARIABLE ${{QUEUE_MEMBER(billing,logged)}}",
        "GET FULL VARIABLE ${{QUEUE_MEMBER(nope,logged)}}",
        "GET FULL VARIABLE ${{NOFUNCTION(x)}}",
    ),
    "quoting": _quick(
        encode("SET", "VARIABLE", "Z", HARD).decode().rstrip("\n").replace("{", "{{").replace("}", "}}"),
        "GET FULL VARIABLE ${{URIENCODE(${{Z}})}}",
        'SET VARIABLE A one"two three"four',
        "GET VARIABLE A",
        'SET VARIABLE B \\"x\\ y',
        "GET VARIABLE B",
    ),
    "wrong": _quick("BLAH", "STREAM FILE", "GET VARIABLE", "CHANNEL STATUS", "NOOP x", "VERBOSE hi 1", "ANSWER"),
    "applications": _quick("EXEC Nope x", "EXEC NoOp", "EXEC StoreDTMF remove", "EXEC StoreDTMF RX,K,5"),
    "missing file": _quick('STREAM FILE /nowhere/at/all ""', "CHANNEL STATUS"),
    "sound": Script((Step(FOUR % "", listen_s=4.4), Step("NOOP"))),
    "sound cut by a key": Script((Step(FOUR % "12", listen_s=1), Step(press="92", listen_s=0.5), Step("NOOP"))),
    "sound cut by a command": Script((Step(FOUR % "", listen_s=1), Step("GET FULL VARIABLE w"), Step("NOOP"))),
    "wait": Script((Step("WAIT FOR DIGIT 300", listen_s=0.6), Step("WAIT FOR DIGIT 5000"), Step(press="#"))),
    "wait cut by a command": Script((Step("WAIT FOR DIGIT 5000", listen_s=0.4), Step("GET FULL VARIABLE w"))),
    "keys kept": Script(
        (
            Step(press="1"),
            Step("EXEC StoreDTMF RX,K,5"),
            Step(press="23"),
            Step("GET VARIABLE K"),
            Step(FOUR % "5", listen_s=0.5),
            Step(press="4*5", listen_s=0.4),
            Step("GET VARIABLE K"),
            Step(press="678"),
            Step("GET VARIABLE K"),
            Step("EXEC StoreDTMF RX,K,500"),
            Step(press="9"),
            Step("GET VARIABLE K"),
            Step("EXEC StoreDTMF remove"),
            Step(press="0"),
            Step("GET VARIABLE K"),
        )
    ),
    "two in one write": Script(
        (Step("GET FULL VARIABLE a\nGET FULL VARIABLE b"), Step("GET FULL VARIABLE c"), Step("NOOP"))
    ),
    "inside an application": Script(
        (Step("EXEC Playback {sounds}/one", listen_s=0.3), Step("GET FULL VARIABLE w", listen_s=1.2))
    ),
    "hang up idle": Script((Step(hang_up=True, listen_s=0.5),)),
    "hang up in a sound": Script((Step(FOUR % "", listen_s=1), Step(hang_up=True, listen_s=0.5))),
    "hang up in a wait": Script((Step("WAIT FOR DIGIT 5000", listen_s=0.4), Step(hang_up=True, listen_s=0.5))),
    "hang up ourselves": Script((Step("HANGUP", listen_s=0.5),)),
    "refuse": Script((Step("failure", listen_s=0.5),)),
    "dead channel": Script(
        (
            Step(hang_up=True, listen_s=0.5),
            *(
                Step(command)
                for command in (
                    "GET FULL VARIABLE x", FOUR % "", "SET VARIABLE A 1", "CHANNEL STATUS", "WAIT FOR DIGIT 100",
                    "EXEC NoOp", "HANGUP", "NOOP", "ANSWER", "VERBOSE x 1",
                )
            ),
        ),
        exit_on_hang_up=False,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``four`` and ``one``: seconds of silence."""
    folder = tmp_path_factory.mktemp("sounds")
    (folder / "four.ulaw").write_bytes(b"\xff" * 32_000)
    (folder / "one.ulaw").write_bytes(b"\xff" * 8_000)
    return folder


@pytest.fixture(scope="module")
def real(sounds: Path) -> Iterator[dict[str, Said]]:
    """What the real Asterisk said, script by script, all run at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as agi, asterisk(agi.getsockname()[1]) as ami:
        names = {name.replace(" ", "-"): script for name, script in SCRIPTS.items()}
        said = Real(ami, agi, sounds, names).run_all()
        yield {name: said[name.replace(" ", "-")] for name in SCRIPTS}


@pytest.mark.live
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_stand_in_says_what_asterisk_says(name: str, real: dict[str, Said], sounds: Path) -> None:
    """Reply for reply, at the same step, refusals and usage texts included."""
    ours = Stand(SCRIPTS[name], sounds).run()
    assert alike(real[name], ours), f"Asterisk said {real[name]}\nwe said       {ours}"
