"""How the service is, for people and for programs, and its metrics."""

from __future__ import annotations

import json

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ivr_server.console.drawing import draw
from ivr_server.console.parts import Health
from ivr_server.console.visit import SIGNED_IN, Refused, Reply, Visit, same


async def health(visit: Visit) -> Reply:
    """A page, or JSON for whoever does not ask for HTML. Strangers from elsewhere learn whether it is well, no more."""
    report = await visit.parts.health()
    if not (visit.on_this_machine or visit.has(SIGNED_IN)):
        report = Health(report.well, report.draining)
    status = 200 if report.well and not report.draining else 503
    if visit.query.get("as") == "json" or "text/html" not in (visit.request.getHeader("accept") or ""):
        return Reply(json.dumps(as_data(report)) + "\n", status, "application/json")
    verdict = "health_draining" if report.draining else "health_good" if report.well else "health_bad"
    return draw(visit, "health.html", status, report=report, verdict=verdict)


def as_data(report: Health) -> dict[str, object]:
    """The report as plain data: well, draining, and each part with state and words."""
    parts = {part.name: {"state": part.state, "words": part.words} for part in report.parts}
    return {"well": report.well, "draining": report.draining, "parts": parts}


async def metrics(visit: Visit) -> Reply:
    """For Prometheus: from this machine, or with the token of the settings as a bearer."""
    token = visit.parts.metrics_token
    shown = (visit.request.getHeader("authorization") or "").removeprefix("Bearer ")
    if not (visit.on_this_machine or (token and same(shown, token))):
        raise Refused(403)
    return Reply(generate_latest(visit.parts.registry), kind=CONTENT_TYPE_LATEST)
