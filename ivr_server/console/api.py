"""The HTTP API for another system (a foreign CRM): a call, its trail, a number's calls. Read only, bearer token, JSON.

No cookie counts here, so that no browser can be made to ask (CSRF). Without the right token every address answers the
same 401, whether there is such a call or not; without a token in the settings there is no API at all. What may be asked
and what comes back is a table here; the OpenAPI document is made of it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from crm_bridge.answers import LookUpFault
from crm_bridge.journal import CallRecord
from ivr_server.calls.handing import Earlier, Handed, clean
from ivr_server.calls.recording import LEVELS
from ivr_server.calls.trails import Trails
from ivr_server.console.visit import Reply, Route, Visit, same

JSON: Final = "application/json"
PER_MINUTE: Final = 60
LONGEST: Final = 100  # signs of an id or a number
MOST_CALLS: Final = 50
LANGUAGES: Final = ("zh-CN", "en-US")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallShown:
    """A call. Instants are ISO 8601 in UTC, ``ended`` is null while it is under way; "" where nothing is known."""

    call: str
    began: str
    ended: str | None
    caller: str
    dialled: str
    language: str
    disposition: str
    queue: str
    business: str
    customer: str
    identity: str


@dataclass(frozen=True, slots=True)
class CallsShown:
    """The calls of a number in the last 30 days, newest first."""

    calls: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer."""

    text: str


@dataclass(slots=True)
class Api:
    """What the API stands on. ``token`` "": it is switched off. ``seconds``: monotonic, for the limit of requests."""

    trails: Trails | None = None
    token: str = ""
    seconds: Callable[[], float] = lambda: 0.0
    national: Callable[[str], str] = lambda number: number
    _asked: deque[float] = field(default_factory=deque)
    _strange: deque[float] = field(default_factory=deque)

    def admitted(self, shown: str) -> Reply | None:
        """None for a request that may pass; else its answer: 404 switched off, 401 no such token, 429 too many."""
        if not self.token or self.trails is None:
            return problem(404, "no such address")
        known = same(shown.removeprefix("Bearer "), self.token) and shown.startswith("Bearer ")
        wait = self._wait(self._asked if known else self._strange)
        if wait:
            return problem(429, "too many requests", ("Retry-After", str(wait)))
        return None if known else problem(401, "a bearer token is needed", ("WWW-Authenticate", "Bearer"))

    def _wait(self, times: deque[float]) -> int:
        """Count one more request; seconds until the next is served when there were too many within a minute."""
        now = self.seconds()
        while times and now - times[0] >= 60:
            times.popleft()
        if len(times) >= PER_MINUTE:
            return int(60 - (now - times[0])) + 1
        times.append(now)
        return 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: ``path`` in OpenAPI's form, what it gives, and what may be asked after a "?"."""

    path: str
    name: str
    summary: str
    gives: type
    answer: Callable[[Trails, Visit], Awaitable[Any]]
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """The same for klein: {call} is <call>."""
        return self.path.replace("{", "<").replace("}", ">")


async def one_call(trails: Trails, visit: Visit) -> CallShown | None:
    """A call by its id."""
    call = visit.path["call"]
    legs = trails.legs(call) or (await trails.shelf.story(call)).legs
    return shown(legs[0]) if legs else None


async def one_trail(trails: Trails, visit: Visit) -> Handed | None:
    """What an agent is handed of a call."""
    return await trails.handed(visit.path["call"], _language(visit))


async def number_calls(trails: Trails, visit: Visit) -> CallsShown:
    """The calls of a number; one that nobody called from has none."""
    number = visit.parts.api.national(visit.path["number"])
    limit = visit.query.get("limit", "")
    most = min(int(limit), MOST_CALLS) if limit.isascii() and limit.isdecimal() and len(limit) <= 3 else 10
    found = await trails.earlier(number, language=_language(visit), limit=most) if number else ()
    return CallsShown(found)


_IN: Final = {"language": {"type": "string", "enum": list(LANGUAGES), "description": "of the words; else zh-CN"}}
_MOST: Final = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_CALLS, "description": "at most so many; else 10"}
}
ENDPOINTS: Final = (
    Endpoint("/api/v1/calls/{call}", "call", "A call", CallShown, one_call),
    Endpoint("/api/v1/calls/{call}/trail", "trail", "What an agent is handed of a call", Handed, one_trail, _IN),
    Endpoint(
        "/api/v1/customers/{number}/calls",
        "numberCalls",
        "The calls of a number in the last 30 days",
        CallsShown,
        number_calls,
        {**_IN, **_MOST},
    ),
)


def routes() -> tuple[Route, ...]:
    """The addresses, and the document that describes them."""
    made = tuple(Route("GET", endpoint.rule, _page(endpoint)) for endpoint in ENDPOINTS)
    return (Route("GET", "/api/v1/openapi.json", document), *made)


def _page(endpoint: Endpoint) -> Callable[[Visit], Awaitable[Reply]]:
    async def page(visit: Visit) -> Reply:
        api = visit.parts.api
        refused = api.admitted(visit.request.getHeader("authorization") or "")
        if refused is not None or api.trails is None:
            return refused or problem(404, "no such address")
        if any(len(value) > LONGEST for value in visit.path.values()):
            return problem(404, "not found")
        try:
            found = await endpoint.answer(api.trails, visit)
        except LookUpFault:
            return problem(503, "the database does not answer", ("Retry-After", "10"))
        return problem(404, "not found") if found is None else Reply(_json(found), 200, JSON)

    return page


async def document(visit: Visit) -> Reply:
    """The description, for whoever may write a client; it names no data."""
    if not visit.parts.api.token:
        return problem(404, "no such address")
    return Reply(json.dumps(openapi(), ensure_ascii=False), 200, JSON)


def shown(leg: CallRecord) -> CallShown:
    """A record as it is shown."""
    return CallShown(
        call=clean(leg.call),
        began=_iso(leg.started),
        ended=None if leg.ended is None else _iso(leg.ended),
        caller=clean(leg.caller),
        dialled=clean(leg.dialled),
        language=clean(leg.language),
        disposition=clean(leg.disposition),
        queue=clean(leg.queue),
        business=clean(leg.business),
        customer=clean(leg.customer),
        identity=LEVELS.get(leg.identity, "none"),
    )


def problem(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    """A refusal as JSON."""
    return Reply(_json(Trouble(text)), status, JSON, headers)


def _json(value: Any) -> str:
    plain = value.plain() if isinstance(value, Handed) else TypeAdapter(type(value)).dump_python(value, mode="json")
    return json.dumps(plain, ensure_ascii=False)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _language(visit: Visit) -> str:
    wanted = visit.query.get("language", "")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


# --- the document --------------------------------------------------------------------------------------------------


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1, out of the table and the values above."""
    kinds: dict[str, Any] = {}
    for kind in (*(endpoint.gives for endpoint in ENDPOINTS), Trouble):
        schema = TypeAdapter(kind).json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        kinds |= {name: _plain(value) for name, value in schema.pop("$defs", {}).items()}
        kinds[kind.__name__] = _plain(schema) | {"description": _words(kind)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IVR server",
            "version": "1",
            "description": f"Calls and what was said in them. At most {PER_MINUTE} requests a minute.",
        },
        "security": [{"token": []}],
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in ENDPOINTS},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(sorted(kinds.items())),
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    name = endpoint.path.partition("{")[2].partition("}")[0]
    path = {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": LONGEST}}
    asked = [
        {
            "name": key,
            "in": "query",
            "description": rule["description"],
            "schema": {word: value for word, value in rule.items() if word != "description"},
        }
        for key, rule in endpoint.query.items()
    ]
    good = {"description": _words(endpoint.gives), "content": _content(endpoint.gives)}
    refusals = {401: "no such token", 404: "not found", 429: "too many requests", 503: "the database does not answer"}
    bad = {str(code): {"description": text, "content": _content(Trouble)} for code, text in refusals.items()}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [path, *asked],
        "responses": {"200": good, **bad},
    }


def _content(kind: type) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def _words(kind: type) -> str:
    return " ".join((kind.__doc__ or "").replace("``", "`").split())


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what pydantic adds for people; every field is there, and no other."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "default")}
    if "properties" in kept:
        kept["properties"] = {name: _plain(one) for name, one in kept["properties"].items()}
        kept["required"] = sorted(kept["properties"])
        kept["additionalProperties"] = False
    if "description" in kept:
        kept["description"] = " ".join(str(kept["description"]).replace("``", "`").split())
    return kept
