"""The child of simulated calls: reads a draft once, plays calls against it, within bounds of memory and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from flows.dialogues import read_usual
from flows.exploring.answers import sample
from flows.facts import Fact, Saying, Script
from ivr_server.drafting import child, drafts, work
from ivr_server.hours import Hours, Span
from ivr_server.simulating import showing
from ivr_server.simulating.call import Call, Stage
from ivr_server.simulating.recording import FILE, CannotRecord, recorded
from ivr_server.simulating.setup import Misfit, read_moves, read_setup
from marked_yaml import Mistakes
from prompts.speaking import Unspeakable
from prompts.wording import Wording

Shape = dict[str, Any]
ONE: Final = Fact("digits", "1")
DAYS: Final = ("weekly", "dated", "yearly")


@dataclass(slots=True)
class Desk:
    """The draft that was read last: most moves are made on the same one."""

    digest: str = ""
    stage: Stage | None = None

    def at(self, asked: Shape) -> Stage | None:
        """The stage of these files; None while a flow or the words cannot be read."""
        wanted = drafts.digest(asked["files"])
        if wanted != self.digest:
            self.digest, self.stage = wanted, _stage(asked)
        return self.stage


def _stage(asked: Shape) -> Stage | None:
    found = work.read(work.Draft(asked["files"], frozenset(asked["queues"]), asked["currency"]))
    if found.library is None or any(not problem.warning for problem in found.problems):
        return None
    try:
        usual = read_usual(asked["files"].get(work.USUAL, "usual: {}"), work.USUAL)
    except Mistakes:
        usual = {}
    return Stage(found.library, Wording(found.catalogues, asked["currency"]), usual, _hours(asked["hours"]))


def _hours(shape: Shape | None) -> Hours | None:
    if shape is None:
        return None
    weekly, dated, yearly = ({day: tuple(map(Span.parse, spans)) for day, spans in shape.get(key, {}).items()} for key in DAYS)
    by_month = {(int(day[:2]), int(day[3:])): spans for day, spans in yearly.items()}
    by_date = {date.fromisoformat(day): spans for day, spans in dated.items()}
    return Hours(ZoneInfo(shape["zone"]), weekly, by_date, by_month)


def _speech(call: Call, line: Any) -> Shape:
    """{pieces: [[language, text, gap in ms, recording]]} of a line that is spoken."""
    script = call.scripts.get(line) if isinstance(line, int) else None
    return _pieces(call.stage.wording, script, call.lines[line].language) if script else {"refused": "misfit"}


def _said(stage: Stage, prompt: str, language: str) -> Shape:
    """The same of one prompt, with samples in its slots."""
    kinds = stage.library.prompts.get(prompt)
    if kinds is None or language not in stage.library.languages:
        return {"refused": "misfit"}
    slots = {name: ONE if name == "key" else sample(stage.library, kind) for name, kind in kinds.items()}
    return _pieces(stage.wording, (Saying(prompt, tuple(slots.items())),), language)


def _pieces(wording: Wording, script: Script, language: str) -> Shape:
    try:
        found = wording.speech(script, language)
    except Unspeakable:
        return {"refused": "misfit"}
    return {"pieces": [[piece.language, piece.text, piece.gap, piece.recording] for piece in found.pieces]}


DESK = Desk()


def answer(asked: Shape, _teller: child.Teller) -> Shape:
    """{call}, {text} (of the dialogue file), {pieces}, or {refused}: a word of ``studio_sim_not_*``."""
    stage = DESK.at(asked)
    if stage is None:
        return {"refused": "problems"}
    if asked["do"] == "say":
        return _said(stage, asked["prompt"], asked["language"])
    try:
        setup, moves = read_setup(asked["setup"]), read_moves(asked["moves"])
    except Misfit:
        return {"refused": "misfit"}
    flow = stage.library.flows.get(setup.flow)
    if flow is None or flow.always is None:
        return {"refused": "no_call"}
    call = Call(stage, setup)
    fitted = call.play(moves)
    if asked["do"] == "simulate":
        return {"call": {**showing.told(call, fitted), "digest": DESK.digest}}
    if asked["do"] == "speech":
        return _speech(call, asked["line"])
    try:
        return {"text": recorded(call, asked["title"], asked["files"].get(FILE, ""))}
    except CannotRecord as refused:
        return {"refused": str(refused)}


if __name__ == "__main__":
    child.serve(answer)
