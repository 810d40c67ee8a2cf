"""Carries commands out on a line: each performance is a race between the work and the hang-up, each has a deadline.

These two rules live here and nowhere else. Keys are never lost: those that cut a prompt wait in ``_keys`` for the
next Collect, and those pressed while nothing listened are fetched from the line (Asterisk keeps them by StoreDTMF).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from crm_bridge.answers import LookUpFault
from flows.digits import Entry, lapse, press
from flows.facts import Script
from flows.flow import LookUpSignature
from flows.session import Session
from flows.turns import Answered, Collect, Command, Event, Failed, HungUp, Keyed, LookUp, NoInput, Play, Played
from ivr_server.agi.line import Line, LineBroken, LineGone
from ivr_server.calls.look_ups import Asker, LookUps, Vault
from ivr_server.calls.work import Work, first_of
from ivr_server.metrics import Metrics

OUR_PHONE = "Phone/"  # no channel of Asterisk's is called so
ALL_KEYS = "0123456789*#"
COMFORT_AFTER_S = 1.0
APOLOGY_AFTER_S = 6.0
REST_S = 1.5
LATE_HASH_S = 3.0


class Unplayable(Exception):
    """Asterisk could not play a file: it is not there, or there is no sound in it."""


class Sound(Protocol):
    """What is played for a script: files in order (normally one), and their length together."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Without extension, in order."""

    @property
    def ms(self) -> int:
        """All together."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What performing needs besides the line."""

    sound: Callable[[Script], Sound]
    look_ups: LookUps
    signatures: dict[str, LookUpSignature]
    clock: IReactorTime
    metrics: Metrics


@dataclass(slots=True)
class Performer:
    """One call's hands and ears. ``unfinished``: look-ups with an effect that the caller did not wait for."""

    line: Line
    vault: Vault
    tools: Tools
    unfinished: list[tuple[str, Work]] = field(default_factory=list)
    _keys: str = ""
    _heard: float = 1.0
    _hash_until: float = 0.0  # until when a ``#`` belongs to the entry before; 0: it does not

    async def perform(self, command: Command, session: Session) -> Event:
        """The one event that answers the command; the world's faults are events too."""
        self._heard = 0.0
        try:
            if isinstance(command, Collect):
                return await self._collect(command)
            if isinstance(command, LookUp):
                return await self._look_up(command, session)
            assert isinstance(command, Play)
            return await self._play(command)
        except (LineGone, LineBroken):
            return HungUp(self._heard)
        except Unplayable:
            self.tools.metrics.faults.labels("prompt").inc()
            return Failed("prompt", self._heard)

    async def _play(self, command: Play) -> Event:
        if command.interruptible and self._keys:
            return Played(0.0)
        self._keys += await self._hear(command.script, ALL_KEYS if command.interruptible else "")
        return Played(self._heard)

    def _without_late_hash(self, keys: str) -> str:
        """``#`` is never needed at full length; who presses it all the same means the entry before."""
        if not keys or not self._hash_until:
            return keys
        late, self._hash_until = keys[0] == "#" and self.tools.clock.seconds() < self._hash_until, 0.0
        return keys[1:] if late else keys

    async def _hear(self, script: Script, stops: str) -> str:
        """Play the script to its end or to a key; gives the key, or "". A late ``#`` is no key: it begins anew."""
        while key := await self._hear_once(script, stops):
            if kept := self._without_late_hash(key):
                return kept
        return ""

    async def _hear_once(self, script: Script, stops: str) -> str:
        """A file that was lost is made anew, once."""
        try:
            return await self._hear_sound(self.tools.sound(script), stops)
        except Unplayable:
            return await self._hear_sound(self.tools.sound(script), stops)

    async def _hear_sound(self, sound: Sound, stops: str) -> str:
        done = 0
        for path in sound.paths:
            try:
                heard = await self.line.play(path, stops)
            except LineGone as gone:
                self._heard = _share(done + gone.ms, sound.ms)
                raise
            if heard.missing or not (heard.ms or heard.key):
                raise Unplayable
            done += heard.ms
            self._heard = _share(done, sound.ms)
            if heard.key:
                return heard.key
        self._heard = 1.0
        return ""

    async def _collect(self, command: Collect) -> Event:
        began = self.tools.clock.seconds()
        if command.secret:
            await self.line.typed_off()
            self._keys = ""
        elif command.typed_ahead:
            self._keys += self._without_late_hash(await self.line.typed_ahead())
        else:
            self._keys = ""
            await self.line.drop_typed()
        try:
            entry = await self._entry(command)
        finally:
            if command.secret and not self.line.hung_up:
                await self.line.typed_on()
        elapsed = round((self.tools.clock.seconds() - began) * 1000)
        if entry.lapsed:
            return NoInput(elapsed, self._heard)
        if len(entry.closed or "") == command.rule.longest > 1:
            self._hash_until = 0.0 if self._keys else self.tools.clock.seconds() + LATE_HASH_S
            self._keys = self._keys.removeprefix("#")
        return self._keyed(command, entry)

    def _keyed(self, command: Collect, entry: Entry) -> Keyed:
        keys = entry.closed or ""
        if command.secret and not entry.option:
            return Keyed(self.vault.keep(keys), len(keys), self._heard)
        return Keyed(keys, len(keys), self._heard)

    async def _entry(self, command: Collect) -> Entry:
        """Keys one by one: those waiting, those that cut the prompt, those pressed after it."""
        entry = self._take_waiting(Entry(command.rule))
        if entry.closed is not None:
            return entry
        if not entry.typed:
            self._keys += await self._hear(command.script, ALL_KEYS if command.interruptible else "")
            if not command.interruptible and not command.secret:
                self._keys += await self.line.typed_ahead()
            entry = self._take_waiting(entry)
        return await self._wait_out(entry)

    async def _wait_out(self, entry: Entry) -> Entry:
        """One key at a time until the entry closes; a key that means nothing does not begin the window anew."""
        until = self._until(entry)
        while entry.closed is None and not entry.lapsed:
            left = round((until - self.tools.clock.seconds()) * 1000)
            pressed = await self.line.wait_for_key(left) if left > 0 else ""
            key = self._without_late_hash(pressed)
            if pressed and not key:
                continue
            after = press(entry, key) if key else lapse(entry)
            if after is not entry:
                entry, until = after, self._until(after)
        return entry

    def _until(self, entry: Entry) -> float:
        return self.tools.clock.seconds() + entry.wait_ms / 1000

    def _take_waiting(self, entry: Entry) -> Entry:
        while self._keys and entry.closed is None:
            key, self._keys = self._keys[0], self._keys[1:]
            entry = press(entry, key)
        return entry

    async def _look_up(self, command: LookUp, session: Session) -> Event:
        clock, began = self.tools.clock, self.tools.clock.seconds()
        asker = Asker(session.call, self.line, self.vault, self.line.header.channel.startswith(OUR_PHONE))
        if self.tools.signatures[command.name].effect:
            await self.line.prove()  # what was pressed is what was asked: no forged reply shifted the ones since
        work = Work(self.tools.look_ups.ask(command.name, command.arguments, asker))
        try:
            if not work.done:
                await self._wait_with_comfort(work, command)
        except (LineGone, LineBroken):
            self._let_go(command.name, work)
            raise
        event = self._answer(work, command)
        word = event.outcome if isinstance(event, Answered) else event.fault
        self.tools.metrics.look_up(command.name, word).observe(clock.seconds() - began)
        return event

    def _answer(self, work: Work, command: LookUp) -> Answered | Failed:
        if not work.done:
            self._let_go(command.name, work)
            return Failed("deadline")
        try:
            answered: Answered = work.result()
        except LookUpFault as fault:
            self.tools.metrics.faults.labels(fault.reason).inc()
            return Failed(fault.reason)
        return answered

    def _let_go(self, name: str, work: Work) -> None:
        """The caller waits no longer: a read is cancelled, a write goes on and is reported in the trail."""
        if not self.tools.signatures[name].effect:
            work.cancel()
        else:
            self.unfinished.append((name, work))

    async def _wait_with_comfort(self, work: Work, command: LookUp) -> None:
        """Until the answer, the hang-up or the deadline; never more than 3 s without sound."""
        clock = self.tools.clock
        began = clock.seconds()
        end = began + command.deadline_ms / 1000
        await self._race(work, min(COMFORT_AFTER_S, end - began))
        late = False
        while not work.done and clock.seconds() < end:
            was_late, late = late, clock.seconds() >= began + APOLOGY_AFTER_S
            until = end if late else min(end, began + APOLOGY_AFTER_S)
            await self._comfort(work, command.apology if late and not was_late else command.comfort, until)

    async def _comfort(self, work: Work, script: Script, until: float) -> None:
        """Play a short sound and rest a little after it; cut the moment the answer lands."""
        left = until - self.tools.clock.seconds()
        if not script:
            await self._race(work, left)
            return
        sound = self.tools.sound(script)
        self.line.start_comfort(sound.paths[0])
        await self._race(work, min(left, sound.ms / 1000 + REST_S))
        await self.line.stop_comfort()

    async def _race(self, work: Work, seconds: float) -> None:
        """Wait for the work, the hang-up or the time, whichever is first. Raises LineGone, LineBroken."""
        await first_of(work, self.line.when_hung_up(), self.tools.clock, seconds)
        if self.line.hung_up:
            raise LineGone
        if self.line.lost:
            raise LineBroken("the connection was lost during a look-up")


def _share(ms: int, total: int) -> float:
    return min(1.0, ms / total) if total else 1.0
