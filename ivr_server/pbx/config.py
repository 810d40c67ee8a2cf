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

from ivr_server.floor.queue_file import Queue
from ivr_server.pbx.plan import OUTSIDE_BOX, Phone, Plan, Trunk

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
    accounts = (*plan.phones, *plan.telephones, *plan.seats)
    telephones = [word for one in accounts for word in (one.name, one.number, one.password)]
    lines = [word for one in plan.trunks for word in (one.name, one.match, one.contact)]
    dialled = (*plan.fax_line.dialled, plan.fax_line.station, *plan.outside.dialled)
    queues = [queue.name for queue in plan.queues]
    for word in (*queues, *telephones, *lines, *filter(None, dialled), plan.token, plan.ami_secret):
        if not re.fullmatch(r"[A-Za-z0-9_.:@/+-]+", word):
            raise CannotWrite(f'"{word}" cannot be written into a dialplan; use letters, digits, - and _')
    if not re.fullmatch(r"[+]?\d+", plan.number):
        raise CannotWrite(f'"{plan.number}" is no number to dial')
    for pattern in plan.outside.allow:
        if not re.fullmatch(r"[0-9XZN\[\]-]+[.]?", pattern):
            raise CannotWrite(f'"{pattern}" is no pattern of numbers to dial')
    for path in (plan.folder, plan.sounds, plan.fax_line.folder, plan.recordings or plan.folder):
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
    return (
        _fax(plan)
        | _waiting(plan)
        | _agents(plan)
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
            "http_port": ports.http,
            "call_limit_s": plan.call_limit_s,
            "rtp_first": ports.rtp_first,
            "rtp_last": ports.rtp_last,
            "udptl_first": ports.udptl_first,
            "udptl_last": ports.udptl_last,
            "phones": _phones(plan),
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


RING = "b(ivr-ring^s^1(${IVR_ID}^${IVR_FROM}^${IVR_ABOUT}^${IVR_SPOKEN}))"


def _waiting(plan: Plan) -> dict[str, object]:
    """What each queue of the file becomes. ``t``: the agent may transfer; ``i``: no diversion is followed."""

    def step(queue: Queue) -> str:
        whisper = f"{plan.sounds}/fallback/whisper-{queue.name}-${{IVR_WHISPER}}"
        known = {"priority": queue.priority, "wait_s": queue.wait_s, "queue_limit_s": plan.queue_limit_s}
        return _part("queue_step", queue=queue.name, whisper=whisper, options=f"ti{RING}", **known)

    def section(queue: Queue) -> str:
        return _part("queue", queue=queue.name, ring_s=queue.ring_s, most_waiting=queue.most_waiting)

    record = _part("record_step", recordings=plan.recordings) if plan.recordings else ""
    return {
        "first_queue": plan.queues[0].name,
        "queue_choices": "".join(_part("queue_choice", queue=queue.name) for queue in plan.queues),
        "queue_steps": "".join(map(step, plan.queues)),
        "queue_sections": "".join(map(section, plan.queues)),
        "record_step": record,
    }


def _agents(plan: Plan) -> dict[str, object]:
    """What agents may dial and transfer to, and call-backs."""
    devices, outside = (*plan.seats, *plan.telephones), plan.outside
    before, after = outside.dialled
    known = {
        "number": plan.number,
        "before": before,
        "after": after,
        "ring_s": outside.ring_s,
        "asked_s": outside.asked_s,
    }

    def steps(file: str) -> str:
        allowed = outside.allow if outside.channel else ()
        return "".join(_part(file, pattern=pattern, **known) for pattern in allowed)

    def box() -> str:
        phones = "".join(_part("box_phone", name=one.name, number=one.number) for one in plan.phones)
        return _part("outside_box", box_phones=phones)

    return {
        "device_extensions": "".join(_part("device_extension", name=one.name) for one in devices),
        "transfer_devices": "".join(_part("transfer_device", name=one.name, options=f"ti{RING}") for one in devices),
        "transfer_queues": "".join(_part("transfer_queue", queue=queue.name) for queue in plan.queues),
        "outside_steps": steps("outside_step"),
        "call_back_steps": steps("call_back_step"),
        "outside_box": box() if outside.channel == OUTSIDE_BOX else "",
    }


def _phones(plan: Plan) -> str:
    def accounts(phones: Iterable[Phone], file: str) -> Iterable[str]:
        for one in phones:
            yield _part(file, name=one.name, password=one.password, number=one.number, title=one.title)

    def line(trunk: Trunk) -> str:
        return _part("trunk", name=trunk.name, match=trunk.match, contact=trunk.contact)

    return "".join(
        [
            *accounts(plan.phones, "phone"),
            *accounts(plan.telephones, "telephone"),
            *accounts(plan.seats, "seat"),
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
