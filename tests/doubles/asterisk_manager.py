"""An Asterisk manager interface that does as it is told: on loopback, or in memory on a clock of the test's own.

It speaks as Asterisk 22.10.1 was measured to speak; tests/live/test_ami.py asks it and the real one the same things and
compares. It has its own reading and writing of the wire, so that a mistake in the product's shows.

Tell it what to do before or while it is used: ``answers``, ``swallow``, ``cut_at``, ``delays``, ``mute``, ``down``,
``allow``, ``channels``, ``fax_sessions``; look at ``asked`` for what it was asked.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint, ITransport
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

Pairs = tuple[tuple[str, str], ...]
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
CLASSES = {
    "AGI": "agi",
    "Atxfer": "call",
    "BlindTransfer": "call",
    "Command": "command",
    "CoreShowChannels": "system,reporting",
    "CoreStatus": "system,reporting",
    "DBPut": "system",
    "FAXSession": "call",
    "FAXSessions": "call",
    "FAXStats": "reporting",
    "Getvar": "call,reporting",
    "Hangup": "system,call",
    "Originate": "originate",
    "QueueAdd": "agent",
    "QueuePause": "agent",
    "QueuePenalty": "agent",
    "QueueRemove": "agent",
    "Redirect": "call",
    "Setvar": "call",
    "UpdateConfig": "config",
}  # fmt: skip
FREE = ("Challenge", "Events", "ListCommands", "Login", "Logoff", "Ping")
FREE += ("QueueStatus", "QueueSummary", "QueueWithdrawCaller")


@dataclass(frozen=True)
class Asked:
    """One action as it came."""

    action: str
    pairs: Pairs

    def get(self, key: str) -> str:
        return next((value for name, value in self.pairs if name == key), "")

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.pairs if name == key]

    def variables(self) -> dict[str, str]:
        """The channel variables that an Originate sets, as Asterisk takes them apart (measured)."""
        return dict(one.partition("=")[::2] for text in self.all("Variable") for one in _separated(text))


def _separated(text: str) -> list[str]:
    parts, escaped = [""], False
    for character in text:
        if escaped or character not in ",\\":
            parts[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append("")
    return parts


@dataclass
class AsteriskManager:
    """The whole interface. ``read`` and ``write`` are the user's classes; ``clock`` is the reactor or a Clock.

    ``answers``: action -> what to do instead: give pairs of an answer (with ``Response`` first), or None for silence.
    ``swallow``: actions that are never answered. ``cut_at``: actions at which the connection is cut, after they were
    taken. ``delays``: action -> seconds. ``mute``: nothing is sent any more, the connection stays. ``down``: nobody
    listens. ``greeting``: what is said first. ``booting``: actions that are not there yet.
    """

    clock: Any
    user: str = "ivr"
    secret: str = "the-secret"
    read: str = "call,agent,reporting"
    write: str = "call,agent,reporting,originate"
    greeting: bytes = GREETING
    answers: dict[str, Callable[[Asked], Pairs | None]] = field(default_factory=dict)
    swallow: set[str] = field(default_factory=set)
    cut_at: set[str] = field(default_factory=set)
    delays: dict[str, float] = field(default_factory=dict)
    booting: set[str] = field(default_factory=set)
    mute: bool = False
    down: bool = False
    stamp: Callable[[], str] | None = None  # gives the Timestamp of notices, where the configuration wants one
    probe: bool = True  # whether the dialplan has the place that shows the rights
    channels: list[dict[str, str]] = field(default_factory=list)
    fax_sessions: list[dict[str, str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    connects: int = 0

    def endpoint(self) -> IStreamClientEndpoint:
        """The way here without a socket: bytes arrive when the clock is advanced (``clock.advance(0)`` is enough)."""
        return InMemory(self)

    def listen(self, reactor: Any) -> Any:
        """Listen on loopback; the port that is given back has ``getHost().port`` and ``stopListening()``."""
        return reactor.listenTCP(0, self.factory(), interface="127.0.0.1")

    def factory(self) -> Factory:
        """For a listening port of one's own, with TLS for instance."""
        return Factory.forProtocol(lambda: Session(self))  # type: ignore[arg-type]

    def notice(self, event: str, pairs: Pairs = (), privilege: str = "call", **more: str) -> None:
        """Send a notice to everybody who is signed in and has the right to read it."""
        self.raw(_message(("Event", event), ("Privilege", f"{privilege},all"), *pairs, *more.items()), privilege)

    def raw(self, data: bytes, privilege: str = "call") -> None:
        """Send any bytes to everybody who is signed in and reads this class."""
        for session in tuple(self.sessions):
            if session.signed_in and self.reads(privilege):
                session.send(data)

    def cut(self) -> None:
        """End every connection."""
        for session in tuple(self.sessions):
            session.cut()

    def reads(self, privilege: str) -> bool:
        return privilege in self.read.split(",") or self.read == "all"

    def of(self, action: str) -> list[Asked]:
        """What was asked by this name."""
        return [one for one in self.asked if one.action == action]

    def allowed(self) -> dict[str, str]:
        """Actions that the user may do -> their classes."""
        mine = set(self.write.split(","))
        may = {name: words for name, words in CLASSES.items() if mine & {*words.split(","), "all"} or "all" in mine}
        return {name: may.get(name, "") for name in sorted((*may, *FREE)) if name not in self.booting}


class Session(Protocol):
    """One connection to it."""

    def __init__(self, manager: AsteriskManager) -> None:
        self.manager = manager
        self.signed_in = False
        self.challenge = ""
        self._buffer = b""
        self._lines: list[bytes] = []

    def connectionMade(self) -> None:
        self.manager.sessions.append(self)
        self.manager.connects += 1
        self.send(self.manager.greeting)

    def connectionLost(self, reason: Failure | None = None) -> None:
        if self in self.manager.sessions:
            self.manager.sessions.remove(self)
        self.signed_in = False

    def dataReceived(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")  # a line feed alone ends a line inwards (measured)
        for line in lines:
            if line.rstrip(b"\r"):
                self._lines.append(line.rstrip(b"\r"))
            elif self._lines:
                read, self._lines = self._lines, []
                self._take(read)

    def send(self, data: bytes) -> None:
        if not self.manager.mute and self.transport is not None:
            self.transport.write(data)

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def _take(self, lines: list[bytes]) -> None:
        pairs = tuple((key, value.lstrip(" ")) for key, _, value in (line.decode().partition(":") for line in lines))
        asked = Asked(dict(pairs).get("Action", ""), pairs)
        manager = self.manager
        manager.asked.append(asked)
        if asked.action in manager.cut_at:
            self.cut()
        elif asked.action not in manager.swallow:
            delay = manager.delays.get(asked.action)
            if delay is None:
                self._answer(asked)
            else:
                manager.clock.callLater(delay, self._answer, asked)

    def _answer(self, asked: Asked) -> None:
        own = self.manager.answers.get(asked.action)
        if own is not None:
            answer = own(asked)
            if answer is not None:
                (_, name), *rest = answer
                self.answer(asked, name, *rest)
        elif not self._may(asked.action):
            self.answer(asked, "Error", ("Message", "Permission denied"))
        else:
            getattr(self, f"do_{asked.action}", self._unknown)(asked)

    def _may(self, action: str) -> bool:
        if not self.signed_in:
            return action in ("Challenge", "Login")
        return action not in CLASSES or action in self.manager.allowed()

    def answer(self, asked: Asked, response: str, *pairs: tuple[str, str]) -> None:
        """Send the answer to an action."""
        self.send(_message(("Response", response), ("ActionID", asked.get("ActionID")), *pairs))

    def item(self, asked: Asked, event: str, *pairs: tuple[str, str]) -> None:
        """Send an item of the list that an action asked for."""
        self.send(_message(("Event", event), ("ActionID", asked.get("ActionID")), *pairs))

    def listing(self, asked: Asked, event: str, items: list[dict[str, str]], *last: tuple[str, str]) -> None:
        """Send a list, its end included."""
        for one in items:
            self.item(asked, event, *one.items())
        complete = asked.action + "Complete"
        self.item(asked, complete, ("EventList", "Complete"), ("ListItems", str(len(items))), *last)

    def _unknown(self, asked: Asked) -> None:
        words = f"Invalid/unknown command: {asked.action}. Use Action: ListCommands to show available commands."
        self.answer(asked, "Error", ("Message", words))

    def do_Challenge(self, asked: Asked) -> None:
        if asked.get("AuthType") != "MD5":
            self.answer(asked, "Error", ("Message", "Must specify AuthType"))
            return
        self.challenge = "174356938"
        self.answer(asked, "Success", ("Challenge", self.challenge))

    def do_Login(self, asked: Asked) -> None:
        right = hashlib.md5((self.challenge + self.manager.secret).encode()).hexdigest()
        known = asked.get("Username") == self.manager.user
        if not (known and self.challenge and asked.get("Key") == right):
            self.answer(asked, "Error", ("Message", "Authentication failed"))
            if self.transport is not None:
                self.transport.loseConnection()
            return
        self.signed_in = True
        self.answer(asked, "Success", ("Message", "Authentication accepted"))
        if self.manager.reads("system"):
            self.send(_message(("Event", "FullyBooted"), ("Privilege", "system,all"), ("Status", "Fully Booted")))

    def do_Logoff(self, asked: Asked) -> None:
        self.answer(asked, "Goodbye", ("Message", "Thanks for all the fish."))
        if self.transport is not None:
            self.transport.loseConnection()

    def do_Ping(self, asked: Asked) -> None:
        self.answer(asked, "Success", ("Ping", "Pong"), ("Timestamp", f"{self.manager.clock.seconds():.6f}"))

    def do_ListCommands(self, asked: Asked) -> None:
        allowed = self.manager.allowed().items()
        lines = [(name, f"What it does.  (Priv: {f'{words},all' if words else '<none>'})") for name, words in allowed]
        self.answer(asked, "Success", *lines)

    def do_Setvar(self, asked: Asked) -> None:
        if asked.get("Channel"):
            self.answer(asked, "Error", ("Message", "No such channel"))
            return
        self.answer(asked, "Success", ("Message", "Variable Set"))
        pairs = (("Channel", "none"), ("Uniqueid", "none"), *asked.pairs[-2:])
        self.manager.notice("VarSet", pairs, "dialplan")

    def do_CoreShowChannels(self, asked: Asked) -> None:
        self.answer(asked, "Success", ("EventList", "start"), ("Message", "Channels will follow"))
        self.listing(asked, "CoreShowChannel", self.manager.channels)

    def do_FAXSessions(self, asked: Asked) -> None:
        sessions = self.manager.fax_sessions
        words = "FAXSessionsEntry event list will follow"
        self.answer(asked, "Success", ("EventList", "Start"), ("Message", words))
        keys = ("Channel", "Technology", "SessionNumber", "SessionType", "Operation", "State", "Files")
        entries = [{key: one[key] for key in keys if key in one} for one in sessions]
        self.listing(asked, "FAXSessionsEntry", entries, ("Total", str(len(sessions))))

    def do_FAXSession(self, asked: Asked) -> None:
        wanted = asked.get("SessionNumber")
        found = next((one for one in self.manager.fax_sessions if one["SessionNumber"] == wanted), None)
        if found is None:
            self.answer(asked, "Error", ("Message", "Session not found"))
            return
        self.answer(asked, "Success", ("Message", "FAXSession event will follow"))
        left_out = ("Channel", "Technology", "SessionType", "Files")
        self.item(asked, "FAXSession", *((key, value) for key, value in found.items() if key not in left_out))

    def do_FAXStats(self, asked: Asked) -> None:
        self.answer(asked, "Success", ("Message", "FAXStats event will follow"))
        keys = ("CurrentSessions", "ReservedSessions", "TransmitAttempts", "ReceiveAttempts")
        counts = dict.fromkeys((*keys, "CompletedFAXes", "FailedFAXes"), "0")
        counts["CurrentSessions"] = str(len(self.manager.fax_sessions))
        self.item(asked, "FAXStats", *counts.items())

    def do_QueueStatus(self, asked: Asked) -> None:
        self.answer(asked, "Success", ("EventList", "start"), ("Message", "Queue status will follow"))
        self.listing(asked, "QueueParams", [])

    def do_QueueSummary(self, asked: Asked) -> None:
        self.answer(asked, "Success", ("EventList", "start"), ("Message", "Queue summary will follow"))
        self.listing(asked, "QueueSummary", [])

    def do_Hangup(self, asked: Asked) -> None:
        wanted = asked.get("Channel")
        for channel in self.manager.channels:
            if wanted in (channel.get("Channel"), channel.get("Uniqueid")):
                self.manager.channels.remove(channel)
                self.answer(asked, "Success", ("Message", "Channel Hungup"))
                return
        self.answer(asked, "Error", ("Message", "No such channel"))

    def do_Originate(self, asked: Asked) -> None:
        """Queued, and never more; a test that wants an OriginateResponse or a channel says so itself."""
        if not asked.get("Channel"):
            self.answer(asked, "Error", ("Message", "Channel not specified"))
            return
        self.answer(asked, "Success", ("Message", "Originate successfully queued"))
        if "@ivr-rights" in asked.get("Channel"):
            self._show_rights(asked)

    def _show_rights(self, asked: Asked) -> None:
        word = asked.get("ChannelId") if self.manager.probe else "<unknown>"
        pairs = (("ActionID", asked.get("ActionID")), ("Response", "Success" if self.manager.probe else "Failure"))
        stamp = (("Timestamp", self.manager.stamp()),) if self.manager.stamp else ()
        self.manager.notice("OriginateResponse", (*stamp, *pairs, ("Uniqueid", word)))
        if self.manager.probe:
            self.manager.notice("DTMFEnd", (("Uniqueid", "1.1"), ("Linkedid", word), ("Digit", "1")), "dtmf")
            self.manager.notice("AsyncAGIStart", (("Uniqueid", "1.2"), ("Linkedid", word)), "agi")


def _message(*pairs: tuple[str, str]) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in pairs).encode() + b"\r\n"


# --- without sockets ---------------------------------------------------------------------------------------------


@implementer(IStreamClientEndpoint)
class InMemory:
    """Connects a client straight to a manager."""

    def __init__(self, manager: AsteriskManager) -> None:
        self._manager = manager

    def connect(self, factory: Any) -> Deferred[Any]:
        """As a socket's endpoint does it."""
        if self._manager.down:
            return fail(ConnectionRefusedError())
        client, server = factory.buildProtocol(None), Session(self._manager)
        ours, theirs = Cable(self._manager.clock, client), Cable(self._manager.clock, server)
        ours.far, theirs.far = theirs, ours
        server.makeConnection(theirs)
        client.makeConnection(ours)
        return succeed(client)


@implementer(ITransport)
class Cable:
    """One end of a connection in memory; what is written arrives at the far end in the clock's next turn, in order."""

    def __init__(self, clock: Any, protocol: Protocol) -> None:
        self.far: Cable
        self.clock = clock
        self.protocol = protocol
        self.open = True
        self.disconnecting = False
        self._under_way: deque[bytes] = deque()

    def write(self, data: bytes) -> None:
        if self.open and not self.disconnecting:
            self._under_way.append(data)
            self.clock.callLater(0, self._arrive)

    def _arrive(self) -> None:
        data = self._under_way.popleft()
        if self.far.open:
            self.far.protocol.dataReceived(data)

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        self.disconnecting = True
        self.clock.callLater(0, self.abortConnection)  # after what was written

    def abortConnection(self) -> None:
        for end in (self, self.far):
            if end.open:
                end.open = False
                end.clock.callLater(0, end.protocol.connectionLost, Failure(ConnectionDone()))

    def getPeer(self) -> None:
        return None

    def getHost(self) -> None:
        return None
