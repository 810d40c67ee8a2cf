"""Fills the templates: a whole Asterisk configuration, which is also the parts for somebody's own Asterisk.

Templates are Asterisk files with ``@{name}`` for what we fill in (Asterisk's own ``${...}`` stay as they are).
"""

from __future__ import annotations

import math
import re
import struct
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path

from ivr_server.pbx.plan import Phone, Plan, Trunk

TEMPLATES = Path(__file__).parent / "templates"
MARK = "Written by ivr-server asterisk-config; change the settings and write it again, or add to local/"


class CannotWrite(Exception):
    """The folder holds somebody else's configuration, or a value cannot stand in Asterisk's files; the text says."""


def write(plan: Plan) -> list[Path]:
    """Write all files of the plan into its folder and give their paths; CannotWrite leaves everything as it was."""
    _check(plan)
    texts = {_target(plan, path): render(path, plan) for path in _templates()}
    for path in texts:
        if path.is_file() and MARK not in path.read_text(errors="replace"):
            raise CannotWrite(f"{path} was not written by this command; choose another folder, or move it away")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o640)  # passwords: for the owner and Asterisk's group
        path.write_text(text)
    write_waiting_music(plan.folder / "ivr/waiting/calm.wav")
    return sorted(texts)


def _check(plan: Plan) -> None:
    """Names and paths stand in the dialplan as they are: what would mean something else there is refused."""
    telephones = [word for one in (*plan.phones, *plan.agents) for word in (one.name, one.number, one.password)]
    lines = [word for one in plan.trunks for word in (one.name, one.match, one.contact)]
    faxes = [word for word in (*plan.fax_line.dialled, plan.fax_line.station) if word]
    for word in (*plan.queues, *telephones, *lines, *faxes, plan.token, plan.ami_secret):
        if not re.fullmatch(r"[A-Za-z0-9_.:@/+-]+", word):
            raise CannotWrite(f'"{word}" cannot be written into a dialplan; use letters, digits, - and _')
    if not re.fullmatch(r"[+]?\d+", plan.number):
        raise CannotWrite(f'"{plan.number}" is no number to dial')
    for path in (plan.folder, plan.sounds, plan.fax_line.folder):
        if re.search(r"""[;,&|"'$<>()\[\]{}\\\x00-\x1f]""", str(path)):
            raise CannotWrite(f"the path {path} holds a character that means something else in a dialplan")


def render(template: Path, plan: Plan) -> str:
    """The text of one file; KeyError for a name that no value has."""
    comment = "" if template.suffix == ".txt" else "; "
    return f"{comment}{MARK}\n{_filled(template.read_text(), _values(plan))}"


def _templates() -> list[Path]:
    return [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file() and path.parent.name != "parts"]


def _target(plan: Plan, template: Path) -> Path:
    return plan.folder / template.relative_to(TEMPLATES)


def _filled(text: str, values: Mapping[str, object]) -> str:
    return re.sub(r"@\{(\w+)\}", lambda found: str(values[found[1]]), text)


def _part(file: str, **values: object) -> str:
    return _filled((TEMPLATES / "parts" / f"{file}.conf").read_text(), values)


def _values(plan: Plan) -> dict[str, object]:
    ports = plan.ports
    limits = {"call_limit_s": plan.call_limit_s, "queue_limit_s": plan.queue_limit_s, "wait_s": plan.wait_s}
    return (
        limits
        | _fax(plan)
        | {
            "folder": plan.folder,
            "sounds": plan.sounds,
            "fallback": plan.sounds / "fallback",
            "agi_address": f"agi://{plan.agi}",
            "token": plan.token,
            "ami_secret": plan.ami_secret,
            "number": plan.number,
            "bind": ports.bind,
            "sip_port": ports.sip,
            "ami_port": ports.ami,
            "rtp_first": ports.rtp_first,
            "rtp_last": ports.rtp_last,
            "udptl_first": ports.udptl_first,
            "udptl_last": ports.udptl_last,
            "first_queue": plan.queues[0],
            "queue_choices": "".join(_part("queue_choice", queue=queue) for queue in plan.queues),
            "queue_steps": "".join(_part("queue_step", queue=queue, **limits) for queue in plan.queues),
            "queue_sections": _queue_sections(plan),
            "phones": _phones(plan),
            "agent_extensions": "".join(_part("agent_extension", name=agent.name) for agent in plan.agents),
            "modules": "".join(_part("module", name=name) for name in _modules(plan)),
            "directories": _directories(plan),
        }
    )


def _fax(plan: Plan) -> dict[str, object]:
    line = plan.fax_line
    before, after = line.dialled
    values: dict[str, object] = {
        "fax_folder": line.folder,
        "fax_before": before,
        "fax_after": after,
        "fax_station": line.station,
        "fax_ring_s": line.ring_s,
        "fax_limit_s": line.limit_s,
        "fax_answer": _part("fax_answer"),
    }
    return values | {"fax_box": "" if line.channel else _part("fax_box", **values)}


def _queue_sections(plan: Plan) -> str:
    members = "".join(_part("member", name=agent.name, title=agent.title) for agent in plan.agents)
    return "\n".join(_part("queue", queue=queue, members=members) for queue in plan.queues)


def _phones(plan: Plan) -> str:
    def accounts(phones: Iterable[Phone], context: str, comment: str) -> Iterable[str]:
        for one in phones:
            known = {"name": one.name, "password": one.password, "number": one.number, "title": one.title}
            yield _part("phone", context=context, comment=comment, **known)

    def line(trunk: Trunk) -> str:
        return _part("trunk", name=trunk.name, match=trunk.match, contact=trunk.contact)

    return "".join(
        [
            *accounts(plan.phones, "ivr-phones", "A telephone to call the voice with."),
            *accounts(plan.agents, "ivr-agents", "An agent's telephone."),
            *map(line, plan.trunks),
        ]
    )


def _modules(plan: Plan) -> list[str]:
    """Only modules that this Asterisk has, when we know it: one that is named and absent is an error at each start."""
    lines = (TEMPLATES / "parts" / "module_names.conf").read_text().splitlines()
    names = [name for line in lines if not line.startswith(";") for name in line.split()]
    return [name for name in names if plan.installed is None or plan.installed.has(name)]


def _directories(plan: Plan) -> str:
    if plan.run is None or plan.installed is None:
        return _part("own_directories", folder=plan.folder)
    known = {"modules_folder": plan.installed.modules, "share": plan.installed.share}
    return _part("directories", folder=plan.folder, run=plan.run, socket_folder=plan.run, **known)


def write_waiting_music(path: Path, rate: int = 8_000) -> None:
    """Sixteen seconds of calm notes, drawn here, so that no licence and no download is needed."""
    if path.is_file():
        return
    notes = (261.6, 329.6, 392.0, 523.3, 440.0, 392.0, 329.6, 293.7)
    frames = bytearray()
    for note in (*notes, *reversed(notes)):
        for index in range(rate):
            at = index / rate
            tone = math.sin(2 * math.pi * note * at) + 0.3 * math.sin(4 * math.pi * note * at)
            frames += struct.pack("<h", int(3_000 * tone * min(1.0, at * 20) * math.exp(-2.2 * at)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(frames))
