"""The one door: every request passes here, in this order: host, visitor, roles, origin and CSRF, page, headers.

Pages are rows of a table of routes, so that no page can be reached around the checks, and a test can walk all of them.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from werkzeug.exceptions import HTTPException

from crm_bridge.answers import LookUpFault
from crm_bridge.staff import Deed
from ivr_server.console.drawing import draw, read_all
from ivr_server.console.visit import Cookie, Refused, Reply, Route, Visit, away_to, host_name, loopback, same
from ivr_server.console.words import preferred

if TYPE_CHECKING:
    from ivr_server.console.parts import Parts

SESSION_S: Final = 12 * 3_600
POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Cache-Control", "no-store"),
    ("Server", "ivr"),
)
_log = Logger()


async def serve(parts: Parts, route: Route, request: Any, path: dict[str, str]) -> Any:
    """Answer one request by its row of the table; always an answer, never an exception."""
    visit = _stranger(parts, request, path)
    try:
        _check_host(parts, request)
        visit = await _recognise(visit, route)
        if (elsewhere := await _check_roles(visit, route)) is not None:
            return send(request, elsewhere)
        if route.changes:
            _check_origin(request)
            visit = replace(visit, form=_fields(request.args or {}))
            _check_csrf(visit)
        return send(request, await route.page(visit))
    except Exception as fault:
        return send(request, trouble(visit, fault, as_json=route.json))


def trouble(visit: Visit, fault: BaseException, *, as_json: bool = False) -> Reply:
    """A page in words for whatever went wrong; what is our fault is logged, with a number that is shown."""
    status, number = 500, ""
    if isinstance(fault, Refused):
        status = fault.status
    elif isinstance(fault, HTTPException):
        status = fault.code if fault.code in (400, 404, 405) else 404
    elif isinstance(fault, LookUpFault | CancelledError):  # the latter: they went away meanwhile
        status = 503
    else:
        number = secrets.token_hex(4)
        _log.error("page failed, number {number}: {fault!r}", number=number, fault=type(fault).__name__)
        _log.failure("number {number}", number=number)
    text = fault.text if isinstance(fault, Refused) and fault.text else f"error_{status}_text"
    if as_json:
        told = {"text": visit.words(text), "number": number}
        return Reply(json.dumps(told, ensure_ascii=False), status, "application/json")
    return draw(visit, "trouble.html", status, title=f"error_{status}", text=text, number=number)


def lost(parts: Parts, request: Any, fault: BaseException) -> Any:
    """The answer to what no route takes: 404 and 405, in words."""
    visit = _stranger(parts, request, {})
    try:
        _check_host(parts, request)
    except Refused as refused:
        fault = refused
    return send(request, trouble(visit, fault))


def send(request: Any, reply: Reply) -> Any:
    """Write status, headers and cookies; the body for klein to write, or the resource that takes over."""
    request.setResponseCode(reply.status)
    for name, value in (*HEADERS, ("Content-Type", reply.kind), *reply.headers):
        request.setHeader(name.encode(), value.encode())
    secure = request.isSecure() or (request.getHeader("x-forwarded-proto") or "") == "https"
    for cookie in reply.cookies:
        age = "0" if not cookie.value else None if cookie.seconds is None else str(cookie.seconds)
        request.addCookie(
            cookie.name, cookie.value, path=b"/", max_age=age, httpOnly=True, sameSite=b"lax", secure=secure
        )
    if reply.resource is not None:
        return reply.resource
    body = reply.body.encode() if isinstance(reply.body, str) else reply.body
    request.setHeader(b"Content-Length", str(len(body)).encode())
    return body


def _stranger(parts: Parts, request: Any, path: dict[str, str]) -> Visit:
    language = preferred(_cookie(request, b"language"), request.getHeader("accept-language") or "")
    token = _cookie(request, b"visitor")
    token = token if len(token) == 43 and token.isascii() else secrets.token_urlsafe(32)
    query = {key.decode("utf-8", "replace"): values[0].decode("utf-8", "replace") for key, values in _query(request)}
    return Visit(parts, request, read_all()[language], None, token, query=query, path=path)


async def _recognise(visit: Visit, route: Route) -> Visit:
    token = _cookie(visit.request, b"session")
    if not token or len(token) > 100:
        return visit
    person = await visit.parts.lately.who(visit.parts.staff, token, lasting=route.lasting)
    return visit if person is None else replace(visit, person=person, token=token)


def _check_host(parts: Parts, request: Any) -> None:
    """Our names and plain addresses only: a name of somebody else's that leads here is a trick (FAULTS I13)."""
    hosts = request.requestHeaders.getRawHeaders(b"host") or []
    name = host_name(hosts[0].decode("latin-1")) if len(hosts) == 1 else ""
    if not (loopback(name) or name in parts.hosts or _is_address(name)):
        raise Refused(421)


def _is_address(name: str) -> bool:
    return all(part.isdigit() and int(part) < 256 for part in name.split(".")) if name.count(".") == 3 else ":" in name


async def _check_roles(visit: Visit, route: Route) -> Reply | None:
    """Before anything is looked up, so that a refusal does not tell what exists (FAULTS I4)."""
    if visit.must_guard:
        return _guard_first(route)
    if not route.roles or visit.has(route.roles):
        return None
    if visit.person is None:
        if route.json:
            raise Refused(401)
        if route.changes:
            raise Refused(403)
        return away_to(f"/sign-in?then={quote(visit.here, safe='/')}", Cookie("session", ""))
    await visit.parts.staff.note(Deed(visit.person.name, "refused", f"{route.method} {visit.here}", visit.address))
    raise Refused(403)


def _guard_first(route: Route) -> Reply | None:
    """An admin without the second factor that is required here is shown to where it is set up (FAULTS I10)."""
    if route.unguarded:
        return None
    if route.json or route.changes:
        raise Refused(403, "account_must")
    return away_to("/account")


def _check_origin(request: Any) -> None:
    if not same_origin(request):
        raise Refused(403, "csrf_old")


def same_origin(request: Any) -> bool:
    """Whether a browser says that the request comes from a page of ours; one that says nothing is not believed."""
    said = request.getHeader("origin") or request.getHeader("referer") or ""
    return bool(said) and urlsplit(said).netloc.lower() == (request.getHeader("host") or "").lower()


def _check_csrf(visit: Visit) -> None:
    given = visit.form.get("csrf", "") or visit.request.getHeader("x-csrf") or ""
    if not same(given, visit.csrf):
        raise Refused(403, "csrf_old")


def _cookie(request: Any, name: bytes) -> str:
    return (request.getCookie(name) or b"").decode("latin-1")


def _query(request: Any) -> list[tuple[bytes, list[bytes]]]:
    return list((request.args or {}).items()) if request.method in (b"GET", b"HEAD") else []


def _fields(args: dict[bytes, list[bytes]]) -> dict[str, str]:
    """The first value of each field, as text; what is no text is refused."""
    try:
        return {key.decode(): values[0].decode() for key, values in args.items()}
    except UnicodeDecodeError:
        raise Refused(400) from None
