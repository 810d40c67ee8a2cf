"""A fax job as it is kept (crm_bridge) and as it moves (fax): the same fields, but for the lease's three."""

from __future__ import annotations

from dataclasses import fields, replace

from crm_bridge.fax_jobs import FaxRow
from fax.job import FaxJob, Rules
from ivr_server.settings import Fax

_FIELDS = tuple(field.name for field in fields(FaxJob))


def as_job(row: FaxRow) -> FaxJob:
    """The job of a row."""
    return FaxJob(**{name: getattr(row, name) for name in _FIELDS})


def with_job(row: FaxRow, job: FaxJob) -> FaxRow:
    """The row with the job as it is now."""
    return replace(row, **{name: getattr(job, name) for name in _FIELDS})


def rules(fax: Fax) -> Rules:
    """The job's rules as the settings say."""
    return Rules(tries=fax.tries, busy_s=fax.busy_s, other_s=fax.other_s, unknown_s=fax.unknown_s)
