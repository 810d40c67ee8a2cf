"""The HTTP API for another system: who may ask, what comes back, and that the document says so."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crm_bridge import journal
from ivr_server.console.api import ENDPOINTS, PER_MINUTE, Api, openapi
from tests.calls.test_handing import record
from tests.console.conftest import Answer, House, serve
from tests.console.serving import API_TOKEN, EVIL

HOUSE = Path(__file__).resolve().parents[2]
BEARER = f"Bearer {API_TOKEN}"
ADDRESSES = {
    "call": "/api/v1/calls/17.1",
    "trail": "/api/v1/calls/17.1/trail?language=en-US",
    "numberCalls": "/api/v1/customers/13800138000/calls?limit=5",
}


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with calls in its journal."""
    for served in serve(tmp_path_factory.mktemp("api")):
        began = datetime.now(UTC) - timedelta(minutes=30)
        more = {"started": began, "ended": began + timedelta(minutes=2)}
        hostile = (*record().notes, {"step": 1, "flow": "m", "node": "n", "what": "tagged", "tag": EVIL + "\u202e"})
        calls = [record(**more), record("16.1", **more, notes=hostile), record("15.1", **more, caller="13900139000")]
        served.change(journal.store, calls)
        yield served


def ask(crm: House, path: str, token: str = BEARER, method: str = "GET") -> Answer:
    """One request of another system's."""
    return crm.client().ask(method, path, Authorization=token, Accept="application/json")


def schema(name: str) -> dict[str, Any]:
    """What the document says of an answer, with what it refers to."""
    document = openapi()
    operation = next(one["get"] for one in document["paths"].values() if one["get"]["operationId"] == name)
    wanted = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {**wanted, "components": document["components"]}


@pytest.mark.parametrize("name", ADDRESSES)
def test_each_address_gives_what_the_document_says(crm: House, name: str) -> None:
    """Checked by a validator against the very document that is published, in both languages where there are words."""
    for path in (ADDRESSES[name], ADDRESSES[name].partition("?")[0]):
        answer = ask(crm, path)
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
        Draft202012Validator(schema(name)).validate(json.loads(answer.text))


def test_a_call_and_its_trail(crm: House) -> None:
    """Level of identity in words everybody knows; what was heard, and how much of it; no secret."""
    call = json.loads(ask(crm, ADDRESSES["call"]).text)
    assert (call["caller"], call["queue"], call["identity"]) == ("13800138000", "billing", "password")
    trail = json.loads(ask(crm, ADDRESSES["trail"]).text)
    assert trail["steps"][0] == {"at_s": 2, "what": "heard", "words": "heard: welcome", "heard": 0.8}
    assert trail["business_words"] == "Bills" and {one["call"] for one in trail["earlier"]} == {"16.1", "15.1"}
    chinese = json.loads(ask(crm, "/api/v1/calls/17.1/trail").text)
    assert chinese["business_words"] == "话费"


def test_the_calls_of_a_number(crm: House) -> None:
    """As the network shows it, too; another number has its own, a number that is none has none."""
    for number in ("13800138000", "+8613800138000"):
        found = json.loads(ask(crm, f"/api/v1/customers/{number}/calls").text)
        assert sorted(one["call"] for one in found["calls"]) == ["16.1", "17.1"]
    assert json.loads(ask(crm, "/api/v1/customers/1/calls").text) == {"calls": []}
    assert len(json.loads(ask(crm, "/api/v1/customers/13800138000/calls?limit=1").text)["calls"]) == 1
    assert len(json.loads(ask(crm, "/api/v1/customers/13800138000/calls?limit=-9'--").text)["calls"]) == 2


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", API_TOKEN, f"Basic {API_TOKEN}", BEARER[:-1]])
def test_I4_without_the_token_there_and_not_there_look_alike(crm: House, token: str) -> None:
    """The same answer for a call that is there and one that is not, byte by byte."""
    paths = ("/api/v1/calls/17.1", "/api/v1/calls/none", "/api/v1/calls/17.1/trail", "/api/v1/customers/1/calls")
    answers = [ask(crm, path, token) for path in paths]
    assert {(answer.status, answer.text) for answer in answers} == {(401, '{"text": "a bearer token is needed"}')}
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


def test_a_signed_in_browser_is_no_client(crm: House) -> None:
    """CSRF: nothing that a browser sends by itself opens the API."""
    crm.hire("root", "admin")
    client = crm.client()
    client.sign_in("root")
    assert client.ask("GET", "/api/v1/calls/17.1").status == 401


def test_I7_what_is_not_there_is_not_found(crm: House) -> None:
    """Whatever the id holds."""
    for call in ("none", "x" * 101, "17.1%27%20or%201=1--", "%00", "..%2f17.1", "17.1.waiting"):
        answer = ask(crm, f"/api/v1/calls/{call}")
        assert answer.status == 404, call
    assert ask(crm, "/api/v1/calls/17.1", method="POST").status in (404, 405)


def test_I1_hostile_text_stays_text(crm: House) -> None:
    """Markup as it is in JSON, never a page; what turns the writing round is replaced."""
    answer = ask(crm, "/api/v1/calls/16.1/trail")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    trail = json.loads(answer.text)
    assert any("<script>" in tag for tag in trail["tags"]) and "\u202e" not in answer.text


def test_the_document_can_be_read_by_whoever_writes_a_client(crm: House) -> None:
    """Without a token: it names no data. It is the one in the reference."""
    served = json.loads(crm.client().ask("GET", "/api/v1/openapi.json").text)
    assert served == openapi()
    kept = json.loads((HOUSE / "docs/reference/openapi.json").read_text(encoding="utf-8"))
    assert kept == served, "make docs"
    assert served["openapi"] == "3.1.0" and set(served["paths"]) == {endpoint.path for endpoint in ENDPOINTS}
    for kind in served["components"]["schemas"].values():
        Draft202012Validator.check_schema(kind)


def test_too_many_requests_wait() -> None:
    """60 a minute with the token, and as many without, each counted by itself; then 429, which says until when."""
    clock = [0.0]
    api = Api(trails=object(), token=API_TOKEN, seconds=lambda: clock[0])  # type: ignore[arg-type]
    assert [api.admitted(BEARER) for _ in range(PER_MINUTE)] == [None] * PER_MINUTE
    clock[0] = 20.5
    late = api.admitted(BEARER)
    assert late is not None and late.status == 429 and dict(late.headers)["Retry-After"] == "40"
    strangers = [api.admitted("Bearer x") for _ in range(PER_MINUTE + 1)]
    assert [answer.status for answer in strangers if answer] == [401] * PER_MINUTE + [429]
    clock[0] = 60.5
    assert api.admitted(BEARER) is None


def test_without_a_token_in_the_settings_there_is_no_api() -> None:
    """An empty token opens nothing."""
    for shown in ("", "Bearer ", "Bearer x"):
        answer = replace(Api(), trails=object()).admitted(shown)  # type: ignore[arg-type]
        assert answer is not None and answer.status == 404


def test_C1_a_database_that_does_not_answer_is_said(crm: House) -> None:
    """503 and when to come again; in the end it is well."""
    crm.change(lambda connection: connection.exec_driver_sql("alter table calls rename to lost"))
    try:
        answer = ask(crm, "/api/v1/calls/14.1")
        assert answer.status == 503 and answer.headers["Retry-After"] == "10"
    finally:
        crm.change(lambda connection: connection.exec_driver_sql("alter table lost rename to calls"))
    until = time.monotonic() + 20
    while ask(crm, "/api/v1/calls/17.1").status == 503 and time.monotonic() < until:
        time.sleep(0.5)
    assert ask(crm, "/api/v1/calls/17.1").status == 200
