"""Fax machines for the product to call: a second real Asterisk whose numbers each behave in one way.

The two digits behind 010 say how a number behaves (``BEHAVIOURS``); the rest tells numbers apart. Everything the far
side knows of a call is written down by its own dialplan: the pages it received, whatever the product believes.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageSequence

from ivr_server.pbx import config, fetch, plan, running
from ivr_server.settings import Settings
from tests.live.ami import Ami

BEHAVIOURS = {
    "fine": "10",  # receives; T.38 and error correction
    "audio": "11",  # receives; no T.38
    "plain": "12",  # receives; no T.38, no error correction
    "busy": "20",
    "silent_ring": "21",  # rings, and nobody answers
    "voice": "22",
    "congested": "24",
    "person": "26",  # answers, and hangs up after five seconds
    "torn": "30",  # the first call is cut when one page was received; later ones are fine
    "torn_twice": "31",
}
TEARS = {"30": (1, 1), "31": (1, 2)}  # behaviour -> after so many pages, so many calls
INTO_THE_NEXT_S = 2.5  # the receiver's confirmation of a page is on its way by then, and the next page too
MODULES = ["res_fax", "res_fax_spandsp", "res_pjsip_t38", "func_env", "app_verbose"]

_blocks = itertools.count(int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) * 5_000 + 10_000, 500)
sessions: list[str] = []  # every fax call that a far machine saw in this run, for the figures


def number(behaviour: str, which: int = 1) -> str:
    """A number that behaves so."""
    return f"010{BEHAVIOURS[behaviour]}{which:06d}"


@dataclass(frozen=True, slots=True)
class Received:
    """One call as the far machine saw it. ``pages`` is its own count."""

    number: str
    pages: int
    status: str
    ecm: bool
    file: Path

    def sheets(self) -> list[Image.Image]:
        """The pages on its paper."""
        return sheets(self.file) if self.file.exists() else []


def sheets(path: Path) -> list[Image.Image]:
    """The pages of a TIFF."""
    with Image.open(path) as image:
        return [page.convert("1").copy() for page in ImageSequence.Iterator(image)]


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pages are alike, dot for dot; a sheet that is a line longer at its white end is."""
    high = min(one.height, other.height)
    if abs(one.height - other.height) > 2:
        return False
    area = (0, 0, one.width, high)
    return one.width == other.width and ImageChops.logical_xor(one.crop(area), other.crop(area)).getbbox() is None


FAR_SIP = """
[far-udp]
type = transport
protocol = udp
bind = 127.0.0.1:{own}
[product]
type = endpoint
context = machines
disallow = all
allow = ulaw,alaw
direct_media = no
aors = product
t38_udptl = yes
t38_udptl_ec = redundancy
t38_udptl_maxdatagram = 400
[product]
type = aor
contact = sip:127.0.0.1:{other}
[product]
type = identify
endpoint = product
match = 127.0.0.1
"""

FAR_DIALPLAN = r"""
[general]
static = yes
[machines]
exten => _01020.,1,Busy(10)
exten => _01021.,1,Ringing()
 same => n,Wait(120)
exten => _01022.,1,Answer()
 same => n,Playback(demo-congrats)
 same => n,Wait(120)
exten => _01024.,1,Congestion(10)
exten => _01026.,1,Answer()
 same => n,Wait(5)
 same => n,Hangup()
exten => _01011.,1,Goto(paper,${EXTEN},audio)
exten => _01012.,1,Goto(paper,${EXTEN},plain)
exten => _010[13]X.,1,Goto(paper,${EXTEN},fine)
exten => h,1,NoOp()

[paper]
exten => _X.,1(fine),Set(WANTED=yes|f)
 same => n,Goto(take)
 same => n(audio),Set(WANTED=yes|F)
 same => n,Goto(take)
 same => n(plain),Set(WANTED=no|F)
 same => n(take),Set(MACHINE=${EXTEN})
 same => n,Set(PAPER=@F@/in/${MACHINE}-${UNIQUEID}.tiff)
 same => n,Answer()
 same => n,Set(FAXOPT(ecm)=${CUT(WANTED,|,1)})
 same => n,ReceiveFAX(${PAPER},${CUT(WANTED,|,2)})
 same => n,Hangup()
exten => h,1,Set(FILE(@F@/log,,,al,u)=${MACHINE}|${FAXPAGES}|${FAXSTATUS}|${FAXOPT(ecm)}|${PAPER})

[caller]
; KEYS: seconds:keys/seconds:keys ...
exten => s,1,GotoIf($["${KEYS}" = ""]?stay)
 same => n,Set(STEP=${CUT(KEYS,/,1)})
 same => n,Set(KEYS=${CUT(KEYS,/,2-)})
 same => n,Wait(${CUT(STEP,:,1)})
 same => n,SendDTMF(${CUT(STEP,:,2)},80,80)
 same => n,Goto(1)
 same => n(stay),Wait(60)
"""

MANAGER = """
[watcher]
secret = loopback
permit = 127.0.0.1/255.255.255.255
read = call
write = call,reporting,originate
eventfilter = Event: FAXSession
"""


class FaxExchange:
    """Both Asterisks. ``product`` may be stopped and started again; the far one stays."""

    def __init__(self, folder: Path, installed: fetch.Installed, settings: Settings, ports: plan.Ports) -> None:
        self.folder = folder
        self._ports = ports
        for name in ("in", "far"):
            (folder / name).mkdir()
        own, far = ports.sip, plan.port_or_free(0, plan.UDP)
        made = plan.from_settings(settings, folder / "etc")
        line = plan.Trunk("line", "127.0.0.1", f"127.0.0.1:{far}")
        self.plan = dataclasses.replace(
            made, run=folder / "p", ports=ports, installed=installed, trunks=(line,), phones=(), seats=(), telephones=()
        )
        self.product = running.start(self.plan)
        self.far = self._start_far(far, own)
        self._torn: dict[str, int] = {}
        self._over = threading.Event()
        threading.Thread(target=self._tear, daemon=True).start()

    @property
    def media(self) -> tuple[int, int]:
        """The first and the last port of what both sides say to each other by sound and by T.38."""
        return self._ports.rtp_first, self._ports.rtp_first + 469

    def received(self, asked: str = "") -> list[Received]:
        """What the machines took in, in the order of the calls' ends; of one number only, if given."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        calls = []
        for line in lines:
            told, pages, status, ecm, file = line.split("|")
            calls.append(Received(told, int(pages or 0), status, ecm == "yes", Path(file)))
        return [one for one in calls if asked in ("", one.number)]

    def call(self, caller: str, keys: Sequence[tuple[float, str]]) -> None:
        """A person calls the voice and presses keys, each group so many seconds after the one before; then listens."""
        script = "/".join(f"{after:.2f}:{pressed}" for after, pressed in keys)
        self._far_action(caller, Context="caller", Exten="s", Priority="1", Variable=f"KEYS={script}")

    def fax_the_voice(self, caller: str, file: Path) -> None:
        """A fax machine calls the voice."""
        self._far_action(caller, Application="SendFAX", Data=str(file))

    def hang_up_callers(self) -> None:
        """Everybody on the far side puts the receiver down."""
        self.far.cli("channel request hangup all")

    def _far_action(self, caller: str, **fields: str) -> None:
        ami = Ami(self._far_ami, "watcher", "loopback")
        number = f'"" <{caller}>'
        answer = ami.action("Originate", Channel="PJSIP/10000@product", CallerID=number, Async="true", **fields)
        assert answer["Response"] == "Success", answer
        ami.close()

    def restart_product(self) -> None:
        """As a crash and a start by systemd: every call of it is gone.

        The far side is told so, as a gateway would: by itself, it would listen to the dead line for minutes.
        """
        self.product.process.kill()
        self.product.process.wait()
        self.hang_up_callers()
        self.product = running.start(self.plan)

    def calls(self) -> int:
        """How many channels the product's Asterisk has."""
        return int(self.product.cli("core show channels count").split(" active channel")[0].split()[-1])

    def wait_no_calls(self, seconds: float = 10.0) -> None:
        """Until the product's Asterisk holds no channel; fails if one leaks."""
        wait_until(lambda: self.calls() == 0, "no channel is left", seconds)

    def close(self) -> None:
        """End both."""
        self._over.set()
        sessions.extend(one.number for one in self.received())
        for one in (self.far, self.product):
            one.process.terminate()
        for one in (self.far, self.product):
            one.stop()

    def _start_far(self, own: int, other: int) -> running.Asterisk:
        folder, first = self.folder / "far", self._ports.rtp_first + 250
        ports = plan.Ports(
            bind="127.0.0.1", sip=0, ami=plan.port_or_free(0), rtp_first=first, rtp_last=first + 119,
            udptl_first=first + 120, udptl_last=first + 219,
        )  # fmt: skip
        self._far_ami = ports.ami
        skeleton = dataclasses.replace(self.plan, folder=folder, run=self.folder / "f", ports=ports, trunks=())
        config.write(skeleton)
        (folder / "pjsip.conf").write_text(FAR_SIP.format(own=own, other=other))
        (folder / "extensions.conf").write_text(FAR_DIALPLAN.replace("@F@", str(self.folder)))
        (folder / "local").mkdir()
        (folder / "local/modules.conf").write_text("load = func_cut.so\nload = app_senddtmf.so\n")
        (folder / "local/manager.conf").write_text(MANAGER)
        assert self.plan.installed is not None
        return running.launch(self.plan.installed, folder, self.folder / "f")

    def _tear(self) -> None:
        """Hang up on what is to be torn off, when the far session itself says that the pages are there."""
        ami = Ami(self._far_ami, "watcher", "loopback")
        seen: list[dict[str, str]] = []
        ami.listeners.append(seen.append)
        while not self._over.wait(0.3):
            try:
                self._tear_once(ami, seen)
            except Exception:  # the far Asterisk is being stopped
                return

    def _tear_once(self, ami: Ami, seen: list[dict[str, str]]) -> None:
        seen.clear()
        ami.action("FAXSessions")
        time.sleep(0.1)
        entries = {one["SessionNumber"]: one for one in tuple(seen) if one["Event"] == "FAXSessionsEntry"}
        for key, entry in entries.items():
            called = Path(entry["Files"]).name.partition("-")[0]
            after, times = TEARS.get(called[3:5], (0, 0))
            if self._torn.get(called, 0) >= times:
                continue
            seen.clear()
            ami.action("FAXSession", SessionNumber=key)
            time.sleep(0.1)
            pages = max((int(one["PagesReceived"]) for one in tuple(seen) if one["Event"] == "FAXSession"), default=0)
            if pages >= after:
                self._torn[called] = self._torn.get(called, 0) + 1
                time.sleep(INTO_THE_NEXT_S)
                ami.action("Hangup", Channel=entry["Channel"])


def free_ports() -> plan.Ports:
    """Ports for both Asterisks of one exchange; what lies below the kernel's own choice is counted out."""
    first = next(_blocks)
    return plan.Ports(
        bind="127.0.0.1",
        sip=plan.port_or_free(0, plan.UDP),
        ami=plan.port_or_free(0),
        rtp_first=first,
        rtp_last=first + 119,
        udptl_first=first + 120,
        udptl_last=first + 219,
    )


@contextmanager
def fax_exchange(
    installed: fetch.Installed, folder: Path, settings: Settings, ports: plan.Ports
) -> Iterator[FaxExchange]:
    """Both Asterisks, for a product with these settings, whose ``ami.port`` is that of ``ports``."""
    made = FaxExchange(folder, installed, settings, ports)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(test: Callable[[], object], what: str, seconds: float) -> float:
    """Until it is so; how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if test():
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def numbers_of(behaviour: str, count: int) -> Sequence[str]:
    """So many numbers that behave so."""
    return [number(behaviour, which) for which in range(1, count + 1)]
