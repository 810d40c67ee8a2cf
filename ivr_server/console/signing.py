"""Signing in and out. A new token at every sign-in, the old one dead; the same words for every refusal.

Who has a second factor is asked for its code when the password was right; until then there is no session.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from crm_bridge.factor_rows import HALF_S, Unreadable
from crm_bridge.hashing import HashingBusy
from crm_bridge.secret import Secret
from crm_bridge.staff import Deed, Half, Late
from ivr_server.agents.asked import NotNow
from ivr_server.console.account import server_time
from ivr_server.console.desk import by
from ivr_server.console.drawing import draw
from ivr_server.console.gate import SESSION_S
from ivr_server.console.visit import Cookie, Refused, Reply, Visit, away_to, own_path


async def form(visit: Visit) -> Reply:
    """The form; somebody who is signed in already goes home."""
    if visit.person is not None:
        return away_to("/")
    return _form(visit, own_path(visit.query.get("then", "/")), "")


async def sign_in(visit: Visit) -> Reply:
    """Compare, and begin a session, or ask for the code of the second factor."""
    name, then = visit.form.get("name", "")[:80], own_path(visit.form.get("then", "/"))
    try:
        token = await visit.parts.staff.sign_in(name, Secret(visit.form.get("password", "")[:200]), visit.address)
    except HashingBusy:
        return _form(visit, then, "sign_in_busy", 503)
    if token is None:
        return _form(visit, then, "sign_in_wrong", 403)
    if isinstance(token, Half):
        asking = _code_form(visit, then)
        return replace(asking, cookies=(*asking.cookies, Cookie("half", token.token, int(HALF_S))))
    return await _entered(visit, then, token)


async def second_step(visit: Visit) -> Reply:
    """The code of who has a second factor; only with it does a session begin."""
    if visit.parts.factors is None:
        raise Refused(404)
    then = own_path(visit.form.get("then", "/"))
    half = (visit.request.getCookie(b"half") or b"").decode("latin-1")[:100]
    try:
        token = await visit.parts.factors.enter(half, visit.form.get("code", "")[:80], visit.address)
    except Late:
        return _form(visit, then, "sign_in_late", 403)
    except Unreadable:
        return _code_form(visit, then, "factor_unreadable", 503)
    if token is None:
        return _code_form(visit, then, "account_code_wrong", 403)
    return await _entered(visit, then, token)


async def _entered(visit: Visit, then: str, token: str) -> Reply:
    """A session that the browser brought along is ended."""
    if visit.person is not None:
        await visit.parts.staff.sign_out(visit.token, Deed(visit.person.name, "signed_in_anew", address=visit.address))
    return away_to(then, Cookie("session", token, SESSION_S), Cookie("visitor", ""), Cookie("half", ""))


async def sign_out(visit: Visit) -> Reply:
    """End the session, here and in the table; who sat at a desk rises."""
    assert visit.person is not None
    if visit.parts.agents is not None:
        with suppress(NotNow):  # in the middle of a call: the desk falls asleep when it is over
            await visit.parts.agents.rise(by(visit))
    await visit.parts.staff.sign_out(visit.token, Deed(visit.person.name, "signed_out", address=visit.address))
    return away_to("/", Cookie("session", ""))


def _form(visit: Visit, then: str, trouble: str, status: int = 200) -> Reply:
    given = visit.form.get("name", "")[:80]
    return draw(visit, "sign_in.html", status, then=then, trouble=trouble, given=given)


def _code_form(visit: Visit, then: str, trouble: str = "", status: int = 200) -> Reply:
    told = visit.words(trouble, time=server_time(visit)) if trouble else ""
    return draw(visit, "sign_in_code.html", status, then=then, trouble=told)
