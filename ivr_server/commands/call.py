"""``ivr-server call``: the service by telephone, at a terminal. Words are printed, keys are typed."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from twisted.internet.interfaces import IDelayedCall

from ivr_server import whereabouts
from ivr_server.chosen import chosen_settings
from ivr_server.phone.phone import KEYS, TELEPHONE_MS, Dialling
from ivr_server.phone.queueing import QueueingPhone, Waits
from ivr_server.settings import AGI_PORT, token

STATUS = {"done": 0, "queue": 2, "refused": 3}
NO_RESULT = 4
NOT_CONNECTED = 5
PLAYERS = (("aplay", "-q"), ("paplay",), ("afplay",))
HUMAN_GAP_S = 0.25
MOST_AHEAD = 99
WORDS = {
    0: "done",
    2: "handed to the queue",
    3: "refused",
    4: "no result: hung up, or the server failed",
    5: "nobody answered",
}


@dataclass(slots=True)
class Terminal:
    """An ear that prints, a hand that types; ``keys`` are what a script still has to press."""

    clock: Any
    quiet: bool = False
    player: tuple[str, ...] = ()
    keys: deque[str] = field(default_factory=deque)
    phone: QueueingPhone | None = None
    status: int = NOT_CONNECTED
    _child: subprocess.Popen[bytes] | None = None
    _timer: IDelayedCall | None = None

    def say(self, line: str) -> None:
        """One line for a person, unless quiet."""
        if not self.quiet:
            click.echo(line)

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound begins; without a path it is the queue's music."""
        self.say(words or f"[{path.rpartition('/')[2]}, {ms / 1000:.1f} s]")
        if self.player and path:
            self._child = subprocess.Popen([*self.player, path + ".wav"], stderr=subprocess.DEVNULL)

    def silent(self) -> None:
        """The sound ended, or a key cut it."""
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
            self._child = None

    def ended(self, variables: dict[str, str]) -> None:
        """The server let go."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        refused = variables.get("AGISTATUS") == "FAILURE"
        self.status = STATUS.get(variables.get("IVR_RESULT", ""), STATUS["refused"] if refused else NO_RESULT)
        queue = f" {variables['IVR_QUEUE']}" if variables.get("IVR_QUEUE") else ""
        self.say(f"-- {WORDS[self.status]}{queue}")
        for line in handed(variables):
            self.say(f"   {line}")
        self.clock.callLater(0, self.clock.stop)

    def listening(self) -> None:
        """The server waits for a key: the script's next one, after the time a finger needs."""
        if self.keys and (self._timer is None or not self._timer.active()):
            token = self.keys.popleft()
            after = float(token[5:]) if token.startswith("wait:") else 0.0 if self.fast else HUMAN_GAP_S
            self._timer = self.clock.callLater(after, self._press, token)

    @property
    def fast(self) -> bool:
        """Whether sounds take no time."""
        return self.phone is not None and self.phone.phone.side.dialling.fast

    def _press(self, token: str) -> None:
        assert self.phone is not None
        if token == "hangup":
            self.phone.hang_up()
        elif token.startswith("wait:"):
            self.listening()
        else:
            self.say(f"> {token}")
            self.phone.press(token)

    def typed(self, line: str) -> None:
        """A line from the keyboard: keys, or "q" to hang up."""
        assert self.phone is not None
        if line.strip().lower() in ("q", "quit", "hangup"):
            self.phone.hang_up()
        else:
            self.phone.press(line.upper())


def scripted(text: str) -> deque[str]:
    """ "1 138# wait:3 2 hangup" -> single keys, waits and hang-ups; BadParameter names the word that is none."""
    tokens: deque[str] = deque()
    for word in text.split():
        wait = word.removeprefix("wait:")
        if word == "hangup" or (wait != word and wait.replace(".", "", 1).isdigit()):
            tokens.append(word)
        elif all(key in KEYS for key in word):
            tokens.extend(word)
        else:
            raise click.BadParameter(f'"{word}" is neither keys (0-9 * #), nor wait:SECONDS, nor hangup')
    return tokens


def handed(variables: dict[str, str]) -> list[str]:
    """What an agent is handed with the call, a line each: language, subject, and the trail step by step."""
    told = (("language", variables.get("IVR_LANGUAGE")), ("subject", variables.get("IVR_BUSINESS")))
    steps = [step for step in variables.get("IVR_TRAIL", "").split(" | ") if step]
    words = [f"{name}: {value}" for name, value in told if value]
    return words + [f"{n}. {step}" for n, step in enumerate(steps, 1)]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the service listens.")
@click.option("--port", type=int, help="Its FastAGI port; by itself the one it listens on.")
@click.option("--caller", default="", help="The number to call from; none: withheld.")
@click.option("--dialled", default="10086", show_default=True, help="The number to call.")
@click.option("--token", envvar="IVR_AGI_TOKEN", default="", help="The service's token; none: that of the settings.")
@click.option("--script", default="main", show_default=True, help="main, or after-queue.")
@click.option("--keys", default="", help="Keys to press as the service waits for them, wait:SECONDS, hangup.")
@click.option("--settings", "path", type=click.Path(path_type=Path), envvar="IVR_SETTINGS", help="The settings file.")
@click.option("--staffed", is_flag=True, help="As if somebody were signed in to every queue: 0 leads to a human.")
@click.option("--ahead", default=0, help="So many callers wait before this one: the queue is played as well.")
@click.option("--every", default=45.0, show_default=True, help="Seconds until the next of them is served.")
@click.option("--fast", is_flag=True, help="Sounds take no time.")
@click.option("--sound", is_flag=True, help="Play the sounds, where aplay, paplay or afplay is.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit status tells.")
def command(**options: Any) -> None:
    """Call the service from this terminal: read what is said, type keys and Enter; q hangs up.

    Example: ivr-server call --caller 13800138000 --keys "1 1 # wait:3 2"

    Exit status: 0 done, 2 handed to a queue, 3 refused, 4 ended without a result (hung up, or the server failed),
    5 nobody answered.
    """
    sys.exit(call(**options))


def call(**options: Any) -> int:
    """Make the call; gives the exit status."""
    from twisted.internet import reactor  # noqa: PLC0415 (importing it chooses it)
    from twisted.internet.endpoints import HostnameEndpoint  # noqa: PLC0415

    keys = scripted(options["keys"])
    terminal = Terminal(reactor, options["quiet"], _player() if options["sound"] else (), keys)
    ours = chosen_settings(options["path"])
    dialling = Dialling(
        script=options["script"],
        caller=options["caller"],
        dialled=options["dialled"],
        token=options["token"] or token(ours),
        uniqueid=f"call-{secrets.token_hex(8)}",
        staffed=ours.queue_names if options["staffed"] else (),
        fast=options["fast"],
        key_ms=0 if options["fast"] else TELEPHONE_MS,
    )
    port = options["port"] or whereabouts.agi_port(ours.folder) or ours.agi.port or AGI_PORT
    waits = Waits(dialling, min(options["ahead"], MOST_AHEAD), options["every"])
    endpoint = HostnameEndpoint(reactor, options["host"], port)
    terminal.phone = phone = QueueingPhone(reactor, terminal, waits, lambda leg: leg.connect(endpoint))
    phone.listening = terminal.listening
    connecting = phone.call()
    connecting.addCallbacks(
        lambda _: None if options["keys"] else _read_keyboard(terminal), lambda _: _nobody(terminal)
    )
    reactor.run()
    return terminal.status


def _nobody(terminal: Terminal) -> None:
    terminal.say("-- nobody answered; is the service running? (ivr-server run)")
    terminal.clock.stop()


def _read_keyboard(terminal: Terminal) -> None:
    from twisted.internet.stdio import StandardIO  # noqa: PLC0415
    from twisted.protocols.basic import LineReceiver  # noqa: PLC0415

    class Keyboard(LineReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:
            terminal.typed(line.decode(errors="replace"))

    StandardIO(Keyboard())  # type: ignore[no-untyped-call]


def _player() -> tuple[str, ...]:
    return next((player for player in PLAYERS if shutil.which(player[0])), ())
