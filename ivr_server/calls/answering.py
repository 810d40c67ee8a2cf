"""A call through its six stations: accept (agi), route, converse, end, record, publish."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from crm_bridge.answers import LookUpFault
from crm_bridge.journal import CallRecord, Journal, JournalFault
from flows.facts import Fact
from flows.flow import Library
from flows.session import Offer, Session, Turn
from flows.turns import Answered, Note
from ivr_server.agi.line import Line, LineBroken, LineGone
from ivr_server.calls.conversation import converse
from ivr_server.calls.ending import Ending, ending
from ivr_server.calls.legs import MAIN, Leg, leg_of, name_of
from ivr_server.calls.lining_up import LineUp
from ivr_server.calls.look_ups import Vault
from ivr_server.calls.performer import Performer, Tools
from ivr_server.calls.recording import as_row, business, fault, identity, late
from ivr_server.calls.routing import Routes
from ivr_server.calls.trails import Trails
from ivr_server.calls.work import Work, first_of
from ivr_server.metrics import Metrics

log = Logger()
LONGEST = 20  # digits of a caller's number
LAST_WORDS_S = 5.0  # for a write that began before the caller hung up

Publish = Callable[[str, Turn], None]
Titles = Callable[[str], dict[str, str]]


def plain_number(caller: str) -> str:
    """A caller's number if it is digits, and not too many of them; else "": the call goes on without."""
    return caller if caller.isascii() and caller.isdecimal() and len(caller) <= LONGEST else ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every call needs: flows, routes, the tools of a performer, the journal, the clock on the wall.

    Another version of the flows is another desk: a call keeps the one it began at, sounds and titles included.
    """

    library: Callable[[], Library]
    routes: Routes
    tools: Tools
    journal: Journal
    now: Callable[[], datetime]
    metrics: Metrics
    titles: Titles  # language -> prompt -> its words
    publish: Publish = lambda call, turn: None
    number: Callable[[str], str] = plain_number
    trails: Trails | None = None
    asides: Mapping[str, Callable[[Line], Awaitable[None]]] = field(default_factory=dict)  # script -> who hears it


@dataclass(slots=True)
class Calls:
    """Answers lines; knows how many it is talking to, so that a drain can wait for them."""

    desk: Desk
    current: set[Line] = field(default_factory=set)
    talks: dict[Line, Talk] = field(default_factory=dict)
    draining: bool = False

    async def answer(self, line: Line) -> None:
        """One call, from its header to its record. Never raises: whatever happens, the caller goes the safe way."""
        if aside := self.desk.asides.get(line.header.script.strip("/")):
            await _heard(aside, line)
            return
        flow = None if self.draining else self.desk.routes.flow(line.header.script, line.header.dialled)
        if flow is None:
            self.desk.metrics.refused.labels("draining" if self.draining else "no flow").inc()
            await _quietly(line.refuse())
            return
        call = name_of(line.header, flow)
        self.current.add(line)
        self.desk.metrics.in_progress.inc()
        talk = self.talks[line] = Talk(self.desk, line, flow)
        try:
            await talk.through()
        except Exception:
            log.failure("call {call} failed in our own code; the dialplan takes it over", call=call)
            self.desk.metrics.faults.labels("crash").inc()
        finally:
            line.close()
            self.current.discard(line)
            self.talks.pop(line, None)
            self.desk.metrics.in_progress.dec()

    def inside(self) -> list[Session]:
        """Where the callers are who talk with us just now; those who have ended are not counted."""
        sessions = (talk.at for talk in self.talks.values())
        return [session for session in sessions if session is not None and not session.ended]


async def _heard(aside: Callable[[Line], Awaitable[None]], line: Line) -> None:
    """The dialplan tells us something; nobody talks, and nobody waits for an answer."""
    try:
        await aside(line)
    except (LineGone, LineBroken, LookUpFault) as fault:
        log.warn("{script} was not heard to its end: {fault!r}", script=line.header.script, fault=fault)
    except Exception:
        log.failure("what the dialplan told failed in our own code")
    finally:
        line.close()


async def _quietly(work: Any) -> None:
    with contextlib.suppress(LineGone, LineBroken):
        await work


@dataclass(slots=True)
class Talk:
    """One call in hand. ``at``: where it is in its flow, once it has begun."""

    desk: Desk
    line: Line
    flow: str
    at: Session | None = None
    vault: Vault = field(default_factory=Vault)
    notes: list[Note] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each note, since the leg began
    leg: Leg = field(default_factory=lambda: Leg("", ""))
    began: float = 0.0

    @property
    def line_up(self) -> LineUp:
        """What is said of queues."""
        return self.desk.tools.look_ups.line_up

    async def through(self) -> None:
        """Stations 2 to 6; raises only for our own mistakes, with the record written all the same."""
        desk, line, library = self.desk, self.line, self.desk.library()
        started, self.began = desk.now(), desk.tools.clock.seconds()
        self.leg = Leg(line.header.uniqueid, name_of(line.header, self.flow))
        performer = Performer(line, self.vault, desk.tools)
        last: Turn | None = None
        fate = Ending("", "failed")
        try:
            offer = await self._offer(library)
            await self._begin_leg()
            caller = _said(offer, "caller")
            # not waited for: a slow disk is no reason for a caller to hear silence
            came = desk.journal.begin(self.leg.name, caller, line.header.dialled, self.flow, started)
            ensureDeferred(self._kept(came))
            last, _ = await converse(library, offer, performer, self._witness)
            fate = self._fate(last)
            self._remember(self._record(last, fate, started))  # before anybody's desk can ring
            await self._release(fate)
        except (LineGone, LineBroken):
            fate = Ending("", "hung_up")
        finally:
            line.close()  # the caller goes on before anything is written down
            await self._finish_writes(performer)
            self.vault.forget()
            self._end_leg()
            desk.metrics.calls.labels(fate.disposition).inc()
            record = self._record(last, fate, started)
            self._remember(record)
            await self._kept(desk.journal.finish(record))

    async def _begin_leg(self) -> None:
        """What came of the call before this leg; a caller who waits keeps the place meanwhile."""
        self.leg = leg = await leg_of(self.line, self.flow, self.desk.trails)
        if leg.waits and leg.place:
            self.line_up.lines.leave(self.line.header.uniqueid, leg.queue, leg.place)

    def _end_leg(self) -> None:
        self.line_up.lines.over(self.line.header.uniqueid)
        if self.leg.waits and self.line_up.keeper is not None:
            self.line_up.keeper.line_free(self.line.header.uniqueid)

    def _fate(self, last: Turn) -> Ending:
        """The ending, with what the queue needs to know."""
        language = last.session.language
        fate = ending(last, self.leg.notes() + self.notes, self.desk.titles(language))
        if fate.result != "queue":
            return fate
        if self.leg.waits:
            return replace(fate, waits=True, place=self.line_up.lines.back(self.line.header.uniqueid))
        queue = self.line_up.file().queue(fate.queue) or self.line_up.file().queues[0]
        return replace(fate, queue=queue.name, priority=queue.priority)

    def _remember(self, record: CallRecord) -> None:
        if self.desk.trails is not None:
            self.desk.trails.keep(self.leg.call, record)

    async def _kept(self, writing: Awaitable[None]) -> None:
        """Without room on the disk and in the database the caller is served all the same (FAULTS D5)."""
        try:
            await writing
        except JournalFault as fault:
            log.error("The record of call {call} is in memory only: {fault}", call=self.leg.name, fault=fault)
            self.desk.metrics.faults.labels("journal").inc()

    async def _offer(self, library: Library) -> Offer:
        line = self.line
        caller = self.desk.number(await line.caller_number())
        facts: dict[str, Fact] = (
            {"dialled": Fact("digits", line.header.dialled)} if line.header.dialled.isdigit() else {}
        )
        if caller:
            facts["caller"] = Fact("digits", caller)
        language = await self._language(library.languages)
        return Offer(line.header.uniqueid, self.flow, language, tuple(sorted(facts.items())))

    async def _language(self, languages: tuple[str, ...]) -> str:
        """The one of an earlier leg of this call, when it comes back from a queue; else the operator's first."""
        spoken = (await self.line.variable("IVR_LANGUAGE") or "").replace("_", "-") if self.flow != MAIN else ""
        return spoken if spoken in languages else languages[0]

    def _witness(self, turn: Turn) -> None:
        self.at = turn.session
        self._note(*turn.notes)
        self.desk.publish(turn.session.call, turn)

    def _note(self, *notes: Note) -> None:
        self.notes.extend(notes)
        self.seconds.extend([self.desk.tools.clock.seconds() - self.began] * len(notes))

    async def _release(self, fate: Ending) -> None:
        if not self.line.hung_up:
            for name, value in fate.variables(self.leg.call):
                await self.line.set_variable(name, value)

    async def _finish_writes(self, performer: Performer) -> None:
        """A write that began is finished though the caller left; its outcome belongs in the trail."""
        for name, work in performer.unfinished:
            await first_of(work, None, self.desk.tools.clock, LAST_WORDS_S)
            self._note(late(self.notes, name, _answered(work)))

    def _record(self, last: Turn | None, fate: Ending, started: datetime) -> CallRecord:
        facts = dict(last.session.facts) if last else {}
        record = CallRecord(
            call=self.leg.name,
            started=started,
            ended=self.desk.now(),
            caller=str(facts["caller"].value) if "caller" in facts else "",
            dialled=self.line.header.dialled,
            flow=self.flow,
            version=last.session.version if last else "",
            language=last.session.language if last else "",
            disposition=fate.disposition,
            queue=fate.queue,
            business=fate.business or business(self.notes),
            fault=fault(self.notes),
            customer=str(facts["customer"].value) if "customer" in facts else "",
            identity=identity(self.notes) if "customer" in facts else "",
            notes=tuple(map(as_row, self.notes, self.seconds)),
        )
        return self.leg.joined(record)


def _answered(work: Work) -> Answered:
    """How a write ended that nobody waited for; whatever it raised, the record must still be written."""
    if not work.done:
        return Answered("unknown")
    try:
        answer: Answered = work.result()
    except LookUpFault:
        return Answered("unknown")
    except Exception:
        log.failure("a look-up failed in our own code after the caller had left")
        return Answered("unknown")
    return answer


def _said(offer: Offer, name: str) -> str:
    fact = dict(offer.facts).get(name)
    return str(fact.value) if fact else ""
