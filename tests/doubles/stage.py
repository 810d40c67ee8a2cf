"""A whole call in memory: the shipped flows, the real interpreter, performer, line, wire and phone; a twin for billing.

Only the sounds are short: each script becomes a small file of the right kind, with its words beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.journal import CallRecord
from ivr_server import library as libraries
from ivr_server.agi.protocol import FastAgiFactory, FastAgiSettings
from ivr_server.calls.answering import Calls, Desk
from ivr_server.calls.lining_up import Lines, LineUp
from ivr_server.calls.look_ups import LookUps
from ivr_server.calls.performer import Tools
from ivr_server.calls.routing import Routes
from ivr_server.floor.queue_file import SHIPPED, read_queue_file
from ivr_server.metrics import Metrics
from ivr_server.phone.phone import Dialling, Phone
from prompts.store import SoundFile
from prompts.wording import Wording

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
MS_A_SCRIPT = 1_000


@lru_cache(1)
def words() -> tuple[Any, Wording, Any]:
    """The shipped library, what speaks it, and the catalogues; read once."""
    sources = libraries.Sources()
    catalogues = libraries.load_catalogues(sources.prompts)
    return libraries.load_library(sources), Wording(catalogues), catalogues


@dataclass
class ShortSounds:
    """Every script becomes a file of one second; while ``lost`` says so, a file that is not there."""

    folder: Path
    lost: Callable[[], bool] = lambda: False

    def __call__(self, script: Any) -> SoundFile:
        """The file, made when it is new."""
        if self.lost():
            return SoundFile((str(self.folder / "nowhere"),), MS_A_SCRIPT, "")
        said = words()[1].words(script, "")
        path = self.folder / hashlib.sha256(said.encode()).hexdigest()[:16]
        if not path.with_suffix(".ulaw").exists():
            path.with_suffix(".ulaw").write_bytes(b"\xff" * 8 * MS_A_SCRIPT)
            path.with_suffix(".txt").write_text(said, encoding="utf-8")
        return SoundFile((str(path),), MS_A_SCRIPT, said)


@dataclass
class ScriptedBridge:
    """Answers what the test says: a word, an Answer, a LookUpFault, a Deferred, or a list of these in turn."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def signatures(self) -> Any:
        """The real bridge's."""
        from crm_bridge.signatures import SIGNATURES

        return SIGNATURES

    async def ask(self, name: str, arguments: Any, call: str) -> Answer:
        """The scripted answer; the first declared outcome without facts for what the test does not care about."""
        self.asked.append((name, dict(arguments)))
        answer = self.answers.get(name)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Deferred):
            answer = await answer
        if isinstance(answer, LookUpFault):
            raise answer
        if isinstance(answer, str):
            return Answer(answer)
        if answer is None:
            raise AssertionError(f"the test says nothing of {name}")
        return answer


@dataclass
class KeptJournal:
    """A journal that only remembers."""

    records: list[CallRecord] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def begin(self, call: str, *_: Any) -> Deferred[None]:
        """The call came in."""
        self.begun.append(call)
        return succeed(None)

    def finish(self, record: CallRecord) -> Deferred[None]:
        """The call is over."""
        self.records.append(record)
        return succeed(None)


@dataclass
class Ear:
    """Writes down what is heard."""

    heard: list[str] = field(default_factory=list)
    variables: dict[str, str] | None = None

    def playing(self, path: str, ms: int, words: str) -> None:
        """A sound begins."""
        self.heard.append(words or path)

    def silent(self) -> None:
        """It ended."""

    def ended(self, variables: dict[str, str]) -> None:
        """The server let go."""
        self.variables = variables


class Stage:
    """One call. ``answers``: by look-up; ``dialling``: as the phone's Dialling; ``hours``: open, closed or holiday."""

    def __init__(self, folder: Path, answers: dict[str, Any], hours: str = "open", **dialling: Any) -> None:
        library, _, catalogues = words()
        self.clock, self.ear, self.journal, self.metrics = Clock(), Ear(), KeptJournal(), Metrics()
        self.bridge = ScriptedBridge(answers)
        self.lines = Lines(self.clock.seconds)
        self.line_up = LineUp(lambda: read_queue_file(SHIPPED), lambda queue: hours, self.lines)
        look_ups = LookUps(self.bridge, self.line_up, lambda: "")
        tools = Tools(ShortSounds(folder), look_ups, look_ups.signatures(), self.clock, self.metrics)
        roots = frozenset(name for name, flow in library.flows.items() if flow.always)
        titles = lambda language: libraries.words(catalogues, language)  # noqa: E731
        desk = Desk(lambda: library, Routes(roots), tools, self.journal, lambda: NOW, self.metrics, titles)  # type: ignore[arg-type]
        self.calls = Calls(desk)
        self.factory = FastAgiFactory(FastAgiSettings(token="word"), self.calls.answer, self.clock)
        self.phone = Phone(self.clock, self.ear, Dialling(**{"token": "word", "caller": "13800138000", **dialling}))

    def call(self) -> Stage:
        """The call comes in."""
        server = self.factory.buildProtocol(None)
        assert server is not None
        self.phone.plug(server)
        return self

    def pass_s(self, seconds: float) -> None:
        """Time passes, in steps of 50 ms."""
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)

    def keys(self, keys: Iterable[str]) -> None:
        """Press keys, each two seconds after the last prompt began; "wait:5" only waits."""
        for key in keys:
            if key.startswith("wait:"):
                self.pass_s(float(key[5:]))
            else:
                self.phone.press(key)
                self.pass_s(1.2)

    @property
    def heard(self) -> str:
        """Everything heard, a line each."""
        return "\n".join(self.ear.heard)

    @property
    def record(self) -> CallRecord:
        """The one record of the one call."""
        [record] = self.journal.records
        return record
