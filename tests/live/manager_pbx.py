"""An Asterisk as the product's, with a few more manager users and contexts, that tests may kill and stop."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater

from crm_bridge.secret import Secret
from ivr_server.ami.client import Ami, AmiSettings
from ivr_server.pbx import fetch, plan, running
from tests.ami.certificates import authority
from tests.live.exchange import make_plan

SECRET = "loopback"
OWN = {
    "read": "call,agent",
    "write": "call,reporting,originate,agent",
}  # as the template gives it; held by a test below
TOO_MANY = [
    ("read", "system"),
    ("read", "dialplan"),
    ("read", "dtmf"),
    ("read", "agi"),
    ("write", "system"),
    ("write", "command"),
    ("write", "config"),
    ("write", "agi"),
    ("read", "all"),
    ("write", "all"),
]
TLS = """[general](+)
tlsenable = yes
tlsbindaddr = 127.0.0.1:{port}
tlscertfile = {pem}
"""
CONTEXTS = r"""
[tests]
exten => waits,1,Answer()
 same => n,Wait(30)
exten => flood,1,Answer()
 same => n(on),UserEvent(Flood,One: 1,Two: 2)
 same => n,Goto(on)
; A caller's number as a hostile telephone company could send it: %%0D%%0A are line breaks.
exten => hostile,1,Set(CALLERID(num)=${URIDECODE(${HOSTILE})})
 same => n,Answer()
 same => n,Wait(1)
"""


def user(name: str, more: str = "", **rights: str) -> str:
    """A user of the manager interface."""
    lines = {**OWN, **rights}
    return f"[{name}]\nsecret = {SECRET}\nread = {lines['read']}\nwrite = {lines['write']}\n{more}\n"


@dataclass
class Pbx:
    """A real Asterisk that can be killed and started again on the same port."""

    asterisk: running.Asterisk
    port: int
    tls_port: int
    ca: Path

    def signal(self, number: int) -> None:
        """To its process."""
        os.kill(self.asterisk.process.pid, number)

    def kill(self) -> None:
        """As kill -9 does."""
        self.asterisk.process.kill()
        self.asterisk.process.wait()

    def start(self) -> None:
        """Again, on the same files; waits until it is ready."""
        was = self.asterisk
        self.asterisk = running.launch(was.installed, was.folder, was.run)


@contextmanager
def manager_pbx(installed: fetch.Installed) -> Iterator[Pbx]:
    """Asterisk on the generated files, with more users and contexts."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    wanted = make_plan(installed, folder, 4573, "test-token")
    local = wanted.folder / "local"
    local.mkdir(parents=True)
    users = [user("hears", read="call,agent,user"), user("elsewhere", "deny = 0.0.0.0/0.0.0.0\npermit = 10.9.9.9")]
    users += [user(f"{line}-{right}", **{line: f"{OWN[line]},{right}"}) for line, right in TOO_MANY]
    users += [user(f"no-{right}", write=_without(right)) for right in OWN["write"].split(",")]
    made_by, tls_port = authority(folder, "authority"), plan.port_or_free(0)
    (folder / "asterisk.pem").write_bytes(made_by.pair())
    tls = TLS.format(port=tls_port, pem=folder / "asterisk.pem")
    (local / "manager.conf").write_text("\n".join([tls, *users]))
    (local / "extensions.conf").write_text(CONTEXTS)
    made = Pbx(running.start(wanted), wanted.ports.ami, tls_port, made_by.pem)
    try:
        yield made
    finally:
        made.signal(signal.SIGCONT)
        made.asterisk.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _without(right: str) -> str:
    return ",".join(one for one in OWN["write"].split(",") if one != right)


NEEDS = ("Originate", "Hangup", "CoreShowChannels", "FAXSession", "FAXSessions", "QueueAdd")


@contextmanager
def clients(pbx: Pbx) -> Iterator[Callable[..., Ami]]:
    """Makes clients by user, secret and further settings; stops them all in the end."""
    made: list[Ami] = []

    def opening(name: str = "hears", secret: str = SECRET, **more: object) -> Ami:
        wish = {"port": pbx.port, "user": name, "secret": Secret(secret), "needs": NEEDS} | more
        made.append(Ami(reactor, AmiSettings(**wish)))  # type: ignore[arg-type]
        return made[-1]

    yield opening
    for ami in made:
        pytest_twisted.blockon(ensureDeferred(ami.stop()))


async def pause(seconds: float) -> None:
    """Let the reactor turn."""
    await deferLater(reactor, seconds)  # type: ignore[arg-type]


async def until(test: Callable[[], bool], what: str, seconds: float = 10.0) -> float:
    """Wait for it; how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if test():
            return time.monotonic() - began
        await pause(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


async def live(ami: Ami) -> Ami:
    """Started, and live."""
    ami.start()
    await until(lambda: ami.connected or ami.state == "refused", "live")
    assert ami.connected, ami.condition()
    return ami
