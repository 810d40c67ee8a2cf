"""Two real Asterisks on loopback: the product's, on exactly the generated configuration, and the callers'.

The callers' Asterisk dials into the product's by SIP, presses keys as RFC 4733 tones, and records what it hears.
It also registers as the agents of the product's queues, and answers their calls.
Beside the generated files the product's Asterisk gets ``local/`` files: a manager user that only watches, and
contexts that put hostile values into the caller's number, as no SIP message of ours could.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ivr_server.pbx import config, fetch, plan, running
from tests.live.ami import Ami, Fields
from tests.live.calls import Call, Leg
from tests.live.words import (
    CALLERS_AGENT,
    CALLERS_EXTENSIONS,
    CALLERS_MANAGER,
    CALLERS_MODULES,
    CALLERS_PJSIP,
    HOSTILE,
    SECRET,
    WATCHER,
)

AGENTS = ("2001", "2002")
SEATS = ("1001", "1002")
QUEUES = ("service", "billing")
Keys = Sequence[tuple[float, str]]  # after so many seconds, these keys

_ports = itertools.count(20_000 + 400 * (os.getpid() % 80), 400)  # runs beside each other do not hear each other
dialled: list[str] = []  # every number called in this run, for the figures


class Exchange:
    """Both Asterisks, and the tests' hold on them. Made by ``exchange()``."""

    def __init__(self, folder: Path, product: running.Asterisk, wanted: plan.Plan) -> None:
        self.folder = folder
        self.product = product
        self.plan = wanted
        self.legs: dict[str, Leg] = {}
        self.calls: dict[str, Call] = {}
        self.inside = Leg()
        self._by_unique: dict[str, Leg] = {}
        self._callers_numbers = itertools.count(15_000_000_000)  # nobody's in the demonstration data
        self._lock = threading.Lock()
        self.callers = self._start_callers()
        self.product_ami = Ami(wanted.ports.ami, "watcher", SECRET)
        self.product_ami.listeners.append(self._product_event)
        self.callers_ami = Ami(self._callers_ami_port, "watcher", SECRET)
        self.callers_ami.listeners.append(self._callers_event)
        for agent in wanted.telephones:  # Asterisk registers them at its start; asked before that is done, it forgets
            self.wait_for(lambda name=agent.name: self.agent_is_in(name), f"agent {agent.name} registered")
            self.agent_signs_out(agent.name)

    def dial(self, number: str = "10000", keys: Keys = (), **options: str | float) -> Call:
        """Place a call and press keys, each group so many seconds after the one before (the first after the answer).

        Options: caller and name (shown), stay (seconds on the line after the last key, default 60), says (a sound file
        that the caller makes all along), gap_ms and tone_ms of the keys.
        """
        caller = str(options.get("caller") or next(self._callers_numbers))
        unique = f"call-{caller}-{time.monotonic_ns()}"
        call = Call(self, number, caller, unique, self.folder / f"{unique}.wav", time.monotonic())
        dialled.append(number)
        self.legs.pop(caller, None)
        self.calls[unique] = call
        script = "/".join(f"{after:.2f}:{pressed}" for after, pressed in keys)
        variables = {
            "RECORDING": str(call.recording),
            "KEYS": script,
            "GAP": str(int(options.get("gap_ms", 60))),
            "TONE": str(int(options.get("tone_ms", 80))),
            "STAY": str(options.get("stay", 60)),
            "SAYS": str(options.get("says", "")),
        }
        answer = self.callers_ami.action(
            "Originate",
            Channel=f"PJSIP/{number}@product",
            ChannelId=unique,
            Context="caller",
            Exten="s",
            Priority="1",
            CallerID=f'"{options.get("name", "")}" <{caller}>',
            Timeout="30000",
            Async="true",
            Variable=[f"{name}={value}" for name, value in variables.items()],
        )
        assert answer["Response"] == "Success", answer
        return call

    def dial_inside(self, extension: str, hostile: str = "") -> Leg:
        """Start a call inside the product's Asterisk, at an extension of the context ``hostile`` (words.py).

        ``hostile`` becomes the caller's number and name, with %0A and the like for what no SIP message of ours carries.
        """
        self.inside = Leg()
        answer = self.product_ami.action(
            "Originate",
            Channel=f"Local/{extension}@hostile/n",
            Application="Wait",
            Data="30",
            Async="true",
            Variable=f"__HOSTILE={hostile}",
        )
        assert answer["Response"] == "Success", answer
        self.wait_for(lambda: bool(self.inside.unique), f"the call to {extension} began")
        return self.inside

    def agent_signs_in(self, name: str, talks_s: float = 3.0, queues: Sequence[str] = QUEUES) -> None:
        """The telephone of an agent registers and joins queues; it answers every call and talks so long."""
        self.callers.cli(f"dialplan set global AGENT_TALKS {talks_s}")
        self.callers_ami.action("PJSIPRegister", Registration=name)
        self.wait_for(lambda: self.agent_is_in(name), f"agent {name} registered")
        for queue in queues:
            self.member_add(name, queue)

    def member_add(self, name: str, queue: str, penalty: int = 0) -> None:
        """As the desk does; somebody who is a member already stays one."""
        fields = {"Interface": f"PJSIP/{name}", "MemberName": f"Agent {name}", "Penalty": str(penalty)}
        self.product_ami.action("QueueAdd", Queue=queue, **fields)

    def agent_is(self, name: str, rings_s: int = 0, says: str = "") -> None:
        """How an agent's telephone answers the next calls: after so long, making a sound (a file, no ending)."""
        self.callers.cli(f"dialplan set global AGENT_RINGS_{name} {rings_s}")
        self.callers.cli(f'dialplan set global AGENT_SAYS_{name} "{says}"')

    def agent_saw(self, name: str) -> list[str]:
        """What the headers of the last call to this agent said: trail id, queue, business, language."""
        shown = self.callers.cli("dialplan show globals")
        return next(line for line in shown.splitlines() if f"AGENT_SAW_{name}=" in line).partition("=")[2].split("/")

    def pause(self, name: str, paused: bool = True) -> None:
        """As the desk does: the agent is signed in, and takes no calls."""
        fields = {"Interface": f"PJSIP/{name}", "Paused": str(paused).lower(), "Reason": "break" if paused else ""}
        self.product_ami.action("QueuePause", **fields)

    def waiting(self, queue: str) -> list[str]:
        """The channels that wait in a queue, in order."""
        shown = self.product.cli(f"queue show {queue}")
        return re.findall(r"^ +\d+\. (\S+) \(wait", shown, re.M)

    def device(self, name: str) -> str:
        """The channel of an agent's telephone in the product's Asterisk; "" without one."""
        shown = self.product.cli("core show channels concise").splitlines()
        return next((line.split("!")[0] for line in shown if line.startswith(f"PJSIP/{name}-")), "")

    def withdraw(self, call: Call, queue: str, place: int) -> None:
        """Take a waiting caller out of the queue, to speak to him."""
        fields = {"Queue": queue, "Caller": call.leg.channel, "WithdrawInfo": str(place)}
        answer = self.product_ami.action("QueueWithdrawCaller", **fields)
        assert answer["Response"] == "Success", answer

    def agent_signs_out(self, name: str) -> None:
        """The agent leaves the queues, and the telephone leaves."""
        for queue in QUEUES:
            self.product_ami.action("QueueRemove", Queue=queue, Interface=f"PJSIP/{name}")
        self.callers_ami.action("PJSIPUnregister", Registration=name)
        self.wait_for(lambda: not self.agent_is_in(name), f"agent {name} left")

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
        until = time.monotonic() + seconds
        while self.channels() and time.monotonic() < until:
            time.sleep(0.1)
        assert self.channels() == 0, self.product.cli("core show channels verbose")

    def close(self) -> None:
        """End everything."""
        self.product_ami.close()
        self.callers_ami.close()
        for one in (self.callers, self.product):
            one.process.terminate()
        for one in (self.callers, self.product):
            one.stop()

    def wait_for(self, test: Callable[[], object], what: str, seconds: float = 8.0) -> None:
        """Until it is true."""
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
        low = next(_ports)
        skeleton = dataclasses.replace(
            self.plan,
            folder=folder,
            run=self.folder / "c",
            ports=plan.Ports(
                bind="127.0.0.1",
                sip=0,
                ami=self._callers_ami_port,
                http=plan.port_or_free(0),
                rtp_first=low,
                rtp_last=low + 399,
            ),
            seats=(),
            telephones=(),
            phones=(),
            trunks=(),
        )
        config.write(skeleton)
        own = self.plan.trunks[0].contact.rpartition(":")[2]
        sip = CALLERS_PJSIP.format(port=own, product=ports.sip)
        sip += "".join(
            CALLERS_AGENT.format(name=agent.name, password=agent.password, product=ports.sip)
            for agent in self.plan.telephones
        )
        (self.folder / "agent").mkdir()
        (folder / "pjsip.conf").write_text(sip)
        recordings = f"[globals]\nAGENT_TALKS = 3\nAGENT_RECORDINGS = {self.folder / 'agent'}\n"
        (folder / "extensions.conf").write_text(recordings + CALLERS_EXTENSIONS)
        (folder / "local").mkdir()
        (folder / "local/manager.conf").write_text(CALLERS_MANAGER)
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
        if fields.get("Event") == "Newchannel" and fields.get("Channel", "").endswith(";2"):
            self.inside = self._by_unique[unique] = Leg(fields.get("Channel", ""), unique)
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
    (local / "extensions.conf").write_text(HOSTILE % {"agi": wanted.agi, "token": wanted.token})
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
        shutil.rmtree(folder, ignore_errors=True)


def make_plan(installed: fetch.Installed, folder: Path, agi_port: int, token: str) -> plan.Plan:
    """The product's plan: free ports, one line from the callers' address, two agents."""
    first = next(_ports)
    ports = plan.Ports(
        bind="127.0.0.1",
        sip=plan.port_or_free(0, plan.UDP),
        ami=plan.port_or_free(0),
        http=plan.port_or_free(0),
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
        seats=tuple(plan.Phone(name, f"word-{name}", name, f"Seat {name}") for name in SEATS),
        telephones=tuple(plan.Phone(name, f"word-{name}", name, f"Telephone {name}") for name in AGENTS),
        phones=(plan.Phone("caller", "word", "13800000001", "A caller"),),
        trunks=(plan.Trunk("line", "127.0.0.1", f"127.0.0.1:{plan.port_or_free(0, plan.UDP)}"),),
        ports=ports,
        installed=installed,
        call_limit_s=600,
        # the callers' Asterisk answers as every number
        outside=plan.Outside(channel="PJSIP/{number}@line", ring_s=6, asked_s=6),
        recordings=folder / "talks",
    )
