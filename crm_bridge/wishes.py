"""What callers asked others to do, read out of the outbox: a call-back, a bill by fax."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, desc, select

from crm_bridge.schema import customers, outbox

CALL_BACK: Final = "call_back"
FAX_BILL: Final = "fax_bill"


@dataclass(frozen=True, slots=True)
class CallersWish:
    """One wish. ``what``: CALL_BACK, on ``number`` by ``queue``; or FAX_BILL, of ``month`` for ``customer``.

    ``number`` of a customer of the operator's own database is not known here, and empty. ``call``: the call's id.
    """

    at: datetime
    what: str
    number: str = ""
    customer: str = ""
    queue: str = ""
    month: str = ""
    call: str = ""


_NEWEST: Final = (
    select(outbox.c.intent, outbox.c.content, outbox.c.created)
    .where(outbox.c.intent.in_((CALL_BACK, FAX_BILL)))
    .order_by(desc(outbox.c.id))
)


def newest_wishes(connection: Connection, limit: int) -> list[CallersWish]:
    """The latest wishes, newest first."""
    rows = connection.execute(_NEWEST.limit(limit)).all()
    letters = [json.loads(row.content) for row in rows]
    phones = _phones(connection, letters)
    return [_wish(row, letter, phones) for row, letter in zip(rows, letters, strict=True)]


def _phones(connection: Connection, letters: Sequence[dict[str, str]]) -> dict[str, str]:
    """The numbers of those customers that are in our tables, by id."""
    named = {letter["customer"] for letter in letters if "customer" in letter}
    ids = [int(name) for name in named if name.isascii() and name.isdigit() and len(name) <= 9]
    found = connection.execute(select(customers.c.id, customers.c.phone).where(customers.c.id.in_(ids)))
    return {str(row.id): row.phone for row in found}


def _wish(row: Any, letter: dict[str, str], phones: dict[str, str]) -> CallersWish:
    customer = letter.get("customer", "")
    return CallersWish(
        at=datetime.fromtimestamp(row.created, UTC),
        what=row.intent,
        number=letter.get("number", "") or phones.get(customer, ""),
        customer=customer,
        queue=letter.get("queue", ""),
        month=letter.get("month", ""),
        call=letter.get("call", ""),
    )
