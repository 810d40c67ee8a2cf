"""The soft phone's way to Asterisk: a browser's WebSocket on our own port, piped to Asterisk's web server.

Theory. A page of https may open only wss, and Asterisk's web server is to be reached from this machine alone. So the
console checks who comes (session, role, a seat that they sit at, Origin: FAULTS I12), asks Asterisk for the same
upgrade with its own header, and then passes bytes both ways without reading them; either end holds the other back when
it does not take them in. Sound does not pass here: it goes between browser and Asterisk. The socket ends with the
session, asked for every 15 s.

``_protocolUpgradeForWebsockets`` is what Twisted's own resource uses; it is not public, so a test holds it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from crm_bridge.answers import LookUpFault
from ivr_server.console.desk import by
from ivr_server.console.gate import same_origin
from ivr_server.console.visit import Refused, Reply, Visit

MOST_SOCKETS: Final = 500
CONNECT_S: Final = 3.0
SESSION_S: Final = 15.0
KEY: Final = re.compile(rb"[A-Za-z0-9+/]{22}==\Z")
ASK: Final = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
)
_log = Logger()
_open: set[Pipe] = set()


async def sip(visit: Visit) -> Reply:
    """The socket; another site's page is refused by its Origin."""
    port = visit.parts.exchange_http()
    if not visit.request.getHeader("origin") or not same_origin(visit.request):
        raise Refused(403)
    if visit.parts.agents is None or len(_open) >= MOST_SOCKETS or not port:
        raise Refused(503)
    if not visit.parts.agents.seated(by(visit)):
        raise Refused(403)
    key = (visit.request.getHeader("sec-websocket-key") or "").encode("latin-1")
    if (visit.request.getHeader("upgrade") or "").lower() != "websocket" or not KEY.match(key):
        raise Refused(400)
    return Reply(resource=SipSocket(visit, port, key))


class SipSocket(Resource):
    """Takes a checked request over."""

    isLeaf = True

    def __init__(self, visit: Visit, port: int, key: bytes) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._visit = visit
        self._port = port
        self._key = key
        self._left = False

    def render_GET(self, request: Any) -> Any:
        """Reach Asterisk first, and answer with its own answer."""
        request.notifyFinish().addBoth(self._gone)
        joining = ensureDeferred(self._join(request))
        joining.addErrback(lambda failure: _log.failure("a soft phone's socket", failure))
        return NOT_DONE_YET

    def _gone(self, _result: Any) -> None:
        self._left = True

    async def _join(self, request: Any) -> None:
        where = HostnameEndpoint(self._visit.parts.reactor, b"127.0.0.1", self._port, timeout=CONNECT_S)
        try:
            far: Pipe = await connectProtocol(where, Pipe())  # type: ignore[no-untyped-call]
        except ConnectError:
            if not self._left:
                request.setResponseCode(503)
                request.finish()
            return
        if self._left:
            far.drop()
            return
        near = Pipe()
        closed = request.channel.connectionLost  # the channel's own: it counts connections
        request.channel.transport.unregisterProducer()
        request.channel._protocolUpgradeForWebsockets(near)
        near.join(far, self._visit)
        near.closed = closed
        far.send(ASK % (self._port, self._key))


class Pipe(Protocol):
    """One end; what it gets goes to the other."""

    other: Pipe | None = None
    closed: Any = None
    _watch: LoopingCall | None = None

    def join(self, other: Pipe, visit: Visit) -> None:
        """This end is the browser's: it lasts as long as its session."""
        self.other, other.other = other, self
        for one in (self, other):
            assert one.other is not None
            one.transport.registerProducer(one.other.transport, True)  # type: ignore[union-attr]
        _open.add(self)
        self._watch = LoopingCall(self._still, visit)
        self._watch.clock = visit.parts.reactor
        self._watch.start(SESSION_S, now=False)

    def _still(self, visit: Visit) -> Deferred[None]:
        return ensureDeferred(self._held(visit)).addErrback(lambda failure: _log.failure("a session", failure))

    async def _held(self, visit: Visit) -> None:
        try:
            held = await visit.parts.staff.still(visit.token)
        except LookUpFault:
            return  # calls go on while the database is away
        if not held:
            self.drop()

    def dataReceived(self, data: bytes) -> None:
        """To the other end, as it is."""
        if self.other is not None:
            self.other.send(data)

    def send(self, data: bytes) -> None:
        """Out of this end."""
        if self.transport is not None:
            self.transport.write(data)

    def drop(self) -> None:
        """Close this end."""
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """With this end goes the other."""
        _open.discard(self)
        if self._watch is not None and self._watch.running:
            self._watch.stop()
        other, self.other, self.transport = self.other, None, None
        if other is not None:
            if other.transport is not None:
                other.transport.unregisterProducer()  # type: ignore[attr-defined]
            other.drop()
        if self.closed is not None:
            self.closed(reason)
