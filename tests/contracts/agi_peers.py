"""One script for two peers: a real Asterisk, and our stand-in for it. Gives what each of them said.

A script is steps; each does one thing and then listens for so many seconds. The real Asterisk runs all scripts at
once, each on its own Local channel, with keys from AMI's PlayDTMF (received, not sent).
"""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from twisted.internet.task import Clock

from ivr_server.pbx import fetch
from ivr_server.phone.asterisk_side import AsteriskSide, Dialling, Told
from ivr_server.phone.cable import Cable
from tests.live.ami import Ami

MODULES = (
    "res_timing_timerfd pbx_config func_callerid func_channel func_logic func_strings func_uri app_queue app_dtmfstore",
    "app_stack app_playback app_verbose app_senddtmf res_agi res_speech codec_ulaw format_pcm format_wav bridge_simple",
)


@dataclass(frozen=True, slots=True)
class Step:
    """Send a command, press keys, or hang up; then listen."""

    send: str = ""
    press: str = ""
    hang_up: bool = False
    listen_s: float = 0.15


@dataclass(frozen=True, slots=True)
class Script:
    """Steps, and whether the channel was set to leave AGI at a hang-up."""

    steps: tuple[Step, ...]
    exit_on_hang_up: bool = True


Said = list[list[str]]  # per step, the lines that came


class Stand:
    """The stand-in as a peer: the server's side of the cable is this object."""

    def __init__(self, script: Script, sounds: Path) -> None:
        self.clock = Clock()
        self.received = b""
        self.script = script
        self.sounds = sounds
        dialling = Dialling(caller="13800138000", exit_on_hang_up=script.exit_on_hang_up, staffed=())
        self.side = AsteriskSide(self.clock, dialling, Told())

    def makeConnection(self, transport: object) -> None:
        """The cable's end."""
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        """What the stand-in said."""
        self.received += data

    def connectionLost(self, reason: object) -> None:
        """The stand-in closed."""
        self.received += b"END\n"

    def run(self) -> Said:
        """What it says, step by step."""
        Cable().join(self, self.side)  # type: ignore[arg-type]
        self.received = b""
        said: Said = []
        for step in self.script.steps:
            if step.send:
                self.transport.write(step.send.format(sounds=self.sounds).encode() + b"\n")  # type: ignore[attr-defined]
            for key in step.press:
                self.side.press(key)
                self.clock.pump([0.01] * 20)
            if step.hang_up:
                self.side.hang_up()
            self.clock.pump([0.01] * round(step.listen_s * 100))
            said.append(self.received.decode().splitlines())
            self.received = b""
        return said


@dataclass
class Real:
    """A real Asterisk on loopback, and an AGI server whose paths are script names."""

    ami: Ami
    agi: socket.socket
    sounds: Path
    scripts: Mapping[str, Script]
    said: dict[str, Said] = field(default_factory=dict)

    def run_all(self) -> dict[str, Said]:
        """Every script at once; what the peer said in each."""
        threads = []
        self.agi.settimeout(15)
        for name, script in self.scripts.items():
            exits = "yes" if script.exit_on_hang_up else "no"
            self.ami.action(
                "Originate", Channel="Local/s@far/n", Context="script", Exten="s", Priority="1", Async="true",
                CallerID='"" <13800138000>', Variable=[f"SCRIPT={name}", f"EXITS={exits}"],
            )  # fmt: skip
            connection, _ = self.agi.accept()
            threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join(60)
        return self.said

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        header = b""
        while not header.endswith(b"\n\n"):
            header += connection.recv(4096)
        fields = dict(line.split(": ", 1) for line in header.decode().splitlines() if ": " in line)
        name = fields["agi_network_script"]
        said: Said = []
        for step in self.scripts[name].steps:
            self._do(step, connection, fields["agi_channel"])
            said.append(_heard(connection, step.listen_s))
        connection.close()
        self.ami.action("Hangup", Channel=fields["agi_channel"])
        self.said[name] = said

    def _do(self, step: Step, connection: socket.socket, channel: str) -> None:
        if step.send:
            with suppress(OSError):
                connection.sendall(step.send.format(sounds=self.sounds).encode() + b"\n")
        for key in step.press:
            self.ami.action("PlayDTMF", Channel=channel, Digit=key, Duration="60", Receive="true")
            time.sleep(0.2)
        if step.hang_up:
            self.ami.action("Hangup", Channel=channel)


def _heard(connection: socket.socket, seconds: float) -> list[str]:
    until, data = time.monotonic() + seconds, b""
    while (left := until - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            piece = connection.recv(65_536)
        except TimeoutError:
            break
        except OSError:
            piece = b""
        if not piece:
            data += b"END\n"
            break
        data += piece
    return data.decode().splitlines()


_ENDPOS = re.compile(r"endpos=(\d+)")


def alike(one: Said, other: Said) -> bool:
    """The same lines at the same steps: positions within 0.4 s, usage texts by their first and last line."""
    if len(one) != len(other):
        return False
    return all(_same(_without_usage(a), _without_usage(b)) for a, b in zip(one, other, strict=True))


def _same(one: list[str], other: list[str]) -> bool:
    if [_ENDPOS.sub("", line) for line in one] != [_ENDPOS.sub("", line) for line in other]:
        return False
    places = [[int(place) for line in lines for place in _ENDPOS.findall(line)] for lines in (one, other)]
    return all(abs(a - b) <= 3_200 for a, b in zip(*places, strict=True))


def _without_usage(lines: list[str]) -> list[str]:
    kept, inside = [], False
    for line in lines:
        inside = inside and not line.startswith("520 ")
        if not inside:
            kept.append(line)
        inside = inside or line.startswith("520-")
    return kept


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def asterisk(agi_port: int) -> Iterator[Ami]:
    """A small real Asterisk: AMI, AGI, Local channels; nothing else."""
    installed = fetch.find(print)
    with tempfile.TemporaryDirectory(prefix="agi-peer-") as name:
        folder, port = Path(name), free_port()
        for file, text in _files(installed, folder, (port, agi_port)).items():
            (folder / file).write_text(text)
        command = [*installed.command, "-C", str(folder / "asterisk.conf"), "-f"]
        with open(folder / "out", "wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            ami = _signed_in(port)
            booted = [*command[:-1], "-rx", "core waitfullybooted"]  # AMI answers before the dialplan is loaded
            subprocess.run(booted, capture_output=True, timeout=20, check=False)
            yield ami
        finally:
            process.kill()
            process.wait()


def _signed_in(port: int) -> Ami:
    until = time.monotonic() + 20
    while True:
        try:
            return Ami(port, "tests", "loopback")
        except (OSError, AssertionError):
            assert time.monotonic() < until, "the real Asterisk did not come up within 20 s"
            time.sleep(0.1)


def _files(installed: fetch.Installed, folder: Path, ports: tuple[int, int]) -> dict[str, str]:
    folders = {"astetcdir": folder, "astmoddir": installed.modules, "astdatadir": installed.share}
    folders |= dict.fromkeys(("astvarlibdir", "astdbdir", "astkeydir", "astspooldir", "astrundir", "astlogdir"), folder)
    return {
        "asterisk.conf": "[directories]\n" + "".join(f"{key} => {path}\n" for key, path in folders.items()),
        "modules.conf": "[modules]\nautoload=no\n"
        + "".join(f"load = {name}.so\n" for name in " ".join(MODULES).split()),
        "manager.conf": f"[general]\nenabled=yes\nport={ports[0]}\nbindaddr=127.0.0.1\n"
        "[tests]\nsecret=loopback\nread=call\nwrite=all\n",
        "extensions.conf": "[script]\nexten => s,1,Answer()\n same => n,Set(AGIEXITONHANGUP=${EXITS})\n"
        f" same => n,AGI(agi://127.0.0.1:{ports[1]}/${{SCRIPT}},t0ken)\n same => n,Hangup()\n"
        "[hostile]\nexten => s,1,Answer()\n same => n,Set(EVIL=${URIDECODE(${BAD})})\n"
        ' same => n,Set(CALLERID(num)=${IF($["${WHERE}" = "number"]?${EVIL}:13800138000)})\n'
        f" same => n,AGI(agi://127.0.0.1:{ports[1]}/main,t0ken)\n same => n,Hangup()\n"
        "[far]\nexten => s,1,Answer()\n same => n,Wait(120)\n",
        "queues.conf": "[general]\n[billing]\nstrategy = ringall\n",
    }
