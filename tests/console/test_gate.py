"""The one door of the console: who may open what, and what a forged request meets. Every route of the app is walked."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.logger import capturedLogs

from ivr_server.console.faxes import FaxPages
from ivr_server.console.gate import trouble
from ivr_server.console.parts import Parts, PhoneParts
from ivr_server.console.phone_line import Exchange
from ivr_server.console.phone_page import PhonePages
from ivr_server.console.site import make_app, routes
from ivr_server.console.sounds import SoundShelf
from ivr_server.console.visit import Route, own_path
from ivr_server.console.words import read_words

Client = House = Any  # the fixtures' own, in conftest.py
NOTHING: Any = None
TABLE = routes(PhonePages(Exchange(NOTHING, NOTHING, SoundShelf(()), NOTHING)), FaxPages(NOTHING))
VISITORS = ("", "admin", "supervisor", "agent")
FILLED = {
    "<path:call>": "1700000001.1",
    "<version>": "1",
    "<path:name>": "sound.wav",
    "<name>": "calm.css",
    "<job>": "1",
    "<page>": "1.png",
    "<call>": "1700000001.1",
    "<recording>": "1700000001.1-1700000001",
    "<reception>": "abc",
    "<act>": "done",
    "<path:file>": "flows/main.yaml",
    "<flow>": "main",
    "<node>": "menu",
    "<note>": "0",
    "<number>": "1",
    "<other>": "draft",
    "<digest>": "0123456789abcdef",
}
# forged and honest forms have tests of their own; so have streams, which do not end
READING = [route for route in TABLE if not route.changes and not route.path.endswith("/stream")]
MATRIX = [pytest.param(route, name, id=f"{route.path} {name}") for route in READING for name in VISITORS]
OTHERS = ("/desk/call/<call>", "/desk/recordings/<recording>")  # not this agent's: tests/console/test_desk.py
SECURITY = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control")


def path_of(route: Route) -> str:
    """An address that the route takes."""
    return re.sub(r"<[^>]+>", lambda found: FILLED[found[0]], route.path)


@pytest.fixture(scope="module")
def visitors(house: House) -> dict[str, Client]:
    """A stranger, and one of each role, signed in."""
    clients = {name: house.client() for name in VISITORS}
    for name in VISITORS[1:]:
        assert clients[name].sign_in(name).status == 303
    return clients


def test_the_app_has_no_route_beside_the_table() -> None:
    """A route that is not a row of the table would be reached around the gate."""
    parts = Parts(
        reactor=NOTHING,
        staff=NOTHING,
        calls=NOTHING,
        feed=NOTHING,
        faxes=NOTHING,
        health=NOTHING,
        registry=NOTHING,
        phone=PhoneParts(),
    )
    rules = make_app(parts, NOTHING).url_map.iter_rules()
    mounted = {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert mounted == {(route.method, route.path) for route in TABLE}


@pytest.mark.parametrize(("route", "name"), MATRIX)
def test_I4_every_route_for_every_role(route: Route, name: str, visitors: dict[str, Client]) -> None:
    """A route is open to exactly the roles of its row; a stranger is sent to sign in, another role meets 403."""
    got = visitors[name].ask("GET", path_of(route))
    if not route.roles or name in route.roles:
        assert not (got.headers["Location"] or "").startswith("/sign-in")
        assert got.status != 403 or route.path in ("/phone/line", "/sip") or (name == "agent" and route.path in OTHERS)
    elif name:
        assert got.status == 403
    elif route.json:
        assert (got.status, got.headers["Content-Type"]) == (401, "application/json")
    else:
        assert got.status == 303
        assert got.headers["Location"].startswith("/sign-in?then=")


def test_I4_a_refusal_is_the_same_whether_the_call_exists(visitors: dict[str, Client]) -> None:
    """An agent learns nothing of calls from what is refused."""
    texts = {visitors["agent"].ask("GET", f"/calls/{call}").text for call in ("1700000001.1", "no-such-call")}
    assert len({re.sub(r'name="back" value="[^"]*"|value="[0-9a-f]{64}"', "", text) for text in texts}) == 1


def test_I4_a_refusal_is_written_down(house: House, visitors: dict[str, Client]) -> None:
    """Who tried what is in the audit."""
    from crm_bridge.staff import deeds

    visitors["agent"].ask("GET", "/calls/1700000002.1")
    written: Any = house.change(deeds)
    assert ("agent", "refused", "GET /calls/1700000002.1") in {(one.who, one.what, one.about) for one in written}


CHANGING = [route for route in TABLE if route.changes]
FORGED = {
    "no token": ({}, {}),
    "wrong token": ({"csrf": "0" * 64}, {}),
    "another site": ({"csrf": "right"}, {"Origin": "https://evil.example"}),
    "no origin": ({"csrf": "right"}, {"Origin": ""}),
    "null origin": ({"csrf": "right"}, {"Origin": "null"}),
}


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: route.path)
@pytest.mark.parametrize("forgery", FORGED)
def test_I2_every_changing_route_refuses_a_forged_form(route: Route, forgery: str, house: House) -> None:
    """Without the right CSRF token and our own Origin nothing changes."""
    client = house.client()
    client.sign_in("admin")
    form, headers = FORGED[forgery]
    form = {"to": "en-US", "name": "admin", "password": "x", **form}
    if form.get("csrf") == "right":
        form["csrf"] = client.csrf("/")
    assert client.ask("POST", path_of(route), form, **headers).status == 403
    assert client.ask("GET", "/calls").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(method: str, client: Client) -> None:
    """Only what the table names."""
    assert client.ask(method, "/").status == 405


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/phone", "/health", "/static/1/calm.css", "/nothing-here", "/phone/line"]
)
def test_every_answer_carries_the_security_headers(path: str, client: Client) -> None:
    """Pages, files and refusals alike; no script but our own files may run."""
    got = client.ask("GET", path)
    assert all(got.headers[name] for name in SECURITY)
    assert "'unsafe" not in got.headers["Content-Security-Policy"]
    assert "Traceback" not in got.text


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    """HttpOnly, SameSite=Lax, for the whole site."""
    for cookie in client.ask("GET", "/").headers.get_all("Set-Cookie") or []:
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert "path=/" in cookie.lower()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1 x"])
def test_I13_another_host_is_not_served(host: str, client: Client) -> None:
    """A name that somebody else made lead here is refused."""
    assert client.ask("GET", "/", Host=host or "-").status == 421


@pytest.mark.parametrize("host", ["localhost", "desk.example", "desk.example:8443", "[::1]:8080", "192.168.1.7"])
def test_I13_our_own_hosts_are_served(host: str, client: Client) -> None:
    """The names of the settings, this machine, and plain addresses."""
    assert client.ask("GET", "/", Host=host).status == 200


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nX: y", "/é"]
)
def test_I13_no_open_redirect(path: str, client: Client) -> None:
    """Where a form asks to go next stays on this site."""
    assert own_path(path) == "/"
    got = client.ask("POST", "/language", {"csrf": client.csrf("/"), "to": "en-US", "back": path})
    assert (got.status, got.headers["Location"]) == (303, "/")


def test_a_page_that_is_not_there_says_so_in_words(client: Client) -> None:
    """404 in the visitor's language, with a way home."""
    assert "There is no such page" in client.ask("GET", "/nothing").text
    assert "没有这个页面" in client.ask("GET", "/nothing", Accept_Language="zh").text


def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    """In a path, in a query, in a form."""
    assert client.ask("GET", "/calls/%ff%fe").status in (303, 400, 404)
    assert client.ask("GET", "/?q=%ff").status == 200
    assert client.ask("POST", "/language", {"csrf": "x"}, Content_Type="multipart/form-data; boundary=").status in (
        400,
        403,
    )


def test_I1_hostile_fields_are_shown_as_text(visitors: dict[str, Client]) -> None:
    """A caller's number that is a script, a trail that is one, direction signs: all inert."""
    for path in ("/", "/calls", "/calls/1700000002.1", "/calls/1700000004.1"):
        text = visitors["supervisor"].ask("GET", path).text
        assert "<script>document" not in text
        assert "\u202e" not in text
        assert "\x1b" not in text
    assert "&lt;script&gt;" in visitors["supervisor"].ask("GET", "/calls/1700000002.1").text


def test_metrics_are_for_this_machine_or_the_token(client: Client) -> None:
    """What comes through a proxy needs the bearer token."""
    assert "ivr_calls_total 1.0" in client.ask("GET", "/metrics").text
    assert client.ask("GET", "/metrics", X_Forwarded_For="203.0.113.9").status == 403
    shown = client.ask("GET", "/metrics", X_Forwarded_For="203.0.113.9", Authorization="Bearer let-me-count")
    assert shown.status == 200


def test_health_tells_strangers_from_elsewhere_only_whether_it_is_well(client: Client) -> None:
    """Here everything, elsewhere one word; JSON for programs, a page for people."""
    here = client.ask("GET", "/health", Accept="application/json")
    assert '"database": {"state": "ok"' in here.text
    away = client.ask("GET", "/health", Accept="application/json", X_Forwarded_For="203.0.113.9")
    assert '"well": true' in away.text
    assert "database" not in away.text
    assert "Everything is running well" in client.ask("GET", "/health").text


@pytest.mark.parametrize(
    ("language", "said", "other"), [("en", "not seen", "没见到"), ("zh", "没见到", "not seen")]
)
def test_why_a_part_is_not_well_is_in_the_readers_language(
    client: Client, language: str, said: str, other: str
) -> None:
    """Where the part has it in both."""
    text = client.ask("GET", "/health", Accept="text/html", Accept_Language=language).text
    assert said in text and other not in text


def test_the_phone_is_off_where_it_is_not_allowed(client: Client, closed_house: House) -> None:
    """Off by the settings; and by default for whoever comes through a proxy."""
    for got in (closed_house.client().ask("GET", "/phone"), client.ask("GET", "/phone", X_Forwarded_For="203.0.113.9")):
        assert got.status == 403
        assert "The keypad phone is off here" in got.text
    assert closed_house.client().ask("GET", "/phone/line", Origin="http://127.0.0.1").status == 403


def test_who_goes_away_before_the_answer_is_no_fault_of_ours() -> None:
    """Nothing is logged as a failure, and no number is given."""
    visit: Any = SimpleNamespace(words=read_words()["en-US"])
    with capturedLogs() as logged:
        reply = trouble(visit, CancelledError(), as_json=True)
    assert (reply.status, json.loads(reply.body)["number"]) == (503, "")
    assert not logged
