"""The product's hold on Asterisk's manager interface: one connection, kept up, and everything that is asked of it.

Theory. ``Ami`` goes round: connect, sign in, prove the rights, resync, *live*, lost, wait, connect. Actions go out
from the sign-in on (the resync needs them); everybody else looks at ``connected``, which is true when live. Notices
wait from the sign-in to the end of the resync, so that whoever listens hears them after the picture they belong to.

A connection that breaks is tried again after 0.5 s, then after twice as long each time up to 30 s, each with jitter; a
refusal (secret, address, rights, certificate) waits a minute, is logged once, and stands in ``condition()``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger

from crm_bridge.secret import Secret
from ivr_server.ami.faults import AmiFault
from ivr_server.ami.notices import Listener, Notices
from ivr_server.ami.protocol import Connection, Pace
from ivr_server.ami.reaching import WARN_DAYS, on_this_machine, plain_way, tls_way
from ivr_server.ami.rights import SHOWN_BY, Inquiry, Proof, Rights, learn
from ivr_server.ami.trouble import Trouble
from ivr_server.ami.wire import Fields, Message

log = Logger()
Resync = Callable[[], Coroutine[Deferred[Any], Any, None]]
State = Literal["off", "connecting", "checking", "syncing", "live", "away", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """Where Asterisk's manager interface is, and who we are there.

    ``ca``: a PEM file of the authority whose certificates are believed ("": the system's); ``server_name``: the name
    in the certificate ("": the host). ``probe``: the dialplan's place, ``exten@context``, that shows whether our user
    sees keys and AGI ("": not tested). ``needs``: actions without which the connection is of no use; whatever else is
    missing switches off what needs it (``Ami.missing``).
    """

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "ivr"
    secret: Secret
    tls: Literal["no", "yes"] = "no"
    ca: str = ""
    server_name: str = ""
    probe: str = "probe@ivr-rights"
    needs: tuple[str, ...] = ("Originate", "Hangup", "CoreShowChannels", "FAXSession", "FAXSessions")
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class Condition:
    """How the connection is. ``trouble``: a code, "" when all is well; ``text``: what to do about it, in one sentence.

    ``alerts``: what is not broken yet: a certificate that ends within 30 days, another machine without TLS, rights
    that could not be tested.
    """

    state: State
    trouble: str = ""
    text: str = ""
    alerts: tuple[Trouble, ...] = ()
    certificate_ends: datetime | None = None


class Ami:
    """The manager interface. ``endpoint`` replaces host and port (tests); ``chance`` gives 0..1 for the jitter.

    ``counts``: reconnects, refused, late, deadline, notices_dropped, oversized and the like, since the start.
    """

    def __init__(
        self,
        reactor: Any,
        settings: AmiSettings,
        endpoint: IStreamClientEndpoint | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.state: State = "off"
        self.trouble: Trouble | None = None
        self.counts: Counter[str] = Counter()
        self._reactor = reactor
        self._endpoint = endpoint
        self._chance = chance
        self._notices = Notices(reactor, self.counts, SHOWN_BY)
        self._resyncs: list[Resync] = []
        self._downs: list[Callable[[], None]] = []
        self._connection: Connection | None = None
        self._round: Deferred[None] | None = None
        self._stopping = False
        self._proof = Proof()
        self._untested = False
        self._allowed: frozenset[str] = frozenset()
        self._certificate_ends: datetime | None = None

    def start(self) -> None:
        """Connect, and stay connected until ``stop``."""
        if self._round is None:
            self._stopping = False
            self._round = Deferred.fromCoroutine(self._rounds())

    async def stop(self) -> None:
        """End the connection; actions in flight fail as lost."""
        self._stopping = True
        going, self._round = self._round, None
        if going is not None:
            going.cancel()
            await going
        self._end("closed")
        self.state, self.trouble = "off", None

    @property
    def connected(self) -> bool:
        """Whether Asterisk is there, the rights are right, and every resync is done."""
        connection = self._connection
        return self.state == "live" and connection is not None and not connection.why

    @property
    def longest_block_s(self) -> float:
        """How long the reactor was blocked at worst, as this connection's beats show it."""
        return self._connection.late_s if self._connection is not None else 0.0

    @property
    def round_trip_s(self) -> float:
        """What the latest ping took; 0.0 before the first."""
        return self._connection.round_trip_s if self._connection is not None else 0.0

    @property
    def seen(self) -> int:
        """Messages that this connection brought, wanted or not."""
        return self._connection.reader.seen if self._connection is not None else 0

    @property
    def stamps(self) -> bool:
        """Whether Asterisk says in each notice when it happened, as a notice that nobody could forge has shown."""
        return self._proof.stamped

    def may(self, *actions: str) -> bool:
        """Whether this Asterisk has all these actions, and our user may do them; false before the sign-in."""
        return self._allowed.issuperset(actions)

    def missing(self, actions: Sequence[str]) -> tuple[str, ...]:
        """Those that it has not, or that our user may not do."""
        return tuple(name for name in actions if name not in self._allowed)

    def condition(self, language: str = "en-US") -> Condition:
        """The state, with its reason, for the health page."""
        trouble = self.trouble
        words = (trouble.code, trouble.sentence(language)) if trouble else ("", "")
        return Condition(self.state, *words, tuple(self._alerts()), self._certificate_ends)

    def on_up(self, resync: Resync) -> None:
        """Await ``resync`` after every connect before it counts as live: ask for the whole picture, believe no memory.

        If it raises, the connection is ended and tried again.
        """
        self._resyncs.append(resync)

    def on_down(self, told: Callable[[], None]) -> None:
        """Call ``told`` in the moment in which a live connection is lost."""
        self._downs.append(told)

    def listen(self, name: str, listener: Listener, critical: bool = False) -> Callable[[], None]:
        """Tell ``listener`` of every notice of this name. A notice is a hint: a caller can forge it whole.

        ``critical`` ones are not the first to go in a flood. What is given back ends the listening.
        """
        return self._notices.listen(name, listener, critical)

    async def action(self, name: str, fields: Fields = (), **more: str) -> Message:
        """Send an action and give Asterisk's answer; AmiFault when it is no good one. ValueError: never to be sent.

        ``fields`` are pairs, so that one name (Variable) can come twice; ``more`` are added to them.
        """
        return await self._now().ask(name, (*fields, *more.items()))

    async def listed(self, name: str, fields: Fields = (), **more: str) -> list[Message]:
        """Send an action that lists, and give the items of its list."""
        return await self._now().listed(name, (*fields, *more.items()))

    async def followed(self, name: str, fields: Fields = (), **more: str) -> Message:
        """Send an action whose answer announces one notice (FAXSession, FAXStats), and give that notice."""
        found = await self.listed(name, fields, **more)
        if not found:
            raise AmiFault("refused", f"{name}: nothing was announced")
        return found[0]

    # --- within

    def _now(self) -> Connection:
        if self._connection is None or self.state not in ("syncing", "live"):
            raise AmiFault("away", "no connection to Asterisk")
        return self._connection

    def _alerts(self) -> list[Trouble]:
        wish, until = self.settings, self._certificate_ends
        alerts = []
        if until is not None and until - datetime.now(UTC) < timedelta(days=WARN_DAYS):
            alerts.append(Trouble("ends_soon", until.date().isoformat()))
        if wish.tls == "no" and not on_this_machine(wish.host):
            alerts.append(Trouble("plain", wish.host))
        if self._untested and self.connected:
            alerts.append(Trouble("untested", wish.probe or "ivr-rights"))
        return alerts

    async def _rounds(self) -> None:
        tries = 0
        while True:
            began = self._reactor.seconds()
            try:
                trouble = await self._one_round()
            except (Exception, CancelledError):
                if self._stopping:
                    return
                log.failure("a fault of ours in the connection to Asterisk's manager interface")
                trouble = Trouble("resync")
            self._end(trouble.code)
            if self._reactor.seconds() - began > self.settings.pace.steady_s:
                tries = 0
            self._say(trouble)
            try:
                await deferLater(self._reactor, self._wait_s(trouble, tries))
            except CancelledError:
                return
            tries += 1

    def _wait_s(self, trouble: Trouble, tries: int) -> float:
        pace = self.settings.pace
        if trouble.refused:
            return pace.refused_s * (1 + self._chance() / 2)
        longest = min(pace.most_s, pace.first_s * 2.0 ** min(tries + 1, 20))
        return longest * (1 + self._chance()) / 2

    def _say(self, trouble: Trouble) -> None:
        """Note the trouble; a line in the log only when it is another one than before."""
        self.counts["refused" if trouble.refused else "lost"] += 1
        self.state = "refused" if trouble.refused else "away"
        if trouble != self.trouble:
            log.warn("{sentence}", sentence=trouble.sentence(), trouble=trouble.code)
        self.trouble = trouble

    async def _one_round(self) -> Trouble:
        """From the connect to the end of the connection; why it ended."""
        self.state = "connecting"
        try:
            way = self._way()
        except (OSError, ValueError) as fault:
            return Trouble("certificate", f"ami.ca: {fault}")
        try:
            await way.connect(Factory.forProtocol(self._build))
        except CancelledError:
            raise
        except Exception as fault:
            return Trouble("unreachable", str(fault) or type(fault).__name__)
        connection = self._connection
        assert connection is not None
        try:
            return await self._use(connection)
        except AmiFault as fault:
            if not connection.why:  # it lives: the answer was at fault
                return Trouble("answer", fault.text)
            return Trouble(connection.why, connection.detail)

    def _build(self) -> Connection:
        self._connection = connection = Connection(self._reactor, self.settings.pace, self.counts)
        self._proof = Proof()
        connection.on_notice = self._heard
        return connection

    def _way(self) -> IStreamClientEndpoint:
        wish = self.settings
        way = self._endpoint or plain_way(self._reactor, wish.host, wish.port)
        return tls_way(way, wish.server_name or wish.host, wish.ca) if wish.tls == "yes" else way

    async def _use(self, connection: Connection) -> Trouble:
        await connection.opened
        self.state, self._certificate_ends = "checking", connection.certificate_ends
        wrong = await self._sign_in(connection)
        if wrong is not None:
            return wrong
        connection.reader.wanted = self._notices.wanted
        self.state = "syncing"
        if not await self._resync():
            return Trouble("resync")
        self.state, self.trouble = "live", None
        self.counts["connects"] += 1
        log.info("connected to Asterisk's manager interface")
        self._notices.release()
        await connection.over
        return Trouble(connection.why, connection.detail)

    async def _sign_in(self, connection: Connection) -> Trouble | None:
        """Who we are, and what we may do; the trouble with it, if any."""
        wish = self.settings
        try:
            await connection.sign_in(wish.user, wish.secret)
        except AmiFault as fault:
            if fault.reason == "refused":
                return Trouble("secret", wish.user)
            raise
        inquiry = Inquiry(self._reactor, wish.needs, wish.probe, wish.pace.rights_s)
        rights = await learn(connection, self._proof, inquiry)
        self._untested, self._allowed = self._proof.called != "Success", rights.allowed
        if rights.read or rights.write:
            return Trouble("rights", rights.lines(wish.user))
        return Trouble("needs", ", ".join(rights.missing)) if rights.missing else None

    async def _resync(self) -> bool:
        for resync in self._resyncs:
            try:
                await ensureDeferred(resync()).addTimeout(self.settings.pace.resync_s, self._reactor)
            except AmiFault:
                raise
            except (Exception, CancelledError):
                if self._stopping:
                    raise
                log.failure("the resync after a connect failed")
                return False
        return True

    def _heard(self, notice: Message) -> None:
        connection = self._connection
        if self._proof.look(notice) and self.state in ("syncing", "live") and connection is not None:
            connection.drop("rights", Rights(read=frozenset(self._proof.read)).lines(self.settings.user))
        elif not self._notices.put(notice) and connection is not None:
            connection.drop("lost_touch")

    def _end(self, why: str) -> None:
        """No connection from here on; what waits to be told is old."""
        self._notices.hold()
        connection, self._connection = self._connection, None
        if connection is not None and self.state == "live":
            for told in self._downs:
                told()
        if connection is not None:
            connection.drop(why)
            for count in ("oversized", "odd", "unwanted", "seen"):
                self.counts[count] += getattr(connection.reader, count)
