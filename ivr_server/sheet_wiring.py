"""What the sheets mean to this service: other queues and other forms are weighed here, and taken while calls go on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twisted.internet.threads import deferToThreadPool

from flows.flow import Library
from flows.naming_queues import queues_named
from ivr_server import hours_wiring
from ivr_server.agents import forms as form_file
from ivr_server.agents.forms import FormFile
from ivr_server.floor import queue_file
from ivr_server.floor.call_backs import CallBacks, Queues
from ivr_server.floor.queue_changes import QueueChange, compared
from ivr_server.floor.queue_file import QueueFile
from ivr_server.publishing.asked import Refusal
from ivr_server.publishing.edition import requeued
from ivr_server.publishing.opening import ground_for
from ivr_server.renewing import Renewal
from ivr_server.settings import Settings
from ivr_server.sheets.asked import Said, Weight
from ivr_server.sheets.room import SheetRoom
from ivr_server.sheets.sheet import Sheet

if TYPE_CHECKING:
    from ivr_server.agents.room import AgentsRoom
    from ivr_server.floor.floor import Floor
    from ivr_server.service import IvrService


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What other queues and forms are told to. ``library``: the flows that are live; ``lead``: they may lead to these

    queues from now on; ``speak``: render what is missing. ``asterisk``: whether one is known at all.
    """

    settings: Settings
    library: Callable[[], Library]
    lead: Callable[[frozenset[str]], None]
    floor: Floor
    call_backs: CallBacks
    agents: AgentsRoom
    renewal: Renewal
    asterisk: bool
    speak: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class QueuesKind:
    """The queue file."""

    around: Around

    def read(self, text: str, file: str) -> QueueFile:
        """Its value."""
        return queue_file.parsed(text, file)

    async def weigh(self, old: QueueFile, new: QueueFile) -> Weight:
        """A queue that a flow names, in which somebody waits, or that holds a place for a call-back, stays."""
        change = compared(old, new)
        return Weight(tuple(self._forbidden(change)), tuple(self._effects(change)))

    def _forbidden(self, change: QueueChange) -> Iterator[Said]:
        for queue, (flow, node) in queues_named(self.around.library()):
            if queue in change.gone:
                yield Said("queues_flow_names", {"flow": flow, "node": node, "queue": queue})
        picture = self.around.floor.picture
        for name in change.gone:
            if name in picture.queues and (waiting := len(picture.queues[name].waiting)):
                yield Said("queues_inside", {"n": waiting, "queue": name})
            elif places := sum(row.queue == name for row in self.around.call_backs.rows.values()):
                yield Said("queues_kept_places", {"n": places, "queue": name})

    def _effects(self, change: QueueChange) -> Iterator[Said]:
        yield from (Said("queues_new", {"queue": name}) for name in change.new)
        yield from (Said("queues_gone", {"queue": name}) for name in change.gone)
        yield Said("queues_live_at_once")
        if change.for_asterisk and self.around.asterisk:
            yield Said("queues_asterisk_ours" if self.around.renewal.ours else "queues_asterisk_theirs")

    async def take(self, old: QueueFile, new: QueueFile) -> Sequence[Said]:
        """Asterisk first, so that nobody is sent to a queue that it does not know yet; then everybody here."""
        change, around = compared(old, new), self.around
        done = await self._renewed() if change.for_asterisk and around.asterisk else ()
        queue_file.take(str(around.settings.sheet("queues").file), new)
        around.floor.announce({one.name: float(one.announce_s) for one in new.queues})
        around.call_backs.queues = Queues.of(new.queues)
        around.agents.take(queues=new)
        if change.new or change.gone:
            around.lead(frozenset(new.names))
        return (*done, *(await self._spoken(change) if change.spoken else ()))

    async def _renewed(self) -> Sequence[Said]:
        if not self.around.renewal.ours:
            return (Said("queues_asterisk_theirs"),)
        why = await self.around.renewal.ask()
        return (Said("queues_asterisk_not_taken", {"why": why}) if why else Said("queues_asterisk_taken"),)

    async def _spoken(self, change: QueueChange) -> Sequence[Said]:
        """What agents hear before a caller is a sound for each queue."""
        try:
            await self.around.speak()
        except Refusal as no:
            return (Said("queues_whispers_wrong", {"why": no.why}),)
        return (Said("queues_whispers", {"queues": ", ".join(change.spoken)}),)


@dataclass(frozen=True, slots=True)
class FormsKind:
    """The forms of receptions."""

    around: Around

    def read(self, text: str, file: str) -> FormFile:
        """Its value."""
        return form_file.parsed(text, file)

    async def weigh(self, old: FormFile, new: FormFile) -> Weight:
        """Nothing forbids it; fields that go away are told, for what was written in them is not shown any more."""
        gone = [
            Said("forms_field_gone", {"form": form.name, "field": one.name})
            for form in old.forms
            for one in form.fields
            if one.name not in _fields(new, form.name)
        ]
        return Weight((), (*gone, Said("forms_live_at_once")))

    async def take(self, old: FormFile, new: FormFile) -> Sequence[Said]:
        """Every desk is told."""
        form_file.take(str(self.around.settings.sheet("forms").file), new)
        self.around.agents.take(forms=new)
        return ()


def _fields(file: FormFile, name: str) -> frozenset[str]:
    form = file.form(name)
    return frozenset(one.name for one in form.fields) if form else frozenset()


def sheets(service: IvrService) -> SheetRoom:
    """The room with every sheet, each with the value that the service began with."""
    settings, reactor = service.settings, service.reactor

    async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
        return await deferToThreadPool(reactor, reactor.getThreadPool(), work, *arguments)

    room, around = SheetRoom(in_thread, service.database, reactor), _around(service)
    queues = Sheet(lambda: settings.sheet("queues"), time.time)
    room.add("queues", queues, QueuesKind(around), settings.queue_file())
    room.add("forms", Sheet(lambda: settings.sheet("forms"), time.time), FormsKind(around), settings.form_file())
    hours_wiring.add(room, settings)
    return room


def _around(service: IvrService) -> Around:
    def lead(queues: frozenset[str]) -> None:
        """Calls, drafts, what is published and what is tried know of other queues."""
        switch, studio, ground = service.publishing.switch, service.studio, ground_for(service.settings)
        switch.house, switch.bench.ground = replace(switch.house, ground=ground), ground
        studio.prover.stand_on(ground)
        if studio.simulator is not None:
            studio.simulator.ground = ground
        switch.live = requeued(service.flows.live, queues)
        service.take(switch.live)

    return Around(
        settings=service.settings,
        library=lambda: service.flows.live.library,
        lead=lead,
        floor=service.room.floor,
        call_backs=service.line.call_backs,
        agents=service.agents.room,
        renewal=Renewal(service.settings.folder, service.reactor),
        asterisk=service.room.ami is not None,
        speak=service.publishing.switch.speak,
    )
