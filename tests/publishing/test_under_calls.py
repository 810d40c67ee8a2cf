"""A version goes live every 100 ms while calls are talking: each call keeps its flows, its words and its sounds."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from ivr_server.calls.answering import Desk
from ivr_server.phone.phone import Dialling, Phone
from tests.calls.test_callers import with_twin
from tests.doubles.stage import Ear, ShortSounds, Stage


@dataclass
class Caller(Ear):
    """Remembers from which versions the sounds were that they heard."""

    versions: set[str] = field(default_factory=set)

    def playing(self, path: str, ms: int, words: str) -> None:
        """The folder tells."""
        self.versions.add(Path(path).parent.name)


def version(desk: Desk, number: int, folder: Path) -> Desk:
    """The desk of another version: the shipped flows under another name, its sounds in a folder of their own."""
    library, place = replace(desk.library(), version=f"{number}-abc"), folder / f"{number}-abc"
    place.mkdir()
    return replace(desk, library=lambda: library, tools=replace(desk.tools, sound=ShortSounds(place)))


def dial(stage: Stage, call: str) -> tuple[Phone, Caller]:
    """One more call comes in."""
    ear = Caller()
    phone = Phone(stage.clock, ear, Dialling(token="word", caller="13800138000", uniqueid=call))
    server = stage.factory.buildProtocol(None)
    assert server is not None
    phone.plug(server)
    return phone, ear


def test_G5_calls_in_progress_stay_on_their_version_in_all_they_hear(tmp_path: Path) -> None:
    """Twelve calls begin and talk while seventy versions go live; nobody hears a sound of another than their own."""
    stage = Stage(tmp_path, {})
    with_twin(stage)
    first, draw = stage.calls.desk, random.Random(5)
    stage.calls.desk = version(first, 0, tmp_path)
    began: dict[str, str] = {}
    lines: dict[str, tuple[Phone, Caller]] = {}
    for step, turn in product(range(12), range(6)):
        live = 6 * step + turn
        if turn == 0:
            lines[f"1.{step}"] = dial(stage, f"1.{step}")
            began[f"1.{step}"] = f"{live}-abc"
        stage.pass_s(0.1)
        stage.calls.desk = version(first, live + 1, tmp_path)
        for phone, _ in lines.values():
            phone.press(draw.choice("123*#"))
    assert {session.version for session in stage.calls.inside()} <= set(began.values())
    for phone, _ in lines.values():
        phone.hang_up()
    stage.pass_s(6)
    assert {record.call: record.version for record in stage.journal.records} == began
    assert {call: ear.versions for call, (_, ear) in lines.items()} == {call: {tag} for call, tag in began.items()}
    assert not stage.calls.inside() and stage.calls.desk.library().version == "72-abc"
