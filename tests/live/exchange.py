"""Two real Asterisks on loopback: the product's, on exactly the generated configuration, and the callers'.

The callers' Asterisk dials into the product's by SIP, presses keys as RFC 4733 tones, and records what it hears.
It also registers as the agents of the product's queues, and answers their calls.
Beside the generated files the product's Asterisk gets ``local/`` files: a manager user that only watches, and
contexts that put hostile values into the caller's number, as no SIP message of ours could.
"""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ivr_server.pbx import config, fetch, plan, running
from tests.live.ami import Ami, Fields

SECRET = "loopback"
AGENTS = ("1001", "1002")
Keys = Sequence[tuple[float, str]]  # after so many seconds, these keys

_ports = itertools.count(30_000, 400)

CALLERS_EXTENSIONS = r"""
[general]
static = yes

[caller]
exten => s,1,MixMonitor(,Sr(${RECORDING}))
 same => n(next),GotoIf($["${KEYS}" = ""]?stay)
 same => n,Set(STEP=${CUT(KEYS,/,1)})
 same => n,Set(KEYS=${CUT(KEYS,/,2-)})
 same => n,Wait(${CUT(STEP,:,1)})
 same => n,SendDTMF(${CUT(STEP,:,2)},${GAP},${TONE})
 same => n,Goto(next)
 same => n(stay),Wait(${STAY})
 same => n,Hangup()

[agent]
exten => _X.,1,Answer()
 same => n,MixMonitor(,Sr(${AGENT_RECORDINGS}/${EXTEN}-${UNIQUEID}.wav))
 same => n,Wait(${AGENT_TALKS})
 same => n,Hangup()
"""

CALLERS_PJSIP = """

[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}

[product]
type = endpoint
context = agent
disallow = all
allow = ulaw,alaw
dtmf_mode = rfc4733
direct_media = no
aors = product
[product]
type = aor
contact = sip:127.0.0.1:{product}
[product]
type = identify
endpoint = product
match = 127.0.0.1
"""

CALLERS_AGENT = """
[{name}]
type = registration
transport = udp
outbound_auth = {name}
server_uri = sip:127.0.0.1:{product}
client_uri = sip:{name}@127.0.0.1:{product}
contact_user = {name}
retry_interval = 1
max_random_initial_delay = 0
forbidden_retry_interval = 1
[{name}]
type = auth
auth_type = userpass
username = {name}
password = {password}
"""

CALLERS_MODULES = "app_senddtmf func_cut func_callerid res_pjsip_outbound_registration app_verbose".split() + [
    "res_pjsip_outbound_authenticator_digest"
]

WATCHER = f"""
[watcher]
secret = {SECRET}
permit = 127.0.0.1/255.255.255.255
read = call,dialplan,agent,reporting
write = call,command,reporting,system,originate
eventfilter = Event: (Newchannel|Hangup|QueueCaller|Agent)
eventfilter = Variable: (IVR_|AGISTATUS|PLAYBACKSTATUS|QUEUESTATUS)
"""

HOSTILE = r"""
[hostile]
; Called by Originate: a caller's number and name that a hostile telephone company could send.
exten => lines,1,Set(CALLERID(num)=${HOSTILE})
 same => n,Set(CALLERID(name)=${HOSTILE})
 same => n,Goto(ivr-incoming,10000,1)
"""


@dataclass(slots=True)
class Leg:
    """The product's end of one call: what its channel did, gathered from events."""

    channel: str = ""
    unique: str = ""
    variables: dict[str, list[str]] = field(default_factory=dict)
    seen: list[tuple[float, Fields]] = field(default_factory=list)
    ended: float = 0.0

    def last(self, name: str) -> str | None:
        """The last value a channel variable was set to; None when it never was."""
        values = self.variables.get(name)
        return values[-1] if values else None

    def events(self, name: str) -> list[tuple[float, Fields]]:
        """When (monotonic) and what, of one kind of event."""
        return [(at, fields) for at, fields in self.seen if fields.get("Event") == name]


@dataclass(slots=True)
class Call:
    """One caller's call. Times are monotonic seconds; ``recording`` is what the caller heard (8 kHz wav)."""

    exchange: Exchange
    number: str
    caller: str
    unique: str
    recording: Path
    dialled: float
    channel: str = ""
    answered: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    answered_at: float = 0.0
    ended_at: float = 0.0
    cause: str = ""
    refused: bool = False

    def press(self, keys: str, gap_ms: int = 60, tone_ms: int = 80) -> None:
        """Press keys now, one after the other, while the call goes on."""
        for key in keys:
            fields = {"Channel": self.channel, "Digit": key, "Duration": str(tone_ms)}
            self.exchange.callers_ami.action("PlayDTMF", **fields)
            time.sleep((tone_ms + gap_ms) / 1000)

    def hang_up(self) -> None:
        """The caller puts the receiver down; a call that is over stays so."""
        self.exchange.callers_ami.action("Hangup", Channel=self.channel or self.unique)

    def wait_answered(self, seconds: float = 10.0) -> Call:
        """Until the product has answered."""
        assert self.answered.wait(seconds) and not self.refused, f"not answered within {seconds} s"
        return self

    def wait_over(self, seconds: float = 60.0) -> Call:
        """Until either side has hung up."""
        assert self.over.wait(seconds), f"the call to {self.number} was not over after {seconds} s"
        return self

    @property
    def seconds(self) -> float:
        """How long it was up."""
        return self.ended_at - self.answered_at

    @property
    def leg(self) -> Leg:
        """The product's end of this call, found by the caller's number (each call has its own)."""
        return self.exchange.legs.get(self.caller) or Leg()

    def wait_leg(self, test: Callable[[Leg], object], seconds: float = 10.0) -> Leg:
        """Until something is true of the product's end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if test(self.leg):
                return self.leg
            time.sleep(0.02)
        shown = {name: values for name, values in self.leg.variables.items()}
        raise AssertionError(f"did not happen within {seconds} s; the product's channel had {shown}")


class Exchange:
    """Both Asterisks, and the tests' hold on them. Made by ``exchange()``."""

    def __init__(self, folder: Path, product: running.Asterisk, wanted: plan.Plan) -> None:
        self.folder = folder
        self.product = product
        self.plan = wanted
        self.legs: dict[str, Leg] = {}
        self.calls: dict[str, Call] = {}
        self._by_unique: dict[str, Leg] = {}
        self._callers_numbers = itertools.count(1_390_000_0000)
        self._lock = threading.Lock()
        self.callers = self._start_callers()
        self.product_ami = Ami(wanted.ports.ami, "watcher", SECRET)
        self.product_ami.listeners.append(self._product_event)
        self.callers_ami = Ami(self._callers_ami_port, "watcher", SECRET)
        self.callers_ami.listeners.append(self._callers_event)
        for agent in wanted.agents:  # Asterisk registers them at its start; asked before that is done, it forgets
            self._wait_for(lambda name=agent.name: self.agent_is_in(name), f"agent {agent.name} registered")
            self.agent_signs_out(agent.name)

    def dial(self, number: str = "10000", keys: Keys = (), **options: str | float) -> Call:
        """Place a call and press keys, each group so many seconds after the one before (the first after the answer).

        Options: caller (number shown), stay (seconds on the line after the last key, default 60),
        gap_ms and tone_ms of the keys.
        """
        caller = str(options.get("caller") or next(self._callers_numbers))
        unique = f"call-{caller}-{time.monotonic_ns()}"
        call = Call(self, number, caller, unique, self.folder / f"{unique}.wav", time.monotonic())
        self.legs.pop(caller, None)
        self.calls[unique] = call
        script = "/".join(f"{after:.2f}:{pressed}" for after, pressed in keys)
        variables = {
            "RECORDING": str(call.recording),
            "KEYS": script,
            "GAP": str(int(options.get("gap_ms", 60))),
            "TONE": str(int(options.get("tone_ms", 80))),
            "STAY": str(options.get("stay", 60)),
        }
        answer = self.callers_ami.action(
            "Originate",
            Channel=f"PJSIP/{number}@product",
            ChannelId=unique,
            Context="caller",
            Exten="s",
            Priority="1",
            CallerID=f'"" <{caller}>',
            Timeout="30000",
            Async="true",
            Variable=[f"{name}={value}" for name, value in variables.items()],
        )
        assert answer["Response"] == "Success", answer
        return call

    def dial_hostile(self, value: str) -> None:
        """Start a call inside the product's Asterisk whose caller number and name are any text, line breaks too."""
        self.product_ami.action(
            "Originate",
            Channel="Local/lines@hostile/n",
            Application="Wait",
            Data="20",
            Async="true",
            Variable=f"__HOSTILE={value}",
        )

    def agent_signs_in(self, name: str, talks_s: float = 3.0) -> None:
        """The telephone of an agent registers; it answers every call and talks so long."""
        self.callers.cli(f"dialplan set global AGENT_TALKS {talks_s}")
        self.callers_ami.action("PJSIPRegister", Registration=name)
        self._wait_for(lambda: self.agent_is_in(name), f"agent {name} registered")

    def agent_signs_out(self, name: str) -> None:
        """The agent's telephone leaves."""
        self.callers_ami.action("PJSIPUnregister", Registration=name)
        self._wait_for(lambda: not self.agent_is_in(name), f"agent {name} left")

    def agent_is_in(self, name: str) -> bool:
        """Whether the product's Asterisk knows the agent's telephone."""
        return f"sip:{name}@" in self.product.cli(f"pjsip show aor {name}")

    def agent_recordings(self, name: str) -> list[Path]:
        """What the agent heard, call by call."""
        return sorted(self.folder.glob(f"agent/{name}-*.wav"))

    def channels(self) -> int:
        """How many channels the product's Asterisk has."""
        return int(self.product.cli("core show channels count").split(" active channel")[0].split()[-1])

    def wait_no_channels(self, seconds: float = 5.0) -> None:
        """Until the product's Asterisk holds no channel; fails if one leaks."""
        self._wait_for(lambda: self.channels() == 0, "no channel left in the product's Asterisk", seconds)

    def close(self) -> None:
        """End everything."""
        self.product_ami.close()
        self.callers_ami.close()
        for one in (self.callers, self.product):
            one.process.terminate()
        for one in (self.callers, self.product):
            one.stop()

    def _wait_for(self, test: Callable[[], bool], what: str, seconds: float = 8.0) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if test():
                return
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}")

    def _start_callers(self) -> running.Asterisk:
        """The callers' Asterisk: our generated skeleton for modules and logs, with other SIP, dialplan and rights."""
        folder, ports = self.folder / "callers", self.plan.ports
        self._callers_ami_port = plan.port_or_free(0)
        first = next(_ports)
        skeleton = dataclasses.replace(
            self.plan,
            folder=folder,
            run=self.folder / "c",
            ports=plan.Ports(bind="127.0.0.1", sip=0, ami=self._callers_ami_port, rtp_first=first, rtp_last=first + 399),
            agents=(),
            phones=(),
            trunks=(),
        )
        config.write(skeleton)
        sip = CALLERS_PJSIP.format(port=plan.port_or_free(0, plan.UDP), product=ports.sip)
        sip += "".join(
            CALLERS_AGENT.format(name=agent.name, password=agent.password, product=ports.sip)
            for agent in self.plan.agents
        )
        (self.folder / "agent").mkdir()
        (folder / "pjsip.conf").write_text(sip)
        recordings = f"[globals]\nAGENT_TALKS = 3\nAGENT_RECORDINGS = {self.folder / 'agent'}\n"
        (folder / "extensions.conf").write_text(recordings + CALLERS_EXTENSIONS)
        (folder / "local").mkdir()
        everything = WATCHER.split("read =")[0] + "read = call\nwrite = all\neventfilter = Event: (Newchannel|Newstate|Hangup|OriginateResponse)\n"
        (folder / "local/manager.conf").write_text(everything)
        (folder / "local/modules.conf").write_text("".join(f"load = {name}.so\n" for name in CALLERS_MODULES))
        with (folder / "asterisk.conf").open("a") as more:
            more.write("transmit_silence = yes\n")  # a telephone always sends; it also keeps the recording in step
        assert self.plan.installed is not None
        return running.launch(self.plan.installed, folder, self.folder / "c")

    def _product_event(self, fields: Fields) -> None:
        unique = fields.get("Uniqueid", "")
        if fields.get("Event") == "Newchannel" and fields.get("Context") == "ivr-incoming":
            leg = Leg(fields.get("Channel", ""), unique)
            self._by_unique[unique] = leg
            self.legs[fields.get("CallerIDNum", "")] = leg
        leg_or_none = self._by_unique.get(unique)
        if leg_or_none is None:
            return
        leg_or_none.seen.append((time.monotonic(), fields))
        if fields.get("Event") == "VarSet":
            leg_or_none.variables.setdefault(fields.get("Variable", ""), []).append(fields.get("Value", ""))
        if fields.get("Event") == "Hangup":
            leg_or_none.ended = time.monotonic()

    def _callers_event(self, fields: Fields) -> None:
        call = self.calls.get(fields.get("Uniqueid", ""))
        if call is None:
            return
        call.channel = fields.get("Channel") or call.channel
        if fields.get("ChannelStateDesc") == "Up" and not call.answered.is_set() and fields["Event"] == "Newstate":
            call.answered_at = time.monotonic()
            call.answered.set()
        if fields["Event"] == "Hangup":
            call.ended_at = time.monotonic()
            call.cause = fields.get("Cause-txt", "")
            call.refused = not call.answered.is_set()
            call.answered.set()
            call.over.set()


@contextmanager
def exchange(installed: fetch.Installed, sounds: Path, agi_port: int, token: str = "test-token") -> Iterator[Exchange]:
    """Both Asterisks, for an AGI server on ``agi_port``; ``sounds`` holds fallback/apology-zh and -en."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))  # short, for Asterisk's socket
    wanted = make_plan(installed, folder, agi_port, token)
    wanted = dataclasses.replace(wanted, sounds=sounds)
    local = wanted.folder / "local"
    local.mkdir(parents=True)
    (local / "manager.conf").write_text(WATCHER)
    (local / "extensions.conf").write_text(HOSTILE)
    product = running.start(wanted)
    try:
        made = Exchange(folder, product, wanted)
    except BaseException:
        product.stop()
        raise
    try:
        yield made
    finally:
        made.close()


def make_plan(installed: fetch.Installed, folder: Path, agi_port: int, token: str) -> plan.Plan:
    """The product's plan: free ports, one line from the callers' address, two agents."""
    first = next(_ports)
    ports = plan.Ports(
        bind="127.0.0.1",
        sip=plan.port_or_free(0, plan.UDP),
        ami=plan.port_or_free(0),
        rtp_first=first,
        rtp_last=first + 399,
    )
    return plan.Plan(
        folder=folder / "etc",
        run=folder / "p",
        sounds=folder / "sounds",
        agi=f"127.0.0.1:{agi_port}",
        token=token,
        ami_secret="ivr-secret",
        agents=tuple(plan.Phone(name, f"word-{name}", name, f"Agent {name}") for name in AGENTS),
        phones=(plan.Phone("caller", "word", "13800000001", "A caller"),),
        trunks=(plan.Trunk("line", "127.0.0.1", "127.0.0.1:5099"),),
        ports=ports,
        installed=installed,
        call_limit_s=600,
    )
