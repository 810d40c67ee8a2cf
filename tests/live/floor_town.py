"""A real Asterisk with one queue of the floor's tests, two SIP agents whom the callers' Asterisk plays, and callers.

Callers come from inside, without the voice: what is tested is what happens in the queue and after it. The queue is made
by ``local/`` files, on top of exactly the generated ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr_server.pbx import fetch, running
from tests.live.exchange import Exchange, make_plan
from tests.live.words import SECRET, WATCHER

HALL = "hall"
QUEUES = """
[hall](ivr-queue)
timeout = 4
retry = 1
wrapuptime = 0
joinempty = yes
leavewhenempty = no
"""
EXTENSIONS = r"""
[floor-test]
exten => wait,1,Answer()
 same => n(again),Set(LEFT=${IF($["${LIMIT}" = ""]?300:${LIMIT})})
 same => n,GotoIf($[0${FILTER(0-9,${VERSION(ASTERISK_VERSION_NUM)})} >= 210000]?new)
 same => n,Queue(hall,t,,,${LEFT},,,,,${IVR_PLACE})
 same => n,Goto(back)
 same => n(new),Queue(hall,t,,,${LEFT},,,,${IVR_PLACE})
 same => n(back),NoOp()
 same => n,GotoIf($["${QUEUESTATUS}" != "WITHDRAW"]?over)
 same => n,Set(IVR_PLACE=${FILTER(0-9,${QUEUE_WITHDRAW_INFO})})
 same => n,Wait(1)
 same => n,Goto(again)
 same => n(over),Wait(3)
 same => n,Hangup()
exten => hostile,1,Set(CALLERID(num)=${URIDECODE(${HOSTILE})})
 same => n,Set(CALLERID(name)=${URIDECODE(${HOSTILE})})
 same => n,Goto(wait,1)
"""
USER = f"""
[floor]
secret = {SECRET}
permit = 127.0.0.1/255.255.255.255
read = call,agent
write = call,reporting,originate,agent
"""
GENERAL = """
[general](+)
timestampevents = yes
"""


@dataclass
class FloorTown:
    """Both Asterisks. ``callers`` come with ``arrive``; agents are those of the exchange."""

    exchange: Exchange
    arrived: int = 0

    @property
    def port(self) -> int:
        """Of the manager interface."""
        return self.exchange.plan.ports.ami

    @property
    def queue_log(self) -> Path:
        """Asterisk's own record."""
        return next(self.exchange.folder.rglob("queue_log"))

    def arrive(self, place: str = "wait", **variables: str) -> str:
        """A caller comes into the queue; their call."""
        self.arrived += 1
        call = f"caller-{self.arrived:04}-in"  # Asterisk takes an id for used when another one begins like it
        answer = self.exchange.product_ami.action(
            "Originate",
            Channel=f"Local/{place}@floor-test/n",
            ChannelId=call.replace("-in", "-out"),
            OtherChannelId=call,
            CallerID=f'"Caller {self.arrived}" <1380000{self.arrived:04}>',
            Application="Wait",
            Data="120",
            Async="true",
            Variable=[f"__{name}={value}" for name, value in variables.items()] or ["__NOTHING=1"],
        )
        assert answer["Response"] == "Success", answer
        return call

    def leave(self, call: str) -> None:
        """The caller hangs up."""
        self.exchange.product_ami.action("Hangup", Channel=call.replace("-in", "-out"))

    def empty(self) -> None:
        """Every caller hangs up."""
        self.exchange.product.cli("channel request hangup all")

    def rings(self, agent: str, seconds: int) -> None:
        """How long this agent's telephone rings before it answers."""
        self.exchange.callers.cli(f"dialplan set global AGENT_RINGS_{agent} {seconds}")

    def talks(self, seconds: float) -> None:
        """How long agents talk."""
        self.exchange.callers.cli(f"dialplan set global AGENT_TALKS {seconds}")


@contextmanager
def floor_town(installed: fetch.Installed) -> Iterator[FloorTown]:
    """Both, until the end."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    wanted = make_plan(installed, folder, 4573, "test-token")
    local = wanted.folder / "local"
    local.mkdir(parents=True)
    (local / "manager.conf").write_text(GENERAL + WATCHER + USER)
    (local / "extensions.conf").write_text(EXTENSIONS)
    (local / "queues.conf").write_text(QUEUES)
    product = running.start(wanted)
    try:
        made = Exchange(folder, product, wanted)
    except BaseException:
        product.stop()
        raise
    try:
        yield FloorTown(made)
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)
