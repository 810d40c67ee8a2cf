"""FastAGI on Twisted: a connection from Asterisk becomes a ``Line``, or is refused and counted.

A connection is in one of three states. *Header*: bytes are buffered up to the empty line, all of it within one
deadline that no byte moves. *Talking*: one command in flight, its ``Answer`` in ``_answer``; further ones wait their
turn. *Over*: every answer has failed, and what still arrives is ignored. Whatever is not a reply to the command in
flight, nor a HANGUP, ends the call: Asterisk then goes on in the dialplan, which plays the apology.

Speed: a command is one ``send`` on the socket, tried at once; ``transport.write`` would wait for the reactor to say
that the socket is writable (two epoll_ctl calls and a turn of the reactor for each command). What the socket does not
take goes through the transport, and from then on all does, in order.
"""

from __future__ import annotations

import socket
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IPushProducer, IReactorTime, ITransport
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ivr_server.agi.deadlines import Deadlines
from ivr_server.agi.line import Line
from ivr_server.agi.tasks import Answer, Task
from ivr_server.agi.under import Asterisk, LineBroken, LineGone
from ivr_server.agi.wire import HANG_UP, Header, Reader, Reply, Value, Violation

log = Logger()
MAX_WAITING: Final = 16  # commands of one call that wait for the one in flight

OnCall = Callable[[Line], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FastAgiSettings:
    """Who may call in, and how much. ``token`` must come as AGI argument 1 ("" asks for none).

    ``allow``: addresses and networks. ``header_s``: for the whole header.
    """

    token: str = ""
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    max_calls: int = 1_000
    header_s: float = 5.0

    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """``allow`` as networks; ValueError names the word that is none."""
        return tuple(ip_network(word, strict=False) for word in self.allow)


@implementer(IProtocolFactory)
class FastAgiFactory:
    """Takes Asterisk's connections; ``on_call`` is awaited with each call's Line, which is closed when it ends.

    ``counts`` holds what was refused or went wrong, by reason; ``counted`` is told each of them as it happens.
    """

    noisy = False

    def __init__(self, settings: FastAgiSettings, on_call: OnCall, clock: IReactorTime) -> None:
        self.settings = settings
        self.on_call = on_call
        self.clock = clock
        self.deadlines = Deadlines(clock)
        self.counts: Counter[str] = Counter()
        self.counted: Callable[[str], None] = lambda reason: None
        self.lines: set[Connection] = set()
        self._token = settings.token.encode()
        self._networks = settings.networks()
        self._allowed: dict[str, bool] = {}
        self._asterisks: dict[str, Asterisk] = {}

    def doStart(self) -> None:
        """Twisted's: a port listens."""

    def doStop(self) -> None:
        """Twisted's: a port listens no more."""

    def buildProtocol(self, address: IAddress | None) -> Connection | None:
        """A connection; None (Twisted closes the socket at once) when the peer is not on the list."""
        host = getattr(address, "host", "")
        if not self._may(host):
            self.count("not_allowed")
            return None
        return Connection(self, host)

    def count(self, reason: str) -> None:
        """One more of it."""
        self.counts[reason] += 1
        self.counted(reason)

    def asterisk(self, host: str) -> Asterisk:
        """What is known of the Asterisk at this address."""
        known = self._asterisks.get(host)
        if known is None:
            known = self._asterisks[host] = Asterisk(learnt=self.count)
        return known

    def knows(self, header: Header) -> bool:
        """Whether the header shows the shared token; takes the same time for every wrong one."""
        shown = header.arguments[0] if header.arguments else ""
        return not self._token or compare_digest(self._token, shown.encode("utf-8", "replace"))

    def _may(self, host: str) -> bool:
        if host not in self._allowed:
            if len(self._allowed) > 1_000:
                self._allowed.clear()
            self._allowed[host] = self._listed(host)
        return self._allowed[host]

    def _listed(self, host: str) -> bool:
        if not host:
            return True  # a transport in memory has no address
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)


@implementer(IProtocol, IPushProducer)
class Connection:
    """One connection of Asterisk's: pairs replies with commands, and keeps the limits."""

    __slots__ = (
        "_answer", "_cut", "_factory", "_host", "_late", "_line", "_reader", "_send", "_stuck",
        "_waiting",
        "alive", "due", "hung_up", "transport", "watched",
    )  # fmt: skip

    def __init__(self, factory: FastAgiFactory, host: str) -> None:
        self._factory = factory
        self._host = host
        self._reader = Reader()
        self._line: Line | None = None
        self._answer: Answer | None = None
        self._cut = ""  # the nonce whose echo ends a cut sound
        self._late: Reply | None = None  # what the cut sound still answered
        self._waiting: deque[tuple[bytes, float, Answer]] | None = None
        self._send: Callable[[bytes], int] | None = None
        self.hung_up = False
        self._stuck = False
        self.transport: ITransport | None = None
        self.alive = False
        self.due = 0.0
        self.watched = False

    # --- Twisted's side

    def makeConnection(self, transport: ITransport) -> None:
        """The connection is there; the header's deadline begins, and is total."""
        self.transport = transport
        self.alive = True
        if isinstance(transport, tcp.Connection) and not getattr(transport, "TLS", False):
            transport.setTcpNoDelay(True)
            transport.setTcpKeepAlive(True)
            handle: socket.socket = transport.getHandle()
            self._send = handle.send
        self._deadline(self._factory.settings.header_s)

    def connectionMade(self) -> None:
        """Twisted's: nothing more to do."""

    def dataReceived(self, data: bytes) -> None:
        """Bytes from Asterisk, cut anywhere."""
        in_header = self._reader.in_header
        values = self._reader.feed(data)
        if in_header:
            if values:
                self._open(values)
        elif self.alive:
            if len(values) == 1 and type(values[0]) is Reply:
                self._reply(values[0])
            else:
                self._take(values)

    def connectionLost(self, reason: Failure) -> None:
        """The socket is closed, by whomever."""
        self._send = None
        self._over(LineGone() if self.hung_up else LineBroken("the connection was lost"))

    def overdue(self) -> None:
        """No header, or no answer, in time: the peer is dead or means ill."""
        self.violated("header_deadline" if self._reader.in_header else "deadline")

    def pauseProducing(self) -> None:
        """The transport's buffer is over 64 KiB: the peer answers but does not read."""
        self.violated("not_reading")

    def resumeProducing(self) -> None:
        """Twisted's: the buffer drained."""

    def stopProducing(self) -> None:
        """Twisted's: the connection ends."""

    # --- the line's side (Wire)

    def ask(self, command: bytes, limit_s: float) -> Answer:
        """Send now, or after those before it."""
        answer = Answer()
        if not self.alive:
            answer.fail(LineGone() if self.hung_up else LineBroken("the line was closed"))
        elif self._answer is None:
            self._answer = answer
            self._deadline(limit_s)
            self._write(command)
        else:
            self._wait(command, limit_s, answer)
        return answer

    def cut(self, command: bytes, nonce: str, limit_s: float) -> Answer:
        """Stop the running sound; fires with what it still answered, or None, once the nonce came back."""
        answer = Answer()
        if not self.alive:
            answer.fail(LineGone() if self.hung_up else LineBroken("the line was closed"))
            return answer
        self._answer, self._cut, self._late = answer, nonce, None
        self._deadline(limit_s)
        self._write(command)
        return answer

    def violated(self, reason: str) -> LineBroken:
        """Count it and close: the caller goes the dialplan's safe way."""
        error = LineBroken(reason)
        if not self.alive:
            return error
        self._factory.count(reason)
        if self._line is None:
            self._write(b"failure\n")
        self._over(error)
        self._close()
        return error

    def seconds(self) -> float:
        """The clock."""
        return self._factory.clock.seconds()

    def pause(self, seconds: float) -> Deferred[None]:
        """Fires after so many seconds."""
        return deferLater(self._factory.clock, seconds)

    def let_go(self, last_words: bytes) -> None:
        """Send the last words and close."""
        if self.alive:
            if last_words:
                self._write(last_words)
            self._over(LineGone() if self.hung_up else LineBroken("the line was closed"))
            self._close()

    # --- within

    def _open(self, values: list[Value]) -> None:
        header = values[0]
        if isinstance(header, Violation):
            self._refuse(header.reason)
        elif any(value is not HANG_UP for value in values[1:]):
            self._refuse("early_line")
        elif isinstance(header, Header) and not self._factory.knows(header):
            self._refuse("token")
        elif len(self._factory.lines) >= self._factory.settings.max_calls:
            self._refuse("full")
        elif isinstance(header, Header):
            self._begin(header, hung_up=len(values) > 1)

    def _refuse(self, reason: str) -> None:
        self.violated(reason)

    def _begin(self, header: Header, hung_up: bool) -> None:
        self.due = 0.0
        self.hung_up = hung_up
        self._factory.lines.add(self)
        self._line = line = Line(header, self, self._factory.asterisk(self._host))
        Task(self._talk(line)).step(None, None)

    async def _talk(self, line: Line) -> None:
        try:
            with suppress(LineGone):  # on_call writes the record of a call that was over before it began
                await line.open()
            await self._factory.on_call(line)
        except (LineGone, LineBroken):
            pass
        except Exception:
            log.failure("the call on {channel} failed", channel=line.header.channel)
            self._factory.count("crash")
        finally:
            self.let_go(b"")

    def _take(self, values: list[Value]) -> None:
        if HANG_UP not in values:
            self._replies(values)
            return
        self.hung_up = True  # before the replies of the same bytes: a -1 among them is then no missing file
        self._replies([value for value in values if value is not HANG_UP])
        if self._line is not None:
            self._line.gone()

    def _replies(self, values: list[Value]) -> None:
        for value in values:
            if isinstance(value, Reply):
                self._reply(value)
            elif isinstance(value, Violation):
                self.violated(value.reason)

    def _reply(self, reply: Reply) -> None:
        answer = self._answer
        if answer is None:
            if self.alive:
                self.violated("extra_line")
            return
        if self._cut:
            if reply.value != self._cut:
                if self._late is not None:
                    self.violated("nonce")
                self._late = reply
                return
            self._cut = ""
            self._answer = None
            self._next()
            answer.fire(self._late)
            return
        self._answer = None
        if self._waiting:
            self._next()
        else:
            self.due = 0.0
        answer.fire(reply)

    def _wait(self, command: bytes, limit_s: float, answer: Answer) -> None:
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= MAX_WAITING:
            answer.fail(LineBroken("too many commands at once"))
        else:
            self._waiting.append((command, limit_s, answer))

    def _next(self) -> None:
        """Send the one that waited longest, before the one in flight is told its answer and asks for more."""
        self.due = 0.0
        if self._waiting and self.alive:
            command, limit_s, answer = self._waiting.popleft()
            self._answer = answer
            self._deadline(limit_s)
            self._write(command)

    def _deadline(self, seconds: float) -> None:
        self.due = self._factory.clock.seconds() + seconds
        if not self.watched:
            self._factory.deadlines.watch(self)

    def _write(self, data: bytes) -> None:
        send = self._send
        if send is not None:
            try:
                sent = send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # the reactor hears of it by reading
            if sent == len(data):
                return
            self._send = None
            self._stuck = True
            data = data[sent:]
            self.transport.registerProducer(self, True)  # type: ignore[union-attr]
        if self.transport is not None:
            self.transport.write(data)

    def _over(self, error: Exception) -> None:
        """Fail whatever waits; from here on nothing is sent."""
        self.alive = False
        self.due = 0.0
        self._factory.lines.discard(self)
        waiting, self._waiting = self._waiting, None
        answer, self._answer = self._answer, None
        line = self._line
        if answer is not None:
            answer.fail(error)
        for _, _, later in waiting or ():
            later.fail(error)
        if line is not None:
            line.gone()

    def _close(self) -> None:
        self._send = None
        if self._stuck:  # a polite close would wait for a peer that does not read
            self.transport.abortConnection()  # type: ignore[union-attr]
        elif self.transport is not None:
            self.transport.loseConnection()
