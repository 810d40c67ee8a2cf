"""The console as one Site: the table of routes, each behind the gate."""

from __future__ import annotations

import re
from typing import Any, Final

from klein import Klein

from ivr_server.console import (
    account,
    api,
    desk,
    health,
    home,
    signing,
    sip_socket,
    story,
    studio,
    studio_hours,
    studio_pages,
    studio_recordings,
    studio_sheets,
    studio_simulate,
    studio_traffic,
    studio_versions,
    wishes,
)
from ivr_server.console.channel import BoundedSite, Larger
from ivr_server.console.fax_stream import Watch
from ivr_server.console.faxes import FaxPages
from ivr_server.console.gate import lost, serve
from ivr_server.console.parts import Parts
from ivr_server.console.phone_line import Dial, Exchange
from ivr_server.console.phone_page import PhonePages
from ivr_server.console.sounds import SoundShelf
from ivr_server.console.visit import MINDS_FAXES, READS_CALLS, SIGNED_IN, Route

TAKES_MORE: Final = (studio, studio_versions, studio_sheets, studio_hours, studio_recordings)
_HOLE: Final = re.compile(r"<[^>]*>")
PLAIN: Final = (
    Route("GET", "/", home.home),
    Route("GET", "/static/<version>/<name>", home.static, unguarded=True),
    Route("POST", "/language", home.language, unguarded=True),
    Route("GET", "/sign-in", signing.form),
    Route("POST", "/sign-in", signing.sign_in, unguarded=True),
    Route("POST", "/sign-in/code", signing.second_step, unguarded=True),
    Route("POST", "/sign-out", signing.sign_out, SIGNED_IN, unguarded=True),
    Route("GET", "/calls", story.calls, READS_CALLS),
    Route("GET", "/calls/<path:call>", story.call, READS_CALLS),
    Route("GET", "/wishes", wishes.wishes, SIGNED_IN),
    Route("GET", "/health", health.health),
    Route("GET", "/metrics", health.metrics),
)


def routes(phone: PhonePages, faxes: FaxPages) -> tuple[Route, ...]:
    """Every route there is."""
    return (
        *PLAIN,
        *account.routes(),
        *desk.routes(SIGNED_IN),
        Route("GET", "/sip", sip_socket.sip, SIGNED_IN),
        *studio.routes(),
        *studio_versions.routes(),
        *studio_pages.routes(),
        *studio_recordings.routes(),
        *studio_simulate.routes(),
        *studio_traffic.routes(),
        *studio_sheets.routes(),
        *studio_hours.routes(),
        *api.routes(),
        Route("GET", "/faxes", faxes.jobs, SIGNED_IN),
        Route("GET", "/faxes/stream", faxes.stream, SIGNED_IN),
        Route("GET", "/faxes/jobs.csv", faxes.table, MINDS_FAXES),
        Route("GET", "/faxes/<job>", faxes.job, SIGNED_IN),
        Route("GET", "/faxes/<job>/bill.pdf", faxes.pdf, MINDS_FAXES),
        Route("GET", "/faxes/<job>/pages/<page>", faxes.picture, MINDS_FAXES),
        Route("POST", "/faxes/<job>/retry", faxes.retry, MINDS_FAXES),
        Route("POST", "/faxes/<job>/cancel", faxes.cancel, MINDS_FAXES),
        Route("POST", "/faxes/<job>/mail", faxes.mail, MINDS_FAXES),
        Route("GET", "/phone", phone.page),
        Route("GET", "/phone/line", phone.line),
        Route("GET", "/phone/sound/<path:name>", phone.sound),
    )


def make_app(parts: Parts, dial: Dial) -> Klein:
    """The klein app with every route mounted."""
    app = Klein()
    exchange = Exchange(parts.reactor, parts.feed, SoundShelf(parts.phone.sounds), dial)
    for route in routes(PhonePages(exchange), FaxPages(Watch(parts.reactor, parts.faxes))):
        _mount(app, parts, route)

    app.handle_errors(lambda request, failure: lost(parts, request, failure.value))
    return app


def _mount(app: Klein, parts: Parts, route: Route) -> None:
    def answer(request: Any, **path: str) -> Any:
        return serve(parts, route, request, path)

    name = f"{route.method} {route.path}"
    app.route(route.path, methods=[route.method], endpoint=name, strict_slashes=False, merge_slashes=False)(answer)


def make_site(parts: Parts, dial: Dial | None = None) -> BoundedSite:
    """What listens. ``dial`` calls our own FastAGI port, as Asterisk would, unless another way is given."""
    if dial is None:
        from ivr_server.console.dialling import dialler  # noqa: PLC0415 (a test that brings its own needs no phone)

        dial = dialler(parts)
    return BoundedSite(make_app(parts, dial).resource(), larger(parts), reactor=parts.reactor)


def larger(parts: Parts) -> Larger:
    """Which bodies may be longer than others: of the routes that say so, from whoever may use them."""
    table = [route for room in TAKES_MORE for route in room.routes() if route.largest]
    known = [(route, re.compile(_HOLE.sub(".+", route.path) + r"\Z")) for route in table]

    def most(method: str, path: str, token: bytes) -> int:
        person = parts.lately.seen(token.decode("latin-1"))
        found = (route for route, shape in known if route.method == method and shape.match(path))
        roles = person.roles if person else frozenset()
        return max((route.largest for route in found if not route.roles.isdisjoint(roles)), default=0)

    return most
