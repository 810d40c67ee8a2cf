"""``ivr-server call``: scripted keys, printed words, and an exit status that says how the call ended."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ivr_server.commands.call import scripted

CALL = (sys.executable, "-c", "from ivr_server.command_line import main; main()", "call")
SERVER = """
import sys
from twisted.internet import reactor
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings

async def on_call(line):
    heard = await line.play(sys.argv[1], "0123456789*#")
    key = heard.key or await line.wait_for_key(5000)
    if key == "2":
        staffed = "staffed" if await line.queue_staffed("billing") else "empty"
        told = {"LANGUAGE": "en_US", "BUSINESS": "fees", "TRAIL": "pressed 2 | queue: " + staffed, "QUEUE": "billing"}
        for name, value in told.items():
            await line.set_variable("IVR_" + name, value)
    await line.set_variable("IVR_RESULT", {"1": "done", "2": "queue"}[key])

port = reactor.listenTCP(0, FastAgiFactory(FastAgiSettings(token="t"), on_call, reactor), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """A small service whose one prompt says <menu>: 1 ends the call, 2 goes to the queue, else it fails."""
    (tmp_path / "menu.ulaw").write_bytes(b"\xff" * 8_000)
    (tmp_path / "menu.txt").write_text("<menu>")
    command = [sys.executable, "-c", SERVER, str(tmp_path / "menu")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        yield server.stdout.readline().strip()
        server.kill()


def call(port: str, *options: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [*CALL, "--port", port, "--token", "t", *options]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=30, check=False)


def test_the_exit_status_tells_the_disposition(port: str) -> None:
    """done 0, queue 2, no result 4, nobody 5; the words heard and the keys pressed are printed."""
    results: dict[str, subprocess.CompletedProcess[str]] = {}
    given = {"1": ("--fast",), "2": ("--fast",), "3": ("--fast",), "hangup": ("--quiet",)}
    threads = [
        threading.Thread(target=lambda k=keys, o=options: results.update({k: call(port, "--keys", k, *o)}))
        for keys, options in given.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {keys: result.returncode for keys, result in results.items()} == {"1": 0, "2": 2, "3": 4, "hangup": 4}
    assert results["2"].stdout.splitlines()[:3] == ["<menu>", "> 2", "-- handed to the queue billing"]
    assert results["hangup"].stdout == ""
    assert call("1", "--keys", "1").returncode == 5


def test_what_an_agent_would_be_handed_is_printed(port: str) -> None:
    """Language, subject, and the trail a line each; ``--staffed`` is as if somebody sat at every queue."""
    result = call(port, "--fast", "--staffed", "--keys", "2")
    assert result.returncode == 2
    handed = ["   language: en_US", "   subject: fees", "   1. pressed 2", "   2. queue: staffed"]
    assert result.stdout.splitlines()[2:] == ["-- handed to the queue billing", *handed]
    assert call(port, "--fast", "--keys", "2").stdout.endswith("   2. queue: empty\n")


def test_keys_are_typed_at_the_keyboard(port: str) -> None:
    """Without a script the keys come from standard input."""
    command = [*CALL, "--port", port, "--token", "t", "--fast"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin and child.stdout
        assert child.stdout.readline() == "<menu>\n"
        time.sleep(0.2)
        child.stdin.write("1\n")
        child.stdin.flush()
        assert child.stdout.readline() == "-- done\n"
        assert child.wait(10) == 0


def test_a_script_is_keys_waits_and_hang_ups() -> None:
    """Words are split into keys; a word that is none of them is named."""
    assert list(scripted("1 38# wait:2.5 hangup")) == ["1", "3", "8", "#", "wait:2.5", "hangup"]
    with pytest.raises(click.BadParameter, match='"x1"'):
        scripted("1 x1")
