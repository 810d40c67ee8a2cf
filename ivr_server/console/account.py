"""One's own account: the second factor set up, its recovery codes, and taken away again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pyotp
import segno
from markupsafe import Markup

from crm_bridge.factor_rows import Unreadable
from crm_bridge.factors import Asked
from crm_bridge.hashing import HashingBusy
from crm_bridge.secret import Secret
from ivr_server.console.drawing import draw
from ivr_server.console.visit import SIGNED_IN, Refused, Reply, Route, Visit

if TYPE_CHECKING:
    from ivr_server.console.parts import Factors

FEW_CODES: Final = 3


def routes() -> tuple[Route, ...]:
    """The pages, open to whoever is signed in, for one's own account only."""
    return (
        Route("GET", "/account", account, SIGNED_IN, unguarded=True),
        Route("POST", "/account/factor", begin, SIGNED_IN, unguarded=True),
        Route("POST", "/account/factor/confirm", confirm, SIGNED_IN, unguarded=True),
        Route("POST", "/account/factor/codes", renew, SIGNED_IN),
        Route("POST", "/account/factor/off", off, SIGNED_IN),
    )


async def account(visit: Visit) -> Reply:
    """Who is signed in, and how their second factor stands."""
    return await _shown(visit)


async def begin(visit: Visit) -> Reply:
    """The password again, then a secret as a square for the telephone's camera."""
    factors, name = _factors(visit), _name(visit)
    try:
        secret = await factors.begin(name, Secret(visit.form.get("password", "")[:200]), visit.address)
    except HashingBusy:
        return await _shown(visit, "sign_in_busy", 503)
    if secret is None:
        return await _shown(visit, "account_password_wrong", 403)
    return await _shown(visit, secret=secret)


async def confirm(visit: Visit) -> Reply:
    """The telephone's first code; with it the second factor is on, and the recovery codes are shown, once."""
    try:
        secret = await _factors(visit).awaited(_name(visit))
        codes = await _factors(visit).confirm(_asked(visit))
    except Unreadable:
        return await _shown(visit, "factor_unreadable", 403)
    if codes is not None:
        return await _shown(visit, codes=codes)
    if secret is None:
        return await _shown(visit, "account_set_up_late", 403)
    return await _shown(visit, "account_code_wrong", 403, secret=secret)


async def renew(visit: Visit) -> Reply:
    """New recovery codes, for a code."""
    try:
        codes = await _factors(visit).renew(_asked(visit))
    except Unreadable:
        return await _shown(visit, "factor_unreadable", 403)
    return await _shown(visit, "account_code_wrong", 403) if codes is None else await _shown(visit, codes=codes)


async def off(visit: Visit) -> Reply:
    """Take it away, for a code."""
    try:
        done = await _factors(visit).off(_asked(visit))
    except Unreadable:
        return await _shown(visit, "factor_unreadable", 403)
    return await _shown(visit, told="account_off_done") if done else await _shown(visit, "account_code_wrong", 403)


def server_time(visit: Visit) -> str:
    """This server's clock in the operator's zone: who compares it with the telephone's sees which one is wrong."""
    return datetime.now(ZoneInfo(visit.parts.zone)).strftime("%H:%M:%S")


async def _shown(visit: Visit, trouble: str = "", status: int = 200, **more: Any) -> Reply:
    secret: Secret | None = more.get("secret")
    factors = visit.parts.factors
    return draw(
        visit,
        "account.html",
        status,
        standing=None if factors is None else await factors.standing(_name(visit)),
        few=FEW_CODES,
        must=visit.parts.factor_required and visit.person is not None and "admin" in visit.person.roles,
        square=None if secret is None else _square(visit, secret),
        letters="" if secret is None else _in_fours(secret.reveal()),
        codes=more.get("codes", ()),
        told=more.get("told", ""),
        trouble=visit.words(trouble, time=server_time(visit)) if trouble else "",
    )


def _square(visit: Visit, secret: Secret) -> Markup:
    """A QR code as SVG; it holds nothing but letters of ours, and a name that is percent-encoded."""
    address = pyotp.TOTP(secret.reveal()).provisioning_uri(name=_name(visit), issuer_name=visit.words("product"))
    drawn: str = segno.make(address, error="m").svg_inline(omitsize=True, dark="#000", light="#fff")
    return Markup(drawn)


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _asked(visit: Visit) -> Asked:
    return Asked(_name(visit), visit.form.get("code", "")[:80], visit.address, visit.token)


def _name(visit: Visit) -> str:
    assert visit.person is not None
    return visit.person.name


def _factors(visit: Visit) -> Factors:
    if visit.parts.factors is None:
        raise Refused(404)
    return visit.parts.factors
