"""The child of simulated calls: reads a draft once, plays calls against it, within bounds of memory and time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from flows.dialogues import read_usual
from flows.exploring.answers import sample
from flows.facts import Fact, Saying, Script
from flows.nodes.sub_flow import SubFlow
from flows.reading import read_flow
from ivr_server.drafting import child, drafts
from ivr_server.hours import Hours, Span
from ivr_server.publishing.judging import ground_of, reading
from ivr_server.publishing.naming import DIALOGUES
from ivr_server.simulating import retelling, showing
from ivr_server.simulating.call import Call, Stage
from ivr_server.simulating.recording import FILE, CannotRecord, recorded
from ivr_server.simulating.setup import Misfit, read_moves, read_setup
from marked_yaml import Mistakes
from prompts.speaking import Unspeakable
from prompts.wording import Wording

Shape = dict[str, Any]
USUAL: Final = "flows/dialogues/usual.yaml"
ONE: Final = Fact("digits", "1")
DAYS: Final = ("weekly", "dated", "yearly")


@dataclass(slots=True)
class Desk:
    """The draft and the version that were read last: most moves are made on the same ones."""

    digest: str = ""
    read: dict[str, Stage | None] = field(default_factory=dict)

    def at(self, asked: Shape) -> Stage | None:
        """The stage of these files; None while what is asked about cannot be read."""
        self.digest = drafts.digest(asked["files"])
        wanted = json.dumps([self.digest, _root(asked), asked["hours"], asked["ground"]], sort_keys=True)
        stage = self.read.pop(wanted) if wanted in self.read else _stage(asked)
        self.read = {**dict(list(self.read.items())[-1:]), wanted: stage}
        return stage


def _stage(asked: Shape) -> Stage | None:
    ground, files = replace(ground_of(asked["ground"]), numbers={}), asked["files"]
    found = reading({name: text for name, text in files.items() if not name.startswith(DIALOGUES)}, ground)
    if found.refused:
        found = reading(part(files, _root(asked)), ground)
    if found.library is None or found.refused:
        return None
    try:
        usual = read_usual(asked["files"].get(USUAL, "usual: {}"), USUAL)
    except Mistakes:
        usual = {}
    return Stage(found.library, Wording(found.catalogues, ground.currency), usual, _hours(asked["hours"]))


def _root(asked: Shape) -> str:
    """The flow that is asked about, "" for words alone and for every flow."""
    setup = asked.get("setup")
    return str(setup.get("flow", "")) if isinstance(setup, dict) else ""


def part(files: Mapping[str, str], root: str) -> dict[str, str]:
    """The words, and the flows that a call of this one may come to: what is wrong elsewhere need not be right yet."""
    kept = {name: text for name, text in files.items() if name.startswith("prompts/")}
    work = [root]
    while work:
        name = f"flows/{work.pop()}.yaml"
        if name in files and name not in kept:
            kept[name] = files[name]
            work += _sub_flows(files[name], name)
    return kept


def _sub_flows(text: str, name: str) -> list[str]:
    try:
        flow = read_flow(text, name)
    except Mistakes:
        return []
    return [node.flow for node in flow.nodes.values() if isinstance(node, SubFlow)]


def _hours(shape: Shape | None) -> Hours | None:
    if shape is None:
        return None
    weekly, dated, yearly = (
        {day: tuple(map(Span.parse, spans)) for day, spans in shape.get(key, {}).items()} for key in DAYS
    )
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


def _retold(stage: Stage, asked: Shape) -> Shape:
    """{said: {note: {words, language, sampled}}} of a recorded call; or {pieces} of one of its notes."""
    try:
        recorded = retelling.read(asked["recorded"])
    except (KeyError, TypeError, ValueError):
        return {"refused": "misfit"}
    found = retelling.spoken(stage.library, stage.wording, recorded)
    if asked["do"] == "retell":
        names = ("words", "language", "sampled")
        return {"said": {str(n): {name: getattr(one, name) for name in names} for n, one in found.items()}}
    here = found.get(asked["note"]) if isinstance(asked["note"], int) else None
    return _pieces(stage.wording, here.script, here.language) if here else {"refused": "misfit"}


def _pieces(wording: Wording, script: Script, language: str) -> Shape:
    try:
        found = wording.speech(script, language)
    except Unspeakable:
        return {"refused": "misfit"}
    return {"pieces": [[piece.language, piece.text, piece.gap, piece.recording] for piece in found.pieces]}


DESK = Desk()


def answer(asked: Shape, _teller: child.Teller) -> Shape:
    """{call}, {text} (of the dialogue file), {said}, {pieces}, or {refused}: a word of ``studio_sim_not_*``."""
    stage = DESK.at(asked)
    if stage is None:
        return {"refused": "problems"}
    if asked["do"] in ("retell", "retold"):
        return _retold(stage, asked)
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
