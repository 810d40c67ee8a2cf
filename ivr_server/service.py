"""The only place that builds and wires: settings in, a running service out, and the way down again.

The way up: settings, database and schema, flows (read, inspected), voices' sounds, journal, then the two ports. A start
that fails says why in one sentence and ends with status 1. The way down (SIGTERM): no new calls, those in progress go
on up to ``drain_s``, what is left then is let go to the dialplan; last, the journal and the database.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twisted.application.service import Application, Service
from twisted.internet import task
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile

from crm_bridge import versions
from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps as BridgeLookUps
from crm_bridge.database import Database
from crm_bridge.demo import SHOWN
from crm_bridge.desks import OwnDesk
from crm_bridge.factors import FactorBook
from crm_bridge.hashing import Hashing
from crm_bridge.journal import Journal
from crm_bridge.mapping import MappedDesk
from crm_bridge.mapping_file import ForeignMapping, read_mapping
from crm_bridge.numbering import Numbering
from crm_bridge.room import FaxRules, Rules
from crm_bridge.staff import StaffBook, people
from flows.session import Turn
from ivr_server import health, sheet_wiring, studio_wiring, whereabouts
from ivr_server.agents_wiring import Agents, Beside
from ivr_server.agi.line import Line
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from ivr_server.calls.answering import LAST_WORDS_S, Calls, Desk, plain_number
from ivr_server.calls.look_ups import LookUps
from ivr_server.calls.performer import Tools
from ivr_server.calls.routing import Routes
from ivr_server.console import story
from ivr_server.console.api import Api
from ivr_server.console.fax_book import fax_book
from ivr_server.console.feed import Feed
from ivr_server.console.journal import DemoCustomers, JournalCalls
from ivr_server.console.parts import Health, Parts, PhoneParts
from ivr_server.console.site import make_site
from ivr_server.console.words import read_words
from ivr_server.fax_wiring import Faxes, Surroundings
from ivr_server.floor_wiring import FloorRoom
from ivr_server.heart import Heart
from ivr_server.hours import utc_now
from ivr_server.keeping import Keeper
from ivr_server.keys import sealing
from ivr_server.line_wiring import LineRoom
from ivr_server.loading import CannotStart, Mistaken, first_account, tell
from ivr_server.log_lines import JsonLines
from ivr_server.metrics import Metrics
from ivr_server.notice import FILE, Notice
from ivr_server.notice_switching import NoticeSwitch
from ivr_server.publishing.edition import Edition
from ivr_server.publishing_wiring import FlowRoom
from ivr_server.settings import AGI_PORT, HTTP_PORT, WEB_PORT, Settings, read_settings, token
from ivr_server.supervising import MISTAKEN
from marked_yaml import Mistakes
from prompts.store import Trouble

log = Logger()
LOG_BYTES, LOG_FILES = 20_000_000, 9  # a log file, and how many full ones are kept


class IvrService(Service):
    """The whole product in one process."""

    def __init__(self, settings: Settings, reactor: Any) -> None:
        self.settings = settings
        self.reactor = reactor
        self.metrics = Metrics()
        self.heart = Heart(os.environ)
        self.feed = Feed()
        self.ports: list[IListeningPort] = []
        self._closing: list[Callable[[], Awaitable[None] | None]] = []
        self.up: Deferred[None] | None = None
        self.status = 0
        self._words = read_words()  # once: reading takes 0.2 s, and each version that goes live tells with them
        self.last_call: datetime | None = None

    def startService(self) -> None:
        """Begin the way up; a failure is told and ends the process."""
        Service.startService(self)  # type: ignore[no-untyped-call]
        self.reactor.addSystemEventTrigger("before", "shutdown", lambda: ensureDeferred(self._down()))
        # twistd would give 0 for a start that failed, and end a clean stop by the signal that asked for it
        self.reactor.addSystemEventTrigger("after", "shutdown", lambda: os._exit(self.status))
        self.up = ensureDeferred(self._up())
        self.up.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        if isinstance(failure.value, CannotStart | versions.OtherSchema | LookUpFault | CannotListenError | ValueError):
            tell(f"ivr-server cannot start: {failure.getErrorMessage()}")
        else:
            log.failure("ivr-server cannot start", failure)
        mends_itself = not isinstance(failure.value, Mistaken | versions.OtherSchema | ValueError)
        self.status = 1 if mends_itself else MISTAKEN
        self.reactor.callWhenRunning(self.reactor.stop)

    # --- the way up

    async def _up(self) -> None:
        settings = self.settings
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.flows = FlowRoom(settings, self.reactor, self._trouble)
        self.database = Database(settings.database_url(), self.reactor)
        self.database.start()
        self._closing.append(self.database.stop)
        await self.database.run(versions.prepare, write=True, deadline_ms=60_000)
        self.hashing = Hashing(self.reactor)
        self.hashing.start()
        self._closing.append(self.hashing.stop)
        self.journal = Journal(settings.folder / "journal", self.database, self.reactor)
        self.journal.start()
        self._closing.append(self.journal.stop)
        with suppress(LookUpFault):
            await self.journal.recover()
        task.LoopingCall(self._clean).start(600, now=False)
        keeper = Keeper(self.database, settings.keep, settings.recordings_folder)
        self._closing.append(keeper.start(self.reactor))
        self.numbering = Numbering(settings.operator.numbering)
        self.room = FloorRoom(settings, self.database, self.reactor, self.metrics)
        self._closing.append(self.room.stop)
        self.calls = Calls(self._desk())
        self.publishing = self.flows.room(self.database, self.calls.inside, self.take)
        self.publishing.start()
        self._closing.append(self.publishing.stop)
        self.staff = StaffBook(self.database, self.hashing)
        self.factors = FactorBook(self.database, self.hashing, sealing(settings.folder))
        self.agents = Agents(self._beside())
        self._closing.append(self.agents.stop)
        self.room.start()
        self.line.start()
        self._closing.append(self.line.stop)
        await self.agents.start()
        self.faxes.start()
        self._closing.append(self.faxes.stop)
        self.sheets = sheet_wiring.sheets(self)
        self.sheets.start()
        self._closing.append(self.sheets.stop)
        self.room.connect()
        self._listen()
        if not await self.database.run(people):
            tell(first_account())
        self.heart.start()
        _spare_the_collector()

    def _desk(self) -> Desk:
        settings = self.settings
        self.bridge = bridge = self._bridge()
        self.faxes = Faxes(Surroundings(self.reactor, settings, self.database, self.metrics, self.room.ami), bridge)
        notice = Notice(settings.folder / FILE, utc_now)
        self.line = LineRoom(settings, self.database, self.reactor, self.room)
        self.trails = self.line.trails
        switch = NoticeSwitch(
            sheets=lambda: self.sheets,
            prompts=lambda: self.flows.live.library.prompts,
            store=self.database,
            matches=self.hashing.matches,
            folder=settings.folder,
            zone=settings.operator.time_zone,
            now=utc_now,
        )
        self.look_ups = LookUps(bridge, self.line.line_up, notice.prompt, lambda: self.faxes.open, switch)
        return self._desk_of(self.flows.live)

    def _desk_of(self, live: Edition) -> Desk:
        """Where calls of one version are answered: its flows, its sounds, its words."""
        titles = lru_cache(lambda language: story.titles(self._words.get(language), live.titles(language)))
        self.line.titles = titles
        return Desk(
            lambda: live.library,
            Routes(live.words.roots, self.settings.numbers),
            Tools(
                lambda script: live.store.sound(script, ""),
                self.look_ups,
                self.look_ups.signatures(),
                self.reactor,
                self.metrics,
            ),
            self.journal,
            utc_now,
            self.metrics,
            titles,
            self._publish,
            lambda caller: self.numbering.national(caller) or plain_number(caller),
            self.trails,
            {"call-back": self.line.told_of_call_back},
        )

    def take(self, live: Edition) -> None:
        """From now on new calls get this version; those in progress keep the desk that they came to."""
        self.flows.live = live
        self.calls.desk = self._desk_of(live)

    def _beside(self) -> Beside:
        return Beside(
            reactor=self.reactor,
            settings=self.settings,
            database=self.database,
            staff=self.staff,
            billing=self.bridge,
            trails=self.trails,
            titles=self.flows.titles,
            floor=self.room,
        )

    def _bridge(self) -> BridgeLookUps:
        settings = self.settings
        zone = ZoneInfo(settings.operator.zone)
        faxes = FaxRules(settings.fax_numbers(), settings.fax.daily, settings.fax.tries)
        rules = Rules(self.numbering, settings.operator.currency, zone, fax=faxes)
        seconds = lambda: utc_now().timestamp()  # noqa: E731
        own = OwnDesk(self.database, rules, seconds)
        foreign = None
        if settings.bridge:
            foreign = MappedDesk(self._mapping(Path(settings.bridge)), rules, seconds, self.reactor)
            foreign.start()
            self._closing.append(foreign.stop)
        return BridgeLookUps(own, self.hashing, rules, foreign)

    @staticmethod
    def _mapping(path: Path) -> ForeignMapping:
        try:
            return read_mapping(path.read_text(encoding="utf-8"), str(path))
        except (OSError, Mistakes) as wrong:
            raise Mistaken(f"the mapping of the operator's database: {wrong}") from None

    def _listen(self) -> None:
        settings = self.settings
        factory = FastAgiFactory(
            FastAgiSettings(token(settings), settings.agi.allow, settings.agi.max_calls), self._answer, self.reactor
        )
        factory.counted = self._counted
        self.agi = factory
        agi = self._port((settings.agi.port, AGI_PORT), factory, settings.agi.host)
        web = self._port((settings.web.port, WEB_PORT), make_site(self._parts()), settings.web.host)
        whereabouts.write(settings.folder, (settings.agi.host, agi), (settings.web.host, web))
        address = f"http://{settings.web.host}:{web}"
        tell(f"FastAGI for Asterisk: {settings.agi.host}:{agi}")
        tell(f"Console: {address}/")
        if settings.web.phone != "off":
            tell(f"Call from your browser: {address}/phone")

    def _port(self, wanted: tuple[int | None, int], factory: Any, host: str) -> int:
        """Listen at the port that was set, and there only; with none set, at the usual one or any free one."""
        named, usual = wanted
        try:
            port = self.reactor.listenTCP(usual if named is None else named, factory, interface=host, backlog=512)
        except CannotListenError as fault:
            if named is not None:
                why = f"port {named} at {host} cannot be used ({fault.socketError})"
                raise CannotStart(f"{why}; stop what uses it, or set another") from None
            port = self.reactor.listenTCP(0, factory, interface=host, backlog=512)
        self.ports.append(port)
        number: int = port.getHost().port
        return number

    def _parts(self) -> Parts:
        settings = self.settings
        faxes = fax_book(self.database, settings, self.reactor, self.faxes.wake)
        self._closing.append(faxes.stop)
        studio = self.studio = studio_wiring.studio(self.reactor, settings, self.database, self.publishing)
        self._closing.append(studio.stop)
        sounds = settings.sound_folders()
        return Parts(
            reactor=self.reactor,
            staff=self.staff,
            factors=self.factors,
            factor_required=settings.web.second_factor == "required",
            calls=JournalCalls(self.database),
            feed=self.feed,
            faxes=faxes,
            studio=replace(studio, sheets=self.sheets),
            health=self._health,
            registry=self.metrics.registry,
            agents=self.agents.room,
            exchange_http=lambda: settings.ami.http_port or whereabouts.http_port(settings.folder) or HTTP_PORT,
            phone=PhoneParts(
                allowed=settings.web.phone,
                port=lambda: self.ports[0].getHost().port,  # type: ignore[attr-defined]
                token=token(settings),
                sounds=tuple(map(Path, (sounds.sounds, sounds.spool))),
                dialled=settings.number,
                caller=SHOWN[0].phone,
                queues=settings.queue_names,
                customers=DemoCustomers(self.database),
            ),
            titles=self.flows.titles,
            hosts=settings.web.hosts,
            metrics_token=settings.metrics_token(),
            api=Api(self.trails, settings.api_token(), self.reactor.seconds, self.numbering.national),
            zone=settings.operator.zone,
        )

    # --- while it runs

    async def _answer(self, line: Line) -> None:
        self.last_call = utc_now()
        await self.calls.answer(line)

    def _publish(self, call: str, turn: Turn) -> None:
        if self.feed.watched(call):
            for note in turn.notes:
                shown = {"step": note.step, "flow": note.flow, "node": note.node, "what": note.what}
                self.feed.publish(call, {**shown, "detail": dict(note.detail)})
            frame = turn.session.frames[-1]
            self.feed.publish(call, {"what": "at", "flow": frame.flow, "node": frame.node})

    def _counted(self, reason: str) -> None:
        self.metrics.line_events.labels(reason).inc()
        if reason == "no_storedtmf":
            log.warn("This Asterisk has no StoreDTMF: keys pressed between prompts are lost (install app_storedtmf).")

    def _trouble(self, trouble: Trouble) -> None:
        self.metrics.prompts_missing.inc()
        log.error(
            "Sound {file}: {fault}; played instead: {instead}",
            file=trouble.file,
            fault=trouble.fault,
            instead=trouble.instead,
        )

    def _clean(self) -> None:
        try:
            self.flows.live.store.clean()
        except OSError as fault:
            log.warn("The spool of sounds cannot be cleaned: {fault}", fault=fault)

    async def _health(self) -> Health:
        return await health.report(self)

    # --- the way down

    async def _down(self) -> None:
        self.heart.tell("STOPPING=1")
        if hasattr(self, "calls"):
            await self._drain()
        for port in self.ports:
            with suppress(Exception):
                await port.stopListening()  # type: ignore[misc]
        for close in reversed(self._closing):
            with suppress(Exception):
                done = close()
                if done is not None:
                    await done
        self.heart.stop()
        whereabouts.forget(self.settings.folder)

    async def _drain(self) -> None:
        """No new calls; wait for those in progress; let go of what is left, so that the dialplan takes it on.

        A call let go of in the middle of a write still has its outcome and its record to write: the journal waits.
        """
        self.calls.draining = True
        count = len(self.calls.current)
        if count:
            tell(f"Stopping: {count} calls go on for up to {self.settings.drain_s:.0f} s.")
        await self._calls_over(self.settings.drain_s)
        for line in tuple(self.calls.current):
            line.close()
        await self._calls_over(LAST_WORDS_S + 1)

    async def _calls_over(self, patience_s: float) -> None:
        """Until the last call's record is written, or so long."""
        end = self.reactor.seconds() + patience_s
        while self.calls.current and self.reactor.seconds() < end:
            await task.deferLater(self.reactor, 0.1)


def _spare_the_collector() -> None:
    """What stands for good is never looked through again, and the little that calls leave behind seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def make_application() -> Any:
    """What twistd runs: the service, and the log as JSON lines; says why in one sentence when it cannot be made."""
    from twisted.internet import reactor  # noqa: PLC0415 (importing it installs one)

    reactor.seconds = time.monotonic  # type: ignore[method-assign]  # Twisted's own is the wall clock, which may jump
    path = os.environ.get("IVR_SETTINGS", "")
    try:
        settings = read_settings(Path(path) if path else None)
    except Mistakes as wrong:
        print(*wrong.problems, sep="\n", file=sys.stderr)
        raise SystemExit(MISTAKEN) from None
    application = Application("ivr-server")  # type: ignore[no-untyped-call]
    settings.folder.mkdir(parents=True, exist_ok=True)
    stream = LogFile("log.jsonl", str(settings.folder), LOG_BYTES, 0o600, maxRotatedFiles=LOG_FILES)  # type: ignore[no-untyped-call]
    application.setComponent(ILogObserver, JsonLines(stream))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold secrets
    IvrService(settings, reactor).setServiceParent(application)  # type: ignore[no-untyped-call]
    return application
