"""The browser's telephone line: a WebSocket on one side, a stand-in for Asterisk on the other.

In come three small messages: call, key, hang_up. Out go values: connected, playing, silent, listening, note, at, over
(how it ended, and what an agent would be handed), failed. What the browser does not read in time is kept up to a cap,
then the line is dropped (FAULTS I11); what it sends is capped in size and rate. A socket that goes takes its call with
it, as a receiver put down would.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import NOT_DONE_YET
from twisted.web.websocket import WebSocketResource
from wsproto.utilities import ProtocolError
from zope.interface import implementer

from ivr_server.console import handing
from ivr_server.console.feed import Feed, TooSlow
from ivr_server.console.sounds import SoundShelf
from ivr_server.console.story import as_note, tell, titles_for
from ivr_server.console.visit import Visit

MOST_LINES: Final = 50
MOST_AHEAD: Final = 9
MOST_KEPT: Final = 200  # messages for a browser that does not read; then it is dropped
LARGEST_MESSAGE: Final = 1_024
LARGEST_UNREAD: Final = 4_096  # bytes of a message that does not end
MOST_PER_SECOND: Final = 60
PING_S: Final = 20.0
NUMBER: Final = re.compile(r"[^0-9A-Za-z+*#._ -]")
# what the service says with its last acts; not the channel's own variables, which hold the keys
TOLD: Final = ("IVR_RESULT", "IVR_QUEUE", "IVR_BUSINESS", "IVR_LANGUAGE", "IVR_TRAIL", "IVR_TRAIL_ID")
_log = Logger()


@dataclass(frozen=True, slots=True)
class Ends:
    """Who calls whom, in which language, the id that the call shall have.

    ``staffed``: somebody is at the queues; ``ahead``: so many callers wait there already.
    """

    caller: str
    dialled: str
    language: str
    call: str
    staffed: bool = False
    ahead: int = 0


class Handset(Protocol):
    """A call under way, from the caller's side."""

    @property
    def hushed(self) -> bool:
        """Whether a secret is being asked for."""

    def press(self, key: str) -> None:
        """Press one of 0-9 * #."""

    def hang_up(self) -> None:
        """Put the receiver down."""


class Ear(Protocol):
    """Who hears what the service does."""

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound (path without extension) has begun."""

    def silent(self) -> None:
        """It ended or was cut."""

    def listening(self) -> None:
        """The service waits for a key."""

    def ended(self, variables: dict[str, str]) -> None:
        """The service is done; the channel variables it left."""


Dial = Callable[[Ends, Ear], Awaitable[Handset]]


@dataclass(slots=True)
class Exchange:
    """All lines in use, and what they share."""

    reactor: Any
    feed: Feed
    shelf: SoundShelf
    dial: Dial
    lines: set[PhoneLine] = field(default_factory=set)

    def has_room(self) -> bool:
        """Whether another line may open."""
        return len(self.lines) < MOST_LINES


class LineSocket(WebSocketResource):
    """Takes a checked request over, and counts what comes in before it is put together."""

    def __init__(self, exchange: Exchange, visit: Visit) -> None:
        self._line = PhoneLine(exchange, visit)
        super().__init__(self)

    def buildProtocol(self, request: Any) -> PhoneLine:
        """The one line of this request."""
        return self._line

    def render_GET(self, request: Any) -> Any:
        """Upgrade; Twisted's own resource caps no message, so its reader is wrapped."""
        answer = super().render_GET(request)
        if answer == NOT_DONE_YET:
            channel = request.channel
            self._line.abort = channel.transport.abortConnection
            channel.dataReceived = self._line.bounded(channel.dataReceived)
        return answer


@implementer(IPushProducer)
class PhoneLine:
    """One browser's line."""

    def __init__(self, exchange: Exchange, visit: Visit) -> None:
        self._exchange = exchange
        self._words = visit.words
        self._language = visit.words.language
        self._titles = titles_for(visit)
        self._transport: Any = None
        self._kept: deque[str] = deque()
        self._paused = self._gone = self._hung_up = self._dialling = False
        self._handset: Handset | None = None
        self._disposition = ""
        self._unsubscribe: Callable[[], None] = lambda: None
        self._unread = 0
        self._messages = deque[float](maxlen=MOST_PER_SECOND)
        self._alive = True
        self._pings = LoopingCall(self._ping)
        self._pings.clock = exchange.reactor
        self.abort: Callable[[], None] = lambda: None

    # the socket

    def negotiationStarted(self, transport: Any) -> None:
        """There is a transport."""
        self._transport = transport

    def negotiationFinished(self) -> None:
        """The line is open; from now on we hear when the browser does not read."""
        self._transport.detachProducer()
        self._transport.attachProducer(self)
        self._exchange.lines.add(self)
        self._pings.start(PING_S, now=False)

    def bounded(self, receive: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """``receive`` with a cap on what a message may hold before it ends, and without exceptions."""

        def received(data: bytes) -> None:
            self._unread += len(data)
            try:
                receive(data)
            except (ProtocolError, UnicodeDecodeError):
                self.abort()
            if self._unread > LARGEST_UNREAD:
                self.abort()

        return received

    def textMessageReceived(self, message: str) -> None:
        """One message of the browser's; nonsense ends the line."""
        self._unread = 0
        now = self._exchange.reactor.seconds()
        flooded = len(self._messages) == MOST_PER_SECOND and now - self._messages[0] < 1.0
        self._messages.append(now)
        try:
            said = json.loads(message) if len(message) <= LARGEST_MESSAGE and not flooded else None
        except ValueError:
            said = None
        if not isinstance(said, dict) or not self._obey(said):
            self.abort()

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """We speak text only."""
        self.abort()

    def pongReceived(self, payload: bytes) -> None:
        """The browser is there."""
        self._unread = 0
        self._alive = True

    def connectionLost(self, reason: Failure) -> None:
        """The page is gone: put the receiver down."""
        self._gone = True
        self._exchange.lines.discard(self)
        self._kept.clear()
        if self._pings.running:
            self._pings.stop()
        self._put_down()

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It is empty again."""
        self._paused = False
        while self._kept and not self._paused:
            self._write(self._kept.popleft())

    def stopProducing(self) -> None:
        """The transport is going."""
        self._kept.clear()

    def tell(self, what: str, /, **values: Any) -> None:
        """Send one value; TooSlow, and the end of the line, when too many are kept already."""
        if self._gone:
            return
        text = json.dumps({"is": what, **values}, ensure_ascii=False)
        if not self._paused:
            self._write(text)
        elif len(self._kept) < MOST_KEPT:
            self._kept.append(text)
        else:
            self.abort()
            raise TooSlow("the browser does not read")

    def _write(self, text: str) -> None:
        try:
            self._transport.sendTextMessage(text)
        except ProtocolError:  # it said goodbye already, and is not gone yet
            self._gone = True

    def _ping(self) -> None:
        if not self._alive:
            self.abort()
            return
        self._alive = False
        try:
            self._transport.ping(b"")
        except ProtocolError:
            self.abort()

    # the call

    def _obey(self, said: Mapping[str, Any]) -> bool:
        match said:
            case {"do": "call", "caller": str(caller), "dialled": str(dialled)}:
                if self._handset is None and not self._dialling:
                    ahead = said.get("ahead")
                    waiting = ahead if isinstance(ahead, int) and 0 < ahead <= MOST_AHEAD else 0
                    self._begin(caller, dialled, (said.get("staffed") is True, waiting))
            case {"do": "key", "key": str(key)} if len(key) == 1 and key in "0123456789*#":
                if self._handset is not None:
                    self._handset.press(key)
            case {"do": "hang_up"}:
                self._hung_up = True
                if self._handset is not None:
                    self._handset.hang_up()
            case _:
                return False
        return True

    def _begin(self, caller: str, dialled: str, queue: tuple[bool, int]) -> None:
        self._dialling, self._hung_up, self._disposition = True, False, ""
        call = f"phone-{secrets.token_hex(8)}"
        ends = Ends(_number(caller), _number(dialled), self._language, call, *queue)
        ensureDeferred(self._call(ends)).addErrback(self._failed)

    async def _call(self, ends: Ends) -> None:
        self._unsubscribe = self._exchange.feed.subscribe(ends.call, self._note)
        try:
            handset = await self._exchange.dial(ends, self)
        except OSError:
            self._over("failed", why="failed")
            return
        if not self._dialling:  # it was over before we knew that it had begun
            return
        self._handset = handset
        self.tell("connected", call=ends.call)
        if self._gone or self._hung_up:
            self._put_down()

    def _failed(self, failure: Failure) -> None:
        _log.failure("a call of the keypad phone failed", failure)
        self._over("failed", why="failed")

    def _put_down(self) -> None:
        if self._handset is not None:
            self._handset.hang_up()

    def _over(self, what: str, /, **values: Any) -> None:
        if not (self._dialling or self._handset):
            return
        self._dialling, self._handset = False, None
        self._unsubscribe()
        self.tell(what, **values)

    # the ear

    def playing(self, path: str, ms: int, words: str) -> None:
        """Tell the page which file to fetch, and the words to show."""
        name = self._exchange.shelf.name(path)
        self.tell("playing", sound=f"/phone/sound/{name}.wav" if name else "", ms=ms, words=words, secret=self._secret)

    def silent(self) -> None:
        """Tell the page to be quiet."""
        self.tell("silent")

    def listening(self) -> None:
        """Tell the page that a key is waited for."""
        self.tell("listening", secret=self._secret)

    @property
    def _secret(self) -> bool:
        """The page shows no digit that is pressed now."""
        return self._handset is not None and self._handset.hushed

    def ended(self, variables: dict[str, str]) -> None:
        """The call is over; without IVR_RESULT it was the service that broke, unless the receiver was put down here."""
        result = variables.get("IVR_RESULT", "")
        if result == "refused":
            self._over("failed", why="gave_up" if self._disposition else "refused")
        elif result or self._hung_up:
            told = {str(name): variables[name] for name in TOLD if name in variables}
            how = handing.how(self._words, "hung_up" if self._hung_up else self._disposition)
            self._over("over", variables=told, how=how, handed=handing.handed(self._words, told))
        else:
            self._over("failed", why="failed")

    def _note(self, plain: Mapping[str, Any]) -> None:
        if plain["what"] == "at":  # no step of the trail: where the call is now
            self.tell("at", flow=str(plain["flow"]), node=str(plain["node"]))
            return
        if plain["what"] == "ended":
            self._disposition = str(plain["detail"].get("disposition", ""))
        step = tell(as_note(plain), self._language, self._titles)
        if step is not None:
            self.tell("note", what=step.what, words=step.words, flow=str(plain["flow"]), node=str(plain["node"]))


def _number(text: str) -> str:
    return NUMBER.sub("", text)[:40].strip()
