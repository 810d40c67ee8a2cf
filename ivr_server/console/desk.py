"""The agent's page and what it asks: thin routes, each to one question to ``parts.agents``.

The page is HTML; everything else answers JSON. A refusal carries ``text`` in the visitor's language. What is not the
visitor's own is refused alike whether it exists or not, and is written down (FAULTS I4, I5).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from crm_bridge.answers import LookUpFault
from crm_bridge.staff import Deed
from ivr_server.agents.asked import (
    By,
    FeeQuestion,
    Hidden,
    NewReception,
    NotNow,
    Nowhere,
    Saving,
    Shape,
    Sitting,
)
from ivr_server.console.desk_parts import ACTS, Agents
from ivr_server.console.desk_stream import DeskStream
from ivr_server.console.drawing import draw
from ivr_server.console.playing import played
from ivr_server.console.visit import Refused, Reply, Route, Visit

JSON: Final = "application/json"
MICROPHONE: Final = ("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), speaker-selection=(self)")
LONGEST: Final = 4_000  # characters of one field
MOST_FIELDS: Final = 60
OWN: Final = frozenset({"csrf", "version"})  # fields of a form that are not the reception's

Answerer = Callable[[Visit, Agents, By], Awaitable[Shape | Reply]]


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand in a field; ``why`` names the words for whatever else stands there."""

    shape: re.Pattern[str]
    why: str = "field"

    def of(self, text: str, *, empty: bool = False) -> str:
        """The text, or "" where that is allowed; else NotNow."""
        if not (self.shape.match(text) or (empty and not text)):
            raise NotNow(self.why, 422)
        return text


ID: Final = Field(re.compile(r"[A-Za-z0-9_.:~-]{1,100}\Z"))  # calls, receptions, recordings, tabs
NUMBER: Final = Field(re.compile(r"[+]?[0-9*#]{1,32}\Z"), "number")
PLACE: Final = Field(re.compile(r"[A-Za-z0-9_-]{1,79}\Z"))
MONTH: Final = Field(re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z"), "month")
NAME: Final = Field(re.compile(r"[a-z][a-z0-9_]{0,39}\Z"))
VERSION: Final = Field(re.compile(r"[0-9]{1,9}\Z"))
DEVICE: Final = Field(re.compile(r"(browser|telephone)\Z"))
STATE: Final = Field(re.compile(r"(ready|busy)\Z"))
KIND: Final = Field(re.compile(r"(blind|consult)\Z"))


def asked(answer: Answerer) -> Callable[[Visit], Awaitable[Reply]]:
    """A page of the table out of a question; every way in which it is refused becomes JSON."""

    @wraps(answer)
    async def page(visit: Visit) -> Reply:
        try:
            told = await answer(visit, agents_of(visit), by(visit))
        except NotNow as why:
            return refusal(visit, why.status, f"desk_not_{why.why}", why.more)
        except Hidden as hidden:
            assert visit.person is not None
            deed = Deed(visit.person.name, "refused", hidden.about, visit.address)
            await visit.parts.staff.note(deed)
            return refusal(visit, 403, "error_403_text")
        except Nowhere:
            return refusal(visit, 404, "desk_not_there")
        except Refused as refused:
            return refusal(visit, refused.status, f"error_{refused.status}_text")
        except LookUpFault:
            return refusal(visit, 503, "error_503_text")
        return told if isinstance(told, Reply) else _json(told)

    return page


def refusal(visit: Visit, status: int, key: str, more: Shape | None = None) -> Reply:
    """A refusal in words, as JSON."""
    words = visit.words.table
    text = words.get(key) or words.get(f"error_{status}_text") or words["desk_not_now"]
    return _json({"text": text, **(more or {})}, status)


def _json(values: Shape, status: int = 200) -> Reply:
    return Reply(json.dumps(values, ensure_ascii=False), status, JSON)


def by(visit: Visit) -> By:
    """Who asks."""
    person = visit.person
    assert person is not None
    return By(person.name, person.shown, frozenset(person.roles), visit.words.language, visit.address)


def agents_of(visit: Visit) -> Agents:
    """The agents' room; 404 where there is none."""
    if visit.parts.agents is None:
        raise Refused(404)
    return visit.parts.agents


# --- the page and its stream ---------------------------------------------------------------------------------------


async def page(visit: Visit) -> Reply:
    """The desk."""
    agents, who = agents_of(visit), by(visit)
    first = {
        "words": visit.words.starting("desk_"),
        "csrf": visit.csrf,
        "me": who.shown,
        "name": who.name,
        "may_supervise": who.supervises,
        "now": int(time.time()),
        **agents.page(who),
    }
    drawn = draw(visit, "desk.html", page=json.dumps(first, ensure_ascii=False))
    return Reply(drawn.body, drawn.status, drawn.kind, (MICROPHONE,), drawn.cookies)


async def stream(visit: Visit) -> Reply:
    """What happens at this desk, as it happens."""
    agents, tab = agents_of(visit), visit.query.get("tab", "")
    if agents.full:
        raise Refused(503)
    if not ID.shape.match(tab):
        raise Refused(400)
    headers = (("X-Accel-Buffering", "no"),)
    return Reply(kind="text/event-stream", headers=headers, resource=DeskStream(visit, agents, by(visit), tab))


# --- being there ---------------------------------------------------------------------------------------------------


@asked
async def sit(visit: Visit, agents: Agents, who: By) -> Shape:
    """Sign in to the queues."""
    device = _field(visit, "device", DEVICE)
    telephone, seat = (_field(visit, name, PLACE, empty=True) for name in ("telephone", "seat"))
    tab = _field(visit, "tab", ID, empty=True)
    return await agents.sit(who, Sitting("telephone" if device == "telephone" else "browser", telephone, seat, tab))


@asked
async def rise(_visit: Visit, agents: Agents, who: By) -> Shape:
    """Sign out of the queues."""
    await agents.rise(who)
    return {}


@asked
async def turn(visit: Visit, agents: Agents, who: By) -> Shape:
    """Ready, or busy for a reason."""
    wanted = _field(visit, "state", STATE)
    await agents.turn(who, wanted, _field(visit, "reason", PLACE, empty=True))
    return {}


@asked
async def beat(visit: Visit, agents: Agents, who: By) -> Shape:
    """The page lives."""
    return {"held": agents.beat(who, _field(visit, "tab", ID))}


# --- calls ---------------------------------------------------------------------------------------------------------


@asked
async def transfer(visit: Visit, agents: Agents, who: By) -> Shape:
    """Give the caller to somebody else."""
    kind = _field(visit, "kind", KIND)
    to = _field(visit, "to", PLACE)
    await agents.transfer(who, _path(visit, "call"), to, "consult" if kind == "consult" else "blind")
    return {}


@asked
async def act(visit: Visit, agents: Agents, who: By) -> Shape:
    """Reject, return, complete, join, rejoin, hang up, or be done with a call."""
    what = visit.path["act"]
    if what not in ACTS:
        raise Nowhere
    await agents.act(who, _path(visit, "call"), what)
    return {}


@asked
async def dial(visit: Visit, agents: Agents, who: By) -> Shape:
    """Ring the agent's telephone, then the number."""
    await agents.dial(who, _field(visit, "number", NUMBER))
    return {}


@asked
async def call(visit: Visit, agents: Agents, who: By) -> Shape:
    """Card, trail, form and reception of a call."""
    return await agents.call(who, _path(visit, "call"))


@asked
async def places(_visit: Visit, agents: Agents, who: By) -> Shape:
    """Where a call can be given to."""
    return await agents.places(who)


# --- customers, fees, receptions ----------------------------------------------------------------------------------


@asked
async def customer(visit: Visit, agents: Agents, who: By) -> Shape:
    """Who has this number."""
    return await agents.customer(who, _query(visit, "number", NUMBER))


@asked
async def fees(visit: Visit, agents: Agents, who: By) -> Shape:
    """What a number owes."""
    number = _query(visit, "number", NUMBER)
    month = _query(visit, "month", MONTH, empty=True)
    reason = " ".join(visit.query.get("reason", "").split())[:120]
    return await agents.fees(who, FeeQuestion(number, month, reason))


@asked
async def begin(visit: Visit, agents: Agents, who: By) -> Shape:
    """A new reception, or the one there is."""
    new = NewReception(
        form=_field(visit, "form", NAME),
        call=_field(visit, "call", ID, empty=True),
        number=_field(visit, "number", NUMBER, empty=True),
        key=_field(visit, "key", ID, empty=True),
    )
    return await agents.begin(who, new)


@asked
async def save(visit: Visit, agents: Agents, who: By) -> Shape:
    """What was typed into a reception."""
    version = _field(visit, "version", VERSION)
    values = {name: text for name, text in visit.form.items() if name not in OWN}
    odd = [name for name, text in values.items() if not NAME.shape.match(name) or len(text) > LONGEST]
    if odd or len(values) > MOST_FIELDS:
        raise NotNow("field", 422)
    return {"version": await agents.save(who, Saving(_path(visit, "reception"), int(version), values))}


@asked
async def receptions(_visit: Visit, agents: Agents, who: By) -> Shape:
    """The latest ones, and the calls that were missed."""
    return await agents.receptions(who)


@asked
async def recordings(_visit: Visit, agents: Agents, who: By) -> Shape:
    """The latest recorded talks."""
    return await agents.recordings(who)


@asked
async def recording(visit: Visit, agents: Agents, who: By) -> Reply:
    """One of them, or the part that the player asks for."""
    return played(visit, await agents.recording(who, _path(visit, "recording")))


# --- what was sent -------------------------------------------------------------------------------------------------


def _field(visit: Visit, name: str, field: Field, *, empty: bool = False) -> str:
    return field.of(visit.form.get(name, ""), empty=empty)


def _query(visit: Visit, name: str, field: Field, *, empty: bool = False) -> str:
    return field.of(visit.query.get(name, "").strip(), empty=empty)


def _path(visit: Visit, name: str) -> str:
    """An id out of the path; one that no id can be is nobody's."""
    text = visit.path[name]
    if not ID.shape.match(text):
        raise Hidden(f"{visit.request.method.decode()} {visit.here}")
    return text


def routes(roles: frozenset[str]) -> tuple[Route, ...]:
    """Every route of the desk, for these roles."""
    asked_in: tuple[tuple[str, str, Any], ...] = (
        ("GET", "/desk/places", places),
        ("GET", "/desk/customer", customer),
        ("GET", "/desk/fees", fees),
        ("GET", "/desk/receptions", receptions),
        ("GET", "/desk/recordings", recordings),
        ("GET", "/desk/recordings/<recording>", recording),
        ("GET", "/desk/call/<call>", call),
        ("POST", "/desk/reception", begin),
        ("POST", "/desk/reception/<reception>", save),
    )
    lasting: tuple[tuple[str, Any], ...] = (
        ("/desk/sit", sit),
        ("/desk/rise", rise),
        ("/desk/state", turn),
        ("/desk/beat", beat),
        ("/desk/dial", dial),
        ("/desk/call/<call>/transfer", transfer),
        ("/desk/call/<call>/<act>", act),
    )
    return (
        Route("GET", "/desk", page, roles),
        Route("GET", "/desk/stream", stream, roles),
        *(Route(method, path, answer, roles, json=True) for method, path, answer in asked_in),
        *(Route("POST", path, answer, roles, json=True, lasting=True) for path, answer in lasting),
    )
