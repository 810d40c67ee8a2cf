"""A fax job to begin with, and what may become of it."""

from __future__ import annotations

from fax.causes import Outcome
from fax.job import FaxJob, Moment, Rules, begin, pressed, settle

NOON = 1_795_406_400.0
NEW = FaxJob(
    id=7,
    account="a-1",
    customer="1",
    month="2026-10",
    number="01012345678",
    language="zh-CN",
    call="c-1",
    created=NOON,
    since=NOON,
    due=NOON,
)
READY = pressed(NEW, 5, "d1")


def at(seconds: float = 0.0, chance: float = 0.5, **rules: float) -> Moment:
    """So many seconds after the wish."""
    return Moment(NOON + seconds, chance, Rules(**rules))


def dialled(job: FaxJob, **rules: float) -> FaxJob:
    """Dialled at the instant it is due."""
    return begin(job, Moment(max(job.due, NOON), 0.5, Rules(**rules)))


def after(job: FaxJob, *outcomes: Outcome, **rules: float) -> FaxJob:
    """Dialled as soon as it is due and settled, one outcome after the other."""
    for one in outcomes:
        job = dialled(job, **rules)
        job = settle(job, one, Moment(job.dialled, 0.5, Rules(**rules)))
    return job


def came(cause: str, pages: int = 0, **more: object) -> Outcome:
    """An outcome of the newest dial."""
    return Outcome(cause=cause, pages=pages, partial=cause == "cut", **more)  # type: ignore[arg-type]
