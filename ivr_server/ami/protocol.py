"""One connection to Asterisk's manager interface: sign in, ask, hear notices, notice when it is dead.

Theory. The connection is *opening* up to Asterisk's greeting, then *talking*, then *over*, once, with a reason. Actions
go out at once and are paired with their answers by an ActionID that nobody can guess, because a caller can forge whole
messages (see wire.py). Each has a deadline; an answer that comes later finds nobody and is counted.

Death is counted in beats, not in seconds: once a second the connection looks whether a single byte came since the last
beat. Between two beats the reactor has turned, so it has read what was there: a reactor that was blocked for a while
loses no connection (FAULTS B8), a peer that has been silent for ten beats in spite of two pings is dead (B2).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from crm_bridge.secret import Secret
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.reaching import certificate_fault, ends
from ivr_server.ami.wire import ASTERISK, Fields, Message, Reader, encode

MAX_OUTSTANDING: Final = 200  # actions without an answer
MAX_ITEMS: Final = 20_000  # of one list


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Every time of the manager interface, in seconds."""

    answer_s: float = 5.0  # for an action; for the next item of a list
    ping_s: int = 5
    dead_s: int = 10
    first_s: float = 0.5  # before the first try again
    most_s: float = 30.0  # between two tries
    refused_s: float = 60.0  # after a refused sign-in, or rights that are too many: nothing changes by itself
    steady_s: float = 30.0  # a connection that lived so long starts the waits anew
    resync_s: float = 60.0  # for all resyncs together
    rights_s: float = 1.0  # in which a right that we must not have shows itself


@dataclass(slots=True)
class _Asked:
    """An action in flight. ``single``: its answer promised one notice, without a word that ends a list."""

    action: str
    answer: Deferred[list[Message]]
    deadline: IDelayedCall
    listed: bool
    single: bool = False
    items: list[Message] = field(default_factory=list)


class Everything:
    """As a set that holds all."""

    def __contains__(self, name: object) -> bool:
        return True


@implementer(IHandshakeListener)
class Connection(Protocol):
    """One connection. ``opened`` fires at the greeting; ``over`` when it has ended: ``why`` is then a code of trouble.

    ``on_notice`` gets each notice that the reader's ``wanted`` lets through: at first all, for the rights' sake.
    ``first`` is what came right behind the answer to Login. ``counts`` is the owner's.
    """

    def __init__(self, clock: IReactorTime, pace: Pace, counts: Counter[str]) -> None:
        self.opened: Deferred[None] = Deferred()
        self.over: Deferred[None] = Deferred()
        self.why = self.detail = ""
        self.on_notice: Callable[[Message], object] = lambda message: None
        self.first: Message | None = None
        self.certificate_ends: datetime | None = None
        self.round_trip_s = 0.0  # of the latest ping
        self.late_s = 0.0  # the longest that a beat came too late: how long the reactor was blocked
        self._mark = secrets.token_hex(8) + "-"
        self.reader = Reader(Everything(), self._mark)
        self._clock = clock
        self._pace = pace
        self._counts = counts
        self._asked: dict[str, _Asked] = {}
        self._number = 0
        self._state = "opening"
        self._signed_in = False
        self._silent = 0
        self._beats = 0
        self._next_beat: IDelayedCall | None = None

    # --- Twisted's side

    def connectionMade(self) -> None:
        """The socket is open; Asterisk speaks first."""
        self._beat_later()

    def handshakeCompleted(self) -> None:
        """TLS is up, and the certificate is believed: when does it end?"""
        self.certificate_ends = ends(self.transport.getPeerCertificate())  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        """Bytes, at most 64 KiB at a time: what Twisted reads in one turn of the reactor."""
        self._silent = 0
        for message in () if self._state == "over" else self.reader.feed(data):
            self._take(message)
            if self._state == "over":
                return
        if self._state == "opening" and self.reader.greeting is not None:
            self._greeted(self.reader.greeting)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The socket is closed, by whomever."""
        fault = certificate_fault(reason)
        self._end("certificate" if fault else "closed", fault)

    # --- our side

    async def sign_in(self, user: str, secret: Secret) -> None:
        """Answer Asterisk's challenge; the secret never goes on the wire. AmiFault("refused") when it is wrong."""
        challenge = (await self.ask("Challenge", (("AuthType", "MD5"),))).get("Challenge")
        key = md5(f"{challenge}{secret.reveal()}".encode(), usedforsecurity=False).hexdigest()
        await self.ask("Login", (("AuthType", "MD5"), ("Username", user), ("Key", key), ("Events", "on")))

    async def ask(self, action: str, fields: Fields = ()) -> Message:
        """Send an action and give its answer; AmiFault says what is known when there is no good one."""
        return (await self._send(action, fields, listed=False))[0]

    async def listed(self, action: str, fields: Fields = ()) -> list[Message]:
        """Send an action that lists and give the items, without the words before and after them.

        FAXSession and FAXStats announce one notice without calling it a list: that one is given.
        """
        return await self._send(action, fields, listed=True)

    def drop(self, why: str, detail: str = "") -> None:
        """End it now, for this reason."""
        self._end(why, detail)
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    # --- within

    def _send(self, action: str, fields: Fields, listed: bool) -> Deferred[list[Message]]:
        if self._state != "talking":
            raise AmiFault("away", "no connection to Asterisk")
        if len(self._asked) >= MAX_OUTSTANDING:
            raise AmiFault("away", f"{MAX_OUTSTANDING} actions wait for their answer")
        self._number += 1
        number = f"{self._mark}{self._number}"
        command = encode(action, (("ActionID", number), *fields))
        deadline = self._clock.callLater(self._pace.answer_s, self._overdue, number)
        asked = self._asked[number] = _Asked(action, Deferred(), deadline, listed)
        self.transport.write(command)  # type: ignore[union-attr]
        return asked.answer

    def _greeted(self, greeting: bytes) -> None:
        if not greeting.startswith(ASTERISK):
            self.drop("greeting")
            return
        self._state = "talking"
        self.opened.callback(None)

    def _take(self, message: Message) -> None:
        if self._signed_in and self.first is None:
            self.first = message
        asked = self._asked.get(message.get("ActionID"))
        if message.kind == "notice" and asked is not None and asked.listed:
            self._item(message, asked)
        elif message.kind == "notice":
            self.on_notice(message)
        elif asked is None:
            self._counts["late"] += 1
        else:
            self._answered(message, asked)

    def _answered(self, message: Message, asked: _Asked) -> None:
        if message.name == "Error":
            words = message.get("Message", "no reason given")
            self._settle(message).errback(AmiFault("refused", f"{asked.action}: {words}", message))
        elif not asked.listed:
            self._signed_in = self._signed_in or asked.action == "Login"
            self._settle(message).callback([message])
        elif message.get("Message").endswith("event will follow"):
            asked.single = True
        elif message.get("EventList").lower() != "start":
            self._settle(message).callback([])

    def _item(self, message: Message, asked: _Asked) -> None:
        if message.get("EventList") == "Complete":
            self._settle(message).callback(asked.items)
        elif asked.single:
            self._settle(message).callback([message])
        elif message.get("EventList") == "Cancelled":
            self._settle(message).errback(AmiFault("refused", f"{asked.action}: the list was broken off", message))
        elif len(asked.items) >= MAX_ITEMS:
            self._settle(message).errback(AmiFault("deadline", f"{asked.action}: a list without end"))
        else:
            asked.items.append(message)
            asked.deadline.reset(self._pace.answer_s)

    def _settle(self, message: Message) -> Deferred[list[Message]]:
        asked = self._asked.pop(message.get("ActionID"))
        asked.deadline.cancel()
        return asked.answer

    def _overdue(self, number: str) -> None:
        asked = self._asked.pop(number)
        self._counts["deadline"] += 1
        asked.answer.errback(AmiFault("deadline", f"{asked.action}: no answer in {self._pace.answer_s:g} s"))

    def _beat_later(self) -> None:
        due = self._clock.seconds() + 1.0
        self._next_beat = self._clock.callLater(1.0, self._beat, due)

    def _beat(self, due: float) -> None:
        self.late_s = max(self.late_s, self._clock.seconds() - due)
        self._beats += 1
        self._silent += 1
        if self._silent > self._pace.dead_s:
            self.drop("silent")
            return
        if self._state == "talking" and self._beats % self._pace.ping_s == 0:
            Deferred.fromCoroutine(self._ping())
        self._beat_later()

    async def _ping(self) -> None:
        began = self._clock.seconds()
        try:
            await self.ask("Ping")
        except AmiFault:
            return  # ten silent beats are the judge, not one answer
        self.round_trip_s = self._clock.seconds() - began

    def _end(self, why: str, detail: str = "") -> None:
        if self._state == "over":
            return
        opening, self._state = self._state == "opening", "over"
        self.why, self.detail = why, detail
        if self._next_beat is not None and self._next_beat.active():
            self._next_beat.cancel()
        asked, self._asked = self._asked, {}
        if opening:
            self.opened.errback(AmiFault("away", why))
        for one in asked.values():
            one.deadline.cancel()
            one.answer.errback(AmiFault("lost", f"{one.action}: the connection ended before the answer"))
        self.over.callback(None)
