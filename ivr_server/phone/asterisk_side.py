"""Asterisk's side of FastAGI, as a state machine on a clock: what Asterisk 22.10.1 was measured to do, and no more.

Theory. The channel is idle, playing, waiting for a key, or inside an application (EXEC Playback). Bytes that arrive
while it plays or waits stop that: a file then never answers, a wait answers ``result=1``; an application is not
stopped, and the bytes lie until it is done. Asterisk reads one line for each time that the socket has something new,
so a second command in the same packet lies unread until more comes: that is kept here (``_socket`` and ``_lines``).
Keys are thrown away while idle, except that StoreDTMF writes every key into a channel variable, up to its length.
After a hang-up: -1 for what was running, HANGUP once, and with AGIEXITONHANGUP once more and the end.
``tests/contracts/test_agi_peer*.py`` hold this to the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

from ivr_server.phone.dialplan import filled, split, uri_encoded
from ivr_server.phone.sounds import Sound, find

DEAD: Final = "511 Command Not Permitted on a dead channel or intercept routine"
USAGE: Final = "520-Invalid command syntax.  Proper usage follows:\n{words} ...\n520 End of proper usage."
HEADER: Final = (
    "network: yes|network_script: {0.script}|request: agi://127.0.0.1/{0.script}|channel: {0.channel}|"
    "language: {0.language}|type: Local|uniqueid: {0.uniqueid}|version: 22.10.1|callerid: {0.shown}|"
    "calleridname: {0.name}|callingpres: 0|callingani2: 0|callington: 0|callingtns: 0|dnid: {0.dialled}|"
    "rdnis: unknown|context: ivr|extension: {0.dialled}|priority: 3|enhanced: 0.0|accountcode: |threadid: 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """A call to be made. ``fast``: sounds take no time. ``pieces``: send the header in 24 writes, as Asterisk does."""

    script: str = "main"
    caller: str = ""
    name: str = "unknown"
    dialled: str = "10086"
    token: str = ""
    language: str = "en"
    uniqueid: str = "1.1"
    channel: str = "Phone/1"
    variables: dict[str, str] = field(default_factory=dict)
    staffed: tuple[str, ...] = ()  # queues that somebody is signed in to
    pieces: bool = True
    fast: bool = False
    key_ms: int = 0  # from one key of a bunch to the next, as TELEPHONE_MS; 0: all at once
    echo_ms: int = 0  # a short tone: its key is in StoreDTMF's variable at once, and answered with so much later
    store_dtmf: bool = True  # False: an Asterisk without that application
    exit_on_hang_up: bool = True  # AGIEXITONHANGUP=yes

    @property
    def shown(self) -> str:
        """The caller's number as the header shows it."""
        return self.caller or "unknown"


@dataclass(slots=True)
class Doing:
    """What the channel is in: "playing", "waiting" or "inside"; its timer; its sound; the keys that end it."""

    what: str
    timer: IDelayedCall | None = None
    began: float = 0.0
    ms: int = 0
    stops: str = ""


@dataclass(slots=True)
class Told:
    """Whom the state machine tells: a sound begins, silence, the server listens for a key, the run is over."""

    playing: Callable[[Sound, str], None] = lambda sound, path: None
    silent: Callable[[], None] = lambda: None
    listening: Callable[[], None] = lambda: None
    ended: Callable[[dict[str, str]], None] = lambda variables: None


@implementer(IProtocol)
class AsteriskSide:
    """One channel running FastAGI. ``variables`` are the channel's; AGISTATUS is set at the end."""

    def __init__(self, clock: IReactorTime, dialling: Dialling, told: Told) -> None:
        self.clock = clock
        self.dialling = dialling
        self.told = told
        self.variables = dict(dialling.variables)
        self.transport: ITransport | None = None
        self.gone = False  # the caller hung up
        self.over = False  # the AGI run ended
        self.commands: list[str] = []
        self._socket = b""
        self._lines = b""
        self._doing: Doing | None = None
        self._stored: tuple[str, int] | None = None
        self.hushed = False  # the server has the keys kept no more: a secret is being asked for

    # --- Twisted's side

    def makeConnection(self, transport: ITransport) -> None:
        """Connected: the header goes out, whole or in pieces."""
        self.transport = transport
        lines = [f"agi_{line.format(self.dialling)}\n" for line in HEADER.split("|")]
        if self.dialling.token:
            lines.append(f"agi_arg_1: {self.dialling.token}\n")
        header = ("".join(lines) + "\n").encode("utf-8", "surrogateescape")
        if self.dialling.pieces:
            for piece in header.splitlines(keepends=True):
                transport.write(piece)
        else:
            transport.write(header)

    def connectionMade(self) -> None:
        """Twisted's: nothing more to do."""

    def dataReceived(self, data: bytes) -> None:
        """Commands, cut anywhere."""
        self._socket += data
        self._readable()

    def connectionLost(self, reason: Failure) -> None:
        """The server let go, or died: the dialplan goes on."""
        self._end("SUCCESS")

    # --- the caller's side

    def press(self, key: str) -> None:
        """The caller presses one key, 0-9 * # A-D."""
        if self.gone or self.over:
            return
        self._store(key)
        if self.dialling.echo_ms:
            self.clock.callLater(self.dialling.echo_ms / 1000, self._answer_key, key)
        else:
            self._answer_key(key)

    def _answer_key(self, key: str) -> None:
        doing = None if self.gone or self.over else self._doing
        if doing is None or doing.what == "inside":
            return
        if doing.what == "waiting":
            self._stop()
            self._say(f"200 result={ord(key)}")
        elif key in doing.stops:
            samples = self._position(doing)
            self._stop()
            self._say(f"200 result={ord(key)} endpos={samples}")

    def hang_up(self) -> None:
        """The caller hangs up."""
        if self.gone or self.over:
            return
        self.gone = True
        doing = self._doing
        if doing is not None:
            samples = self._position(doing)
            self._stop()
            self._say("200 result=-1" + (f" endpos={samples}" if doing.what == "playing" else ""))
        self._say("HANGUP")
        if self.dialling.exit_on_hang_up:
            self._leave("HANGUP")

    # --- reading

    def _readable(self) -> None:
        while self._socket and not self.over:
            if self._doing is not None and not self._interrupted():
                return
            if b"\n" not in self._lines:
                self._lines, self._socket = self._lines + self._socket, b""
            line, found, rest = self._lines.partition(b"\n")
            if not found:
                return
            self._lines = rest
            self._command(line.decode("utf-8", "replace"))

    def _interrupted(self) -> bool:
        """A command arrived while something ran; False when that cannot be stopped."""
        doing = self._doing
        assert doing is not None
        if doing.what == "inside":
            return False
        self._stop()
        if doing.what == "waiting":
            self._say("200 result=1")
        return True

    def _command(self, line: str) -> None:
        self.commands.append(line)
        if line == "failure":
            self._leave("FAILURE")
            return
        words = split(line)
        for name, (least, dead, run) in _COMMANDS.items():
            size = name.count(" ") + 1
            if " ".join(words[:size]).upper() == name:
                if self.gone and not dead:
                    self._say(DEAD)
                elif len(words) - size < least:
                    self._say(USAGE.format(words=name))
                else:
                    run(self, words[size:])
                return
        self._say("510 Invalid or unknown command")

    # --- commands

    def _stream(self, words: list[str]) -> None:
        offset = int(words[2]) // 8 if words[2:] and words[2].isdigit() else 0
        self._play(words[0], words[1], "playing", offset)

    def _play(self, path: str, stops: str, what: str, offset_ms: int = 0) -> None:
        sound = find(path)
        if sound is None:
            self._say("200 result=-1 endpos=0" if what == "playing" else "200 result=0")
            return
        ms = 0 if self.dialling.fast else max(sound.ms - offset_ms, 0)
        self._doing = Doing(what, None, self.clock.seconds() - offset_ms / 1000, sound.ms, stops)
        self._doing.timer = self.clock.callLater(ms / 1000, self._played)
        self.told.playing(sound, path)

    def _played(self) -> None:
        doing, self._doing = self._doing, None
        assert doing is not None
        self.told.silent()
        self._say(f"200 result=0 endpos={doing.ms * 8}" if doing.what == "playing" else "200 result=0")
        self._readable()

    def _wait(self, words: list[str]) -> None:
        ms = int(words[0]) if words[0].lstrip("-").isdigit() else 0
        self._doing = Doing("waiting")
        if ms >= 0:
            self._doing.timer = self.clock.callLater(ms / 1000, self._waited)
        self.told.listening()

    def _waited(self) -> None:
        self._doing = None
        self._say("200 result=0")

    def _get(self, words: list[str]) -> None:
        name = words[0]
        if name.endswith(")"):
            self._say(f"200 result=1 ({self.value(name)})")
        else:
            self._say(f"200 result=1 ({self.variables[name]})" if name in self.variables else "200 result=0")

    def _get_full(self, words: list[str]) -> None:
        self._say(f"200 result=1 ({filled(words[0], self.value)})")

    def _set(self, words: list[str]) -> None:
        self.variables[words[0].lstrip("_")] = words[1]
        self._say("200 result=1")

    def _status(self, words: list[str]) -> None:
        self._say("200 result=6")

    def _exec(self, words: list[str]) -> None:
        name, arguments = words[0].lower(), (words[1] if len(words) > 1 else "")
        if name == "storedtmf" and self.dialling.store_dtmf:
            self._say(f"200 result={self._keep_keys(arguments)}")
        elif name == "playback":
            self._play(arguments.partition(",")[0], "", "inside")
        else:
            self._say("200 result=0" if name in ("noop", "verbose") else "200 result=-2")

    def _keep_keys(self, arguments: str) -> int:
        direction, name, most = [*arguments.split(","), "", ""][:3]
        if direction.lower() == "remove":
            was, self._stored = self._stored, None
            self.hushed = was is not None
            return 0 if was else -1
        self.hushed = False
        if self._stored is None:
            self._stored = (name, int(most or 0))
        return 0

    def _hang_up_command(self, words: list[str]) -> None:
        self._say("200 result=1")
        self.hang_up()

    def _zero(self, words: list[str]) -> None:
        self._say("200 result=0")

    def _one(self, words: list[str]) -> None:
        self._say("200 result=1")

    # --- within

    def value(self, name: str) -> str:
        """A variable's value, or a function's."""
        function, bracket, argument = name.partition("(")
        argument = argument[:-1]
        if not bracket:
            return self.variables.get(name, "")
        if function == "URIENCODE":
            return uri_encoded(argument)
        if function == "CALLERID":
            return {"num": self.dialling.caller, "name": self.dialling.name}.get(argument, "")
        if function == "QUEUE_MEMBER":
            return "1" if argument.partition(",")[0] in self.dialling.staffed else "0"
        return ""

    def _store(self, key: str) -> None:
        if self._stored is None:
            return
        name, most = self._stored
        kept = self.variables.get(name, "")
        if most and len(kept) >= most:
            self._stored = None
        else:
            self.variables[name] = kept + key

    def _position(self, doing: Doing) -> int:
        """Samples at 8 kHz that were played."""
        return min(int((self.clock.seconds() - doing.began) * 1000), doing.ms) * 8

    def _stop(self) -> None:
        doing, self._doing = self._doing, None
        if doing is None:
            return
        if doing.timer is not None and doing.timer.active():
            doing.timer.cancel()
        if doing.what != "waiting":
            self.told.silent()

    def _say(self, line: str) -> None:
        if self.transport is not None and not self.over:
            self.transport.write((line + "\n").encode("utf-8", "surrogateescape"))

    def _leave(self, status: str) -> None:
        """Asterisk ends the run: one more HANGUP, and the connection is closed."""
        self._say("HANGUP")
        self._end(status)
        if self.transport is not None:
            self.transport.loseConnection()

    def _end(self, status: str) -> None:
        if self.over:
            return
        self._stop()
        self.over = True
        self.variables["AGISTATUS"] = "HANGUP" if self.gone else status
        self.told.ended(dict(self.variables))


Run = Callable[[AsteriskSide, list[str]], None]
# name -> how many words it needs, whether a dead channel may have it, what it does
_COMMANDS: Final[dict[str, tuple[int, bool, Run]]] = {
    "STREAM FILE": (2, False, AsteriskSide._stream),
    "WAIT FOR DIGIT": (1, False, AsteriskSide._wait),
    "GET FULL VARIABLE": (1, True, AsteriskSide._get_full),
    "GET VARIABLE": (1, True, AsteriskSide._get),
    "SET VARIABLE": (2, True, AsteriskSide._set),
    "CHANNEL STATUS": (0, False, AsteriskSide._status),
    "EXEC": (1, True, AsteriskSide._exec),
    "HANGUP": (0, False, AsteriskSide._hang_up_command),
    "ANSWER": (0, False, AsteriskSide._zero),
    "SAY DIGITS": (2, False, AsteriskSide._zero),
    "VERBOSE": (1, True, AsteriskSide._one),
    "NOOP": (0, True, AsteriskSide._zero),
}
