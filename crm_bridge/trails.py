"""Calls as an agent needs them: one call with all its legs, the caller's earlier ones, faxes that are under way.

A call that came back from its queue is several rows of the journal: ``<call>`` and ``<call>.<flow>``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, desc

from crm_bridge.fax_jobs import ACTIVE, IDLE, FaxRow, Filter, jobs
from crm_bridge.journal import CallRecord, as_record, joined_calls
from crm_bridge.schema import calls

LEGS: Final = ("waiting", "after_queue")
MOST_EARLIER: Final = 50
MOST_FAXES: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose calls: ``number`` and ``customer``, "" for none; from ``since`` (seconds since 1970), but not ``call``."""

    call: str = ""
    number: str = ""
    customer: str = ""
    since: float = 0.0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Found:
    """``legs``: in order; ``earlier``: newest first, without notes; ``faxes``: those that are not at their end."""

    legs: tuple[CallRecord, ...] = ()
    earlier: tuple[CallRecord, ...] = ()
    faxes: tuple[FaxRow, ...] = ()


def legs(connection: Connection, call: str) -> tuple[CallRecord, ...]:
    """A call and what came of it after the queue, with their notes; () when there is none of this id."""
    names = [call, *(f"{call}.{leg}" for leg in LEGS)]
    rows = connection.execute(joined_calls().where(calls.c.call.in_(names)).order_by(calls.c.started, calls.c.call))
    return tuple(as_record(row) for row in rows)


def gather(connection: Connection, wanted: Wanted) -> Found:
    """What belongs to a call in hand: the caller's earlier calls, the customer's open faxes."""
    faxes = jobs(connection, Filter(customer=wanted.customer), 50) if wanted.customer else []
    under_way = [row for row in faxes if row.state in IDLE + ACTIVE]
    return Found((), earlier(connection, wanted), tuple(under_way[:MOST_FAXES]))


def story(connection: Connection, call: str, keep_s: float) -> Found:
    """A call out of the journal with all that belongs to it; ``keep_s``: how far back from its begin calls count."""
    found = legs(connection, call)
    if not found:
        return Found()
    first = found[0]
    customer = next((leg.customer for leg in reversed(found) if leg.customer), "")
    wanted = Wanted(call, first.caller, customer, first.started.timestamp() - keep_s)
    return replace(gather(connection, wanted), legs=found)


def earlier(connection: Connection, wanted: Wanted) -> tuple[CallRecord, ...]:
    """Calls from this number or about this customer, newest first, each once; legs after a queue are not calls."""
    found: dict[str, CallRecord] = {}
    for column, value in ((calls.c.caller, wanted.number), (calls.c.customer, wanted.customer)):
        if value:
            found |= {row.call: as_record(row) for row in connection.execute(_since(wanted).where(column == value))}
    newest = sorted(found.values(), key=_begun, reverse=True)
    return tuple(newest[: min(wanted.limit, MOST_EARLIER)])


def _since(wanted: Wanted) -> Select[Any]:
    own = [wanted.call, *(f"{wanted.call}.{leg}" for leg in LEGS)]
    statement = joined_calls(notes=False).where(calls.c.started >= wanted.since, calls.c.call.not_in(own))
    statement = statement.where(*(~calls.c.call.endswith(f".{leg}", autoescape=True) for leg in LEGS))
    return statement.order_by(desc(calls.c.started)).limit(min(wanted.limit, MOST_EARLIER))


def _begun(record: CallRecord) -> tuple[float, str]:
    return record.started.timestamp(), record.call
